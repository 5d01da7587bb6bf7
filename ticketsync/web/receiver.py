"""
The receiver: platforms knock, the delivery is verified, kept durably, and only then
answered. What it hints at is worked off later, by somebody else.

    not our path                   404
    too large, slow, odd           413, 408, 415, 405
    not from them, or stale        400
    we cannot keep it, too many    503      they will come again
    everything else                200      also what is known, ignored, a test

Never 410 (Eventbrite takes that for good-bye), never a redirect, never a detail.
"""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, Router

from ticketsync.core import clock, log
from ticketsync.core.redact import Secret
from ticketsync.net import hooks
from ticketsync.net.hooks import Delivery, Forged, Hint, Stale, Unclear
from ticketsync.providers.base import SendsWebhooks
from ticketsync.store.engine import Database
from ticketsync.webhooks import inbox
from ticketsync.webhooks.inbox import Arrived

LARGEST = 256 * 1024
SECONDS = 10  # to send the body
AT_ONCE = 50
REFRESH_SECONDS = 5
EMPTY = b""


@dataclass(frozen=True, slots=True)
class Door:
    """
    One account's address: who knocks there, and what proves it.
    """

    account_id: int
    account: str
    path: str
    url: str
    kind: type[SendsWebhooks]
    secrets: Sequence[Secret]

    @property
    def is_ready(self) -> bool:
        return bool(self.secrets) or not self.kind.webhooks.is_signed


Load = Callable[[], Sequence[Door]]


class Receiver:
    """
    The application, and the one writer behind it.
    """

    def __init__(
        self, database: Database, load: Load, allow: Sequence[str] = ()
    ) -> None:
        self._database = database
        self._load = load
        self._allowed = [ipaddress.ip_network(text) for text in allow]
        self._doors: Mapping[str, Door] = _by_digest(load())
        self._loaded_at = 0.0
        self._inside = 0
        self._arrived: list[tuple[Arrived, asyncio.Future[bool]]] = []
        self._news = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None

    def routes(self) -> list[Route]:
        return [Route("/hooks/{path}", self.answer, methods=["POST"])]

    async def answer(self, request: Request) -> Response:
        """
        One delivery.
        """
        if self._inside >= AT_ONCE:
            return _say(503)
        self._inside += 1
        try:
            return await self._answer(request)
        finally:
            self._inside -= 1

    async def _answer(self, request: Request) -> Response:
        door = await self._door(request)
        if door is None:
            return _say(404)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind and kind not in door.kind.webhooks.kinds:
            return _say(415)
        if not door.is_ready:
            log.warning("webhook-secret-missing", account=door.account)
            return _say(503)
        try:
            async with asyncio.timeout(SECONDS):
                body = await _body(request)
        except TimeoutError:
            return _say(408)
        except (ClientDisconnect, _TooLarge):
            return _say(413)
        headers = {name.lower(): value for name, value in request.headers.items()}
        return await self._taken(door, Delivery(body, headers, door.url, clock.now()))

    async def _taken(self, door: Door, delivery: Delivery) -> Response:
        try:
            door.kind.verify(delivery, door.secrets)
        except Forged as forged:
            log.warning("webhook forged", account=door.account, why=str(forged))
            return _say(400)
        except Stale as stale:
            arrived = _arrived(door, delivery, None, "stale", str(stale))
            return _say(400 if await self._kept(arrived) else 503)
        try:
            hint = door.kind.hint(delivery)
        except Unclear as unclear:
            arrived = _arrived(door, delivery, None, "rejected", str(unclear))
        else:
            quiet = {hooks.TEST: "test", hooks.NOTHING: "ignored"}
            state = quiet.get(hint.what, "received")
            arrived = _arrived(door, delivery, hint, state, "")
        return _say(200 if await self._kept(arrived) else 503)

    async def _door(self, request: Request) -> Door | None:
        """
        By the digest of the path, so that no comparison tells how much of it fits.
        """
        if self._allowed and not self._may_enter(request):
            return None
        now = asyncio.get_running_loop().time()
        if now - self._loaded_at > REFRESH_SECONDS:
            self._loaded_at = now
            self._doors = _by_digest(await asyncio.to_thread(self._load))
        return self._doors.get(_digest(request.path_params["path"]))

    def _may_enter(self, request: Request) -> bool:
        try:
            address = ipaddress.ip_address(
                request.client.host if request.client else ""
            )
        except ValueError:
            return False
        return any(address in network for network in self._allowed)

    async def _kept(self, arrived: Arrived) -> bool:
        """
        Whether it is on the disk. Whoever comes meanwhile shares the next transaction:
        waiting for the disk once serves all of them.
        """
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._arrived.append((arrived, done))
        self._news.set()
        return await done

    async def _write(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            lot, self._arrived = self._arrived, []
            if not lot:
                continue
            is_kept = await asyncio.to_thread(self._keep, [item for item, _ in lot])
            for _, done in lot:
                if not done.done():
                    done.set_result(is_kept)

    def _keep(self, arrived: Sequence[Arrived]) -> bool:
        try:
            with self._database.write() as session:
                inbox.keep(session, arrived, clock.now())
        except Exception as error:  # whoever waits for an answer must get one
            word = getattr(error, "word", "bug")
            log.warning("webhooks not kept", word=word, trace=log.trace_of(error))
            return False
        return True


def application(receiver: Receiver, more: Sequence[BaseRoute] = ()) -> Starlette:
    """
    The application that a server runs. Anything unknown is 404 and nothing else: no
    index, no redirect of a slash, no page of errors.
    """
    app = Starlette(
        routes=[*receiver.routes(), *more],
        exception_handlers={
            404: _plain(404),
            405: _plain(405),
            500: _plain(503),
            Exception: _plain(503),
        },
    )
    router: Router = app.router
    router.redirect_slashes = False
    return app


class _TooLarge(Exception):
    pass


async def _body(request: Request) -> bytes:
    length = request.headers.get("content-length", "0")
    if not length.isascii() or not length.isdigit() or int(length[:20]) > LARGEST:
        raise _TooLarge
    pieces: list[bytes] = []
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > LARGEST:
            raise _TooLarge
        pieces.append(piece)
    return b"".join(pieces)


def _arrived(
    door: Door, delivery: Delivery, hint: Hint | None, state: str, reason: str
) -> Arrived:
    """
    What is kept of a delivery. Where the platform gives it no name, it is known by its
    body; an unsigned one only within half a minute, because the same words come for
    the next change of the same order, too.
    """
    digest = hashlib.sha256(delivery.body).hexdigest()
    key = f"{hint.key} {digest[:16]}" if hint is not None and hint.key else digest
    if not door.kind.webhooks.is_signed and not (hint is not None and hint.key):
        key += f" {int(delivery.now.timestamp()) // 30}"
    return Arrived(
        account_id=door.account_id,
        key=key,
        event=hint.event[:100] if hint else "",
        what=hint.what if hint else "",
        state=state,
        order_id=hint.order_id if hint else "",
        occurrence_id=hint.occurrence_id if hint else "",
        reason=reason,
    )


def _by_digest(doors: Sequence[Door]) -> dict[str, Door]:
    return {_digest(door.path): door for door in doors}


def _digest(path: str) -> str:
    return hashlib.sha256(path.encode("utf-8", "replace")).hexdigest()


def _plain(status: int) -> Any:
    async def answer(request: Request, error: Exception) -> Response:
        return _say(status)

    return answer


def _say(status: int) -> Response:
    return Response(EMPTY, status_code=status)
