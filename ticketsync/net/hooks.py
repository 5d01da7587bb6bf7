"""
Webhooks, understood: is it really from them, and what does it hint at?

A delivery is never believed for its contents. It is verified over the raw bytes before
anything is parsed, and then only says what to read again from the platform.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ticketsync.core.redact import Secret

WINDOW_SECONDS = 300  # a signed time may be so far from ours, to either side (F65)
DEEPEST = 32

ORDER, LISTING, ACCOUNT = "order", "listing", "account"  # what to read again
NOTHING, TEST = "nothing", "test"


@dataclass(frozen=True, slots=True)
class Delivery:
    """
    A webhook as it came. Header names are in lower case; `url` is our own public
    address as it is configured, never what the request says.
    """

    body: bytes
    headers: Mapping[str, str]
    url: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Hint:
    """
    What a delivery makes us look at. `key` is the platform's own name of the delivery,
    under which it is known again; `""` where it has none.
    """

    key: str
    event: str
    what: str
    order_id: str = ""
    occurrence_id: str = ""


@dataclass(frozen=True, slots=True)
class HookCard:
    """
    How a platform sends webhooks, as data.

    is_signed   whether a delivery can be proved; else the path is the only secret
    key_help    what the platform calls the secret, and where it is found
    steps       how a person sets it up there; `{url}` stands for the address
    kind        the body's content types that are believed
    """

    is_signed: bool
    key_help: str
    steps: Sequence[str]
    kinds: Sequence[str] = ("application/json",)


class Forged(Exception):
    """
    It is not from them, or it was changed on the way.
    """


class Stale(Exception):
    """
    It is from them, but was signed at another time than now; `seconds` is how far their
    clock seems ahead of ours.
    """

    def __init__(self, seconds: int) -> None:
        super().__init__(
            f"signed {abs(seconds)} s {'after' if seconds > 0 else 'before'}"
        )
        self.seconds = seconds


class Unclear(Exception):
    """
    Verified, and still nothing that we understand.
    """


def timed_hmac(
    delivery: Delivery,
    header: str,
    secrets: Sequence[Secret],
    *,
    between: bytes,
) -> None:
    """
    `t=<seconds>,v1=<hex>…`: HMAC-SHA256 of the time, `between` and the raw body.

    Read by position, strictly: one time of digits only, then one or more signatures
    (some senders call the second part otherwise). The body must be an object, so that
    no digit can move between time and body where nothing stands between them.
    """
    told = delivery.headers.get(header, "")
    parts = [part.strip().partition("=") for part in told.split(",")]
    moment = parts[0][2]
    names = [name for name, _, _ in parts]
    is_strict = names[0] == "t" and names.count("t") == 1
    if not is_strict or not re.fullmatch(r"[0-9]{1,15}", moment) or len(parts) < 2:
        raise Forged("the signature's header is none")
    if not delivery.body.startswith(b"{"):
        raise Forged("the body is no object")
    signed = moment.encode() + between + delivery.body
    given = [value for name, _, value in parts[1:] if name != "v0"]
    wanted = [
        hmac.new(secret.reveal().encode(), signed, hashlib.sha256).hexdigest()
        for secret in secrets
    ]
    if not any(_same(g, w) for g in given for w in wanted):
        raise Forged("no signature fits")
    ahead = int(moment) - int(delivery.now.timestamp())
    if abs(ahead) > WINDOW_SECONDS:
        raise Stale(ahead)


def address_hmac(delivery: Delivery, header: str, secrets: Sequence[Secret]) -> None:
    """
    Base64 of the HMAC-SHA256 of our address and the raw body; without a time.
    """
    given = delivery.headers.get(header, "")
    signed = delivery.url.encode() + delivery.body
    wanted = [
        base64.b64encode(
            hmac.new(secret.reveal().encode(), signed, hashlib.sha256).digest()
        ).decode()
        for secret in secrets
    ]
    if not given or not any(_same(given, w) for w in wanted):
        raise Forged("the signature does not fit")


def signed_token(delivery: Delivery, keys: Sequence[Secret]) -> dict[str, Any]:
    """
    The claims of a body that is a JSON web token, signed RS256 and with nothing else:
    the token's own word for its algorithm is only compared, never followed.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    pieces = delivery.body.strip().split(b".")
    if len(pieces) != 3:
        raise Forged("the body is no signed token")
    header, claims = _piece(pieces[0]), _piece(pieces[1])
    if header.get("alg") != "RS256":
        raise Forged("the token is not signed as agreed")
    signature = _decoded(pieces[2])
    for key in keys:
        try:
            public = load_pem_public_key(key.reveal().encode())
            if not isinstance(public, rsa.RSAPublicKey):
                continue
            public.verify(
                signature,
                pieces[0] + b"." + pieces[1],
                padding.PKCS1v15(),
                hashes.SHA256(),
            )
        except (InvalidSignature, ValueError):
            continue
        ends = claims.get("exp")
        if isinstance(ends, int):
            late = int(delivery.now.timestamp()) - ends
            if late > WINDOW_SECONDS:
                raise Stale(-late)
        return claims
    raise Forged("no key fits the token")


def claims_of(piece: bytes) -> dict[str, Any]:
    """
    The claims in a verified token's middle part.
    """
    return json_object(_decoded(piece))


def json_object(data: bytes | str) -> dict[str, Any]:
    """
    A JSON object of believable depth; `Unclear` if it is none.
    """
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        raise Unclear("the body is not JSON") from None
    if not isinstance(value, dict) or _is_deep(value, DEEPEST):
        raise Unclear("the body is no plain object")
    return value


def text(value: Any, pattern: str) -> str:
    """
    An identifier of the shape that the platform's have, else `""`.
    """
    fits = isinstance(value, str) and re.fullmatch(pattern, value)
    return value if fits else ""


def _is_deep(value: Any, left: int) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return False
    return left == 0 or any(_is_deep(item, left - 1) for item in value)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())


def _piece(data: bytes) -> dict[str, Any]:
    try:
        return json_object(_decoded(data))
    except Unclear:
        raise Forged("the token's parts are none") from None


def _decoded(data: bytes) -> bytes:
    try:
        return base64.urlsafe_b64decode(data + b"=" * (-len(data) % 4))
    except (binascii.Error, ValueError):
        raise Forged("the token's parts are none") from None
