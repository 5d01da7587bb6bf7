"""
Texts that name several seats: `A1, A2`, `A1-A4, B2`, `Row A seats 1-4`, `A1 A2`. A row
and a seat of it (`Table 4 Seat 2`, `12-14`) are one place. Pure.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

_CODE = r"[^\W\d_]{0,3}\s?\d{1,4}[^\W\d_]?"
_LETTERED = r"[^\W\d_]{1,3}[\s.-]?\d{1,4}[^\W\d_]?"
_LONE = re.compile(_CODE)
_SEPARATOR = re.compile(
    r"\s*(?:[,;&+/|\n]|(?<=\d)\.(?=\s)|\b(?:and|und|et)\b"
    r"|(?<=\d\s)(?:y|e|en|och|og)(?=\s))\s*",  # E and Y may be rows
    re.IGNORECASE,
)
_REMARK = re.compile(r"[(\[][^()\[\]\d]*[)\]]")  # (aisle)
_LONGEST = 2000  # characters; a longer text is not a list of seats
_PART = re.compile(r"(?P<words>.*[\s:.#-]|)(?P<code>[^\W\d_]{0,3}\d{1,12}[^\W\d_]?)")
_RANGE = re.compile(
    r"(?P<words>.*[\s:.,#]|)(?P<first>[^\W\d_]{0,3})\s?(?P<low>\d{1,4})\s*"
    r"(?:[-–—]>?|[~→…]|\.{2,}|:(?=[^\W\d_])|\b(?:to|thru|through|bis|à|tot)\b)\s*"
    r"(?P<last>[^\W\d_]{0,3})\s?(?P<high>\d{1,4})",
    re.IGNORECASE,
)
_SPACED = re.compile(
    rf"(?P<words>(?:[^\W\d_]{{2,}}[\s:]+)*)(?P<codes>{_LETTERED}(?:\s+{_LETTERED})+)"
)
_SPACED_LETTERS = re.compile(r"\d{1,3}[^\W\d_](?:\s+\d{1,3}[^\W\d_])+")  # 1A 2A
_WORDS_BEHIND = re.compile(
    r"(?P<seats>.*\d[^\W\d_]?)[\s,]+(?P<words>[^\W\d_]+(?:[\s,.]+[^\W\d_]+)*)"
)
_BRACKETS = {("(", ")"), ("[", "]"), ("{", "}")}
_QUOTES = str.maketrans(dict.fromkeys("'\"", ""))
_SPACED_NUMBERS = re.compile(r"\d{1,4}(?:\s+\d{1,4})+")
_NUMBERS_BEHIND = re.compile(
    rf"(?:.*[\s:])?(?P<word>[^\W\d_]+)[\s:]+(?P<numbers>{_SPACED_NUMBERS.pattern})"
)
# Words before the number of a place that has seats, and of a seat.
_PLACES = {
    *("row", "table", "block", "section", "sector", "level", "floor", "gate", "door"),
    *("entrance", "aisle", "stand", "box", "tier", "zone", "area", "bay", "booth"),
    *("room", "reihe", "rang", "tisch", "loge", "rij", "fila"),
}
_OF_SEATS = frozenset(
    [
        *("seat", "seats", "chair", "chairs", "place", "places", "platz", "plätze"),
        *("sitz", "sitze", "stoel", "stoelen", "asiento", "asientos", "posto", "posti"),
    ]
)

# Whether several seats are meant: surely; unless the column shows that it has rows and
# seats; only where the column has seats alone as well.
Certainty = Literal["sure", "usual", "rare"]


@dataclass(frozen=True, slots=True)
class SeatList:
    """
    How many seats a text names; `goes_down` where the second number is no higher than
    the first, as that of a seat is behind that of a row.
    """

    count: int
    certainty: Certainty
    has_range: bool = False
    goes_down: bool = False


@dataclass(frozen=True, slots=True)
class _Part:
    """
    One seat, or the first and the last of a range, behind its `words`.
    """

    words: tuple[str, ...]
    letters: str
    number: int
    count: int = 1
    certainty: Certainty = "sure"


def several_seats(texts: Iterable[str]) -> dict[str, SeatList]:
    """
    Which texts of a column name several seats. `12-14`, `1, 5` and `A1-4` may be a row
    and a seat: they are where some text of the column goes down, as `12-3` does, and no
    seat is written alone.
    """
    plain = {text: _without_remarks(text) for text in texts}
    known = {text: found for text in plain if (found := find_seats(text))}
    has_alone = any(_LONE.fullmatch(it) for it in plain.values())
    is_place = any(found.goes_down for found in known.values()) and not has_alone
    meant: dict[Certainty, bool] = {
        "sure": True,
        "usual": not is_place,
        "rare": has_alone,
    }
    return {
        text: found
        for text, found in known.items()
        if meant[found.certainty] and (found.certainty == "sure" or not found.goes_down)
    }


def find_seats(text: str) -> SeatList | None:
    """
    The seats that a text may name, if these are several.
    """
    plain = _without_remarks(text)
    if sum(map(str.isdecimal, plain)) < 2:
        return None
    found = _spaced(plain) or _listed(_parts(plain))
    if found is not None or not plain[-1].isalpha():
        return found
    match = _WORDS_BEHIND.fullmatch(plain)
    if match is None:
        return None
    turned = f"{match['words']} {match['seats']}"  # 1-4 Row A
    return _spaced(turned) or _listed(_parts(turned))


def _without_remarks(text: str) -> str:
    """
    A text without remarks, quotes, and brackets around all of it.
    """
    if len(text) > _LONGEST:
        return ""
    plain = _REMARK.sub("", text).translate(_QUOTES).strip()
    return plain[1:-1].strip() if (plain[:1], plain[-1:]) in _BRACKETS else plain


def _spaced(text: str) -> SeatList | None:
    if _SPACED_NUMBERS.fullmatch(text):
        numbers = [int(number) for number in text.split()]
        return SeatList(len(numbers), "rare", goes_down=numbers != sorted(set(numbers)))
    if text[-1].isalpha() and _SPACED_LETTERS.fullmatch(text):
        codes = text.casefold().split()
        is_alike = 1 in (len({it[-1] for it in codes}), len({it[:-1] for it in codes}))
        return SeatList(len(codes), "sure" if is_alike else "rare")
    match = _SPACED.fullmatch(text)
    if match is None:
        return _behind_row(text)
    codes = re.findall(_LETTERED, match["codes"])
    rows = {re.sub(r"\s?\d.*", "", code).casefold() for code in codes}
    return SeatList(len(codes), "sure" if len(rows) == 1 else "rare")


def _behind_row(text: str) -> SeatList | None:
    """
    The seats of `Row C 4 5 6`; behind other words (`Row 4 5`) two numbers are a row and
    a seat.
    """
    match = _NUMBERS_BEHIND.fullmatch(text)
    if match is None:
        return None
    numbers = [int(number) for number in match["numbers"].split()]
    word = match["word"].casefold()
    is_of_seats = len(word) == 1 or word in _OF_SEATS or len(numbers) > 2
    if not is_of_seats or numbers != sorted(set(numbers)):
        return None
    return SeatList(len(numbers), "usual")


def _parts(text: str) -> list[_Part]:
    """
    The seats and ranges of a text; none where a part is neither. Words without a number
    belong to the next part.
    """
    found: list[_Part] = []
    before = ""
    for piece in _SEPARATOR.split(text):
        whole = f"{before} {piece}".strip()
        if not re.search(r"\d", piece):
            before = whole
            continue
        part = _range(whole) or _seat(whole)
        if part is None:
            return []
        found.append(part)
        before = ""
    return found


def _range(text: str) -> _Part | None:
    match = _RANGE.fullmatch(text)
    if match is None:
        return None
    low, high = int(match["low"]), int(match["high"])
    words, first, last = _words(match["words"]), match["first"], match["last"]
    if last and last.casefold() != first.casefold():
        return _Part(words, first, low, 2, "rare")
    is_sure = bool(last) or _is_of_seats(words)
    if is_sure and high <= low:
        return None
    certainty: Certainty = "sure" if is_sure else "usual"
    return _Part(words, first, low, high - low + 1, certainty)


def _is_of_seats(words: Sequence[str]) -> bool:
    """
    Whether a number behind these words is that of a seat: `Row A`, `Row 3 seats`.
    """
    if not words or words[-1] in _PLACES:
        return False
    return words[-1] in _OF_SEATS or "row" in words


def _seat(text: str) -> _Part | None:
    match = _PART.fullmatch(text)
    if match is None:
        return None
    code = match["code"]
    letters = re.sub(r"\d", "", code).casefold()
    number = int(re.sub(r"\D", "", code))
    return _Part(_words(match["words"]), letters, number)


def _words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", text.casefold()))


def _listed(parts: Sequence[_Part]) -> SeatList | None:
    if not parts:
        return None
    count = sum(max(part.count, 1) for part in parts)
    has_range = any(part.count != 1 for part in parts)
    first, others = parts[0], parts[1:]
    if not others:
        if not has_range:
            return None
        down = first.count < 2
        return SeatList(max(first.count, 2), first.certainty, True, down)
    if not all(_go_on(first, part) for part in others):
        return None
    is_bare = not others[-1].letters and others[-1].words != first.words
    is_usual = not first.words and not others[-1].letters
    is_usual |= is_bare and bool(first.words) and first.words[-1] in _PLACES
    if not is_usual or has_range:
        return SeatList(count, "sure", has_range)
    numbers = [part.number for part in parts]
    down = any(b <= a for a, b in itertools.pairwise(numbers))
    return SeatList(count, "usual", goes_down=down)


def _go_on(first: _Part, part: _Part) -> bool:
    """
    Whether a part is a further seat, and not the seat of the place before it.
    """
    if not part.words:
        is_of_place = bool(first.words) and first.words[-1] in _PLACES
        return bool(first.letters or not part.letters) and not (
            is_of_place and part.letters
        )
    labels = _labels(first.words), _labels(part.words)
    return labels[0] == labels[1] and bool(first.words)


def _labels(words: Iterable[str]) -> list[str]:
    known = _PLACES | _OF_SEATS
    return [w.removesuffix("s") for w in words if w in known or w[:-1] in known]
