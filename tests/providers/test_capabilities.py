"""
What the platforms' capabilities claim is what ticketsync does with them.
"""

import pytest

from ticketsync.providers import registry
from ticketsync.providers.base import ReportsPeople, SendsWebhooks

NETWORK = ["eventbrite", "humanitix", "square", "ticket_tailor", "wix"]
NOT_READ = [
    *("writes_events", "writes_pricing", "reads_pricing"),
    *("reserved_seating", "promo_codes", "wait_lists"),
]
READ_BY = {
    "eventbrite": {"reads_pricing", "promo_codes"},
    "wix": {"reads_pricing", "promo_codes", "reserved_seating"},
}


@pytest.mark.parametrize("name", [*NETWORK, "file"])
def test_no_flag_promises_what_is_not_read_or_written(name):
    claims = registry.provider(name).spec.capabilities
    claimed = {flag for flag in NOT_READ if getattr(claims, flag)}
    assert claimed == READ_BY.get(name, set())
    assert claims.reads_events
    assert claims.reads_sales


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
