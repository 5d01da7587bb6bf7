"""
Recipes: what each column of a platform's report means.

A recipe is a YAML file: built-in ones are in the folder `recipes`, a venue's own can be
anywhere. Nothing is guessed: time zone, currency and the platform's status words are
stated by the recipe or the account, and an order with any other word is quarantined.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from ticketsync.core import clock, errors, money
from ticketsync.core.redact import safe
from ticketsync.core.settings import plain_yaml
from ticketsync.core.settings.typed_yaml import YamlFile
from ticketsync.providers.file_import.recipes import (
    discount_names,
    minor_headings,
    recipe_keys,
    show_sums,
)

_FORMAT_CODES = re.compile(r"%(-?[a-zA-Z%])")


@dataclass(frozen=True, slots=True)
class Recipe:
    """
    How to read one kind of report.

    columns       field → the report's heading
    added         field → further headings, whose amounts are added to that of the first
    established   in words, where its headings are known from
    decimal       the decimal sign; `""`: the whole column decides
    dates         `dmy` or `mdy`; `""`: the whole column decides
    start         when every row's show starts, or a pattern of the file's name with the
                  format of a time in braces: `sales_{%Y-%m-%d_%H%M}*`
    stop_at       how the first cell of rows begins that are not data, such as Total
    ignore_rows   patterns of cells; a row with such a cell is left out. `*test*` means
                  the word, and a row that has it inside a longer one is set aside
    ignore_columns  headings that look like a status and are none
    sale_words    cells (folded) of sales, and titles above sales, that are called like
                  what is none: a type Void Festival
    free          words that mean an amount of 0 (`""` for an empty cell)
    tax_on_top    whether the tax is added to the price, else it is included
    fee_is_kept   whether the platform keeps the fee that the buyer paid
    status, kind  the platform's words (lower case) → ours
    signs         field → `plus` or `minus`: how the report writes it where it is one
    per           field → `row` or `order`, of a price or a tax of each ticket
                  `ticket`: what an amount in it is for
    amounts       field → `minor` where its amounts are in cents, `major` where they
                  are not, although their heading says it
    order_numbers   within what they are unique: `folder`, `event`, `file`; `""`:
                  an order that contradicts an older one is set aside
    changed_orders  numbers of orders that are the same although nothing in a newer
                  report says so: an exchange for another night, a corrected price
    also_returned   number of an order → how much less it is sold for in a newer report,
                    while the same amount went back as well
    renamed_events  what an event is called now → what it was called before; itself
                    where it is another event
    repeated_rows   what rows mean that are equal in every cell
    repeated_returns  what rows mean that take back the same in several reports
    undated_sales  whether a sale without a day counts on that of its show
    shared_orders   what orders mean that another account of the platform has as well
    """

    platform: str
    columns: Mapping[str, str]
    added: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    established: str = ""
    files: str = "*"
    sheet: str = ""
    timezone: str = ""
    currency: str = ""
    decimal: str = ""
    dates: str = ""
    start: str = ""
    repeated_rows: str = "refuse"
    repeated_returns: str = "refuse"
    undated_sales: str = "refuse"
    shared_orders: str = "refuse"
    order_numbers: str = ""
    tax_on_top: bool = False
    fee_is_kept: bool = False
    formats: Mapping[str, str] = field(default_factory=dict)
    status: Mapping[str, str] = field(default_factory=dict)
    kind: Mapping[str, str] = field(default_factory=dict)
    signs: Mapping[str, str] = field(default_factory=dict)
    per: Mapping[str, str] = field(default_factory=dict)
    amounts: Mapping[str, str] = field(default_factory=dict)
    stop_at: tuple[str, ...] = ()
    ignore_rows: tuple[str, ...] = ()
    ignore_columns: tuple[str, ...] = ()
    free: tuple[str, ...] = ()
    changed_orders: tuple[str, ...] = ()
    sale_words: frozenset[str] = frozenset()
    renamed_events: Mapping[str, str] = field(default_factory=dict)
    also_returned: Mapping[str, str] = field(default_factory=dict)

    @property
    def headings(self) -> tuple[tuple[str, str], ...]:
        """
        Each field with a heading of the report; some fields have several.
        """
        return tuple(
            (name, heading)
            for name, first in self.columns.items()
            for heading in (first, *self.added.get(name, ()))
        )

    def is_sale_word(self, text: str) -> bool:
        """
        Whether the recipe says that a cell or a title does not speak against a sale.
        """
        return bool(self.sale_words) and text.strip().casefold() in self.sale_words

    def kind_of(self, cells: Mapping[str, str]) -> str:
        """
        What a row with these cells is, one of `recipe_keys.KINDS`; `""` where the
        recipe does not say or does not know the word.
        """
        return self.kind.get(cells.get("kind", "").lower(), "")


def load_recipe(name: str, *, timezone: str = "", currency: str = "") -> Recipe:
    """
    A built-in recipe by name, or one in a file. The account's time zone and currency
    take precedence over its own.

    Raises `ConfigurationError` if there is no such recipe or it is not complete.
    """
    file = Path(name).expanduser()
    if file.suffix in (".yaml", ".yml"):
        try:
            text = file.read_text(encoding="utf-8-sig")
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
    _refuse_kept_twice(recipe, name)
    _refuse_share(recipe, name)
    _refuse_unsaid_units(recipe, name)
    return recipe


def load_builtin(name: str) -> Recipe:
    """
    A recipe that comes with ticketsync; time zone and currency may be missing.
    """
    folder = resources.files(__package__)
    text = folder.joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    return parse_recipe(text, f"recipe {name}")


def builtin_names() -> list[str]:
    """
    The recipes that come with ticketsync.
    """
    folder = resources.files(__package__)
    return sorted(
        entry.name.removesuffix(".yaml")
        for entry in folder.iterdir()
        if entry.name.endswith(".yaml")
    )


@lru_cache(maxsize=32)  # a run asks for its recipe several times
def parse_recipe(text: str, source: str) -> Recipe:
    """
    A recipe from YAML text. Raises `ConfigurationError` with file and line.
    """
    file = YamlFile(
        source,
        plain_yaml.read(text, source),
        noun="field of a recipe",
        hint="See docs/reports.md, or `ticketsync accounts recipe list`.",
    )
    given = file.given(recipe_keys.RECIPE)
    columns = _headings_of(source, file.given(recipe_keys.COLUMNS, "columns"))
    formats = file.given(recipe_keys.FORMATS, "formats")
    kinds = _by_their_word(file.given(recipe_keys.KIND, "kind"))
    _refuse_vague_formats(source, formats)
    if "tax" in kinds.values() and "tax" not in given:
        raise errors.ConfigurationError(
            f"{source}: rows of the kind `tax` need `tax: inside` or `tax: on top`.",
            hint="Say whether the amounts of the sales contain the tax.",
        )
    if bool(kinds) != ("kind" in columns):
        raise errors.ConfigurationError(
            f"{source}: `kind` and the column `kind` belong together.",
            hint="Map the column under `columns`, and its words under `kind`.",
        )
    return Recipe(
        platform=given.get("platform", source),
        columns={name: headings[0] for name, headings in columns.items()},
        added={name: it[1:] for name, it in columns.items() if len(it) > 1},
        formats=formats,
        tax_on_top=given.get("tax") == "on top",
        fee_is_kept=given.get("buyer_fee") == "kept",
        status=_by_their_word(file.given(recipe_keys.STATUS, "status")),
        kind=kinds,
        signs=file.given(recipe_keys.SIGNS, "signs"),
        per=file.given(recipe_keys.PER, "per"),
        amounts=file.given(recipe_keys.UNITS, "amounts"),
        stop_at=_words(given, "stop_at"),
        ignore_rows=_words(given, "ignore_rows"),
        ignore_columns=_words(given, "ignore_columns"),
        free=_words(given, "free"),
        changed_orders=_words(given, "changed_orders"),
        sale_words=frozenset(map(str.casefold, _words(given, "sale_words"))),
        renamed_events=_pairs(given, "renamed_events"),
        also_returned=_pairs(given, "also_returned"),
        **{name: given[name].strip() for name in recipe_keys.AS_GIVEN if name in given},
    )


def _headings_of(
    source: str, given: Mapping[str, str | Sequence[str]]
) -> dict[str, tuple[str, ...]]:
    """
    The headings of each field, at least one. `ConfigurationError` for an empty list, or
    one that has a heading twice: it would be added twice.
    """
    found: dict[str, tuple[str, ...]] = {}
    for name, value in given.items():
        headings = [value] if isinstance(value, str) else value
        found[name] = tuple(heading.strip() for heading in headings)
        if not headings or len({it.casefold() for it in found[name]}) < len(headings):
            raise errors.ConfigurationError(
                f"{source}: the list of headings of `{name}` is empty, or has one of "
                "them twice.",
                hint="List each column once: what is in them is added.",
            )
    return found


def _words(given: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in given.get(name, ()))


def _pairs(given: Mapping[str, Any], name: str) -> dict[str, str]:
    return {key.strip(): text.strip() for key, text in given.get(name, {}).items()}


def _by_their_word(ours: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {
        theirs.strip().lower(): word for word, words in ours.items() for theirs in words
    }


def _refuse_vague_formats(source: str, formats: Mapping[str, str]) -> None:
    """
    `ConfigurationError` for a format under which Python would fill in what the report
    does not say: the year 1900, midnight, the morning.
    """
    for name, format_ in formats.items():
        codes = set(_FORMAT_CODES.findall(format_))
        lacks = ""
        if name != "time":
            has_day = bool(codes & {"d", "-d", "j"}) and bool(
                codes & {"m", "-m", "b", "B", "j"}
            )
            if not codes & {"x", "c"} and not (codes & {"Y", "y", "G"} and has_day):
                lacks = "a year, a month and a day"
        if not lacks and name in ("starts", "time") and not codes & {"X", "c"}:
            has_hour = "H" in codes or ("I" in codes and "p" in codes)
            lacks = "" if has_hour else "an hour (%H, or %I with %p)"
        if lacks:
            raise errors.ConfigurationError(
                f"{source}: the format {safe(format_)!r} of `{name}` does not have "
                f"{lacks}.",
                hint="A date without it cannot be read; nothing is filled in.",
            )


def _refuse_incomplete(recipe: Recipe, name: str) -> None:
    has = recipe.columns.keys()
    missing = [
        field
        for field, is_mapped in (
            ("order", "order" in has),
            ("event or event_id", bool(has & {"event", "event_id"})),
            (
                "starts, or date and time",
                "starts" in has or {"date", "time"} <= has or bool(recipe.start),
            ),
            ("price or total", bool(has & {"price", "total"})),
        )
        if not is_mapped
    ]
    if missing:
        raise errors.ConfigurationError(
            f"The recipe {safe(name)} maps no column to {missing[0]}.",
            hint="No sale can be read without it: add it under `columns`."
            + (f" {show_sums.ADVICE}" if missing[0] == "order" else ""),
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


def _refuse_kept_twice(recipe: Recipe, name: str) -> None:
    fees, kept = (
        {heading.casefold() for field_, heading in recipe.headings if field_ == wanted}
        for wanted in ("fee", "kept")
    )
    if recipe.fee_is_kept and fees & kept:
        raise errors.ConfigurationError(
            f"The recipe {safe(name)} says `buyer_fee: kept`, and maps the same column "
            "to `fee` and `kept`: that fee would count twice.",
            hint="Leave one of the two out: `kept` is what is kept besides.",
        )


def _refuse_share(recipe: Recipe, name: str) -> None:
    """
    `ConfigurationError` for a discount in per cent, which is not an amount.
    """
    for field_, heading in recipe.headings:
        plain = " ".join(heading.replace("_", " ").split()).casefold()
        if field_ == "discount" and discount_names.is_share(plain):
            raise errors.ConfigurationError(
                f"The recipe {safe(name)} maps `discount` to {safe(heading)!r}: a "
                "percentage would be taken off as an amount.",
                hint="Leave it out and map what was paid to `total`; if the column "
                "holds amounts, rename its heading.",
            )


def _refuse_unsaid_units(recipe: Recipe, name: str) -> None:
    """
    `ConfigurationError` for amounts whose heading says that they are in cents, where
    the recipe does not: they would be read as a hundred times as much.
    """
    found = {
        field_: heading
        for field_, heading in recipe.headings
        if field_ in recipe_keys.AMOUNTS and field_ not in recipe.amounts
        if minor_headings.says_minor(heading)
    }
    if found:
        field_, heading = next(iter(found.items()))
        units = {**recipe.amounts, **dict.fromkeys(found, "minor")}
        line = ", ".join(f"{ours}: {unit}" for ours, unit in units.items())
        raise errors.ConfigurationError(
            f"The recipe {safe(name)} maps `{field_}` to {safe(heading)!r}, whose "
            "heading says that its amounts are in cents.",
            hint=f"Say `amounts: {{{line}}}` in the recipe if 4000 means 40.00, or "
            f"`{field_}: major` there if 40.00 is written as 40.",
        )
