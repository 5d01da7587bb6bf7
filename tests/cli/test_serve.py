"""
`ticketsync serve`: who is given a link, and 1,100 half-sent requests to the real one.
"""

import contextlib
import io
import json
import random
import re
import resource
import select
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from support import commands, needs

from ticketsync.cli import serve
from ticketsync.cli.context import AppContext
from ticketsync.core import clock
from ticketsync.core.settings.config import ServeSettings
from ticketsync.store import engine
from ticketsync.visitors import passes
from ticketsync.web import own_address
from ticketsync.web.site import COOKIE

HALF_SENT = 1100
FILES = 1024  # that the process may open at first; the system allows it more
HALVES = (
    b"",
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ",
    b"POST /hooks/x HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{",
    b"POST /enter HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\np",
)
ASKED = (("GET", "/door", 200), ("POST", "/hooks/x", 404))
# `serve` without what this test is about.
UNPROTECTED = """
import uvicorn
from ticketsync.web import server

server.raise_file_limit = lambda: 10**6
server.LimitedProtocol.__init__ = lambda self, *a, **o: (
    super(server.LimitedProtocol, self).__init__(*a, **o)
)
for name in ("connection_made", "connection_lost", "data_received",
             "on_response_complete", "pause_writing", "resume_writing",
             "timeout_keep_alive_handler"):
    delattr(server.LimitedProtocol, name)
"""


class Screen(io.StringIO):
    """
    Standard error, on a terminal or not.
    """

    def __init__(self, is_terminal):
        super().__init__()
        self.isatty = lambda: is_terminal


@pytest.mark.parametrize(
    ("is_terminal", "quiet", "links"),
    [(True, False, 1), (False, False, 0), (True, True, 0)],
)
def test_a_link_is_made_for_a_person_at_a_terminal_only(
    sqlite, monkeypatch, is_terminal, quiet, links
):
    """
    Under a service manager each restart would leave a manager's link in its journal.
    """
    screen = Screen(is_terminal)
    monkeypatch.setattr(sys, "stderr", screen)
    address = "http://127.0.0.1:8787"
    serve._say_how_to_open(AppContext(quiet=quiet), sqlite, address)
    with sqlite.read() as connection:
        made = passes.list_visitors(connection, clock.now())
    assert screen.getvalue().count("/enter/") == len(made) == links
    assert ("visitors invite" in screen.getvalue()) is not (is_terminal or quiet)


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_the_address_that_is_printed_opens_the_pages(host):
    with serve._listen(host, 0) as listener:
        address = serve._address(listener)
    name = address.removeprefix("http://")
    assert own_address.is_our_host(name, "https://tickets.example.org")


@pytest.mark.parametrize(
    ("listening_on", "settings", "said"),
    [
        ("127.0.0.1", {}, ""),
        ("::1", {}, ""),
        ("0.0.0.0", {}, "is not set"),
        ("::", {}, "is not set"),
        ("127.0.0.1", {"proxies": ("127.0.0.1",)}, "is not set"),
        ("0.0.0.0", {"public_url": "https://tickets.example.org"}, ""),
        ("0.0.0.0", {"public_url": "http://tickets.example.org"}, ""),  # no TLS at all
        (
            "127.0.0.1",
            {"public_url": "http://tickets.example.org", "proxies": ("127.0.0.1",)},
            "begins with http:",
        ),
    ],
)
def test_a_public_url_that_cannot_fit_is_warned_of(
    capsys, listening_on, settings, said
):
    serve._warn_of_public_url(AppContext(), ServeSettings(**settings), listening_on)
    warned = capsys.readouterr().err
    assert (said in warned, bool(warned)) == (True, bool(said))
    assert ("serve: public_url" in warned) == bool(said)


# The real process


class Address(str):
    """
    The address of a server, and the process that it is.
    """

    def __new__(cls, text, pid):
        made = super().__new__(cls, text)
        made.pid = pid
        return made


@contextlib.contextmanager
def served(code="", hard=None):
    """
    `serve` as a process that may open few files at first; yields its address.
    """

    def limit_files():
        allowed = hard or resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, allowed))

    run = "from ticketsync.__main__ import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code + run, "serve", "--port", "0", "--no-work"],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=limit_files,
    )
    try:
        line = process.stderr.readline()
        yield Address(line.split()[-1].partition("/hooks/")[0], process.pid)
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


