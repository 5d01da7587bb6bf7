"""
What `ticketsync period` prints.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ticketsync.cli import terminal
from ticketsync.core.plurals import number_of
from ticketsync.core.tables import Column, Kind

if TYPE_CHECKING:
    from ticketsync.core.tables import Table
    from ticketsync.financials.period_order import PeriodEvent
    from ticketsync.workflows.month_end.close import Draft
    from ticketsync.workflows.month_end.period_export import Month


def words(draft: Draft) -> str:
    from ticketsync.core import periods

    return periods.in_words(draft.period)


def fingerprint(event: PeriodEvent) -> str:
    from ticketsync.financials import frozen_lines

    return frozen_lines.fingerprint(event.chain)


def print_checklist(draft: Draft) -> None:
    for item in draft.checklist:
        terminal.echo(f"{item.name}: {item.count}")
        if item.count:
            terminal.echo(f"  {item.to_do}")
    terminal.echo()


def print_sums(draft: Draft, verb: str) -> None:
    """
    What a draft comes to; `verb` is what became of it.
    """
    from ticketsync.cli import render

    own, adjusted = draft.lines, len(draft.adjustments)
    lines = number_of(len(own) + adjusted, "line")
    more = f", {number_of(adjusted, 'adjustment')} of earlier periods among them"
    terminal.echo(f"{words(draft)} {verb}: {lines}{more if adjusted else ''}.")
    for currency in sorted({line.currency for line in own}):
        of_currency = [line for line in own if line.currency == currency]
        sold, returned = (
            render.amount(amount, currency)
            for amount in (
                sum(line.charged for line in of_currency),
                sum(line.refunded for line in of_currency),
            )
        )
        terminal.echo(f"Sold {sold}, returned {returned} {currency}.")
    for currency in sorted({line.currency for line in draft.adjustments}):
        effect = sum(it.effect for it in draft.adjustments if it.currency == currency)
        plus = "+" if effect > 0 else ""
        terminal.echo(
            f"Adjustments of earlier periods: {plus}{render.amount(effect, currency)} "
            f"{currency} to the net."
        )


PERIODS = (
    Column("name"),
    Column("state"),
    Column("version", Kind.NUMBER),
    Column("first", Kind.DAY),
    Column("last", Kind.DAY),
    Column("basis"),
    Column("lines", Kind.NUMBER),
    Column("closed_at", Kind.INSTANT),
    Column("closed_by"),
    Column("fingerprint"),
    Column("reason"),
    Column("zone"),
)


def state(event: PeriodEvent, closed: set[int]) -> str:
    from ticketsync.financials import period_order

    if event.state == period_order.REOPENED:
        return "reopened"
    return "closed" if event.id in closed else "superseded"


_SUMS = (
    Column("tickets", Kind.COUNT),
    Column("charged", Kind.MONEY, "SOLD"),
    Column("refunded", Kind.MONEY),
    Column("fees", Kind.MONEY),
    Column("net", Kind.MONEY),
    Column("currency", heading=""),
)
# What a row of the table is for, as far as a screen has room for it.
SHOWN = {
    "account": (Column("part"), Column("account"), *_SUMS),
    "show": (
        Column("starts_local", Kind.LOCAL, "SHOW"),
        Column("production"),
        Column("account"),
        *_SUMS,
    ),
}


def print_month(month: Month, name: str, table: Table) -> None:
    from ticketsync.cli import render
    from ticketsync.core import tables
    from ticketsync.workflows.month_end import period_export

    said: dict[str, Any] = period_export.about(month.event)
    if name == "lines":
        said["line_count"] = said["lines"]
    render.print_json({**said, name: list(tables.records(table))})


def print_shown(month: Month, figures: Table, per: str) -> None:
    """
    Print a closed period with its figures, one of `SHOWN` in a row.
    """
    from ticketsync.cli import money_tables, render
    from ticketsync.core import moments
    from ticketsync.core.redact import safe
    from ticketsync.financials import period_order, period_tables
    from ticketsync.workflows.month_end import period_export

    event = month.event
    said = period_export.about(event)
    closed = moments.with_zone(event.closed_at, event.zone)
    money_tables.echo_wrapped(
        f"{period_order.words_of(event)}, by the day of the {event.basis}, in "
        f"{event.zone}. Closed {closed} by {safe(event.closed_by)}, version "
        f"{event.version}, {number_of(event.line_count, 'line')}, fingerprint "
        f"{fingerprint(event)}."
    )
    terminal.echo()
    if figures.rows:
        render.report(
            figures.shown(*SHOWN[per]),
            most={"production": 18, "account": 14},
            optional=("fees", "tickets"),
        )
    else:
        terminal.echo("Nothing was sold or returned.")
    causes = period_tables.causes_table(month.lines, month.names).loaded()
    if causes.rows:
        terminal.echo()
        render.report(causes)
    terminal.echo()
    for item, count in said["checklist"].items():
        if count:
            terminal.echo(f"Open when it was closed: {item} {count}")
    for account, rules in said["rules"]["tax_rules"].items():
        for rule in rules:
            money_tables.echo_wrapped(f"Tax of {safe(account)}: {safe(rule)}")
    for account, rates in said["rules"]["fee_rates"].items():
        for rate in rates:
            money_tables.echo_wrapped(f"Fees of {safe(account)}: {safe(rate)}")


_ADJUSTMENTS = (
    Column("origin"),
    Column("cause"),
    Column("order_id", heading="ORDER"),
    Column("production", heading="SHOW"),
    Column("starts_local", Kind.LOCAL, ""),
    Column("known_at", Kind.INSTANT, "KNOWN"),
    Column("effect", Kind.MONEY, "AMOUNT"),
    Column("currency", heading=""),
)


def print_adjustments(found: Table, causes: Table, zone: str) -> None:
    """
    The adjustments one by one, and the sums by cause where there are several.
    """
    from ticketsync.cli import render
    from ticketsync.core import tables

    shown = found.shown(*_ADJUSTMENTS).loaded()
    render.report(
        shown,
        most={"production": 20, "order_id": 24},
        in_full=("order_id",),
        optional=("production", "known_at"),
        totals=tables.totals(shown),
        zone=zone,
    )
    sums = causes.loaded()
    if len(list(sums.rows)) > 1:
        terminal.echo()
        render.report(sums)
    terminal.echo("The amount is what it adds to the net.")
