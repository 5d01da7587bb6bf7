"""
`ticketsync status`.
"""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketsync.cli import context
from ticketsync.cli.context import Json

if TYPE_CHECKING:
    from datetime import datetime

    from ticketsync.core.config import Settings
    from ticketsync.reporting.runs import Freshness, Open

app = typer.Typer(rich_markup_mode=None)
WATCH_SECONDS = 30


@app.command()
def status(
    ctx: typer.Context,
    watch: Annotated[bool, typer.Option(help="Look again every 30 seconds.")] = False,
    json: Json = False,
) -> None:
    """
    Show how fresh each account is, and what waits for a person.

    Exit code 10 when an account has not been read completely for three intervals.
    """
    while True:
        if watch and sys.stdout.isatty():
            typer.echo("\x1b[2J\x1b[H", nl=False)
        is_stale = _once(context.of(ctx), json)
        if not watch:
            raise typer.Exit(10 if is_stale else 0)
        time.sleep(WATCH_SECONDS)


def _once(here: context.Here, json: bool) -> bool:
    from ticketsync.cli import render
    from ticketsync.core import clock
    from ticketsync.reporting import runs, sales

    settings = here.settings()
    with here.database().read() as session:
        accounts = runs.freshness(session)
        waiting = runs.open_work(session, clock.now())
        doubtful = sales.doubtful(session) if waiting.doubtful_orders else []
        unread = sales.unread(session) if waiting.quarantined else []
    stale = [item.account for item in accounts if _is_stale(item, settings)]
    if json:
        render.print_json(
            {
                "accounts": [
                    {
                        **asdict(item),
                        "stale": item.account in stale,
                        "next_run_at": _next_run(item, settings),
                    }
                    for item in accounts
                ],
                "open": asdict(waiting),
                "doubtful_orders": [
                    {"account": account, "order_id": order, "why": why}
                    for account, order, why in doubtful
                ],
                "quarantine": [
                    {"account": account, "record": record, "why": why}
                    for account, record, why in unread
                ],
            }
        )
        return bool(stale)
    _print_accounts(accounts, stale, settings)
    for line in _open_lines(accounts, waiting, doubtful, unread):
        typer.echo(line)
    return bool(stale)


def _is_stale(item: Freshness, settings: Settings) -> bool:
    from ticketsync.core import clock

    if item.state in ("paused", "retired"):
        return False
    if item.last_success_at is None:
        return item.last_attempt_at is not None
    return settings.is_stale(item.account, item.last_success_at, clock.now())


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


def _print_accounts(
    accounts: list[Freshness], stale: list[str], settings: Settings
) -> None:
    from ticketsync.cli import render
    from ticketsync.core import clock
    from ticketsync.core.redact import safe

    rows: list[dict[str, Any]] = [
        {
            "account": item.account,
            "provider": item.provider,
            "state": _state(item, item.account in stale),
            "tried": clock.ago(item.last_attempt_at),
            "good": clock.ago(item.last_success_at),
            "next": clock.until(_next_run(item, settings)),
        }
        for item in accounts
    ]
    columns = [
        render.Column("account", "ACCOUNT"),
        render.Column("provider", "PROVIDER"),
        render.Column("state", "STATE"),
        render.Column("tried", "TRIED"),
        render.Column("good", "COMPLETE"),
        render.Column("next", "NEXT DUE"),
    ]
    if not rows:
        typer.echo("No account yet. Run `ticketsync accounts add`.")
        return
    render.table(rows, columns)
    for item in accounts:
        if item.last_message and item.last_outcome != "success":
            text = f"{item.account}: {item.last_message} {item.last_hint}"
            typer.echo(safe(text, longest=2000))


def _state(item: Freshness, is_stale: bool) -> str:
    from ticketsync.core import clock

    if item.state != "active":
        return item.state
    if item.breaker_until is not None and item.breaker_until > clock.now():
        return f"breaker open, {item.failures} failures"
    if item.last_attempt_at is None:
        return "never synced"
    return "stale" if is_stale else "ok"


def _open_lines(
    accounts: list[Freshness],
    waiting: Open,
    doubtful: list[tuple[str, str, str]],
    unread: list[tuple[str, str, str]],
) -> list[str]:
    from ticketsync.core.redact import safe

    lines = [
        f"{item.account} waits for you: ticketsync accounts rotate {item.account}"
        for item in accounts
        if item.state == "parked"
    ]
    if waiting.unmatched:
        lines.append(
            f"{waiting.unmatched} dates belong to no show: ticketsync match, or "
            "ticketsync shows adopt --all"
        )
    if waiting.moved:
        lines.append(f"{waiting.moved} dates moved far: ticketsync link DATE SHOW")
    if waiting.gone:
        lines.append(
            f"{waiting.gone} dates are no longer listed; their orders are kept"
        )
    if waiting.failed_deliveries:
        lines.append(
            f"{waiting.failed_deliveries} webhooks had no effect: "
            "ticketsync webhooks list --state failed"
        )
    if waiting.clocks_differ:
        lines.append(
            f"{waiting.stale_deliveries} webhooks of the last hour were signed at "
            "another time than now: ticketsync doctor"
        )
    if waiting.quarantined:
        lines.append(f"{waiting.quarantined} records wait in quarantine:")
        lines += [
            f"  {a} {safe(record)}: {safe(why)}" for a, record, why in unread[:10]
        ]
    if doubtful:
        lines.append(f"{len(doubtful)} orders do not add up:")
        lines += [f"  {a} {order}: {safe(why)}" for a, order, why in doubtful[:10]]
    return lines or ["Nothing waits for you."]
