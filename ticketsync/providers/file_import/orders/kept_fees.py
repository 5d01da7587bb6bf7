"""
What the platform kept of an order, as its recipe lets it be known. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

from ticketsync.core import records
from ticketsync.core.records import OrderStatus
from ticketsync.providers.file_import.orders import row_fees
from ticketsync.providers.file_import.orders.events_from_rows import occurrence_of
from ticketsync.providers.file_import.orders.line_values import Cells, LineValues
from ticketsync.providers.file_import.orders.sold_tickets import Sale


def kept_fees(
    values: LineValues,
    rows: Sequence[row_fees.RowFee],
    tickets: Sequence[records.Ticket],
    buyer_fees: int,
    own: tuple[int, ...] | None,
    *,
    is_charged: bool,
) -> tuple[records.Fee, ...] | None:
    """
    The fees of an order; `None` where the recipe maps none. `rows` say what was kept
    for each row, `buyer_fees` are those of the buyer that did not go back, in minor
    units, and `own` their parts by ticket, where they are known.
    """
    platform = values.rules["platform"]
    name = f"{platform} fee"
    if not values.rules["tells_kept"]:
        if not is_charged:
            return ()
        if not buyer_fees or not values.rules["fee_is_kept"]:
            return None
        rest = records.Fee(f"What else {platform} kept", None)
        return (_fee(values, name, buyer_fees, own), rest)
    kept = sum(row.amount for row in rows)
    parts: tuple[int, ...] | None = row_fees.fees_by_ticket(rows, tickets)
    if values.rules["fee_is_kept"]:
        kept += buyer_fees
        parts = row_fees.added(parts, own)
    is_any = kept or any(parts or ())
    return (_fee(values, name, kept, parts),) if is_any else ()


def _fee(
    values: LineValues, name: str, amount: int, parts: tuple[int, ...] | None
) -> records.Fee:
    """
    A fee that stands on rows belongs to their tickets. One of the whole order, and one
    whose rules do not say which it is, is left to be allocated.
    """
    is_by_row = values.rules.get("fees_by_row", False)
    return records.Fee(name, amount, by_ticket=parts if is_by_row else None)


def rows_with_fee(
    values: LineValues, sales: Sequence[Sale], others: Sequence[Cells]
) -> list[row_fees.RowFee]:
    """
    What was kept for each row: those that sell, as their tickets are, and all others.
    """
    sold = [
        _row_fee(values, sale.line, values.quantity(sale.line), sale.is_charged)
        for sale in sales
    ]
    return [*sold, *(_row_fee(values, line, 0, True) for line in others)]


def uncounted(
    values: LineValues, sales: Sequence[Sale], status: OrderStatus
) -> str | None:
    """
    What was kept of rows that were cancelled and never paid, in words: such a row costs
    nothing by its status, and has a cost by its column.
    """
    rows = [
        sale.line
        for sale in sales
        if sale.word == "cancelled"
        and not (sale.is_charged and status is OrderStatus.PAID)
    ]
    kept = sum(values.amount(line, "kept") or 0 for line in rows)
    if not kept:
        return None
    return (
        f"{values.shown(kept)} was kept of what was cancelled, and is not counted: by "
        "its status nothing was paid; map the word to `void` or `refunded` in the "
        "recipe if it was"
    )


def _row_fee(
    values: LineValues, line: Cells, sells: int, is_charged: bool
) -> row_fees.RowFee:
    occurrence = occurrence_of(line, values.rules)
    return row_fees.RowFee(
        (values.amount(line, "kept") or 0) if is_charged else 0,
        sells,
        occurrence["id"] if occurrence else "",
        line.get("type", ""),
    )
