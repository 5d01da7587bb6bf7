"""
Webhooks: verification of deliveries, and what they hint at.

The contents of a delivery are never used as data. It is verified over the raw bytes
before anything is parsed, and then only says what to read again from the platform.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ticketsync.core.records import LONGEST_ID
from ticketsync.core.redact import Secret
from ticketsync.net import exact_json

if TYPE_CHECKING:
    from joserfc.jws import CompactSignature, JWSRegistry

MAX_SKEW_SECONDS = 300  # a signed time may differ from ours by this much (F65)
MAX_DEPTH = 32

ORDER, LISTING, ACCOUNT = "order", "listing", "account"  # what to read again
NOTHING, TEST = "nothing", "test"


@dataclass(frozen=True, slots=True)
class Delivery:
    """
    A webhook request as received. Header names are in lower case; `url` is our own
    public URL as configured, never what the request says.
    """

    body: bytes
    headers: Mapping[str, str]
    url: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Hint:
    """
    What to read again after a delivery (`what`). `key` is the platform's id of the
    delivery, by which a repeated one is recognised; `""` if it has none.
    """

    key: str
    event: str
    what: str
    order_id: str = ""
    occurrence_id: str = ""


@dataclass(frozen=True, slots=True)
class WebhookSpec:
    """
    How a platform sends webhooks, as data.

    is_signed   whether deliveries are signed; else the URL path is the only secret
    key_help    what the platform calls the secret, and where it is found
    steps       how a person sets it up there; `{url}` stands for our URL
    kinds       the accepted content types
    order_id, occurrence_id, delivery_id
                the form of the platform's ids, as a regular expression for the whole;
                only ASCII and at most `LONGEST_ID` characters in any case
    expires     whether a signature is valid for a limited time only, so that a delivery
                that was recorded cannot be sent again later
    has_private_key
                whether only the platform can sign, so that what we hold is public
    """

    is_signed: bool
    key_help: str
    steps: Sequence[str]
    kinds: Sequence[str] = ("application/json",)
    order_id: str = r"[A-Za-z0-9_.:-]{1,255}"
    occurrence_id: str = r"[A-Za-z0-9_.:-]{1,255}"
    delivery_id: str = r"[A-Za-z0-9_-]{1,100}"
    expires: bool = False
    has_private_key: bool = False


HookCard = WebhookSpec  # as providers of other packages call it


class Forged(Exception):
    """
    It is not from the platform, or it was modified.
    """


class Stale(Exception):
    """
    It is from the platform, but was not signed recently; `seconds` is how far its clock
    seems to be ahead of ours.
    """

    def __init__(self, seconds: int) -> None:
        super().__init__(
            f"signed {abs(seconds)} s {'after' if seconds > 0 else 'before'}"
        )
        self.seconds = seconds


class Unclear(Exception):
    """
    It is verified, but does not say what changed.
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

    Parsed strictly by position: one time in digits, then one or more signatures, whose
    names vary. The body must be an object, so that no digit can be moved from the time
    to the body if nothing separates them. Raises `Forged` or `Stale`.
    """
    value = delivery.headers.get(header, "")
    parts = [part.strip().partition("=") for part in value.split(",")]
    time = parts[0][2]
    names = [name for name, _, _ in parts]
    is_strict = names[0] == "t" and names.count("t") == 1
    if not is_strict or not re.fullmatch(r"[0-9]{1,15}", time) or len(parts) < 2:
        raise Forged("the signature header is malformed")
    if not delivery.body.startswith(b"{"):
        raise Forged("the body is not an object")
    signed = time.encode() + between + delivery.body
    given = [signature for name, _, signature in parts[1:] if name != "v0"]
    expected = [
        hmac.new(secret.reveal().encode(), signed, hashlib.sha256).hexdigest()
        for secret in secrets
        if secret.reveal()  # anybody can sign with an empty one
    ]
    if not any(_same(g, w) for g in given for w in expected):
        raise Forged("no signature matches")
    ahead = int(time) - int(delivery.now.timestamp())
    if abs(ahead) > MAX_SKEW_SECONDS:
        raise Stale(ahead)


def address_hmac(delivery: Delivery, header: str, secrets: Sequence[Secret]) -> None:
    """
    Base64 of the HMAC-SHA256 of our URL and the raw body; without a time. Raises
    `Forged`.
    """
    given = delivery.headers.get(header, "")
    signed = delivery.url.encode() + delivery.body
    expected = [
        base64.b64encode(
            hmac.new(secret.reveal().encode(), signed, hashlib.sha256).digest()
        ).decode()
        for secret in secrets
        if secret.reveal()
    ]
    if not given or not any(_same(given, w) for w in expected):
        raise Forged("the signature does not match")


def signed_token(delivery: Delivery, keys: Sequence[Secret]) -> dict[str, Any]:
    """
    The claims of a body that is a JSON web token signed with RS256, by any of the keys.
    The algorithm that the token names is only compared, never used.

    It must end (`exp`), else one that was recorded would be good for ever, and may not
    begin in the future (`iat`, `nbf`); each of them is a whole number. `aud` is not
    compared with anything: what it holds is not documented, and the key belongs to one
    app alone; only its form is checked. Raises `Forged` or `Stale`.
    """
    from joserfc import jws
    from joserfc.errors import ExpiredTokenError, JoseError
    from joserfc.jwt import JWTClaimsRegistry

    # Unknown header fields are ignored, as RFC 7515 says; the receiver limits the size.
    registry = jws.JWSRegistry(algorithms=["RS256"], strict_check_header=False)
    registry.max_payload_length = registry.max_header_length = len(delivery.body)
    now = int(delivery.now.timestamp())
    # The library counts the last second as expired already.
    clock = JWTClaimsRegistry(now=now, leeway=MAX_SKEW_SECONDS + 1)
    try:
        token = jws.extract_compact(delivery.body.strip(), registry=registry)
        claims = json_object(token.payload or b"")
        if token.headers().get("alg") != "RS256":
            raise Forged("the token is not signed with RS256")
        if not any(_is_signed_by(key, token, registry) for key in keys):
            raise Forged("no key matches the token")
        _check_claims(claims, now)
        clock.validate_exp(claims["exp"])
    except ExpiredTokenError:
        raise Stale(int(claims["exp"]) - now) from None
    # The others: joserfc uses header fields without looking at their types.
    except (JoseError, AttributeError, TypeError, ValueError, Unclear):
        raise Forged("the body is not a valid token") from None
    return claims


def _check_claims(claims: Mapping[str, Any], now: int) -> None:
    """
    Raises `Forged` for a claim of the wrong form, `Stale` for a token that is not valid
    yet.
    """
    for name in ("exp", "iat", "nbf"):
        # `True` is a whole number to Python.
        if name in claims and type(claims[name]) is not int:
            raise Forged(f"the token's {name} is not a whole number")
    if "exp" not in claims:
        raise Forged("the token has no end (exp)")
    audience = claims.get("aud", "")
    names = audience if isinstance(audience, list) else [audience]
    if not all(isinstance(name, str) for name in names):
        raise Forged("the token's aud is not a name")
    begins = max(claims.get("iat", 0), claims.get("nbf", 0))
    if begins - now > MAX_SKEW_SECONDS:
        raise Stale(begins - now)


def claims_of(piece: bytes) -> dict[str, Any]:
    """
    The claims in the middle part of a verified token. Raises `Unclear`.
    """
    from joserfc.util import urlsafe_b64decode

    try:
        return json_object(urlsafe_b64decode(piece))
    except ValueError:
        raise Unclear("the token is malformed") from None


def json_object(data: bytes | str) -> dict[str, Any]:
    """
    A JSON object of limited depth. Raises `Unclear` for anything else.
    """
    try:
        value = exact_json.decode(data.encode() if isinstance(data, str) else data)
    except ValueError:
        raise Unclear("the body is not JSON") from None
    if not isinstance(value, dict) or _is_deep(value, MAX_DEPTH):
        raise Unclear("the body is not a plain object")
    return value


def text(value: Any, pattern: str) -> str:
    """
    An id, if it has the platform's format (ASCII, at most `LONGEST_ID` characters),
    else `""`.
    """
    if not isinstance(value, str) or not value.isascii() or len(value) > LONGEST_ID:
        return ""
    return value if re.fullmatch(pattern, value) else ""


def with_valid_ids(hint: Hint, spec: WebhookSpec) -> Hint:
    """
    The hint, if its ids have the platform's format; a delivery id that has not is left
    out. This holds for every provider, plugins too: an id becomes part of an address.

    Raises: `Unclear` if the id of the order or occurrence has another format.
    """
    for value, pattern in (
        (hint.order_id, spec.order_id),
        (hint.occurrence_id, spec.occurrence_id),
    ):
        if value and not text(value, pattern):
            raise Unclear("it names an id that the platform does not give")
    return hint if _is_key(hint.key) else replace(hint, key="")


def _is_key(key: str) -> bool:
    """
    Whether a delivery's id can be stored and compared: visible ASCII and spaces.
    """
    return key.isascii() and key.isprintable() and len(key) <= LONGEST_ID


def _is_deep(value: Any, max_depth: int) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return False
    return max_depth == 0 or any(_is_deep(item, max_depth - 1) for item in value)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())


def _is_signed_by(key: Secret, token: CompactSignature, registry: JWSRegistry) -> bool:
    from joserfc import jwk, jws
    from joserfc.errors import JoseError

    try:
        public = jwk.RSAKey.import_key(key.reveal())
    except (JoseError, ValueError):
        return False  # it is not an RSA key
    return jws.validate_compact(token, public, registry=registry)
