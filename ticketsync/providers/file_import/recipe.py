"""
Recipes: what each column of a platform's report means.

A recipe is a YAML file: built-in ones are in the folder `recipes`, a venue's own can be
anywhere. Nothing is guessed: time zone, currency and the platform's status words are
stated by the recipe or the account, and an order with any other word is quarantined.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path

from ticketsync.core import clock, errors, money, plain_yaml
from ticketsync.core.redact import safe
from ticketsync.core.typed_yaml import YamlFile, one_of, section

# What a recipe can map. `starts` may be split into `date` and `time`; a line has a
# `price` per ticket or a `total`, both after discounts.
FIELDS = (
    *("order", "line", "event", "event_id", "show_id", "venue"),
    *("starts", "date", "time", "placed", "type", "quantity", "price", "total"),
    *("list_price", "discount", "fee", "tax", "tax_per_ticket", "kept"),
    *("order_total", "refunded", "status", "checked_in", "channel", "currency"),
)
STATUSES = ("paid", "comp", "pending", "cancelled", "void", "refunded")
_AS_GIVEN = ("established", "files", "sheet", "timezone", "currency", "decimal")
_RECIPE = section(
    **dict.fromkeys(("platform", *_AS_GIVEN), str) | {"decimal": one_of(".", ",")},
    tax=one_of("inside", "on top"),
    buyer_fee=one_of("unknown", "kept"),
    **dict.fromkeys(("columns", "formats", "status"), dict),
    stop_at=list[str],
)
_COLUMNS = section(**dict.fromkeys(FIELDS, str))
_STATUS = section(**dict.fromkeys(STATUSES, list[str]))
_FOLDER = "recipes"


@dataclass(frozen=True, slots=True)
class Recipe:
    """
    How to read one kind of report.

    established   in words, where its headings are known from
    stop_at       first cells of rows that are not data, such as Total
    tax_on_top    whether the tax is added to the price, else it is included
    fee_is_kept   whether the platform keeps the fee that the buyer paid
    """

    platform: str
    columns: Mapping[str, str]
    established: str = ""
    files: str = "*"
    sheet: str = ""
    timezone: str = ""
    currency: str = ""
    decimal: str = "."
    tax_on_top: bool = False
    fee_is_kept: bool = False
    formats: Mapping[str, str] = field(default_factory=dict)
    status: Mapping[str, str] = field(default_factory=dict)
    stop_at: tuple[str, ...] = ()


def load_recipe(name: str, *, timezone: str = "", currency: str = "") -> Recipe:
    """
    A built-in recipe by name, or one in a file. The account's time zone and currency
    take precedence over its own.

    Raises `ConfigurationError` if there is no such recipe or it is not complete.
    """
    file = Path(name).expanduser()
    if file.suffix in (".yaml", ".yml"):
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise errors.ConfigurationError(
                f"The recipe {safe(name)} cannot be read.",
                hint="`ticketsync accounts recipe list` shows the built-in ones.",
            ) from None
        recipe = parse_recipe(text, str(file))
    elif name in builtin_names():
        recipe = load_builtin(name)
    else:
        raise errors.ConfigurationError(
            f"There is no recipe {safe(name)!r}.",
            hint=f"Give a .yaml file, or one of: {', '.join(builtin_names())}.",
        )
    recipe = replace(
        recipe,
        timezone=timezone or recipe.timezone,
        currency=(currency or recipe.currency).upper(),
    )
    _refuse_incomplete(recipe, name)
    return recipe


def load_builtin(name: str) -> Recipe:
    """
    A recipe that comes with ticketsync; time zone and currency may be missing.
    """
    folder = resources.files(__package__).joinpath(_FOLDER)
    text = folder.joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    return parse_recipe(text, f"recipe {name}")


def builtin_names() -> list[str]:
    """
    The recipes that come with ticketsync.
    """
    folder = resources.files(__package__).joinpath(_FOLDER)
    return sorted(
        entry.name.removesuffix(".yaml")
        for entry in folder.iterdir()
        if entry.name.endswith(".yaml")
    )


def parse_recipe(text: str, source: str) -> Recipe:
    """
    A recipe from YAML text. Raises `ConfigurationError` with file and line.
    """
    file = YamlFile(
        source,
        plain_yaml.read(text, source),
        noun="field of a recipe",
        hint="See docs/connect.md, or `ticketsync accounts recipe list`.",
    )
    given = file.given(_RECIPE)
    columns = file.given(_COLUMNS, "columns")
    return Recipe(
        platform=given.get("platform", source),
        columns={name: heading.strip() for name, heading in columns.items()},
        formats=file.given(_COLUMNS, "formats"),
        tax_on_top=given.get("tax") == "on top",
        fee_is_kept=given.get("buyer_fee") == "kept",
        status={
            theirs.strip().lower(): ours
            for ours, words in file.given(_STATUS, "status").items()
            for theirs in words
        },
        stop_at=tuple(word.strip() for word in given.get("stop_at", ())),
        **{name: given[name].strip() for name in _AS_GIVEN if name in given},
    )


def _refuse_incomplete(recipe: Recipe, name: str) -> None:
    has = recipe.columns.keys()
    missing = [
        field
        for field, is_mapped in (
            ("order", "order" in has),
            ("event or event_id", bool(has & {"event", "event_id"})),
            ("starts, or date and time", "starts" in has or {"date", "time"} <= has),
            ("price or total", bool(has & {"price", "total"})),
        )
        if not is_mapped
    ]
    if missing:
        raise errors.ConfigurationError(
            f"The recipe {safe(name)} maps no column to {missing[0]}.",
            hint="No sale can be read without it: add it under `columns`.",
        )
    if not recipe.currency and "currency" not in has:
        raise errors.ConfigurationError(
            f"The recipe {safe(name)} does not state its currency.",
            hint="Add --set currency=AUD, or `currency: AUD` to the recipe.",
        )
    if not recipe.timezone:
        raise errors.ConfigurationError(
            f"The recipe {safe(name)} does not state the time zone of its times.",
            hint="Add --set timezone=Australia/Sydney, or `timezone:` to the recipe.",
        )
    try:
        clock.zone(recipe.timezone)
        if recipe.currency:
            money.exponent(recipe.currency)
    except ValueError as error:
        raise errors.ConfigurationError(
            f"The recipe {safe(name)}: {error}.",
            hint="Use an IANA time zone and an ISO 4217 currency.",
        ) from None
