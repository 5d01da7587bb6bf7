"""
`ticketsync demo`: the whole job in one go, against the sandbox.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ticketsync.cli import show_tables

if TYPE_CHECKING:
    from ticketsync.core.config import Settings
    from ticketsync.reporting.numbers import Figures
    from ticketsync.sandbox.server import Sandbox
    from ticketsync.store.engine import Database

app = typer.Typer(rich_markup_mode=None)
SETTINGS = """\
accounts:
  tt:
    fees: {per_ticket: "0.65", percent: "1.75"}
"""
KEY_VARIABLE = "TICKETSYNC_DEMO_KEY"
TOO_MANY = 8  # seats that the door sells beyond the room


@app.command()
def demo(
    keep: Annotated[
        Path | None, typer.Option(help="Keep everything in this folder.", metavar="DIR")
    ] = None,
) -> None:
    """
    Play the whole job: connect, match, sync, look, a second day, the CSV.

    Needs no account and no network. `--keep DIR` leaves the database to look at.
    """
    from ticketsync.core import paths
    from ticketsync.sandbox import platforms, server, world

    with _home(keep) as home:
        os.environ["TICKETSYNC_HOME"] = str(paths.private_folder(home))
        first = world.build()
        sandbox = server.Sandbox(
            first, others=platforms.build_others(shares_seats_with=first)
        )
        os.environ[KEY_VARIABLE] = sandbox.key
        for name, platform in sandbox.platforms.items():
            os.environ[_variable(name)] = platform.key
        with server.serving(sandbox) as url:
            _play(sandbox, url, home, keep)


def _variable(platform: str) -> str:
    return f"{KEY_VARIABLE}_{platform.upper()}"


def _play(sandbox: Sandbox, url: str, home: Path, keep: Path | None) -> None:
    from ticketsync.core.config import AccountSettings, FeeSchedule, Settings

    settings = Settings()
    rate = FeeSchedule(per_ticket=Decimal("0.65"), percent=Decimal("1.75"))
    with_rate = Settings(accounts={"tt": AccountSettings(fees=rate)})
    _chapter(1, "A fresh machine", "ticketsync init")
    database = _init()
    typer.echo("The Lantern Room, Sydney: a settings file and a database.")
    _chapter(2, "Connect a platform", "ticketsync accounts add ticket_tailor tt")
    _connect(database, settings, url)
    _chapter(3, "Your own shows, and theirs", "shows import season.csv, match --yes")
    _match(database, settings, home)
    _chapter(4, "Read the sales", "ticketsync sync")
    _sync(database, settings)
    _chapter(5, "What did each show earn?", "ticketsync financials list")
    _look(database)
    _state_fees(database, with_rate)
    settings = with_rate
    _chapter(6, "Everywhere else you sell", "ticketsync accounts add eventbrite …")
    _connect_others(sandbox, database, settings, url, home)
    _chapter(7, "One show, every platform", "ticketsync shows show SHOW")
    _one_show(database)
    _chapter(8, "The next morning", "ticketsync sync")
    _second_day(sandbox, database, settings)
    _chapter(9, "Prove a figure", "ticketsync financials explain SHOW")
    _explain(database)
    _chapter(10, "For the accountant", "ticketsync export financials -o financials.csv")
    _export(database, home)
    _chapter(11, "Is it true?", "ticketsync sandbox truth")
    _compare(sandbox, database)
    database.close()
    _farewell(home, keep)


def _init() -> Database:
    from ticketsync.catalogue import shows
    from ticketsync.core import errors
    from ticketsync.store import engine

    if engine.exists():
        raise errors.UsageError(
            "That folder holds a database already.", hint="Choose a new folder."
        )
    database = engine.create_database()
    with database.write() as session:
        shows.add_venue(session, "The Lantern Room", "Australia/Sydney", "AUD")
    return database


def _connect(database: Database, settings: Settings, url: str) -> None:
    from ticketsync.workflows import connect, sync
    from ticketsync.workflows.connect import SecretSource

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
    typer.echo(f"The key opens {added.summary}.")
    typer.echo(f"It stays in {added.secret_place},")
    typer.echo("the database never holds it.")
    results, _ = sync.fetch_listing(database, settings, [])
    typer.echo(f"{results[0].counts.created} dates are on sale there.")


def _match(database: Database, settings: Settings, home: Path) -> None:
    from ticketsync.catalogue import import_file, occurrences, shows
    from ticketsync.core import clock
    from ticketsync.workflows import match

    file = home / "season.csv"
    with database.read() as session:
        listed = occurrences.list_occurrences(session)
        venue = shows.get_venue(session)
    # The venue's own list: all but the last three nights, which nobody wrote down.
    lines = ["production,starts_at,capacity,reference"]
    lines += [
        f"{it.name},{clock.local(it.starts_at, venue.timezone):%Y-%m-%d %H:%M},"
        f"{it.capacity},LR-{number:03d}"
        for number, it in enumerate(listed[:-3], start=1)
    ]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    parsed = import_file.read(file, venue)
    with database.write() as session:
        for new in parsed.shows:
            shows.add_show(session, new)
    with database.read() as session:
        plan = match.plan(session, settings)
    made = match.accept(
        database, settings, plan.certain, decided_by="machine", batch="demo"
    )
    typer.echo(f"{len(parsed.shows)} shows read from season.csv, your own list.")
    typer.echo(f"{made} dates are certainly these shows:")
    typer.echo(f"  {plan.certain[0].reason()}.")
    typer.echo(f"{len(plan.unsure)} dates are in no list of yours; nothing is guessed.")
    created, _ = match.adopt(database, settings)
    typer.echo(f"`shows adopt --all` makes shows of those {created}.")


def _sync(database: Database, settings: Settings) -> None:
    from ticketsync.workflows import sync

    outcome = sync.sync(database, settings, sync.Request())
    result = outcome.results[0]
    typer.echo(
        f"{result.counts.processed:,} orders and loose tickets in {result.requests} "
        f"requests, {result.seconds:.1f} s. {result.shows_changed} shows have figures."
    )
    again = sync.sync(database, settings, sync.Request()).results[0]
    typer.echo(
        f"Once more: {again.requests} requests, {again.counts.updated} changed. "
        "Running it twice changes nothing."
    )


def _look(database: Database) -> None:
    from ticketsync.core import clock

    figures = _figures(database)
    ahead = [item for item in figures if item.starts_at >= clock.now()]
    past = [item for item in figures if item.starts_at < clock.now()]
    show_tables.print_figures(past[-4:] + ahead[:6])
    typer.echo(f"(10 of {len(figures)} shows: the last four and the next six.)")


def _state_fees(database: Database, settings: Settings) -> None:
    from ticketsync.core import clock
    from ticketsync.workflows import show_figures

    typer.echo("\nSay in the settings what it costs you, and net is known too:")
    typer.echo(
        '  accounts:\n    tt:\n      fees: {per_ticket: "0.65", percent: "1.75"}'
    )
    typer.echo("$ ticketsync financials rebuild")
    show_figures.rebuild(database, settings)
    ahead = [item for item in _figures(database) if item.starts_at >= clock.now()]
    show_tables.print_figures(ahead[:3])


def _connect_others(
    sandbox: Sandbox, database: Database, settings: Settings, url: str, home: Path
) -> None:
    from ticketsync.workflows import connect, match, sync
    from ticketsync.workflows.connect import SecretSource

    sites = {"wix": {"site_id": "5a1e0000-0000-4000-8000-000000000001"}}
    for name in list(sandbox.platforms)[1:]:
        added = connect.add(
            database,
            settings,
            provider=name,
            name=name,
            base_url=sandbox.url(url, name),
            source=SecretSource("env", _variable(name)),
            options=sites.get(name, {}),
            check=True,
        )
        typer.echo(f"{name}: {added.summary}.")
    _put_door_list(sandbox, database, home)
    watched = {"recipe": "ticketsync", "watch": str(home / "door")}
    added = connect.add(
        database,
        settings,
        provider="file",
        name="door",
        base_url=None,
        source=SecretSource("none", ""),
        options={**watched, "timezone": "Australia/Sydney"},
        check=True,
    )
    typer.echo(f"door: {added.title}, one list typed at your own door.")
    sync.fetch_listing(database, settings, [])
    with database.read() as session:
        plan = match.plan(session, settings)
    made = match.accept(
        database, settings, plan.certain, decided_by="machine", batch="demo-2"
    )
    typer.echo(f"{made} dates are certainly shows of yours, to the minute.")
    # Square sells each ticket type as a thing of its own: the rest of them.
    match.adopt(database, settings)
    outcome = sync.sync(database, settings, sync.Request())
    orders = sum(result.counts.created for result in outcome.results)
    typer.echo(f"{orders} orders read on {len(outcome.results)} accounts.")


def _put_door_list(sandbox: Sandbox, database: Database, home: Path) -> None:
    """
    What the venue sold at its own door for its next show, as a list in a folder.

    Among it a group, for which nobody looked how many seats the platforms had left.
    """
    from ticketsync.cli import render
    from ticketsync.core import clock

    ahead = [f for f in _figures(database) if f.starts_at >= clock.now()]
    show = next(f for f in ahead if f.production == "Late Laughs")
    starts = show.starts_local.replace("T", " ")[:16]
    left = _seats_left(sandbox, show)
    sizes = (1, 2, 3, max(4, left + TOO_MANY - 6))
    folder = home / "door"
    folder.mkdir(exist_ok=True)
    heading = (
        "order_number,line,event_name,event_id,show_id,venue,show_start,purchased_at,"
        "ticket_type,quantity,unit_price,discount,service_fee,tax,order_total,"
        "refunded_amount,status,checked_in,payment_method,currency"
    )
    lines = [
        f"D{n},1,{show.production},,,{show.venue},{starts},,Adult,{size},39.00,,,,,,"
        "paid,,cash,AUD"
        for n, size in enumerate(sizes, start=1)
    ]
    text = "\n".join([heading, *lines])
    (folder / "door.csv").write_text(text + "\n", encoding="utf-8")
    typer.echo(
        f"A group of {sizes[-1]} bought at the door, for {show.production} on "
        f"{render.day(show.starts_local)}."
    )


def _seats_left(sandbox: Sandbox, show: Figures) -> int:
    """
    How many seats of that show no platform has sold so far. They sell no more of it.
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


