"""
Humanitix as data: its status words, regions, options and limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ticketsync.core.records import OrderStatus, TicketStatus
from ticketsync.core.redact import Secret
from ticketsync.net.api_errors import ErrorExplanation
from ticketsync.providers.base import (
    LISTING,
    ORDER,
    Budget,
    Capabilities,
    Options,
    ProviderSpec,
)
from ticketsync.providers.options import Option

PAGE_SIZE = 100
REGIONS = ("AU", "CA", "DE", "FJ", "GB", "MX", "MY", "NZ", "SG", "US")
ORDER_STATUS = {"complete": OrderStatus.PAID}
TICKET_STATUS = {"complete": TicketStatus.VALID, "cancelled": TicketStatus.VOID}


def explain(status: int, body: Mapping[str, Any]) -> ErrorExplanation | None:
    """
    What an error response means; the messages were seen by third parties.
    """
    message = str(body.get("message") or "").lower()
    if status in (401, 403) or (status == 400 and "api key" in message):
        return ErrorExplanation(
            "Humanitix does not know this key",
            "Copy it again from console.humanitix.com → Account → Advanced → API key.",
        )
    return None


def _key_header(secret: Secret, options: Options) -> dict[str, Secret]:
    return {"x-api-key": secret}


def is_draft(raw: Mapping[str, Any]) -> bool:
    return not raw.get("published", True)


SPEC = ProviderSpec(
    name="humanitix",
    title="Humanitix",
    base_url="https://api.humanitix.com",
    authenticate=_key_header,
    budget=Budget(requests=200, minutes=1),
    key_help="console.humanitix.com → Account → Advanced → API key",
    is_draft=is_draft,
    gift_cards="paid",
    capabilities=Capabilities(
        reads_pricing=True,
        reads_attendees=True,
        recurring=True,
        reserved_seating=True,
        promo_codes=True,
    ),
    personal_fields=frozenset(
        (
            *("firstName", "lastName", "email", "mobile", "organisation"),
            *("businessName", "businessTaxId", "notes", "additionalFields"),
            *("accessCode", "waitlistOfferId", "qrCodeData"),
            *("customScanningCode", "swappedFrom", "swappedTo"),
        )
    ),
    code_fields=frozenset(("qrCodeData", "customScanningCode")),
    scan_fields=frozenset(("checkIn", "checkInHistory", "updatedAt")),
    reports_fees=True,
    reads="per_event",
    changes="by_event",
    options=(
        Option(
            "regions",
            "regions to read, as in AU,NZ (default: the account's)",
            values=REGIONS,
            is_list=True,
            sets_apart=True,
        ),
    ),
    explain=explain,
    limits="has no webhooks, and no account id: accounts are recognised by their "
    "events' organisers; ticket types have no time of sale and no number sold; wait "
    "lists are not read, because they are not sales; the addresses of events in its "
    "dashboard are not documented",
    global_ids=frozenset((LISTING, ORDER)),
    dashboard_url="https://console.humanitix.com/console/",
)
