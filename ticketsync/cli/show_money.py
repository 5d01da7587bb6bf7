"""
`ticketsync financials show`: the figures of one show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from ticketsync.cli import context, report_options, terminal
from ticketsync.cli.context import Format, Json, Show
from ticketsync.cli.report_options import AsOf, ByShow, PeriodText
from ticketsync.core.redact import safe
from ticketsync.core.tables import Column, Kind

if TYPE_CHECKING:
    from ticketsync.catalogue.shows import ShowInfo
    from ticketsync.cli.context import AppContext
    from ticketsync.core.money import Money
    from ticketsync.core.periods import Period
    from ticketsync.financials.gaps import KnownAmount
    from ticketsync.reporting.figures_of_shows import Figures, TypeFigures
    from ticketsync.reporting.named_fees import FeeLine


@dataclass(frozen=True, slots=True)
class ShowTime:
    """
    Of which time the money is: of the sales of `sold`, or where that is `None` of a
    show that plays in `plays`.
    """

    sold: Period | None
    plays: Period

    def refuse(self, show: ShowInfo) -> None:
        """
        Raises: `NotFound` for a show that plays at another time.
        """
        from ticketsync.cli import render
        from ticketsync.core import errors

        if self.sold is None and not self.plays.has_start(show.starts_local):
            raise errors.NotFound(
                f"{safe(show.production)}, {render.day(show.starts_local)}, does not "
                "play in this period.",
                hint="For what was sold in it add --by sale.",
            )

    def print(self, zone: str) -> None:
        from ticketsync.cli import money_tables
        from ticketsync.core import periods

        if self.sold is not None:
            words = periods.in_words(self.sold) or "all sales"
            money_tables.echo_wrapped(
                f"Sold: {words}. The day of the sale counts, in {zone}."
            )


def chosen_time(app_context: AppContext, by: str, period: str) -> ShowTime:
    from ticketsync.core.periods import ALWAYS

    with app_context.database().read() as connection:
        days = report_options.chosen_period(connection, period)
    if report_options.chosen("--by", by, report_options.BY) == "sale":
        return ShowTime(days, ALWAYS)
    return ShowTime(None, days)


def show_financials(
    ctx: typer.Context,
    show: Show,
    period: PeriodText = "",
    by: ByShow = "show",
    as_of: AsOf = "",
    format: Format = "table",
    json: Json = False,
) -> None:
    """
    Show one show's figures: per account, per ticket type, per fee.

    With --by sale and a period only what was sold in it, by the calendar of your first
    venue.
    """
    from ticketsync.catalogue import occurrences, selection
    from ticketsync.cli import money_tables, render, show_tables
    from ticketsync.core import tables
    from ticketsync.reporting import figures_of_shows, named_fees, show_notes
    from ticketsync.reporting.exclusion import read_exclusion
    from ticketsync.store.business_zone import get_business_zone

    app_context = context.get_context(ctx)
    time = chosen_time(app_context, by, period)
    with app_context.reading(as_of, time.sold) as connection:
        found = selection.find_show(connection, show)
        time.refuse(found)
        figures = figures_of_shows.figures(connection, found.id)
        types = figures_of_shows.by_type(connection, found.id)
        fees = named_fees.list_fees(connection, found.id)
        sources = occurrences.list_occurrences(connection, show_id=found.id)
        left_out = read_exclusion(connection, found.id)
        notes = show_notes.sentences(connection, found.id)
        zone = get_business_zone(connection)
    wanted = context.chosen_format(format, json)
    if wanted == "csv":
        render.machine(tables.of_values(figures_of_shows.FIGURES, figures), wanted)
        return
    if wanted == "json":
        of_types = [tables.record(figures_of_shows.TYPES, item) for item in types]
        own = [item.as_json() for item in figures]
        parts = {
            "financials": own,
            "ticket_types": of_types,
            "fees": [tables.record(named_fees.FEES, line) for line in fees],
        }
        render.print_json(parts)
        return
    terminal.echo(
        f"{found.production}, {render.day(found.starts_local)}, {found.venue}"
    )
    time.print(zone)
    if not figures and time.sold is not None:
        terminal.echo("Nothing was sold for this show then.")
    elif not figures:
        terminal.echo(show_tables.why_without_figures(found.id, left_out, sources))
    for item in figures:
        _print_card(item)
    if types:
        terminal.echo("")
        _print_types(types)
    if fees:
        print_fees(fees)
    money_tables.echo_all(notes)


_TYPES_COLUMNS = (
    Column("type_name", heading="TICKET TYPE"),
    Column("account", heading="VIA"),
    Column("tickets_sold", Kind.COUNT, "SOLD"),
    Column("tickets_comp", Kind.COUNT, "COMP"),
    Column("face", Kind.MONEY),
    Column("gross", Kind.MONEY),
    Column("refunded", Kind.MONEY),
    Column("currency", heading=""),
)


def _print_types(types: Sequence[TypeFigures]) -> None:
    from ticketsync.cli import render
    from ticketsync.core import tables

    table = tables.of_values(_TYPES_COLUMNS, types)
    render.report(table, totals=tables.totals(table), label=lambda _: "all types")


def _print_card(item: Figures) -> None:
    from ticketsync.cli import render

    def line(name: str, amount: Money | None, note: str = "") -> None:
        shown = render.UNKNOWN if amount is None else render.with_code(amount)
        terminal.echo(f"  {name:<18}{shown:>16}  {note}".rstrip())

    terminal.echo()
    # Who was in, and when orders were read, is not kept of the past.
    is_past = item.checked_in is None
    is_read = not is_past and item.needs_reading
    synced = f", synced {item.synced_ago}" if is_read else ""
    terminal.echo(f"{item.account} ({item.provider}), {item.currency}{synced}")
    checked_in = "" if is_past else f", {item.checked_in:,} checked in"
    terminal.echo(
        f"  tickets: {item.tickets_sold:,} sold, {item.tickets_comp:,} of them comps, "
        f"{item.tickets_refunded:,} refunded{checked_in}"
    )
    line("face value", item.face, "prices after discounts")
    line("discounts", item.discounts, "taken off by promo codes")
    for name, part, note in (
        ("buyer fees", item.buyer_fees, "paid on top by buyers"),
        ("add-ons", item.addons, "bought beside tickets"),
        ("donations", item.donations, "given on top"),
        ("tax on top", item.tax_added, "added to prices"),
        ("vouchers", item.vouchers, "paid by them, taken off gross"),
        ("unexplained", item.unexplained, "in no other part of gross"),
    ):
        if part is None or part.minor:
            line(name, part, "not known before `sync replay`" if part is None else note)
    line("gross", item.gross, "everything buyers were charged")
    line("refunded", item.refunded)
    line("fees", item.fees, f"({item.fees_source})")
    line("tax in gross", item.tax)
    line(
        "net",
        item.net,
        "" if item.net is not None else "unknown while fees are unknown",
    )
    line("net before fees", item.net_before_fees)


def print_fees(fees: Sequence[FeeLine], known: Sequence[KnownAmount] = ()) -> None:
    """
    Print what the fees of each account consist of, or what is known of them.
    """
    from ticketsync.cli import money_tables, render
    from ticketsync.core.money import sum_by_currency

    open_ = {(item.account, item.currency) for item in known if item.what == "fees"}
    found: dict[tuple[str, str], list[FeeLine]] = {}
    for line in fees:
        found.setdefault((line.account, line.currency), []).append(line)
    for key, lines in found.items():
        what = "of the fees known" if key in open_ else "fees"
        whole = render.sums(sum_by_currency(line.amount for line in lines))
        text = ", ".join(f"{safe(line.name)} {line.amount.grouped}" for line in lines)
        money_tables.echo_wrapped(f"{key[0]}, {what} {whole}: {text}.")
