"""
Titles that say that the rows below them are not sales: "Refunds of this week". Such a
title is a line of its own, above the headings or between the rows, the name of a sheet
or of a file. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ticketsync.core.redact import safe
from ticketsync.providers.file_import.one_report import no_sale_words
from ticketsync.providers.file_import.recipes.recipe import Recipe

_SALES = r"sales?|sold|paid|purchases?|payments?|bookings?|orders?|tickets?|admissions?"
_NAMES_SALES = re.compile(rf"\b(?:{_SALES})\b", re.IGNORECASE)
_WITH = r"(?:and|&|\+|/|,|with|incl\w*\.?|less|minus|after|before|net of)"
# Titles of both, and sentences about refunds.
_OF_BOTH = re.compile(
    rf"\b(?:{_SALES}|report|transactions)\s*{_WITH}\s|{_WITH}\s*(?:{_SALES})\b"
    r"|\b(?:no|not|non|never|without|after|before|less|includ\w+|excluding|net|are|is"
    r"|was|were|be|been|may|can|will|totals?|if)\b",
    re.IGNORECASE,
)
_MOST_WORDS = 8  # of a title


@dataclass(frozen=True, slots=True)
class Section:
    """
    A title that says that what stands below it is not a sale, and where it stands, in
    words.
    """

    title: str
    place: str

    @property
    def text(self) -> str:
        return f"{safe(self.title, longest=40)!r} ({self.place})"


def names_no_sales(title: str) -> bool:
    """
    Whether what stands below that title was not sold.
    """
    return (
        bool(title)
        and no_sale_words.in_title(title)
        and _OF_BOTH.search(title) is None
        and len(title.split()) <= _MOST_WORDS
    )


def names_sales(title: str) -> bool:
    """
    Whether what stands below that title was sold.
    """
    return _NAMES_SALES.search(title) is not None and not no_sale_words.in_title(title)


def section_of(titles: Iterable[tuple[str, str]], recipe: Recipe) -> Section | None:
    """
    The last of these titles and places where it says that what stands below is not a
    sale; `None` if none says so, or a later one that it is.
    """
    section = None
    for title, place in titles:
        if recipe.is_sale_word(title) or names_sales(title):
            section = None
        elif names_no_sales(title):
            section = Section(title, place)
    return section


def as_words(name: str) -> str:
    """
    The name of a file, without its ending, as words.
    """
    stem = name.rpartition(".")[0] or name
    return re.sub(r"[\W_]+", " ", stem).strip()
