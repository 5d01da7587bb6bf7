"""
The receiver over real sockets: what it answers, what it stores, what it never does.
"""

import asyncio
import json
import random
import re
import signal
import socket
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from support import commands
from support.waiting import wait_until
from support.web_server import running

from ticketsync.accounts import edits, state
from ticketsync.core import clock, errors
from ticketsync.core.redact import Secret
from ticketsync.providers.eventbrite import Eventbrite
from ticketsync.providers.ticket_tailor import TicketTailor
from ticketsync.reporting import deliveries as report
from ticketsync.sandbox import deliveries
from ticketsync.store import engine
from ticketsync.store.tables.webhooks import deliveries as deliveries_table
from ticketsync.web import webhook_receiver
from ticketsync.webhooks import inbox, refused_attempts
from ticketsync.webhooks.new_delivery import NewDelivery
from ticketsync.webhooks.refused_attempts import RefusedAttempt
from ticketsync.workflows.webhooks.webhook_endpoints import WebhookEndpoint

SECRET = "whsec_canary_77"
PATH = "p" * 43
URL = f"https://tickets.example.org/hooks/{PATH}"
NOW = 1_790_000_000


@contextmanager
def serving(database, *doors, **options):
    """
    Run the application under uvicorn on a free port; yields its address.
    """
    application = webhook_receiver.application(
        webhook_receiver.Receiver(database, lambda: doors, **options)
    )
    with running(application) as address:
        yield address


@pytest.fixture
def database(sqlite):
    with sqlite.write() as connection:
        for name, kind in (("tt", "ticket_tailor"), ("eb", "eventbrite")):
            new = state.NewAccount(name, kind, None, "env", "TT_KEY", "", None)
            edits.add_account(connection, new, clock.now())
    return sqlite


@pytest.fixture
def endpoint():
    return WebhookEndpoint(1, "tt", PATH, URL, TicketTailor, [Secret(SECRET)])


@pytest.fixture
def address(database, endpoint):
    with serving(database, endpoint) as base:
        yield f"{base}/hooks/{PATH}"


def signed(number=1, order="or_1", event="ORDER.CREATED", **more):
    now = more.pop("now", int(time.time()))
    secret = more.pop("secret", SECRET)
    return deliveries.delivery(
        "ticket_tailor", event, order, number=number, secret=secret, url=URL, now=now
    )


def post(address, signed_request, **more):
    headers, body = signed_request
    return httpx.post(address, headers=headers, content=body, **more)


def rows(database):
    with database.read() as connection:
        return report.list_deliveries(connection, limit=10**6)


def test_a_genuine_delivery_is_stored_before_it_is_answered(database, address):
    response = post(address, signed())
    assert (response.status_code, response.content) == (200, b"")
    (row,) = rows(database)
    assert (row.state, row.what, row.order_id) == ("received", "order", "or_1")


def test_f56_the_same_delivery_again_is_one(database, address):
    signed_request = signed()
    assert [post(address, signed_request).status_code for _ in range(3)] == [200] * 3
    assert len(rows(database)) == 1


def test_f58_a_repetition_of_what_failed_is_a_reason_to_try_again(database, address):
    signed_request = signed()
    post(address, signed_request)
    with database.write() as connection:
        inbox.settle(connection, [1], "failed", clock.now(), reason="no luck")
    post(address, signed_request)
    assert [row.state for row in rows(database)] == ["received"]
    with database.write() as connection:
        inbox.settle(connection, [1], "done", clock.now())
    post(address, signed_request)
    assert [row.state for row in rows(database)] == ["done"]


