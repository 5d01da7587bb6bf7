"""
The sandbox on loopback: one process, one world, any number of clients.

Besides the platform's own paths there is `/_control`, for tests and the demo: the
truth, the next day, changes, faults, latency, and what was asked so far.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from urllib.request import Request, urlopen

from ticketsync.core import money
from ticketsync.sandbox import ticket_tailor, world
from ticketsync.sandbox.faults import Answer, Faults, Plan
from ticketsync.sandbox.ticket_tailor import TicketTailor

RATE_LIMIT = 5000
RATE_SECONDS = 1800


@dataclass
class Sandbox:
    """
    A served world. `log` holds what was asked: method, path with query, run.
    """

    world: world.World
    key: str = ticket_tailor.KEY
    latency: float = 0.0
    limit: int = RATE_LIMIT
    faults: Faults = field(default_factory=Faults)
    log: list[tuple[str, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.platform = TicketTailor(self.world)
        self.lock = threading.Lock()
        self._window = time.monotonic()
        self._asked = 0

    def respond(self, method: str, target: str, headers: Any) -> Answer:
        """
        The answer to one request, faults included.
        """
        parts = urlsplit(target)
        path = parts.path
        query = dict(parse_qsl(parts.query))
        if path.startswith("/_control/"):
            return self._control(path.removeprefix("/_control/"), query)
        with self.lock:
            self.log.append((method, target, headers.get("User-Agent", "")))
        if self.latency:
            time.sleep(self.latency)
        if not path.startswith(ticket_tailor.PREFIX):
            return Answer(404, b'{"message":"not found"}')
        if method != "GET":
            return Answer(405, b'{"message":"read-only sandbox"}')
        path = path.removeprefix(ticket_tailor.PREFIX)
        answer = self._limited() or self._unless_allowed(headers)
        if answer is None:
            with self.lock:
                reply = self.platform.answer(path, query)
            answer = Answer(reply.status, reply.body)
        answer.headers.update(self._rate_headers())
        return self.faults.spoil(path, answer)

    def change(self, what: Any) -> Any:
        """
        Do something to the world and let the platform show it.
        """
        with self.lock:
            result = what(self.world)
            self.platform.forget()
        return result

    def clock(self) -> float:
        """
        What this platform's clock says: its days may run ahead of ours.
        """
        return max(time.time(), self.world.now)

    def truth(self) -> list[dict[str, Any]]:
        with self.lock:
            return truth_as_json(self.world)

    def _unless_allowed(self, headers: Any) -> Answer | None:
        expected = base64.b64encode(f"{self.key}:".encode()).decode()
        if headers.get("Authorization") == f"Basic {expected}":
            return None
        body = b'{"error_code":"UNAUTHORIZED","message":"API key not recognised"}'
        return Answer(401, body)

    def _limited(self) -> Answer | None:
        with self.lock:
            if time.monotonic() - self._window > RATE_SECONDS:
                self._window, self._asked = time.monotonic(), 0
            self._asked += 1
            if self._asked <= self.limit:
                return None
        return Answer(429, b'{"message":"rate limit"}', {"Retry-After": self._reset()})

    def _reset(self) -> str:
        return str(max(1, int(RATE_SECONDS - (time.monotonic() - self._window))))

    def _rate_headers(self) -> dict[str, str]:
        return {
            "X-Rate-Limit-Limit": str(self.limit),
            "X-Rate-Limit-Remaining": str(max(0, self.limit - self._asked)),
            "X-Rate-Limit-Reset": self._reset(),
        }

    def _control(self, verb: str, query: dict[str, str]) -> Answer:
        result: Any = {"done": verb}
        match verb:
            case "truth":
                result = self.truth()
            case "next-day":
                self.change(world.next_day)
                result = self.world.changed[-20:]
            case "change":
                number, events = int(query["orders"]), int(query["events"])
                result = self.change(lambda w: world.change_some(w, number, events))
            case "fault":
                self.faults.plan(
                    Plan(
                        query["fault"],
                        query.get("path", "/"),
                        int(query.get("times", 1)),
                        int(query.get("skip", 0)),
                    )
                )
            case "clear-faults":
                self.faults.clear()
            case "latency":
                self.latency = float(query["seconds"])
            case "log":
                with self.lock:
                    result = list(self.log)
                    if "clear" in query:
                        self.log.clear()
            case _:
                return Answer(404, b"{}")
        return Answer(200, json.dumps(result).encode())


def truth_as_json(of: world.World) -> list[dict[str, Any]]:
    """
    The truth with amounts as decimal texts, as other tools print them.
    """
    amounts = ("face", "discounts", "gross", "refunded", "tax")
    rows = []
    for it in world.truth(of):
        row = asdict(it)
        for name in amounts:
            row[name] = money.decimal_text(row[name], it.currency)
        kept = it.gross - it.refunded
        row["net_before_fees"] = money.decimal_text(kept, it.currency)
        rows.append(row)
    return rows


def make_server(sandbox: Sandbox, port: int = 0) -> ThreadingHTTPServer:
    """
    A server on 127.0.0.1; port 0 takes a free one.
    """
    server = _Server(("127.0.0.1", port), _Handler)
    server.sandbox = sandbox
    return server


@contextmanager
def serving(sandbox: Sandbox, port: int = 0) -> Iterator[str]:
    """
    Serve in a thread; yields the base URL for an account.
    """
    server = make_server(sandbox, port)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield base_url(server)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def base_url(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}{ticket_tailor.PREFIX}"


def ask(url: str, verb: str, **query: str) -> Any:
    """
    Ask the `/_control` of a running sandbox, given any URL of it.
    """
    parts = urlsplit(url)
    target = f"{parts.scheme}://{parts.netloc}/_control/{verb}?{urlencode(query)}"
    with urlopen(Request(target), timeout=60) as response:  # noqa: S310  # loopback
        return json.load(response)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    sandbox: Sandbox

    def handle_error(self, request: Any, client_address: Any) -> None:
        """
        A client that hangs up is none of our business.
        """


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        self._reply()

    do_POST = do_PUT = do_DELETE = do_PATCH = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """
        The sandbox keeps its own log; the terminal belongs to the caller.
        """

    def _reply(self) -> None:
        try:
            answer = self.server.sandbox.respond(self.command, self.path, self.headers)
        except (ValueError, KeyError, IndexError):
            answer = Answer(400, b'{"error_code":"VALIDATION_ERROR","message":"bad"}')
        headers = {
            "Date": formatdate(self.server.sandbox.clock(), usegmt=True),
            "Content-Type": "application/json",
            "Content-Length": str(len(answer.body)),
            **answer.headers,
        }
        head = f"HTTP/1.1 {answer.status} Sandbox\r\n" + "".join(
            f"{name}: {value}\r\n" for name, value in headers.items()
        )
        try:
            self._send(head.encode("latin-1") + b"\r\n", answer)
        except OSError:
            self.close_connection = True
        if not answer.claims_length:
            self.close_connection = True

    def _send(self, head: bytes, answer: Answer) -> None:
        if not answer.seconds_per_byte:
            self.wfile.write(head + answer.body)
            return
        self.wfile.write(head)
        for n in range(len(answer.body)):
            self.wfile.write(answer.body[n : n + 1])
            self.wfile.flush()
            time.sleep(answer.seconds_per_byte)
