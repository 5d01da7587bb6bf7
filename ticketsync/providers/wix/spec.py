"""
Wix Events as data: its status words, error codes, options and limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ticketsync.core.records import OccurrenceStatus, OrderStatus, TicketTypeStatus
from ticketsync.core.redact import Secret
from ticketsync.net.api_errors import ErrorExplanation
from ticketsync.net.webhook_signatures import WebhookSpec
from ticketsync.providers.base import (
    LISTING,
    Budget,
    Capabilities,
    Options,
    ProviderSpec,
)
from ticketsync.providers.options import Option

EVENT_STATUS = {
    "upcoming": OccurrenceStatus.ON_SALE,
    "started": OccurrenceStatus.CLOSED,
    "ended": OccurrenceStatus.CLOSED,
    "canceled": OccurrenceStatus.CANCELLED,
    "draft": OccurrenceStatus.DRAFT,
}
ORDER_STATUS = {
    "free": OrderStatus.PAID,
    "paid": OrderStatus.PAID,
    "partially_paid": OrderStatus.PAID,
    "offline_pending": OrderStatus.PENDING,
    "pending": OrderStatus.PENDING,
    "authorized": OrderStatus.PENDING,
    "initiated": OrderStatus.CANCELLED,
    "declined": OrderStatus.CANCELLED,
    "voided": OrderStatus.CANCELLED,
    "canceled": OrderStatus.CANCELLED,
}
# A refund passes through these in order: if it is reported twice, the later one holds.
REFUND_STATUS = {
    word: rank
    for rank, word in enumerate(("pending", "succeeded", "failed", "reversed"))
}
REFUNDED = REFUND_STATUS["succeeded"]
SALE_STATUS = {
    "sale_scheduled": TicketTypeStatus.SCHEDULED,
    "sale_started": TicketTypeStatus.ON_SALE,
    "sale_ended": TicketTypeStatus.CLOSED,
}
BY_HAND = ("offline", "inperson", "cash")  # methods without a payment processor


def explain(status: int, body: Mapping[str, Any]) -> ErrorExplanation | None:
    """
    What an error response means; its code is in `details.applicationError`.
    """
    details = body.get("details")
    error = details.get("applicationError") if isinstance(details, dict) else None
    code = error.get("code") if isinstance(error, dict) else ""
    if status == 428 and code == "WIX_EVENTS_APP_NOT_INSTALLED":
        return ErrorExplanation(
            "the Wix Events app is not installed on this site",
            "Install Wix Events on the site, or use the id of the site that has it.",
        )
    if status == 401:
        return ErrorExplanation(
            "Wix does not know this API key",
            "Create one as the account's owner at manage.wix.com/account/api-keys.",
        )
    if status == 403:
        return ErrorExplanation(
            "this Wix key may not read that site",
            "Check the site id, and tick Wix Events, Site Properties and Payments for "
            "the key.",
        )
    return None


def _key_and_site(secret: Secret, options: Options) -> dict[str, Secret]:
    return {
        "Authorization": secret,
        "wix-site-id": Secret(options.get("site_id", "")),
    }


def is_draft(raw: Mapping[str, Any]) -> bool:
    return bool(raw.get("status") == "DRAFT")


SPEC = ProviderSpec(
    name="wix",
    title="Wix Events",
    base_url="https://www.wixapis.com",
    authenticate=_key_and_site,
    budget=Budget(requests=200, minutes=1),
    key_help="manage.wix.com/account/api-keys, as the account's owner",
    reads="account",
    changes="feed",
    gift_cards="payments",
    is_draft=is_draft,
    capabilities=Capabilities(
        reads_pricing=True,
        reads_attendees=True,
        webhooks=True,
        real_time_sales=True,
        recurring=True,
        reserved_seating=True,
        promo_codes=True,
    ),
    personal_fields=frozenset(
        (
            *("firstName", "lastName", "fullName", "email", "phone", "contactId"),
            *("memberId", "orderFullName", "guestFullName", "guestDetails"),
            *("checkoutForm", "form", "ticketsPdf", "ticketPdfUrl", "previewUrl"),
            *("walletPassUrl", "checkInUrl", "obfuscatedCode"),
            *("checkoutFormSubmission", "formSubmission"),
        )
    ),
    scan_fields=frozenset(("checkIn", "fullyCheckedIn", "updated", "updatedDate")),
    options=(
        Option(
            "site_id",
            "the GUID after /dashboard/ in your site's dashboard address",
            is_required=True,
            pattern=r"(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
            sets_apart=True,
            names_owner=True,
        ),
    ),
    explain=explain,
    global_ids=frozenset((LISTING,)),
    limits="card processing fees are not reported; webhooks and OAuth need an app "
    "of the venue's own, of which only the webhooks are supported: an API "
    "key reads the same data; events by registration (RSVP) or sold "
    "elsewhere sell nothing here; prices are read again where a listing or "
    "an order changed, and once a day for all upcoming dates; the answers to "
    "guest forms are not read, because their form is not documented",
    dashboard_url="https://manage.wix.com/dashboard/{site_id}/events",
)

WEBHOOKS = WebhookSpec(
    is_signed=True,
    key_help="the public key of your own Wix app",
    has_private_key=True,
    steps=(
        "only an app of your own can subscribe: dev.wix.com → your app → Webhooks",
        "add the address {url} for the order and guest events of Wix Events",
        "give us the app's public key",
    ),
    kinds=("text/plain", "application/jwt", "application/jose", "application/json"),
    order_id=r"[A-Za-z0-9_-]{1,60}",
    occurrence_id=r"[A-Za-z0-9_-]{1,60}",
    expires=True,
)