@pytest.mark.parametrize(
    ("signed_request", "status", "states"),
    [
        ({"secret": "another"}, 400, ["forged"]),
        ({"now": NOW}, 400, ["stale"]),
        ({"event": "WAITLIST_SIGNUP.CREATED"}, 200, ["ignored"]),
        (None, 400, ["forged"]),
    ],
    ids=["forged", "stale", "ignored", "unsigned"],
)
def test_an_unverified_delivery_has_no_effect(
    database, address, signed_request, status, states
):
    unsigned = ({"Content-Type": "application/json"}, b"{}")
    response = post(
        address, unsigned if signed_request is None else signed(**signed_request)
    )
    assert (response.status_code, response.content) == (status, b"")
    assert [row.state for row in rows(database)] == states


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status"),
    [
        ("POST", "/hooks/" + "q" * 43, {}, b"{}", 404),
        ("POST", f"/hooks/{PATH}/", {}, b"{}", 404),
        ("POST", f"/hooks//{PATH}", {}, b"{}", 404),
        ("GET", f"/hooks/{PATH}", {}, b"", 405),
        ("GET", "/", {}, b"", 404),
        ("GET", "/docs", {}, b"", 404),
        ("OPTIONS", f"/hooks/{PATH}", {"Origin": "https://x"}, b"", 405),
        ("POST", f"/hooks/{PATH}", {"Content-Type": "text/xml"}, b"<x/>", 415),
        ("POST", f"/hooks/{PATH}", {}, b"x" * (256 * 1024 + 1), 413),
    ],
)
def test_f62_f67_whatever_else_comes_gets_a_plain_no(
    address, method, path, headers, body, status
):
    base = address.partition("/hooks/")[0]
    response = httpx.request(method, base + path, headers=headers, content=body)
    assert response.status_code == status
    assert response.content == b""
    assert "server" not in response.headers
    assert not any(name.startswith("access-control") for name in response.headers)


