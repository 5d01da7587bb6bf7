"""
The contract of every provider, played from cassettes; and the cassettes themselves.
"""

import copy
import re
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import pytest

from ticketsync.providers import registry
from ticketsync.testing import ProviderContract, cassette

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "golden"))
import regenerate  # noqa: E402  # the script that makes what is tested here

CASSETTES = [regenerate.cassette_of(name) for name in regenerate.PLATFORMS]


@contextmanager
def replayed(name):
    """
    A provider that talks to its cassette.
    """
    spec = registry.provider(name).spec
    with cassette(regenerate.cassette_of(name), spec) as tape:
        tape.allow_playback_repeats = True
        provider, api = regenerate.connected(name)
        yield provider
        api.close()


class Played(ProviderContract):
    name = ""
    _fetched: ClassVar = {}

    def raw_orders(self, provider):
        """
        What the cassette holds, fetched once for all tests of the platform.
        """
        if self.name not in self._fetched:
            self._fetched[self.name] = super().raw_orders(provider)
        return copy.deepcopy(self._fetched[self.name])

    @pytest.fixture
    def provider(self):
        with replayed(self.name) as provider:
            yield provider


class TestTicketTailor(Played):
    name = "ticket_tailor"
    required = (
        *("id", "status", "created_at", "currency", "total", "refund_amount"),
        *("issued_tickets", "line_items", "event_summary"),
    )


class TestEventbrite(Played):
    name = "eventbrite"
    required = ("id", "event_id", "created", "costs", "attendees", "costs.gross")


class TestHumanitix(Played):
    name = "humanitix"
    status_field = "order.status"
    required = (
        *("order", "tickets", "order._id", "order.status", "order.currency"),
        *("order.totals", "order.purchaseTotals.total"),
    )


class TestWix(Played):
    name = "wix"
    status_field = "order.status"
    required = (
        *("order", "refunds", "order.orderNumber", "order.eventId", "order.status"),
        *("order.created", "order.tickets"),
    )


class TestSquare(Played):
    name = "square"
    status_field = "order.state"
    required = (
        *("order", "payments", "refunds", "returns", "order.id", "order.state"),
        *("order.created_at", "order.total_money"),
    )


@pytest.mark.parametrize("name", regenerate.PLATFORMS)
def test_the_cassette_is_still_parsed_as_the_golden_file_says(name):
    spec = registry.provider(name).spec
    with cassette(regenerate.cassette_of(name), spec) as tape:
        provider, api = regenerate.connected(name)
        found = regenerate.as_text(regenerate.run_interactive(provider))
        api.close()
    assert found == regenerate.golden_of(name).read_text(encoding="utf-8")
    assert tape.all_played


def test_no_cassette_lies_about_unused():
    there = set((ROOT / "cassettes").rglob("*.yaml"))
    assert there == set(CASSETTES)


@pytest.mark.parametrize("file", CASSETTES)
def test_a_cassette_says_where_it_comes_from(file):
    first = file.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# Recorded from ")


@pytest.mark.parametrize("file", CASSETTES)
@pytest.mark.parametrize(
    "pattern",
    [
        r"[\w.+-]+@[\w-]+\.\w+",  # addresses
        r"\bsk_\w+",  # keys
        r"Basic [A-Za-z0-9+/=]{8,}",
        r"eyJ[A-Za-z0-9_-]{10,}",  # tokens
        r"Guest \d+|Example Street|5550\d{3}",  # the sandbox's people
        r"\"barcode\":\"\w",
        r"127\.0\.0\.1|localhost",
    ],
)
def test_f117_no_secret_and_no_person_is_in_a_cassette(file, pattern):
    found = re.search(pattern, file.read_text(encoding="utf-8"))
    assert found is None, found


def test_f117_the_scanner_would_find_one():
    """
    The control: what the sandbox sends does hold people and would be found.
    """
    from datetime import date

    from ticketsync.sandbox import ticket_tailor, world

    platform = ticket_tailor.TicketTailor(
        world.build(today=date(2026, 9, 1), orders=40)
    )
    body = platform.answer("/orders", {}).body.decode()
    assert re.search(r"[\w.+-]+@[\w-]+\.\w+", body)
    assert re.search(r"Guest \d+|Example Street|5550\d{3}", body)