def _one_show(database: Database) -> None:
    from ticketsync.cli import render

    figures = _figures(database)
    door = next(f for f in figures if f.account == "door")
    two = next(f for f in figures if f.currency == "NZD")
    for chosen in (door, two):
        typer.echo(f"{chosen.production}, {render.day(chosen.starts_local)}")
        show_tables.print_sources([f for f in figures if f.show_id == chosen.show_id])
        typer.echo("")
        if chosen is door:
            _point_out_oversold(database)
    _print_all(figures)
    typer.echo("Two currencies are never added up. – means that a platform does not")
    typer.echo("tell its fees: then their sum is unknown, and says so.")


def _point_out_oversold(database: Database) -> None:
    """
    The one show of which the door and the platforms together sold too much.
    """
    from ticketsync.cli import render
    from ticketsync.reporting import waiting

    with database.read() as session:
        found = waiting.oversold(session)
    typer.echo("Each platform sold what it may; together with the door it is too much.")
    typer.echo("`ticketsync status` and every page say so until it is settled:")
    for item in found:
        typer.echo(render.wrapped(f"  {item.text}"))
    typer.echo("")


def _print_all(figures: Sequence[Figures]) -> None:
    """
    What all shows earned over all platforms, in each currency.
    """
    from ticketsync.cli import render
    from ticketsync.core import tables
    from ticketsync.core.tables import Column, Kind

    columns = (
        Column("currency", heading="ALL SHOWS"),
        Column("tickets_sold", Kind.COUNT, "SOLD"),
        Column("gross", Kind.MONEY),
        Column("refunded", Kind.MONEY),
        Column("net_before_fees", Kind.MONEY, "NET BEFORE FEES"),
    )
    render.report(tables.totals(tables.of_values(columns, figures)))


