"""
`ticketsync export … --every month --dir DIR`: a file for each closed month.

Each says what was known when its month was closed, and is written once. The scheduler
looks every day for months that were closed since.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ticketsync.cli import context

if TYPE_CHECKING:
    from ticketsync.financials.period_order import PeriodEvent

Every = Annotated[
    str,
    typer.Option(
        "--every",
        help="month: a file in --dir for each closed month, from now on by your "
        "scheduler. never: no longer.",
        metavar="month|never",
    ),
]
Closed = Annotated[
    bool,
    typer.Option("--closed", help="The files of closed months that --dir lacks."),
]
Directory = Annotated[
    Path | None, typer.Option("--dir", help="The folder of these files.")
]

MONTH = "month"
NEVER = "never"
DAILY = "40 6 * * *"  # when the scheduler looks for months that were closed


@dataclass(frozen=True, slots=True, kw_only=True)
class Monthly:
    """
    What a person asks for: `every` is `month`, `never` or nothing. `options` go on to
    the scheduled command.
    """

    every: str = ""
    closed: bool = False
    directory: Path | None = None
    options: Sequence[str] = ()

    @property
    def is_wanted(self) -> bool:
        return bool(self.every or self.closed or self.directory)


def run(
    ctx: typer.Context,
    monthly: Monthly,
    stem: str,
    ending: str,
    write: Callable[[PeriodEvent, Path], None],
) -> None:
    """
    Write the files that are missing, and have it done from now on if asked for. `stem`
    begins the name of each file, `ending` ends it.

    Raises: `UsageError` for options that do not go together.
    """
    from ticketsync.cli import report_options
    from ticketsync.core import errors
    from ticketsync.financials import closed_periods, period_order

    if monthly.every:
        report_options.chosen("--every", monthly.every, (MONTH, NEVER))
    report = str(ctx.info_name)
    if monthly.every == NEVER:
        _remove(context.get_context(ctx), report)
        return
    if monthly.directory is None or not (monthly.every or monthly.closed):
        raise errors.UsageError(
            "Files of closed months need a folder, and to be asked for.",
            hint=f"Use `export {report} --every month --dir DIR`.",
        )
    folder = report_options.make_folder(monthly.directory).resolve()
    app_context = context.get_context(ctx)
    with app_context.database().read() as connection:
        events = period_order.closed_now(closed_periods.list_events(connection))
    for event in events:
        path = folder / f"{stem}-{event.name}{_version(event)}.{ending}"
        if not path.exists():
            write(event, path)
    if not events and monthly.every:
        app_context.say("No period is closed yet: see `ticketsync period close`.")
    if monthly.every:
        words = ("--closed", "--dir", str(folder))
        _install(app_context, report, [*words, *monthly.options])


def _version(event: PeriodEvent) -> str:
    return f"-v{event.version}" if event.version > 1 else ""


def _install(
    app_context: context.AppContext, report: str, words: Sequence[str]
) -> None:
    """
    Raises: `ConfigurationError` where this machine has no scheduler, with the command.
    """
    from ticketsync.accounts import installation_audit
    from ticketsync.core import errors
    from ticketsync.workflows import schedule, schedule_times

    at = schedule_times.when(DAILY)
    base = schedule.job(
        at, config=app_context.config, database=app_context.database_url
    )
    job = schedule.export_job(at, report, words, base)
    try:
        kind = schedule.usual()
    except errors.ConfigurationError as error:
        raise errors.ConfigurationError(
            error.message,
            hint=f"Have its own scheduler run: {schedule.command_line(job)}",
            word=error.word,
        ) from None
    location = schedule.install(job, kind)
    after = {"scheduler": kind, "when": at.text, "export": report}
    with app_context.database().write() as connection:
        installation_audit.record(connection, "install", "schedule", after=after)
    app_context.say(
        f"From now on {location} looks every day at 6:40 for months that were closed."
    )


def _remove(app_context: context.AppContext, report: str) -> None:
    from ticketsync.accounts import installation_audit
    from ticketsync.workflows import schedule

    kinds = schedule.remove(schedule.export_name(report))
    if kinds:
        before = {"scheduler": ", ".join(kinds), "export": report}
        with app_context.database().write() as connection:
            installation_audit.record(connection, "remove", "schedule", before=before)
    app_context.say(
        f"Removed from {', '.join(kinds)}." if kinds else "Nothing was installed."
    )
