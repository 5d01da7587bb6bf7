"""
Webhook deliveries, signed as the platforms' documents describe.

Written from those documents and not from our receiver, so that one misreading cannot
hide in both.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

# Every event that a platform's documents name for what we read there.
EVENTS = {
    "ticket_tailor": (
        *("ORDER.CREATED", "ORDER.UPDATED", "ISSUED_TICKET.UPDATED"),
        *("ISSUED_TICKET.CREATED", "EVENT.CREATED", "EVENT.UPDATED", "EVENT.DELETED"),
        *("ISSUED_MEMBERSHIP.CREATED", "ISSUED_MEMBERSHIP.UPDATED"),
        "WAITLIST_SIGNUP.CREATED",
    ),
    "square": (
        *("payment.created", "payment.updated", "refund.created", "order.updated"),
        *("refund.updated", "order.created", "catalog.version.updated"),
    ),
    "eventbrite": (
        *("order.placed", "order.updated", "order.refunded", "test"),
        *("attendee.updated", "attendee.checked_in", "attendee.checked_out"),
        *("event.created", "event.published", "event.unpublished", "event.updated"),
    ),
    "wix": (
        *(
            f"wix.events.ticketing.events.{name}"
            for name in (
                *("OrderConfirmed", "OrderUpdated", "OrderDeleted", "OrderInitiated"),
                *("ReservationCreated", "ReservationUpdated"),
            )
        ),
        *(
            f"wix.events.guests.v1.guest_{name}"
            for name in (
                *("created", "updated", "deleted", "guest_checked_in"),
                *("guest_order_canceled", "guest_event_canceled"),
            )
        ),
        "wix.payments.refunds.v1.refund_created",
        "wix.payments.refunds.v1.refund_updated",
    ),
}
ORDER, OCCURRENCE = "order", "occurrence"
_NEEDS: dict[str, dict[str, tuple[str, ...]]] = {
    "ticket_tailor": {
        "ORDER.": (ORDER,),
        "ISSUED_TICKET.": (ORDER,),
        "EVENT.": (OCCURRENCE,),
    },
    "square": {"payment.": (ORDER,), "refund.": (ORDER,), "order.": (ORDER,)},
    "eventbrite": {
        "order.": (ORDER,),
        "attendee.": (ORDER, OCCURRENCE),
        "event.": (OCCURRENCE,),
    },
    "wix": {
        "wix.events.ticketing.": (ORDER, OCCURRENCE),
        "wix.events.guests.": (ORDER, OCCURRENCE),
    },
}


def needs(platform: str, event: str) -> tuple[str, ...]:
    """
    Which ids a delivery of this event names: `ORDER`, `OCCURRENCE`, both or none.
    """
    for prefix, names in _NEEDS[platform].items():
        if event.startswith(prefix):
            return names
    return ()


def needs_key_file(platform: str) -> bool:
    """
    Whether a platform signs with a private key that nobody else has, so that a delivery
    is signed with a key of one's own. The others share a secret, or sign nothing.
    """
    return platform == "wix"


def read_private_key(data: bytes) -> RSAPrivateKey:
    """
    A private key in a PEM file, as a Wix app has one. Raises `ValueError` for anything
    else.
    """
    try:
        key = load_pem_private_key(data, password=None)
    except TypeError:
        raise ValueError("the key has a password") from None
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("it is no RSA key")
    return key


def make_keys() -> tuple[RSAPrivateKey, str]:
    """
    A new private key, and its public half in PEM.
    """
    key = generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )
    return key, public.decode()


def _wix(
    event: str, order: str, event_id: str, number: int, key: RSAPrivateKey, now: int
) -> tuple[dict[str, str], bytes]:
    """
    The headers and body of one Wix delivery: a token signed with the app's private key.
    Its claims hold an envelope as JSON text, and the envelope holds the event as JSON
    text. Ticketing events are flat, the others wrap an entity.
    """
    if event.startswith("wix.events.ticketing."):
        data: dict[str, Any] = {
            "timestamp": f"2026-09-01T00:00:00.{number:09d}Z",
            "eventId": event_id,
            "orderNumber": order,
            "status": "PAID",
        }
    else:
        data = _wix_entity_event(event, order, event_id, number)
    envelope = {
        "eventType": event,
        "instanceId": "00000000-0000-4000-8000-000000000001",
        "data": json.dumps(data),
    }
    claims = {"data": json.dumps(envelope), "iat": now, "exp": now + 3600}
    parts = [_text64(json.dumps(part)) for part in ({"alg": "RS256"}, claims)]
    signing_input = ".".join(parts).encode()
    signature = key.sign(signing_input, PKCS1v15(), SHA256())
    body = signing_input + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")
    return {"Content-Type": "text/plain"}, body


def _wix_entity_event(
    event: str, order: str, event_id: str, number: int
) -> dict[str, Any]:
    name, _, slug = event.rpartition(".")[2].partition("_")
    entity = {"id": f"{name}-{number}"}
    if name == "guest":
        entity |= {"eventId": event_id, "orderNumber": order}
    wrapped = {
        "created": ("createdEvent", {"entity": entity}),
        "updated": ("updatedEvent", {"currentEntity": entity}),
        "deleted": ("deletedEvent", {}),
    }
    wrapper, content = wrapped.get(slug, ("actionEvent", {"body": entity}))
    return {
        "id": f"00000000-0000-4000-8000-{number:012d}",
        "entityFqdn": event.rpartition(".")[0].removesuffix(".v1") + f".v1.{name}",
        "slug": slug,
        "entityId": entity["id"],
        "eventTime": "2026-09-01T00:00:00Z",
        wrapper: content,
    }


def _text64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def delivery(
    platform: str,
    event: str,
    order: str,
    *,
    number: int,
    now: int,
    secret: str = "",
    key: RSAPrivateKey | None = None,
    url: str = "",
    occurrence: str = "",
) -> tuple[dict[str, str], bytes]:
    """
    The headers and body of one delivery about an order, about an occurrence or about
    nothing, see `needs`; `order` is an attendee where Eventbrite tells of one. `number`
    makes the delivery id; sending the same number again is a redelivery. It is signed
    with `key` where `needs_key_file`, else with `secret`.
    """
    if needs_key_file(platform):
        assert key is not None
        return _wix(event, order, occurrence, number, key, now)
    make = {
        "ticket_tailor": _ticket_tailor,
        "square": _square,
        "eventbrite": _eventbrite,
    }[platform]
    header, body = make(event, order, occurrence, number, secret, url, now)
    return {"Content-Type": "application/json", **header}, body


def _ticket_tailor(
    event: str,
    order: str,
    occurrence: str,
    number: int,
    secret: str,
    url: str,
    now: int,
) -> tuple[dict[str, str], bytes]:
    api = "https://api.tickettailor.com/v1"
    about, payload = {
        "ORDER": (f"orders/{order}", {"id": order, "object": "order"}),
        "ISSUED_TICKET": (
            f"orders/{order}",
            {"id": f"it_{number}", "order_id": order},
        ),
        "EVENT": (f"events/{occurrence}", {"id": occurrence, "object": "event"}),
    }.get(event.partition(".")[0], (f"others/{number}", {"id": f"x_{number}"}))
    envelope = {
        "id": f"wh_{number}",
        "created_at": "2026-09-01 00:00:00",
        "event": event,
        "resource_url": f"{api}/{about}",
        "payload": payload,
    }
    body = json.dumps(envelope).replace("/", "\\/").encode()
    text = str(now).encode() + body
    signature = hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
    return {"Tickettailor-Webhook-Signature": f"t={now},v1={signature}"}, body


def _square(
    event: str,
    order: str,
    occurrence: str,
    number: int,
    secret: str,
    url: str,
    now: int,
) -> tuple[dict[str, str], bytes]:
    kind = event.partition(".")[0]
    if kind == "catalog":
        content: dict[str, Any] = {"catalog_version": {"updated_at": "2026-09-01"}}
    else:
        name = event.replace(".", "_") if kind == "order" else kind
        content = {name: {"order_id": order}}
    payload = {
        "merchant_id": "MLANTERN",
        "type": event,
        "event_id": f"00000000-0000-4000-8000-{number:012d}",
        "data": {"type": kind, "id": "x", "object": content},
    }
    body = json.dumps(payload).encode()
    raw = hmac.new(secret.encode(), url.encode() + body, hashlib.sha256).digest()
    return {"x-square-hmacsha256-signature": base64.b64encode(raw).decode()}, body


def _eventbrite(
    event: str,
    order: str,
    occurrence: str,
    number: int,
    secret: str,
    url: str,
    now: int,
) -> tuple[dict[str, str], bytes]:
    about = {
        "order": f"orders/{order}/",
        "attendee": f"events/{occurrence}/attendees/{order}/",
        "event": f"events/{occurrence}/",
    }.get(event.partition(".")[0], "{api-endpoint-to-fetch-object-details}/")
    api = "https://www.eventbriteapi.com"
    payload = {
        "config": {"action": event, "user_id": "1", "webhook_id": "7"},
        "api_url": f"{api}/{about}" if event == "test" else f"{api}/v3/{about}",
    }
    header = {"X-Eventbrite-Event": event, "X-Eventbrite-Delivery": f"d{number}"}
    return header, json.dumps(payload).encode()


def send(url: str, headers: dict[str, str], body: bytes) -> int:
    """
    Post the delivery and return the HTTP status of the response.
    """
    request = Request(url, data=body, headers=headers, method="POST")  # noqa: S310  # a test's own
    try:
        with urlopen(request, timeout=30) as response:  # noqa: S310  # nosec B310  # http, see above
            return int(response.status)
    except HTTPError as error:
        return error.code
