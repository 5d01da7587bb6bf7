"""
Taking values out of raw records, and saying exactly what was wrong with them.

Every function raises `UnreadableRecord` with the field's name; a field that must be
there is indexed, so that its absence is an error too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from ticketsync.core import clock, digest, money, records
from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.redact import safe

T = TypeVar("T")
_NOISE = Decimal("0.0001")


def whole(raw: Mapping[str, Any], name: str) -> int:
    """
    A whole number, where the platform promises one.
    """
    value = raw[name]
    if type(value) is not int:
        raise wrong(name, value, "a whole number")
    return value


def whole_or_none(raw: Mapping[str, Any], name: str) -> int | None:
    """
    A whole number, or `None` where it is null or absent.
    """
    return None if raw.get(name) is None else whole(raw, name)


def amount(raw: Mapping[str, Any], name: str, currency: str) -> int:
    """
    An amount in major units (37.5, or the text "37.50") as minor units of `currency`.

    A binary fraction's noise (259.85000000000002) is forgiven, a real fraction of the
    smallest coin is not.
    """
    value = raw[name]
    try:
        if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
            raise ValueError
        exact = Decimal(value).scaleb(money.exponent(currency))
        nearest = exact.to_integral_value()
    except (ValueError, ArithmeticError):
        raise wrong(name, value, f"an amount in {currency}") from None
    if not exact.is_finite() or abs(exact - nearest) > _NOISE:
        raise wrong(name, value, f"an amount in {currency}")
    return int(nearest)


def amount_or_none(raw: Mapping[str, Any], name: str, currency: str) -> int | None:
    return None if raw.get(name) is None else amount(raw, name, currency)


def moment(raw: Mapping[str, Any], name: str) -> datetime:
    """
    An instant given as ISO 8601 text with an offset.
    """
    value = text(raw, name)
    try:
        return clock.from_iso(value)
    except ValueError:
        raise wrong(name, value, "a time") from None


def moment_or_none(raw: Mapping[str, Any], name: str) -> datetime | None:
    """
    The same where it only helps to date something: no record is refused for it.
    """
    if raw.get(name) is None:
        return None
    try:
        return moment(raw, name)
    except UnreadableRecord:
        return None


def sortable(moment: str) -> str:
    """
    An ISO 8601 text that sorts by time: milliseconds and offsets vary among records.
    What is no time comes before all times.
    """
    try:
        return f"{clock.from_iso(moment):%Y-%m-%dT%H:%M:%SZ}"
    except ValueError:
        return ""


def text(raw: Mapping[str, Any], name: str) -> str:
    """
    A text that is not empty.
    """
    value = raw[name]
    if type(value) is not str or not value:
        raise wrong(name, value, "a text")
    return value


def text_or_none(raw: Mapping[str, Any], name: str) -> str | None:
    value = raw.get(name)
    return None if value is None or value == "" else text(raw, name)


def text_flag(raw: Mapping[str, Any], name: str) -> bool:
    """
    A boolean that may be written as the text "true" or "false".
    """
    value = raw[name]
    if value == "true" or value is True:
        return True
    if value == "false" or value is False:
        return False
    raise wrong(name, value, "true or false")


def instant(raw: Mapping[str, Any], name: str) -> datetime:
    """
    An instant given as unix time in seconds.
    """
    try:
        return clock.from_epoch(whole(raw, name))
    except ValueError:
        raise wrong(name, raw[name], "a time") from None


def mapping(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = raw[name]
    if not isinstance(value, dict):
        raise wrong(name, value, "an object")
    return value


def rows(raw: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """
    A list of objects.
    """
    value = raw[name]
    if not isinstance(value, list) or not {*map(type, value)} <= {dict}:
        raise wrong(name, value, "a list of objects")
    return value


def word(raw: Mapping[str, Any], name: str, known: Mapping[str, T]) -> T:
    """
    One of the words we know, whatever its case; a new one is an error of its own.
    """
    value = text(raw, name)
    try:
        return known[value.lower()]
    except KeyError:
        raise UnreadableRecord(
            f"{name} is {safe(value, longest=60)!r}, which we do not know",
            word=f"unknown-{name}",
        ) from None


def wrong(name: str, value: object, expected: str) -> UnreadableRecord:
    return UnreadableRecord(
        f"{name} is {safe(repr(value), longest=60)}, not {expected}", word="unreadable"
    )


def person(*names: Any, email: Any = None, phone: Any = None) -> records.Person:
    """
    Somebody by the parts of a name and what else is told; anything that is no text is
    taken for not told, since people must never stand in the way of an order.
    """

    def plain(value: Any) -> str:
        return value.strip() if isinstance(value, str) else ""

    name = " ".join(filter(None, map(plain, names)))
    return records.Person(name, plain(email), plain(phone))


def people(
    buyer: records.Person, attendees: Iterable[tuple[Any, records.Person]]
) -> records.People:
    """
    An order's people; tickets that name nobody are left out.
    """
    return records.People(
        buyer, {str(id_): who for id_, who in attendees if not who.is_nobody}
    )


def codes(*values: Any) -> tuple[str | None, str | None]:
    """
    The digests of the first two of these texts that a ticket could be scanned by.
    """
    found = dict.fromkeys(
        digest.code(value) for value in values if type(value) is str and value
    )
    first, second, *_ = [*found, None, None]
    return first, second


def parsed_or_empty(read: Callable[[Any], str], raw: Any) -> str:
    """
    What `read` makes of a record that nobody has looked at yet; `""` if nothing.
    """
    try:
        return parsed(read, raw)
    except UnreadableRecord:
        return ""


def parsed(read: Callable[[Any], T], raw: Any) -> T:
    """
    The record as `read` understands it; whatever its shape does to `read` is ours.
    """
    try:
        return read(raw)
    except KeyError as missing:
        raise UnreadableRecord(f"{missing.args[0]} is missing") from None
    except (TypeError, ValueError, AttributeError, IndexError, ArithmeticError) as odd:
        raise UnreadableRecord(
            f"it has another shape than documented ({odd})"
        ) from None
