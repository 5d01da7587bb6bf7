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
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

EVENTS = {
    "ticket_tailor": ("ORDER.CREATED", "ORDER.UPDATED", "ISSUED_TICKET.UPDATED"),
    "square": ("payment.created", "payment.updated", "refund.created", "order.updated"),
    "eventbrite": ("order.placed", "order.updated", "order.refunded", "test"),
}


def wix_delivery(
    order: str, event_id: str, *, number: int, key: RSAPrivateKey, now: int
) -> tuple[dict[str, str], bytes]:
    """
    The headers and body of one Wix delivery about an order: a token signed with the
    app's private key. Its claims hold an envelope as JSON text, and the envelope holds
    the event as JSON text.
    """
    event = {
        "timestamp": f"2026-09-01T00:00:00.{number:09d}Z",
        "eventId": event_id,
        "orderNumber": order,
        "status": "PAID",
    }
    envelope = {
        "eventType": "wix.events.ticketing.events.OrderUpdated",
        "instanceId": "00000000-0000-4000-8000-000000000001",
        "data": json.dumps(event),
    }
    claims = {"data": json.dumps(envelope), "iat": now, "exp": now + 3600}
    parts = [_text64(json.dumps(part)) for part in ({"alg": "RS256"}, claims)]
    signing_input = ".".join(parts).encode()
    signature = key.sign(signing_input, PKCS1v15(), SHA256())
    body = signing_input + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")
    return {"Content-Type": "text/plain"}, body


def _text64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def delivery(
    platform: str,
    event: str,
    order: str,
    *,
    number: int,
    secret: str,
    url: str,
    now: int,
) -> tuple[dict[str, str], bytes]:
    """
    The headers and body of one delivery about an order. `number` makes the delivery id;
    sending the same number again is a redelivery.
    """
    payload: dict[str, Any]
    if platform == "ticket_tailor":
        is_ticket = event.startswith("ISSUED_TICKET.")
        payload = {
            "id": f"wh_{number}",
            "created_at": "2026-09-01 00:00:00",
            "event": event,
            "resource_url": f"https://api.tickettailor.com/v1/orders/{order}",
            "payload": {"id": f"it_{number}", "order_id": order}
            if is_ticket
            else {"id": order, "object": "order"},
        }
        body = json.dumps(payload).replace("/", "\\/").encode()
        text = str(now).encode() + body
        signature = hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
        header = {"Tickettailor-Webhook-Signature": f"t={now},v1={signature}"}
    elif platform == "square":
        kind = event.partition(".")[0]
        name = "order_updated" if kind == "order" else kind
        payload = {
            "merchant_id": "MLANTERN",
            "type": event,
            "event_id": f"00000000-0000-4000-8000-{number:012d}",
            "data": {"type": kind, "id": "x", "object": {name: {"order_id": order}}},
        }
        body = json.dumps(payload).encode()
        raw = hmac.new(secret.encode(), url.encode() + body, hashlib.sha256).digest()
        header = {"x-square-hmacsha256-signature": base64.b64encode(raw).decode()}
    else:
        payload = {
            "config": {"action": event, "user_id": "1", "webhook_id": "7"},
            "api_url": "https://www.eventbriteapi.com/{api-endpoint}/"
            if event == "test"
            else f"https://www.eventbriteapi.com/v3/orders/{order}/",
        }
        body = json.dumps(payload).encode()
        header = {"X-Eventbrite-Event": event, "X-Eventbrite-Delivery": f"d{number}"}
    return {"Content-Type": "application/json", **header}, body


def send(url: str, headers: dict[str, str], body: bytes) -> int:
    """
    Post the delivery and return the HTTP status of the response.
    """
    request = Request(url, data=body, headers=headers, method="POST")  # noqa: S310
    try:
        with urlopen(request, timeout=30) as response:  # noqa: S310
            return int(response.status)
    except HTTPError as error:
        return error.code
