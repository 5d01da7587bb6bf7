"""
Ticket Tailor as data: its status words and limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ticketsync.core.records import (
    OccurrenceStatus,
    OrderStatus,
    TicketStatus,
    TicketTypeStatus,
)
from ticketsync.net.webhook_signatures import WebhookSpec
from ticketsync.providers.authentication import key_as_basic_user
from ticketsync.providers.base import LISTING, ORDER, Budget, Capabilities, ProviderSpec

ORDER_STATUS = {
    "completed": OrderStatus.PAID,
    "pending": OrderStatus.PENDING,
    "cancelled": OrderStatus.CANCELLED,
    "canceled": OrderStatus.CANCELLED,
}
TICKET_STATUS = {
    "valid": TicketStatus.VALID,
    "voided": TicketStatus.VOID,
    "void": TicketStatus.VOID,
}
EVENT_STATUS = {
    "published": OccurrenceStatus.ON_SALE,
    "members_only": OccurrenceStatus.ON_SALE,
    "draft": OccurrenceStatus.DRAFT,
    "sales_closed": OccurrenceStatus.CLOSED,
}
TICKET_TYPE_STATUS = {
    "on_sale": TicketTypeStatus.ON_SALE,
    "members_only": TicketTypeStatus.ON_SALE,
    "sold_out": TicketTypeStatus.SOLD_OUT,
    "unavailable": TicketTypeStatus.CLOSED,
    "hidden": TicketTypeStatus.HIDDEN,
    "locked": TicketTypeStatus.HIDDEN,
    "admin_only": TicketTypeStatus.HIDDEN,
}
NO_PAYMENT = "--"  # what txn_id says where nothing was paid


def is_draft(raw: Mapping[str, Any]) -> bool:
    return bool(raw.get("status") == "draft")


SPEC = ProviderSpec(
    name="ticket_tailor",
    title="Ticket Tailor",
    base_url="https://api.tickettailor.com/v1",
    authenticate=key_as_basic_user,
    budget=Budget(requests=5000, minutes=30),
    key_help="Box office settings → API → Generate new key (begins with sk_)",
    reads="account",
    is_draft=is_draft,
    gift_cards="sold",
    capabilities=Capabilities(
        reads_pricing=True,
        reads_attendees=True,
        webhooks=True,
        real_time_sales=True,
        recurring=True,
        reserved_seating=True,
    ),
    personal_fields=frozenset(
        (
            *("buyer_details", "status_message", "notes", "meta_data"),
            *("custom_questions", "email", "full_name", "first_name", "last_name"),
            *("reference", "barcode", "barcode_url", "qr_code_url"),
            "group_ticket_barcode",
        )
    ),
    code_fields=frozenset(("barcode",)),
    scan_fields=frozenset(("checked_in", "updated_at")),
    # Whether unpaid tickets are counted is unverified; void ones are not.
    listed_tickets="valid",
    limits="wait lists, memberships and holds are not read, because they are not "
    "sales; orders name no promo code and ticket types no time of sale; a change to "
    "an old order is found by its event's counts, by webhooks, and once a day; the "
    "addresses of events in its dashboard are not documented",
    global_ids=frozenset((LISTING, ORDER)),
    owner_is_account=True,
    dashboard_url="https://app.tickettailor.com/",
)

WEBHOOKS = WebhookSpec(
    is_signed=True,
    key_help="the shared secret that Ticket Tailor shows with the webhook",
    steps=(
        "Settings → API → Webhooks in your box office",
        "add a webhook with the address {url}",
        "choose the order, issued ticket and event topics",
        "give us its shared secret",
    ),
    order_id=r"or_[A-Za-z0-9_]{1,60}",
    expires=True,
)
