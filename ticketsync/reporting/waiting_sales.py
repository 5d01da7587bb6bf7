"""
Sales that wait in quarantine: how many of each account, or of the dates of one show.
They are in no figure, except for an order that was stored before: its older version
counts until the new one is read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, and_, func, select

from ticketsync.core.money import Money, sum_by_currency
from ticketsync.core.plurals import joined, number_of
from ticketsync.core.redact import safe
from ticketsync.store import counted
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import events, occurrences, show_links
from ticketsync.store.tables.sales import orders as stored_orders
from ticketsync.store.tables.sales import quarantine, tickets

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
    What of one account waits, by kind: of the dates asked about, and of no known date;
    and the orders of which an older version counts there, with what it charged.
    """

    account: str
    known: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    stored: dict[str, Money] = field(default_factory=dict)


def sentences(
    connection: Connection, *, account: str = "", show_id: int | None = None
) -> list[str]:
    """
    What is missing in the figures of all shows or of one (our id), or waits for its new
    version, in sentences for each account; `account` is a name, `""` for all.
    """
    found = []
    for item in list_waiting_sales(connection, account=account, show_id=show_id):
        parts = _missing(item) if show_id is None else _missing_of_show(item)
        if item.stored:
            parts.append(_counted_before(item.stored))
        found.append(f"{item.account}: {'; '.join(parts)}. {_SEE}")
    return found


def _missing(item: WaitingSales) -> list[str]:
    both = item.known + item.unknown
    return [f"{_counted(both)} {_wait(both)}, in no figure here"] if both else []


def _missing_of_show(item: WaitingSales) -> list[str]:
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
    return parts


def _counted_before(stored: Mapping[str, Money]) -> str:
    """
    `R121 waits: its new version is not read; what was stored before still counts (80.00
    AUD charged)`.
    """
    charged = ", ".join(map(str, sum_by_currency(stored.values())))
    if len(stored) == 1:
        begin = f"{safe(next(iter(stored)))} waits: its new version is not read"
    else:
        begin = (
            f"{number_of(len(stored), 'order')} wait: their new versions are not read"
        )
    return f"{begin}; what was stored before still counts ({charged} charged)"


def list_waiting_sales(
    connection: Connection, *, account: str = "", show_id: int | None = None
) -> list[WaitingSales]:
    """
    What waits of each account, those without anything left out. Of a show, its own
    dates and what is of no known date, of the accounts that sell it.
    """
    query = (
        select(
            *(quarantine.c.id, quarantine.c.account_id, accounts.c.name),
            *(quarantine.c.kind, quarantine.c.provider_id, quarantine.c.event_id),
        )
        .join(accounts, accounts.c.id == quarantine.c.account_id)
        .where(quarantine.c.kind.in_(list(_NAMES)))
        .order_by(accounts.c.name, quarantine.c.id)
    )
    if account:
        query = query.where(accounts.c.name == account)
    own = None if show_id is None else _dates_of(connection, show_id)
    stored = _charged_before(connection, show_id)
    found: dict[str, WaitingSales] = {}
    for row in connection.execute(query):
        if own is not None and row.account_id not in own:
            continue
        item = found.setdefault(row.name, WaitingSales(row.name))
        if row.id in stored:
            item.stored[row.provider_id] = stored[row.id]
        elif not row.event_id:
            item.unknown[row.kind] += 1
        elif own is None or row.event_id in own[row.account_id]:
            item.known[row.kind] += 1
    return [
        item for item in found.values() if item.known or item.unknown or item.stored
    ]


def _charged_before(connection: Connection, show_id: int | None) -> dict[int, Money]:
    """
    What the stored version of each order in quarantine charged, of one show or of all,
    by our id of its record there.
    """
    charged = func.sum(tickets.c.charged)
    query = (
        select(quarantine.c.id, stored_orders.c.currency, charged.label("charged"))
        .join(
            stored_orders,
            and_(
                stored_orders.c.account_id == quarantine.c.account_id,
                stored_orders.c.provider_id == quarantine.c.provider_id,
            ),
        )
        .join(tickets, tickets.c.order_id == stored_orders.c.id)
        .where(quarantine.c.kind == "order")
        .group_by(quarantine.c.id, stored_orders.c.currency)
    )
    if show_id is not None:
        query = query.join(
            show_links, show_links.c.occurrence_id == tickets.c.occurrence_id
        ).where(show_links.c.show_id == show_id, counted.is_of_show())
    return {
        row.id: Money(int(row.charged), row.currency)
        for row in connection.execute(query)
    }


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
    return joined(number_of(n, *_NAMES[kind]) for kind, n in kinds.items())


def _wait(kinds: Counter[str]) -> str:
    return "waits" if kinds.total() == 1 else "wait"
