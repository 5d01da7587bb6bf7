"""
What pages call things: platforms, days, and errors. The hints of errors name commands,
which are for a terminal; a page says the rest, and leads on by links.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from ticketsync.core import periods
from ticketsync.core.errors import TicketsyncError
from ticketsync.core.redact import safe
from ticketsync.providers import registry

_COMMAND = re.compile(r"`(?:ticketsync|--|\.)|(?:^|\s)--[a-z]|`serve")
_SAME_COMMAND = re.compile(r"\brun the same command(?: again)?", re.IGNORECASE)
_SENTENCES = re.compile(r"(?<=[.!?])\s+")
# By the word of an error: what to do about it on a page.
_HINTS: Mapping[str, str] = {
    "busy": "Wait a moment and try again.",
    "connected-already": "Open that account instead, and give it a new key there.",
    "consent-refused": "Begin again, and press Allow there.",
    "consent-without-code": "Begin again.",
    "no-venue": "A manager names it on the overview; then this page opens.",
    "option-missing": "Fill it in and try again.",
    "refused-credentials": "Copy the key there again, whole, and paste it.",
    "retired": "Whoever runs the server can connect it again.",
    "unconfirmed": "Whoever runs the server has to confirm this account there.",
}

# By the kind of place that an account's key is in: "Key: in …".
KEY_PLACES: Mapping[str, str] = {
    "keyring": "the password store of the server (its keyring)",
    "file": "a file that only the server's user can read",
    "env": "a setting of the server (an environment variable)",
    "command": "the keeping of a program on the server, which gives it out",
    "credential": "the settings of the service (a systemd credential)",
    "none": "no place: none is needed",
}
_OPTION_LABELS: Mapping[str, str] = {
    "people": "Names of buyers and guests",
    "timezone": "Time zone",
    "watch": "Folder",
}
_OPTION_VALUES: Mapping[str, str] = {"true": "yes", "false": "no"}

_INITIALS: Mapping[str, str] = {
    "ticket_tailor": "TT",
    "eventbrite": "EB",
    "humanitix": "HX",
    "wix": "WX",
    "square": "SQ",
}


def initials(provider: str) -> str:
    """
    The two letters of a platform, which also choose its colour. They are decoration:
    the name stands beside them.
    """
    return _INITIALS.get(provider, provider[:2].upper())


def key_place(source: str) -> str:
    """
    Where a key is, to stand after "in".
    """
    return KEY_PLACES[source]


def option_label(name: str) -> str:
    """
    What an option of an account is called.
    """
    words = name.replace("_", " ")
    return _OPTION_LABELS.get(name, words[:1].upper() + words[1:])


def option_value(value: str) -> str:
    return _OPTION_VALUES.get(value, value)


def platform_title(provider: str) -> str:
    """
    The name of a platform for people.
    """
    return registry.titles([provider])


def span_name(day: date, span: str) -> str:
    """
    The name of the month, week or day that begins on this day.
    """
    match span:
        case "month":
            return f"{day:%B %Y}"
        case "week":
            return periods.in_words(periods.week_of(day))
        case _:
            return f"{day:%a} {day.day} {day:%b %Y}"


def span_label(day: date, span: str) -> str:
    """
    Its short name, for an axis; of a week, its first day.
    """
    return f"{day:%b %y}" if span == "month" else f"{day.day} {day:%b}"


def hint_of(error: TicketsyncError) -> str:
    """
    What to do about an error, without the sentences that name commands.
    """
    if error.word in _HINTS:
        return _HINTS[error.word]
    return safe(without_commands(error.hint))


def message_of(error: TicketsyncError) -> str:
    """
    What happened, in one or more sentences.
    """
    return safe(error.message)


def without_commands(text: str) -> str:
    """
    A text without its sentences that name commands; who is to run the same command
    again is to try again here.
    """
    sentences = _SENTENCES.split(_SAME_COMMAND.sub(_try_again, text))
    return " ".join(s for s in sentences if not _COMMAND.search(s))


def _try_again(found: re.Match[str]) -> str:
    return "Try again" if found[0][0].isupper() else "try again"
