"""
`ticketsync accounts set`, and the `--set` option of other commands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ticketsync.cli import context, terminal
from ticketsync.cli.context import Json, Yes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ticketsync.workflows.accounts.account_options import Plan

SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="An option; see `providers`."),
]


def set_options(
    ctx: typer.Context,
    name: str,
    values: Annotated[
        list[str],
        typer.Argument(metavar="OPTION=VALUE…", help="As `providers` lists them."),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the effects, save nothing.")
    ] = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """
    Change an account's options: those of its platform, base_url, people.

    An empty value removes an option. Access to anything that is to be read from a new
    place is checked first. Example: ticketsync accounts set hx regions=AU,NZ
    """
    from ticketsync.cli import render
    from ticketsync.workflows.accounts import account_options

    app_context = context.get_context(ctx)
    database, given = app_context.database(), parse_options(values)
    plan = account_options.plan(database, app_context.settings(), name, given)
    if not json:
        _print_plan(plan)
    is_saved = False
    question = f"Apply these changes to account {name!r}?"
    if plan.changes and not dry_run and context.confirm(question, yes):
        account_options.apply(database, plan)
        is_saved = True
    if json:
        render.print_json(plan.as_json(is_saved=is_saved))
    elif is_saved:
        app_context.say(f"Account {name!r} was changed.")
    else:
        app_context.say("Nothing has been changed.")


def _print_plan(plan: Plan) -> None:
    from ticketsync.core.redact import safe

    for change in plan.changes:
        terminal.echo(safe(change.text, longest=500))
    for effect in plan.effects:
        terminal.echo(f"  {safe(effect, longest=500)}")


def parse_options(
    given: Sequence[str], *, recipe: str = "", watch: str = ""
) -> dict[str, str]:
    """
    Parse `NAME=VALUE` arguments, together with the options that have a flag of their
    own.

    Raises: UsageError for any other form, and for a name given twice.
    """
    from ticketsync.core import errors, pasted_keys

    options = {
        name: value for name, value in (("recipe", recipe), ("watch", watch)) if value
    }
    for text in given:
        name, separator, value = text.partition("=")
        if not separator or not name or name in options:
            shown = pasted_keys.quoted(text, "What looks like a key")
            raise errors.UsageError(
                f"{shown} cannot be read as an option.",
                hint="Use NAME=VALUE, each name once.",
            )
        options[name.strip()] = value.strip()
    return options
