"""
In which order the dates of a report are read, where its columns decide it: one cell may
decide that of all others. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ticketsync.core.redact import safe
from ticketsync.core.spreadsheets import rows
from ticketsync.core.written import date_orders
from ticketsync.providers.file_import.one_report.columns import Convert
from ticketsync.providers.file_import.one_report.report_rows import MappedRow
from ticketsync.providers.file_import.one_report.time_cells import TimeCells
from ticketsync.providers.file_import.recipes.recipe import Recipe


@dataclass(frozen=True, slots=True)
class DateNote:
    """
    What the dates of a column are read by, in a sentence, and whether dates are usually
    written so where the recipe's time zone is.
    """

    text: str
    is_usual: bool


def notes_on_dates(
    recipe: Recipe,
    file: str,
    fields: Sequence[str],
    mapped: Sequence[MappedRow],
    converters: Mapping[str, Convert],
) -> Iterator[DateNote]:
    """
    One note for each column of a table with dates that could be read in two orders and
    one that could not.
    """
    for n, field in enumerate(fields):
        convert = converters.get(field)
        order = convert.by_column if isinstance(convert, TimeCells) else None
        if order is None:
            continue
        texts: dict[str, str] = {}
        for row in mapped:
            if not row.problem and (not row.kinds or row.kinds[n] == rows.TEXT):
                texts.setdefault(row.values[n], row.position)
        example = date_orders.doubtful(texts, order, recipe.timezone)
        reason = date_orders.deciding(texts)
        if example is None or reason is None:
            continue
        yield DateNote(
            f"{file}: {field} such as {safe(example)!r} is read with the "
            f"{date_orders.comes_first(order)} first, because of {safe(reason)!r} "
            f"({texts[reason]}); correct that one if it is a mistake, or say `dates: "
            "dmy` or `mdy` in the recipe",
            order == date_orders.order_in_zone(recipe.timezone),
        )
