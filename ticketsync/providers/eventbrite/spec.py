"""
Eventbrite as data: its status words, error codes, permissions and limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any

from ticketsync.core.records import OccurrenceStatus, OrderStatus, TicketTypeStatus
from ticketsync.net.api_errors import ErrorExplanation
from ticketsync.net.webhook_signatures import WebhookSpec
from ticketsync.providers.authentication import key_as_bearer
from ticketsync.providers.base import LISTING, ORDER, Budget, Capabilities, ProviderSpec
from ticketsync.providers.options import Option

if TYPE_CHECKING:
    from ticketsync.net.oauth import OAuth


EVENT_STATUS = {
    "draft": OccurrenceStatus.DRAFT,
    "live": OccurrenceStatus.ON_SALE,
    "started": OccurrenceStatus.CLOSED,
    "ended": OccurrenceStatus.CLOSED,
    "completed": OccurrenceStatus.CLOSED,
    "canceled": OccurrenceStatus.CANCELLED,
    "cancelled": OccurrenceStatus.CANCELLED,
}
ORDER_STATUS = {
    "placed": OrderStatus.PAID,
    "refunded": OrderStatus.PAID,
    "started": OrderStatus.PENDING,
    "pending": OrderStatus.PENDING,
    "unpaid": OrderStatus.PENDING,
    "abandoned": OrderStatus.CANCELLED,
    "cancelled": OrderStatus.CANCELLED,
    "canceled": OrderStatus.CANCELLED,
    "deleted": OrderStatus.CANCELLED,
}
NEVER_PAID = ("abandoned",)


class Attendance(Enum):
    """
    Whether an attendee comes: paid (or free), not paid yet, or no longer coming.
    """

    ATTENDING = "attending"
    UNPAID = "unpaid"
    ABSENT = "absent"


ATTENDEE_STATUS = {
    "attending": Attendance.ATTENDING,
    "checked in": Attendance.ATTENDING,
    "unpaid": Attendance.UNPAID,
    "not attending": Attendance.ABSENT,
    "deleted": Attendance.ABSENT,
}
SURELY_LISTED = ("attending", "checked in")
ON_SALE_STATUS = {
    "available": TicketTypeStatus.ON_SALE,
    "sold_out": TicketTypeStatus.SOLD_OUT,
    "not_yet_on_sale": TicketTypeStatus.SCHEDULED,
    "unavailable": TicketTypeStatus.CLOSED,
}
SKIPPED = "skip_organisations"
EVERY_STATUS = "draft,live,started,ended,completed,canceled"


def explain(status: int, body: Mapping[str, Any]) -> ErrorExplanation | None:
    """
    What an error response means. Paths and codes: section 4 of the platform's docs.
    """
    code = str(body.get("error") or "")
    if code in ("INVALID_AUTH", "INVALID_AUTH_HEADER", "NO_AUTH", "ACCESS_DENIED"):
        return ErrorExplanation(
            "Eventbrite does not accept this as a private token",
            "Of the three on the platform page, paste the private token; the API key "
            "and the client secret are for apps.",
        )
    if code == "NOT_AUTHORIZED":
        return ErrorExplanation(
            "this Eventbrite token may not read that",
            "A public token reads public data only: paste the private token, of a "
            "member who may see orders.",
        )
    if code in ("BAD_PAGE", "BAD_CONTINUATION_TOKEN", "EXPANSION_FAILED"):
        return ErrorExplanation(f"answered {code}", code=code)
    return None


def _oauth() -> OAuth:
    """
    The code flow; no scopes, no PKCE and no refresh token are documented.
    """
    from ticketsync.net.oauth import OAuth

    return OAuth(
        authorize_url="https://www.eventbrite.com/oauth/authorize",
        token_url="https://www.eventbrite.com/oauth/token",  # noqa: S106  # an address
    )


HOOK_ACTIONS = (
    *("order.placed", "order.updated", "order.refunded"),
    *("attendee.updated", "attendee.checked_in", "attendee.checked_out"),
    *("event.created", "event.published", "event.unpublished", "event.updated"),
)


def is_draft(raw: Mapping[str, Any]) -> bool:
    return bool(raw.get("status") == "draft")


SPEC = ProviderSpec(
    name="eventbrite",
    title="Eventbrite",
    base_url="https://www.eventbriteapi.com/v3",
    authenticate=key_as_bearer,
    budget=Budget(requests=2000, minutes=60),
    key_help="eventbrite.com/platform/api-keys → private token (not the API key)",
    reads="account",
    changes="feed",
    is_draft=is_draft,
    capabilities=Capabilities(
        reads_pricing=True,
        reads_attendees=True,
        webhooks=True,
        real_time_sales=True,
        recurring=True,
        promo_codes=True,
    ),
    personal_fields=frozenset(
        (
            *("email", "emails", "first_name", "last_name", "profile", "answers"),
            *("questions", "survey", "team", "affiliate", "guestlist_id"),
            *("invited_by", "barcode", "addresses"),
        )
    ),
    code_fields=frozenset(("barcode",)),
    scan_fields=frozenset(("checked_in", "checkin_type", "changed")),
    scan_words={"Checked In": "Attending", "used": "unused"},
    personal_beside_email=frozenset(("name",)),
    reports_fees=True,
    options=(
        Option(
            SKIPPED,
            "ids of organisations not to read, as in 123,456",
            is_list=True,
            pattern=r"[0-9]{1,20}",
            looks="the number of an organisation, as `status` names it",
            leaves_out=True,
        ),
    ),
    explain=explain,
    oauth=_oauth,
    limits="seats are not read, because that would take a request for each ticket; "
    "wait lists are not read, because they are not sales; add-ons are not ticket "
    "types; no refunded amount is reported, so an order that was refunded before it "
    "was first read is named, and counts 0.00 where nothing says its price any more",
    global_ids=frozenset((LISTING, ORDER)),
)

WEBHOOKS = WebhookSpec(
    is_signed=False,
    key_help="",
    steps=(
        "eventbrite.com/account-settings/webhooks",
        "add a webhook with the address {url} for all events",
        "choose order.*, attendee.*, event.*",
        "keep the address secret: Eventbrite signs nothing",
    ),
    order_id=r"[0-9]{1,20}",
)