def _second_day(sandbox: Sandbox, database: Database, settings: Settings) -> None:
    from ticketsync.sandbox import world
    from ticketsync.workflows import sync

    sandbox.change_all(world.next_day)
    outcome = sync.sync(database, settings, sync.Request())
    created = sum(result.counts.created for result in outcome.results)
    updated = sum(result.counts.updated for result in outcome.results)
    requests = sum(result.requests for result in outcome.results)
    typer.echo(
        f"A day went by. {created} new orders, {updated} old ones changed, found with "
        f"{requests} requests."
    )
    typer.echo(
        "Refunds and voids of old orders are among them. Where a platform has no"
    )
    typer.echo("filter for these, the counts in its listing give them away.")
    show_tables.print_changes(outcome.changes)
    from ticketsync.cli import render

    for note in outcome.notes:
        typer.echo(render.wrapped(note))


def _explain(database: Database) -> None:
    from ticketsync.cli import render
    from ticketsync.core import money, tables
    from ticketsync.core.tables import Column, Kind
    from ticketsync.financials import explain

    chosen = max(
        (item for item in _figures(database) if item.currency == "AUD"),
        key=lambda item: item.refunded.minor,
    )
    with database.read() as session:
        parts = explain.parts(session, chosen.show_id)
    returned = [part for part in parts if part.refunded.minor]
    refunded = money.sum_by_currency(part.refunded for part in returned)
    typer.echo(
        f"{chosen.production}, {render.day(chosen.starts_local)}: "
        f"{render.sums(refunded)} refunded. These tickets:"
    )
    columns = (
        Column("order_id", heading="ORDER"),
        Column("order_status", heading="STATUS"),
        Column("ticket_id", heading="TICKET"),
        Column("ticket_status", heading=""),
        Column("charged", Kind.MONEY),
        Column("refunded", Kind.MONEY, "BACK"),
        Column("currency", heading=""),
    )
    table = tables.of_values(columns, returned)
    render.report(table, totals=tables.totals(table))


