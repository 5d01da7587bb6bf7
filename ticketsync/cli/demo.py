"""
`ticketsync demo`: the whole workflow in one go, against the sandbox.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ticketsync.cli import demo_counter, demo_output, show_tables, terminal

if TYPE_CHECKING:
    from ticketsync.core.settings.config import Settings
    from ticketsync.reporting.figures_of_shows import Figures
    from ticketsync.sandbox.server import Sandbox
    from ticketsync.store.engine import Database

app = typer.Typer(rich_markup_mode=None)
SETTINGS = """\
accounts:
  tt:
    fees: {per_ticket: "0.65", percent: "1.75"}
"""
KEY_VARIABLE = "TICKETSYNC_DEMO_KEY"
DOOR_ZONE = "Australia/Sydney"
OVERSOLD_SEATS = 8  # that the door sells beyond the capacity


@app.command()
def demo(
    keep: Annotated[
        Path | None, typer.Option(help="Keep everything in this folder.", metavar="DIR")
    ] = None,
) -> None:
    """
    Run the whole workflow: connect, match, sync, figures, a second day, a sale at your
    own counter, the CSV.

    Needs no account and no network. `--keep DIR` keeps the database to look at.
    """
    from ticketsync.core import paths
    from ticketsync.sandbox import platforms, server, world

    with _home_folder(keep) as home:
        os.environ["TICKETSYNC_HOME"] = str(paths.private_folder(home))
        first_world = world.build()
        sandbox = server.Sandbox(
            first_world, others=platforms.build_others(shares_seats_with=first_world)
        )
        os.environ[KEY_VARIABLE] = sandbox.key
        for name, platform in sandbox.platforms.items():
            os.environ[_key_variable(name)] = platform.key
        with server.serving(sandbox) as url:
            _run(sandbox, url, home, keep)


def _key_variable(platform: str) -> str:
    return f"{KEY_VARIABLE}_{platform.upper()}"


def _run(sandbox: Sandbox, url: str, home: Path, keep: Path | None) -> None:
    from ticketsync.core.settings.config import AccountSettings, FeeSchedule, Settings

    chapter = demo_output.print_chapter
    settings = Settings()
    rate = FeeSchedule(per_ticket=Decimal("0.65"), percent=Decimal("1.75"))
    with_rate = Settings(accounts={"tt": AccountSettings(fees=(rate,))})
    chapter(1, "A fresh machine", "ticketsync init")
    database = _create_database()
    terminal.echo("The Lantern Room, Sydney: a settings file and a database.")
    chapter(2, "Connect a platform", "ticketsync accounts add ticket_tailor tt")
    _connect(database, settings, url)
    list_commands = ("ticketsync shows import season.csv", "ticketsync match --yes")
    chapter(3, "Your shows and their listings", *list_commands)
    _match(database, settings, home)
    chapter(4, "Read the sales", "ticketsync sync")
    _sync(database, settings)
    chapter(5, "What did each show earn?", "ticketsync financials list")
    demo_output.print_figures(database)
    _set_fee_rate(database, with_rate)
    settings = with_rate
    chapter(6, "All other platforms", "ticketsync accounts add")
    _connect_others(sandbox, database, settings, url, home)
    chapter(7, "One show, every platform")
    demo_output.print_two_shows(database)
    chapter(8, "The next morning", "ticketsync sync")
    _second_day(sandbox, database, settings)
    chapter(9, "Sell at your own counter")
    demo_counter.sell_three_tickets(database, settings)
    chapter(10, "Prove a figure")
    demo_output.print_refunded_tickets(database)
    chapter(11, "For the accountant", "ticketsync export financials -o financials.csv")
    demo_output.export_figures(database, home)
    chapter(12, "Close the month", "ticketsync period close last-month")
    demo_output.close_last_month(database, settings)
    chapter(13, "Is it true?", "ticketsync sandbox truth")
    demo_output.compare_with_truth(sandbox, database)
    database.close()
    if keep is not None:
        (home / "config.yaml").write_text(SETTINGS, encoding="utf-8")
    demo_output.print_next_steps(home, is_kept=keep is not None)


def _create_database() -> Database:
    from ticketsync.catalogue import shows
    from ticketsync.core import errors
    from ticketsync.store import engine

    if engine.exists():
        raise errors.UsageError(
            "This folder already contains a database.", hint="Choose a new folder."
        )
    database = engine.create_database()
    with database.write() as connection:
        shows.add_venue(connection, "The Lantern Room", "Australia/Sydney", "AUD")
    return database


def _connect(database: Database, settings: Settings, url: str) -> None:
    from ticketsync.workflows.accounts import connect
    from ticketsync.workflows.accounts.connect import SecretSource
    from ticketsync.workflows.sync import run as sync

    added = connect.add(
        database,
        settings,
        provider="ticket_tailor",
        name="tt",
        base_url=url,
        source=SecretSource("env", KEY_VARIABLE),
        options={},
        check=True,
    )
    terminal.echo(f"The key gives access to {added.summary}.")
    terminal.echo(f"It stays in {added.secret_place},")
    terminal.echo("and is never in the database.")
    results, _ = sync.fetch_listing(database, settings, [])
    terminal.echo(f"{results[0].counts.created:,} occurrences are on sale there.")


def _match(database: Database, settings: Settings, home: Path) -> None:
    from ticketsync.catalogue import new_shows, occurrences, shows
    from ticketsync.catalogue.season_list import import_file
    from ticketsync.core import clock
    from ticketsync.workflows.matching import match

    file = home / "season.csv"
    with database.read() as connection:
        listed = occurrences.list_occurrences(connection)
        venue = shows.get_venue(connection)
    # The venue's own list: all but the last three shows.
    lines = ["production,starts_at,capacity,reference"]
    lines += [
        f"{item.name},{clock.local_text(item.starts_at, venue.timezone)},"
        f"{item.capacity},LR-{number:03d}"
        for number, item in enumerate(listed[:-3], start=1)
    ]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    parsed = import_file.read_shows(file, venue)
    with database.write() as connection:
        for new in parsed.shows:
            new_shows.add_show(connection, new)
    with database.read() as connection:
        plan = match.plan(connection, settings)
    linked = match.accept(
        database, settings, plan.certain, decided_by="machine", batch="demo"
    )
    terminal.echo(f"{len(parsed.shows):,} shows read from season.csv, your own list.")
    terminal.echo(f"{linked:,} occurrences certainly match these shows:")
    terminal.echo(f"  {plan.certain[0].reason()}.")
    terminal.echo(
        f"{len(plan.unsure):,} occurrences are not in your list; nothing is guessed."
    )
    created = match.adopt(database, settings).shows
    terminal.echo(
        f"`ticketsync shows adopt --all` creates shows for those {created:,}."
    )


def _sync(database: Database, settings: Settings) -> None:
    from ticketsync.workflows.sync import run as sync

    outcome = sync.sync(database, settings, sync.Request())
    result = outcome.results[0]
    terminal.echo(
        f"{result.counts.processed:,} orders and loose tickets in "
        f"{result.requests:,} requests, {result.seconds:,.1f} s. "
        f"{result.shows_changed:,} shows have figures."
    )
    again = sync.sync(database, settings, sync.Request()).results[0]
    terminal.echo(
        f"Again: {again.requests:,} requests, {again.counts.updated:,} changed. "
        "Running it twice changes nothing."
    )


def _set_fee_rate(database: Database, settings: Settings) -> None:
    from ticketsync.core import clock
    from ticketsync.workflows import recompute_figures

    for line in (
        "",
        "Set your fee rate in the settings to get net figures:",
        *("  accounts:", "    tt:"),
        '      fees: {per_ticket: "0.65", percent: "1.75"}',
    ):
        terminal.echo(line)
    demo_output.print_command("ticketsync financials rebuild")
    recompute_figures.rebuild(database, settings)
    figures = demo_output.load_figures(database)
    upcoming = [item for item in figures if item.starts_at >= clock.now()]
    show_tables.print_figures(upcoming[:3])


def _connect_door(database: Database, settings: Settings, home: Path) -> None:
    from ticketsync.workflows.accounts import connect
    from ticketsync.workflows.accounts.connect import SecretSource

    file_options = {"recipe": "ticketsync", "watch": str(home / "door")}
    added = connect.add(
        database,
        settings,
        provider="file",
        name="door",
        base_url=None,
        source=SecretSource("none", ""),
        options={**file_options, "timezone": DOOR_ZONE},
        check=True,
    )
    terminal.echo(f"door: {added.title}, a list of your own door sales.")


def _connect_others(
    sandbox: Sandbox, database: Database, settings: Settings, url: str, home: Path
) -> None:
    from ticketsync.workflows.accounts import connect
    from ticketsync.workflows.accounts.connect import SecretSource
    from ticketsync.workflows.matching import match
    from ticketsync.workflows.sync import run as sync

    options = {"wix": {"site_id": "5a1e0000-0000-4000-8000-000000000001"}}
    for name in list(sandbox.platforms)[1:]:
        added = connect.add(
            database,
            settings,
            provider=name,
            name=name,
            base_url=sandbox.url(url, name),
            source=SecretSource("env", _key_variable(name)),
            options=options.get(name, {}),
            check=True,
        )
        terminal.echo(f"{name}: {added.summary}.")
    _put_door_list(sandbox, database, home)
    _connect_door(database, settings, home)
    sync.fetch_listing(database, settings, [])
    with database.read() as connection:
        plan = match.plan(connection, settings)
    linked = match.accept(
        database, settings, plan.certain, decided_by="machine", batch="demo-2"
    )
    terminal.echo(f"{linked:,} occurrences certainly match your shows, to the minute.")
    # Square lists each ticket type as an item of its own: adopt the rest of them.
    match.adopt(database, settings)
    outcome = sync.sync(database, settings, sync.Request())
    orders = sum(result.counts.created for result in outcome.results)
    terminal.echo(f"{orders:,} orders read from {len(outcome.results)} accounts.")


def _put_door_list(sandbox: Sandbox, database: Database, home: Path) -> None:
    """
    Write what the venue sold at its own door for its next show into a watched folder.

    It includes a group that is larger than the number of seats left.
    """
    from ticketsync.cli import render
    from ticketsync.core import clock

    upcoming = [
        f for f in demo_output.load_figures(database) if f.starts_at >= clock.now()
    ]
    show = next(f for f in upcoming if f.production == "Late Laughs")
    starts = show.starts_local.replace("T", " ")[:16]
    bought = clock.local_text(clock.now(), DOOR_ZONE)
    left = _seats_left(sandbox, show)
    sizes = (1, 2, 3, max(4, left + OVERSOLD_SEATS - 6))
    folder = home / "door"
    folder.mkdir(exist_ok=True)
    heading = (
        "order_number,line,event_name,event_id,show_id,venue,show_start,purchased_at,"
        "ticket_type,quantity,unit_price,discount,service_fee,tax,order_total,"
        "refunded_amount,status,checked_in,payment_method,currency"
    )
    lines = [
        f"D{n},1,{show.production},,,{show.venue},{starts},{bought},Adult,{size},39.00,,,,,,"
        "paid,,cash,AUD"
        for n, size in enumerate(sizes, start=1)
    ]
    text = "\n".join([heading, *lines])
    (folder / "door.csv").write_text(text + "\n", encoding="utf-8")
    terminal.echo(
        f"A group of {sizes[-1]} bought at the door, for {show.production} on "
        f"{render.day(show.starts_local)}."
    )


def _seats_left(sandbox: Sandbox, show: Figures) -> int:
    """
    How many seats of that show are unsold. The platforms will not sell any more.
    """
    (performance,) = (
        p for p in sandbox.world.performances if p.starts_at == show.starts_at
    )
    started = f"{show.starts_at:%Y-%m-%dT%H:%M:%SZ}"
    sold: int = sum(
        row["tickets_sold"]
        for name in sandbox.platforms
        for row in sandbox.truth(name)
        if (row["name"], row["starts_at"]) == (show.production, started)
    )
    room = sandbox.world.room
    room.take(performance, room.free_seats(performance))
    return performance.production.capacity - sold


def _second_day(sandbox: Sandbox, database: Database, settings: Settings) -> None:
    from ticketsync.sandbox import world
    from ticketsync.workflows.sync import run as sync

    sandbox.change_all(world.next_day)
    outcome = sync.sync(database, settings, sync.Request())
    created = sum(result.counts.created for result in outcome.results)
    updated = sum(result.counts.updated for result in outcome.results)
    requests = sum(result.requests for result in outcome.results)
    terminal.echo(
        f"One day later: {created:,} new orders and {updated:,} changed ones, found "
        f"with {requests:,} requests."
    )
    terminal.echo(
        "They include refunds and voids of old orders. Where a platform has no filter"
    )
    terminal.echo("for changes, they are detected by the counts in its listing.")
    show_tables.print_changes(outcome.changes)
    from ticketsync.cli import render

    for note in outcome.notes:
        for line in render.wrapped(note):
            terminal.echo(line)


@contextlib.contextmanager
def _home_folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        yield keep.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="ticketsync-demo-") as folder:
        yield Path(folder)
