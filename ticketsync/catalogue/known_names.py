"""
Names in a season list that are nearly the name of a venue or production we have, or may
be a room of a venue. Pure.

A name that differs in upper case, spaces or punctuation only is the same; one that is
nearly the same is a question, because a mistyped name would divide a show's figures.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

from ticketsync.catalogue.matching_rules.candidates import ARTICLES
from ticketsync.core import errors, near_words
from ticketsync.core.redact import safe

Kind = Literal["venue", "production"]
Origin = Literal["former", "confirmed", "room"]
NEW = "new"  # said of a room: it is a venue of its own
NEARLY = 85  # likeness in percent from which two names may be one
_NUMBERS = re.compile(r"\d+")
# Words that name a room within a venue: a name of nothing else is not a venue by
# itself.
_OF_ROOMS = frozenset(
    {"main", "big", "small", "large", "upstairs", "downstairs", "room", "hall", "stage"}
    | {"house", "theatre", "theater", "auditorium", "space", "venue", "bar"}
)


@dataclass(frozen=True, slots=True)
class OtherName:
    """
    A name by which a list may call what we know as `known`: a former one, one that a
    person confirmed, or that of a room of it.
    """

    name: str
    known: str
    origin: Origin

    def __str__(self) -> str:
        if self.origin == "room":
            return f'"{self.name}" is read as a room of {self.known}'
        if self.origin == "former":
            return f'"{self.name}" is called "{self.known}" now'
        return f'"{self.name}" is read as "{self.known}", as confirmed'


@dataclass(frozen=True, slots=True)
class NameQuestion:
    """
    A written name that is nearly a known one; or, with `rooms_of`, one of a venue that
    is none of ours and may be a room of one of these, most likely of `known`; or, with
    a `reference`, a title that the list gives a show of `known` with that one.
    """

    kind: Kind
    written: str
    known: str
    rooms_of: tuple[str, ...] = ()
    reference: str = ""

    @property
    def choices(self) -> tuple[str, ...]:
        """
        The known names that it may stand for.
        """
        return self.rooms_of or (self.known,)

    def __str__(self) -> str:
        if self.reference:
            return (
                f'{self.kind} "{self.written}": its reference "{self.reference}" is a '
                f'show of "{self.known}". Did you mean that?'
            )
        if not self.rooms_of:
            return f'{self.kind} "{self.written}": did you mean "{self.known}"?'
        ours = f'"{self.known}"' if len(self.rooms_of) == 1 else "one that you have"
        return f'venue "{self.written}": is it a new venue, or a room of {ours}?'


@dataclass(frozen=True, slots=True)
class NameAnswers:
    """
    What a person said about names: `same` maps kind and written name to the known one,
    `new` are names that are not. `rooms` maps the written name of a room, however it is
    spelled, to its venue, or to `NEW`. `all_same` and `all_new` answer the other
    questions; `all_same` says nothing about names that are like none of ours.
    """

    same: Mapping[tuple[Kind, str], str] = field(default_factory=dict)
    new: frozenset[tuple[Kind, str]] = frozenset()
    rooms: Mapping[str, str] = field(default_factory=dict)
    all_same: bool = False
    all_new: bool = False

    def is_new(self, kind: Kind, name: str) -> bool:
        """
        Whether a person said that a name is none of ours.
        """
        if self.all_new or (kind, name) in self.new:
            return True
        return kind == "venue" and self._venue_of(name) == NEW

    def is_said(self, kind: Kind, name: str) -> bool:
        """
        Whether a person said of this very name what it is.
        """
        if (kind, name) in self.same or (kind, name) in self.new:
            return True
        return kind == "venue" and self._venue_of(name) is not None

    def find(self, question: NameQuestion) -> str | None:
        """
        The known name that a person said it is.
        """
        kind, written = question.kind, question.written
        if (kind, written) in self.same:
            return self.same[kind, written]
        venue = self._venue_of(written) if kind == "venue" else None
        if venue is not None:
            return None if venue == NEW else venue
        is_near = not question.rooms_of or _is_room(written)
        return question.known if self.all_same and is_near else None

    def _venue_of(self, room: str) -> str | None:
        spelled = same_name(room, list(self.rooms))
        return None if spelled is None else self.rooms[spelled]


@dataclass(frozen=True, slots=True)
class ResolvedNames:
    """
    Written names by the known name they stand for, those that are rooms by one spelling
    of each room, and the open questions. `others` are those that are another name of a
    known one, `answered` those that an answer decided.
    """

    names: Mapping[str, str]
    questions: tuple[NameQuestion, ...]
    rooms: Mapping[str, str] = field(default_factory=dict)
    others: tuple[OtherName, ...] = ()
    answered: tuple[OtherName, ...] = ()


def resolve(
    kind: Kind,
    written: Iterable[str],
    known: Sequence[str],
    answers: NameAnswers,
    others: Sequence[OtherName] = (),
    *,
    by_reference: Mapping[str, NameQuestion] = MappingProxyType({}),
    may_be_rooms: bool = False,
) -> ResolvedNames:
    """
    Which known name each written name stands for. Names that only the list has are
    compared with one another, too; the most frequent spelling counts as known. A known
    name counts before one of `others`. `by_reference` has what is asked about a title
    because of the references that it comes with.

    Where we have a venue, one that is like none of ours is new only if its name is more
    than that of a room (Main Room), or with `may_be_rooms` only if a person says so.
    """
    resolution = _Resolution(kind, known, answers, others, by_reference)
    for name, _ in Counter(written).most_common():
        resolution.add(name, may_be_room=may_be_rooms or _is_room(name))
    return resolution.resolved


def question_about(
    kind: Kind, name: str, known: Sequence[str], others: Sequence[OtherName]
) -> str:
    """
    Which known name a person may have meant, to be added to a message: one that is the
    same but for case, spaces or punctuation, or nearly the same, or the nearest.
    """
    answers = NameAnswers(all_same=True)
    same = resolve(kind, [name], known, answers, others).names[name]
    near = same if same != name else near_words.nearest_name(name, known)
    return near_words.question(near)


class _Resolution:
    """
    Resolves names one by one; those of the list count as known from then on.
    """

    def __init__(
        self,
        kind: Kind,
        known: Sequence[str],
        answers: NameAnswers,
        others: Sequence[OtherName],
        by_reference: Mapping[str, NameQuestion],
    ) -> None:
        self._kind = kind
        self._known = known
        self._answers = answers
        self._others = {other.name: other for other in others}
        self._by_reference = by_reference
        self._candidates = list(known)
        self._names: dict[str, str] = {}
        self._rooms: dict[str, str] = {}
        self._questions: list[NameQuestion] = []
        self._used: list[OtherName] = []
        self._answered: list[OtherName] = []

    @property
    def resolved(self) -> ResolvedNames:
        return ResolvedNames(
            *(self._names, tuple(self._questions), self._rooms),
            *(tuple(self._used), tuple(self._answered)),
        )

    def add(self, name: str, *, may_be_room: bool) -> None:
        found = same_name(name, self._candidates)
        if found is not None:
            if found in self._rooms:
                self._rooms[name] = self._rooms[found]
        else:
            found = self._another(name) or self._ask(name, may_be_room=may_be_room)
            self._candidates.append(name)
        self._names[name] = self._names.get(found, found) if found else name

    def _another(self, name: str) -> str | None:
        """
        What a name that is another one of ours stands for.
        """
        spelled = same_name(name, list(self._others))
        if spelled is None or self._answers.is_said(self._kind, name):
            return None
        other = replace(self._others[spelled], name=name)
        self._used.append(other)
        if other.origin == "room":
            self._rooms[name] = name
        return other.known

    def _ask(self, name: str, *, may_be_room: bool) -> str | None:
        """
        The known name that a person said a new one is; otherwise it may be a question.
        """
        question = self._question(name, may_be_room=may_be_room)
        if question is None:
            return None
        found = self._answers.find(question)
        if found is None:
            if not self._answers.is_new(self._kind, name):
                self._questions.append(question)
            return None
        if question.rooms_of:
            self._rooms[name] = name
        origin: Origin = "room" if question.rooms_of else "confirmed"
        known = self._names.get(found, found)
        self._answered.append(OtherName(name, known, origin))
        return found

    def _question(self, name: str, *, may_be_room: bool) -> NameQuestion | None:
        near = _nearest(self._kind, name, self._candidates)
        if near is not None:
            return NameQuestion(self._kind, name, self._names.get(near, near))
        if name in self._by_reference:
            return self._by_reference[name]
        if self._kind == "venue" and may_be_room and self._known:
            return NameQuestion(self._kind, name, self._known[0], tuple(self._known))
        return None


def check_rooms(answers: NameAnswers, venues: Sequence[str]) -> NameAnswers:
    """
    The answers with the venues of rooms by the names that we have for them.

    Raises: `UsageError` for a venue that is none of ours.
    """
    rooms = {}
    for room, venue in answers.rooms.items():
        ours = NEW if venue == NEW else same_name(venue, venues)
        if ours is None:
            raise errors.UsageError(
                f'--room "{safe(room)}={safe(venue)}": there is no venue '
                f"{safe(venue)!r}.",
                hint="See `ticketsync venues list`.",
            )
        rooms[room] = ours
    return replace(answers, rooms=rooms)


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
    return frozenset(plain.split()) - ARTICLES


@lru_cache(maxsize=10_000)
def _plain(name: str) -> str:
    """
    The words of a name in lower case, without punctuation.
    """
    return " ".join(re.sub(r"[^\w]+|_", " ", name.casefold()).split())
