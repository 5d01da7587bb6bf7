"""
The tables of what shows earned, with a total for each currency and with what is unknown
of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ticketsync.cli import render, terminal
from ticketsync.core import tables
from ticketsync.core.plurals import number_of
from ticketsync.core.tables import Column, Kind, Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ticketsync.workflows.money_view import Money
    from ticketsync.workflows.month_end.ledger_export import Future

_KEYS = {
    "show": (Column("starts_local", Kind.LOCAL, "SHOW"), Column("production")),
    "production": (Column("production"),),
    "week": (Column("week", Kind.DAY, "WEEK FROM"),),
}
AMOUNTS = (
    Column("gross", Kind.MONEY),
    Column("refunded", Kind.MONEY),
    Column("fees", Kind.MONEY),
    Column("tax", Kind.MONEY),
    Column("net", Kind.MONEY),
)
TAKEN_OFF = tuple(column.name for column in AMOUNTS[1:3])  # net says what they left
_FIGURES = (
    Column("tickets_sold", Kind.COUNT, "SOLD"),
    Column("capacity", Kind.NUMBER, "SEATS"),
    *AMOUNTS,
    Column("currency", heading=""),
)


def print_lines(money: Money, per: str) -> None:
    """
    Print the lines of the money view, with a total for each currency.
    """
    keys = _KEYS.get(per, (money.lines.columns[0],))
    number = () if per == "show" else (Column("shows", Kind.NUMBER),)
    columns = (*keys, *number, *_FIGURES)
    shown = money.lines.shown(*columns)
    has_seats = any(row[shown.position("capacity")] is not None for row in shown.rows)
    if not has_seats:
        columns = tuple(column for column in columns if column.name != "capacity")
    shows = {row["currency"]: row["shows"] for row in tables.by_name(money.totals)}
    render.report(
        money.lines.shown(*columns),
        most={"production": 20, "account": 16, "venue": 20},
        totals=_as_footer(money.totals, columns),
        label=lambda currency: render.shows(shows[currency], currency),
        optional=("shows", "capacity", "tax"),
        last_optional=TAKEN_OFF,
        short_dates=[column.name for column in keys if column.kind is Kind.LOCAL],
    )


def _as_footer(totals: Table, columns: tuple[Column, ...]) -> Table:
    """
    Totals in the columns of their lines; a line's own names are none of theirs.
    """
    names = totals.names
    rows = [
        tuple(
            row[names.index(column.name)]
            if column.name in names and column.name != "shows"
            else None
            for column in columns
        )
        for row in totals.rows
    ]
    return Table(columns, rows)


def print_unknown(money: Money) -> None:
    """
    Print what is known of the sums that are not, and which accounts are the reason.
    """
    from ticketsync.reporting import unknown_figures

    for row in tables.by_name(money.totals):
        for line in _known(row):
            echo_wrapped(line)
    for what in (unknown_figures.FEES, unknown_figures.TAX):
        whose = unknown_figures.in_words(money.unknown, what)
        if whose:
            echo_wrapped(f"Unknown {what}: {whose}.")
    if any(item.what == unknown_figures.TAX for item in money.unknown):
        echo_wrapped(
            "The tax here is what platforms report. What it is by your own rules: "
            "`ticketsync tax worksheet`, with the accounts without a rule in "
            "`ticketsync tax rules`."
        )
    if any(item.what == unknown_figures.FEES for item in money.unknown):
        echo_wrapped(
            "– means unknown: a platform does not report it. Set your own fee rates "
            "under `accounts:` in the settings to get net figures (`per_ticket: 0` "
            "where nothing is kept), then run `ticketsync financials rebuild`."
        )


def _known(row: dict[str, Any]) -> Iterable[str]:
    """
    The sums of what is known, as far as not everything is.
    """
    known = row["figures"] - row["fees_unknown"]
    if row["fees_unknown"] and not known:
        yield f"{row['currency']}: no fees and no net are known."
    elif row["fees_unknown"]:
        yield (
            f"{row['currency']}: fees {render.with_code(row['fees_known'])} and net "
            f"{render.with_code(row['net_known'])} are known, of {known} of "
            f"the {row['figures']} account figures."
        )
    known = row["figures"] - row["tax_unknown"]
    if row["tax_unknown"] and not known:
        yield f"{row['currency']}: no tax is reported."
    elif row["tax_unknown"]:
        yield (
            f"{row['currency']}: tax {render.with_code(row['tax_known'])} is reported, "
            f"of {known} of the {row['figures']} account figures."
        )


def echo_wrapped(text: str) -> None:
    """
    Print a text wrapped to the terminal, an empty one as an empty line.
    """
    for line in render.wrapped(text) or [""]:
        terminal.echo(line)


def dated_after_today(future: Future) -> str:
    """
    That so many sales and refunds have a day that has not come, and what to do about
    each account with one.
    """
    from ticketsync.core.plurals import joined
    from ticketsync.core.redact import safe

    number = future.number
    what, are = (
        ("sale or refund is", "it is")
        if number == 1
        else (
            "sales and refunds are",
            "they are",
        )
    )
    text = f"{number:,} {what} dated after today, and {are} in no line."
    if future.of_reports:
        text += (
            f" Of {joined(map(safe, future.of_reports))}: where a report gives no day "
            "of the sale, that of the show counts; map `placed` in its recipe."
        )
    if future.of_others:
        text += (
            f" Of {joined(map(safe, future.of_others))}: these days are as they were "
            "reported; look whether the clock of this computer is right."
        )
    return text


def without_tax_rule(orders: int) -> str:
    """
    That the tax of so many orders is not known.
    """
    return (
        "Tax that your rules do not say is not taken out of "
        f"{number_of(orders, 'order')}: see `ticketsync tax worksheet`."
    )


def echo_all(sentences: Iterable[str]) -> None:
    """
    Print sentences, each wrapped on lines of its own.
    """
    for text in sentences:
        echo_wrapped(text)
