"""
`ticketsync accounts recipe …`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from ticketsync.cli import account_settings, context, render, terminal
from ticketsync.cli.account_settings import SetOption
from ticketsync.cli.context import Format, Json
from ticketsync.core.redact import safe

if TYPE_CHECKING:
    from ticketsync.workflows.recipe_preview import Preview

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Recipes for report files: which column holds what.",
)


_RECIPE_COLUMNS = (
    render.Column("recipe", "RECIPE"),
    render.Column("platform", "PLATFORM"),
    render.Column("established", "ESTABLISHED BY", most=60),
)


@app.command("list")
def list_recipes(format: Format = "table", json: Json = False) -> None:
    """
    Show the recipes that come with ticketsync, and what each is based on.
    """
    from ticketsync.workflows import recipe_preview

    rows = recipe_preview.recipes()
    render.show(rows, _RECIPE_COLUMNS, context.chosen_format(format, json))


_CHARGED = render.Column("charged", "CHARGED", numeric=True)
_REFUNDED = render.Column("refunded", "REFUNDED", numeric=True)
_PREVIEW_COLUMNS = (
    render.Column("order", "ORDER", most=14, in_full=True),
    render.Column("event", "EVENT", most=20),
    render.Column("tickets", "TICKETS", numeric=True),
    _CHARGED,
    _REFUNDED,
    render.Column("currency", ""),
)


@app.command("check")
def check_recipe(
    ctx: typer.Context,
    recipe: Annotated[
        str,
        typer.Argument(help="A recipe's name, its .yaml file, or only an account."),
    ],
    report: Annotated[
        str, typer.Argument(help="A report, a folder of reports, or an account.")
    ] = "",
    set_: SetOption = None,
    format: Format = "table",
    json: Json = False,
) -> None:
    """
    Show what `sync` would save of a report, of all in a folder, or of an account's
    folder beside what it has stored. Saves nothing.

    A bare name is an account's, if there is one of that name: write ./box for a folder
    here that is called like the account box.

    Example: ticketsync accounts recipe check ticketek june.xlsx --set currency=AUD
    """
    from ticketsync.core import clock, moments
    from ticketsync.workflows import recipe_preview

    chosen = context.chosen_format(format, json)
    app_context = context.get_context(ctx)
    options = account_settings.parse_options(
        set_ or [], recipe=recipe if report else ""
    )
    found = recipe_preview.preview(options, report or recipe, app_context.database)
    order, event, *numbers = _PREVIEW_COLUMNS
    zone = found.rows[0]["timezone"] if found.rows else "UTC"  # one for the file
    starts = render.Column("starts", moments.heading("STARTS", zone), rigid=True)
    render.show(
        [
            {
                **row,
                **_grouped(row),
                "starts": "; ".join(
                    moments.written(clock.from_iso(start), zone)
                    for start in row["starts_at"].split("; ")
                ),
            }
            for row in found.rows
        ],
        [order, event, starts, *numbers],
        chosen,
        machine=_machine_rows(found, chosen),
        empty="No order was read.",
    )
    if chosen == "table":
        _print_rest(found)
    else:
        app_context.say(found.scope)
    if found.problems:
        raise typer.Exit(3)


def _grouped(row: Mapping[str, str]) -> dict[str, str]:
    """
    The amounts of an order for people, their thousands separated.
    """
    from ticketsync.core.money import from_decimal_text, grouped_text

    currency = row["currency"]
    return {
        column.key: grouped_text(from_decimal_text(row[column.key], currency), currency)
        for column in (_CHARGED, _REFUNDED)
    }


def _print_rest(found: Preview) -> None:
    for line in (*found.totals, *found.refunds):
        terminal.echo(str(line))
    for unread in found.unread:
        terminal.echo(f"Not read: {unread}")
    for text in found.discrepancies:
        terminal.echo(f"Does not add up: {text}")
    for word in found.words:
        terminal.echo(str(word))
    for text in found.notes:
        terminal.echo(f"Note: {text}")
    if found.unused_columns:
        names = ", ".join(map(safe, found.unused_columns))
        terminal.echo(f"Columns that the recipe does not use: {names}")
    terminal.echo(found.scope)


def _machine_rows(found: Preview, format: str) -> list[dict[str, str]]:
    """
    The orders, what could not be read, and the words for status and kind with their
    number of rows; in CSV all rows have the same columns, and what is wrong with an
    order is in one of them, whether it is read or not.
    """
    unread = [
        {"order": item.order, "trouble": item.reason}
        if item.order
        else {"trouble": item.reason}
        for item in found.unread
    ]
    words = [
        {name: str(value) for name, value in asdict(word).items()}
        for word in found.words
    ]
    if format != "csv":
        return [*found.rows, *unread, *words]
    names = ["order", "event", "starts_at", "tickets", "charged", "refunded"]
    names += ["currency", "sold", "fees", "trouble", "timezone"]
    names += ["field", "column", "word", "rows", "means"]
    names += ["status", "placed_at", "refunded_on"]
    empty = dict.fromkeys(names, "")
    orders = [_with_problem(row) for row in found.rows]
    return [empty | row for row in (*orders, *unread, *words)]


def _with_problem(row: Mapping[str, str]) -> dict[str, str]:
    """
    An order for CSV: that it does not add up is its `trouble`.
    """
    shown = {**row, "trouble": row["doubt"]}
    del shown["doubt"]
    return shown
