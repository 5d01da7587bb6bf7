"""
What `ticketsync demo` prints about the database that it builds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ticketsync.cli import render, show_tables, terminal
from ticketsync.core.tables import Column, Kind

if TYPE_CHECKING:
    from ticketsync.core.settings.config import Settings
    from ticketsync.reporting.figures_of_shows import Figures
    from ticketsync.sandbox.server import Sandbox
    from ticketsync.store.engine import Database


COUNTER_SALES = ("AUD", 3, 98_00)  # by hand: 2 × 39.00 + 1 × 20.00


def print_chapter(number: int, title: str, *commands: str) -> None:
    """
    Print a heading with the commands that a user would run.
    """
    for line in ("", f"{number}  {title}", "─" * 72):
        terminal.echo(line)
    for command in commands:
        print_command(command)


def print_command(command: str) -> None:
    """
    Print a command as it can be pasted.
    """
    terminal.echo(f"$ {command}")


def load_figures(database: Database) -> list[Figures]:
    """
    The figures of all shows.
    """
    from ticketsync.reporting import figures_of_shows

    with database.read() as connection:
        return figures_of_shows.figures(connection)


def print_figures(database: Database) -> None:
    """
    Print the figures of the last and the next shows.
    """
    from ticketsync.core import clock

    figures = load_figures(database)
    upcoming = [item for item in figures if item.starts_at >= clock.now()]
    past = [item for item in figures if item.starts_at < clock.now()]
    show_tables.print_figures(past[-4:] + upcoming[:6])
    terminal.echo(f"(10 of {len(figures):,} shows: the last four and the next six.)")


def print_two_shows(database: Database) -> None:
    """
    Print an oversold show, one with two currencies, and the totals of all shows.
    """

    figures = load_figures(database)
    door_show = next(f for f in figures if f.account == "door")
    nzd_show = next(f for f in figures if f.currency == "NZD")
    for chosen in (door_show, nzd_show):
        print_command(f"ticketsync shows show {chosen.show_id}")
        terminal.echo(f"{chosen.production}, {render.day(chosen.starts_local)}")
        show_tables.print_sources([f for f in figures if f.show_id == chosen.show_id])
        terminal.echo("")
        if chosen is door_show:
            _print_oversold(database)
    _print_all(figures)
    terminal.echo(
        "Amounts in two currencies are never added. – means that a platform does"
    )
    terminal.echo("not report its fees: then their total is unknown.")


def _print_oversold(database: Database) -> None:
    """
    Print the show that the door and the platforms together oversold.
    """
    from ticketsync.reporting import waiting

    with database.read() as connection:
        found = waiting.list_oversold(connection)
    terminal.echo(
        "Together with the door the platforms sold more seats than there are."
    )
    terminal.echo("`ticketsync status` and the pages show it until it is resolved:")
    for item in found:
        for line in render.wrapped(f"  {item.text}"):
            terminal.echo(line)
    terminal.echo("")


_TOTAL_COLUMNS = (
    Column("currency", heading="ALL SHOWS"),
    Column("tickets_sold", Kind.COUNT, "SOLD"),
    Column("gross", Kind.MONEY),
    Column("refunded", Kind.MONEY),
    Column("net_before_fees", Kind.MONEY, "NET BEFORE FEES"),
)


def _print_all(figures: Sequence[Figures]) -> None:
    """
    Print what all shows earned on all platforms, in each currency.
    """
    from ticketsync.core import tables

    render.report(tables.totals(tables.of_values(_TOTAL_COLUMNS, figures)))


_TICKET_COLUMNS = (
    Column("order_id", heading="ORDER"),
    Column("order_status", heading="STATUS"),
    Column("ticket_id", heading="TICKET"),
    Column("ticket_status", heading=""),
    Column("charged", Kind.MONEY),
    Column("refunded", Kind.MONEY),
    Column("currency", heading=""),
)


def print_refunded_tickets(database: Database) -> None:
    """
    Print the refunded tickets of the show with the highest refunds.
    """
    from ticketsync.core import money, tables
    from ticketsync.financials import explain

    show = max(
        (item for item in load_figures(database) if item.currency == "AUD"),
        key=lambda item: item.refunded.minor,
    )
    with database.read() as connection:
        parts = explain.list_contributions(connection, show.show_id)
    refunded_parts = [part for part in parts if part.refunded.minor]
    refunded = money.sum_by_currency(part.refunded for part in refunded_parts)
    print_command(f"ticketsync financials explain {show.show_id}")
    terminal.echo(
        f"{show.production}, {render.day(show.starts_local)}: "
        f"{render.sums(refunded)} refunded. These tickets:"
    )
    table = tables.of_values(_TICKET_COLUMNS, refunded_parts)
    render.report(table, totals=tables.totals(table))


def export_figures(database: Database, home: Path) -> None:
    """
    Export the figures as CSV and print the first lines.
    """
    from ticketsync.reporting import figures_of_shows, file_writers, output_files

    file = home / "financials.csv"
    with database.read() as connection:
        table = figures_of_shows.figures_table(connection)
        target = output_files.OutputFile(file, output_files.is_csv(table.names))
        with file_writers.into_file(target) as stream:
            count = file_writers.write(table, "csv", stream)
    lines = file.read_text(encoding="utf-8").splitlines()
    terminal.echo(f"{count:,} rows, one per show and account. The first columns:")
    for line in lines[:3]:
        terminal.echo("  " + line[:76])


_TRUTH_COLUMNS = (
    render.Column("account", "ACCOUNT"),
    render.Column("currency", ""),
    render.Column("sold", "SOLD", numeric=True),
    render.Column("kept", "KEPT", numeric=True),
    render.Column("true_sold", "THEIRS", numeric=True),
    render.Column("true_kept", "KEPT", numeric=True),
)


def close_last_month(database: Database, settings: Settings) -> None:
    """
    Close the month before this one, and print what it came to.
    """
    from ticketsync.cli import period_output
    from ticketsync.workflows.month_end import close

    closed = close.close(database, settings, "last-month")
    period_output.print_sums(closed.draft, "closed")
    terminal.echo(f"Fingerprint {period_output.fingerprint(closed.event)}.")
    terminal.echo("What changes later is booked as an adjustment, with its cause.")


def compare_with_truth(sandbox: Sandbox, database: Database) -> None:
    """
    Print our figures beside the sandbox's own.

    Raises: DifferencesFound if they differ.
    """
    from ticketsync.core import errors

    terminal.echo("The sandbox calculates its own figures, with separate code.")
    terminal.echo("What was sold at your counter it does not know: that is 2 × 39.00")
    terminal.echo("+ 1 × 20.00, added by hand.")
    figures = load_figures(database)
    rows = [row for name in sandbox.platforms for row in _rows(sandbox, name, figures)]
    rows.append(_counter_row(figures))
    render.table(rows, _TRUTH_COLUMNS)
    if any(
        (row["sold"], row["kept"]) != (row["true_sold"], row["true_kept"])
        for row in rows
    ):
        raise errors.DifferencesFound("The demo's figures differ from the sandbox's.")
    terminal.echo("Equal to the cent.")


def _rows(
    sandbox: Sandbox, platform: str, figures: Sequence[Figures]
) -> Iterator[dict[str, Any]]:
    """
    One row for each currency of a platform: our sums and the sandbox's.
    """
    from ticketsync.core import money

    account = "tt" if platform == "ticket_tailor" else platform
    truth = sandbox.truth(platform)
    for currency in sorted({row["currency"] for row in truth}):
        true_rows = [row for row in truth if row["currency"] == currency]
        true_kept = sum(
            money.from_decimal_text(row["net_before_fees"], currency)
            for row in true_rows
        )
        true_sold = sum(row["tickets_sold"] for row in true_rows)
        yield _row(figures, account, currency, true_sold, true_kept)


def _counter_row(figures: Sequence[Figures]) -> dict[str, Any]:
    """
    Our sums of what was sold at the counter, and what is known by hand.
    """
    return _row(figures, "boxoffice", *COUNTER_SALES)


def _row(
    figures: Sequence[Figures],
    account: str,
    currency: str,
    true_sold: int,
    true_kept: int,
) -> dict[str, Any]:
    own = [f for f in figures if (f.account, f.currency) == (account, currency)]
    kept = sum((f.gross - f.refunded).minor for f in own)
    return {
        "account": account,
        "currency": currency,
        "sold": sum(f.tickets_sold for f in own),
        "kept": render.amount(kept, currency),
        "true_sold": true_sold,
        "true_kept": render.amount(true_kept, currency),
    }


def print_next_steps(home: Path, *, is_kept: bool) -> None:
    """
    Print where everything is, if it is kept, and what to do next.
    """
    terminal.echo()
    terminal.echo("─" * 72)
    if not is_kept:
        terminal.echo("Everything was deleted. To keep it: ticketsync demo --keep DIR")
    else:
        terminal.echo(f"Database  {home / 'ticketsync.db'}")
        terminal.echo(f"CSV       {home / 'financials.csv'}")
        terminal.echo(f"Figures   TICKETSYNC_HOME={home} ticketsync financials list")
        terminal.echo(f"Pages     TICKETSYNC_HOME={home} ticketsync serve")
    terminal.echo("Your own  ticketsync init, then ticketsync accounts add")
