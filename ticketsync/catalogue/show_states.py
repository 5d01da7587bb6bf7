"""
Whether a row of a season list plays, from its status or its title. Pure.

Only words that are known mean that a show plays: one that nobody knows may say that it
does not, and waits for an answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, get_args

State = Literal["on", "cancelled", "unconfirmed", "unknown"]
StatusAnswer = Literal["plays", "cancelled", "open"]
STATUS_ANSWERS: tuple[StatusAnswer, ...] = get_args(StatusAnswer)

_CANCELLED = r"(?:cancell?ed|cxl'?e?d?|cncl'?d?|called off)"
_OPEN = (
    r"(?:postponed|t\.?b\.?[acd]\.?|tentative|provisional|pencil(?:led)?(?: in)?"
    r"|(?:\d(?:st|nd|rd|th)\s+)?(?:on )?hold(?:\s*#?\d+)?|unconfirmed|draft)"
)
_PLAYS = re.compile(
    r"|on|yes|y|ok|true|on[\s-]?sale|sale|live|active|open|confirmed|contracted|booked"
    r"|scheduled|announced|published|public|plays|playing|going ahead|go|running"
    r"|sold[\s-]?out|selling(?: fast)?|few left|limited|available|free|normal|fixed"
    r"|final|definite|planned|past|played|done|completed|ended|private|busy",
    re.IGNORECASE,
)
_WORDS: tuple[tuple[State, str], ...] = (
    ("cancelled", _CANCELLED),
    ("unconfirmed", _OPEN),
)
_BEFORE = {
    state: re.compile(rf"[\[(*]*{word}\s*[\])*:–—-]+\s*(?=\S)", re.IGNORECASE)
    for state, word in _WORDS
}
_BEHIND = {
    state: re.compile(rf"\s*[\[(*:–—-]+\s*{word}\W*", re.IGNORECASE)
    for state, word in _WORDS
}
_CAPITALS: Mapping[State, re.Pattern[str]] = {
    "cancelled": re.compile(r"\s+(?:CANCELL?ED|CXL)$"),
    "unconfirmed": re.compile(r"\s+(?:TBC|TBA|TBD|POSTPONED|HOLD)$"),
}
_STATUS = {
    state: re.compile(rf"\W*{word}(?:\b|\W|$).*", re.IGNORECASE | re.DOTALL)
    for state, word in _WORDS
}
_ANSWERED: Mapping[StatusAnswer, State] = {
    "plays": "on",
    "cancelled": "cancelled",
    "open": "unconfirmed",
}


def split_title(title: str) -> tuple[State, str]:
    """
    The state that a title says, and the rest of it: people write `CANCELLED: Gala` or
    `Gala (TBC)` where there is no column for it. Without a sign between them the word
    belongs to the title, unless it stands at the end in capitals.
    """
    for state, _ in _WORDS:
        before = _BEFORE[state].match(title)
        if before is not None:
            return state, title[before.end() :]
        for behind in _BEHIND[state].finditer(title):
            if behind.start() and behind.end() == len(title):
                return state, title[: behind.start()]
        capitals = _CAPITALS[state].search(title)
        if capitals is not None and not title[: capitals.start()].isupper():
            return state, title[: capitals.start()]
    return "on", title


def state_of_status(status: str) -> State:
    """
    The state that a status says; `unknown` for words that nobody knows.
    """
    text = " ".join(status.split())
    for state, _ in _WORDS:
        if _STATUS[state].fullmatch(text):
            return state
    if set(text) <= {"?"} and text:
        return "unconfirmed"
    return "on" if _PLAYS.fullmatch(text) else "unknown"


def answered_state(status: str, answers: Mapping[str, StatusAnswer]) -> State:
    """
    What a person said that a status means; `answers` are by status in lower case.
    """
    answer = answers.get(" ".join(status.split()).casefold())
    return "unknown" if answer is None else _ANSWERED[answer]
