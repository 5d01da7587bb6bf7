"""
Names in a season list that are nearly the name of a venue or production we have. Pure.

A name that differs in upper case, spaces or punctuation only is the same; one that is
nearly the same is a question, because a mistyped name would divide a show's figures.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

Kind = Literal["venue", "production"]
NEARLY = 85  # likeness in percent from which two names may be one
_NUMBERS = re.compile(r"\d+")
_ARTICLES = frozenset({"the", "a", "an"})
# Words that name a room within a venue: a name of nothing else is no venue by itself.
_OF_ROOMS = frozenset(
    {"main", "big", "small", "large", "upstairs", "downstairs", "room", "hall", "stage"}
    | {"house", "theatre", "theater", "auditorium", "space", "venue", "bar"}
)


@dataclass(frozen=True, slots=True)
class NameQuestion:
    """
    A written name that is nearly a known one.
    """

    kind: Kind
    written: str
    known: str

    def __str__(self) -> str:
        return f'{self.kind} "{self.written}": did you mean "{self.known}"?'


@dataclass(frozen=True, slots=True)
class NameAnswers:
    """
    What a person said about names: `same` maps kind and written name to the known one,
    `new` are names that are not. `all_same` and `all_new` answer all other questions.
    """

    same: Mapping[tuple[Kind, str], str] = field(default_factory=dict)
    new: frozenset[tuple[Kind, str]] = frozenset()
    all_same: bool = False
    all_new: bool = False

    def is_new(self, kind: Kind, name: str) -> bool:
        """
        Whether a person said that a name is none of ours.
        """
        return self.all_new or (kind, name) in self.new


@dataclass(frozen=True, slots=True)
class ResolvedNames:
    """
    Written names by the known name they stand for, and the open questions.
    """

    names: Mapping[str, str]
    questions: tuple[NameQuestion, ...]


def resolve(
    kind: Kind, written: Iterable[str], known: Sequence[str], answers: NameAnswers
) -> ResolvedNames:
    """
    Which known name each written name stands for. Names that only the list has are
    compared with one another, too; the most frequent spelling counts as known. A room
    without a name of its own (Main Room) may be one of the first known venue.
    """
    names: dict[str, str] = {}
    questions: list[NameQuestion] = []
    candidates = list(known)
    for name, _ in Counter(written).most_common():
        found = same_name(name, candidates)
        near = None if found else _nearest(kind, name, candidates)
        if found is None and near is None and kind == "venue" and _is_room(name):
            near = known[0] if known else None
        if near is not None and (answers.all_same or (kind, name) in answers.same):
            found = answers.same.get((kind, name), near)
        elif near is not None and not answers.is_new(kind, name):
            questions.append(NameQuestion(kind, name, near))
        names[name] = found or name
        if found is None:
            candidates.append(name)
    return ResolvedNames(names, tuple(questions))


def same_name(name: str, known: Sequence[str]) -> str | None:
    """
    The known name that differs from this one in upper case, spaces and punctuation at
    most.
    """
    if name in known:
        return name
    wanted = _plain(name)
    return next((other for other in known if wanted and _plain(other) == wanted), None)


def _is_room(name: str) -> bool:
    words = _words(_plain(name))
    return bool(words) and words <= _OF_ROOMS


def _nearest(kind: Kind, name: str, known: Sequence[str]) -> str | None:
    scored = [(_likeness(kind, name, other), other) for other in known]
    near = [(score, other) for score, other in scored if score >= NEARLY]
    return max(near, key=lambda item: item[0])[1] if near else None


def _likeness(kind: Kind, name: str, other: str) -> float:
    """
    How alike two names are, in percent; 0 where that is less than `NEARLY`. Other
    digits are other names: Concert 1 is not Concert 2. A venue is often written with
    its address or without its article.
    """
    from rapidfuzz import fuzz

    first, second = _plain(name), _plain(other)
    if kind == "venue":
        words, others = _words(first), _words(second)
        shorter = min(words, others, key=len)
        if len(shorter) > 1 and shorter <= words & others:
            return 100.0
        first, second = " ".join(sorted(words)), " ".join(sorted(others))
    likeness = fuzz.ratio(first, second, score_cutoff=NEARLY)
    if likeness and _NUMBERS.findall(first) != _NUMBERS.findall(second):
        return 0.0
    return likeness


@lru_cache(maxsize=10_000)
def _words(plain: str) -> frozenset[str]:
    return frozenset(plain.split()) - _ARTICLES


@lru_cache(maxsize=10_000)
def _plain(name: str) -> str:
    """
    The words of a name in lower case, without punctuation.
    """
    return " ".join(re.sub(r"[^\w]+|_", " ", name.casefold()).split())
