"""
The notices that a page can show because of its address. An address names one by its
key: a link must not be able to put words on our pages.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from urllib.parse import urlencode

from ticketsync.core.plurals import number_of

_NUMBER = re.compile(r"[1-9][0-9]{0,5}")
SYNC_REQUESTED = "sync-requested"
SYNCING_ALREADY = "syncing-already"
FEED_REVOKED = "feed-revoked"
PAUSED = "account-paused"
RESUMED = "account-resumed"
REMOVED = "account-removed"
OPTIONS_SAVED = "options-saved"
NOTHING_CHANGED = "nothing-changed"
LINKED = "linked"
MOVED_ALONG = "moved-along"
UNLINKED = "unlinked"
SWITCHED = "switched"
EXCLUDED = "show-excluded"
REASON_REPLACED = "reason-replaced"
INCLUDED = "show-included"
SHOW_SAVED = "show-saved"
ADOPTED = "adopted"
IMPORTED = "imported"
IMPORTED_PAST = "imported-past"
REVOKED = "pass-revoked"
STORED = "secret-saved"
ADDRESS_MADE = "address-made"
TEST_SENT = "test-sent"
TEST_REFUSED = "test-refused"
RETRIED = "retried"
VENUE_SAVED = "venue-saved"
_TEXTS: Mapping[str, str] = {
    SYNC_REQUESTED: "{account} is being synced; this takes a moment.",
    SYNCING_ALREADY: "All accounts are being synced already; this is how far it is.",
    FEED_REVOKED: "The calendar address was revoked: it no longer opens the calendar.",
    PAUSED: "{account} is paused: it is left out of every sync until you resume it.",
    RESUMED: "{account} is active again.",
    REMOVED: "The account and its key are removed; what it sold is kept and counts.",
    OPTIONS_SAVED: "The options of {account} are saved.",
    NOTHING_CHANGED: "Nothing was changed.",
    LINKED: "It is linked; the figures of its show are up to date.",
    MOVED_ALONG: (
        "It is confirmed. Your show was moved to the time of this date, because no "
        "platform lists it at another time."
    ),
    UNLINKED: "It is unlinked; its sales have left the figures of the show.",
    SWITCHED: "Saved; the figures are up to date.",
    EXCLUDED: "The show is left out of the figures. Its guests stay on the door list.",
    REASON_REPLACED: (
        "The show was left out already. Your reason replaces the one before."
    ),
    INCLUDED: "The show counts again.",
    SHOW_SAVED: "The show is changed.",
    ADOPTED: "What is on sale is now among your shows.",
    IMPORTED: "The list is imported.",
    IMPORTED_PAST: "{shows} imported, all past.",
    REVOKED: "The pass was revoked: it no longer opens anything.",
    STORED: "The secret is stored.",
    ADDRESS_MADE: "The address was created.",
    TEST_SENT: "A test delivery was sent and accepted.",
    TEST_REFUSED: "The test delivery was not accepted; the list says why.",
    VENUE_SAVED: "The venue is saved.",
    RETRIED: "The deliveries wait to be processed again.",
}


def address(page: str, notice: str, account: str = "", *, shows: int = 0) -> str:
    """
    The address of a page with a notice, about an account or a number of shows if one is
    given.
    """
    about = {"account": account} if account else {}
    about |= {"shows": str(shows)} if shows else {}
    return f"{page}?{urlencode({'notice': notice, **about})}"


def text_of(query: Mapping[str, str], accounts: Collection[str] = ()) -> str:
    """
    The notice that an address names; empty for an unknown key, or for a notice about
    none of these accounts.
    """
    text = _TEXTS.get(query.get("notice", ""), "")
    if "{shows}" in text:
        number = query.get("shows", "")
        if not _NUMBER.fullmatch(number):
            return ""
        return text.format(shows=number_of(int(number), "show"))
    if "{account}" not in text:
        return text
    account = query.get("account", "")
    return text.format(account=account) if account in accounts else ""
