"""
Amounts of a whole order that a report repeats on each of the order's rows: where the
recipe says `per: order` they are taken once, and divided over the rows that bear them.

This is done with the rows of an order as it is known, from all of its files, and never
depends on their sequence. What can be read in two ways sets the order aside.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ticketsync.core import money
from ticketsync.providers.file_import.one_report.columns import Line
from ticketsync.providers.file_import.one_report.order_rows import (
    OrderRows,
    UnclearAmountError,
    amount_of,
    by_number,
    currency,
    divide,
    has_own_discounts,
    price_of,
    price_without_total,
    quantity_of,
    status_of,
)
from ticketsync.providers.file_import.orders import returned_amounts
from ticketsync.providers.file_import.recipes.recipe import Recipe
from ticketsync.providers.file_import.recipes.recipe_keys import (
    NEVER_PAID,
    WITHOUT_ENTRY,
)

# Prices come first, by which the others are divided.
_SEQUENCE = ("total", "refunded", "discount", "fee", "tax", "kept")
_OF_PRICE = ("starts", "event_id", "event", "type")


def taken_once(
    recipe: Recipe, lines: Sequence[Line], files: Sequence[str] = ()
) -> list[Line]:
    """
    The rows of one order with the amounts of the whole order divided over them; `files`
    are those that the rows are from, where it is known. Raises `UnclearAmountError`.
    """
    fields = [
        field
        for field in _SEQUENCE
        if recipe.per.get(field) == "order" or _may_be_of_order(recipe, field)
    ]
    if len(lines) < 2 or not any(f in line.cells for line in lines for f in fields):
        return list(lines)
    copies = [msgspec.structs.replace(it, cells=dict(it.cells)) for it in lines]
    file_of = dict(zip(map(id, copies), files, strict=True)) if files else {}
    orders = by_number(recipe, copies)
    is_divided = any(recipe.per.get(field) == "order" for field in _SEQUENCE)
    for field in fields:
        amounts = [_take_of_sales(recipe, rows, field) for rows in orders]
        if field == "refunded":  # rows that take back say nothing in it
            is_divided |= any(amount is not None for amount in amounts)
            continue
        sold = sum(amount or 0 for amount in amounts)
        for rows, amount in zip(orders, amounts, strict=True):
            _take_of_entries(recipe, rows, field, amount)
            returned_amounts.take_once(recipe, rows, field, amount, sold, file_of)
    for rows in orders if is_divided else ():
        _settle_refunds(recipe, rows.sales)
    return copies


def _may_be_of_order(recipe: Recipe, field: str) -> bool:
    """
    Whether the amount of one order alone decides whose it is: what went back of a row
    cannot be more than was paid for it.
    """
    return field == "refunded" and field not in recipe.per


def either(field: str, amount: str, rows: int) -> str:
    """
    Why an order is set aside whose recipe does not say whose an amount is.
    """
    return (
        f"{field} is {amount} on each of the order's {rows} rows, which may be the "
        f"amount of a row or of the order: say `per: {{{field}: order}}` or `row` in "
        "the recipe"
    )


# What was sold


def _take_of_sales(recipe: Recipe, rows: OrderRows, field: str) -> int | None:
    """
    The amount of the order in minor units, divided over its sales; `None` if they have
    none.
    """
    sales = rows.sales
    if field not in recipe.per:
        if not is_repeated(sales, field):
            return None
        if _may_be_added(recipe, sales):
            raise UnclearAmountError(either(field, sales[0].cells[field], len(sales)))
    texts = {line.cells.get(field) for line in sales}
    if len(texts) > 1:
        raise UnclearAmountError(
            f"{field} is an amount of the whole order, but its rows have "
            f"{', '.join(sorted(text or 'none' for text in texts))}"
        )
    text = texts.pop() if texts else None
    if text is None:
        return None
    amount = money.from_decimal_text(text, currency(recipe, sales[0].cells))
    if amount and len(sales) > 1:
        _refuse_bought_apart(sales, field, text)
        bearing = _bearing(recipe, sales, field, amount)
        divide(recipe, field, amount, bearing)
        bears = {id(line) for line, _ in bearing}
        for line in sales:
            if id(line) not in bears:
                line.cells[field] = money.decimal_text(0, currency(recipe, line.cells))
    return amount


def is_repeated(sales: Sequence[Line], field: str) -> bool:
    """
    Whether several rows have one amount that is not zero.
    """
    amount = sales[0].cells.get(field, "") if sales else ""
    return (
        len(sales) > 1
        and bool(amount.strip("-0."))
        and all(line.cells.get(field) == amount for line in sales)
    )


def _refuse_bought_apart(sales: Sequence[Line], field: str, text: str) -> None:
    times = sorted({it.cells["placed"] for it in sales if "placed" in it.cells})
    if len(times) > 1 and field != "refunded":
        raise UnclearAmountError(
            f"{field} is {text} on rows that were bought at {times[0]} and at "
            f"{times[1]}, which may be one amount of the order or one of each "
            "purchase: give the second purchase a number of its own"
        )


def _bearing(
    recipe: Recipe, sales: Sequence[Line], field: str, amount: int
) -> list[tuple[Line, int]]:
    """
    The rows that bear an amount of the order, and by what it is divided: what they
    cost, or else their numbers of tickets. A row that was cancelled and never paid
    bears nothing, if another one was.
    """
    charged = [line for line in sales if not _is_uncharged(recipe, line)] or [*sales]
    if field == "refunded":
        return _bearing_refund(recipe, sales)
    if field == "total":
        return _bearing_total(recipe, sales, charged, amount)
    _refuse_part_refunded(recipe, charged, field)
    found = [
        (line, _price(recipe, line, with_discount=field != "discount"))
        for line in charged
    ]
    price = sum(weight for _, weight in found)
    if field == "discount" and "total" not in recipe.columns and amount > price:
        raise UnclearAmountError(
            f"discount is {sales[0].cells[field]} of the whole order, more than its "
            "rows cost"
        )
    return found if price else _by_quantity(charged)


def _is_uncharged(recipe: Recipe, line: Line) -> bool:
    is_back = bool(amount_of(recipe, line.cells, "refunded"))
    return status_of(recipe, line) == "cancelled" and not is_back


def _price(recipe: Recipe, line: Line, *, with_discount: bool) -> int:
    if status_of(recipe, line) == "comp":
        return 0
    return price_of(recipe, line.cells, with_discount=with_discount)


def _by_quantity(lines: Sequence[Line]) -> list[tuple[Line, int]]:
    return [(line, quantity_of(line.cells)) for line in lines]


def _bearing_total(
    recipe: Recipe, sales: Sequence[Line], charged: Sequence[Line], amount: int
) -> list[tuple[Line, int]]:
    """
    By the prices of the tickets, where the report has them.
    """
    is_priced = all("price" in line.cells for line in sales)
    prices = {id(it): _list_price(recipe, it) for it in sales if is_priced}
    if len(charged) < len(sales):
        bears = next(
            (
                lines
                for lines in (charged, sales)
                if sum(prices.get(id(line), 0) for line in lines) == amount
            ),
            None,
        )
        if bears is None:
            raise UnclearAmountError(
                f"total is {sales[0].cells['total']} of the whole order, of which a "
                "part was cancelled, and may have that part in it or not: map a total "
                "of each row, or the price of its tickets to `price`"
            )
        return [(line, prices.get(id(line), 0)) for line in bears]
    if sum(prices.values()) != amount:
        _refuse_part_refunded(recipe, charged, "total")
    if any(prices.values()):
        return [(line, prices[id(line)]) for line in charged]
    paid = [line for line in charged if status_of(recipe, line) != "comp"] or [*charged]
    if len({_night(line) for line in paid}) > 1:
        raise UnclearAmountError(
            f"total is {sales[0].cells['total']} of the whole order, whose rows are of "
            "several dates, and what each of them cost is not said: map the price of "
            "a ticket to `price`"
        )
    return _by_quantity(paid)


def _list_price(recipe: Recipe, line: Line) -> int:
    """
    By the price of a ticket, in an order whose rows have no total of their own.
    """
    if status_of(recipe, line) == "comp":
        return 0
    return price_without_total(recipe, line.cells)


def _refuse_part_refunded(recipe: Recipe, charged: Sequence[Line], field: str) -> None:
    """
    `UnclearAmountError` for an amount of an order of which a part went back by its
    status alone: how much of the amount went back with it, nothing says.
    """
    lines = [line for line in charged if status_of(recipe, line) != "comp"]
    back = [
        line
        for line in lines
        if status_of(recipe, line) == "refunded" and "refunded" not in line.cells
    ]
    is_price = field in ("fee", "total")
    is_price |= field == "tax" and recipe.tax_on_top
    is_price |= field == "discount" and "total" not in recipe.columns
    if not is_price or not back or len(back) == len(lines):
        return
    if field == "total" and len({_kind(line) for line in lines}) == 1:
        return
    raise UnclearAmountError(
        f"{field} is {back[0].cells[field]} of the whole order, of which a part was "
        "refunded, and how much of it went back is not said: map the column with what "
        "went back to `refunded`"
    )


def _night(line: Line) -> tuple[str, ...]:
    return tuple(line.cells.get(name, "") for name in _OF_PRICE if name != "type")


def _kind(line: Line) -> tuple[str, ...]:
    return tuple(line.cells.get(name, "") for name in _OF_PRICE)


# What the sales themselves say went back


def _bearing_refund(recipe: Recipe, sales: Sequence[Line]) -> list[tuple[Line, int]]:
    """
    The rows whose status says that something of them went back or was cancelled, by
    their prices; all rows where none does.
    """
    back = [line for line in sales if status_of(recipe, line) in WITHOUT_ENTRY] or [
        *sales
    ]
    is_own = has_own_discounts(recipe)
    found = [(line, _price(recipe, line, with_discount=is_own)) for line in back]
    return found if any(weight for _, weight in found) else [(it, 1) for it in back]


def _may_be_added(recipe: Recipe, sales: Sequence[Line]) -> bool:
    """
    Whether the amounts refunded together are no more than what was paid.
    """
    paid = sum(
        price_of(recipe, line.cells, with_discount=has_own_discounts(recipe))
        for line in sales
    )
    for field in ("fee", "tax"):
        if field == "tax" and not recipe.tax_on_top:
            continue
        amounts = [abs(amount_of(recipe, line.cells, field)) for line in sales]
        paid += max(amounts) if recipe.per.get(field) == "order" else sum(amounts)
    paid += sum(_tax_of_tickets(recipe, line) for line in sales)
    return sum(abs(amount_of(recipe, it.cells, "refunded")) for it in sales) <= paid


def _tax_of_tickets(recipe: Recipe, line: Line) -> int:
    if not recipe.tax_on_top:
        return 0
    each = abs(amount_of(recipe, line.cells, "tax_per_ticket"))
    return each * quantity_of(line.cells)


def _settle_refunds(recipe: Recipe, sales: Sequence[Line]) -> None:
    """
    Where all that was paid went back, give each row what was paid for it, in place; and
    where less did, no row more than that by a rounding.
    """
    back = [line for line in sales if amount_of(recipe, line.cells, "refunded")]
    if not back:
        return
    refunded = sum(abs(amount_of(recipe, it.cells, "refunded")) for it in back)
    charged = [line for line in sales if not _is_uncharged(recipe, line)]
    for lines in (back, charged):
        paid = [_paid_for(recipe, line) for line in lines]
        if sum(paid) == refunded:
            _write_refunds(recipe, lines, paid)
            return
    _without_rounding(recipe, back)
    if recipe.per.get("fee") == "order" and recipe.fee_is_kept:
        _refuse_part_of_fee(recipe, back)


def _without_rounding(recipe: Recipe, back: Sequence[Line]) -> None:
    """
    Shares were rounded twice, of what was paid and of what went back.
    """
    paid = [_paid_for(recipe, line) for line in back]
    amounts = [abs(amount_of(recipe, line.cells, "refunded")) for line in back]
    most = [min(pair) for pair in zip(amounts, paid, strict=True)]
    more = sum(amounts) - sum(most)
    if 0 < more <= len(back) and sum(amounts) <= sum(paid):
        room = [whole - part for whole, part in zip(paid, most, strict=True)]
        shares = money.split(more, room)
        _write_refunds(recipe, back, [a + b for a, b in zip(most, shares, strict=True)])


def _write_refunds(
    recipe: Recipe, lines: Sequence[Line], amounts: Sequence[int]
) -> None:
    for line, amount in zip(lines, amounts, strict=True):
        line.cells["refunded"] = money.decimal_text(
            amount, currency(recipe, line.cells)
        )


def _refuse_part_of_fee(recipe: Recipe, back: Sequence[Line]) -> None:
    for line in back:
        price = _paid_for(recipe, line) - amount_of(recipe, line.cells, "fee")
        if abs(amount_of(recipe, line.cells, "refunded")) > price:
            raise UnclearAmountError(
                f"refunded is {line.cells['refunded']}, more than the price of the "
                "row, and how much of the order's fee went back is not said: add what "
                "went back as rows of its own, with their fee"
            )


def _paid_for(recipe: Recipe, line: Line) -> int:
    """
    What was paid for a row, with its part of the fee and of the tax on top.
    """
    paid = _price(recipe, line, with_discount=True)
    paid += amount_of(recipe, line.cells, "fee")
    if "tax_per_ticket" in line.cells:
        return paid + _tax_of_tickets(recipe, line)
    return paid + (amount_of(recipe, line.cells, "tax") if recipe.tax_on_top else 0)


# Rows of fees and taxes


def _take_of_entries(
    recipe: Recipe, rows: OrderRows, field: str, amount: int | None
) -> None:
    """
    Leave an amount of the order out of its rows for fees and taxes, in place.
    """
    if field not in ("total", "discount", "kept") or not rows.entries:
        return
    own = {amount_of(recipe, line.cells, field) for line in rows.entries} - {0}
    known = {amount, *(amount_of(recipe, it.cells, field) for it in rows.returns)}
    is_paid = any(not _is_uncharged(recipe, line) for line in rows.sales)
    words = {status_of(recipe, line) for line in rows.entries} - {"", *NEVER_PAID}
    if own and (field == "total" or not own <= known or (words and not is_paid)):
        raise UnclearAmountError(
            f"{field} is an amount of the whole order, and its rows for fees and taxes "
            "have one, too, which may be theirs: say `row` under `per` in the recipe "
            "if it is"
        )
    for line in rows.entries:
        line.cells.pop(field, None)
