"""
The contract of every provider, played from cassettes; and the cassettes themselves.
"""

import re
import sys
from pathlib import Path

import pytest

from ticketsync.providers.ticket_tailor import TicketTailor
from ticketsync.testing import ProviderContract, cassette

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "golden"))
import regenerate  # noqa: E402  # the script that makes what is tested here

CASSETTES = {ROOT / "cassettes/ticket_tailor/account.yaml": TicketTailor.spec}


class TestTicketTailor(ProviderContract):
    required = (
        *("id", "status", "created_at", "currency", "total", "refund_amount"),
        *("issued_tickets", "line_items", "event_summary"),
    )

    @pytest.fixture
    def provider(self):
        with cassette(regenerate.CASSETTE, TicketTailor.spec) as tape:
            tape.allow_playback_repeats = True
            api = regenerate.client(TicketTailor.spec.base_url, "sk_1_2_replay")
            yield TicketTailor(api, {})
            api.close()


def test_the_cassette_is_still_understood_as_the_golden_file_says():
    with cassette(regenerate.CASSETTE, TicketTailor.spec) as tape:
        api = regenerate.client(TicketTailor.spec.base_url, "sk_1_2_replay")
        found = regenerate.as_text(regenerate.converse(api))
        api.close()
    assert found == regenerate.GOLDEN.read_text(encoding="utf-8")
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

    played = ticket_tailor.TicketTailor(world.build(today=date(2026, 9, 1), orders=40))
    body = played.answer("/orders", {}).body.decode()
    assert re.search(r"[\w.+-]+@[\w-]+\.\w+", body)
    assert re.search(r"Guest \d+|Example Street|5550\d{3}", body)
