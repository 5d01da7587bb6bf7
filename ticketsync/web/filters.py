"""
How templates show values: amounts, local times, states.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context

from ticketsync.core import clock, moments, web_address
from ticketsync.core.money import Money
from ticketsync.core.plurals import number_of
from ticketsync.sales.delisting import DELISTED
from ticketsync.store.delivery_states import NOT_ACCEPTED
from ticketsync.web import page_words

# Nobody has to do anything about these.
PLAIN_STATES = frozenset({"same", "manager", "viewer", "door"})
GOOD_STATES = ("ok", "success", "done", "on sale", "admitted")
BAD_STATES = (
    *("failed", "failing", "parked", "held", "stale", "missing-webhook-secret"),
    *("rejected", "refused", "not reached", "does not add up", "oversold"),
    "no longer listed",
    *NOT_ACCEPTED,
)


def amount(amount: Money) -> str:
    """
    An amount without its currency: `1,234.50`.
    """
    return amount.grouped.replace("-", "−")


def number(number: int) -> str:
    """
    A number of tickets or seats: `1,450`.
    """
    return f"{number:,}"


def _value(value: Any) -> Any:
    """
    A value that may be unknown, or a number of seats: `–`, `1,450`.
    """
    if value is None:
        return "–"
    return number(value) if type(value) is int else value


def discrepancy_badge(doubt: str) -> str:
    """
    What is odd about an order, in a few words.
    """
    return "no longer listed" if doubt == DELISTED else "does not add up"


def day(local: str) -> str:
    """
    A show's local start, `Fri 27 Nov 2026, 19:30`, or a day alone, `Fri 27 Nov 2026`.
    """
    if len(local) == len("2026-11-27"):
        return f"{date.fromisoformat(local):%a %d %b %Y}"
    return clock.format_local(local)


@pass_context
def _moment(page: Context, instant: Any) -> str:
    """
    An instant in the time zone of the page, which its foot names.
    """
    return moments.written(instant, page["timezone"])


def _at(instant: Any, zone: str) -> str:
    """
    An instant in a time zone: `Fri 27 Nov 2026, 19:30`.
    """
    return clock.format_moment(clock.local(instant, zone))


def _tone(state: str) -> str:
    """
    The CSS class of a state.
    """
    if state in PLAIN_STATES:
        return "neutral"
    return "good" if state in GOOD_STATES else "bad" if state in BAD_STATES else "wait"


FILTERS: Mapping[str, Callable[..., Any]] = {
    "amount": amount,
    "number": number,
    "value": _value,
    "day": day,
    "discrepancy_badge": discrepancy_badge,
    "ago": clock.ago,
    "moment": _moment,
    "number_of": number_of,
    "zone_in_words": moments.zone_in_words,
    "at": _at,
    "tone": _tone,
    "words": lambda word: str(word).replace("_", " "),
    "link": web_address.is_link,
    "problem": page_words.message_of,
    "what_to_do": page_words.hint_of,
    "initials": page_words.initials,
    "platform": page_words.platform_title,
    "key_place": page_words.key_place,
    "option_label": page_words.option_label,
    "option_value": page_words.option_value,
    "without_commands": page_words.without_commands,
}
