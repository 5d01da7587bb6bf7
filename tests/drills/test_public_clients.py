"""
Clients that others wrote read the sandbox and find its truth, to the cent.

Official SDKs and Airbyte's declarative runner, as they are published and in processes
of their own, collect every list; `public_clients/totals.py` adds up what they bring. A
library that no registry gives is left out by name.
"""

import json
import os
import subprocess
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from public_clients import installing, totals
from public_clients.installing import Library

from ticketsync.sandbox import (
    eventbrite,
    faults,
    humanitix,
    server,
    square,
    square_records,
    wix,
    wix_records,
    world,
)

pytestmark = pytest.mark.drill

HERE = Path(__file__).parent / "public_clients"
TODAY = date(2026, 9, 1)
ORDERS = 500
FAKE_PLATFORMS = {
    "eventbrite": (eventbrite.PROFILE, eventbrite.Eventbrite),
    "humanitix": (humanitix.PROFILE, humanitix.Humanitix),
    "wix": (wix.PROFILE, wix.Wix),
    # All three works, so that the catalogue has more than one page.
    "square": (
        replace(square.PROFILE, production_ids=(3001, 3002, 3003)),
        square.Square,
    ),
}


@contextmanager
def playing(platform):
    """
    A sandbox with that platform, two days after it was built; yields it and its URL.
    """
    others = ()
    if platform != "ticket_tailor":
        profile, platform_class = FAKE_PLATFORMS[platform]
        built = world.build(seed=7, today=TODAY, orders=ORDERS, profile=profile)
        others = (platform_class(built),)
    sandbox = server.Sandbox(
        world.build(seed=7, today=TODAY, orders=ORDERS), others=others
    )
    if platform != "eventbrite":  # its changes come between two reads
        sandbox.change_all(world.next_day)
        sandbox.change_all(world.next_day)
    if platform == "humanitix":
        sandbox.change_all(swap_some)
    with server.serving(sandbox) as base:
        yield sandbox, sandbox.url(base, platform)


def swap_some(of):
    """
    Three guests, alone in their orders, come on another night of the same work.
    """
    alone = [
        purchase
        for purchase in of.purchases
        if len(purchase.seats) == 1
        and purchase.total
        and not purchase.refunded
        and not purchase.seats[0].is_void
    ]
    for purchase in alone[:3]:
        own = purchase.performance
        nights = [
            p
            for p in of.performances
            if p.production is own.production and p is not own
        ]
        world.swap(of, purchase, nights[0])


# The clients: each brings its lists as it was given them


