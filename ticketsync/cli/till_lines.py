"""
Lines of the till's screen, each made of parts with a style: two parts that stand apart,
texts that go on below, keys, and the page of help.
"""

from __future__ import annotations

from collections.abc import Sequence

from ticketsync.cli import terminal

MARGIN = " "

Line = tuple[tuple[str, str], ...]  # parts of a line: style and text
PLAIN, BOLD, DIM = "", "bold", "fg:ansibrightblack"
GOOD, BAD = "fg:ansigreen", "bold fg:ansired"

KEYS = (
    *("1-9 add one", "+ - last line", "= number", "c cash", "e exact"),
    *("k record card", "v voucher", "f free", "n name", "m member"),
    *("u undo", "p print again", "q close"),
    *("Backspace removes one", "Esc drops the basket", "? help"),
)
FEW_KEYS = ("1-9 add", "e exact", "c cash", "q close", "? help")
HELP = (
    "1-9        one more of that price; its seats are held at once",
    "+ -        one more or one less of the last line; Backspace: one less",
    "=          how many of the last line: = 12 Enter",
    "Esc        drop the basket, or leave a question",
    "e          paid in cash, exactly",
    "c          paid in cash: the amount that was given, then Enter",
    "k          paid by card: what the terminal printed, then Enter",
    "v          a voucher's code, then Enter; what is left is paid as usual",
    "f          give the basket away: for whom, then Enter",
    "n m        the buyer's name; a member's number, for members' prices",
    "u u        undo the last sale: its tickets are void, its money goes back",
    "p          print the last sale again",
    "q          count the drawer and close the till",
    "Ctrl-C     leave at once; the till stays open, a basket is held for a while",
)

SHORT_HELP = (
    "1-9        one more of that price",
    "+ -        one more or less",
    "=          how many: = 12 Enter",
    "Esc        drop it, or go back",
    "e          exact cash",
    "c          cash given, Enter",
    "k          a card's slip, Enter",
    "v          a voucher's code, Enter",
    "f          free: for whom, Enter",
    "n m        name; member's number",
    "u u        undo the last sale",
    "p          print it again",
    "q          count and close",
    "Ctrl-C     leave, till stays open",
)


def clipped(line: Line, columns: int) -> Line:
    """
    The line, not wider than the terminal.
    """
    parts: list[tuple[str, str]] = []
    for style, text in line:
        if terminal.cell_width(text) > columns:
            parts.append((style, fit(text, columns)))
            break
        parts.append((style, text))
        columns -= terminal.cell_width(text)
    return tuple(parts)


def fit(text: str, width: int) -> str:
    """
    The text, exactly so many columns wide.
    """
    if terminal.cell_width(text) > max(0, width):
        while text and terminal.cell_width(text) > width - 1:
            text = text[:-1]
        text += "…" if width > 0 else ""
    return text + " " * (width - terminal.cell_width(text))


def at_end(text: str, columns: int, taken: int) -> str:
    """
    The text at the end of a line of which so many columns are taken.
    """
    return " " * (columns - 1 - taken - terminal.cell_width(text)) + text


def wrapped(text: str, columns: int, style: str = PLAIN) -> list[Line]:
    """
    A text that goes on below where it is too long.
    """
    return [((style, f"  {line}"),) for line in terminal.wrapped(text, columns - 3)]


def two(
    left: str,
    right: str,
    columns: int,
    left_style: str = PLAIN,
    right_style: str = PLAIN,
) -> list[Line]:
    """
    Two parts in one line, or below each other where they have no room.
    """
    margin = "  " if left else ""
    used = len(margin) + terminal.cell_width(left)
    if used + terminal.cell_width(right) + 3 <= columns:
        end = at_end(right, columns, used) if right else ""
        return [((left_style, f"{margin}{left}"), (right_style, end))]
    lines = wrapped(left, columns, left_style)
    return [*lines, ((right_style, at_end(right, columns, 0)),)] if right else lines


def key_lines(keys: Sequence[str], columns: int) -> list[Line]:
    """
    The keys, as many in a line as there is room for, none cut in two.
    """
    rows: list[str] = []
    for key in keys:
        joined = f"{rows[-1]}   {key}" if rows else key
        if rows and len(joined) <= columns - 3:
            rows[-1] = joined
        else:
            rows.append(key)
    return [((DIM, f"  {row}"),) for row in rows]


def help_lines(columns: int, rows: int) -> list[Line]:
    """
    What each key does; in fewer words where the terminal has no room for more.
    """
    lines = _help_of(HELP, columns)
    return lines if len(lines) <= rows else _help_of(SHORT_HELP, columns)


def _help_of(texts: Sequence[str], columns: int) -> list[Line]:
    lines: list[Line] = [((BOLD, "  The keys of the till"),), ((PLAIN, ""),)]
    for text in texts:
        key, what = text[:11], text[11:]
        first, *more = terminal.wrapped(what, columns - 14)
        lines.append(((BOLD, f"  {key}"), (PLAIN, first)))
        lines += [((PLAIN, f"  {' ' * 11}{line.strip()}"),) for line in more]
    return [*lines, ((PLAIN, ""),), ((DIM, "  Any key goes back."),)]
