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

from ticketsync.cli import context
from ticketsync.cli.context import Json

if TYPE_CHECKING:
    from datetime import datetime

    from ticketsync.accounts.health import Health
    from ticketsync.core.config import Settings
    from ticketsync.reporting.runs import Freshness, OpenCounts
    from ticketsync.reporting.waiting import Waiting

app = typer.Typer(rich_markup_mode=None)
WATCH_SECONDS = 30
LONG = 15  # letters of a word of health for which a narrow terminal has no room
MANY = 10  # things of one kind that are named


@app.command()
def status(
    ctx: typer.Context,
    watch: Annotated[bool, typer.Option(help="Look again every 30 seconds.")] = False,
    notify: Annotated[
        bool, typer.Option("--notify", help="Also tell everybody under `notify`.")
    ] = False,
    json: Json = False,
) -> None:
    """
    Show how each account is doing, and what waits for a person.

    Exit code 10 when anything waits; an account paused by hand does not.
    """
    app_context = context.get_context(ctx)
    while True:
        if watch and sys.stdout.isatty():
            typer.echo("\x1b[2J\x1b[H", nl=False)
        if notify:
            _tell(app_context)
        found = _look(app_context)
        if json:
            _print_json(found)
        else:
            _print(found)
        if not watch:
            raise typer.Exit(10 if found.waiting else 0)
        time.sleep(WATCH_SECONDS)


@dataclass(frozen=True, slots=True)
class _Found:
    """
    All that is shown, as it was at one moment.
    """

    settings: Settings
    accounts: Sequence[Freshness]
    health: Mapping[str, Health]
    counts: OpenCounts
    waiting: Sequence[Waiting]
    doubtful: Sequence[tuple[str, str, str]]
    unread: Sequence[tuple[str, str, str]]


def _look(app_context: context.AppContext) -> _Found:
    from ticketsync.accounts import health
    from ticketsync.core import clock
    from ticketsync.reporting import runs, sales
    from ticketsync.workflows import waiting

    settings, now = app_context.settings(), clock.now()
    with app_context.database().read() as session:
        assessed = health.assess_all(session, settings, now)
        counts = runs.count_open(session, now)
        return _Found(
            settings,
            accounts=runs.list_freshness(session, now),
            health={item.account: item for item in assessed},
            counts=counts,
            waiting=waiting.everything(session, settings, now, assessed),
            doubtful=sales.list_discrepancies(session)
            if counts.doubtful_orders
            else [],
            unread=sales.list_quarantined(session) if counts.quarantined else [],
        )


def _tell(app_context: context.AppContext) -> None:
    """
    Raise the alerts that a sync run would, for accounts that no run reads any more.
    """
    from ticketsync.core import errors
    from ticketsync.workflows import account_alerts

    settings = app_context.settings()
    if not settings.notify.is_set:
        raise errors.ConfigurationError(
            "No one is set up to be notified.",
            hint="Fill in `notify` (see config.example.yaml).",
        )
    for error in account_alerts.look(app_context.database(), settings):
        context.print_error(error)


def _print_json(found: _Found) -> None:
    from ticketsync.cli import render

    render.print_json(
        {
            "accounts": [
                {
                    **asdict(item),
                    "stale": health.word == "stale",
                    "next_run_at": _next_run(item, found.settings),
                    "health": health.word,
                    "health_since": health.since,
                    "health_text": health.text,
                    "to_do": health.to_do,
                }
                for item in found.accounts
                for health in [found.health[item.account]]
            ],
            "open": asdict(found.counts),
            "doubtful_orders": [
                {"account": account, "order_id": order, "why": why}
                for account, order, why in found.doubtful
            ],
            "quarantine": [
                {"account": account, "record": record, "why": why}
                for account, record, why in found.unread
            ],
            "waiting": [
                {
                    "id": item.id,
                    "kind": item.kind,
                    "key": item.key,
                    "count": item.count,
                    "text": item.text,
                    "to_do": item.action,
                }
                for item in found.waiting
            ],
        }
    )


