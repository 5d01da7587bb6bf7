"""
`ticketsync financials explain`: one show, down to its tickets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import typer

from ticketsync.cli import context, report_options, show_money, terminal
from ticketsync.cli.context import Format, Json, Show
from ticketsync.cli.report_options import AsOf, ByShow, PeriodText
from ticketsync.core.plurals import number_of
from ticketsync.core.redact import safe
from ticketsync.core.tables import Column, Kind

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ticketsync.cli.context import AppContext
    from ticketsync.cli.show_money import ShowTime
    from ticketsync.core.tables import Table
    from ticketsync.financials.explain import TicketContribution
    from ticketsync.financials.gaps import Gap, KnownAmount

_CONTRIBUTION_COLUMNS = (
    Column("order_id", heading="ORDER"),
    Column("order_status", heading="STATUS"),
    Column("ticket_id", heading="TICKET"),
    Column("ticket_status", heading=""),
    Column("type_name", heading="TYPE"),
    Column("face", Kind.MONEY),
    Column("charged", Kind.MONEY),
    Column("refunded", Kind.MONEY),
    Column("currency", heading=""),
)


_UNPAID = "unpaid"  # what a ticket is called that admits nobody before it is paid
_ORDER_COLUMNS = (
    Column("account", heading="VIA"),
    Column("order_id", heading="ORDER"),
    Column("order_status", heading="STATUS"),
    Column("tickets", Kind.COUNT, "SOLD"),
    *_CONTRIBUTION_COLUMNS[-4:],
)
_DEPTHS = ("tickets", "orders")
Depth = Annotated[
    str,
    typer.Option(
        "--depth",
        metavar="tickets|orders",
        help="What a row is for.",
        show_default="tickets; with --figure orders",
    ),
]
Figure = Annotated[
    str,
    typer.Option(
        "--figure",
        metavar="FIGURE",
        help="One figure as a tree: net, gross, fees, refunded, tax or unearned.",
    ),
]
All = Annotated[
    bool, typer.Option("--all", help="Every order of the tree, not only the first.")
]


RATES_HAVE_CHANGED = (
    "The fee rates in the settings have changed since: run `ticketsync financials "
    "rebuild`."
)


def _with_short_types(
    connection: Connection, show_id: int, parts: Sequence[TicketContribution]
) -> list[TicketContribution]:
    """
    For a terminal: of a type that has its date in its name only what tells it from the
    others of the show, as on the door list.
    """
    from ticketsync.door.short_types import read_short_types

    short = read_short_types(connection, {show_id})
    return [
        replace(
            part,
            type_name=short.get(
                (show_id, part.account, part.type_name), part.type_name
            ),
        )
        for part in parts
    ]


def explain_financials(
    ctx: typer.Context,
    show: Show,
    period: PeriodText = "",
    by: ByShow = "show",
    as_of: AsOf = "",
    figure: Figure = "",
    depth: Depth = "",
    has_all: All = False,
    format: Format = "table",
    json: Json = False,
) -> None:
    """
    Break a show's figures down to the orders and tickets they consist of.

    With --by sale and a period only those sold in it, by the calendar of your first
    venue. With --depth orders each order is one row. With --figure one figure is a
    tree down to its orders: refunds with their days, fees with what they rest on.
    """
    from ticketsync.catalogue import selection
    from ticketsync.cli import money_tables, render
    from ticketsync.core import tables
    from ticketsync.financials import explain, gaps
    from ticketsync.financials.applied_fee_rates import read_applied_rates
    from ticketsync.reporting import named_fees, show_notes
    from ticketsync.store.business_zone import get_business_zone
    from ticketsync.workflows import recompute_figures

    wanted = context.chosen_format(format, json)
    depth = depth or ("orders" if figure else "tickets")
    has_orders = report_options.chosen("--depth", depth, _DEPTHS) == "orders"
    app_context = context.get_context(ctx)
    time = show_money.chosen_time(app_context, by, period)
    if figure:
        chosen = _Tree(figure, not has_orders, has_all, wanted)
        _explain_figure(app_context, show, time, as_of, chosen)
        return
    with app_context.reading(as_of, time.sold) as connection:
        found = selection.find_show(connection, show)
        time.refuse(found)
        rates = recompute_figures.fee_schedules(connection, app_context.settings())
        applied = read_applied_rates(connection, found.id, rates)
        missing = gaps.list_gaps(connection, found.id, applied.schedules)
        if wanted != "table":
            report = explain.contributions_table(connection, found.id)
            report = explain.by_order(report) if has_orders else report
            render.machine(_with_gaps(report, missing), wanted)
            return
        parts = explain.list_contributions(connection, found.id)
        known = gaps.list_known_amounts(connection, found.id, missing)
        if render.is_drawn():
            parts = _with_short_types(connection, found.id, parts)
        fees = named_fees.list_fees(connection, found.id)
        notes = show_notes.sentences(connection, found.id)
        zone = get_business_zone(connection)
    if not parts:
        time.print(zone)
        terminal.echo(
            "No orders count for this show."
            if time.sold is None
            else "Nothing was sold for this show then."
        )
        money_tables.echo_all(notes)
        return
    shown = [
        replace(part, ticket_status=_UNPAID) if _is_unpaid(part) else part
        for part in parts
    ]
    table = tables.of_values(_CONTRIBUTION_COLUMNS, shown)
    if has_orders:
        by_order = explain.by_order(tables.of_values(explain.CONTRIBUTIONS, parts))
        table = by_order.shown(*_ORDER_COLUMNS)
    terminal.echo(f"{found.production}, {render.day(found.starts_local)}")
    time.print(zone)
    render.report(
        table,
        most={"type_name": 16, "order_id": 24, "ticket_id": 24},
        optional=("type_name", "face", "order_status"),
        in_full=("order_id", "ticket_id"),
        keeping_end=("type_name",),
        totals=tables.totals(table),
        label=lambda currency: f"{_sold(parts, currency):,} sold",
    )
    _print_parts(parts)
    show_money.print_fees(fees, known)
    _print_gaps(missing, known)
    if applied.have_changed:
        terminal.echo(RATES_HAVE_CHANGED)
    money_tables.echo_all(notes)


def _is_unpaid(part: TicketContribution) -> bool:
    return part.order_status == "pending" and part.ticket_status == "valid"


@dataclass(frozen=True, slots=True)
class _Tree:
    """
    Which tree is asked for, and how it is written.
    """

    figure: str
    has_tickets: bool
    has_all: bool
    format: str


def _explain_figure(
    app_context: AppContext, show: str, time: ShowTime, as_of: str, chosen: _Tree
) -> None:
    from ticketsync.catalogue import selection
    from ticketsync.cli import figure_trees, money_tables
    from ticketsync.reporting import show_notes
    from ticketsync.store.business_zone import get_business_zone
    from ticketsync.workflows import figure_trees as trees

    figure = report_options.chosen("--figure", chosen.figure, trees.FIGURES)
    with app_context.reading(as_of, time.sold) as connection:
        shown = selection.find_show(connection, show)
        time.refuse(shown)
        found = trees.read_trees(
            connection,
            app_context.settings(),
            shown.id,
            figure,
            has_tickets=chosen.has_tickets,
            now=report_options.present(connection, as_of),
        )
        notes = show_notes.sentences(connection, shown.id)
        zone = get_business_zone(connection)
    if chosen.format != "table":
        figure_trees.write(shown, found, chosen.format)
    else:
        time.print(zone)
        figure_trees.print_trees(shown, found, zone, has_all=chosen.has_all)
        if not found.by_currency:
            terminal.echo("Nothing of this show is in this figure.")
        money_tables.echo_all(notes)
    if found.rates_have_changed:
        app_context.say(RATES_HAVE_CHANGED)
    if found.without_rule:
        app_context.say(money_tables.without_tax_rule(found.without_rule))


def _print_parts(contributions: Sequence[TicketContribution]) -> None:
    """
    Print what the gross of each currency consists of.
    """
    from ticketsync.cli import money_tables, render
    from ticketsync.core import tables
    from ticketsync.financials import explain

    whole = (Column("currency"), Column("charged", Kind.MONEY))
    made_of = (Column("face", Kind.MONEY, "face value"), *explain.CHARGED_PARTS)
    sums = tables.totals(tables.of_values((*whole, *made_of), contributions))
    for row in tables.by_name(sums):
        gross = f"Gross {render.with_code(row['charged'])}"
        if row["unexplained"] is None:
            text = f"{gross}: what it consists of is known after `sync replay`."
        else:
            named = [
                f"{part.title} {render.amount(row[part.name].minor, row['currency'])}"
                for part in made_of
                if row[part.name].minor
            ]
            text = f"{gross}: {', '.join(named) or 'nothing was charged'}."
        money_tables.echo_wrapped(text)


def _sold(parts: Sequence[TicketContribution], currency: str) -> int:
    return sum(part.is_sold for part in parts if part.currency == currency)


def _with_gaps(report: Table, missing: Sequence[Gap]) -> Table:
    """
    The report with a column, after `doubt`, for what is not reported of the row's
    order.
    """
    from ticketsync.core.tables import Column, Table

    lacks = {(gap.account, gap.order_id): gap.words for gap in missing}
    account, order = report.position("account"), report.position("order_id")
    end = report.position("doubt") + 1
    rows = (
        (*row[:end], lacks.get((row[account], row[order]), ""), *row[end:])
        for row in report.rows
    )
    columns = (*report.columns[:end], Column("lacks"), *report.columns[end:])
    return Table(columns, rows)


_MAX_NAMED = 5  # orders that lack the same


def _print_gaps(missing: Sequence[Gap], known: Sequence[KnownAmount]) -> None:
    """
    Print how much of the fees and of the tax is known, and which orders lack what.
    """
    from ticketsync.core import money

    for item in known:
        amount = money.grouped_text(item.known, item.currency)
        orders = number_of(item.missing, "order")
        terminal.echo(
            f"{item.account}: {item.what} {amount} {item.currency} known, "
            f"{orders} missing."
        )
    by_gap: dict[tuple[str, str], list[str]] = {}
    for gap in missing:
        by_gap.setdefault((gap.account, gap.words), []).append(gap.order_id)
    for (account, words), ids in by_gap.items():
        names = ", ".join(map(safe, ids[:_MAX_NAMED]))
        more = f" and {len(ids) - _MAX_NAMED:,} more" if len(ids) > _MAX_NAMED else ""
        terminal.echo(f"  {account}, not reported: {safe(words)}: {names}{more}")
