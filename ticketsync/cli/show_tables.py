"""
The tables of shows and figures that several commands print.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ticketsync.cli import render, terminal
from ticketsync.core.plurals import number_of
from ticketsync.core.tables import Column, Kind

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from ticketsync.catalogue.occurrences import LinkedOccurrence
    from ticketsync.catalogue.shows import ShowInfo
    from ticketsync.core.tables import Table
    from ticketsync.reporting.calendar import Performance
    from ticketsync.reporting.changes import Change
    from ticketsync.reporting.exclusion import Exclusion
    from ticketsync.reporting.figures_of_shows import Figures
    from ticketsync.reporting.grouped_figures import ProductionTotals
    from ticketsync.store.capacity import Seats


_SHOW_COLUMNS = (
    render.Column("id", "SHOW", numeric=True, is_id=True),
    render.Column("when", "WHEN", rigid=True),
    render.Column("production", "PRODUCTION", most=28),
    render.Column("venue", "VENUE", most=20, spare=1),
    render.Column("capacity", "SEATS", numeric=True),
    render.Column("sold", "SOLD", numeric=True),
    render.Column("note", "", rigid=True),
)


def print_shows(
    found: Sequence[ShowInfo], seats: Mapping[int, Seats], format: str
) -> None:
    """
    Print a list of shows in any format, with how full each one is.
    """
    from dataclasses import asdict

    from ticketsync.core import clock

    machine = [
        {
            **asdict(show),
            "starts_at": clock.iso(show.starts_at),
            "tickets_sold": seats[show.id].sold,
            "seats": seats[show.id].capacity,
            "fullness": seats[show.id].words,
        }
        for show in found
    ]
    rows = [
        {
            "id": show.id,
            "when": render.day(show.starts_local),
            "production": show.production,
            "venue": show.venue,
            "capacity": "–"
            if seats[show.id].capacity is None
            else seats[show.id].capacity,
            "sold": render.UNKNOWN if show.is_excluded else seats[show.id].sold,
            "note": "left out" if show.is_excluded else fullness_text(seats[show.id]),
        }
        for show in found
    ]
    render.show(
        rows,
        _SHOW_COLUMNS,
        format,
        machine=machine,
        empty="No shows yet. Run `ticketsync shows import` or `shows adopt`.",
    )


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """
    What is computed of occurrences, by our ids: when their orders were last read, and
    how many tickets are left.
    """

    last_reads: Mapping[int, datetime | None]
    available: Mapping[int, int | None]


def read_link_facts(
    connection: Connection, sources: Sequence[LinkedOccurrence]
) -> LinkFacts:
    """
    What is computed of these occurrences.
    """
    from ticketsync.catalogue import availability, link_reads

    return LinkFacts(
        link_reads.list_last_reads(connection, sources),
        availability.list_available(connection, sources),
    )


def link_as_json(occurrence: LinkedOccurrence, facts: LinkFacts) -> dict[str, Any]:
    """
    What JSON says of an occurrence's link: its own switches, what is switched off for
    it at any level, in words, its last read and problem, and what is left to sell.
    """
    from ticketsync.core import clock

    def iso(at: datetime | None) -> str | None:
        return None if at is None else clock.iso(at)

    return {
        "sync_enabled": occurrence.sync_enabled,
        "sync_ticket_sales": occurrence.sync_ticket_sales,
        "switched_off": occurrence.switch_note,
        "sync_off_at": occurrence.sync_off_at,
        "sales_off_at": occurrence.sales_off_at,
        "last_read_at": iso(facts.last_reads[occurrence.id]),
        "problem": occurrence.problem,
        "problem_at": iso(occurrence.problem_at),
        "provider_updated_at": iso(occurrence.provider_updated_at),
        "available": facts.available[occurrence.id],
    }


def ids_in_short(ids: Sequence[int]) -> str:
    """
    Our ids of the parts of one date, in a few cells: `12`, `12-14`, `12 +2`.
    """
    first, last = ids[0], ids[-1]
    if len(ids) == 1:
        return str(first)
    if list(ids) == list(range(first, last + 1)):
        return f"{first}-{last}"
    return f"{first} +{len(ids) - 1:,}"


def print_switched_off(sources: Sequence[LinkedOccurrence]) -> None:
    """
    Print what is switched off for these occurrences, one line for each account and
    level.
    """
    from collections import Counter

    from ticketsync.catalogue import listed_dates

    noted = Counter(
        (date.first.account, note)
        for date in listed_dates.list_dates(sources)
        for note in date.switch_notes
    )
    for (account, note), number in noted.items():
        terminal.echo(f"{account}, {number_of(number, 'date')}: {note}")


_MONEY_COLUMNS = (
    Column("gross", Kind.MONEY),
    Column("refunded", Kind.MONEY),
    Column("fees", Kind.MONEY),
    Column("net", Kind.MONEY),
    Column("currency", heading=""),
)


def print_figures(figures: Sequence[Figures]) -> None:
    """
    Print the table of figures, with a total for each currency.
    """
    from ticketsync.cli import money_tables
    from ticketsync.core import tables

    accounts = {item.account for item in figures}
    columns = (
        Column("starts_local", Kind.LOCAL, "SHOW"),
        Column("production"),
        *([Column("account", heading="VIA")] if len(accounts) > 1 else []),
        Column("tickets_sold", Kind.COUNT, "SOLD"),
        *_MONEY_COLUMNS,
    )
    table = tables.of_values(columns, figures)

    def label(currency: str) -> str:
        shows = len({item.show_id for item in figures if item.currency == currency})
        return render.shows(shows, currency)

    render.report(
        table,
        most={"production": 20, "account": 12},
        totals=tables.totals(table),
        label=label,
        last_optional=money_tables.TAKEN_OFF,
    )


_PRODUCTION_COLUMNS = (
    Column("shows", Kind.NUMBER),
    Column("tickets_sold", Kind.COUNT, "SOLD"),
    Column("capacity", Kind.NUMBER, "SEATS"),
    *_MONEY_COLUMNS,
)


def print_production(
    totals: Sequence[ProductionTotals], sources: Sequence[LinkedOccurrence]
) -> None:
    """
    Print the totals of a production, one line for each currency, and who sells it; why
    there are none where all its `sources` are switched off.
    """
    from ticketsync.catalogue import occurrences
    from ticketsync.core import tables
    from ticketsync.providers import registry

    if not totals:
        why = occurrences.why_without_figures(sources)
        terminal.echo(why)
        terminal.echo()
        return
    render.report(tables.of_values(_PRODUCTION_COLUMNS, totals))
    platforms = {name for item in totals for name in item.providers}
    terminal.echo(f"via {registry.titles(platforms)}")
    terminal.echo()


def print_next_shows(upcoming: Sequence[Performance]) -> None:
    """
    Print the next shows of a production, with how full each one is.
    """
    if not upcoming:
        return
    terminal.echo("Next shows:")
    for show in upcoming:
        capacity = "" if show.capacity is None else f" of {show.capacity:,}"
        words = fullness_text(show.seats)
        terminal.echo(
            f"  {render.day(show.starts_local)}: {show.sold:,}{capacity} sold"
            f"{words and f', {words}'}"
        )
    terminal.echo("")


def fullness_text(seats: Seats) -> str:
    """
    How full a show is; in capitals where it is oversold.
    """
    return seats.words.upper() if seats.is_oversold else seats.words


_SOURCE_COLUMNS = (
    Column("account", heading="SOLD BY"),
    Column("tickets_sold", Kind.COUNT, "SOLD"),
    *_MONEY_COLUMNS,
)


def print_sources(figures: Sequence[Figures]) -> None:
    """
    Print what each account sold for one show, with a total for each currency.
    """
    from ticketsync.core import tables

    table = tables.of_values(_SOURCE_COLUMNS, figures)
    render.report(table, totals=tables.totals(table), label=lambda _: "all")


def print_changes(changes: Sequence[Change], most: int = 12) -> None:
    """
    Print the shows whose figures changed, with the difference. At most so many rows;
    the totals include the others.
    """
    from ticketsync.core import tables

    table = _changes_table(changes)
    render.report(
        table.first(most),
        most={"production": 18, "account": 14},
        totals=tables.totals(table),
        label=lambda currency: _show_count(changes, currency),
        growth=("tickets", "gross", "refunded"),
    )
    shown = {change.either.show_id for change in changes[:most]}
    more = len({change.either.show_id for change in changes} - shown)
    if more:
        terminal.echo(f"… and {number_of(more, 'more show')}, in the totals too")
    elif len(changes) > most:
        rest = number_of(len(changes) - most, "more line")
        terminal.echo(f"… and {rest} of these shows, in the totals too")


_CHANGE_COLUMNS = (
    Column("starts_local", Kind.LOCAL, "SHOW"),
    Column("production"),
    Column("account"),
    Column("tickets", Kind.COUNT),
    Column("gross", Kind.MONEY),
    Column("refunded", Kind.MONEY),
    Column("sold", Kind.NUMBER),
    Column("currency", heading=""),
)


def _changes_table(changes: Sequence[Change]) -> Table:
    from ticketsync.core.tables import Table

    rows = [
        (
            change.either.starts_local,
            change.either.production,
            change.either.account,
            change.tickets,
            change.gross.minor,
            change.refunded.minor,
            change.sold,
            change.either.currency,
        )
        for change in changes
    ]
    table = Table(_CHANGE_COLUMNS, rows)
    if len({change.either.account for change in changes}) > 1:
        return table
    return table.shown(
        *(column for column in _CHANGE_COLUMNS if column.name != "account")
    )


def _show_count(changes: Sequence[Change], currency: str) -> str:

    shows = {c.either.show_id for c in changes if c.either.currency == currency}
    return render.shows(len(shows), currency)


def why_without_figures(
    show_id: int, left_out: Exclusion | None, sources: Sequence[LinkedOccurrence]
) -> str:
    """
    Why a show that these are linked to has no figures, as sentences.
    """
    from ticketsync.catalogue import occurrences
    from ticketsync.core.redact import safe

    if left_out is not None:
        back = f"ticketsync shows include {show_id}"
        return f"{left_out.sentence} To count it again: {back}"
    if not sources:
        return "No platform sells it."
    return safe(occurrences.why_without_figures(sources), longest=500)