@pytest.mark.thorough
def test_f62_no_request_of_a_thousand_makes_410_5xx_or_a_redirect(address):
    """
    Random methods, paths, headers and bodies, over one connection after another.
    """
    chance = random.Random(3)
    base = address.partition("/hooks/")[0]
    paths = [
        "/",
        f"/hooks/{PATH}",
        "/hooks/",
        "/hooks",
        "/hooks/%2e%2e",
        "/%00",
        "/hooks/é",
    ]
    seen = set()
    with httpx.Client() as client:
        for _ in range(1000):
            response = client.request(
                chance.choice(["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "FOO"]),
                base + chance.choice(paths) + chance.choice(["", "?a=b", "//", "/x"]),
                headers={
                    chance.choice(["Content-Type", "X-A", "Host"]): chance.choice(
                        ["application/json", "a", "x" * 3000]
                    ),
                    chance.choice(
                        ["Tickettailor-Webhook-Signature", "X-B"]
                    ): "t=1,v1=a",
                },
                content=chance.randbytes(chance.randrange(200)),
            )
            seen.add(response.status_code)
    assert seen <= {200, 400, 404, 405, 413, 415}


def test_f59_eventbrite_is_known_by_its_path_and_unsigned_hints_are_coalesced(database):
    endpoint = WebhookEndpoint(2, "eb", PATH, URL, Eventbrite, [])
    body = b'{"config":{"action":"order.placed"},"api_url":"https://www.eventbriteapi.com/v3/orders/5/"}'
    with serving(database, endpoint) as base:
        for _ in range(5):
            response = post(f"{base}/hooks/{PATH}", ({}, body))
            assert response.status_code == 200
    assert 1 <= len(rows(database)) <= 2  # within half a minute they are one


def test_f60_an_evil_address_is_kept_as_rejected_and_nobody_is_asked(database):
    endpoint = WebhookEndpoint(2, "eb", PATH, URL, Eventbrite, [])
    with (
        socket.create_server(("127.0.0.1", 0)) as canary,
        serving(database, endpoint) as base,
    ):
        canary.settimeout(0.3)
        port = canary.getsockname()[1]
        body = b'{"config":{"action":"order.placed"},"api_url":"http://127.0.0.1:%d/v3/orders/5/"}'
        response = post(f"{base}/hooks/{PATH}", ({}, body % port))
        with pytest.raises(TimeoutError):
            canary.accept()
    assert response.status_code == 200
    assert [row.state for row in rows(database)] == ["rejected"]


def test_f69_a_missing_secret_is_no_success(database):
    endpoint = WebhookEndpoint(1, "tt", PATH, URL, TicketTailor, [])
    with serving(database, endpoint) as base:
        assert post(f"{base}/hooks/{PATH}", signed()).status_code == 503
    (row,) = rows(database)
    assert (row.account, row.state) == ("tt", "no-secret")


REFUSED = [
    ("unknown", {}, b"{}", 404, None, "unknown address"),
    (PATH, {"Content-Type": "text/xml"}, b"<x/>", 415, "tt", "wrong content type"),
    (PATH, {}, b"x" * (256 * 1024 + 1), 413, "tt", "too large"),
]


@pytest.mark.parametrize(
    ("path", "headers", "body", "status", "account", "reason"), REFUSED
)
def test_a_refused_attempt_leaves_a_row_without_its_body(
    database, address, path, headers, body, status, account, reason
):
    base = address.partition("/hooks/")[0]
    response = httpx.post(f"{base}/hooks/{path}", headers=headers, content=body)
    assert response.status_code == status
    (row,) = rows(database)
    assert (row.account, row.state, row.reason) == (account, "refused", reason)
    assert (row.event, row.what, row.order_id) == ("", "", "")
    assert row.settled_at == row.received_at
    with database.read() as connection:
        found = report.list_deliveries(connection, platform="unknown")
        assert [row.account for row in found] == ([] if account else [None])
        stored = list(connection.execute(deliveries_table.select()).one())
    assert not any(body.decode()[:4] in str(value) for value in stored)


def test_a_body_that_does_not_come_leaves_a_row(database, address, monkeypatch):
    monkeypatch.setattr(webhook_receiver, "BODY_SECONDS", 0.05)
    host, port = address.removeprefix("http://").partition("/")[0].split(":")
    head = f"POST /hooks/{PATH} HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"
    with socket.create_connection((host, int(port))) as opened:
        opened.sendall(head.encode())
        assert b" 408 " in opened.recv(100)
    (row,) = rows(database)
    assert (row.state, row.reason) == ("refused", "too slow")


def test_of_what_is_not_accepted_only_the_newest_are_kept(database, monkeypatch):
    monkeypatch.setattr(refused_attempts, "MAX_KEPT", 3)
    made = (
        *(RefusedAttempt(1, "forged", f"f{n}") for n in range(4)),
        *(RefusedAttempt(2, "refused", f"r{n}") for n in range(2)),
        *(RefusedAttempt(None, "refused", f"u{n}") for n in range(5)),
    )
    now = clock.now()
    for seconds, attempt in enumerate(made):
        with database.write() as connection:
            refused_attempts.store(
                connection, [attempt], now + timedelta(seconds=seconds)
            )
    kept = {(row.account, row.reason) for row in rows(database)}
    assert kept == {
        *(("tt", reason) for reason in ("f1", "f2", "f3")),
        *(("eb", reason) for reason in ("r0", "r1")),
        *((None, reason) for reason in ("u2", "u3", "u4")),
    }
    # The rule is the same for many at once.
    with database.write() as connection:
        many = [RefusedAttempt(1, "forged", f"g{n}") for n in range(9)]
        refused_attempts.store(connection, many, clock.now())
    assert sorted(row.reason for row in rows(database) if row.account == "tt") == [
        *("g6", "g7", "g8")
    ]


def test_a_flood_of_forged_deliveries_neither_fills_nor_blocks(
    database, address, monkeypatch
):
    """
    While nothing can be written, forged ones are answered at once and queue no further
    than allowed; good ones that come afterwards are stored.
    """
    monkeypatch.setattr(webhook_receiver, "MAX_UNSAVED", 20)
    monkeypatch.setattr(webhook_receiver, "FEW_UNSAVED", 0)
    release = threading.Event()
    store = refused_attempts.store

    def slow(*arguments):
        release.wait(20)
        store(*arguments)

    monkeypatch.setattr(refused_attempts, "store", slow)
    statuses = [post(address, signed(n, secret="x")).status_code for n in range(60)]
    release.set()
    assert statuses == [400] * 60
    assert post(address, signed()).status_code == 200
    assert [row.state for row in rows(database)].count("received") == 1

    def forged():
        return [row.state for row in rows(database)].count("forged")

    # They are stored after the good one is answered.
    assert wait_until(lambda: forged() >= 20)
    assert post(address, signed(2)).status_code == 200
    assert forged() <= 21


def test_refused_attempts_that_cannot_be_stored_do_no_harm_to_deliveries(
    database, endpoint, monkeypatch
):
    """
    Both come while nothing can be written, so that they are written one after another.
    """
    monkeypatch.setattr(webhook_receiver, "FEW_UNSAVED", 0)
    release, store = threading.Event(), inbox.store
    failed = []

    def slow(*arguments):
        release.wait(20)
        store(*arguments)

    def fail(connection, attempts, now):
        failed.extend(attempts)
        raise errors.DatabaseError("permission denied")

    async def storm(address):
        async with httpx.AsyncClient(timeout=30) as client:

            def send(*arguments, **more):
                headers, body = signed(*arguments, **more)
                return client.post(address, headers=headers, content=body)

            good = [asyncio.create_task(send(n)) for n in range(3)]
            forged = [await send(n, secret="x") for n in range(5)]
            release.set()
            return [r.status_code for r in await asyncio.gather(*good)], forged

    monkeypatch.setattr(inbox, "store", slow)
    monkeypatch.setattr(refused_attempts, "store", fail)
    with serving(database, endpoint) as base:
        good, forged = asyncio.run(storm(f"{base}/hooks/{PATH}"))
        assert wait_until(lambda: failed)
    assert good == [200] * 3
    assert [response.status_code for response in forged] == [400] * 5
    assert [row.state for row in rows(database)] == ["received"] * 3


def test_two_that_replace_the_oldest_at_once_neither_wait_nor_lose(
    templates, monkeypatch
):
    """
    Two `serve` processes on PostgreSQL: the second one takes the rows that the first
    one has not locked.
    """
    monkeypatch.setattr(refused_attempts, "MAX_KEPT", 4)
    opened = engine.open_database(templates.copy("postgresql", "empty"))
    now = clock.now()

    def store(connection, names, seconds):
        attempts = [RefusedAttempt(None, "refused", name) for name in names]
        refused_attempts.store(connection, attempts, now + timedelta(seconds=seconds))

    with opened.write() as connection:
        store(connection, "abcd", 0)
    with opened.write() as one:
        store(one, "ef", 1)
        with opened.write() as other:
            other.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
            store(other, "gh", 1)
    assert {row.reason for row in rows(opened)} == set("efgh")
    opened.close()


def test_only_allowed_networks_are_answered(database, endpoint):
    with serving(database, endpoint, allow=["203.0.113.0/24"]) as base:
        right = post(f"{base}/hooks/{PATH}", signed())
        wrong = post(f"{base}/hooks/unknown", signed())
    assert right.status_code == 404
    assert (right.content, right.headers.keys()) == (b"", wrong.headers.keys())
    assert (right.status_code, right.content) == (wrong.status_code, wrong.content)
    reason = "not from an allowed network"
    assert {(row.account, row.state, row.reason) for row in rows(database)} == {
        *(("tt", "refused", reason), (None, "refused", reason)),
    }
    with database.read() as connection:
        assert report.count_at_unknown_addresses(connection) == 1
    with serving(database, endpoint, allow=["127.0.0.0/8"]) as base:
        assert post(f"{base}/hooks/{PATH}", signed()).status_code == 200


def test_a_delivery_that_cannot_be_stored_gets_503(database, address, monkeypatch):
    from ticketsync.core import errors

    def full(*_):
        raise errors.DatabaseError("the disk is full", word="disk-full")

    with monkeypatch.context() as patch:
        patch.setattr(inbox, "store", full)
        assert post(address, signed()).status_code == 503
    assert post(address, signed()).status_code == 200


def new(name, event="ORDER.CREATED"):
    return NewDelivery(1, name, event, "order", "received", f"or_{name}")


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_one_that_cannot_be_stored_harms_none_of_its_transaction(templates, kind):
    """
    Half a surrogate pair cannot be stored anywhere, NUL not on PostgreSQL. Neither can
    come out of a delivery any more, see the next test; a plugin may still give one.
    """
    good = [new(f"g{n}") for n in range(20)]
    bad = [new("s", "\ud800"), *([new("n", "\0")] if kind == "postgresql" else [])]
    batch = [*good[:7], *bad, *good[7:]]
    with templates.copied(kind, "empty") as place:
        opened = engine.open_database(place)
        with opened.write() as connection:
            account = state.NewAccount(
                "tt", "ticket_tailor", None, "env", "K", "", None
            )
            edits.add_account(connection, account, clock.now())
        stored = webhook_receiver.Receiver(opened, list)._write(inbox.store, batch)
        kept = {row.order_id for row in rows(opened)}
        # The control: in one transaction they are all lost with it.
        with pytest.raises(Exception), opened.write() as connection:  # noqa: B017, PT011
            inbox.store(connection, [new("later"), *bad], clock.now())
        assert {row.order_id for row in rows(opened)} == kept
        opened.close()
    assert stored == [item not in bad for item in batch]
    assert kept == {f"or_{item.key}" for item in good}


def test_where_the_database_fails_nothing_is_tried_one_by_one(database, monkeypatch):
    """
    A full disk is as full for each of them; and a database that is busy would be waited
    for as often as there are deliveries.
    """
    calls = []

    def full(connection, batch, now):
        calls.append(len(batch))
        raise errors.DatabaseError("the disk is full", word="disk-full")

    stored = webhook_receiver.Receiver(database, list)._write(
        full, [new("a"), new("b")]
    )
    assert (stored, calls) == ([False, False], [2])


HOSTILE_TEXTS = ("\ud800", "\0", "\x1b[31mred", "\u202egnp.exe", "a\r\nb", "x" * 9000)


@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=range(len(HOSTILE_TEXTS)))
def test_hostile_texts_are_stored_clean(database, text):
    """
    In the name of the event, its id and the delivery's, without a signature.
    """
    endpoint = WebhookEndpoint(2, "eb", PATH, URL, Eventbrite, [])
    payload = {
        "config": {"action": f"order{text}"},
        "api_url": "https://www.eventbriteapi.com/v3/orders/5/",
    }
    with serving(database, endpoint) as base:
        address = f"{base}/hooks/{PATH}"
        answers = [post(address, ({}, json.dumps(payload).encode())).status_code]
        payload["api_url"] += text
        answers.append(post(address, ({}, json.dumps(payload).encode())).status_code)
    assert answers == [200, 200]
    found = {row.state: row for row in rows(database)}
    assert found.keys() == {"received", "rejected"}
    event = found["received"].event
    assert event.isprintable()
    assert len(event) <= 100
    assert found["received"].order_id == "5"


def test_a_delivery_that_cannot_be_read_is_rejected_and_not_sent_again(
    database, address, monkeypatch
):
    def fail(delivery):
        raise RecursionError

    monkeypatch.setattr(TicketTailor, "hint", fail)
    assert post(address, signed()).status_code == 200
    (row,) = rows(database)
    assert (row.state, row.reason) == ("rejected", "it could not be read")


@pytest.mark.thorough
def test_f67_slow_senders_do_not_keep_others_waiting(database, address):
    """
    Two hundred connections that never finish; good deliveries answer within 2 s.
    """
    host, port = address.removeprefix("http://").partition("/")[0].split(":")
    slow = []
    for number in range(200):
        opened = socket.create_connection((host, int(port)))
        opened.sendall(b"POST /hooks/x HTTP/1.1\r\nHost: a\r\n")
        if number % 2:
            opened.sendall(b"Content-Length: 100\r\n\r\n{")
        slow.append(opened)
    began = time.monotonic()
    statuses = [post(address, signed(n)).status_code for n in range(20)]
    took = (time.monotonic() - began) / 20
    for opened in slow:
        opened.close()
    assert statuses == [200] * 20
    assert took < 2


@pytest.mark.thorough
def test_two_hundred_at_once_are_kept_or_sent_away_for_later(database, address):
    async def storm():
        async with httpx.AsyncClient(timeout=30) as client:
            signed_request = [signed(number) for number in range(200)]
            responses = await asyncio.gather(
                *(client.post(address, headers=h, content=b) for h, b in signed_request)
            )
        return [response.status_code for response in responses]

    statuses = asyncio.run(storm())
    assert set(statuses) <= {200, 503}
    assert len(rows(database)) == statuses.count(200) > 40


# Killed under load


@pytest.fixture
def served(home, ready, monkeypatch):
    """
    `ticketsync serve` as a process that can be killed; it does not process its inbox.
    """
    place = home / "ticketsync.db"
    monkeypatch.setenv("HOOK", SECRET)
    commands.run(
        *("-q", "webhooks", "secret", "tt", "--secret-env", "HOOK"), check=True
    )
    database = engine.open_database(str(place))
    with database.read() as connection:
        (endpoint,) = inbox.list_endpoints(connection, clock.now())

    def start():
        child = commands.start("serve", "--port", "0", "--no-work", "--no-pages")
        line = child.stderr.readline()
        return child, line.split()[-1].replace("…", endpoint.path)

    yield start, database
    database.close()


ENOUGH = 5


def deliver_until_killed(start, number, seed):
    """
    Deliver until killed, `number` times, more often where a slow machine acknowledged
    nearly nothing; answers the orders that were acknowledged.
    """
    chance = random.Random(seed)
    acknowledged = set()
    count = 0
    for n in range(10 * number):
        if n >= number and len(acknowledged) > ENOUGH:
            break
        child, address = start()
        stop = threading.Timer(chance.uniform(0.02, 0.3), child.kill)
        try:
            with httpx.Client(timeout=5) as client:
                stop.start()
                while True:
                    count += 1
                    headers, body = signed(count, order=f"or_{count}")
                    response = client.post(address, headers=headers, content=body)
                    if response.status_code == 200:
                        acknowledged.add(f"or_{count}")
        except httpx.HTTPError:
            pass
        stop.join()
        child.wait()
        child.stderr.close()
    return acknowledged


@pytest.mark.thorough
def test_i10_what_was_acknowledged_is_in_the_inbox_whatever_happens(served):
    start, database = served
    acknowledged = deliver_until_killed(start, 4, seed=1)
    kept = {row.order_id for row in rows(database)}
    assert len(acknowledged) > ENOUGH
    assert acknowledged <= kept


@pytest.mark.drill
def test_i10_two_hundred_kills_of_the_receiver(served):
    start, database = served
    acknowledged = deliver_until_killed(start, 200, seed=2)
    kept = {row.order_id for row in rows(database)}
    print(f"{len(acknowledged)} acknowledged, {len(kept)} kept")
    assert acknowledged <= kept


def test_f74_sigterm_ends_the_server(served):
    start, _ = served
    child, address = start()
    assert post(address, signed()).status_code == 200
    child.send_signal(signal.SIGTERM)
    assert child.wait(timeout=20) in (0, 143, -signal.SIGTERM)
    child.stderr.close()


# A database role of its own


ROLE = "ticketsync_receiver"


@pytest.fixture
def as_receiver(postgres):
    """
    A PostgreSQL database whose receiver has only the role of docs/webhooks.md.
    """
    document = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()
    (grants,) = re.findall(r"```sql\n(CREATE ROLE.*?)```", document, re.DOTALL)
    postgres.psql("CREATE DATABASE receiver_role;")
    owner = postgres.get_uri(database="receiver_role")
    opened = engine.create_database(owner)
    with opened.write() as connection:
        new = state.NewAccount("tt", "ticket_tailor", None, "env", "TT_KEY", "", None)
        edits.add_account(connection, new, clock.now())
        for statement in grants.split(";")[:-1]:
            connection.exec_driver_sql(statement)
    by_role = engine.open_database(owner.replace("postgres:", f"{ROLE}:", 1))
    yield opened, by_role
    by_role.close()
    with opened.write() as connection:
        connection.exec_driver_sql(f"DROP OWNED BY {ROLE}")
        connection.exec_driver_sql(f"DROP ROLE {ROLE}")
    opened.close()


def test_f131_the_receivers_role_takes_deliveries_in_and_nothing_else(
    as_receiver, endpoint, monkeypatch
):
    owner, by_role = as_receiver

    with serving(by_role, endpoint) as base:
        responses = [post(f"{base}/hooks/{PATH}", signed(n)) for n in (1, 1, 2)]

    assert [response.status_code for response in responses] == [200, 200, 200]
    assert [row.state for row in rows(owner)] == ["received", "received"]
    monkeypatch.setattr(refused_attempts, "MAX_KEPT", 2)
    with serving(by_role, endpoint) as base:
        for n in range(4):
            assert (
                post(f"{base}/hooks/{PATH}", signed(n, secret="x")).status_code == 400
            )
        assert post(f"{base}/hooks/{PATH[1:]}", signed(1)).status_code == 404
    states = sorted(row.state for row in rows(owner))
    assert states == ["forged", "forged", "received", "received", "refused"]
    with by_role.write() as connection:
        newest = RefusedAttempt(1, "forged", "newest")
        refused_attempts.store(connection, [newest], clock.now())
    assert [row.reason for row in rows(owner) if row.state == "forged"].count(
        "newest"
    ) == 1
    for forbidden in (
        "SELECT * FROM orders",
        "SELECT * FROM buyers",
        "UPDATE accounts SET state = 'active'",
        "UPDATE webhooks SET path = 'x'",
        "UPDATE deliveries SET order_id = 'or_9'",
        "DELETE FROM deliveries",
        "INSERT INTO passes VALUES (1, 'x', 'session', 'manager', '', now(), now())",
    ):
        with (
            pytest.raises(errors.DatabaseError, match=r"(?i)permission"),
            by_role.write() as connection,
        ):
            connection.exec_driver_sql(forbidden)
