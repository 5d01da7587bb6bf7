"""
The notices that a page can show because of its address. An address names one by its
key: a link must not be able to put words on our pages.
"""

from __future__ import annotations

from collections.abc import Mapping

SYNC_REQUESTED = "sync-requested"
FEED_REVOKED = "feed-revoked"
_TEXTS: Mapping[str, str] = {
    SYNC_REQUESTED: "The account is being synced; this takes a moment.",
    FEED_REVOKED: "The calendar address was revoked: it no longer opens the calendar.",
}


def text_of(query: Mapping[str, str]) -> str:
    """
    The notice that `?notice=` names; empty for an unknown key.
    """
    return _TEXTS.get(query.get("notice", ""), "")
