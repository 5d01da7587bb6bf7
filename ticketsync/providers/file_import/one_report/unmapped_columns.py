"""
Columns that the recipe does not map and that may change what a row is worth: its
currency, what went back of it, whether it was cancelled, how many tickets it is.

One rule for which headings these are, and for which of their cells change nothing. A
row with any other cell is not counted until a person has answered.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from ticketsync.core.written import written_amounts
from ticketsync.core.written.written_amounts import WrittenAmountError
from ticketsync.core.written.written_numbers import whole_number
from ticketsync.providers.file_import.one_report import no_sale_words, part_numbers
from ticketsync.providers.file_import.one_report.counted_types import (
    counts_places,
    several_tickets,
)
from ticketsync.providers.file_import.one_report.heading import Heading, normalise
from ticketsync.providers.file_import.one_report.seat_lists import find_seats
from ticketsync.providers.file_import.recipes import discount_names
from ticketsync.providers.file_import.recipes.recipe import Recipe

_CURRENCY = r"(?:order|ticket|transaction|payment|sale)?\s?currency(?:\scode)?|ccy|curr"
_OF = r"tickets?|seats?|admissions?|admits?|guests?|attendees?|people|persons?|places?"
_DONE = r"sold|purchased|booked|issued|ordered|bought"
_NUMBER = (
    rf"(?:total |net )?(?:(?:{_OF}|orders?|items?)\s?)?(?:qty|quantity)"
    rf"(?:\s(?:{_DONE}))?"
    rf"|(?:total |net )?(?:no|nr|num|number|count|amount of|#)\s?(?:of\s)?(?:{_OF})"
    rf"(?:\s(?:{_DONE}))?"
    rf"|(?:total |net )?(?:tickets?|seats?)\s(?:count|{_DONE})"
    r"|(?:total |net )?(?:tickets|tix|tkts|seats|guests|attendees|admissions|people)"
    r"|(?:qty|quantity)\stotal|persons|pax|party size|admits?|number sold"
)
_NOTHING = re.compile(
    r"|[-–—]+|no|n|false|none|null|nil|never|n/?a|not\s\w+", re.IGNORECASE
)
_PLACE = re.compile(
    r"(?:(?:event|show|performance)\s)?(?:venue|room|hall|auditorium|theatre|theater"
    r"|stage)(?:\sname)?"
)
_COUNT = re.compile(
    r"[x×]?\s?(?P<number>[+\-−–]?\d[\d.,'’]*|\(\d+\)|\d{1,3}(?: \d{3})+)"
    r"\s?(?:(?:[x×]|pcs?|stk|ea)\.?)?",
    re.IGNORECASE,
)
_LISTED = re.compile(r"\w\s*[,;&+]\s*\w")

_SEATS = (
    r"(?:(?:allocated|reserved|assigned)\s)?seat(?:s|ing)?"
    r"(?:\s(?:no|nr|numbers?|labels?|names?|locations?|list|info|details))?"
)
_IDS = r"(?:tickets?\s(?:no|nr|numbers?|ids?|codes?)|barcodes?)(?:\slist)?"
_TYPE = (
    r"(?:(?:ticket|price|admission)\s)?(?:types?|categor(?:y|ies)|levels?)"
    r"|tickets?(?:\s(?:names?|class|details))?|items?|products?"
)
_TO_DISCOUNT = "map it to `discount` if it is not in the price"
_TO_QUANTITY = "map it to `quantity`"
_NUMBER_ADVICE = "map a column with the number of tickets to `quantity`"

_BACK_ADVICE = "map an amount to `refunded`, or a word to `status` or `kind`"
_SHARE_ADVICE = (
    "map what was paid to `total`, and no column to `price`, unless the price is after "
    "it"
)
_NETTED = {"total", "discount", "list_price"}  # beside which a price needs no discount


_Rule = tuple[str, Callable[[str], bool]]  # what to do, and which cells ask for it


@dataclass(frozen=True, slots=True)
class UnmappedColumn:
    """
    A column without a line of the recipe, by its place and its heading as written.

    advice  what to map it to, in words
    hides   whether a cell says that its row is worth something else than it seems
    plain   the heading without what people write around its words
    is_payment  whether it says that a row was paid, or how
    """

    column: int
    name: str
    advice: str
    hides: Callable[[str], bool]
    plain: str = ""
    is_payment: bool = False


def worth_columns(heading: Heading, recipe: Recipe) -> list[UnmappedColumn]:
    """
    The columns that may change what a row is worth, and that no line of the recipe maps
    or ignores.
    """
    answered = {normalise(name) for name in recipe.ignore_columns}
    parts = _parts(heading, recipe)
    found = []
    for column in heading.unmapped:
        name = normalise(heading.names[column])
        plain = _plain(name)
        rule = None if name in answered else _rule(plain, recipe) or parts.get(column)
        if rule is not None:
            is_payment = _is_payment(plain)
            written = heading.names[column]
            found.append(UnmappedColumn(column, written, *rule, plain, is_payment))
    return found


def other_columns(heading: Heading, recipe: Recipe) -> list[int]:
    """
    All columns that no line of the recipe maps or ignores.
    """
    answered = {normalise(name) for name in recipe.ignore_columns}
    return [c for c in heading.unmapped if normalise(heading.names[c]) not in answered]


def place_column(heading: Heading, recipe: Recipe) -> int | None:
    """
    The column that says where a show plays, and that no line of the recipe maps or
    ignores; `None` where `venue` is mapped.
    """
    if "venue" in recipe.columns:
        return None
    answered = {normalise(name) for name in recipe.ignore_columns}
    names = ((c, normalise(heading.names[c])) for c in heading.unmapped)
    return next(
        (c for c, name in names if name not in answered and _PLACE.fullmatch(name)),
        None,
    )


def _parts(heading: Heading, recipe: Recipe) -> dict[int, _Rule]:
    """
    The rules of the unmapped columns that hold the number of tickets of one category
    each, where what is mapped to `quantity` is not that of all of them.
    """
    answered = {normalise(name) for name in recipe.ignore_columns}
    names = [normalise(name) for name in heading.names]
    mapped = {column for column, field in heading.fields if field == "quantity"}
    parts = [
        c
        for c, name in enumerate(names)
        if (c in heading.unmapped and name not in answered) or c in mapped
        if part_numbers.is_part(_plain(name))
    ]
    is_counted = not mapped.issubset(parts) or (not mapped and "line" in recipe.columns)
    if is_counted or not parts:
        return {}
    rule: _Rule = (_TO_QUANTITY, _is_not_one)
    if len(parts) > 1:
        together = [heading.names[c] for c in parts]
        rule = part_numbers.advice(together), part_numbers.says_tickets
    return dict.fromkeys(set(parts) - mapped, rule)


def _plain(name: str) -> str:
    """
    A heading without what people write around its words: `Refunded? (AUD)`.
    """
    plural = re.sub(r"(\w)\(s\)", r"\1s", name.replace("(%)", "%"))
    return re.sub(r"\([^)]*\)|[?:.!$€£*]", "", plural).strip()


def _rule(name: str, recipe: Recipe) -> _Rule | None:
    mapped = recipe.columns.keys()
    if re.fullmatch(_CURRENCY, name) and "currency" not in mapped:
        return "map it to `currency`", lambda text: _is_other(text, recipe.currency)
    if no_sale_words.names_no_sale(name):
        return _BACK_ADVICE, _says_something
    if _is_payment(name):
        return "map its words to `status`", no_sale_words.is_unpaid
    if "price" in mapped and not mapped & _NETTED and (rule := _discount_rule(name)):
        return rule
    # With `line`, each row is one ticket, whatever its order has.
    return None if mapped & {"quantity", "line"} else _number_rule(name)


def _is_payment(name: str) -> bool:
    return no_sale_words.names_payment(name) or no_sale_words.names_method(name)


def _discount_rule(name: str) -> _Rule | None:
    if discount_names.is_discount(name):
        return _TO_DISCOUNT, _says_something
    if discount_names.is_share(name):
        return _SHARE_ADVICE, _says_something
    if discount_names.is_credit(name):
        return _TO_DISCOUNT, _is_amount
    return None


def _number_rule(name: str) -> _Rule | None:
    is_of_seats = re.fullmatch(_SEATS, name) is not None
    if re.fullmatch(_NUMBER, name):
        return _NUMBER_ADVICE if is_of_seats else _TO_QUANTITY, _is_not_one
    if is_of_seats:
        return _NUMBER_ADVICE, _lists_seats
    if re.fullmatch(_IDS, name):
        return _NUMBER_ADVICE, _lists_ids
    if re.fullmatch(_TYPE, name):
        return _NUMBER_ADVICE, _says_several
    return None


def _says_something(text: str) -> bool:
    plain = text.strip()
    return not _NOTHING.fullmatch(plain) and not written_amounts.is_zero(
        plain.removesuffix("%")
    )


def _is_amount(text: str) -> bool:
    """
    Whether a cell is an amount other than 0, and no code such as XMAS-26.
    """
    return written_amounts.is_amount(text) and not written_amounts.is_zero(text)


def _is_other(text: str, currency: str) -> bool:
    """
    Whether a code or a sign is not that of the currency.
    """
    if not text.strip():
        return False
    try:
        written_amounts.minor_units(f"{text.strip()} 1", currency, ".")
    except WrittenAmountError:
        return True
    return False


def _is_not_one(text: str) -> bool:
    plain = text.strip()
    match = _COUNT.fullmatch(plain)
    if match is None:
        return any(
            find(plain) for find in (_LISTED.search, _says_several, _lists_seats)
        )
    try:
        return whole_number(match["number"]) != 1
    except ValueError:  # such as 1.5, or 1.250
        return True


@lru_cache(maxsize=4096)  # a report repeats the same few types
def _says_several(text: str) -> bool:
    return bool(several_tickets([text]))


def _lists_seats(text: str) -> bool:
    found = find_seats(text)
    is_list = found is not None and found.certainty == "sure"
    return is_list or counts_places(text)


def _lists_ids(text: str) -> bool:
    """
    Whether several numbers of tickets stand in a cell; `1001-1002` may be one.
    """
    found = find_seats(text)
    return found is not None and found.certainty != "rare" and not found.has_range
