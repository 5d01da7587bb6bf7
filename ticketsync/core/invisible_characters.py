"""
Characters that are not seen, or that change how others are seen, as parts of a regular
expression's class: the one list of them. Who cleans a text chooses which parts matter
there: in a terminal all of `UNSEEN`, on a page what `on_page` replaces.
"""

from __future__ import annotations

import re
from typing import Final

IN_LINE: Final = "\0-\x08\x0b-\x1f\x7f-\x9f"  # controls but for tab and line feed
CONTROLS: Final = f"\t\n{IN_LINE}"  # C0 and C1
SEPARATORS: Final = "\u2028\u2029"  # of lines and paragraphs
DIRECTION: Final = "\u202a-\u202e\u2066-\u2069"  # embeddings, overrides, isolates
MARKS: Final = "\u061c\u200e\u200f"  # of direction; letters keep their order
ZERO_WIDTH: Final = "\u200b-\u200d\u2060-\u2065\u206a-\u206f"
BYTE_ORDER_MARK: Final = "\ufeff"
SURROGATES: Final = "\ud800-\udfff"  # half a pair, which no encoding has
BLANKS: Final = " \xa0\u1680\u2000-\u200a\u202f\u205f\u3000"
FILLERS: Final = (
    "\xad\u034f\u115f\u1160\u180e\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e01ef"
)

IN_LINE_UNSEEN: Final = (
    f"{IN_LINE}{SEPARATORS}{DIRECTION}{MARKS}{ZERO_WIDTH}{BYTE_ORDER_MARK}{SURROGATES}"
)
UNSEEN: Final = f"\t\n{IN_LINE_UNSEEN}"

# Marks and joiners stay: Arabic, Persian and emoji need them, and they reorder nothing.
_NOT_ON_PAGES = re.compile(
    f"[{IN_LINE}{SEPARATORS}{DIRECTION}{BYTE_ORDER_MARK}{SURROGATES}]"
)


def escaped(match: re.Match[str]) -> str:
    """
    The visible escape of a character: `\\x1b`, `\\u202e`.
    """
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def on_page(text: str) -> str:
    """
    Foreign text for a page: what would turn the direction of the text, or is no
    character at all, becomes a visible escape.
    """
    return _NOT_ON_PAGES.sub(escaped, text)