def _export(database: Database, home: Path) -> None:
    from ticketsync.reporting import exports, numbers

    file = home / "financials.csv"
    with database.read() as session, exports.into_file(file) as stream:
        count = exports.write(numbers.figures_table(session), "csv", stream)
    lines = file.read_text(encoding="utf-8").splitlines()
    typer.echo(f"{count} rows, one per show and account. The first columns:")
    for line in lines[:3]:
        typer.echo("  " + line[:76])


def _compare(sandbox: Sandbox, database: Database) -> None:
    from ticketsync.cli import render
    from ticketsync.core import errors, money

    typer.echo("The sandbox keeps its own books, written without our code.")
    figures = _figures(database)
    rows = []
    differs = False
    for name in sandbox.platforms:
        account = "tt" if name == "ticket_tailor" else name
        truth = sandbox.truth(name)
        for code in sorted({row["currency"] for row in truth}):
            own = [f for f in figures if (f.account, f.currency) == (account, code)]
            told = [row for row in truth if row["currency"] == code]
            ours = sum((f.gross - f.refunded).minor for f in own)
            theirs = sum(
                money.from_decimal_text(row["net_before_fees"], code) for row in told
            )
            sold = sum(f.tickets_sold for f in own)
            really = sum(row["tickets_sold"] for row in told)
            differs |= (ours, sold) != (theirs, really)
            rows.append(
                {
                    "account": account,
                    "currency": code,
                    "sold": sold,
                    "kept": render.amount(ours, code),
                    "really": really,
                    "truth": render.amount(theirs, code),
                }
            )
    columns = [
        render.Column("account", "ACCOUNT"),
        render.Column("currency", ""),
        render.Column("sold", "SOLD", numeric=True),
        render.Column("kept", "KEPT", numeric=True),
        render.Column("really", "THEIRS", numeric=True),
        render.Column("truth", "KEPT", numeric=True),
    ]
    render.table(rows, columns)
    if differs:
        raise errors.DifferencesFound("The demo's figures are not the truth.")
    typer.echo("Equal to the cent.")


def _figures(database: Database) -> list[Figures]:
    from ticketsync.reporting import numbers

    with database.read() as session:
        return numbers.figures(session)


def _chapter(number: int, title: str, command: str) -> None:
    head = f"{number}  {title}"
    typer.echo(f"\n{head}\n{'─' * 72}\n$ {command}")


def _farewell(home: Path, keep: Path | None) -> None:
    typer.echo(f"\n{'─' * 72}")
    if keep is None:
        typer.echo("Everything was thrown away. Keep it: ticketsync demo --keep DIR")
    else:
        (home / "config.yaml").write_text(SETTINGS, encoding="utf-8")
        typer.echo(f"Database  {home / 'ticketsync.db'}")
        typer.echo(f"CSV       {home / 'financials.csv'}")
        typer.echo(f"Look on   TICKETSYNC_HOME={home} ticketsync financials list")
        typer.echo(f"Pages     TICKETSYNC_HOME={home} ticketsync serve")
    typer.echo("Your own  ticketsync init, then ticketsync accounts add")


@contextlib.contextmanager
def _home(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        yield keep.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="ticketsync-demo-") as folder:
        yield Path(folder)
