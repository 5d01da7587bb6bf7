"""
The HTTP server that `serve` runs: uvicorn, with limits for clients that do not finish.

uvicorn waits for ever for the rest of a request, and each open connection takes a file
of the process. Here a request has little time to arrive, and while it arrives its
connection may be closed in favour of a newer one: only complete requests count. The
bytes that all requests hold are limited, too; beyond that the largest of those that are
still arriving is answered 503, and never one that is complete.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
from dataclasses import dataclass
from typing import Any

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from ticketsync.core.without_collector import freeze_for_good

try:
    import resource
except ImportError:  # Windows, which has no such limit
    resource = None  # type: ignore[assignment]  # a module elsewhere

KEEP_ALIVE_SECONDS = 5
MAX_CONNECTIONS = 4096  # about 40 kB each
MAX_HELD_BYTES = 32 << 20  # of all requests of the process that are not answered yet
RETRY_SECONDS = 10
_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\n"
    b"Retry-After: %d\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
) % RETRY_SECONDS
_UNLIMITED_FILES = 65_536


@dataclass(frozen=True, slots=True)
class Limits:
    """
    Seconds for the parts of a request, how many connections may be open at once, and
    how many bytes all requests may hold.
    Pages and the receiver answer 408 to a body after ten seconds themselves; whatever
    is still open then is closed.
    """

    header_seconds: float = 5
    body_seconds: float = 11
    write_seconds: float = 30  # for 64 kB of an answer
    connections: int = MAX_CONNECTIONS
    backlog: int = 2048  # connections that are not accepted yet
    held_bytes: int = MAX_HELD_BYTES


class LimitedConfig(uvicorn.Config):
    """
    uvicorn's configuration with our limits.
    """

    def __init__(
        self, app: ASGIApp, limits: Limits, *, log_level: str = "warning"
    ) -> None:
        super().__init__(
            app,
            http=LimitedProtocol,
            ws="none",
            log_config=None,  # its warnings go to our log
            log_level=log_level,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # the trusted proxies are in our own settings
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            lifespan="off",
            backlog=limits.backlog,
        )
        self.limits = limits
        # Those whose request is not complete, the oldest first.
        self.incomplete: dict[LimitedProtocol, None] = {}
        self.held_bytes = 0  # of all requests

    def make_room(self) -> None:
        """
        Let the largest requests that are still arriving give way until no more bytes
        are held than may be.
        """
        while self.held_bytes > self.limits.held_bytes:
            largest = max(self.incomplete, key=lambda it: it.held_bytes, default=None)
            if largest is None or not largest.held_bytes:
                return  # the rest is of complete ones
            largest.give_way()


class LimitedProtocol(H11Protocol):
    """
    One connection. It is idle, or its request's headers or body are arriving, or its
    request is complete and being answered.
    """

    config: LimitedConfig

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.held_bytes = 0  # received of a request that is not answered yet
        self._gave_way = False
        self._phase = ""
        self._deadline: asyncio.TimerHandle | None = None
        self._write_deadline: asyncio.TimerHandle | None = None

    def connection_made(
        self,
        transport: asyncio.Transport,  # type: ignore[override]  # as uvicorn has it
    ) -> None:
        super().connection_made(transport)
        self._enter("headers")
        incomplete = self.config.incomplete
        if len(self.connections) > self.config.limits.connections and incomplete:
            oldest = next(iter(incomplete))
            oldest.drop()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._hold(0)
        self._enter("lost")
        self._cancel_write_deadline()

    def data_received(self, data: bytes) -> None:
        if self._gave_way:
            return  # it has its answer
        if self._phase == "idle":
            self._enter("headers")
        self._hold(self.held_bytes + len(data))
        try:
            super().data_received(data)
        except h11.LocalProtocolError:
            # What follows a request that was refused before it was complete is no
            # request: uvicorn means to answer 400, but it has answered already.
            self.drop()
        self._follow("headers")
        if self.conn.our_state is h11.DONE:  # answered, the rest is thrown away
            self._hold(0)
        self.config.make_room()

    def on_response_complete(self) -> None:
        next_request, _ = self.conn.trailing_data
        self._hold(len(next_request))
        super().on_response_complete()
        self._follow("idle")  # for which uvicorn has a deadline

    def pause_writing(self) -> None:
        super().pause_writing()
        self._write_deadline = self._after(self.config.limits.write_seconds)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._cancel_write_deadline()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        # Closing waits for what the client has not read yet.
        self._cancel_write_deadline()
        self._write_deadline = self._after(self.config.limits.write_seconds)

    def drop(self) -> None:
        """
        End the connection at once, whatever it waits for.
        """
        self.config.incomplete.pop(self, None)
        self.connections.discard(self)
        self.transport.abort()

    def give_way(self) -> None:
        """
        Answer 503 to a request that is still arriving, and let go of its bytes. What
        follows is read and thrown away until the deadline, since a connection that is
        closed before its client has sent everything may lose the answer.
        """
        answering = self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE)
        self._hold(0)
        self._gave_way = True
        if self.cycle is not None:
            self.cycle.body = bytearray()
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.conn = h11.Connection(h11.SERVER)
        if answering or self.transport.is_closing():
            self.drop()
            return
        self.transport.write(_BUSY)
        self.transport.write_eof()
        self.flow.resume_reading()

    def _hold(self, size: int) -> None:
        self.config.held_bytes += size - self.held_bytes
        self.held_bytes = size

    def _follow(self, between_requests: str) -> None:
        """
        Enter the phase that the client's side of the connection is in.
        """
        if self._phase == "lost":
            return
        state = self.conn.their_state
        if state is h11.IDLE:
            self._enter(between_requests)
        elif state is h11.SEND_BODY:
            self._enter("body")
        else:
            self._enter("complete")

    def _enter(self, phase: str) -> None:
        """
        A deadline counts from the beginning of its phase: a byte now and then does not
        move it.
        """
        if phase == self._phase:
            return
        self._phase = phase
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        limits = self.config.limits
        if phase == "headers":
            self._deadline = self._after(limits.header_seconds)
        elif phase == "body":
            self._deadline = self._after(limits.body_seconds)
        self.config.incomplete.pop(self, None)
        if phase in ("idle", "headers", "body"):
            self.config.incomplete[self] = None

    def _after(self, seconds: float) -> asyncio.TimerHandle:
        return self.loop.call_later(seconds, self.drop)

    def _cancel_write_deadline(self) -> None:
        if self._write_deadline is not None:
            self._write_deadline.cancel()
            self._write_deadline = None


def run(app: ASGIApp, listener: socket.socket) -> None:
    """
    Serve until the process is asked to end.
    """
    # Requests leave cycles. Where 200,000 objects are looked at together, as a short
    # command does, one request in some hundreds waits a quarter of a second for it.
    freeze_for_good()
    gc.set_threshold(10_000, 20, 20)
    config = LimitedConfig(app, limits_for(raise_file_limit()))
    uvicorn.Server(config).run(sockets=[listener])


def raise_file_limit() -> int:
    """
    Let this process open as many files as the system allows it; returns how many.
    """
    if resource is None:
        return _UNLIMITED_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _UNLIMITED_FILES if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):  # macOS allows less than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _UNLIMITED_FILES if soft == resource.RLIM_INFINITY else soft


def limits_for(files: int) -> Limits:
    """
    Limits that leave a quarter of this many files for the database and everything else.
    A quarter may be accepted at once before any connection can be closed again.
    """
    return Limits(
        connections=min(MAX_CONNECTIONS, files // 2), backlog=min(2048, files // 4)
    )
