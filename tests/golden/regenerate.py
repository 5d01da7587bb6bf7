"""
Record the cassettes and write what we understand of them.

    python tests/golden/regenerate.py                         from the sandbox
    python tests/golden/regenerate.py --live eventbrite       from a live account

A live account's key is taken from the variable LIVE_KEY, its options (`site_id` …)
from LIVE_OPTIONS as JSON. Read the difference before you commit it.
"""

import json
import os
import sys
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

import msgspec

from ticketsync.core.redact import Secret
from ticketsync.net.client import ApiClient
from ticketsync.providers import registry
from ticketsync.providers.base import (
    IssuesLooseTickets,
    ListsInOrders,
    ListsTicketTypes,
    OrderEstimate,
    reads_account,
)
from ticketsync.testing import cassette

ROOT = Path(__file__).parents[2]
PLATFORMS = ("ticket_tailor", "eventbrite", "humanitix", "wix", "square")
OPTIONS = {"wix": {"site_id": "5a1e0000-0000-4000-8000-000000000001"}}


def cassette_of(name):
    return ROOT / "cassettes" / name / "account.yaml"


def golden_of(name):
    return Path(__file__).parent / name / "account.json"


def connected(name, base_url="", key="replay", options=None):
    """
    A provider with its client.
    """
    kind = registry.provider(name)
    given = OPTIONS.get(name, {}) if options is None else options
    api = ApiClient(
        base_url or kind.spec.base_url,
        account="golden",
        platform=kind.spec.title,
        headers=kind.spec.authenticate(Secret(key), given),
        explain=kind.spec.explain,
    )
    return kind(api, given), api


def run_interactive(provider):
    """
    The conversation on the tape: everything a provider can ask.
    """
    identity = provider.identify()
    listed = [raw for page in provider.fetch_events() for raw in page.records]
    events = [provider.parse_event(raw) for raw in listed]
    dates = [d for event in events for d in event.occurrences]
    by_event = provider.spec.reads == "per_event"
    units = dict.fromkeys(d.event_id if by_event else d.id for d in dates)
    if isinstance(provider, ListsInOrders):
        units = list(units)[:1]  # each of them reads everything
    found = {
        raw["id"]: raw
        for unit in units
        for page in provider.fetch_orders(unit, None)
        for raw in page.records
    }
    if found:
        first = next(iter(found.values()))
        provider.fetch_order(first["id"], provider.provider_occurrence_id_of(first))
    whole = list(found.values())
    if reads_account(provider):
        pages = provider.fetch_all_orders(None, OrderEstimate(0), workers=1)
        whole = [raw for page in pages for raw in page.records]
        assert {raw["id"] for raw in whole} >= set(found)
    loose = []
    if isinstance(provider, IssuesLooseTickets):
        loose = [
            provider.parse_loose_ticket(raw)
            for unit in units
            for page in provider.fetch_loose_tickets(unit)
            for raw in page.records
        ]
    conversation = {
        "identity": identity,
        "events": events,
        # With the names of their fields, which an encoded order has not.
        "orders": [msgspec.structs.asdict(provider.parse_order(raw)) for raw in whole],
        "loose_tickets": loose,
    }
    if isinstance(provider, ListsTicketTypes):
        conversation["ticket_types"] = {
            raw["id"]: provider.parse_ticket_types(raw)
            for page in provider.fetch_ticket_types([date.id for date in dates])
            for raw in page.records
        }
    return conversation


def as_text(found):
    def plain(value):
        assert isinstance(value, datetime)
        return value.isoformat()

    plain_values = msgspec.to_builtins(found, builtin_types=[datetime])
    return json.dumps(plain_values, indent=1, sort_keys=True, default=plain) + "\n"


@contextmanager
def source(name, live):
    """
    Where to record: base URL, key, options.
    """
    if live:
        options = json.loads(os.environ.get("LIVE_OPTIONS", "{}"))
        yield registry.provider(name).spec.base_url, os.environ["LIVE_KEY"], options
        return
    from ticketsync.sandbox import platforms, server, world

    today = date(2026, 9, 1)
    others = platforms.build_others(
        today=today, orders=14, names=[n for n in (name,) if n != "ticket_tailor"]
    )
    sandbox = server.Sandbox(world.build(today=today, orders=40), others=others)
    with server.serving(sandbox) as url:
        key = sandbox.platforms[name].key
        yield sandbox.url(url, name), key, OPTIONS.get(name, {})


def headline(name, live):
    title = registry.provider(name).spec.title
    if live:
        return f"# Recorded from a live {title} account; people are taken out.\n"
    return (
        f"# Recorded from the ticketsync sandbox, which plays {title} from its\n"
        f"# documents. It was not recorded from {title}.\n"
    )


def record(name, live):
    file = cassette_of(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    spec = registry.provider(name).spec
    with (
        source(name, live) as (url, key, options),
        cassette(file, spec, record=True, recorded_at=url),
    ):
        provider, api = connected(name, url, key, options)
        run_interactive(provider)
        api.close()
    tape = file.read_text(encoding="utf-8")
    file.write_text(headline(name, live) + tape, encoding="utf-8")
    with cassette(file, spec):  # read from the tape: it has no people in it
        provider, api = connected(name)
        found = run_interactive(provider)
        api.close()
    golden = golden_of(name)
    golden.parent.mkdir(parents=True, exist_ok=True)
    golden.write_text(as_text(found), encoding="utf-8")


def main():
    live = "--live" in sys.argv
    for name in [a for a in sys.argv[1:] if a != "--live"] or PLATFORMS:
        record(name, live)


if __name__ == "__main__":
    main()
