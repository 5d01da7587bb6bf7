"""
`ticketsync productions forget` and `venues forget`: the other names of productions and
venues, and how lists of them show these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketsync.cli import context

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from ticketsync.catalogue.known_names import Kind
    from ticketsync.cli.render import Column

OtherTitle = Annotated[str, typer.Argument(help="The other name, as it is listed.")]


def forget_production_name(ctx: typer.Context, title: OtherTitle) -> None:
    """
    Let a former or another title be that of this production no longer: a list that has
    it has a new production.
    """
    _forget(ctx, "production", title)


def forget_venue_name(ctx: typer.Context, name: OtherTitle) -> None:
    """
    Let a former or another name, or that of a room, be that of this venue no longer.
    """
    _forget(ctx, "venue", name)


def _forget(ctx: typer.Context, kind: Kind, name: str) -> None:
    from ticketsync.catalogue import other_names
    from ticketsync.core.redact import safe

    app_context = context.get_context(ctx)
    with app_context.database().write() as connection:
        other = other_names.forget_name(connection, kind, name)
    app_context.say(f'Lists do not mean "{safe(other.known)}" by "{safe(other.name)}".')


def show(
    connection: Connection,
    kind: Kind,
    rows: Sequence[dict[str, Any]],
    columns: Sequence[Column],
    format: str,
) -> None:
    """
    Print productions or venues with their other names: in JSON each with its origin. In
    a table these have a column where there are any.
    """
    from ticketsync.catalogue import other_names
    from ticketsync.cli import render

    others = other_names.list_names(connection, kind)
    for row in rows:
        own = row["title" if kind == "production" else "name"]
        its = [other for other in others if other.known == own]
        row["other_names"] = (
            [{"name": other.name, "origin": other.origin} for other in its]
            if format == "json"
            else "; ".join(f"{other.name} ({other.origin})" for other in its)
        )
    also = [render.Column("other_names", "ALSO CALLED")] if others else []
    render.show(rows, [*columns, *also], format)
