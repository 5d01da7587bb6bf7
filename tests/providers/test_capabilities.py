"""
What the platforms' capabilities claim is what ticketsync does with them.
"""

from dataclasses import replace

import pytest
from support.sandbox_providers import parsed_account

from ticketsync.providers import registry
from ticketsync.providers.base import ReportsPeople, SendsWebhooks

# Which of these flags are true, by platform; by what is read of each below.
READ = {
    "eventbrite": {"reads_pricing", "promo_codes"},
    "humanitix": {"reads_pricing", "promo_codes", "reserved_seating"},
    "square": {"reads_pricing", "promo_codes"},
    "ticket_tailor": {"reads_pricing", "reserved_seating"},
    "wix": {"reads_pricing", "promo_codes", "reserved_seating"},
    "file": set(),
}
NETWORK = sorted(READ.keys() - {"file"})
FLAGS = ("reads_pricing", "promo_codes", "reserved_seating")
NEVER = ("writes_events", "writes_pricing", "wait_lists")


@pytest.mark.parametrize("name", READ)
def test_no_flag_promises_what_is_not_read_or_written(name):
    claims = registry.provider(name).spec.capabilities
    assert {flag for flag in FLAGS if getattr(claims, flag)} == READ[name]
    assert [flag for flag in NEVER if getattr(claims, flag)] == []
    assert claims.reads_events
    assert claims.reads_sales


@pytest.mark.parametrize("name", NETWORK)
def test_prices_promo_codes_and_seats_are_claimed_where_the_sandbox_shows_them(name):
    dates, orders = parsed_account(name)
    types = [kind for date in dates for kind in date.ticket_types or ()]
    seen = {
        "reads_pricing": any(kind.price and kind.currency for kind in types),
        "promo_codes": any(order.promo_code for order in orders),
        "reserved_seating": any(t.seat for order in orders for t in order.tickets),
    }
    assert {flag for flag, is_seen in seen.items() if is_seen} == READ[name]


@pytest.mark.parametrize("name", NETWORK)
def test_webhooks_and_people_are_claimed_by_those_that_report_them(name):
    provider = registry.provider(name)
    claims = provider.spec.capabilities
    sends = isinstance(provider, SendsWebhooks)
    assert (claims.webhooks, claims.real_time_sales) == (sends, sends)
    # Square has no attendees, only a payer's e-mail address.
    assert claims.reads_attendees == (
        isinstance(provider, ReportsPeople) and name != "square"
    )


@pytest.mark.parametrize("name", NETWORK)
def test_what_is_not_read_is_said_in_the_limits(name):
    limits = registry.provider(name).spec.limits
    assert "not read" in limits
    assert ("no webhooks" in limits) == (name == "humanitix")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ticket_tailor", "https://app.tickettailor.com/"),
        ("humanitix", "https://console.humanitix.com/console/"),
        ("square", "https://app.squareup.com/dashboard/"),
        ("file", ""),
    ],
)
def test_where_an_account_is_managed(name, expected):
    spec = registry.provider(name).spec
    assert spec.dashboard_url_of({}) == expected
    per_event = "in its dashboard are not documented" in spec.limits
    assert per_event == (name != "file")


def test_an_address_with_an_option_needs_it():
    spec = replace(
        registry.provider("file").spec, dashboard_url="https://x.example/{site_id}/home"
    )
    assert spec.dashboard_url_of({"site_id": "s1"}) == "https://x.example/s1/home"
    assert spec.dashboard_url_of({}) == ""


def test_where_an_order_is_seen():
    """
    Only Square's facts give an address for an order; that is not confirmed.
    """
    assert registry.order_url("square", "a/b c") == (
        "https://app.squareup.com/dashboard/orders/overview/a%2Fb%20c"
    )
    for name in ("eventbrite", "ticket_tailor", "humanitix", "wix", "file", "gone"):
        assert registry.order_url(name, "or_1") == ""
