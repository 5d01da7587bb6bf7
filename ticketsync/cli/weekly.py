"""
`ticketsync report weekly`: what last week's shows earned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from ticketsync.cli import context, report_options, terminal
from ticketsync.cli.context import Format, Json
from ticketsync.cli.report_options import AsOf, Send

if TYPE_CHECKING:
    from ticketsync.core.periods import Period
    from ticketsync.workflows.money_view import Played


def weekly(
    ctx: typer.Context,
    send: Send = False,
    as_of: AsOf = "",
    format: Format = "table",
    json: Json = False,
) -> None:
    """
    What last week's shows earned, and how that compares with the week before.

    The week is from Monday to Sunday, and the day of a show is the one at its venue.
    For a mail every Monday let cron run: ticketsync report weekly --send
    """
    from ticketsync.catalogue import shows
    from ticketsync.cli import render
    from ticketsync.workflows import account_alerts, money_view

    wanted = context.chosen_format(format, json)
    app_context = context.get_context(ctx)
    with app_context.reading(as_of) as connection:
        venue = shows.get_venue(connection)
        now = report_options.present(connection, as_of)
        week = money_view.parse_period(connection, "last-week", now)
        played = money_view.read_played(connection, week)
        unfinished = report_options.unfinished(connection, as_of)
    if send:
        title = f"{venue.name}: {_title(played, week)}"
        text = "\n".join([_as_text(played, week), *unfinished])
        account_alerts.send(app_context.settings(), title, text)
        app_context.say(f"Sent: {title}")
    elif wanted == "json":
        render.print_json(_as_json(played, week))
    elif wanted == "csv":
        render.machine(played.money.lines, "csv")
    else:
        _print(played, week)


def _title(played: Played, week: Period) -> str:
    from ticketsync.cli import render
    from ticketsync.core import periods, tables

    words = periods.in_words(week)
    gross = [row["gross"] for row in tables.by_name(played.money.totals)]
    if gross:
        return f"{render.sums(gross)} gross from the shows of {words}"
    if played.without_figures:
        return f"no figures from the shows of {words}"
    return f"no show played in {words}"


def _as_text(played: Played, week: Period) -> str:
    from ticketsync.cli import played_shows
    from ticketsync.core import periods

    lines = [*played_shows.lines(played)]
    if not lines:
        lines = [f"No show played in {periods.in_words(week)}."]
    totals, compared = played_shows.totals(played), played_shows.comparisons(played)
    parts = ("\n".join(part) for part in (lines, totals, compared))
    return "\n\n".join(part for part in parts if part)


def _print(played: Played, week: Period) -> None:
    from ticketsync.cli import money_tables, played_shows, render
    from ticketsync.core import periods
    from ticketsync.core.redact import safe

    words = periods.in_words(week)
    if not played.money.lines.rows and not played.without_figures:
        terminal.echo(f"No show played in {words}.")
    else:
        terminal.echo(f"What the shows of {words} earned.")
        terminal.echo()
    if played.money.lines.rows:
        money_tables.print_lines(played.money, "show")
    for line in played_shows.comparisons(played):
        money_tables.echo_wrapped(line)
    for show in played.without_figures:
        name = f"{render.day(show.starts_local)} {safe(show.production)}"
        money_tables.echo_wrapped(f"Without figures: {name}")
    money_tables.print_unknown(played.money)


def _as_json(played: Played, week: Period) -> dict[str, Any]:
    from ticketsync.core import tables

    money = played.money
    earlier = money.before_period
    return {
        "first": str(week.first),
        "last": str(week.last),
        "shows": [*tables.records(money.lines)],
        "totals": [*tables.records(money.totals)],
        "before": {
            "first": None if earlier is None else str(earlier.first),
            "last": None if earlier is None else str(earlier.last),
            "totals": [] if money.before is None else [*tables.records(money.before)],
        },
        "without_figures": [
            {
                "show_id": show.id,
                "production": show.production,
                "starts_local": show.starts_local,
            }
            for show in played.without_figures
        ],
    }
