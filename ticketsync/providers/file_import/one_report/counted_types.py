"""
Types of tickets that say how many a row is: `2 Adults`, `Adult (x2)`, `1 Adult, 2
Children`. Ages, offers and tickets for a group (`Under 16`, `2 for 1`, `Family of 4`)
are one ticket. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

_WORD_NUMBERS = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
_NUMBER = rf"(?P<number>\d{{1,3}}|{'|'.join(_WORD_NUMBERS)})"
_ONE = (
    r"adult|child|kid|concession|student|senior|pensioner|ticket|seat|person|guest|"
    r"admission|member|infant|junior|youth|carer|companion|teen|teenager|"
    r"erw|kind|karte|sch[uü]ler|adulte|enfant|billet|adulto|ni[nñ]o|"
    r"entrada|biglietto|bambino|volwassene"
)
_MANY = (
    r"adults|children|kids|concessions|students|seniors|pensioners|tickets|tix|seats|"
    r"persons|people|guests|admissions|members|infants|juniors|youths|carers|"
    r"companions|teens|teenagers|"
    r"erw|erwachsener?|kinder|karten|pl[aä]tze|studenten|senioren|personen|adultes|"
    r"enfants|billets|places|personnes|adultos|ni[nñ]os|personas|entradas|biglietti|"
    r"adulti|bambini|persone|volwassenen|kinderen"
)
_HEADS = r"tickets?|tix|seats?|pax|persons?|people|guests?|admissions?"
_TIMES_SIGN = r"(?:(?<![^\W_])x|[×*])"

_LONGEST = 200  # characters of a type; a longer text is a remark

# One ticket for several people, or for several days or shows.
_GROUP = re.compile(
    r"\b(?:family|famil(?:y|ies)|group|table|box|booth|pack|package|bundle|pass|party|"
    r"couple|duo|household|deal|offer|hamper)\b",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r"\b(?:days?|nights?|weeks?|months?|years?|yrs?|hours?|hrs?|mins?|stars?|courses?|"
    r"shows?|sessions?|films?|concerts?|events?|parks?|zones?|visits?|trips?|games?|"
    r"and|or|plus|over|under|to|for|of)\b",
    re.IGNORECASE,
)
_TIMES_BEFORE = re.compile(r"(?P<number>\d{1,3})\s?[x×*]\s?[^\W\d_]{2}.*", re.I)
_TIMES_BEHIND = re.compile(
    rf".*[\w)]\s*[(\[]?\s*(?:{_TIMES_SIGN}\s?(?P<number>\d{{1,3}})"
    rf"|(?<=[\s(\[])(?P<other>\d{{1,3}})\s?[x×*])\s*[)\]]?",
    re.IGNORECASE,
)
_TIMES_INSIDE = re.compile(r".*[\s:]\s*(?P<number>\d{1,3})\s?[x×*]\s[^\W\d_].*", re.I)
_PEOPLE = re.compile(
    rf"{_NUMBER}\s+(?P<between>(?:[^\W\d_]+[\s-]+){{0,3}})(?:{_MANY})\b.*",
    re.IGNORECASE,
)
_HEADS_BEHIND = re.compile(
    rf".*[(\[:,\-–]\s*(?P<number>\d{{1,3}})\s+(?:{_HEADS})\s*[)\]]?", re.IGNORECASE
)
_QUANTITY = re.compile(
    r".*\b(?:qty|quantity)\W{0,3}(?P<number>\d{1,3})\W{0,2}", re.IGNORECASE
)
_PERSON_BEHIND = re.compile(
    rf"(?:.*\s)?(?:{_ONE}|{_MANY})s?\s*(?:[:=]\s*(?P<number>\d{{1,2}})"
    rf"|[(\[]\s*(?P<other>[2-9])\s*[)\]])",
    re.IGNORECASE,
)
# A place; rows and seats are called X as well, but not x.
_TIMES_OF_PLACE = re.compile(
    r".*[\w)\]]\s*[(\[]?\s*(?<![^\W_])[x×*]\s?(?P<number>\d{1,3})\s*[)\]]?"
    r"|(?P<other>\d{1,3})\s?[x×*]\s+\S.*"
)
_HEADS_OF_PLACE = re.compile(
    rf"(?:.*[(\[:,\-–]\s*)?(?P<number>\d{{1,3}})\s+(?:{_HEADS})\s*[)\]]?",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"(?P<number>\d{1,3})\s*[x×*]?\s*(?P<name>[^\W\d_].*)")
_BRACKETED = re.compile(r"(?P<name>.*[^\W\d_])\s*[(\[]\s*(?P<number>\d{1,2})\s*[)\]]")
_PERSON = re.compile(rf"\b(?:{_ONE}|{_MANY})\b", re.IGNORECASE)
_ADDED = re.compile(r"\s*(?:[,;&+/|\n]|\b(?:and|plus|und|et)\b)\s*", re.IGNORECASE)
_TIMES_SIGNS = frozenset("x×*")
_END_OF_HEADS = frozenset("tTsSxXnNeE])")  # the last letters of `_HEADS`
_DIGIT = re.compile(r"\d")
_LISTED = re.compile(r"\s*[,;/|\n]\s*")


def several_tickets(texts: Iterable[str]) -> set[str]:
    """
    Which types of a column say that their rows are several tickets.
    """
    given = [text for text in texts if len(text) <= _LONGEST]
    known = {text.strip() for text in given} - {""}
    names = {text.casefold() for text in known}
    counted = _counted_names(known)
    return {
        text
        for text in given
        if (plain := text.strip())
        and (
            _says_number(plain)
            or _is_list(plain, names)
            or _is_counted(plain, names, counted)
        )
    }


def counts_places(text: str) -> bool:
    """
    Whether a text that says a place, `GA x 2` or `A1 (2 seats)`, says a number of
    tickets above one.
    """
    plain = text.strip()
    if not plain or len(plain) > _LONGEST:
        return False
    if not _DIGIT.search(plain):
        listed = _LISTED.split(plain)
        return len(listed) > 1 and len(set(listed)) == 1
    if not _TIMES_SIGNS.isdisjoint(plain) and _matches(_TIMES_OF_PLACE, plain):
        return True
    return plain[-1] in _END_OF_HEADS and _matches(_HEADS_OF_PLACE, plain)


def _says_number(text: str) -> bool:
    """
    Whether a text alone says a number of tickets above one.
    """
    if _matches(_TIMES_BEFORE, text) or _matches(_TIMES_BEHIND, text):
        return True
    if _GROUP.search(text):
        return False
    match = _PEOPLE.fullmatch(text)
    if match and not _UNIT.search(match["between"]) and _above_one(match["number"]):
        return True
    return any(
        _matches(pattern, text)
        for pattern in (_TIMES_INSIDE, _HEADS_BEHIND, _QUANTITY, _PERSON_BEHIND)
    )


def _matches(pattern: re.Pattern[str], text: str) -> bool:
    match = pattern.fullmatch(text)
    if match is None:
        return False
    found = match.groupdict()
    return _above_one(found.get("number") or found.get("other") or "")


def _above_one(number: str) -> bool:
    return int(number) > 1 if number.isdecimal() else bool(number)


def _is_list(text: str, names: Collection[str]) -> bool:
    """
    Whether a text lists numbers of people (`1 Adult, 1 Child`), or types that the
    column has alone as well (`Adult, Child`).
    """
    parts = _ADDED.split(text)
    numbered = [match for part in parts if (match := _COUNTED.fullmatch(part))]
    if len(parts) > 1 and len(numbered) == len(parts) and not _GROUP.search(text):
        return all(_PERSON.search(match["name"]) for match in numbered)
    listed = [part.casefold() for part in _LISTED.split(text)]
    if len(listed) < 2 or "" in listed:
        return False
    return len(set(listed)) == 1 or all(part in names for part in listed)


def _counted_names(texts: Iterable[str]) -> dict[str, set[str]]:
    """
    The numbers that stand before each name of a column.
    """
    found: dict[str, set[str]] = {}
    for text in texts:
        match = _COUNTED.fullmatch(text)
        if match:
            found.setdefault(match["name"].casefold(), set()).add(match["number"])
    return found


def _is_counted(
    text: str, names: Collection[str], counted: dict[str, set[str]]
) -> bool:
    """
    Whether a name has a number that the column has without one, or with one: `2 VIP`
    beside `VIP` or `1 VIP`, `VIP (2)` beside `VIP`.
    """
    for match in (_COUNTED.fullmatch(text), _BRACKETED.fullmatch(text)):
        if match is None or not _above_one(match["number"]):
            continue
        name = match["name"].casefold()
        if _UNIT.match(name) or _GROUP.search(name):
            continue
        if name in names or (match.re is _COUNTED and "1" in counted.get(name, ())):
            return True
    return False
