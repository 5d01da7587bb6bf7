"""
Typed values from the fields of raw records.

Every function raises `UnreadableRecord` with the field's name if it holds something
else, and `KeyError` if it is missing, which `parsed` translates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from ticketsync.core import clock, digest, money, records
from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.redact import safe

T = TypeVar("T")
_TOLERANCE = Decimal("0.0001")
_TOO_LARGE = 10**18  # the database keeps whole numbers in 64 bits


def whole(raw: Mapping[str, Any], name: str) -> int:
    """
    A whole number.
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


def count_or_none(raw: Mapping[str, Any], name: str) -> int | None:
    """
    A whole number that is not negative, where it is not essential: `None` for anything
    else.
    """
    value = raw.get(name)
    return value if type(value) is int and value >= 0 else None


def amount(raw: Mapping[str, Any], name: str, currency: str) -> int:
    """
    An amount in major units (37.5, or the text "37.50") as minor units of `currency`.

    The error of a binary float (259.85000000000002) is tolerated, a real fraction of a
    minor unit is not.
    """
    value = raw[name]
    try:
        if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
            raise ValueError
        exact = Decimal(value).scaleb(money.exponent(currency))
        nearest = exact.to_integral_value()
    except money.UnknownCurrency:
        raise unknown_currency(currency) from None
    except (ValueError, ArithmeticError):
        raise wrong(name, value, f"an amount in {currency}") from None
    if not exact.is_finite() or abs(exact - nearest) > _TOLERANCE:
        raise wrong(name, value, f"an amount in {currency}")
    return int(nearest)


def amount_or_none(raw: Mapping[str, Any], name: str, currency: str) -> int | None:
    """
    An amount in minor units, or `None` where it is null or absent.
    """
    return None if raw.get(name) is None else amount(raw, name, currency)


def price_or_none(
    raw: Mapping[str, Any], name: str, currency: str | None
) -> int | None:
    """
    A price in major units as minor units of `currency`, where it is not essential:
    `None` for anything else, and where the currency is not known.
    """
    if raw.get(name) is None or currency is None:
        return None
    try:
        price = amount(raw, name, currency)
    except UnreadableRecord:
        return None
    return price if price >= 0 else None


def unknown_currency(code: str) -> UnreadableRecord:
    """
    The error of a record with a currency that ISO 4217 does not list: there is no
    telling how many digits its amounts have.
    """
    return UnreadableRecord(
        f"its currency {safe(code)!r} is not one of ISO 4217", word="unknown-currency"
    )


def refuse_unknown_currency(code: str) -> None:
    """
    `UnreadableRecord` for a currency that ISO 4217 does not list.
    """
    if code not in money.EXPONENTS:
        raise unknown_currency(code)


def currency_or_none(code: object) -> str | None:
    """
    The code of a currency in capitals, `None` if ISO 4217 does not list it.
    """
    known = code.upper() if isinstance(code, str) else ""
    return known if known in money.EXPONENTS else None


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
    The same where it is not essential: `None` if it is missing or malformed.
    """
    if raw.get(name) is None:
        return None
    try:
        return moment(raw, name)
    except UnreadableRecord:
        return None


def sortable(time: str) -> str:
    """
    An ISO 8601 time as text that sorts by time: milliseconds and offsets vary between
    records. `""`, which sorts first, for anything else.
    """
    try:
        return f"{clock.from_iso(time):%Y-%m-%dT%H:%M:%SZ}"
    except ValueError:
        return ""


def seconds_before(time: str, span: timedelta) -> str:
    """
    The instant so long before that ISO 8601 time, as text that sorts by time.
    """
    return f"{clock.from_iso(time) - span:%Y-%m-%dT%H:%M:%SZ}"


def text(raw: Mapping[str, Any], name: str) -> str:
    """
    A non-empty text.
    """
    value = raw[name]
    if type(value) is not str or not value:
        raise wrong(name, value, "a text")
    return value


def text_or_none(raw: Mapping[str, Any], name: str) -> str | None:
    """
    A text, or `None` where it is null, empty or absent.
    """
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
    """
    An object.
    """
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
    One of the known words, in any case. Raises `UnreadableRecord` with the word
    `unknown-<name>` for another one.
    """
    value = text(raw, name)
    try:
        return known[value.lower()]
    except KeyError:
        raise UnreadableRecord(
            f"{name} is {safe(value, longest=60)!r}, which is unknown",
            word=f"unknown-{name}",
        ) from None


