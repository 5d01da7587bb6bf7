"""
B5: half-sent requests do not make the server unreachable. Their time is limited, and a
connection that waits for the rest of one gives way to newer connections.
"""

import asyncio
import contextlib
import resource
import socket
import threading
import time

import httpx
import pytest
from support.waiting import wait_until
from support.web_server import running
from uvicorn.protocols.http.h11_impl import H11Protocol

from ticketsync.core import clock
from ticketsync.core.redact import Secret
from ticketsync.providers.ticket_tailor import TicketTailor
from ticketsync.sandbox import deliveries
from ticketsync.visitors import passes
from ticketsync.web import app as web
from ticketsync.web import page_request, server
from ticketsync.web.server import Limits
from ticketsync.web.site import COOKIE
from ticketsync.web.webhook_receiver import Receiver
from ticketsync.workflows.webhooks.webhook_endpoints import WebhookEndpoint

HOOK = "/hooks/" + "p" * 43
ENDPOINT = WebhookEndpoint(
    1,
    "tt",
    HOOK.removeprefix("/hooks/"),
    f"https://tickets.example.org{HOOK}",
    TicketTailor,
    [Secret("whsec")],
)
PATIENT = Limits(header_seconds=600, body_seconds=600)
HALVES = {
    "nothing": b"",
    "a line": b"GET / HTTP/1.1\r\n",
    "headers": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ",
    "a body to a page": (
        b"POST /enter HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9999\r\n\r\np"
    ),
    "a body that nobody reads": (
        b"GET /nothing HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9999\r\n\r\nx"
    ),
    "a chunk": (
        b"POST /hooks/x HTTP/1.1\r\nHost: a\r\n"
        b"Transfer-Encoding: chunked\r\n\r\nffff\r\na"
    ),
    "a second request": (
        b"GET /nothing HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /nothing HTTP/1.1\r\nHo"
    ),
}


@contextlib.contextmanager
def connections(address, number):
    """
    So many open connections to the server.
    """
    host, port = address.removeprefix("http://").split(":")
    with contextlib.ExitStack() as opened:
        yield [
            opened.enter_context(socket.create_connection((host, int(port)), 10))
            for _ in range(number)
        ]


@pytest.fixture
def start(full, site):
    """
    Runs our application, a new one each time.
    """
    return lambda limits=None: running(
        web.create_app(Receiver(full, list), site), limits
    )


@pytest.fixture
def token(full):
    with full.write() as connection:
        return passes.issue(connection, "session", "manager", "", clock.now())


def still_open(connections, seconds, *, dripping):
    """
    Which of these the server has not closed by then, whatever it says before;
    `dripping` sends each another byte all the time.
    """
    until = time.monotonic() + seconds
    left = list(connections)
    while left and time.monotonic() < until:
        for connection in list(left):
            connection.settimeout(0.01)
            try:
                if dripping:
                    connection.sendall(b"x")
                if connection.recv(65536):
                    continue
            except TimeoutError:
                continue
            except ConnectionError:
                pass
            left.remove(connection)
    return left


@pytest.mark.thorough
def test_b5_a_half_sent_request_is_closed(start, monkeypatch):
    """
    7 kinds of half-sent requests, silent and then with a byte now and then: 14
    attempts, none stays open. With patient limits 10 do, as before: of these only a
    client that was answered and says nothing more was closed.
    """
    waiting = {"nothing", "a line", "headers"}
    monkeypatch.setattr(server, "KEEP_ALIVE_SECONDS", 0.1)
    quick = Limits(header_seconds=0.1, body_seconds=0.1)
    for limits, dripping, seconds, expected in (
        (quick, False, 5, set()),
        (quick, True, 5, set()),
        (PATIENT, False, 0.3, waiting),
        (PATIENT, True, 0.3, set(HALVES)),
    ):
        with start(limits) as address, connections(address, len(HALVES)) as opened:
            kinds = dict(zip(opened, HALVES, strict=True))
            for connection, kind in kinds.items():
                connection.sendall(HALVES[kind])
            left = still_open(opened, seconds, dripping=dripping)
        assert {kinds[connection] for connection in left} == expected


