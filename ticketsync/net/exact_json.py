"""
JSON as we accept it: exact decimals, and none of the oddities that lie.

Refused: NaN and infinities, numbers beyond any sense, duplicate keys, text that
is not UTF-8, nesting deeper than the recursion limit, anything after the value.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
Shape = msgspec.json.Decoder  # of a `TypedDict`

_LARGEST_EXPONENT = 30


class NotJson(ValueError):
    """
    The bytes are not JSON that we accept.
    """


class Truncated(NotJson):
    """
    The bytes end before the JSON does.
    """


def decode(data: bytes) -> Any:
    """
    The value of a JSON text; whole numbers are `int`, all others `Decimal`.
    """
    try:
        value = _DECODER.decode(data)
    except RecursionError:
        raise NotJson("it is nested too deeply") from None
    except UnicodeDecodeError:
        raise NotJson("it is not UTF-8") from None
    except msgspec.DecodeError as error:
        if "truncated" in str(error):
            raise Truncated("it ends in the middle") from None
        raise NotJson(str(error)) from None
    except ValueError as error:
        raise NotJson(str(error)) from None
    _refuse_duplicate_keys(data, value)
    return value


def get_partial(data: bytes, shape: Shape[T]) -> T | None:
    """
    Only what `shape` names of a JSON text, `None` if it is not there as named. A tenth
    of the price of `decode`, and none of its promises for the rest.
    """
    try:
        return shape.decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None


def encode(value: Any) -> bytes:
    """
    The canonical bytes of a decoded value: the same value, the same bytes.
    """
    return _ENCODER.encode(value)


def _decimal(text: str) -> Decimal:
    number = Decimal(text)
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or abs(exponent) > _LARGEST_EXPONENT:
        raise ValueError(f"the number {text[:20]} is beyond any sense")
    return number


_DECODER = msgspec.json.Decoder(float_hook=_decimal)
_AS_IT_STANDS = msgspec.json.Encoder()
_ENCODER = msgspec.json.Encoder(order="deterministic", decimal_format="number")


def _refuse_duplicate_keys(data: bytes, value: Any) -> None:
    """
    A key that stood twice is lost on decoding, and its colon with it.

    So counting colons in the text and in the value written again tells, at a
    fraction of the price of watching every key. Colons written as escapes spoil
    the count; only then each key is watched.
    """
    has_escapes = b"\\" in data and b"\\u003" in data  # one character is found sooner
    if not has_escapes and data.count(b":") == _colons(value):
        return
    json.loads(data, object_pairs_hook=_distinct)


def _colons(value: Any) -> int:
    return _AS_IT_STANDS.encode(value).count(b":")


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotJson("a key stands twice in one object")
    return found
