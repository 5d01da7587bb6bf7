"""
Square as data: its status words, error codes, permissions and limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ticketsync.core.records import OrderStatus
from ticketsync.core.redact import Secret
from ticketsync.net.api_errors import ErrorExplanation
from ticketsync.net.webhook_signatures import WebhookSpec
from ticketsync.providers.authentication import key_as_bearer
from ticketsync.providers.base import (
    LISTING,
    ORDER,
    Budget,
    Capabilities,
    Options,
    ProviderSpec,
)

if TYPE_CHECKING:
    from ticketsync.net.oauth import OAuth


VERSION = "2025-08-20"
HOOK_EVENTS = (
    *("payment.created", "payment.updated", "refund.created", "refund.updated"),
    *("order.created", "order.updated", "catalog.version.updated"),
)
STATES = ("COMPLETED", "OPEN", "CANCELED")
ORDER_STATE = {
    "completed": OrderStatus.PAID,
    "open": OrderStatus.PENDING,
    "draft": OrderStatus.PENDING,
    "canceled": OrderStatus.CANCELLED,
}
PAYMENT_STATUS = {
    word: word for word in ("approved", "pending", "completed", "canceled", "failed")
}
REFUND_STATUS = {word: word for word in ("pending", "completed", "rejected", "failed")}
FIXED_PRICING = "FIXED_PRICING"  # else the price is named at the sale
WITHOUT_FEE = ("CASH", "EXTERNAL")
CUSTOM = "custom:"
ANY_AMOUNT = f"{CUSTOM}Custom Amount"
WITHOUT_SALE = "refunds-without-a-sale"


def explain(status: int, body: Mapping[str, Any]) -> ErrorExplanation | None:
    """
    What an error response means: `errors[]` with category and code.
    """
    found = body.get("errors")
    codes = [str(e.get("code")) for e in found or () if isinstance(e, dict)]
    if "INSUFFICIENT_SCOPES" in codes or status == 403:
        return ErrorExplanation(
            "this Square token lacks a permission",
            "Allow MERCHANT_PROFILE_READ ORDERS_READ PAYMENTS_READ ITEMS_READ.",
        )
    if status == 401:
        return ErrorExplanation(
            "Square does not know this token, or it has expired",
            "Copy the production access token of your app in the Developer Console.",
        )
    return None


def _bearer(secret: Secret, options: Options) -> dict[str, Secret]:
    return key_as_bearer(secret, options) | {"Square-Version": Secret(VERSION)}


def _oauth() -> OAuth:
    """
    The code flow: access tokens of 30 days, renewed with a refresh token.
    """
    from ticketsync.net.oauth import OAuth

    return OAuth(
        authorize_url="https://connect.squareup.com/oauth2/authorize",
        token_url="https://connect.squareup.com/oauth2/token",  # noqa: S106  # an address
        scopes=("MERCHANT_PROFILE_READ", "ORDERS_READ", "PAYMENTS_READ", "ITEMS_READ"),
        uses_pkce=True,
        sends_json=True,
    )


SPEC = ProviderSpec(
    name="square",
    title="Square",
    base_url="https://connect.squareup.com",
    authenticate=_bearer,
    budget=Budget(requests=600, minutes=1),
    key_help="developer.squareup.com → your app → Production → Access token",
    reads="account",
    changes="feed",
    gift_cards="payments",
    capabilities=Capabilities(
        reads_pricing=True, webhooks=True, real_time_sales=True, promo_codes=True
    ),
    personal_fields=frozenset(
        (
            *("buyer_email_address", "customer_id", "note", "ticket_name"),
            *("billing_address", "shipping_address", "fulfillments", "metadata"),
            *("receipt_url", "card_details", "customer_details", "reference_id"),
        )
    ),
    reports_fees=True,
    explain=explain,
    oauth=_oauth,
    global_ids=frozenset((LISTING, ORDER)),
    owner_is_account=True,
    limits="has no dates, seats or check-ins: link its items to your shows; a "
    "refund without a sale belongs to no show; how many of an item are left is not "
    "read; the addresses of items in its dashboard are not documented",
    dashboard_url="https://app.squareup.com/dashboard/",
    order_url="https://app.squareup.com/dashboard/orders/overview/{order_id}",
)

WEBHOOKS = WebhookSpec(
    is_signed=True,
    key_help="the signature key of the subscription",
    steps=(
        "Developer Console → your app → Webhooks → Subscriptions",
        "add a subscription with the address {url}, exactly as it is",
        "choose payment.*, refund.*, order.* and catalog.version.updated",
        "give us its signature key",
    ),
    order_id=r"[A-Za-z0-9_-]{1,100}",
)
