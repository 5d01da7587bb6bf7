"""
What a person should look at in a folder until it is settled, although nothing waits for
it: reports that were left out as copies and may be returns of their own, and stored
orders whose report is gone and was read by a recipe that said something else. What is
remembered of each report for that. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, replace

from ticketsync.core.plurals import number_of
from ticketsync.core.redact import safe
from ticketsync.providers.file_import.recipes.recipe import Recipe
from ticketsync.providers.file_import.several_reports.copies import Copy
from ticketsync.providers.report_folder import (
    HeldNames,
    ReadReport,
    report_digest,
    report_name,
)

# What changes the money or the day of rows that are read already, and how a recipe
# calls it.
_MEANING = {
    "tax_on_top": "tax",
    "fee_is_kept": "buyer_fee",
    "timezone": "timezone",
    "currency": "currency",
    "per": "per",
    "signs": "signs",
    "amounts": "amounts",
}


_ASSUMED_PRICES = "assumed_prices"


def with_meaning(
    recipe: Recipe, read: Mapping[str, ReadReport], assumed: Collection[str]
) -> dict[str, ReadReport]:
    """
    Reports with what the recipe says of the money of their rows, and whether it was
    said that prices are `assumed` to be those of tickets, by their digests.
    """
    meaning = _meaning_of(recipe)
    return {
        content: replace(
            report,
            meaning={**meaning, _ASSUMED_PRICES: True}
            if content in assumed
            else meaning,
        )
        for content, report in read.items()
    }


def reports_with_assumed_prices(held: HeldNames) -> frozenset[str]:
    """
    The reports, by their digests, of which it was said that prices are assumed to be
    those of tickets.
    """
    return frozenset(
        content
        for content, report in held.read.items()
        if _ASSUMED_PRICES in report.meaning
    )


def _meaning_of(recipe: Recipe) -> dict[str, object]:
    found = asdict(recipe)
    return {name: _without_usual(found[name]) for name in _MEANING}


def _without_usual(value: object) -> object:
    """
    What `per` says, without what a price or a tax is for where it does not say it.
    """
    if not isinstance(value, Mapping):
        return value
    return {name: word for name, word in value.items() if word != "ticket"}


def of_copies(recipe: Recipe, copies: Collection[Copy]) -> Iterator[tuple[str, str]]:
    """
    By file: copies that take something back, or whose numbers are those of the file.
    """
    for copy in copies:
        has_returns = any(
            line.is_return
            for source in copy.kept.sources
            for lines in source.orders.values()
            for line in lines
        )
        if has_returns or recipe.order_numbers == "file":
            yield (
                copy.file,
                f"{safe(copy.file)} is equal to {safe(copy.kept.file.name)} and counts "
                "as one report with it: remove one of them if it is a copy, or save "
                "one with an empty line at its end if both happened",
            )


def of_other_recipe(
    recipe: Recipe, held: HeldNames, present: Collection[str], ids: Collection[str]
) -> Iterator[tuple[str, str]]:
    """
    By file: reports that are not among the `present` ones (by their keys) and gave
    orders that no report gives now; `ids` are those of all orders in the folder.
    """
    now = _meaning_of(recipe)
    for key, given in held.reports.items():
        left = set(given) - set(ids)
        read = held.read.get(report_digest(key))
        if key in present or not left or read is None:
            continue
        other = _differ(read.meaning, now)
        if other:
            name = safe(report_name(key))
            what = number_of(len(left), "order is", "orders are")
            yield (
                report_name(key),
                f"{name} is not in the folder, and {what} stored as a recipe with "
                f"another {other} read it: put it back to have it read by the present "
                "one",
            )


def _differ(before: Mapping[str, object], now: Mapping[str, object]) -> str:
    return ", ".join(
        f"`{_MEANING[name]}`"
        for name, value in before.items()
        if name in _MEANING and now[name] != _without_usual(value)
    )
