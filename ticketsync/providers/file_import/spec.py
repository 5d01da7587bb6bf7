"""
Report files as a provider: its options and limits.
"""

from __future__ import annotations

from pathlib import Path

from ticketsync.core import clock, errors, money
from ticketsync.providers.authentication import no_key
from ticketsync.providers.base import Budget, Capabilities, Options, ProviderSpec
from ticketsync.providers.file_import.recipes.recipe import builtin_names, load_recipe
from ticketsync.providers.file_import.recipes.recipe_keys import PEOPLE
from ticketsync.providers.options import Option


def _absolute_path(text: str) -> str:
    """
    An absolute path, because cron runs in another folder.
    """
    return str(Path(text).expanduser().resolve())


def _checked_recipe(text: str) -> str:
    """
    The name of a built-in recipe, or the absolute path of a recipe file.
    """
    if not text.endswith((".yaml", ".yml")):
        if text not in builtin_names():
            raise ValueError(f"Give a .yaml file, or one of: {_listed_recipes()}.")
        return text
    file = Path(text).expanduser().resolve()
    if not file.is_file():
        raise ValueError(f"Give a .yaml file that exists, or: {_listed_recipes()}.")
    return str(file)


def _listed_recipes() -> str:
    return ", ".join(builtin_names())


def _checked_zone(text: str) -> str:
    try:
        clock.zone(text)
    except ValueError:
        raise ValueError("Expected: an IANA name such as Australia/Sydney.") from None
    return text


def _checked_currency(text: str) -> str:
    try:
        money.exponent(text.upper())
    except money.MoneyError:
        raise ValueError("Expected: an ISO 4217 code such as AUD.") from None
    return text.upper()


def _names_people(options: Options) -> bool:
    """
    Whether the recipe maps a column about people.
    """
    try:
        recipe = load_recipe(
            options["recipe"],
            timezone=options.get("timezone", ""),
            currency=options.get("currency", ""),
        )
    except errors.TicketsyncError:
        return False
    return not recipe.columns.keys().isdisjoint(PEOPLE)


SPEC = ProviderSpec(
    name="file",
    title="Report files",
    base_url="",
    authenticate=no_key,
    budget=Budget(requests=1, minutes=1),
    key_help="none: put the platform's reports into a folder",
    reads="account",
    changes="feed",
    names_people=_names_people,
    personal_fields=frozenset({"buyer_name", "buyer_email", "buyer_phone"}),
    scan_fields=frozenset({"checked_in"}),
    capabilities=Capabilities(recurring=True),
    options=(
        Option(
            "recipe",
            "a recipe file, or the name of a built-in recipe",
            is_required=True,
            check=_checked_recipe,
            names_file=True,
        ),
        Option(
            "watch",
            "the folder with the reports",
            is_required=True,
            check=_absolute_path,
            names_file=True,
        ),
        Option("timezone", "the time zone of the report's times", check=_checked_zone),
        Option("currency", "the currency of its amounts", check=_checked_currency),
    ),
    limits="knows only what the last report says",
)
