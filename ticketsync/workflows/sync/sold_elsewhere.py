"""
An order that stands in the reports of two accounts counts once.

Files that are equal are refused (`duplicate_accounts`); these are orders in files that
are not: a later export, or one saved with semicolons. An order of another account with
the same platform is the same one if its number, the show's date, what was charged and
the minute of the purchase are equal. The one that was stored first counts, and the
other is set aside until the recipe says which it is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from ticketsync.accounts import state
from ticketsync.core import money
from ticketsync.core.plurals import number_of
from ticketsync.core.redact import safe
from ticketsync.providers.report_folder import ReadsReports
from ticketsync.sales import orders_elsewhere
from ticketsync.sales.allocation import AllocatedOrder
from ticketsync.sales.orders_elsewhere import Sale, SaleElsewhere

WORD = "sold-elsewhere"
ONCE = "once"
STORED = "another account has stored it, too, and it counts twice: "
CANCEL = "a status that the recipe maps to `cancelled`"
STAYS = (
    f"{STORED}`shared_orders: once` leaves out only what is not stored yet. Give its "
    f"rows here {CANCEL}"
)
UNSAID = (
    f"{STORED}say in the recipe `shared_orders: count` if they are two sales; if they "
    f"are one, give its rows here {CANCEL}"
)
Performance = tuple[str, datetime, str]  # title, start, time zone


def find_duplicates_of(
    connection: Connection,
    account_id: int,
    provider: ReadsReports,
    orders: Sequence[AllocatedOrder],
    occurrence_ids: Mapping[str, int],
) -> dict[str, str]:
    """
    The same of orders that are about to be saved; `occurrence_ids` are ours by theirs.
    """
    sales = sales_of(orders, _performances(connection, orders, occurrence_ids))
    return find_duplicates(connection, account_id, provider, sales)


def find_duplicates(
    connection: Connection,
    account_id: int,
    provider: ReadsReports,
    sales: Sequence[Sale],
) -> dict[str, str]:
    """
    Which of these orders another account has stored, by their ids: in words, which it
    is and what to do.
    """
    others = {
        other.id: division
        for other in state.list_accounts(connection)
        if other.id != account_id and other.provider == provider.spec.name
        if (division := provider.order_numbers_of(other.options)) is not None
    }
    if not others or not sales or provider.shared_orders() == "count":
        return {}
    numbers = {number for sale in sales for number in provider.numbers_of(sale.id)}
    divided = numbers if {"event", "file"} & set(others.values()) else ()
    held = orders_elsewhere.find_numbered(connection, list(others), numbers, divided)
    by_number: dict[str, list[SaleElsewhere]] = {}
    for item in held:
        for number in provider.numbers_of(item.sale.id):
            by_number.setdefault(number, []).append(item)
    mine = orders_elsewhere.get_rows(connection, account_id, [s.id for s in sales])
    found: dict[str, str] = {}
    for sale in sales if held else ():
        same = [
            item
            for number in provider.numbers_of(sale.id)
            for item in by_number.get(number, ())
            if sale.is_same(item.sale)
        ]
        first = min(same, key=lambda item: item.row, default=None)
        if first is not None and first.row < mine.get(sale.id, first.row + 1):
            found[sale.id] = _reason(sale, first, provider)
    return found


def note_left_out(ids: Collection[str]) -> str:
    """
    In words, what `shared_orders: once` leaves out.
    """
    some = ", ".join(map(safe, sorted(ids)[:3])) + (", …" if len(ids) > 3 else "")
    what = number_of(len(ids), "order that", "orders that")
    return f"{what} another account has stored left out ({some}), as the recipe says"


def sales_of(
    orders: Sequence[AllocatedOrder], performances: Mapping[str, Performance]
) -> list[Sale]:
    """
    What is compared of these orders; `performances` by the platform's id.
    """
    return [
        Sale(
            *(order.id, order.placed_at, order.currency, order.charged),
            *place,
        )
        for order in (item.order for item in orders)
        if (place := performances.get(order.occurrence_id or "")) is not None
    ]


def _reason(sale: Sale, other: SaleElsewhere, provider: ReadsReports) -> str:
    amount = f"{money.decimal_text(sale.charged, sale.currency)} {sale.currency}"
    what = f"the same number, amount ({amount}) and day of the show ({sale.day})"
    if not sale.is_undated and not other.sale.is_undated:
        what = f"{what.replace(' and day', ', day')} and time of purchase"
    return (
        f"{provider.location_of({'id': sale.id})}account {other.account!r} has stored "
        f"an order with {what}: it would count twice. Take it out of one of the two "
        "folders, or say in the recipe `shared_orders: once` if it is the same order, "
        "`count` if such orders are other sales"
    )


def _performances(
    connection: Connection,
    orders: Sequence[AllocatedOrder],
    occurrence_ids: Mapping[str, int],
) -> dict[str, Performance]:
    named = {item.order.occurrence_id or "" for item in orders}
    rows = {id_: occurrence_ids[id_] for id_ in named if id_ in occurrence_ids}
    found = orders_elsewhere.list_performances(connection, set(rows.values()))
    return {id_: found[row] for id_, row in rows.items()}
