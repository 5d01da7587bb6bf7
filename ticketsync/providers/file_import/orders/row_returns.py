"""
What went back by one row, in minor units: of a row that takes something back, and of a
sale whose status or column `refunded` says so.

The fee and the tax of a row that takes something back went back, too, where they are on
the same side of zero as its price. On the other side they may have been kept, charged
once more or written without a sign: such a row is set aside.
"""

from __future__ import annotations

from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.redact import safe
from ticketsync.providers.file_import.orders import returned_tickets, ticket_ids
from ticketsync.providers.file_import.orders.events_from_rows import occurrence_of
from ticketsync.providers.file_import.orders.line_values import Cells, LineValues
from ticketsync.providers.file_import.recipes.recipe_keys import NEVER_PAID


def sold_row(
    values: LineValues, line: Cells, word: str, *, is_charged: bool
) -> returned_tickets.SoldRow:
    """
    What a sale says; `word` is its status. Raises `UnreadableRecord`.
    """
    price = values.line_total(line) if word == "comp" else 0
    return returned_tickets.SoldRow(
        _key(values, line),
        paid_for(values, line) - price,
        stated(values, line, word),
        is_cancelled=not is_charged,
    )


def returned_row(
    values: LineValues, line: Cells, *, has_tax: bool
) -> returned_tickets.ReturnedRow:
    """
    What a row takes back. One that gives no number of tickets, in a report that has
    them, takes back money alone. `has_tax` says whether the sales of its order name
    their tax. Raises `UnreadableRecord`.
    """
    refuse_open(values, line)
    price, fee = price_of(values, line), fee_of(values, line)
    on_top = tax_of(values, line, has_tax=has_tax)
    tax: int | None = None
    if {"tax", "tax_per_ticket"} & line.keys():
        tax = on_top if values.rules["tax_on_top"] else abs(values.tax(line) or 0)
    quantity: int | None = None
    if "quantity" in line:
        quantity = abs(values.quantity(line))
    elif values.has_quantity:
        quantity = 0
    return returned_tickets.ReturnedRow(
        price,
        price + fee + on_top,
        fee,
        tax,
        quantity,
        _key(values, line),
        line.get("placed", ""),
    )


def _key(values: LineValues, line: Cells) -> returned_tickets.Key:
    occurrence = occurrence_of(line, values.rules)
    return (
        occurrence["id"] if occurrence else "",
        line.get("type", ""),
        ticket_ids.escaped(line.get("line", "")),
    )


def price_of(values: LineValues, line: Cells) -> int:
    """
    The price that a row takes back. Raises `UnreadableRecord`.
    """
    if "total" not in line:
        _on_its_side(values, line, "discount")
    return abs(values.line_total(line))


def fee_of(values: LineValues, line: Cells) -> int:
    """
    The buyer's fee that a row takes back. Raises `UnreadableRecord`.
    """
    return _on_its_side(values, line, "fee")


def tax_of(values: LineValues, line: Cells, *, has_tax: bool) -> int:
    """
    The tax on top that a row takes back; `has_tax` says whether the sales of its order
    name theirs. Raises `UnreadableRecord`.
    """
    if not values.rules["tax_on_top"]:
        return 0
    if "tax_per_ticket" in line:
        return abs(values.tax(line) or 0)
    if "tax" not in line and has_tax and price_of(values, line):
        raise UnreadableRecord(
            f"a row takes back {values.shown(price_of(values, line))} and does not say "
            "how much of the tax on top: write the tax that went back, or 0.00",
            word="unclear-return",
        )
    return _on_its_side(values, line, "tax")


def refuse_open(values: LineValues, line: Cells) -> None:
    """
    Raises: `UnreadableRecord` for a row that takes back by a status that is not known,
    or that says it has not happened. A row without one is a fact.
    """
    word = values.status_of_entry(line)
    if word in NEVER_PAID:
        amount = values.shown(abs(values.line_total(line)))
        raise UnreadableRecord(
            f"a row takes back {amount}, and its status "
            f"is {safe(line['status'], longest=60)!r}, {word}: remove the row, or "
            "give it a status of money that went back",
            word="open-return",
        )


def stated(values: LineValues, line: Cells, word: str) -> int:
    """
    What went back of a sale by its column `refunded`, or else by its status: all that
    was paid for it, with its fee and the tax on top. Raises `UnreadableRecord`.
    """
    amount = values.amount(line, "refunded")
    if amount is not None:
        return abs(amount)
    return paid_for(values, line) if word == "refunded" else 0


def refuse_nothing_back(
    values: LineValues, line: Cells, word: str, row: returned_tickets.SoldRow
) -> None:
    """
    Raises: `UnreadableRecord` for a sale with the status `refunded` whose column
    `refunded` says 0, although it was paid.
    """
    if word == "refunded" and row.paid and not row.stated:
        raise UnreadableRecord(
            f"its status {safe(line.get('status', ''), longest=60)!r} says that "
            f"{values.shown(row.paid)} went back, and the column of `refunded` says "
            "0.00: leave that cell empty if all of it did, or map the word to `void`",
            word="nothing-refunded",
        )


def paid_for(values: LineValues, line: Cells) -> int:
    """
    What a sale charged, with its fee and the tax on top. Raises `UnreadableRecord`.
    """
    return values.line_total(line) + values.fee(line) + values.added_tax(line)


def _on_its_side(values: LineValues, line: Cells, field: str) -> int:
    amount = values.amount(line, field) or 0
    if amount and (amount > 0) != (values.side(line) > 0):
        raise UnreadableRecord(
            f"a row takes back {values.shown(abs(values.line_total(line)))} with a "
            f"{field} of {values.shown(amount)}, on the other side of zero, which may "
            "have gone back or not: write what went back on the side of its price, and "
            "0.00 if nothing did",
            word="unclear-return",
        )
    return abs(amount)