class HalfSent:
    """
    Keeps so many half-sent requests open: each that the server closes is sent again.
    """

    def __init__(self, address):
        host, port = address.removeprefix("http://").split(":")
        self._address = (host, int(port))
        self._poll = select.epoll()
        self._open = {}
        self.number = 0

    def fill(self):
        """
        Send again what was closed, and to one in ten of the others another byte.
        """
        for file, _ in self._poll.poll(0):
            self._drop(file)
        for file in random.sample(sorted(self._open), len(self._open) // 10):
            self._send(file, b"x")
        while len(self._open) < HALF_SENT:
            connection = socket.create_connection(self._address, 10)
            connection.setblocking(False)
            self._open[connection.fileno()] = connection
            self._poll.register(connection, select.EPOLLIN | select.EPOLLHUP)
            self._send(connection.fileno(), HALVES[self.number % len(HALVES)])
            self.number += 1

    def _send(self, file, text):
        try:
            self._open[file].send(text)
        except BlockingIOError:
            pass
        except OSError:
            self._drop(file)

    def _drop(self, file):
        self._poll.unregister(file)
        self._open.pop(file).close()

    def close(self):
        for file in list(self._open):
            self._drop(file)
        self._poll.close()


def answered(address, token, seconds):
    """
    How many of the requests of these seconds were answered rightly within two, and how
    many were made: the door page and a webhook, each on a connection of its own.
    """
    once = httpx.Limits(max_keepalive_connections=0)
    cookies = {COOKIE: token}
    attack = HalfSent(address)
    made = right = 0
    with (
        contextlib.closing(attack),
        httpx.Client(
            base_url=address, cookies=cookies, timeout=2, trust_env=False, limits=once
        ) as client,
    ):
        for method, path, status in ASKED:  # what the first one loads takes its time
            assert client.request(method, path, timeout=20).status_code == status
        attack.fill()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            attack.fill()
            for method, path, status in ASKED:
                made += 1
                with contextlib.suppress(httpx.HTTPError):
                    right += client.request(method, path).status_code == status
        print(f"{attack.number} half-sent requests: {right} of {made} answered in 2 s")
    return right, made


@pytest.fixture
def token(home, ready):
    database = engine.open_database(str(home / "ticketsync.db"))
    with database.write() as connection:
        now = datetime.now(UTC)  # of the process, not of this test
        token = passes.issue(connection, "session", "manager", "", now)
    database.close()
    return token


@pytest.fixture
def many_files():
    needs.open_files(2 * HALF_SENT)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.drill
@pytest.mark.parametrize("hard", [None, FILES])
def test_b5_with_1100_half_sent_requests_pages_and_webhooks_answer(
    token, many_files, hard
):
    """
    For 20 seconds; also where the system allows no more files than 1,024.
    """
    with served(hard=hard) as address:
        right, made = answered(address, token, 20)
    assert right == made > 4


@pytest.mark.drill
def test_b5_without_the_limits_nothing_answers(token, many_files):
    """
    The control: uvicorn alone, as before.
    """
    with served(UNPROTECTED, hard=FILES) as address:
        right, made = answered(address, token, 20)
    assert right < made // 2


UNBOUNDED = """
from ticketsync.web import server

server.LimitedConfig.make_room = lambda self: None
"""
LARGE = 256 * 1024  # bytes of a body, of which the last does not come


def peak_megabytes(pid):
    """
    The most memory that a process has had.
    """
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


def grown_by_large_bodies(address, path):
    """
    How many megabytes the server grows by while 1,100 large bodies arrive at once, and
    how many of them it answers with 503 before they are complete.
    """
    host, port = address.removeprefix("http://").split(":")
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {LARGE}\r\n\r\n"
    with contextlib.ExitStack() as opened:
        httpx.post(address + path, content=b"{}", timeout=20)
        before = peak_megabytes(address.pid)
        busy = 0
        sent = []
        for _ in range(HALF_SENT):
            one = socket.create_connection((host, int(port)), 10)
            sent.append(opened.enter_context(one))
            with contextlib.suppress(ConnectionError):
                one.sendall(head.encode() + b"x" * (LARGE - 1))
        for one in sent:
            one.settimeout(0.01)
            with contextlib.suppress(TimeoutError, ConnectionError):
                busy += one.recv(4096).startswith(b"HTTP/1.1 503 ")
    return peak_megabytes(address.pid) - before, busy


@pytest.mark.drill
def test_b5_1100_large_bodies_take_little_memory(home, ready, many_files, monkeypatch):
    """
    1,100 attempts, 0 successes: of 288 MB the server holds 34 and answers the rest with
    503; 40 kB for each connection come to that. The control, without the limit on
    bytes, holds all of them.
    """
    monkeypatch.setenv("TT_WEBHOOK_SECRET", "whsec")
    said = commands.run("webhooks", "url", "tt", "--json")
    path = "/hooks/" + json.loads(said.stdout)["url"].partition("/hooks/")[2]
    commands.run("webhooks", "secret", "tt", "--secret-env", "TT_WEBHOOK_SECRET")
    with served() as address:
        grown, busy = grown_by_large_bodies(address, path)
    with served(UNBOUNDED) as address:
        control, _ = grown_by_large_bodies(address, path)
    print(f"{HALF_SENT} large bodies: {grown:.0f} MB, {control:.0f} without the limit")
    assert grown < 150
    assert busy > HALF_SENT // 2
    assert control > 288
