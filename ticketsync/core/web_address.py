"""
Addresses of web pages that a platform sends. One that cannot be parsed is no reason to
lose the record that it stands in.
"""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit


def split(url: object) -> SplitResult:
    """
    The parts of an address; all of them are empty if it cannot be parsed.
    """
    try:
        return urlsplit(url if isinstance(url, str) else "")
    except ValueError:
        return SplitResult("", "", "", "", "")


def is_malformed(url: str) -> bool:
    """
    Whether an address cannot be parsed: `http://[`.
    """
    try:
        urlsplit(url)
    except ValueError:
        return True
    return False
