"""
`ticketsync attendees …`.
"""

from __future__ import annotations

from typing import Annotated

import typer

from ticketsync.cli.context import Json, Yes

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Whom the tickets admit, where an account keeps people.",
)


@app.command("forget")
def forget(
    ctx: typer.Context,
    who: Annotated[
        str, typer.Argument(help="Number of a ticket or an order, name or e-mail.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing.")] = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """
    Forget whom a ticket admits; the same as `privacy erase`.

    Example: ticketsync attendees forget it_10442
    """
    from ticketsync.cli import privacy

    privacy.erase_person(ctx, who, dry_run=dry_run, yes=yes, json=json)
