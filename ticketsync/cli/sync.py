"""
`ticketsync sync`.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketsync.cli import context, progress
from ticketsync.cli.context import DryRun, Json
from ticketsync.core.plurals import number_of

if TYPE_CHECKING:
    from ticketsync.core.settings.config import Settings
    from ticketsync.reporting.changes import Change
    from ticketsync.store.engine import Database
    from ticketsync.workflows.sync.run import Outcome

app = typer.Typer(rich_markup_mode=None)
MAX_JOBS = 12  # each has a connection of the database's pool
_SAFE = "What was read is saved, and nothing is counted twice."


@app.command()
def sync(
    ctx: typer.Context,
    accounts: Annotated[
        list[str] | None,
        typer.Argument(
            help="All if none is given. `replay` parses stored records again."
        ),
    ] = None,
    due: Annotated[
        bool, typer.Option("--due", help="Only accounts that are due.")
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Read every order again.")
    ] = False,
    shows: Annotated[
        list[str] | None,
        typer.Option(
            "--show",
            metavar="SHOW",
            help="Only orders of this show, from all its accounts. Repeatable.",
        ),
    ] = None,
    events: Annotated[
        list[str] | None,
        typer.Option(
            "--event",
            metavar="EVENT",
            help="Only orders of this event or date, by its number here or its id on "
            "the platform. Repeatable.",
        ),
    ] = None,
    dry_run: DryRun = False,
    since: Annotated[str, typer.Option(help="Shows from this date: 2026-01-31.")] = "",
    accept_shrink: Annotated[
        bool,
        typer.Option(
            help="Accept what was refused: most occurrences or orders are missing, all "
            "occurrences were replaced, an organisation or location is missing, or two "
            "lists contradict each other."
        ),
    ] = False,
    jobs: Annotated[
        int,
        typer.Option(
            min=0,
            max=MAX_JOBS,
            help="Accounts read in parallel; 1 reads them one by one.",
            show_default="up to 4",
        ),
    ] = 0,
    json: Json = False,
) -> None:
    """
    Read new sales from your platforms and update the figures.

    Safe to repeat and to interrupt. With --show or --event the listing and only their
    orders are read, now; ordinary runs go on as if this one had not been.

    Example: ticketsync sync --due --quiet
    """
    from ticketsync.cli import render
    from ticketsync.workflows.sync import run as job

    app_context = context.get_context(ctx)
    names = tuple(accounts or ())
    if shows or events:
        _refuse_beside_selection(due, full, bool(since), names[:1] == ("replay",))
    database, settings = app_context.database(), app_context.settings()
    app_context.log()
    begin = None
    if since:
        with database.read() as connection:
            begin = context.start_of(connection, since)
    with _stop_on_sigterm(), progress.watched(app_context, json) as watcher:
        if names[:1] == ("replay",):
            from ticketsync.workflows.sync import replay

            outcome = replay.replay(database, settings, names[1:])
        else:
            request = job.Request(
                names=names,
                shows=tuple(shows or ()),
                events=tuple(events or ()),
                only_due=due,
                full=full,
                since=begin,
                accept_shrink=accept_shrink,
                compare=json or not app_context.quiet,
                on_progress=watcher.on_progress,
                on_wait=watcher.on_wait,
                jobs=jobs,
            )
            run = job.sync_dry if dry_run else job.sync
            outcome = run(database, settings, request)
    if json:
        render.print_json(as_json(outcome))
    elif not app_context.quiet:
        print_summary(app_context, outcome, dry_run=dry_run)
        if not dry_run and not outcome.exit_code:
            _say_next(app_context, database)
    is_scheduled = due and app_context.quiet  # such a run said so when they failed
    context.print_failures(
        [item for item in outcome.results if not (is_scheduled and item.is_resting)]
    )
    if not dry_run:
        _send_notifications(database, settings, outcome)
    raise typer.Exit(outcome.exit_code)


def _say_next(app_context: context.AppContext, database: Database) -> None:
    """
    Say what to do after a run in which nothing failed.
    """
    from ticketsync.reporting import waiting

    with database.read() as connection:
        unmatched = sum(item.count for item in waiting.list_unmatched(connection))
    if unmatched:
        dates = number_of(unmatched, "occurrence")
        verb = "is" if unmatched == 1 else "are"
        app_context.say(f"Next: ticketsync match ({dates} {verb} not linked to a show)")
    else:
        app_context.say("Next: ticketsync financials list")


def _refuse_beside_selection(
    due: bool, full: bool, has_since: bool, is_replay: bool
) -> None:
    """
    What says which orders to read in another way than --show and --event.
    """
    from ticketsync.core import errors

    others = {"--due": due, "--full": full, "--since": has_since, "replay": is_replay}
    given = [name for name, is_given in others.items() if is_given]
    if given:
        raise errors.UsageError(
            f"--show and --event do not go with {given[0]}.",
            hint="They read orders of these shows or events now, and no others.",
        )


def _send_notifications(
    database: Database, settings: Settings, outcome: Outcome
) -> None:
    """
    Send alerts about what changed, and the heartbeat. Failures do not change the exit
    code.
    """
    from ticketsync.core import log

    if not settings.notify.is_set and not settings.notify.heartbeat:
        return
    from ticketsync.workflows import account_alerts, sales_notifications

    failures = account_alerts.look(database, settings)
    failures += sales_notifications.notify(database, settings)
    if not outcome.exit_code:
        failures += account_alerts.send_heartbeat(settings)
    for error in failures:
        log.warning("notification failed", word=error.word, message=error.message)
        context.print_error(error)


def _change_as_json(change: Change) -> dict[str, Any]:
    return {
        "show_id": change.either.show_id,
        "account": change.either.account,
        "before": change.before.as_json() if change.before else None,
        "after": change.after.as_json() if change.after else None,
    }


def as_json(outcome: Outcome) -> dict[str, Any]:
    """
    The stable JSON shape of an outcome.
    """
    from dataclasses import asdict

    return {
        "run_id": outcome.run_id,
        "outcome": outcome.outcome,
        "accounts": [
            {
                "account": result.account,
                "outcome": result.outcome,
                "word": result.word,
                "message": result.message,
                "requests": result.requests,
                "records": asdict(result.counts),
                "shows_changed": result.shows_changed,
                "seconds": result.seconds,
            }
            for result in outcome.results
        ],
        "notes": list(outcome.notes),
        "changes": [_change_as_json(change) for change in outcome.changes],
    }


def print_summary(
    app_context: context.AppContext, outcome: Outcome, *, dry_run: bool = False
) -> None:
    """
    Print what a run did: one line per account, then the shows that changed.
    """
    from ticketsync.cli import render
    from ticketsync.core.redact import safe

    for result in outcome.results:
        counts = result.counts
        mark = "ok" if result.outcome == "success" else result.outcome
        app_context.say(
            f"{result.account}: {mark}. {number_of(counts.processed, 'record')}, "
            f"{counts.created:,} new, {counts.updated:,} changed, "
            f"{number_of(result.shows_changed, 'show')}, "
            f"{number_of(result.requests, 'request')}, {result.seconds:,.1f} s"
        )
    for note in outcome.notes:
        for line in render.wrapped(safe(note, longest=1000), indent="  "):
            app_context.say(line)
    if outcome.changes:
        from ticketsync.cli import show_tables

        show_tables.print_changes(outcome.changes)
    if dry_run:
        app_context.say("Nothing was written. Run: ticketsync sync")


@contextmanager
def _stop_on_sigterm() -> Iterator[None]:
    """
    SIGTERM rolls back the current transaction and ends the run as Ctrl-C does; both say
    that it is safe to run it again.
    """
    from ticketsync.core import errors

    def stop(number: int, frame: Any) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a second one kills us at once
        raise errors.Interrupted(f"Stopped by SIGTERM. {_SAFE}", signal_number=number)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except KeyboardInterrupt:
        raise errors.Interrupted(
            f"Interrupted. {_SAFE}", signal_number=signal.SIGINT
        ) from None
    finally:
        signal.signal(signal.SIGTERM, before)
