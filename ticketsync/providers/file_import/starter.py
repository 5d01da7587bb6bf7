"""
A recipe to start from, written from the headings of a report.

It is a proposal for a person: headings are matched by their names alone, and what has
no column, or one that may be two things, stands in a comment. A word of a status has a
meaning only where it means the same on every platform.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

from ticketsync.core import errors
from ticketsync.core.redact import safe
from ticketsync.core.spreadsheets import table_files
from ticketsync.core.spreadsheets.rows import Row
from ticketsync.core.written.date_orders import (
    ColumnOrder,
    column_order,
    comes_first,
    order_in_zone,
)
from ticketsync.core.written.written_dates import Order
from ticketsync.providers.file_import import starter_times
from ticketsync.providers.file_import.one_report.heading import normalise
from ticketsync.providers.file_import.recipes import show_sums
from ticketsync.providers.file_import.recipes.recipe_keys import STATUSES
from ticketsync.providers.file_import.recipes.status_words import plain_status

_WITHIN = 40  # rows from the top of a table
_LEAST = 2  # headings that are known
_MOST_WORDS = 12  # of a status that are listed
_NEEDED = {
    "order": "the order's number; a report with one row for each show has none",
    "event": "the name of the show",
    "starts": "when the show starts (or `date` and `time`)",
    "type": "the type of ticket",
    "total": "what was paid for the row (or `price`, for one ticket)",
    "placed": "when it was bought; without it a sale counts on the day of its show",
}
# What platforms call these, the surest first.
_HEADINGS: Mapping[str, Sequence[str]] = {
    "order": (
        *("order number", "order no", "order no.", "order id", "order", "order ref"),
        *("order reference", "booking number", "booking no", "booking id"),
        *("booking reference", "booking ref", "booking", "transaction id"),
    ),
    "event": (
        *("event", "event name", "event title", "show", "show name", "show title"),
        *("production", "performance name"),
    ),
    "starts": (
        *("starts", "starts at", "start", "event start", "event date", "show date"),
        *("date and time", "performance date", "performance", "session", "when"),
    ),
    "date": ("date",),
    "time": ("time", "start time", "show time"),
    "type": (
        *("ticket type", "price type", "price level", "ticket name", "price category"),
        *("ticket category", "type"),
    ),
    "quantity": (
        *("quantity", "qty", "tickets", "number of tickets", "no of tickets"),
        *("ticket quantity", "seats"),
    ),
    "total": ("total", "total paid", "amount paid", "paid", "amount", "gross"),
    "order_total": ("order total", "order amount", "order value", "booking total"),
    "price": ("price", "ticket price", "unit price", "face value"),
    "placed": (
        *("order date", "ordered at", "purchase date", "purchased at", "booked at"),
        *("booking date", "date of purchase", "sold at", "date purchased", "sold on"),
        *(
            "bought",
            "purchased",
            "booked",
            "ordered",
            "created at",
            "bought on",
            "bought at",
            "date bought",
        ),
        *("purchased on", "booked on", "date booked", "ordered on", "date ordered"),
        *("sold on", "date sold", "sale date", "order time", "order date and time"),
        *("order placed", "order created", "transaction date"),
    ),
    "kept": (
        *("commission", "commissions", "platform fee", "platform fees"),
        *("processing fee", "processing fees", "payment processing fee"),
        *("fees kept", "fees withheld", "fees deducted", "organiser fee"),
        *("organizer fee", "seller fee", "eventbrite fees", "eventbrite fee"),
        *("eventbrite service fee", "eventbrite payment processing fee"),
        *("eventbrite payment processing", "payment processing fees"),
    ),
    "status": (
        *("status", "order status", "ticket status", "state", "booking status"),
        *("payment status", "order state"),
    ),
}
_OF_ROW_TOO = ("price", "face value")  # a price of a ticket or of a row
_FEE_OF_EITHER = re.compile(
    r"(?:total |buyer |order )?(?:(?:booking|service|ticketing|ticket|transaction"
    r"|convenience|handling|facility|promoter|card|credit card|outside|inside"
    r"|eventbrite|humanitix|dice|fever|stripe|paypal|square|wix|trybooking|moshtix"
    r"|todaytix|ticketek|ticketmaster) )?(?:fees?|charges?)"
)


def starter_recipe(file: Path, *, timezone: str, currency: str) -> str:
    """
    The text of a recipe for reports like this one, for a person to correct.

    Raises: `BadFile` for a file that cannot be read, or without known headings.
    """
    opened = table_files.open_file(file)
    found: list[tuple[Row, dict[str, int], list[Row]]] = []
    for table in opened.tables:
        rows = [] if table.is_hidden else list(islice(table.read(), _WITHIN))
        found += [(row, _columns(row), rows[n:]) for n, row in enumerate(rows, 1)]
    known = [item for item in found if len(item[1]) >= _LEAST]
    if not known:
        raise errors.BadFile(
            f"{safe(file.name)} has no row with headings that are known.",
            hint="Write the recipe by hand: docs/reports.md has one to copy.",
            word="headings",
        )
    row, columns, below = max(known, key=lambda item: len(item[1]))
    if "order" not in columns and show_sums.names_sums(map(normalise, row.cells)):
        raise errors.BadFile(
            f"{safe(file.name)} has no column with an order's number that is known.",
            hint=f"{show_sums.ADVICE} If a column has it, write the recipe by hand: "
            "docs/reports.md has one to copy.",
            word="headings",
        )
    times: list[str] = []
    if {"date", "time"} <= columns.keys():
        of_sale = starter_times.are_of_sale(columns, below)
        headings = [safe(row.cells[columns[name]]) for name in ("date", "time")]
        times = [starter_times.advice(*headings, is_of_sale=of_sale)]
        columns = starter_times.as_sold_at(columns) if of_sale else columns
    return "\n".join(
        [
            f"# From the headings of {safe(file.name)}. Check every line: what the",
            "# columns hold was not looked at. `ticketsync accounts recipe check` says",
            "# what is read by it, and docs/reports.md says what else can be here.",
            f"platform: {json.dumps(safe(file.stem), ensure_ascii=False)}",
            f"timezone: {timezone}",
            f"currency: {currency}",
            _dates(columns, below, timezone),
            "columns:",
            *(
                f"  {ours}: {_quoted(row, n)}"
                for ours, n in columns.items()
                if ours != "kept"
            ),
            *_kept(row),
            *(f"  # {ours}: {what}" for ours, what in _lacking(columns)),
            *_prices(row, columns),
            *times,
            *_fees_of_either(row, columns),
            *_status(columns, below),
            *_unused(row, columns),
            "",
        ]
    )


def _dates(columns: Mapping[str, int], below: Sequence[Row], timezone: str) -> str:
    """
    The order of day and month, where the dates of these rows do not decide it and it is
    usual at the place of the reports.
    """
    orders = {
        column_order([row.cells[place] for row in below if len(row.cells) > place])
        for name, place in columns.items()
        if name in ("starts", "date", "placed")
    }
    usual = order_in_zone(timezone)
    if ColumnOrder.OPEN not in orders or usual is None:
        return "# dates: dmy (or mdy), where no date of the report decides it"
    decided = orders & {ColumnOrder.DMY, ColumnOrder.MDY}
    if ColumnOrder.CONTRADICTORY in orders or decided - {ColumnOrder(usual)}:
        return "# dates: dmy (or mdy): the dates of the report are in no one order"
    other: Order = "mdy" if usual == "dmy" else "dmy"
    return (
        f"dates: {usual}  # usual in {timezone}, and the dates do not say it: write "
        f"{other} if the {comes_first(other)} is first"
    )


def _columns(row: Row) -> dict[str, int]:
    names = [normalise(cell) for cell in row.cells]
    found: dict[str, int] = {}
    for ours, headings in _HEADINGS.items():
        places = [names.index(name) for name in headings if names.count(name) == 1]
        free = [place for place in places if place not in found.values()]
        if free:
            found[ours] = free[0]
    if "starts" in found and (both := _day_and_time(names, found["starts"])):
        del found["starts"]
        found |= both
    if "starts" in found or not {"date", "time"} <= found.keys():
        for name in {"date", "time"} & found.keys():
            del found[name]
    if "total" in found:
        found.pop("price", None)
    return found


def _day_and_time(names: Sequence[str], starts: int) -> dict[str, int]:
    """
    The columns of a start that is in two: `Event date` and `Event time`.
    """
    time = names[starts].removesuffix("date") + "time"
    is_split = names[starts].endswith(" date") and names.count(time) == 1
    return {"date": starts, "time": names.index(time)} if is_split else {}


def says_what_was_kept(heading: str) -> bool:
    """
    Whether a heading names what a platform keeps of a sale.
    """
    return normalise(heading) in _HEADINGS["kept"]


def _kept_columns(row: Row) -> list[int]:
    """
    The columns with what a platform kept, all of them.
    """
    names = [normalise(cell) for cell in row.cells]
    return [
        n
        for n, name in enumerate(names)
        if says_what_was_kept(name) and names.count(name) == 1
    ]


def _kept(row: Row) -> list[str]:
    found = [_quoted(row, n) for n in _kept_columns(row)]
    if len(found) < 2:
        return [f"  kept: {heading}" for heading in found]
    return [
        "  # These are added: leave one out that has the others in it.",
        f"  kept: [{', '.join(found)}]",
    ]


def _prices(row: Row, columns: Mapping[str, int]) -> list[str]:
    """
    What to do with a price whose heading does not say that it is that of one ticket.
    """
    place = columns.get("price")
    if place is None or normalise(row.cells[place]) not in _OF_ROW_TOO:
        return []
    return [
        "  # price is for one ticket: write `total` where the column is what the whole "
        "row cost"
    ]


def _lacking(columns: Mapping[str, int]) -> list[tuple[str, str]]:
    others = {"starts": "date", "total": "price"}
    return [
        (ours, what)
        for ours, what in _NEEDED.items()
        if ours not in columns and others.get(ours) not in columns
    ]


def _fees_of_either(row: Row, columns: Mapping[str, int]) -> list[str]:
    """
    Columns with fees of which the heading does not say who bore them.
    """
    return [
        f"  # fee (buyers paid it beside the total) or kept (it was taken from what "
        f"you get): {_quoted(row, n)}"
        for n, cell in enumerate(row.cells)
        if n not in {*columns.values(), *_kept_columns(row)}
        and _FEE_OF_EITHER.fullmatch(normalise(cell))
    ]


def _status(columns: Mapping[str, int], below: Sequence[Row]) -> list[str]:
    """
    The words of the status that stand in the first rows: in their list where they mean
    one thing everywhere, and else in a comment.
    """
    if "status" not in columns:
        return []
    place = columns["status"]
    found = dict.fromkeys(row.cells[place] for row in below if len(row.cells) > place)
    words = [word for word in found if word][:_MOST_WORDS]
    open_ = [word for word in words if not plain_status(word)]
    lines = ["status:"]
    if open_:
        lines.append(f"  # Put each of these words into its list: {_listed(open_)}")
    for ours in STATUSES:
        mine = [word for word in words if plain_status(word) == ours]
        if mine or ours != "comp":
            lines.append(f"  {ours}: [{_listed(mine)}]")
    return lines


def _listed(words: Sequence[str]) -> str:
    return ", ".join(json.dumps(safe(word), ensure_ascii=False) for word in words)


def _unused(row: Row, columns: Mapping[str, int]) -> list[str]:
    names = [
        safe(cell)
        for n, cell in enumerate(row.cells)
        if cell and n not in {*columns.values(), *_kept_columns(row)}
    ]
    return [f"# Not used: {', '.join(names)}"] if names else []


def _quoted(row: Row, column: int) -> str:
    return json.dumps(row.cells[column], ensure_ascii=False)
