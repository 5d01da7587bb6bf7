"""
Notifying the venue of its sales: tickets, refunds, a show nearly full or full. Sales
are gathered into one message; a full show is announced at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from ticketsync.core import clock, errors, money
from ticketsync.core.redact import safe
from ticketsync.core.settings.config import Settings
from ticketsync.financials import sales_notices
from ticketsync.financials.sales_notices import (
    FULL,
    NEARLY,
    OVERSOLD,
    Key,
    LastNotice,
    ShowSales,
)
from ticketsync.gateways import notifications as gateway
from ticketsync.reporting import unfinished_reads
from ticketsync.store.engine import Database
from ticketsync.workflows import one_at_a_time

LEASE = "sale news"
MANY = 30  # lines in one message


@dataclass(frozen=True, slots=True)
class SalesNotification:
    """
    The news of one show; `is_urgent` where it cannot wait.
    """

    line: str
    is_urgent: bool


def notify(database: Database, settings: Settings) -> list[errors.TicketsyncError]:
    """
    Send what sold since the last notification, as far as the settings ask for it;
    returns the failures, which are tried again next time.

    The first time ever, everything counts as sent: no one wants a season's sales in one
    message because they filled in a setting.
    """
    if not settings.notify.is_set or not settings.notify.sales:
        return []
    now = clock.now()
    with database.read() as connection:
        held = sales_notices.read_notices(connection)
        news, _, fullness = _news(connection, settings, now)
    if held and not news and not sales_notices.changed_fullness(fullness, held):
        return []
    with one_at_a_time.alone(database, LEASE) as is_ours:
        return _send_news(database, settings, now) if is_ours else []


def _send_news(
    database: Database, settings: Settings, now: datetime
) -> list[errors.TicketsyncError]:
    with database.read() as connection:
        news, show_sales, fullness = _news(connection, settings, now)
        held = sales_notices.read_notices(connection)
        unfinished = unfinished_reads.sentences(connection) if news else []
    is_first = not held
    if not news and not is_first:
        # A show that emptied is on record without a message: it is news when it fills.
        with database.write() as connection:
            sales_notices.record_fullness(
                connection, sales_notices.changed_fullness(fullness, held)
            )
        return []
    wrong: list[errors.TicketsyncError] = []
    if not is_first:
        title, text = _message(news)
        text = "\n".join([text, *unfinished])
        wrong = gateway.send(settings.notify, title, text)
    # Where one channel failed and another did not, nothing is sent twice.
    if not wrong or len(wrong) < gateway.count_channels(settings.notify):
        with database.write() as connection:
            sales_notices.record_notices(connection, show_sales, fullness, now)
    return wrong


def _news(
    connection: Connection, settings: Settings, now: datetime
) -> tuple[list[SalesNotification], list[ShowSales], dict[Key, str]]:
    show_sales = sales_notices.read_show_sales(connection)
    held = sales_notices.read_notices(connection)
    fullness = _fullness(show_sales, held)
    if not held:
        return [], show_sales, fullness
    wanted = settings.notify.sales
    one_of_each = {
        item.show_id: item for item in reversed(show_sales)
    }  # one of each show
    found = [
        news
        for item in one_of_each.values()
        for news in _fullness_news(
            item,
            held.get(item.key, sales_notices.NO_NOTICE).fullness,
            fullness[item.key],
            wanted,
        )
    ]
    for item in show_sales:
        found += _sales_news(item, held.get(item.key, sales_notices.NO_NOTICE), wanted)
    gap = timedelta(minutes=settings.notify.sales_minutes)
    waits = max(last.notified_at for last in held.values()) > now - gap
    if waits and not any(news.is_urgent for news in found):
        return [], show_sales, fullness
    return found, show_sales, fullness


def _fullness(
    show_sales: Sequence[ShowSales], held: dict[Key, LastNotice]
) -> dict[Key, str]:
    """
    A show is as full as all its currencies together make it.
    """
    return {
        item.key: sales_notices.fullness(
            item.sold_in_all,
            item.capacity,
            held.get(item.key, sales_notices.NO_NOTICE).fullness,
        )
        for item in show_sales
    }


def _fullness_news(
    item: ShowSales, before: str, now: str, wanted: Sequence[str]
) -> list[SalesNotification]:
    if not sales_notices.is_fuller(now, before):
        return []
    kind, words = _FULLNESS[now]
    if kind not in wanted:
        return []
    count = f"({item.sold_in_all:,} of {item.capacity:,})"
    return [SalesNotification(f"{_named(item)}: {words} {count}.", True)]


# How full → the word of the setting that asks for it, and what is announced.
_FULLNESS = {
    OVERSOLD: ("sold-out", "OVERSOLD"),
    FULL: ("sold-out", "sold out"),
    NEARLY: ("nearly-full", "nearly full"),
}


def _named(item: ShowSales) -> str:
    return safe(f"{item.production}, {item.starts_local}", longest=120)


def _sales_news(
    item: ShowSales, last: LastNotice, wanted: Sequence[str]
) -> list[SalesNotification]:
    show = _named(item)
    of = f" of {item.capacity:,}" if item.capacity else ""
    found: list[SalesNotification] = []
    tickets = item.tickets_sold - last.tickets_sold
    charged = item.gross - last.gross
    back = item.refunded - last.refunded
    if (tickets > 0 or charged > 0) and "sold" in wanted:
        amount = money.grouped_text(charged, item.currency)
        found.append(
            SalesNotification(
                f"{show}: {tickets:+,} tickets, {amount} {item.currency}; "
                f"{item.tickets_sold:,}{of} sold.",
                False,
            )
        )
    if back > 0 and "refund" in wanted:
        amount = money.grouped_text(back, item.currency)
        found.append(
            SalesNotification(
                f"{show}: {amount} {item.currency} went back to buyers; "
                f"{item.tickets_sold:,}{of} sold.",
                False,
            )
        )
    return found


def _message(news: Sequence[SalesNotification]) -> tuple[str, str]:
    lines = [item.line for item in sorted(news, key=lambda item: not item.is_urgent)]
    more = len(lines) - MANY
    if more > 0:
        lines = [*lines[:MANY], f"And {more:,} more; see `ticketsync report daily`."]
    is_urgent = any(item.is_urgent for item in news)
    return f"ticketsync: {'a show is full' if is_urgent else 'sales'}", "\n".join(lines)