def _next_run(item: Freshness, settings: Settings) -> datetime | None:
    """
    When `sync --due` will try this account again; `None` if only a person can.
    """
    from ticketsync.core import clock

    if item.state != "active":
        return None
    if item.last_attempt_at is None:
        return clock.now()
    due = item.last_attempt_at + settings.account(item.account).interval
    return max(due, item.breaker_until or due)


def _print(found: _Found) -> None:
    _print_accounts(found)
    for line in _account_lines(found):
        _print_line(line)
    for line in _waiting_lines(found):
        _print_line(line)


def _print_accounts(found: _Found) -> None:
    from ticketsync.cli import render
    from ticketsync.core import clock

    rows: list[dict[str, Any]] = [
        {
            "account": item.account,
            "provider": item.provider,
            "state": found.health[item.account].word,
            "tried": clock.ago(item.last_attempt_at),
            "good": clock.ago(item.last_success_at),
            "next": clock.until(_next_run(item, found.settings)),
        }
        for item in found.accounts
    ]
    columns = [
        render.Column("account", "ACCOUNT"),
        render.Column("provider", "PROVIDER"),
        render.Column("state", "STATE", rigid=True),
        render.Column("tried", "TRIED"),
        render.Column("good", "COMPLETE"),
        render.Column("next", "NEXT DUE"),
    ]
    if not rows:
        typer.echo("No account yet. Run `ticketsync accounts add`.")
        return
    if max(len(row["state"]) for row in rows) > LONG:
        del columns[1]  # a word that is cut off says nothing; the platform makes room
    render.table(rows, columns)


@dataclass(frozen=True, slots=True)
class _Line:
    """
    A line for people, in red where something is badly wrong.
    """

    text: str
    indent: str = ""
    is_red: bool = False


def _account_lines(found: _Found) -> list[_Line]:
    """
    What is to be said of each account that is not well.
    """
    return [
        _Line(
            f"{item.account} is {item.word}: {item.text} {item.to_do}".rstrip(),
            is_red=item.waits,
        )
        for item in found.health.values()
        if item.word not in ("ok", "never synced")
    ]


def _waiting_lines(found: _Found) -> list[_Line]:
    from ticketsync.reporting.waiting import KINDS
    from ticketsync.workflows import waiting

    lines: list[_Line] = []
    for kind, items in waiting.by_kind(found.waiting).items():
        if kind == "account":
            continue  # said above
        is_red = KINDS[kind].is_urgent
        total = KINDS[kind].counted(sum(item.count for item in items))
        to_do = items[0].action if len(items) == 1 else KINDS[kind].to_do
        lines.append(_Line(f"{total}: {to_do}", is_red=is_red))
        named = _details(kind, items, found)
        lines += [_Line(text, "  ", is_red) for text in named[:MANY]]
        more = len(named) - MANY
        if more > 0:
            lines.append(_Line(f"and {more:,} more: ticketsync waiting list", "  "))
    if found.counts.clocks_differ:
        lines.append(
            _Line(
                f"{found.counts.stale_deliveries} webhooks of the last hour were signed"
                " at another time than now: ticketsync doctor"
            )
        )
    if lines:
        return [*lines, _Line("To dismiss one: ticketsync waiting dismiss ID")]
    return [] if found.waiting else [_Line("Nothing waits for you.")]


def _details(kind: str, items: Sequence[Waiting], found: _Found) -> list[str]:
    """
    The things of one kind, one line each; of dates to match their number is enough.
    """
    if kind == "unmatched":
        return []
    if kind == "quarantine":
        return [f"{account} {record}: {why}" for account, record, why in found.unread]
    return [f"{item.text} ({item.id})" for item in items]


def _print_line(line: _Line) -> None:
    """
    A line broken between words so that it fits the terminal.
    """
    import os
    import textwrap

    from ticketsync.cli import render
    from ticketsync.core.redact import safe

    is_red = line.is_red and "NO_COLOR" not in os.environ
    for part in textwrap.wrap(
        safe(line.text, longest=2000),
        render.width(),
        initial_indent=line.indent,
        subsequent_indent=f"{line.indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    ):
        typer.echo(typer.style(part, fg=typer.colors.RED) if is_red else part)
