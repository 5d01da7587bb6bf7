"""
`ticketsync runs …`.
"""

from __future__ import annotations

from typing import Annotated

import typer

from ticketsync.cli import context, render
from ticketsync.cli.context import Format, Json

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
    Show one run with the outcome of every account.
    """
    from ticketsync.core.redact import safe
    from ticketsync.reporting import runs

    wanted = context.chosen_format(format, json)
    _print(ctx, wanted, limit=1000, run_id=run_id)
    if wanted == "table":
        with context.get_context(ctx).database().read() as connection:
            for run in runs.list_runs(connection, limit=1000, run_id=run_id):
                if run.message:
                    text = f"{run.account_name}: {run.word}: {run.message} {run.hint}"
                    typer.echo(safe(text, longest=2000))
                for line in run.trace.splitlines():
                    typer.echo(f"  {safe(line)}")


_COLUMNS = (
    render.Column("run_id", "RUN"),
    render.Column("account_name", "ACCOUNT"),
    render.Column("outcome", "OUTCOME"),
    render.Column("created", "NEW", numeric=True),
    render.Column("updated", "CHANGED", numeric=True),
    render.Column("requests", "CALLS", numeric=True),
)


def _print(ctx: typer.Context, format: str, *, limit: int, run_id: str | None) -> None:
    from dataclasses import asdict

    from ticketsync.core import errors
    from ticketsync.reporting import runs

    with context.get_context(ctx).database().read() as connection:
        found = runs.list_runs(connection, limit=limit, run_id=run_id)
    if run_id is not None and not found:
        raise errors.NotFound(
            f"There is no run {run_id!r}.", hint="See `ticketsync runs list`."
        )
    rows = [asdict(run) for run in found]
    render.show(rows, _COLUMNS, format, empty="No runs yet. Run `ticketsync sync`.")
