"""
Every fake platform: the demo's world contains the rare states, and a request that
cannot be parsed is refused with the platform's own error.
"""

import base64
import json
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from ticketsync.sandbox import eventbrite, platforms, server, wix, world
from ticketsync.sandbox.fake_platform import ApiRequest


@pytest.fixture(scope="module")
def demo():
    """
    The sandbox as `ticketsync demo` builds it.
    """
    return server.Sandbox(world.build(), others=platforms.build_others())


def headers_of(fake_platform):
    basic = base64.b64encode(f"{fake_platform.key}:".encode()).decode()
    return {
        "ticket_tailor": {"Authorization": f"Basic {basic}"},
        "eventbrite": {"Authorization": f"Bearer {fake_platform.key}"},
        "humanitix": {"x-api-key": fake_platform.key},
        "wix": {"Authorization": fake_platform.key, "wix-site-id": wix.SITE},
        "square": {
            "Authorization": f"Bearer {fake_platform.key}",
            "Square-Version": "2025-08-20",
        },
    }[fake_platform.name]


def get(demo, platform, path, *query):
    fake_platform = demo.platforms[platform]
    found = fake_platform.respond(
        ApiRequest("GET", path, query, headers_of(fake_platform))
    )
    assert found.status == 200, found.body
    return json.loads(found.body)


@pytest.mark.thorough
def test_the_demo_has_every_state_of_an_eventbrite_order(demo):
    path = f"/organizations/{eventbrite.ORGANISATION}/orders/"
    orders, number = [], 1
    while True:
        query = ("status", "both"), ("expand", "attendees"), ("page", str(number))
        page = get(demo, "eventbrite", path, *query)
        orders += page["orders"]
        if not page["pagination"]["has_more_items"]:
            break
        number += 1
    states = {order["status"] for order in orders}
    assert states >= {"placed", "pending", "started", "abandoned"}
    attendees = [row for order in orders for row in order["attendees"]]
    assert "Unpaid" in {row["status"] for row in attendees}
    assert {"-" in row["id"] for row in attendees} == {True, False}
    assert any(row["costs"]["payment_fee"]["value"] for row in attendees)


def test_the_demo_has_the_rare_states_of_square_and_wix(demo):
    for platform, wanted in {
        "square": {
            *("PAYMENT_FAILED", "PAYMENT_CANCELED", "PAYMENT_APPROVED"),
            *("PAYMENT_PENDING", "FAILED_BEFORE", "REFUND_PENDING", "REFUND_FAILED"),
            *("REFUND_REJECTED", "GIFT_CARD", "NO_UID", "QUANTITY_0", "SURCHARGE"),
        },
        "wix": {
            *("OFFLINE_PENDING", "OFFLINE", "PENDING", "DECLINED", "ARCHIVED"),
            *("GIFT_CARD", "REFUND_TWICE", "REFUND_PENDING", "REFUND_FAILED"),
            "REFUND_REVERSED",
        },
    }.items():
        of = demo.platforms[platform].world
        assert {purchase.rare_state for purchase in of.purchases} - {""} == wanted
    titles = {p.production.title for p in demo.platforms["wix"].world.performances}
    assert {"Open Rehearsal", "Guest Evening"} <= titles


HUMANITIX_TICKETS = f"/v1/events/{3001:024x}/tickets"
EVENTBRITE_ORDERS = f"/organizations/{eventbrite.ORGANISATION}/orders/"


@pytest.mark.parametrize(
    ("platform", "method", "target", "word"),
    [
        ("ticket_tailor", "GET", "/orders?created_at.gte=soon", "VALIDATION_ERROR"),
        ("ticket_tailor", "POST", "/check_ins", "VALIDATION_ERROR"),
        ("eventbrite", "GET", f"{EVENTBRITE_ORDERS}?changed_since=soon", "ARGUMENTS_"),
        (
            *("eventbrite", "POST"),
            f"/organizations/{eventbrite.ORGANISATION}/webhooks/",
            "ARGUMENTS_ERROR",
        ),
        ("humanitix", "GET", f"{HUMANITIX_TICKETS}?page=1&since=soon", "Bad Request"),
        ("square", "GET", "/v2/payments?begin_time=soon", "INVALID_TIME"),
        ("square", "POST", "/v2/orders/search", "INVALID_REQUEST_ERROR"),
        ("wix", "GET", "/payments/v2/transactions?from=soon", "validationError"),
        ("wix", "POST", "/events/v3/events/query", "validationError"),
    ],
)
def test_an_invalid_request_is_refused_with_the_platforms_own_error(
    demo, platform, method, target, word
):
    fake_platform = demo.platforms[platform]
    body = b"<no json>" if method == "POST" else None
    with server.serving(demo) as base:
        url = demo.url(base, platform) + target
        request = Request(url, body, headers_of(fake_platform), method=method)
        request.add_header("Content-Type", "application/json") if body else None
        with pytest.raises(HTTPError) as refused:
            urlopen(request, timeout=10)
        answer = refused.value.read().decode()
        refused.value.close()
    assert refused.value.code == 400
    assert word in answer
