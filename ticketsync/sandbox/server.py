"""
The sandbox on loopback: one process, one world, any number of clients.

Each platform has a prefix of its own. Besides its paths there is `/_control`, for
tests and the demo: the truth, the next day, changes, faults, latency, and what was
asked so far.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from urllib.request import Request, urlopen

from ticketsync.core import money
from ticketsync.sandbox import ticket_tailor, world
from ticketsync.sandbox.fake_platform import ApiRequest, FakePlatform
from ticketsync.sandbox.faults import Faults, HttpResponse, Plan
from ticketsync.sandbox.ticket_tailor import TicketTailor


@dataclass
class Sandbox:
    """
    A served world, and the same venue's worlds on other platforms.

    `log` holds what was asked: method, path with query, run. `limit` is for Ticket
    Tailor; the other platforms have their own.
    """

    world: world.World
    key: str = ticket_tailor.KEY
    latency: float = 0.0
    limit: int = ticket_tailor.RATE_LIMIT
    others: tuple[FakePlatform, ...] = ()
    faults: Faults = field(default_factory=Faults)
    log: list[tuple[str, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ticket_tailor = TicketTailor(self.world, key=self.key, limit=self.limit)
        self.platforms: dict[str, FakePlatform] = {
            platform.name: platform for platform in (self.ticket_tailor, *self.others)
        }
        self.lock = threading.Lock()
        self._windows: dict[str, tuple[float, int]] = {}

    def respond(
        self, method: str, target: str, headers: Any, body: bytes
    ) -> HttpResponse:
        """
        The response to one request, faults included.
        """
        parts = urlsplit(target)
        path = parts.path
        query = parse_qsl(parts.query, keep_blank_values=True)
        if path.startswith("/_control/"):
            return self._control(path.removeprefix("/_control/"), dict(query))
        with self.lock:
            self.log.append((method, target, headers.get("User-Agent", "")))
        if self.latency:
            time.sleep(self.latency)
        platform = self._platform_at(path)
        if platform is None:
            return HttpResponse(404, b'{"message":"not found"}')
        path = path.removeprefix(platform.prefix)
        request = ApiRequest(
            method, path, tuple(query), headers, _parse_body(body, headers)
        )
        with self.lock:
            left, seconds = self._budget(platform)
            reply = (
                platform.rate_limit_response(seconds)
                if left < 0
                else platform.respond(request)
            )
        response = HttpResponse(reply.status, reply.body, dict(reply.headers))
        if platform.name == "ticket_tailor":
            response.headers |= ticket_tailor.rate_headers(
                platform.limit, left, seconds
            )
        return self.faults.apply(path, response)

    def _platform_at(self, path: str) -> FakePlatform | None:
        fitting = [
            p for p in self.platforms.values() if path.startswith(p.prefix + "/")
        ]
        return max(fitting, key=lambda p: len(p.prefix), default=None)

    def change(self, what: Any) -> Any:
        """
        Do something to the world and let the platform show it.
        """
        with self.lock:
            result = what(self.world)
            self.ticket_tailor.invalidate()
        return result

    def change_all(self, what: Any) -> None:
        """
        Do something to the world of every platform.
        """
        with self.lock:
            for platform in self.platforms.values():
                what(platform.world)
                platform.invalidate()

    def clock(self) -> float:
        """
        What this platform's clock says: its days may run ahead of ours.
        """
        return max(time.time(), self.world.now)

    def truth(self, platform: str = "ticket_tailor") -> list[dict[str, Any]]:
        with self.lock:
            return truth_as_json(self.platforms[platform].world)

    def url(self, base: str, platform: str) -> str:
        """
        The base URL of one platform, given any URL of this server.
        """
        parts = urlsplit(base)
        return f"{parts.scheme}://{parts.netloc}{self.platforms[platform].prefix}"

    def _budget(self, platform: FakePlatform) -> tuple[int, str]:
        """
        How many calls are left to the platform's window, and when it ends.
        """
        now = time.monotonic()
        began, used = self._windows.get(platform.name, (now, 0))
        if now - began > platform.limit_seconds:
            began, used = now, 0
        self._windows[platform.name] = began, used + 1
        ends = str(max(1, int(platform.limit_seconds - (now - began))))
        return platform.limit - used - 1, ends

    def _control(self, verb: str, query: dict[str, str]) -> HttpResponse:
        result: Any = {"done": verb}
        match verb:
            case "truth":
                result = self.truth(query.get("platform", "ticket_tailor"))
            case "next-day":
                self.change_all(world.next_day)
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
                return HttpResponse(404, b"{}")
        return HttpResponse(200, json.dumps(result).encode())


def _parse_body(body: bytes, headers: Mapping[str, str]) -> Any:
    """
    The body of a request: JSON, or a form where it says so. What is neither stays a
    text, for the platform to refuse in its own words.
    """
    text = body.decode(errors="replace")
    if "form" in (headers.get("Content-Type") or ""):
        return dict(parse_qsl(text))
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text


def truth_as_json(of: world.World) -> list[dict[str, Any]]:
    """
    The truth with amounts as decimal texts, as other tools print them.
    """
    amounts = ("face", "discounts", "gross", "refunded", "tax", "fees")
    rows = []
    for it in world.truth(of):
        row = asdict(it)
        for name in amounts:
            if row[name] is not None:
                row[name] = money.decimal_text(row[name], it.currency)
        kept_fees = it.gross - it.refunded
        row["net_before_fees"] = money.decimal_text(kept_fees, it.currency)
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
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            server.handle_request()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield base_url(server)
    finally:
        over.set()
        # It waits for a request and looks up when one comes.
        socket.create_connection(("127.0.0.1", server.server_port)).close()
        thread.join()
        server.server_close()


def base_url(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}{ticket_tailor.PREFIX}"


def call_control(url: str, verb: str, **query: str) -> Any:
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
            length = int(self.headers.get("Content-Length") or 0)
            response = self.server.sandbox.respond(
                self.command, self.path, self.headers, self.rfile.read(length)
            )
        except (ValueError, KeyError, IndexError):
            response = HttpResponse(
                400, b'{"error_code":"VALIDATION_ERROR","message":"bad"}'
            )
        headers = {
            "Date": formatdate(self.server.sandbox.clock(), usegmt=True),
            "Content-Type": "application/json",
            "Content-Length": str(len(response.body)),
            **response.headers,
        }
        head = f"HTTP/1.1 {response.status} Sandbox\r\n" + "".join(
            f"{name}: {value}\r\n" for name, value in headers.items()
        )
        try:
            self._send(head.encode("latin-1") + b"\r\n", response)
        except OSError:
            self.close_connection = True
        if not response.claims_length:
            self.close_connection = True

    def _send(self, head: bytes, response: HttpResponse) -> None:
        if not response.seconds_per_byte:
            self.wfile.write(head + response.body)
            return
        self.wfile.write(head)
        for n in range(len(response.body)):
            self.wfile.write(response.body[n : n + 1])
            self.wfile.flush()
            time.sleep(response.seconds_per_byte)
