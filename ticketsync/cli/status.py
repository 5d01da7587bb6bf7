"""
`ticketsync status`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketsync.cli import context, render, terminal
from ticketsync.cli.context import Json

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Connection

    from ticketsync.accounts.health import Health
    from ticketsync.boxoffice.status_figures import CounterSummary
    from ticketsync.core.settings.config import Settings
    from ticketsync.reporting.run_history import Freshness, OpenCounts
    from ticketsync.reporting.unfinished_reads import UnfinishedRead
    from ticketsync.reporting.waiting_kinds import Waiting

app = typer.Typer(rich_markup_mode=None)
WATCH_SECONDS = 30
LONG_STATE = 15  # characters for which a narrow terminal has no room
NO_SCHEDULE = (
    "No schedule: accounts are read only when somebody runs ticketsync sync. To have "
    "it done: ticketsync schedule install"
)
MAX_LISTED = 10  # items of one kind


@app.command()
def show_status(
    ctx: typer.Context,
    watch: Annotated[bool, typer.Option(help="Refresh every 30 seconds.")] = False,
    notify: Annotated[
        bool, typer.Option("--notify", help="Also notify everyone under `notify`.")
    ] = False,
    json: Json = False,
) -> None:
    """
    Show the state of each account, and what needs attention.

    Exit code 10 if anything needs attention; an account paused by hand does not.
    """
    app_context = context.get_context(ctx)
    while True:
        if watch and sys.stdout.isatty():
            terminal.clear_screen()
        if notify:
            _send_alerts(app_context)
        status = _load_status(app_context)
        if json:
            _print_json(status)
        else:
            _print(status)
        if not watch:
            raise typer.Exit(10 if status.waiting else 0)
        time.sleep(WATCH_SECONDS)


@dataclass(frozen=True, slots=True)
class _Status:
    """
    Everything that is shown, read in one transaction.
    """

    settings: Settings
    accounts: Sequence[Freshness]
    health: Mapping[str, Health]
    counts: OpenCounts
    waiting: Sequence[Waiting]
    discrepancies: Sequence[tuple[str, str, str]]
    unread: Sequence[tuple[str, str, str]]
    details: Mapping[str, Sequence[str]]
    settings_problem: str | None
    is_scheduled: bool
    counter: CounterSummary | None
    unfinished: Sequence[UnfinishedRead]


def _load_status(app_context: context.AppContext) -> _Status:
    from ticketsync.accounts import health
    from ticketsync.core import clock
    from ticketsync.reporting import run_history, unfinished_reads, waiting_records
    from ticketsync.workflows import schedule, waiting

    settings, now = app_context.settings(), clock.now()
    with app_context.database().read() as connection:
        facts = health.read_facts(connection, settings, now)
        assessed = health.assess_facts(connection, facts)
        listed = waiting.list_listed(connection, settings, now)
        waits = waiting.everything(connection, settings, now, assessed, listed)
        stale = run_history.count_stale_deliveries(connection, now)
        counts = run_history.count_open(listed, stale)
        unread = (
            waiting_records.list_quarantined(connection) if counts.quarantined else []
        )
        accounts = run_history.freshness_of(connection, facts)
        return _Status(
            settings,
            accounts=accounts,
            health={item.account: item for item in assessed},
            counts=counts,
            waiting=waits,
            discrepancies=waiting_records.list_discrepancies(connection)
            if counts.doubtful_orders
            else [],
            unread=unread,
            details=waiting.details(waits, unread),
            settings_problem=_settings_problem(app_context.settings_file()),
            is_scheduled=schedule.is_in_use(connection, now),
            counter=_read_counter(connection, accounts, now),
            unfinished=unfinished_reads.list_unfinished(connection),
        )


def _read_counter(
    connection: Connection, accounts: Sequence[Freshness], now: datetime
) -> CounterSummary | None:
    """
    What the box office has to do; `None` where the venue has none.
    """
    from ticketsync.providers import built_in

    if not any(item.provider in built_in.OURS for item in accounts):
        return None
    from ticketsync.boxoffice import status_figures

    return status_figures.read_counter(connection, now)


def _settings_problem(file: Path) -> str | None:
    """
    What is odd about the settings file; one that cannot be read ends the command.
    """
    from ticketsync.core.settings import config

    if config.is_empty(file):
        return f"{file} is empty: all settings are the defaults"
    return None


def _send_alerts(app_context: context.AppContext) -> None:
    """
    Send the alerts that a sync run would, also for accounts that are no longer synced.
    """
    from ticketsync.workflows import account_alerts

    settings = app_context.settings()
    account_alerts.refuse_nobody(settings)
    for error in account_alerts.look(app_context.database(), settings):
        context.print_error(error)


def _account_as_json(status: _Status, item: Freshness) -> dict[str, Any]:
    health = status.health[item.account]
    return {
        **asdict(item),
        "stale": health.word == "stale",
        "next_run_at": _next_run(item, status.settings),
        "health": health.word,
        "health_since": health.since,
        "health_text": health.text,
        "to_do": health.to_do,
    }


def _print_json(status: _Status) -> None:

    render.print_json(
        {
            "accounts": [_account_as_json(status, item) for item in status.accounts],
            "open": asdict(status.counts),
            "doubtful_orders": [
                {"account": account, "order_id": order, "why": why}
                for account, order, why in status.discrepancies
            ],
            "quarantine": [
                {"account": account, "record": record, "why": why}
                for account, record, why in status.unread
            ],
            "waiting": [item.as_json() for item in status.waiting],
            "settings_problem": status.settings_problem,
            "is_scheduled": status.is_scheduled,
            "box_office": _counter_as_json(status.counter),
            "unfinished_reads": [
                {
                    "account": item.account,
                    "since": item.since,
                    "orders": item.orders,
                    "is_running": item.is_running,
                }
                for item in status.unfinished
            ],
        }
    )


def _counter_as_json(counter: CounterSummary | None) -> dict[str, Any] | None:
    if counter is None:
        return None
    return {
        "shows_on_sale": counter.shows,
        "seats_left": counter.left,
        "held_orders": counter.held,
        "money_waiting": {it.currency: it.text for it in counter.waiting},
        "to_return": {it.currency: it.text for it in counter.to_return},
    }


def _counter_text(counter: CounterSummary) -> str:
    """
    For example: Your box office: 2 shows on sale, 140 seats left.
    """
    from ticketsync.core.plurals import number_of

    parts = [f"{number_of(counter.shows, 'show')} on sale"]
    if counter.shows and counter.left is not None:
        parts.append(f"{number_of(counter.left, 'seat')} left")
    if counter.held:
        due = render.sums(counter.waiting)
        parts.append(f"{number_of(counter.held, 'order')} held ({due} to be paid)")
    if counter.to_return:
        parts.append(f"{render.sums(counter.to_return)} to be handed back")
    return f"Your box office: {', '.join(parts)}."


def _next_run(item: Freshness, settings: Settings) -> datetime | None:
    """
    When `sync --due` will try this account again; `None` if it will not.
    """
    from ticketsync.core import clock

    if item.state != "active":
        return None
    if item.last_attempt_at is None:
        return clock.now()
    due = item.last_attempt_at + settings.account(item.account).interval
    return max(due, item.breaker_until or due)


def _print(status: _Status) -> None:
    _print_accounts(status)
    for item in status.unfinished:
        _print_line(_Line(item.sentence))
    if status.counter is not None:
        _print_line(_Line(_counter_text(status.counter)))
    if status.settings_problem:
        _print_line(_Line(f"{status.settings_problem}.", is_red=True))
    for line in _account_lines(status):
        _print_line(line)
    for line in _waiting_lines(status):
        _print_line(line)


def _tried(item: Freshness) -> str:
    from ticketsync.core import clock

    is_read = item.needs_reading or item.last_attempt_at is not None
    return clock.ago(item.last_attempt_at) if is_read else "–"


def _next_due(item: Freshness, settings: Settings) -> str:
    """
    When its figures would be too old; those of our own box office never are.
    """
    from ticketsync.core import clock

    return clock.until(_next_run(item, settings)) if item.needs_reading else "–"


_COLUMNS = (
    render.Column("account", "ACCOUNT"),
    render.Column("provider", "PROVIDER"),
    render.Column("state", "STATE", rigid=True),
    render.Column("tried", "TRIED"),
    render.Column("good", "COMPLETE"),
    render.Column("next", "NEXT DUE"),
)


def _print_accounts(status: _Status) -> None:
    rows: list[dict[str, Any]] = [
        {
            "account": item.account,
            "provider": item.provider,
            "state": status.health[item.account].word,
            "tried": _tried(item),
            "good": item.read_ago,
            "next": _next_due(item, status.settings),
        }
        for item in status.accounts
    ]
    if not rows:
        terminal.echo("No accounts yet. Run `ticketsync accounts add`.")
        return
    has_long_state = max(len(row["state"]) for row in rows) > LONG_STATE
    # A truncated state is useless; the platform is dropped instead.
    left_out = {"provider"} if has_long_state else set()
    left_out |= set() if status.is_scheduled else {"next"}
    render.table(rows, [column for column in _COLUMNS if column.key not in left_out])
    if not status.is_scheduled:
        _print_line(_Line(NO_SCHEDULE))


@dataclass(frozen=True, slots=True)
class _Line:
    """
    A line of text, in red for urgent problems.
    """

    text: str
    indent: str = ""
    is_red: bool = False


def _account_lines(status: _Status) -> list[_Line]:
    """
    One line for each account that is not ok, and is not named for it below.
    """
    from ticketsync.reporting.waiting_kinds import UNCONFIRMED

    named = {item.key for item in status.waiting if item.kind == UNCONFIRMED}
    return [
        _Line(
            f"{item.account} {item.state}: {item.text} {item.to_do}".rstrip(),
            is_red=item.waits,
        )
        for item in status.health.values()
        if item.word not in ("ok", "never synced")
        and not (item.account in named and item.word in ("failed", "held"))
    ]


def _waiting_lines(status: _Status) -> list[_Line]:
    from ticketsync.reporting import run_history
    from ticketsync.reporting.waiting_kinds import KINDS
    from ticketsync.workflows import waiting

    lines: list[_Line] = []
    for kind, items in waiting.by_kind(status.waiting).items():
        if kind == "account":
            continue  # printed above
        is_red = KINDS[kind].is_urgent
        total = KINDS[kind].counted(sum(item.count for item in items))
        to_do = KINDS[kind].to_do_about(items)
        lines.append(_Line(f"{total}: {to_do}", is_red=is_red))
        details = _details(kind, items, status)
        lines += [_Line(text, "  ", is_red) for text in details[:MAX_LISTED]]
        more = len(details) - MAX_LISTED
        if more > 0:
            lines.append(_Line(f"and {more:,} more: ticketsync waiting list", "  "))
    if run_history.do_clocks_differ(status.counts.stale_deliveries):
        lines.append(
            _Line(
                f"{status.counts.stale_deliveries:,} webhooks of the last hour were "
                "signed by a clock that differs from ours: ticketsync doctor"
            )
        )
    if lines:
        return [*lines, _Line("To dismiss one: ticketsync waiting dismiss ID")]
    return [] if status.waiting else [_Line("Nothing needs your attention.")]


def _details(kind: str, items: Sequence[Waiting], status: _Status) -> list[str]:
    """
    One line for each item of one kind. Unmatched occurrences are only counted.
    """
    if kind == "unmatched":
        return []
    if kind == "quarantine":
        return [line for item in items for line in status.details.get(item.id, ())]
    return [f"{item.text} ({item.id})" for item in items]


def _print_line(line: _Line) -> None:
    """
    Print a line, wrapped to the terminal.
    """
    import os

    from ticketsync.core.redact import safe

    is_red = line.is_red and "NO_COLOR" not in os.environ
    for part in render.wrapped(safe(line.text, longest=2000), line.indent):
        terminal.echo(part, red=is_red)
