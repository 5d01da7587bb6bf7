"""
The text of a file by its bytes: UTF-8, UTF-16 with or without a byte order mark, or
Windows-1252, which is accepted only where nothing in the file speaks for UTF-8.

What is read in any other encoding than UTF-8 comes with a note, because a wrong guess
would show in names and in signs such as the euro.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from ticketsync.core import errors

_SAMPLE = 4096
_MULTIBYTE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_HINT = "Save it as “CSV UTF-8”."


@dataclass(frozen=True, slots=True)
class DecodedText:
    """
    A text, and a note where its encoding was found by evidence.
    """

    text: str
    note: str = ""


def decode(name: str, data: bytes) -> DecodedText:
    """
    The text of a file called `name`.

    Raises: `BadFile` where the bytes are not text, or of two encodings.
    """
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise errors.BadFile(f"{name} is UTF-32, not UTF-8 text.", hint=_HINT)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return DecodedText(_utf_16(name, data, "utf-16"))
    guess = _unmarked_utf_16(data)
    if guess:
        note = f"{name} has no byte order mark and was read as UTF-16"
        return DecodedText(_utf_16(name, data, guess), note)
    if b"\0" in data:
        raise errors.BadFile(
            f"{name} is not UTF-8 text: it contains NUL bytes.",
            hint="Give the report itself, as .csv or .xlsx.",
        )
    try:
        return DecodedText(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        return _windows(name, data, error.start)


def _utf_16(name: str, data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise errors.BadFile(
            f"{name} is cut off, or not UTF-8 text nor UTF-16.", hint=_HINT
        ) from None
    if "\0" in text:
        raise errors.BadFile(f"{name} is not UTF-8 text.", hint=_HINT)
    return text


def _unmarked_utf_16(data: bytes) -> str:
    """
    The byte order, if every second byte of the beginning is NUL, as it is in text of
    Latin letters; else `""`.
    """
    sample = data[: _SAMPLE - _SAMPLE % 2]
    if len(sample) < 4 or len(data) % 2:
        return ""
    even, odd = sample[0::2], sample[1::2]
    half = len(even) / 2
    if odd.count(0) > half and even.count(0) == 0:
        return "utf-16-le"
    if even.count(0) > half and odd.count(0) == 0:
        return "utf-16-be"
    return ""


def _windows(name: str, data: bytes, position: int) -> DecodedText:
    line = data.count(b"\n", 0, position) + 1
    if _MULTIBYTE.search(data):
        raise errors.BadFile(
            f"{name}, line {line}: this is not UTF-8 text, but other lines are.",
            hint=f"Two encodings are mixed. {_HINT}",
        )
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        raise errors.BadFile(
            f"{name}, line {line}: this is not UTF-8 text.", hint=_HINT
        ) from None
    return DecodedText(
        text, f"{name} is not UTF-8 and was read as Windows-1252 (from line {line})"
    )
