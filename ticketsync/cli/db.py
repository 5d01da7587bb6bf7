"""
`ticketsync db …`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketsync.cli import confirm, context, terminal
from ticketsync.cli.context import Json, Yes
from ticketsync.core.plurals import number_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ticketsync.reporting.changes import Change
    from ticketsync.reporting.figures_of_shows import Figures
    from ticketsync.store.lost_sales import LostSales
    from ticketsync.store.restore_differences import Difference
    from ticketsync.workflows.integrity_check import Health

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Maintain the database."
)


@app.callback()
def db() -> None:
    """
    Maintain the database.
    """


@app.command("upgrade")
def upgrade(
    ctx: typer.Context,
    backup: Annotated[bool, typer.Option(help="Make a backup first (SQLite).")] = True,
) -> None:
    """
    Upgrade a database to the schema of this version, after a backup, and recompute its
    figures.
    """
    from ticketsync.store import schema
    from ticketsync.workflows import upgrade_database

    app_context = context.get_context(ctx)
    settings, url = app_context.settings(), app_context.url()
    made = upgrade_database.back_up(url) if backup else None
    if made is not None:
        app_context.say(f"Backup {made.file}")
    upgraded = upgrade_database.upgrade(url, settings, app_context.command)
    app_context.say(f"The database has schema {schema.PRESENT}.")
    shows = number_of(upgraded.shows, "show")
    app_context.say(f"{shows} recomputed, {upgraded.changed:,} changed.")
    if upgraded.was_old or upgraded.changed:
        confirm.confirm_after_change(app_context, upgraded.database)
    if upgraded.waits_for_replay:
        app_context.say(
            "Now run `ticketsync sync replay` once (it needs no network): figures may "
            "change. It reads from the stored records what earlier versions read "
            "differently or did not keep: what gross consists of, gift cards, "
            "tickets, fees, promo codes, seats, prices."
        )


@app.command("backup")
def backup_database(
    ctx: typer.Context,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to write.")
    ] = None,
    json: Json = False,
) -> None:
    """
    Copy the database while it is in use, and verify the copy.

    The copy contains no secrets. Its digest is written next to it (FILE.sha256) and is
    needed to restore it.
    """
    from ticketsync.cli import output as output_option
    from ticketsync.cli import render
    from ticketsync.core import errors
    from ticketsync.store import backup

    if output is not None and output_option.is_standard(output):
        raise errors.UsageError(
            "A backup is verified as a file and cannot be written to standard output.",
            hint="Give a file name with -o.",
        )

    app_context = context.get_context(ctx)
    target = output or backup.new_file("backup")
    made = backup.take_backup(app_context.database(), target)
    if json:
        render.print_json(
            {
                "file": str(made.file),
                "bytes": made.size,
                "schema": made.schema,
                "sha256": made.digest,
            }
        )
        return
    app_context.say(
        f"Backup {made.file}, {made.size:,} bytes, schema {made.schema}, verified."
    )


@app.command("restore")
def restore_database(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="A backup made by `db backup`.")],
    yes: Yes = False,
    without_digest: Annotated[
        bool,
        typer.Option(
            "--without-digest",
            help="Accept a database that has no .sha256, such as FILE.before-1.",
        ),
    ] = False,
    accept_code: Annotated[
        bool,
        typer.Option(
            "--accept-code", help="Take over views and triggers that are not ours."
        ),
    ] = False,
) -> None:
    """
    Replace the database by a backup. The replaced database is kept next to it.

    Lists what is different in the backup: where keys come from, where they are sent,
    views and triggers, and which sales of your own box office it lacks. A backup needs
    its digest beside it (FILE.sha256); a database that a restore replaced (.before-1)
    has none and needs --without-digest. Accounts whose commands, secret files or
    addresses nobody confirmed on this machine are not read until `accounts confirm`.
    """
    from ticketsync.accounts import installation_audit
    from ticketsync.core import errors
    from ticketsync.store import (
        backup,
        engine,
        lost_sales,
        restore_differences,
        schema,
    )

    app_context = context.get_context(ctx)
    target = engine.sqlite_file(app_context.url())
    if target is None:
        raise errors.UsageError(
            "This database is PostgreSQL, which has its own backups.",
            hint="Use pg_dump and pg_restore.",
        )
    found = backup.verify_backup(file, without_digest=without_digest)
    with backup.staged(found, target) as copy:
        differences = restore_differences.find_differences(copy.file, target)
        if not _agree_to_restore(target, differences, copy.lost, yes, accept_code):
            return
        kept = backup.put_in_place(copy, target)
    lost = copy.lost
    app_context.say(f"{target} was restored from {file.name}, schema {found.schema}.")
    if kept is not None:
        app_context.say(f"The replaced database is {kept}")
        lost = lost_sales.find_lost(target, kept)
        if lost != copy.lost:  # sold while a person was asked
            _print_lost(lost)
    if found.schema != schema.PRESENT:
        return  # the upgrade is recorded, and asks for what is not confirmed
    database = app_context.database()
    with database.write() as connection:
        after = {"from": file.name, **lost.as_json()}
        installation_audit.record(connection, "restore", "database", after=after)
    confirm.confirm_after_change(app_context, database)


def _agree_to_restore(
    target: Path,
    differences: Sequence[Difference],
    lost: LostSales,
    yes: bool,
    accept_code: bool,
) -> bool:
    """
    Print what differs, and which sales would be lost, and ask whether to restore it.

    Raises: GuardRefused for views and triggers that nobody accepted, NeedsTerminal if
    there is no terminal to prompt on.
    """
    from ticketsync.core import errors
    from ticketsync.core.redact import safe

    if differences:
        terminal.echo("The backup differs:", err=True)
    for item in differences:
        terminal.echo(f"  {safe(item.text, longest=1000)}", err=True)
    _print_lost(lost)
    has_code = any(item.is_code for item in differences)
    if has_code and not accept_code and (yes or not context.is_terminal()):
        raise errors.GuardRefused(
            "The backup has views or triggers that ticketsync did not make, which the "
            "database would run; nothing was changed.",
            hint="Add --accept-code if they are yours.",
            word="foreign-code",
        )
    if not target.exists() and not (differences and context.is_terminal()):
        return True  # nothing is replaced, and accounts wait to be confirmed anyway
    question = f"Replace {target}?" if target.exists() else f"Restore {target}?"
    return context.confirm(question, yes)


def _print_lost(lost: LostSales) -> None:
    from ticketsync.cli import render

    lines = [
        *lost.lines,
        *(["They are in the replaced database alone, which is kept."] if lost else ()),
    ]
    for text in lines:
        for line in render.wrapped(text):
            terminal.echo(line, err=True)


@app.command("check")
def check_database(
    ctx: typer.Context,
    deep: Annotated[
        bool, typer.Option("--deep", help="Compare every order with its raw record.")
    ] = False,
    json: Json = False,
) -> None:
    """
    Check every page and reference, and recompute every figure.

    Also reports values that break a rule, and unknown views and triggers. With --deep
    every stored raw record is parsed again, every row with amounts is compared with its
    record, and the digests of closed periods are computed again. Writes nothing. Exit
    code 10 if something differs, 9 if the file itself is damaged.
    """
    from ticketsync.cli import render
    from ticketsync.core.redact import safe
    from ticketsync.workflows import integrity_check

    app_context = context.get_context(ctx)
    found = integrity_check.check(
        app_context.database(), app_context.settings(), deep=deep
    )
    if json:
        render.print_json(_health_as_json(found))
    else:
        verdict = "is sound" if found.is_sound else "is not sound"
        shows = number_of(found.shows, "show")
        terminal.echo(f"The database {verdict}. {shows} recomputed.")
        for line in found.rows:
            terminal.echo(safe(line, longest=500))
    if found.is_sound:
        return
    if found.has_unconfirmed:
        app_context.say(
            "What is unconfirmed waits for `ticketsync accounts confirm`; until then "
            "nothing is run, read or sent for it."
        )
    if found.has_counted_twice:
        app_context.say(
            "What counts twice is put right in the reports, or in the recipe: see "
            "`ticketsync status`."
        )
    if found.needs_repair:
        app_context.say(
            "`ticketsync sync replay` rebuilds orders from their stored records, "
            "`ticketsync financials rebuild` rebuilds figures from orders. Anything "
            "else needs a backup (`ticketsync db restore`)."
        )
    raise typer.Exit(10)


def _difference_as_json(change: Change) -> dict[str, Any]:
    from ticketsync.core import clock

    return {
        "show_id": change.either.show_id,
        "production": change.either.production,
        "starts_at": clock.iso(change.either.starts_at),
        "account": change.either.account,
        "stored": _figures_as_json(change.before),
        "recomputed": _figures_as_json(change.after),
    }


def _health_as_json(found: Health) -> dict[str, Any]:
    from ticketsync.workflows.integrity_check import shown

    return {
        "schema": found.schema,
        "shows": found.shows,
        "differences": [_difference_as_json(change) for change in found.differences],
        "rows": list(found.rows),
        "findings": [
            {
                "table": item.table,
                "account": item.account,
                "show_id": item.show_id,
                "row": item.row,
                "column": item.column,
                "stored": None if item.stored is None else shown(item.stored),
                "right": None if item.right is None else shown(item.right),
                "what": item.what,
            }
            for item in found.findings
        ],
    }


def _figures_as_json(figures: Figures | None) -> dict[str, Any] | None:
    from ticketsync.core import money

    if figures is None:
        return None
    if figures.currency in money.EXPONENTS:
        return figures.as_json()
    # The number of digits of such amounts is unknown.
    return {"show_id": figures.show_id, "currency": figures.currency}


@app.command("datasette")
def datasette() -> None:
    """
    Print a metadata file for datasette: descriptions of the views, and useful queries.

    Example: ticketsync db datasette > metadata.yaml
    """
    from importlib import resources

    from ticketsync import reporting

    file = resources.files(reporting) / "datasette.yaml"
    terminal.echo_block(file.read_text(encoding="utf-8"))
