"""
What of the money of orders went back, as it counts for the figures: their refund
movements, and what gift vouchers got back.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import Connection, and_, select

from ticketsync.core import clock, records
from ticketsync.core.periods import Period
from ticketsync.reporting import figure_filter, sales
from ticketsync.reporting.voucher_returns import VoucherReturn, list_voucher_returns
from ticketsync.store import order_spans
from ticketsync.store.tables.sales import orders, refunds

_BATCH: Final = 500  # orders that are asked for together


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundMoney:
    """
    One refund movement as far as it is for one show, in minor units; the movements of
    an order in the order in which they were recorded. Ids as in `OrderMoney`;
    `reference` is the platform's id of the refund with its number. `tax` is `None`
    where the platform does not report it, or not for this show alone. `to_vouchers` is
    what was given back to gift vouchers instead of money: `amount` is 0 then.
    """

    account: str
    order_id: str
    show_id: int
    day: date
    amount: int
    tax: int | None
    currency: str
    reference: str
    kind: str
    known_at: datetime
    to_vouchers: int = 0


def list_refund_money(
    connection: Connection,
    zone: str,
    period: Period,
    accounts_: Collection[str] = (),
) -> list[RefundMoney]:
    """
    All refund movements of the orders of which one is in the period, by the day of the
    movement, and what was given back to vouchers, by its day in `zone`; of these
    accounts, or of all. What went back for vouchers that were sold is of
    `records.NO_SHOW`.
    """
    returns = list_voucher_returns(connection, accounts_)
    begin, end = period.instants(zone)
    within = [
        item
        for item in returns
        if (begin is None or begin <= item.at) and (end is None or item.at < end)
    ]
    also = {item.order_row for item in within}
    rows = _refund_rows(connection, period, accounts_, also)
    moved = [_moved(row) for row in rows if row["show_id"] is not None]
    wanted = {(item.account, item.order_id) for item in within}
    wanted |= {(item.account, item.order_id) for item in moved}
    given = [
        _given_back(item, zone)
        for item in returns
        if (item.account, item.order_id) in wanted
    ]
    return _in_sequence(moved, given)


def _in_sequence(
    moved: Sequence[RefundMoney], given: Sequence[RefundMoney]
) -> list[RefundMoney]:
    """
    Both, where orders with some of both have them as they were recorded: what came
    earlier never depends on what came later.
    """
    own = {(item.account, item.order_id) for item in given}
    mixed = [item for item in moved if (item.account, item.order_id) in own]
    return [
        *(item for item in moved if (item.account, item.order_id) not in own),
        *sorted([*mixed, *given], key=attrgetter("known_at")),
    ]


def _refund_rows(
    connection: Connection,
    period: Period,
    accounts_: Collection[str],
    also: Collection[int],
) -> list[dict[str, Any]]:
    """
    The movements of orders with one in the period, and of those orders (our ids) also,
    each order's in the order in which they were recorded; those of vouchers that were
    sold under `records.NO_SHOW`.
    """
    is_within = order_spans.refunded_within(period)
    within = select(refunds.c.order_id).where(*is_within)
    ids = sorted(also)
    batches = [ids[begin : begin + _BATCH] for begin in range(0, len(ids), _BATCH)]
    conditions = [
        orders.c.id.in_(within),
        *(
            and_(orders.c.id.in_(batch), orders.c.id.not_in(within))
            for batch in (batches if is_within else ())
        ),
    ]
    also_read = ("is_voucher_sale",)
    names = [*(column.name for column in sales.REFUNDS), *also_read]
    found = []
    for condition in conditions:
        query = sales.refunds_query()
        query = query.where(condition, *figure_filter.of_accounts(accounts_))
        query = query.order_by(None).order_by(refunds.c.id)
        found += [
            dict(zip(names, values, strict=True))
            for values in sales.refund_rows(connection, query, also=also_read)
        ]
    return [
        {**row, "show_id": records.NO_SHOW} if row["is_voucher_sale"] else row
        for row in found
    ]


def _moved(row: Mapping[str, Any]) -> RefundMoney:
    return RefundMoney(
        account=row["account"],
        order_id=row["order_id"],
        show_id=row["show_id"],
        day=date.fromisoformat(str(row["on_day"])),
        amount=row["amount"],
        tax=row["tax"],
        currency=row["currency"],
        reference=f"{row['refund_id']}#{row['number']}",
        kind=row["kind"],
        known_at=row["first_seen_at"],
    )


def _given_back(item: VoucherReturn, zone: str) -> RefundMoney:
    return RefundMoney(
        account=item.account,
        order_id=item.order_id,
        show_id=item.show_id,
        day=clock.day_of(item.at, zone),
        amount=0,
        tax=None,
        currency=item.currency,
        reference=item.reference,
        kind="refund",
        known_at=item.at,
        to_vouchers=item.amount,
    )
