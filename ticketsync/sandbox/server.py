"""
The sandbox server on loopback: one process for all fake platforms.

Each platform has its own path prefix. `/_control` is for tests and the demo: the true
figures, the next day, changes, faults, odd records, latency and the request log.
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

from ticketsync.core import clock, money
from ticketsync.sandbox import ticket_tailor, world
from ticketsync.sandbox.fake_platform import ApiRequest, FakePlatform
from ticketsync.sandbox.faults import Faults, HttpResponse, Plan
from ticketsync.sandbox.odd_records import OddRecord, OddRecords
from ticketsync.sandbox.ticket_tailor import TicketTailor


@dataclass
class Sandbox:
    """
    The Ticket Tailor world being served, and the venue's other platforms.

    `log` holds the requests so far: method, path with query, user agent. `limit` is
    Ticket Tailor's rate limit; the other platforms have their own.
    """

    world: world.World
    key: str = ticket_tailor.KEY
    latency: float = 0.0
    limit: int = ticket_tailor.RATE_LIMIT
    others: tuple[FakePlatform, ...] = ()
    faults: Faults = field(default_factory=Faults)
    odd_records: OddRecords = field(default_factory=OddRecords)
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
        Handle one request and apply any planned fault to the response.
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
            calls_left, seconds = self._budget(platform)
            reply = (
                platform.rate_limit_response(seconds)
                if calls_left < 0
                else platform.respond(request)
            )
        response = HttpResponse(reply.status, reply.body, dict(reply.headers))
        if platform.name == "ticket_tailor":
            response.headers |= ticket_tailor.rate_headers(
                platform.limit, calls_left, seconds
            )
        response = self.odd_records.apply(platform.name, request, response)
        return self.faults.apply(path, response)

    def _platform_at(self, path: str) -> FakePlatform | None:
        matching = [
            p for p in self.platforms.values() if path.startswith(p.prefix + "/")
        ]
        return max(matching, key=lambda p: len(p.prefix), default=None)

    def change(self, mutate: Any) -> Any:
        """
        Apply a function to the Ticket Tailor world and refresh the platform.
        """
        with self.lock:
            result = mutate(self.world)
            self.ticket_tailor.invalidate()
        return result

    def change_all(self, mutate: Any) -> None:
        """
        Apply a function to the world of every platform and refresh them.
        """
        with self.lock:
            for platform in self.platforms.values():
                mutate(platform.world)
                platform.invalidate()

    def clock(self) -> float:
        """
        The platforms' current time in unix seconds, which may run ahead of ours.
        """
        return max(clock.now().timestamp(), self.world.now)

    def truth(self, platform: str = "ticket_tailor") -> list[dict[str, Any]]:
        with self.lock:
            return truth_as_json(self.platforms[platform].world)

    def url(self, base: str, platform: str) -> str:
        """
        The base URL of one platform, derived from any URL of this server.
        """
        parts = urlsplit(base)
        return f"{parts.scheme}://{parts.netloc}{self.platforms[platform].prefix}"

    def _budget(self, platform: FakePlatform) -> tuple[int, str]:
        """
        Count one call. Return how many are left in the rate-limit window and, as a
        text, the seconds until it ends.
        """
        now = time.monotonic()
        started, used = self._windows.get(platform.name, (now, 0))
        if now - started > platform.limit_seconds:
            started, used = now, 0
        self._windows[platform.name] = started, used + 1
        ends = str(max(1, int(platform.limit_seconds - (now - started))))
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
            case "odd-record":
                self.odd_records.plan(
                    OddRecord(
                        query["platform"],
                        query["kind"],
                        query["event"],
                        is_part="part" in query,
                    )
                )
            case "repair":
                self.odd_records.repair()
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
    Parse a request body as JSON, or as a form if its content type says so. Anything
    else stays a text, so that the platform refuses it with its own error.
    """
    text = body.decode(errors="replace")
    if "form" in (headers.get("Content-Type") or ""):
        return dict(parse_qsl(text))
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text


def truth_as_json(built: world.World) -> list[dict[str, Any]]:
    """
    The true figures of a world, with amounts as decimal texts.
    """
    amounts = (
        *("face", "discounts", "gross", "refunded", "tax", "fees"),
        *("buyer_fees", "addons", "donations", "tax_added"),
    )
    rows = []
    for it in world.truth(built):
        row = asdict(it)
        for name in amounts:
            if row[name] is not None:
                row[name] = money.decimal_text(row[name], it.currency)
        net_before_fees = it.gross - it.refunded
        row["net_before_fees"] = money.decimal_text(net_before_fees, it.currency)
        rows.append(row)
    return rows


def make_server(sandbox: Sandbox, port: int = 0) -> ThreadingHTTPServer:
    """
    Create a server on 127.0.0.1; port 0 picks a free one.
    """
    server = _Server(("127.0.0.1", port), _Handler)
    server.sandbox = sandbox
    return server


@contextmanager
def serving(sandbox: Sandbox, port: int = 0) -> Iterator[str]:
    """
    Serve in a thread; yields the base URL for a Ticket Tailor account.
    """
    server = make_server(sandbox, port)
    stopped = threading.Event()

    def serve() -> None:
        while not stopped.is_set():
            server.handle_request()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield base_url(server)
    finally:
        stopped.set()
        # `handle_request` blocks until a client connects.
        socket.create_connection(("127.0.0.1", server.server_port)).close()
        thread.join()
        server.server_close()


def base_url(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}{ticket_tailor.PREFIX}"


def call_control(url: str, verb: str, **query: str) -> Any:
    """
    Call `/_control` of a running sandbox, given any of its URLs.
    """
    parts = urlsplit(url)
    target = f"{parts.scheme}://{parts.netloc}/_control/{verb}?{urlencode(query)}"
    with urlopen(Request(target), timeout=60) as response:  # noqa: S310  # nosec B310  # loopback
        return json.load(response)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    sandbox: Sandbox

    def handle_error(self, request: Any, client_address: Any) -> None:
        """
        Ignore clients that disconnect early.
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
        Print nothing; the sandbox keeps its own request log.
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
