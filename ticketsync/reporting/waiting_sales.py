"""
Sales that wait in quarantine and are in no figure: how many of each account, or of the
dates of one show.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from ticketsync.core.plurals import number_of
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import events, occurrences, show_links
from ticketsync.store.tables.sales import quarantine

_NAMES = {
    "order": ("order", "orders"),
    "ticket": ("ticket", "tickets"),
    "file": ("report file", "report files"),
    "orders": ("date with all its orders", "dates with all their orders"),
}
_SEE = "See `ticketsync waiting list`."


@dataclass(slots=True)
class WaitingSales:
    """
    What of one account waits, by kind: of the dates asked about, and of no known date.
    """

    account: str
    known: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)


def sentences(
    connection: Connection, *, account: str = "", show_id: int | None = None
) -> list[str]:
    """
    What is missing in the figures of all shows or of one (our id), a sentence for each
    account; `account` is a name, `""` for all.
    """
    found = []
    for item in list_waiting_sales(connection, account=account, show_id=show_id):
        if show_id is None:
            both = item.known + item.unknown
            found.append(
                f"{item.account}: {_counted(both)} {_wait(both)}, in no figure here. "
                f"{_SEE}"
            )
            continue
        parts = []
        if item.known:
            parts.append(
                f"{_counted(item.known)} of this show {_wait(item.known)}, not in its "
                "figures"
            )
        if item.unknown:
            also = " also" if item.known else ""
            parts.append(
                f"{_counted(item.unknown)} of no known date{also} {_wait(item.unknown)}"
            )
        found.append(f"{item.account}: {'; '.join(parts)}. {_SEE}")
    return found


def list_waiting_sales(
    connection: Connection, *, account: str = "", show_id: int | None = None
) -> list[WaitingSales]:
    """
    What waits of each account, those without anything left out. Of a show, its own
    dates and what is of no known date, of the accounts that feed it.
    """
    query = (
        select(accounts.c.id, accounts.c.name, quarantine.c.kind, quarantine.c.event_id)
        .join(accounts, accounts.c.id == quarantine.c.account_id)
        .where(quarantine.c.kind.in_(list(_NAMES)))
        .order_by(accounts.c.name, quarantine.c.id)
    )
    if account:
        query = query.where(accounts.c.name == account)
    own = None if show_id is None else _dates_of(connection, show_id)
    found: dict[str, WaitingSales] = {}
    for account_id, name, kind, event_id in connection.execute(query):
        if own is not None and account_id not in own:
            continue
        item = found.setdefault(name, WaitingSales(name))
        if not event_id:
            item.unknown[kind] += 1
        elif own is None or event_id in own[account_id]:
            item.known[kind] += 1
    return [item for item in found.values() if item.known or item.unknown]


def _dates_of(connection: Connection, show_id: int) -> dict[int, set[str]]:
    """
    The platform's ids of the dates and events of a show, by account (our id).
    """
    query = (
        select(
            occurrences.c.account_id,
            occurrences.c.provider_id,
            events.c.provider_id.label("event"),
        )
        .join(show_links, show_links.c.occurrence_id == occurrences.c.id)
        .join(events, events.c.id == occurrences.c.event_id)
        .where(show_links.c.show_id == show_id)
    )
    found: dict[int, set[str]] = {}
    for row in connection.execute(query):
        found.setdefault(row.account_id, set()).update((row.provider_id, row.event))
    return found


def _counted(kinds: Counter[str]) -> str:
    return " and ".join(number_of(n, *_NAMES[kind]) for kind, n in kinds.items())


def _wait(kinds: Counter[str]) -> str:
    return "waits" if kinds.total() == 1 else "wait"
