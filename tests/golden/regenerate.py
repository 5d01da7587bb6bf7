"""
Record the cassettes again, and what we understand of them.

    python tests/golden/regenerate.py               from the sandbox
    TT_LIVE_KEY=sk_… python tests/golden/regenerate.py --live

Read the difference before committing it. A live recording keeps no people, but look
at it all the same; nobody should commit another venue's sales.
"""

import json
import os
import sys
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path

from ticketsync.core.redact import Secret
from ticketsync.net.client import ApiClient
from ticketsync.providers.base import Extent, key_as_basic_user
from ticketsync.providers.ticket_tailor import TicketTailor
from ticketsync.testing import cassette

ROOT = Path(__file__).parents[2]
CASSETTE = ROOT / "cassettes" / "ticket_tailor" / "account.yaml"
GOLDEN = Path(__file__).parent / "ticket_tailor" / "account.json"
FROM_SANDBOX = (
    "# Recorded from the ticketsync sandbox, which plays Ticket Tailor from its\n"
    "# documents. It was not recorded from Ticket Tailor.\n"
)
FROM_LIVE = "# Recorded from a live Ticket Tailor account; people are taken out.\n"


def converse(api):
    """
    The conversation on the tape: everything a provider can ask.
    """
    provider = TicketTailor(api, {})
    identity = provider.identify()
    listed = [raw for page in provider.fetch_events() for raw in page.records]
    events = [provider.read_event(raw) for raw in listed]
    dates = [d.id for event in events for d in event.occurrences]
    by_event = [
        raw
        for event_id in dates
        for page in provider.fetch_orders(event_id, None)
        for raw in page.records
    ]
    whole = [
        raw
        for page in provider.fetch_all_orders(None, Extent(0), workers=1)
        for raw in page.records
    ]
    assert {raw["id"] for raw in whole} == {raw["id"] for raw in by_event}
    if by_event:
        provider.fetch_order(by_event[0]["id"], "")
    loose = [
        provider.read_loose_ticket(raw)
        for event_id in dates
        for page in provider.fetch_loose_tickets(event_id)
        for raw in page.records
    ]
    return {
        "identity": asdict(identity),
        "events": [asdict(event) for event in events],
        "orders": [asdict(provider.read_order(raw)) for raw in whole],
        "loose_tickets": [asdict(ticket) for ticket in loose],
    }


def as_text(found):
    def plain(value):
        assert isinstance(value, datetime)
        return value.isoformat()

    return json.dumps(found, indent=1, sort_keys=True, default=plain) + "\n"


def client(base_url, key):
    return ApiClient(
        base_url,
        account="golden",
        platform="Ticket Tailor",
        headers=key_as_basic_user(Secret(key), {}),
    )


@contextmanager
def source(live):
    if live:
        yield TicketTailor.spec.base_url, os.environ["TT_LIVE_KEY"]
        return
    from ticketsync.sandbox import server, world

    sandbox = server.Sandbox(world.build(today=date(2026, 9, 1), orders=40))
    with server.serving(sandbox) as url:
        yield url, sandbox.key


def main():
    live = "--live" in sys.argv
    CASSETTE.parent.mkdir(parents=True, exist_ok=True)
    CASSETTE.unlink(missing_ok=True)
    with (
        source(live) as (url, key),
        cassette(CASSETTE, TicketTailor.spec, record=True),
    ):
        api = client(url, key)
        found = converse(api)
        api.close()
    tape = CASSETTE.read_text(encoding="utf-8")
    CASSETTE.write_text((FROM_LIVE if live else FROM_SANDBOX) + tape, encoding="utf-8")
    GOLDEN.parent.mkdir(exist_ok=True)
    GOLDEN.write_text(as_text(found), encoding="utf-8")


if __name__ == "__main__":
    main()
