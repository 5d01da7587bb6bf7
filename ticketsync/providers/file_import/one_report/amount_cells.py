"""
Cells with amounts: the decimal sign of each column, and each cell as plain text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ticketsync.core import money
from ticketsync.core.redact import safe
from ticketsync.core.spreadsheets import rows
from ticketsync.core.written import written_amounts
from ticketsync.core.written.written_amounts import DecimalSign, WrittenAmountError
from ticketsync.providers.file_import.one_report.cell_problem import CellProblem, Column
from ticketsync.providers.file_import.recipes.recipe import Recipe
from ticketsync.providers.file_import.recipes.recipe_keys import AMOUNTS

_CONTRADICTORY = "and its column has decimal points and decimal commas"
_YAML_WORDS = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null"])
_DECIMALS = re.compile(r"[.,]\d{1,2}(?!\d)")
_LONGEST_WORD = 30  # of those that may mean that nothing was paid


def decimal_signs(
    recipe: Recipe, columns: Mapping[str, Column]
) -> dict[str, DecimalSign | None]:
    """
    The decimal sign of each column of amounts: the recipe's, else what the column
    shows, else what the other columns of the table agree on.
    """
    amounts = [field for field in columns if field in AMOUNTS]
    if recipe.decimal:
        return dict.fromkeys(amounts, _sign(recipe.decimal))
    shown = {
        field: written_amounts.decimal_sign(
            {text for text, kind in columns[field] if kind == rows.TEXT and text}
        )
        for field in amounts
    }
    others = {sign for sign in shown.values() if sign}
    common: DecimalSign = others.pop() if len(others) == 1 else ""
    return {field: common if sign == "" else sign for field, sign in shown.items()}


def _sign(text: str) -> DecimalSign:
    return "," if text == "," else "."


class AmountCells:
    """
    Converts the cells of one column of amounts: `(text, kind, currency)` → plain text.
    Raises `CellProblem`.
    """

    def __init__(
        self,
        recipe: Recipe,
        field: str,
        sign: DecimalSign | None,
        *,
        blank_is_free: bool,
    ) -> None:
        self._field = field
        self._sign: DecimalSign = sign or ""
        self._is_contradictory = sign is None
        self._is_certain = bool(recipe.decimal)
        self._is_minor = recipe.amounts.get(field) == "minor"
        self._free = {word.casefold() for word in recipe.free}
        if not (blank_is_free and field in ("price", "total")):
            self._free.discard("")

    def __call__(self, text: str, kind: str, currency: str = "") -> str:
        if text.casefold() in self._free:
            return money.decimal_text(0, currency)
        if not text:
            return ""
        try:
            if kind == rows.NUMBER:
                minor = written_amounts.from_number(text, currency)
            elif kind not in (rows.TEXT, rows.FLAG):
                raise WrittenAmountError("a date, not an amount")
            elif self._is_contradictory and re.search(r"[.,]", text):
                raise WrittenAmountError(
                    f"{_CONTRADICTORY}: say `decimal:` in the recipe"
                )
            else:
                minor = written_amounts.minor_units(text, currency, self._sign)
                if not self._is_certain and written_amounts.may_be_group(
                    text, currency, self._sign
                ):
                    minor = written_amounts.minor_units(text, currency, "")
        except WrittenAmountError as error:
            remedy = self._remedy(text, currency, error.reason)
            raise CellProblem(
                f"{self._field} is {safe(text)!r}, {error.reason}{remedy}"
            ) from None
        if self._is_minor:
            minor = self._in_cents(text, kind, minor, currency)
        return money.decimal_text(minor, currency)

    def _in_cents(self, text: str, kind: str, minor: int, currency: str) -> int:
        """
        The minor units of an amount that was read as if it were whole units.
        """
        unit: int = 10 ** money.exponent(currency)
        units, rest = divmod(minor, unit)
        if rest or (kind == rows.TEXT and _DECIMALS.search(text)):
            raise CellProblem(
                f"{self._field} is {safe(text)!r}, an amount with decimals, and the "
                "recipe says that its column is in cents (`amounts`)"
            )
        return units

    def _remedy(self, text: str, currency: str, reason: str) -> str:
        if reason.startswith("which could"):
            return f": say `decimal:` in the recipe; {_readings(text, currency)}"
        if reason.startswith(_CONTRADICTORY):
            return f"; {_readings(text, currency)}"
        if reason == "not an amount" and _is_word(text):
            is_plain = text.isalpha() and text.casefold() not in _YAML_WORDS
            listed = text if is_plain else f'"{text}"'
            return f"; if it means 0: `free: [{listed}]` in the recipe"
        return ""


def _readings(text: str, currency: str) -> str:
    """
    What each answer makes of a text: `with decimal: "." it is 1.25, with decimal: ","
    1250.00`.
    """
    found = []
    for sign in written_amounts.DECIMAL_SIGNS:
        try:
            minor = written_amounts.minor_units(text, currency, sign)
        except WrittenAmountError as error:
            found.append(error.reason)
        else:
            found.append(money.decimal_text(minor, currency))
    first, second = written_amounts.DECIMAL_SIGNS
    return (
        f'with `decimal: "{first}"` it is {found[0]}, with `decimal: "{second}"` '
        f"{found[1]}"
    )


def _is_word(text: str) -> bool:
    """
    Whether a text without a number may be a word for nothing; `#N/A` is an error.
    """
    is_plain = not re.search(r'[\d#"\\]', text)
    return is_plain and text.isprintable() and len(text) <= _LONGEST_WORD
