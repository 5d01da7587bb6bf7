"""
What a camera sees: films for the fake camera of Chromium, in grey.
"""

import math
import random
import subprocess

WIDTH, HEIGHT = 640, 480  # pixels
LIGHT, DARK, TABLE = 200, 40, 90  # of paper, of ink, of what is behind


def write_film(file, frames):
    """
    A film of these pictures, each `HEIGHT` rows of `WIDTH` grey pixels, over and over.
    """
    colourless = b"\x80" * (WIDTH * HEIGHT // 2)
    head = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F5:1 Ip A1:1 C420jpeg\n".encode()
    file.write_bytes(
        head + b"".join(b"FRAME\n" + frame + colourless for frame in frames)
    )
    return file


def straight(rows, module=12):
    """
    A QR code of `#` and `.` that is held still before the camera, off the middle.
    """
    line, left = bytes([LIGHT]) * WIDTH, 140
    picture = [line] * 60
    for row in rows:
        printed = b"".join(bytes([DARK if c == "#" else LIGHT]) * module for c in row)
        right = bytes([LIGHT]) * (WIDTH - left - len(printed))
        picture += [line[:left] + printed + right] * module
    return b"".join(picture + [line] * (HEIGHT - len(picture)))


def held_up(pdf, degrees, *, width=300):
    """
    The first page of a PDF as it is held before a camera: `width` pixels wide, turned
    by so many degrees, smaller towards its top, on a table, with the noise of a cheap
    sensor, and less contrast than on paper.
    """
    page_width, page_height, pixels = _drawn(pdf)
    chance = random.Random(7)
    sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
    frame = bytearray()
    for y in range(HEIGHT):
        for x in range(WIDTH):
            right, down = x - WIDTH / 2, y - HEIGHT / 2
            zoom = page_width / width * (1 - down / HEIGHT / 5)
            column = int(page_width / 2 + (cosine * right + sine * down) * zoom)
            row = int(page_height / 2 + (cosine * down - sine * right) * zoom)
            shade = TABLE
            if 0 <= column < page_width and 0 <= row < page_height:
                shade = pixels[row * page_width + column]
                shade = DARK + shade * (LIGHT - DARK) // 255
            frame.append(shade + chance.randint(-9, 9))
    return bytes(frame)


def _drawn(pdf):
    """
    Width, height and grey pixels of the first page, as a printer draws it.
    """
    command = ("pdftoppm", "-gray", "-r", "200", "-singlefile", "-")
    drawn = subprocess.run(command, input=pdf, capture_output=True, check=True).stdout
    magic, size, most, pixels = drawn.split(b"\n", 3)
    assert (magic, most) == (b"P5", b"255")
    width, height = map(int, size.split())
    return width, height, pixels
