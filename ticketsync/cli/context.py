"""
What all commands share: settings, database, output options, prompts.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from ticketsync.cli import terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from ticketsync.accounts.runs import Result
    from ticketsync.core.errors import TicketsyncError
    from ticketsync.core.periods import Period
    from ticketsync.core.settings.config import Settings
    from ticketsync.reporting.output_files import OutputFile
    from ticketsync.store.engine import Database

T = TypeVar("T")

Format = Annotated[
    str, typer.Option("--format", help="table, json or csv.", metavar="FORMAT")
]
Part = Annotated[
    bool,
    typer.Option(
        "--part", help="Only that ticket type, where a date has one for each."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Short for --format json.")]
Force = Annotated[
    bool,
    typer.Option("--force", help="Replace a file that another program wrote."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Change nothing.")]
Show = Annotated[str, typer.Argument(help="Number, reference or part of its name.")]
OnlyShow = Annotated[str, typer.Option(help="Only this show.")]
OnlyAccount = Annotated[str, typer.Option(help="Only this account.")]
Reason = Annotated[str, typer.Option(help="Why, for your colleagues.")]
Limit = Annotated[int, typer.Option(help="How many.", min=1, max=10**9)]


@dataclass(slots=True)
class AppContext:
    """
    The global options of a command line, and what follows from them.
    """

    config: str = ""
    database_url: str = ""
    quiet: bool = False
    verbose: int = 0
    command: str = "ticketsync"
    _settings: Settings | None = None

    def settings(self) -> Settings:
        from ticketsync.core.settings import config

        if self._settings is None:
            self._settings = config.load(Path(self.config) if self.config else None)
        return self._settings

    def settings_file(self) -> Path:
        """
        Where the settings are, whether or not there is such a file.
        """
        from ticketsync.core import paths

        return Path(self.config) if self.config else paths.config_file()

    def url(self) -> str:
        """
        The database URL: from the flag or environment, the settings, or the default.
        """
        return self.database_url or self.settings().database

    def database(self) -> Database:
        """
        Open the database; says so if others may write to it.

        Raises: DatabaseError if it does not exist or has another schema.
        """
        from ticketsync.store import engine

        database = engine.open_database(self.url(), command=self.command)
        for path in engine.shared_files(database):
            self.say(f"Warning: others may write to {path}; see `ticketsync doctor`.")
        return database

    @contextmanager
    def reading(
        self,
        as_of: str = "",
        sold: Period | None = None,
        settings: Settings | None = None,
    ) -> Iterator[Connection]:
        """
        A connection to read from: what is known now, or what was known at an instant as
        a person wrote it; says at which, and what is not read to its end. With `sold`
        only the sales of that period.
        What was known is recomputed with the fee rates of `settings`, by default ours.

        Raises: as `workflows.as_of.reading`.
        """
        if not as_of and sold is None:
            with self.database().read() as connection:
                self.say_unfinished(connection)
                yield connection
            return
        from ticketsync.core.periods import ALWAYS
        from ticketsync.workflows import as_of as past_reading

        opened = past_reading.reading_sales(
            self.database(), settings or self.settings(), as_of, sold or ALWAYS
        )
        with opened as past:
            if as_of:
                self.say(past.sentence)
            else:
                with self.database().read() as present:
                    self.say_unfinished(present)
            yield past.connection

    def say_unfinished(self, connection: Connection) -> None:
        """
        Name the accounts whose orders are saved and may not be in the figures yet.
        """
        from ticketsync.reporting import unfinished_reads

        for sentence in unfinished_reads.sentences(connection):
            self.say(sentence)

    def create_database(self) -> Database:
        """
        Make settings and database, or bring an existing database up to date.
        """
        from ticketsync.workflows import new_installation

        return new_installation.create(
            self.settings_file(), self.database_url, self.url, self.command
        )

    def output_file(
        self, path: Path, is_ours: Callable[[bytes], bool], *, force: bool
    ) -> OutputFile:
        """
        A file to write that must not replace the database or settings in use.
        """
        from ticketsync.core import paths
        from ticketsync.reporting.output_files import OutputFile
        from ticketsync.store import engine

        database = engine.sqlite_file(self.url())
        settings = Path(self.config) if self.config else paths.config_file()
        kept = (settings, database) if database is not None else (settings,)
        return OutputFile(path, is_ours, force, kept)

    def log(self) -> None:
        """
        Start logging what this command does.
        """
        from ticketsync.core import log

        detailed = self.settings().log_level == "debug"
        log.open_log(verbose=self.verbose, detailed=detailed)

    def as_arguments(self) -> list[str]:
        """
        The global options for another process on the same settings and database.
        """
        found = ["--config", str(Path(self.config).resolve())] if self.config else []
        if self.database_url:
            is_file = "://" not in self.database_url
            url = Path(self.database_url).resolve() if is_file else self.database_url
            found += ["--database", str(url)]
        return found

    def say_dry_run(self) -> None:
        """
        Say in the end of a dry run that it was one.
        """
        self.say("This was a dry run: nothing was changed.")

    def say_limited(self, found: list[T], limit: int) -> list[T]:
        """
        The entries of a list that are shown, of one more than that: if there are more,
        say so and how to see them.
        """
        if len(found) > limit:
            self.say(f"Only the latest {limit:,} are listed; --limit shows more.")
        return found[:limit]

    def say(self, text: str) -> None:
        """
        Print a message on standard error, unless `--quiet`.
        """
        if not self.quiet:
            terminal.echo(text, err=True)


def get_context(ctx: typer.Context) -> AppContext:
    """
    The context of the running command.
    """
    app_context = ctx.find_object(AppContext) or AppContext()
    app_context.command = ctx.command_path
    return app_context


def chosen_format(format: str, json: bool) -> str:
    """
    The output format to use.

    Raises: UsageError if there is no such format.
    """
    from ticketsync.core import errors

    wanted = "json" if json else format
    if wanted not in ("table", "json", "csv"):
        raise errors.UsageError(
            f"There is no output format {wanted!r}.", hint="Use table, json or csv."
        )
    return wanted


def is_terminal() -> bool:
    """
    Whether we can prompt: input and messages are both on a terminal.
    """
    return _is_tty(sys.stdin) and _is_tty(sys.stderr)


def _is_tty(stream: Any) -> bool:
    try:
        return bool(stream is not None and stream.isatty())
    except ValueError:
        return False


def ask(question: str, flag: str, *, hidden: bool = False, default: str = "") -> str:
    """
    Prompt for an answer.

    Raises: NeedsTerminal, naming the flag to use, if there is no terminal.
    """
    from ticketsync.core import errors

    if not is_terminal():
        raise errors.NeedsTerminal(
            f"{question}: there is no terminal to prompt on.", hint=f"Use {flag}."
        )
    return terminal.prompt(question, hidden=hidden, default=default).strip()


def confirm(question: str, yes: bool) -> bool:
    """
    Ask whether to go on; `--yes` answers for the user.

    Raises: NeedsTerminal if there is no terminal to prompt on.
    """
    from ticketsync.core import errors

    if yes:
        return True
    if not is_terminal():
        raise errors.NeedsTerminal(
            f"{question.rstrip('?')}: there is no terminal to prompt on.",
            hint="Use --yes.",
        )
    return terminal.confirm(question)


def start_of(connection: Any, text: str, *, days_later: int = 0) -> datetime:
    """
    The instant at which a date, or one so many days later, begins for the business.

    Raises: UsageError if the text is not a date.
    """
    from datetime import date, timedelta

    from ticketsync.core import clock
    from ticketsync.store.business_zone import get_business_zone

    try:
        day = date.fromisoformat(text) + timedelta(days=days_later)
        return clock.start_of(day, get_business_zone(connection))
    except (ValueError, OverflowError):
        raise not_a_date(text) from None


def not_a_date(text: str) -> TicketsyncError:
    """
    The error for what was given in place of a date.
    """
    from ticketsync.core import errors

    return errors.UsageError(
        f"{text!r} is not a date.", hint="Use YYYY-MM-DD, for example 2026-01-31."
    )


def print_failures(results: Sequence[Result]) -> None:
    """
    Print a line about each account whose run failed; one line for all of them where no
    platform answered at all, which is the network's fault and not theirs, and one for
    those that wait for their next probe.
    """
    failed = [result for result in results if result.exit_code]
    unreached = [result for result in failed if result.is_unreached]
    if len(unreached) == len([result for result in results if result.requests]):
        failed = _print_once(failed, unreached, _no_network)
    resting = [result for result in failed if result.is_resting]
    for result in _print_once(failed, resting, _all_resting):
        print_error(result)


def _print_once(
    failed: Sequence[Result],
    alike: Sequence[Result],
    in_words: Callable[[Sequence[Result]], TicketsyncError],
) -> list[Result]:
    """
    Print one line about accounts that failed alike, if they are several; returns those
    that are left to be named.
    """
    if len(alike) < 2:
        return [*failed]
    print_error(in_words(alike))
    return [result for result in failed if result not in alike]


def _no_network(results: Sequence[Result]) -> TicketsyncError:
    from ticketsync.core import errors

    names = ", ".join(result.account for result in results)
    return errors.ProviderUnavailable(
        f"No platform can be reached ({names}): is this machine on the network?",
        hint=results[0].hint,
    )


def _all_resting(results: Sequence[Result]) -> TicketsyncError:
    from ticketsync.core import errors

    names = [result.account for result in results]
    return errors.BreakerOpen(
        f"{len(names)} accounts failed several times in a row and are left alone "
        f"until their next probe ({', '.join(names)}); `ticketsync status` says when.",
        hint=f"Run `ticketsync sync {' '.join(names)}` to try now.",
    )


def print_error(result: Any) -> None:
    """
    Print one line on standard error about an account whose run failed.
    """
    hint = f" {result.hint}" if result.hint else ""
    terminal.echo(f"ticketsync: {result.word}: {result.message}{hint}", err=True)