def read(*command, folder):
    environment = {**os.environ, "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:] or done.stdout[-2000:]
    return done.stdout


def sdk(library, script, *arguments):
    folder = library.folder()
    program = "node" if library.tool == "npm" else str(folder / "bin" / "python")
    text = read(program, str(HERE / script), *arguments, folder=folder)
    return json.loads(text, parse_float=str)


def eventbrite_sdk(url, key, folder):
    return sdk(
        installing.EVENTBRITE,
        "collect_eventbrite.py",
        url,
        key,
        eventbrite.ORGANISATION,
    )


def square_sdk(url, key, folder):
    return sdk(installing.SQUARE, "collect_square.py", url, key)


def wix_sdk(url, key, folder):
    return sdk(installing.WIX, "collect_wix.mjs", url, key, wix.SITE)


STREAMS = {
    "ticket_tailor": ("events", "orders", "tickets"),
    "humanitix": ("events", "orders", "tickets"),
    "eventbrite": ("events", "orders", "attendees"),
    "square": ("locations", "catalog", "orders", "payments", "refunds"),
    "wix": ("events", "orders", "transactions"),
}


def airbyte(platform):
    """
    Airbyte's runner with the manifest of that platform.
    """

    def collect(url, key, folder):
        runner = installing.AIRBYTE.folder() / "bin" / "source-declarative-manifest"
        mode = "full_refresh"
        catalog = [
            {
                "stream": {
                    "name": n,
                    "json_schema": {},
                    "supported_sync_modes": [mode],
                },
                "sync_mode": mode,
                "destination_sync_mode": "overwrite",
            }
            for n in STREAMS[platform]
        ]
        config = {"base_url": url, "key": key, "site": wix.SITE}
        config["organization"] = eventbrite.ORGANISATION
        (folder / "catalog.json").write_text(json.dumps({"streams": catalog}))
        (folder / "config.json").write_text(json.dumps(config))
        text = read(
            *(str(runner), "read", "--config", "config.json"),
            *("--catalog", "catalog.json"),
            *("--manifest-path", str(HERE / "manifests" / f"{platform}.yaml")),
            folder=folder,
        )
        found = {name: [] for name in STREAMS[platform]}
        for line in text.splitlines():
            message = json.loads(line, parse_float=str)
            if message["type"] == "RECORD":
                record = message["record"]
                found[record["stream"]].append(record["data"])
        return found

    return collect


CLIENTS = {
    "eventbrite-sdk": ("eventbrite", eventbrite_sdk),
    "square-sdk": ("square", square_sdk),
    "wix-sdk": ("wix", wix_sdk),
    **{f"airbyte-{name}": (name, airbyte(name)) for name in STREAMS},
}
clients = pytest.mark.parametrize(
    ("platform", "collect"),
    [pytest.param(*it, id=name) for name, it in CLIENTS.items()],
)


# The truth


def true_sums(of):
    return {
        it.event_id: totals.Sums(it.tickets_sold, it.gross, it.refunded, it.fees or 0)
        for it in world.truth(of)
    }


def true_ids(platform, of):
    """
    The ids that each list holds, by the world alone or by what the platform shows of it
    before any filter or page.
    """
    sold = of.purchases
    seats = [seat for purchase in sold for seat in purchase.seats]
    match platform:
        case "ticket_tailor":
            loose = [seat for _, seat in of.tickets_without_order]
            return {
                "events": [f"ev_{p.id}" for p in of.performances],
                "orders": [f"or_{p.id}" for p in sold],
                "tickets": [f"it_{seat.id}" for seat in seats + loose],
            }
        case "humanitix":
            swapped = [seat.swapped_id for seat in seats if seat.swapped_to]
            assert swapped
            numbers = [*(seat.id for seat in seats), *swapped]
            return {
                "events": [
                    f"{production.id:024x}" for production in of.productions[:2]
                ],
                "orders": [f"{p.id:024x}" for p in sold],
                "tickets": [f"{number:024x}" for number in numbers],
            }
        case "eventbrite":
            return {
                "events": [f"88{p.id}" for p in of.performances],
                "orders": [str(p.id) for p in sold],
                "attendees": [
                    str(seat.id) if p.id % 2 else f"{p.seats[0].id}-{n}"
                    for p in sold
                    for n, seat in enumerate(p.seats, 1)
                ],
            }
        case "wix":
            transactions = map(wix_records.transaction_id, sold)
            return {
                "events": [wix_records.event_id(p) for p in of.performances],
                "orders": [wix_records.number_of(p) for p in sold],
                "tickets": [
                    ticket["ticketNumber"]
                    for p in sold
                    for ticket in wix_records.tickets(p)
                ],
                "transactions": [id_ for id_ in transactions if id_],
                "refunds": [row["id"] for row in wix_records.refund_rows(of)],
            }
        case _:
            lists = {
                "catalog": square_records.catalogue(of),
                "orders": square_records.orders(of),
                "payments": square_records.payments(of),
                "refunds": square_records.refunds(of),
            }
            return {name: [row["id"] for row in rows] for name, rows in lists.items()}


def id_of(name, row):
    """
    A record's own id, as its platform or its SDK calls it.
    """
    keys = {"transactions": "transactionId", "tickets": "ticketNumber"}
    if "invoice" in row:
        return row["orderNumber"]
    return row.get("id") or row.get("_id") or row[keys[name]]


def differences(platform, of, found, before=None):
    """
    Every list that is not whole, and every occurrence whose sums are not the truth.
    """
    wrong = []
    for name, wanted in true_ids(platform, of).items():
        if name in found:
            ids = Counter(id_of(name, row) for row in found[name])
            lacking, too_many = Counter(wanted) - ids, ids - Counter(wanted)
            if lacking or too_many:
                wrong.append((name, [*lacking], [*too_many]))
    add_up = getattr(totals, platform)
    sums = add_up(found, before) if platform == "eventbrite" else add_up(found)
    for occurrence, wanted in true_sums(of).items():
        got = sums.pop(occurrence, totals.Sums())
        if got != wanted:
            wrong.append((occurrence, got, wanted))
    return wrong + [(name, row) for name, row in sums.items() if row != totals.Sums()]


# The tests

SHORT_LISTS = (
    "/locations",
    "/attendees/",
)  # may be one page; an event's attendees, too


@clients
def test_a_public_client_finds_the_truth(platform, collect, tmp_path):
    with playing(platform) as (sandbox, url):
        fake_platform = sandbox.platforms[platform]
        before = None
        if platform == "eventbrite":
            before = collect(url, fake_platform.key, tmp_path)
            sandbox.change_all(lambda of: world.change_some(of, 12, 12))
            sandbox.change_all(world.next_day)
        sandbox.log.clear()
        found = collect(url, fake_platform.key, tmp_path)
        of = fake_platform.world
        assert differences(platform, of, found, before) == []
        sums = true_sums(of).values()
        assert sum(row.refunded for row in sums) > 0
        pages = Counter(target.partition("?")[0] for _, target, _ in sandbox.log)
        short = [path for path, number in pages.items() if number == 1]
        assert not [path for path in short if not path.endswith(SHORT_LISTS)]
        assert len(short) < len(pages)
    print(
        f"{platform}: {sum(row.tickets for row in sums)} tickets, "
        f"{sum(row.gross for row in sums)} cents, "
        f"{sum(row.refunded for row in sums)} back, {len(sums)} occurrences; "
        + ", ".join(f"{len(rows)} {name}" for name, rows in found.items())
        + f"; {sum(pages.values())} requests"
    )


# One page in the midst of a list that says it is empty, or the last one.
LOST_PAGE = {
    "ticket_tailor": ("/orders", "drop:0"),
    "humanitix": ("/v1/events/000000000000000000000bb9/orders", 'body:{"orders":[]}'),
    "eventbrite": (
        f"/organizations/{eventbrite.ORGANISATION}/orders/",
        'body:{"pagination":{"has_more_items":false,"page_number":2},"orders":[]}',
    ),
    "square": ("/v2/refunds", "body:{}"),
    "wix": ("/events/v1/orders", 'body:{"orders":[],"total":500}'),
}


@clients
def test_control_a_page_that_is_lost_shows(platform, collect, tmp_path):
    path, fault = LOST_PAGE[platform]
    with playing(platform) as (sandbox, url):
        fake_platform = sandbox.platforms[platform]
        sandbox.faults.plan(faults.Plan(fault, path, skip=1))
        found = collect(url, fake_platform.key, tmp_path)
        name = "refunds" if platform == "square" else "orders"
        wrong = differences(platform, fake_platform.world, found, found)
    assert name in [row[0] for row in wrong]
    assert len(wrong) > 1  # and the sums show it, too


@contextmanager
def registry_without_packages():
    class Nothing(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_error(404)

        def log_message(self, *_):
            pass

    registry = ThreadingHTTPServer(("127.0.0.1", 0), Nothing)
    thread = threading.Thread(target=registry.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{registry.server_address[1]}/"
    finally:
        registry.shutdown()
        registry.server_close()
        thread.join()


@pytest.mark.parametrize("tool", ["pip", "npm"])
def test_a_library_is_left_out_only_where_no_registry_answers(
    tool, tmp_path, monkeypatch
):
    names = {"pip": "no-such-client==1", "npm": "no-such-client@1"}
    library = Library("no-such-client", (names[tool],), tool=tool)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("npm_config_fetch_retries", "0")

    def asking(url):
        monkeypatch.setenv("PIP_INDEX_URL", f"{url}simple")
        monkeypatch.setenv("npm_config_registry", url)
        library.folder(tmp_path)

    with pytest.raises(pytest.skip.Exception, match="no-such-client is left out"):
        asking("http://127.0.0.1:9/")
    with registry_without_packages() as url, pytest.raises(installing.InstallError):
        asking(url)