def wrong(name: str, value: object, expected: str) -> UnreadableRecord:
    """
    The error for a field that holds something unexpected.
    """
    return UnreadableRecord(
        f"{name} is {safe(repr(value), longest=60)}, not {expected}", word="unreadable"
    )


def person(*names: Any, email: Any = None, phone: Any = None) -> records.Person:
    """
    A person by the parts of a name. Anything that is not a text counts as missing:
    personal data must never prevent an order from being read.
    """

    def stripped(value: Any) -> str:
        return value.strip() if isinstance(value, str) else ""

    name = " ".join(filter(None, map(stripped, names)))
    return records.Person(name, stripped(email), stripped(phone))


def people(
    buyer: records.Person,
    attendees: Iterable[tuple[Any, records.Person]],
    answers: Iterable[tuple[Any, Mapping[str, str]]] = (),
) -> records.People:
    """
    An order's people and their answers, without tickets that name nobody or have none.
    """
    return records.People(
        buyer,
        {str(id_): who for id_, who in attendees if not who.is_nobody},
        {str(id_): dict(given) for id_, given in answers if given},
    )


def answers(raws: Any, *, question: str, answer: str) -> dict[str, str]:
    """
    What somebody answered to the organiser's questions, from a list of objects with
    these two fields. Anything that is not a text counts as missing, as with `person`.
    """
    found: dict[str, str] = {}
    for raw in raws if isinstance(raws, list) else ():
        pair = (raw.get(question), raw.get(answer)) if isinstance(raw, dict) else ()
        texts = [part.strip() for part in pair if isinstance(part, str)]
        if len(texts) == 2 and all(texts):
            found[texts[0]] = texts[1]
    return found


def codes(*values: Any) -> tuple[str | None, str | None]:
    """
    Digests of the first two of these texts, by which a ticket may be scanned.
    """
    found = [digest.code(value) for value in values if type(value) is str and value]
    if len(found) == 1:
        return found[0], None
    first, second, *_ = [*dict.fromkeys(found), None, None]
    return first, second


def ticket_types(
    raws: Any, parse: Callable[[Mapping[str, Any]], records.TicketType]
) -> tuple[records.TicketType, ...]:
    """
    The ticket types of a listing: they must never prevent it from being read. Of one
    that cannot be read, or has a number that cannot be stored, only its id and name are
    known; one without an id is left out. A price whose currency ISO 4217 does not list
    is not known.
    """
    found = []
    for raw in raws if isinstance(raws, list) else ():
        if isinstance(raw, dict):
            try:
                found.append(_storable(parsed(parse, raw)))
            except UnreadableRecord:
                found += _named_only(raw)
    return tuple(map(_with_known_currency, found))


def _named_only(raw: Mapping[str, Any]) -> list[records.TicketType]:
    for key in ("id", "_id"):
        id_, name = raw.get(key), raw.get("name")
        if isinstance(id_, str) and id_:
            name = name if isinstance(name, str) and name else "Ticket"
            unknown = records.TicketTypeStatus.UNKNOWN
            return [records.TicketType(id_, name, None, None, unknown)]
    return []


def _with_known_currency(kind: records.TicketType) -> records.TicketType:
    if kind.currency in money.EXPONENTS:
        return kind
    return msgspec.structs.replace(kind, price=None, currency=None)


def _storable(kind: records.TicketType) -> records.TicketType:
    """
    Raises `UnreadableRecord` for a number that cannot be stored.
    """
    for number in (kind.price, kind.quantity, kind.sold, kind.available):
        if number is not None and abs(number) >= _TOO_LARGE:
            raise wrong("a number", number, "a possible number")
    return kind


def parsed_or_empty(parse: Callable[[Any], str], raw: Any) -> str:
    """
    The text that `parse` extracts from a record; `""` if it fails.
    """
    try:
        return parsed(parse, raw)
    except UnreadableRecord:
        return ""


def parsed(parse: Callable[[Any], T], raw: Any) -> T:
    """
    The value that `parse` makes of a record. Raises `UnreadableRecord`, also for the
    errors that an unexpected shape causes in `parse`.
    """
    try:
        return parse(raw)
    except KeyError as missing:
        raise UnreadableRecord(f"{missing.args[0]} is missing") from None
    except money.UnknownCurrency as unknown:
        raise unknown_currency(unknown.currency) from None
    except (
        TypeError,
        ValueError,
        AttributeError,
        IndexError,
        ArithmeticError,
    ) as error:
        raise UnreadableRecord(
            f"its shape is not the documented one ({error})"
        ) from None
