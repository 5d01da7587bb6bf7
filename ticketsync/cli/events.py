"""
`ticketsync events …`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketsync.cli import context, progress, render, show_tables, terminal
from ticketsync.cli.context import Format, Json, OnlyAccount, OnlyShow
from ticketsync.core.redact import safe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ticketsync.catalogue.listed_dates import ListedDate
    from ticketsync.catalogue.listed_prices import TicketPrice
    from ticketsync.catalogue.occurrences import LinkedOccurrence
    from ticketsync.core.money import Money
    from ticketsync.store.engine import Database

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Fetch and list what platforms have on sale.",
)


@app.command("fetch")
def fetch_events(
    ctx: typer.Context,
    accounts: Annotated[
        list[str] | None, typer.Argument(help="All if none is given.")
    ] = None,
    json: Json = False,
) -> None:
    """
    Fetch the listings of your platforms, without orders.
    """
    from dataclasses import asdict

    from ticketsync.core import errors
    from ticketsync.workflows.sync import run as sync

    app_context = context.get_context(ctx)
    database, settings = app_context.database(), app_context.settings()
    with progress.watched(app_context, json) as watcher:
        results, notes = sync.fetch_listing(
            database,
            settings,
            accounts or [],
            on_progress=watcher.on_progress,
            on_wait=watcher.on_wait,
        )
    if json:
        render.print_json({"accounts": [asdict(r) for r in results], "notes": notes})
    context.print_failures(results)
    for result in results:
        if not result.exit_code and not json:
            counts = result.counts
            app_context.say(
                f"{result.account}: {counts.processed:,} listed, "
                f"{counts.created:,} new, {counts.updated:,} changed"
            )
    if not json:
        for note in notes:
            for line in render.wrapped(note, indent="  "):
                app_context.say(line)
        _say_next(app_context, database)
    raise typer.Exit(errors.combined_exit_code([r.exit_code for r in results]))


def _say_next(app_context: context.AppContext, database: Database) -> None:
    """
    Say what to do with dates that are not linked yet; nothing where there are none.
    """
    from ticketsync.reporting import waiting

    with database.read() as connection:
        is_any_unmatched = bool(waiting.list_unmatched(connection))
    if is_any_unmatched:
        app_context.say("Next: ticketsync shows adopt --all, or ticketsync match")


_COLUMNS = (
    render.Column("date", "DATE", numeric=True, is_id=True, whole="dates"),
    render.Column("when", "WHEN", rigid=True),
    render.Column("name", "NAME", most=24),
    render.Column("account", "ACCOUNT"),
    render.Column("theirs", "THEIR ID", spare=1, in_full=True),
    render.Column("status", "STATUS"),
    render.Column("show", "SHOW", numeric=True, is_id=True),
)


@app.command("list")
def list_events(
    ctx: typer.Context,
    unlinked: Annotated[
        bool, typer.Option(help="Only occurrences without a show.")
    ] = False,
    format: Format = "table",
    json: Json = False,
) -> None:
    """
    List the dates on your platforms, and the show each one is linked to. Where the
    ticket types of a date are occurrences of their own, it is one line; JSON and CSV
    have a record for each occurrence.
    """
    from ticketsync.catalogue import listed_dates, occurrences

    with context.get_context(ctx).database().read() as connection:
        found = occurrences.list_occurrences(connection, only_unlinked=unlinked)
        facts = show_tables.read_link_facts(connection, found)
    rows = [_row(date) for date in listed_dates.list_dates(found)]
    render.show(
        rows,
        _COLUMNS,
        context.chosen_format(format, json),
        machine=[_as_json(occurrence, facts) for occurrence in found],
        empty="Nothing listed. Run `ticketsync events fetch`.",
    )


def _row(date: ListedDate) -> dict[str, Any]:
    first = date.first
    return {
        "date": show_tables.ids_in_short(date.ids),
        "dates": ", ".join(map(str, date.ids)),
        "when": render.day(first.starts_local) if first.is_dated else "no date",
        "name": first.name,
        "account": first.account,
        "theirs": ", ".join(date.provider_occurrence_ids),
        "status": ", ".join(date.statuses).replace("_", " "),
        "show": first.show_id or "–",
    }


_PRICE_COLUMNS = (
    render.Column("when", "WHEN", rigid=True),
    render.Column("name", "NAME", most=20, in_full=True),
    render.Column("via", "VIA", most=12),
    render.Column("type", "TICKET TYPE", most=28, in_full=True),
    render.Column("price", "PRICE", numeric=True),
    render.Column("sold", "SOLD", numeric=True),
    render.Column("available", "LEFT", numeric=True),
    render.Column("status", "STATUS", rigid=True),
)


@app.command("prices")
def list_prices(
    ctx: typer.Context,
    show: OnlyShow = "",
    account: OnlyAccount = "",
    history: Annotated[
        bool, typer.Option("--history", help="One line for each price so far.")
    ] = False,
    format: Format = "table",
    json: Json = False,
) -> None:
    """
    List the ticket types of all dates, their prices, and how many are sold and left.

    Prices are those before fees, as the platform lists them. An earlier price is kept
    with the time at which it was first seen.

    Example: ticketsync events prices --show gala --history
    """
    from ticketsync.accounts import state
    from ticketsync.catalogue import listed_prices, selection
    from ticketsync.store.business_zone import get_business_zone

    wanted = context.chosen_format(format, json)
    with context.get_context(ctx).database().read() as connection:
        show_id = selection.find_show(connection, show).id if show else None
        if account:
            state.get_account(connection, account)
        found = listed_prices.list_prices(
            connection, show_id=show_id, account=account or None
        )
        zone = get_business_zone(connection)
    if wanted == "json":
        render.print_json(listed_prices.as_json(found))
    elif wanted == "csv":
        table = listed_prices.steps_table if history else listed_prices.prices_table
        render.machine(table(found), wanted)
    elif not found:
        terminal.echo("No prices yet. Run `ticketsync events fetch`.")
    elif history:
        _print_price_steps(found, zone)
    else:
        _print_prices(found)


def _print_prices(found: Sequence[TicketPrice]) -> None:
    """
    Print prices. On a terminal a date that is the same in all lines stands above them.
    """
    rows = [_price_row(item) for item in found]
    is_one = len({(row["when"], row["name"]) for row in rows}) == 1
    if is_one and render.is_drawn():
        terminal.echo(f"{safe(rows[0]['name'])}, {rows[0]['when']}")
        render.table(rows, _PRICE_COLUMNS[2:])
    else:
        render.table(rows, _PRICE_COLUMNS)


def _price_row(item: TicketPrice) -> dict[str, Any]:
    return {
        "when": render.day(item.starts_local) if item.starts_local else "no date",
        "name": item.name,
        "via": item.account,
        "type": item.ticket_type,
        "price": _price_text(item.price, is_minimum=item.is_minimum),
        "sold": _number_of(item.sold, item.quantity),
        "available": render.UNKNOWN if item.available is None else item.available,
        "status": item.status.replace("_", " "),
    }


def _number_of(sold: int | None, quantity: int | None) -> str:
    """
    `12 of 80`; a dash for what is not reported.
    """
    shown = render.UNKNOWN if sold is None else f"{sold:,}"
    return shown if quantity is None else f"{shown} of {quantity:,}"


def _price_text(price: Money | None, *, is_minimum: bool) -> str:
    if price is None:
        return render.UNKNOWN
    return f"{'from ' if is_minimum else ''}{render.with_code(price)}"


def _print_price_steps(found: Sequence[TicketPrice], zone: str) -> None:
    from ticketsync.core import moments

    left_out = ("sold", "available", "status")
    columns = [
        *(column for column in _PRICE_COLUMNS if column.key not in left_out),
        render.Column("since", moments.heading("SEEN", zone), rigid=True),
    ]
    render.table(
        [
            {
                **_price_row(item),
                "price": _price_text(step.price, is_minimum=item.is_minimum),
                "since": moments.written(step.seen_at, zone),
            }
            for item in found
            for step in item.steps
        ],
        columns,
    )


def _as_json(
    occurrence: LinkedOccurrence, facts: show_tables.LinkFacts
) -> dict[str, Any]:
    """
    The stable JSON shape of an occurrence.
    """
    from ticketsync.core import clock

    return {
        "account": occurrence.account,
        "event_id": occurrence.provider_event_id,
        "event": occurrence.event,
        "occurrence_id": occurrence.provider_occurrence_id,
        "name": occurrence.name,
        "starts_at": clock.iso(occurrence.starts_at) if occurrence.is_dated else None,
        "timezone": occurrence.timezone,
        "status": _status(occurrence),
        "capacity": occurrence.capacity,
        "sold": occurrence.issued,
        "url": occurrence.url,
        "dashboard_url": occurrence.dashboard_url,
        "show_id": occurrence.show_id,
        "date_id": occurrence.id,
        **show_tables.link_as_json(occurrence, facts),
    }


def _status(occurrence: LinkedOccurrence) -> str:
    return "gone" if occurrence.gone_since else occurrence.status
