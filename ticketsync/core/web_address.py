"""
Addresses of web pages that a platform sends. One that cannot be parsed is not a reason
to lose the record that it stands in.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from ticketsync.core import invisible_characters

# Spaces, controls, what is not shown, and half a surrogate pair.
_NOT_IN_ADDRESSES = re.compile(
    f"[{invisible_characters.UNSEEN}{invisible_characters.BLANKS}]"
)


def split(url: object) -> SplitResult:
    """
    The parts of an address; all of them are empty if it cannot be parsed.
    """
    try:
        return urlsplit(url if isinstance(url, str) else "")
    except ValueError:
        return SplitResult("", "", "", "", "")


def is_link(url: str | None) -> bool:
    """
    Whether an address may become a link: `javascript:` must not, and nothing that
    holds a space, a line break or another character that no address has.
    """
    parts = split(url)
    return (
        parts.scheme in ("http", "https")
        and bool(parts.netloc)
        and not _NOT_IN_ADDRESSES.search(url or "")
    )


def is_malformed(url: str) -> bool:
    """
    Whether an address cannot be parsed: `http://[`.
    """
    try:
        urlsplit(url)
    except ValueError:
        return True
    return False
