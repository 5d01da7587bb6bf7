"""
Report files as a provider: its options and limits.
"""

from __future__ import annotations

from pathlib import Path

from ticketsync.core import clock, money
from ticketsync.core.redact import Secret
from ticketsync.providers.base import Budget, Capabilities, Options, ProviderSpec
from ticketsync.providers.file_import import recipe
from ticketsync.providers.options import Option


def _no_key(secret: Secret, options: Options) -> dict[str, Secret]:
    return {}


def _real_folder(text: str) -> str:
    """
    A folder by its whole name, because cron runs elsewhere.
    """
    return str(Path(text).expanduser().resolve())


def _recipe(text: str) -> str:
    """
    The name of a recipe of ours, or a recipe's file by its whole name.
    """
    if not text.endswith((".yaml", ".yml")):
        if text not in recipe.names():
            raise ValueError(f"Give a .yaml file, or one of: {_listed_recipes()}.")
        return text
    file = Path(text).expanduser().resolve()
    if not file.is_file():
        raise ValueError(f"Give a .yaml file that exists, or: {_listed_recipes()}.")
    return str(file)


def _listed_recipes() -> str:
    return ", ".join(recipe.names())


def _zone(text: str) -> str:
    try:
        clock.zone(text)
    except ValueError:
        raise ValueError("Expected: an IANA name such as Australia/Sydney.") from None
    return text


def _currency(text: str) -> str:
    try:
        money.exponent(text.upper())
    except money.MoneyError:
        raise ValueError("Expected: an ISO 4217 code such as AUD.") from None
    return text.upper()


SPEC = ProviderSpec(
    name="file",
    title="Report files",
    base_url="",
    authenticate=_no_key,
    budget=Budget(requests=1, minutes=1),
    key_help="none: put the platform's reports into a folder",
    capabilities=Capabilities(reads_pricing=True, recurring=True, promo_codes=True),
    options=(
        Option(
            "recipe",
            "a recipe file, or the name of one of ours",
            is_required=True,
            check=_recipe,
        ),
        Option(
            "watch",
            "the folder with the reports",
            is_required=True,
            check=_real_folder,
        ),
        Option("timezone", "the zone of the report's times", check=_zone),
        Option("currency", "the currency of its amounts", check=_currency),
    ),
    limits="knows what the last report told",
)
