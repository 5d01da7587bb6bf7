"""
`ticketsync doctor`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from ticketsync.cli import context, terminal
from ticketsync.cli.context import Json

if TYPE_CHECKING:
    from ticketsync.workflows.doctor import Finding

app = typer.Typer(rich_markup_mode=None)
SIGNS = {"ok": "ok     ", "warning": "warning", "wrong": "WRONG  "}


@app.command()
def doctor(
    ctx: typer.Context,
    fix: Annotated[bool, typer.Option("--fix", help="Make the safe repairs.")] = False,
    as_cron: Annotated[
        bool, typer.Option("--as-cron", help="Also check what your scheduler sees.")
    ] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Do not ask the platforms.")
    ] = False,
    json: Json = False,
) -> None:
    """
    Check everything that could be wrong, and say how to fix it.

    Writes nothing without --fix. Exit code 10 if something is wrong.
    """
    from ticketsync.cli import render
    from ticketsync.store import engine
    from ticketsync.workflows import doctor as checks

    app_context = context.get_context(ctx)
    repairs: list[str] = []
    if fix:
        repairs = checks.fix(None)  # else the settings might be refused
        repairs += checks.fix(engine.sqlite_file(app_context.url()))
    findings = list(
        checks.examine(app_context.settings, app_context.database, network=not offline)
    )
    if as_cron:
        findings += checks.as_cron(app_context.as_arguments())
    is_wrong = any(found.state == "wrong" for found in findings)
    if json:
        render.print_json(
            {"repairs": repairs, "findings": [_in_json(found) for found in findings]}
        )
        raise typer.Exit(10 if is_wrong else 0)
    for line in repairs:
        terminal.echo(f"Fixed: {line}")
    _print(findings)
    raise typer.Exit(10 if is_wrong else 0)


def _in_json(found: Finding) -> dict[str, str]:
    return {
        "section": found.section,
        "state": found.state,
        "text": found.text,
        "mend": found.to_do,  # what `to_do` was once called
        "to_do": found.to_do,
    }


def _print(findings: Sequence[Finding]) -> None:
    from ticketsync.cli import render

    for found in findings:
        text = f"{SIGNS[found.state]}  {found.section}: {found.text}"
        if found.to_do and found.state != "ok":
            text += f" → {found.to_do}"
        for line in render.wrapped(text, margin=" " * 9):
            terminal.echo(line)