def test_b5_a_body_to_a_page_that_does_not_come_is_answered_408(start, monkeypatch):
    monkeypatch.setattr(page_request, "BODY_SECONDS", 0.05)
    with start() as address, connections(address, 1) as (connection,):
        origin = f"Host: 127.0.0.1\r\nOrigin: {address}\r\n".encode()
        origin = origin.replace(b"Host: 127.0.0.1", f"Host: {address[7:]}".encode())
        connection.sendall(
            b"POST /enter HTTP/1.1\r\n" + origin + b"Content-Length: 9\r\n\r\npass"
        )
        answer = b""
        while part := connection.recv(65536):
            answer += part
    assert answer.startswith(b"HTTP/1.1 408 ")


@pytest.mark.thorough
def test_b5_half_sent_requests_give_way_and_pages_answer(start, token):
    """
    Three times as many half-sent requests as there may be connections, and pages still
    answer. They would keep their places for ten minutes otherwise.
    """
    limits = Limits(header_seconds=600, body_seconds=600, connections=20)
    texts = list(HALVES.values())
    with start(limits) as address, connections(address, 60) as opened:
        for number, connection in enumerate(opened):
            with contextlib.suppress(ConnectionError):
                connection.sendall(texts[number % len(texts)])
        for path, status in (("/door", 200), ("/accounts", 200), ("/enter", 200)):
            found = httpx.get(
                address + path, cookies={COOKIE: token}, timeout=2, follow_redirects=1
            )
            assert found.status_code == status
        assert len(still_open(opened, 0.3, dripping=False)) <= 20


def test_b5_a_complete_request_does_not_give_way():
    """
    What is being answered is answered, however many connections come meanwhile.
    """
    began, go_on = threading.Event(), threading.Event()

    async def slow(scope, receive, send):
        began.set()
        await asyncio.to_thread(go_on.wait, 10)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})

    limits = Limits(header_seconds=600, connections=5)
    with running(slow, limits) as address, connections(address, 1) as (first,):
        first.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert began.wait(10)
        with connections(address, 30) as others:
            assert still_open(others[:20], 2, dripping=False) == []
            go_on.set()
            assert first.recv(65536).startswith(b"HTTP/1.1 200 ")


