"""
`ticketsync runs …`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketsync.cli import context, render, terminal
from ticketsync.cli.context import Format, Json

if TYPE_CHECKING:
    from ticketsync.reporting.run_history import Run

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="What each sync did."
)


@app.command("list")
def list_runs(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option(help="How many.", min=1, max=10000)] = 20,
    format: Format = "table",
    json: Json = False,
) -> None:
    """
    List the latest runs, including skipped ones.
    """
    _print(ctx, context.chosen_format(format, json), limit=limit, run_id=None)


@app.command("show")
def show_run(
    ctx: typer.Context, run_id: str, format: Format = "table", json: Json = False
) -> None:
    """
    Show one run with the outcome of every account: the latest one, or one by its name,
    the last part of it, or the beginning of either.

    Example: ticketsync runs show latest

    Example: ticketsync runs show 20261126-181200-3f2a
    """
    from ticketsync.core.redact import safe
    from ticketsync.reporting import run_history

    wanted = context.chosen_format(format, json)
    _print(ctx, wanted, limit=1000, run_id=run_id)
    if wanted == "table":
        with context.get_context(ctx).database().read() as connection:
            for run in run_history.list_runs(connection, limit=1000, run_id=run_id):
                if run.message:
                    text = f"{run.account_name}: {run.word}: {run.message} {run.hint}"
                    terminal.echo(safe(text, longest=2000))
                for line in run.trace.splitlines():
                    terminal.echo(f"  {safe(line)}")


_LIST = (
    render.Column("id", "RUN", rigid=True, whole="run_id"),
    render.Column("account_name", "ACCOUNT", most=14),
    render.Column("kind", "KIND", rigid=True),
    render.Column("who", "WHO", most=24, in_full=True),
    render.Column("outcome", "OUTCOME", rigid=True),
    render.Column("took", "TOOK", numeric=True),
    render.Column("created", "NEW", numeric=True),
    render.Column("updated", "CHG", numeric=True),
    render.Column("requests", "CALLS", numeric=True),
    render.Column("why", "WHY", below=True),
)
_ONE = (
    render.Column("account_name", "ACCOUNT", most=14),
    render.Column("kind", "KIND", rigid=True),
    render.Column("direction", "DIRECTION", spare=1),
    render.Column("outcome", "OUTCOME", rigid=True),
    render.Column("took", "TOOK", numeric=True),
    render.Column("created", "NEW", numeric=True),
    render.Column("updated", "CHANGED", numeric=True),
    render.Column("requests", "CALLS", numeric=True),
    render.Column("median_response_ms", "MEDIAN MS", numeric=True, spare=2),
    render.Column("slowest_response_ms", "SLOWEST", numeric=True, spare=3),
)


def _as_text(run: Run, zone: str) -> dict[str, Any]:
    """
    A run as the tables show it: its short name, who started it without the machine (and
    how, unless by an ordinary command), how long it took, and why it failed.
    """
    from dataclasses import asdict

    from ticketsync.core import moments

    took = "" if run.seconds is None else f"{run.seconds:,.1f} s"
    why = f"{run.word}: {run.message}" if run.message else ""
    short = {
        "at": moments.written(run.started_at, zone),
        "id": run.run_id.rpartition("-")[2],
    }
    return {**asdict(run), **short, "who": run.who, "took": took, "why": why}


def _print(ctx: typer.Context, format: str, *, limit: int, run_id: str | None) -> None:
    from dataclasses import asdict

    from ticketsync.core import errors, moments
    from ticketsync.reporting import run_history
    from ticketsync.store.business_zone import get_business_zone

    app_context = context.get_context(ctx)
    with app_context.database().read() as connection:
        found = run_history.list_runs(connection, limit=limit + 1, run_id=run_id)
        zone = get_business_zone(connection)
    found = app_context.say_limited(found, limit)
    if run_id is not None and not found:
        if run_id == "latest":
            raise errors.NotFound("Nothing has run yet.", hint="Run `ticketsync sync`.")
        raise errors.NotFound(
            f"There is no run {run_id!r}.", hint="See `ticketsync runs list`."
        )
    rows = [_as_text(run, zone) for run in found]
    if run_id is not None and format == "table":
        began = moments.with_zone(min(run.started_at for run in found), zone)
        app_context.say(f"Run {rows[0]['id']}, {began}, started by {rows[0]['who']}")
    render.show(
        rows,
        [render.Column("at", moments.heading("WHEN", zone), rigid=True), *_LIST]
        if run_id is None
        else _ONE,
        format,
        machine=[asdict(run) for run in found],
        empty="No runs yet. Run `ticketsync sync`.",
    )
