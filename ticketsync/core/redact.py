"""
Redaction: secrets, foreign text with control characters, personal data.
"""

from __future__ import annotations

import base64
import re
import weakref
from typing import Any, NoReturn
from urllib.parse import quote

from ticketsync.core import digest, invisible_characters

MASK = "***"

_UNSAFE = re.compile(f"[{invisible_characters.UNSEEN}]")
LONGEST = 500


_LIVE: weakref.WeakValueDictionary[int, Secret] = weakref.WeakValueDictionary()


class Secret:
    """
    A secret value that is only shown by `reveal`.
    """

    __slots__ = ("__weakref__", "_value")

    def __init__(self, value: str) -> None:
        self._value = value
        _LIVE[id(self)] = self

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled or copied")


def safe(text: object, *, longest: int = LONGEST) -> str:
    """
    Foreign text for a terminal or a log: control characters become visible escapes.

    A text that has to be cut is masked first: the part of a secret that is left by a
    cut would not be recognised as one later.
    """
    whole = str(text)
    if len(whole) > longest:
        whole = without_live_secrets(whole)
    shown = _UNSAFE.sub(invisible_characters.escaped, whole[: longest + 1])
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def safe_lines(text: str) -> str:
    """
    Foreign text of several lines, uncut: as `safe`, but its line feeds stay.
    """
    return "\n".join(
        _UNSAFE.sub(invisible_characters.escaped, line) for line in text.split("\n")
    )


def without_secrets(text: str, secrets: list[Secret]) -> str:
    """
    The text with every secret masked, also where it is URL-quoted or base64-encoded.
    """
    for secret in secrets:
        value = secret.reveal()
        if len(value) < 4:
            continue
        for form in sorted(_forms(value), key=len, reverse=True):
            text = text.replace(form, MASK)
    return text


def without_live_secrets(text: str) -> str:
    """
    The text with every secret masked that this process currently holds.
    """
    live = [secret for ref in _LIVE.valuerefs() if (secret := ref()) is not None]
    return without_secrets(text, live)


def _forms(value: str) -> list[str]:
    raw = value.encode("utf-8", "surrogatepass")
    return [
        value,
        quote(raw, safe=""),
        base64.b64encode(raw).decode(),
        base64.b64encode(raw + b":").decode(),
        base64.urlsafe_b64encode(raw).decode(),
    ]


def take_people_out(
    raw: Any,
    keys: frozenset[str],
    beside_email: frozenset[str] = frozenset(),
    codes: frozenset[str] = frozenset(),
) -> None:
    """
    Empty every field of these names in place, at any depth; those in `beside_email`
    only in an object that also has an `email`. Texts named in `codes` (a subset of
    `keys`), and those in an object named there, are replaced by a digest.

    Texts become `""`, lists `[]`, anything else `None`, so that the record can still be
    parsed. In place, because a page has many thousand fields.
    """
    if type(raw) is dict:
        hidden = keys | beside_email if beside_email and "email" in raw else keys
        for key, value in raw.items():
            kind = type(value)
            if key in hidden:
                if key in codes and (kind is str or kind is dict) and value:
                    raw[key] = _without_code(value)
                else:
                    raw[key] = "" if kind is str else [] if kind is list else None
            elif (kind is dict or kind is list) and value:
                take_people_out(value, keys, beside_email, codes)
        return
    for value in raw:
        kind = type(value)
        if (kind is dict or kind is list) and value:
            take_people_out(value, keys, beside_email, codes)


def _without_code(value: Any) -> Any:
    """
    Digests instead of the texts; an object keeps its keys, other values are dropped.
    """
    if type(value) is str:
        return digest.code(value) if value else ""
    if type(value) is dict:
        return {name: _without_code(inner) for name, inner in value.items()}
    return None