@pytest.mark.thorough
def test_b5_a_slow_reader_is_ended():
    """
    Whoever asks for much and reads nothing: 64 kB in the time that is given, or the
    connection ends. uvicorn alone would wait for ever.
    """

    async def much(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(1000):
            body = b"x" * 65536
            await send({"type": "http.response.body", "body": body, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    def bytes_read(limits):
        with running(much, limits) as address, connections(address, 1) as (one,):
            one.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            time.sleep(0.3)
            size = 0
            with contextlib.suppress(ConnectionError):
                while size < 1000 * 65536 and (part := one.recv(1 << 20)):
                    size += len(part)
            return size

    assert bytes_read(Limits(write_seconds=0.1)) < 1000 * 65536
    assert bytes_read(Limits(write_seconds=60)) >= 1000 * 65536


def test_the_limit_of_open_files_is_raised_to_what_the_system_allows(monkeypatch):
    """
    Of 1,024 files that may be open and 4,096 that are allowed, 4,096 are used.
    """
    limit = [1024, 4096]
    monkeypatch.setattr(resource, "getrlimit", lambda _: tuple(limit))
    monkeypatch.setattr(
        resource, "setrlimit", lambda _, wanted: limit.__setitem__(slice(None), wanted)
    )
    assert server.raise_file_limit() == 4096
    assert limit == [4096, 4096]
    limit[:] = [256, resource.RLIM_INFINITY]
    assert server.raise_file_limit() == 65_536


@pytest.mark.parametrize(
    ("files", "most", "backlog"),
    [(256, 128, 64), (1024, 512, 256), (20_000, 4096, 2048)],
)
def test_connections_leave_files_for_everything_else(files, most, backlog):
    found = server.limits_for(files)
    assert (found.connections, found.backlog) == (most, backlog)
    assert (found.header_seconds, found.body_seconds) == (5, 11)
    assert most + backlog <= files * 3 // 4


def test_the_server_uses_these_limits():
    config = server.LimitedConfig(None, server.limits_for(1024))
    config.load_app = lambda: None
    config.load()
    assert issubclass(config.http_protocol_class, H11Protocol)
    assert config.http_protocol_class is server.LimitedProtocol


@pytest.mark.thorough
def test_b5_half_sent_deliveries_keep_no_delivery_out(full, site):
    """
    60 deliveries to a genuine address of which the last byte is missing, ten more than
    may be stored at once: a complete one is accepted.
    """
    receiver = Receiver(full, lambda: [ENDPOINT])
    half = f"POST {HOOK} HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{{"
    with (
        running(web.create_app(receiver, site)) as address,
        connections(address, 60) as opened,
    ):
        for connection in opened:
            connection.sendall(half.encode())
        httpx.get(address + "/enter", timeout=5)  # by now they are being read
        found = post_genuine(address, 1)
        answers = len(still_open(opened, 0.05, dripping=False))
    assert (found.status_code, answers) == (200, 60)


def post_genuine(address, number):
    headers, body = deliveries.delivery(
        *("ticket_tailor", "ORDER.CREATED", "or_1"),
        number=number,
        secret="whsec",
        url=ENDPOINT.url,
        now=int(clock.now().timestamp()),
    )
    return httpx.post(address + HOOK, headers=headers, content=body, timeout=20)


@pytest.fixture
def configs(monkeypatch):
    """
    The configuration of each server that was started, which knows what is held.
    """
    started = []

    class Noted(server.LimitedConfig):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            started.append(self)

    monkeypatch.setattr(server, "LimitedConfig", Noted)
    return started


def answers_to(opened, seconds=0.3):
    """
    What the server has said on each of these connections, where it said anything.
    """
    answers = []
    until = time.monotonic() + seconds
    for connection in opened:
        connection.settimeout(max(0.001, until - time.monotonic()))
        with contextlib.suppress(TimeoutError, ConnectionError):
            answers.append(connection.recv(4096))
    return answers


@pytest.mark.thorough
def test_b5_large_bodies_that_do_not_end_are_held_up_to_a_limit(full, site, configs):
    """
    40 bodies of 100,000 bytes, all but the last byte sent, where one MiB may be held:
    30 attempts beyond the limit, 0 successes. Each of those is answered 503 and when to
    come again, and a small complete delivery is accepted. Without the limit all 4 MB
    are held.
    """
    large = f"POST {HOOK} HTTP/1.1\r\nHost: a\r\nContent-Length: 100001\r\n\r\n"
    for allowed, given_way in ((1 << 20, 30), (1 << 40, 0)):
        receiver = Receiver(full, lambda: [ENDPOINT])
        limits = Limits(body_seconds=600, held_bytes=allowed)
        with (
            running(web.create_app(receiver, site), limits) as address,
            connections(address, 40) as opened,
        ):
            for connection in opened:
                connection.sendall(large.encode() + b"x" * 100_000)
            found = post_genuine(address, allowed)
            held = configs[-1].held_bytes
            answers = answers_to(opened)
        assert found.status_code == 200
        assert len(answers) == given_way
        assert all(
            answer.startswith(b"HTTP/1.1 503 ") and b"\r\nRetry-After: 10\r\n" in answer
            for answer in answers
        )
        assert (held <= 1 << 20) is (given_way > 0)
        assert held >= (40 - given_way) * 100_000
        assert configs[-1].held_bytes == 0  # all are closed by now


@pytest.mark.thorough
def test_b5_a_complete_request_keeps_its_bytes(configs):
    """
    A complete request as large as everything that may be held is answered; what comes
    meanwhile gives way, until it is answered.
    """
    began, go_on = threading.Event(), threading.Event()

    async def slow(scope, receive, send):
        size = 0
        while True:
            message = await receive()
            size += len(message.get("body", b""))
            if not message.get("more_body"):
                break
        began.set()
        await asyncio.to_thread(go_on.wait, 10)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"%d" % size})

    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n"
    with (
        running(slow, Limits(held_bytes=50_200)) as address,
        connections(address, 2) as (first, second),
    ):
        first.sendall(head + b"x" * 50_000)
        assert began.wait(10)
        second.sendall(head + b"x" * 1000)
        assert answers_to([second], 5)[0].startswith(b"HTTP/1.1 503 ")
        go_on.set()
        assert b"\r\n50000\r\n" in first.recv(65536) + first.recv(65536)
        # The answer arrives a moment before the server counts the request as done.
        assert wait_until(lambda: configs[-1].held_bytes < 50_000, 5)
        with connections(address, 1) as (third,):
            third.sendall(head + b"x" * 40_000)
            third.sendall(b"x" * 10_000)
            assert answers_to([third], 5)[0].startswith(b"HTTP/1.1 200 ")
    assert configs[-1].held_bytes == 0
