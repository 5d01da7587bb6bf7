"""
The webhook receiver. A delivery is verified and stored durably, and only then answered;
the background worker processes it later.

    unknown path, network not allowed    404
    too large, slow, odd                 413, 408, 415, 405
    not signed by the platform, stale    400
    cannot be stored, too many at once   503    the platform will send it again
    everything else                      200    duplicates, ignored and test ones too

Every attempt leaves a row, except where too many come at once: those that were not
accepted without their body, and only the newest of them; those of a platform that does
not sign within a budget, see `webhooks.unsigned`. A delivery that cannot be stored
fails alone.

Never 410 (Eventbrite then stops sending), never a redirect, never a detail.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, Router

from ticketsync.core import clock, errors, log
from ticketsync.core.digest import token_digest
from ticketsync.core.redact import safe
from ticketsync.net import webhook_signatures
from ticketsync.net.webhook_signatures import Delivery, Forged, Hint, Stale, Unclear
from ticketsync.store.delivery_states import FORGED, NO_SECRET, REFUSED
from ticketsync.store.engine import Database
from ticketsync.web import client_addresses
from ticketsync.web.trial_keys import TrialKeys
from ticketsync.webhooks import inbox, refused_attempts
from ticketsync.webhooks.new_delivery import NewDelivery
from ticketsync.webhooks.refused_attempts import RefusedAttempt
from ticketsync.workflows.webhooks.webhook_endpoints import WebhookEndpoint

MAX_BODY_BYTES = 256 * 1024
BODY_SECONDS = 10  # to receive the whole body
MAX_CONCURRENT = 50
FEW_UNSAVED = 10  # attempts not accepted; more do not wait until they are stored
MAX_UNSAVED = 500  # more leave no row
RETRY_SECONDS = 10  # what a 503 says
REFRESH_SECONDS = 5  # how old the list of endpoints may be
EMPTY = b""

Item = TypeVar("Item")
Queued = tuple[Item, asyncio.Future[bool]]
Store = Callable[[Connection, Sequence[Item], datetime], None]
LoadEndpoints = Callable[[], Sequence[WebhookEndpoint]]


class Receiver:
    """
    Answers deliveries. One writer task stores them, many in one transaction.
    """

    def __init__(
        self, database: Database, load: LoadEndpoints, allow: Sequence[str] = ()
    ) -> None:
        self._database = database
        self._load = load
        self._allowed = client_addresses.networks(allow)
        self._endpoints: Mapping[str, WebhookEndpoint] = _by_digest(load())
        self._loaded_at = 0.0
        self.trials = TrialKeys()
        self._active_requests = 0
        self._unsaved = 0
        self._queue: list[Queued[NewDelivery]] = []
        self._refused_queue: list[Queued[RefusedAttempt]] = []
        self._has_queued = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None

    def routes(self) -> list[Route]:
        return [Route("/hooks/{path}", self.receive, methods=["POST"])]

    def read_endpoints_again(self) -> None:
        """
        Look at the endpoints anew with the next delivery: one was made just now.
        """
        self._loaded_at = float("-inf")

    async def receive(self, request: Request) -> Response:
        """
        Answer one delivery.
        """
        endpoint = await self._find_endpoint(request)
        if self._allowed and not self._is_allowed(request):
            # The same response at every address: it must not say which one exists.
            return await self._refuse(404, endpoint, "not from an allowed network")
        if endpoint is None:
            return await self._refuse(404, None, "unknown address")
        content_type = request.headers.get("content-type", "").partition(";")[0]
        content_type = content_type.strip().lower()
        if content_type and content_type not in endpoint.provider.webhooks.kinds:
            return await self._refuse(415, endpoint, "wrong content type")
        if not endpoint.is_ready:
            log.warning("webhook-secret-missing", account=endpoint.account)
            why = "there is no secret to verify it with"
            return await self._refuse(503, endpoint, why, state=NO_SECRET)
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _read_body(request)
        except TimeoutError:
            return await self._refuse(408, endpoint, "too slow")
        except ClientDisconnect:
            return await self._refuse(413, endpoint, "broke off")
        except _TooLarge:
            return await self._refuse(413, endpoint, "too large")
        headers = {name.lower(): value for name, value in request.headers.items()}
        delivery = Delivery(body, headers, endpoint.url, clock.now())
        # Only those that have arrived count: half-sent ones would keep others out.
        if self._active_requests >= MAX_CONCURRENT:
            return _respond(503)
        self._active_requests += 1
        try:
            return await self._verify_and_store(endpoint, delivery)
        finally:
            self._active_requests -= 1

    async def _verify_and_store(
        self, endpoint: WebhookEndpoint, delivery: Delivery
    ) -> Response:
        try:
            endpoint.provider.verify(delivery, self.trials.secrets_of(endpoint))
        except Forged as forged:
            log.warning("webhook forged", account=endpoint.account, why=str(forged))
            return await self._refuse(400, endpoint, str(forged), state=FORGED)
        except Stale as stale:
            new = new_delivery(endpoint, delivery, None, "stale", str(stale))
            return _respond(400 if await self._store(new) else 503)
        try:
            hint = _read_hint(endpoint, delivery)
        except Unclear as unclear:
            new = new_delivery(endpoint, delivery, None, "rejected", str(unclear))
        else:
            without_effect = {
                webhook_signatures.TEST: "test",
                webhook_signatures.NOTHING: "ignored",
            }
            state = without_effect.get(hint.what, "received")
            new = new_delivery(endpoint, delivery, hint, state, "")
        return _respond(200 if await self._store(new) else 503)

    async def _find_endpoint(self, request: Request) -> WebhookEndpoint | None:
        """
        Look the endpoint up by the digest of the path, so that response times reveal
        nothing about a partly correct path.
        """
        now = asyncio.get_running_loop().time()
        if now - self._loaded_at > REFRESH_SECONDS:
            self._loaded_at = now
            self._endpoints = _by_digest(await asyncio.to_thread(self._load))
        return self._endpoints.get(token_digest(request.path_params["path"]).hex())

    def _is_allowed(self, request: Request) -> bool:
        """
        Whether the client's address is in one of the allowed networks.
        """
        peer = request.client.host if request.client else ""
        return client_addresses.is_in(peer, self._allowed)

    async def _refuse(
        self,
        status: int,
        endpoint: WebhookEndpoint | None,
        reason: str,
        *,
        state: str = REFUSED,
    ) -> Response:
        """
        The response to an attempt that is not accepted, which leaves a row without its
        body. In a flood of them nobody waits for the disk, nor does memory grow.
        """
        account_id = None if endpoint is None else endpoint.account_id
        if self._unsaved < MAX_UNSAVED:
            self._unsaved += 1
            attempt = RefusedAttempt(account_id, state, reason)
            stored = self._enqueue(self._refused_queue, attempt)
            stored.add_done_callback(self._note_saved)
            if self._unsaved <= FEW_UNSAVED:
                await stored
        return _respond(status)

    def _note_saved(self, stored: asyncio.Future[bool]) -> None:
        self._unsaved -= 1

    async def _store(self, new: NewDelivery) -> bool:
        """
        Store a delivery; returns whether it is on disk.
        """
        return await self._enqueue(self._queue, new)

    def _enqueue(self, queue: list[Queued[Item]], item: Item) -> asyncio.Future[bool]:
        """
        Let the writer store it. Those that arrive during a transaction share the next
        one, so that they wait for the disk only once.
        """
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_batches())
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        queue.append((item, done))
        self._has_queued.set()
        return done

    async def _write_batches(self) -> None:
        """
        Store deliveries first and answer them. Refused attempts have a transaction of
        their own: if it fails, no delivery is lost with it.
        """
        while True:
            await self._has_queued.wait()
            self._has_queued.clear()
            await self._write_batch(self._queue, inbox.store)
            await self._write_batch(self._refused_queue, refused_attempts.store)

    async def _write_batch(self, queue: list[Queued[Item]], store: Store[Item]) -> None:
        batch = queue.copy()
        queue.clear()
        if not batch:
            return
        items = [item for item, _ in batch]
        stored = await asyncio.to_thread(self._write, store, items)
        for (_, done), is_stored in zip(batch, stored, strict=True):
            if not done.done():
                done.set_result(is_stored)

    def _write(self, store: Store[Item], batch: Sequence[Item]) -> list[bool]:
        """
        Store a batch in one transaction; returns which of its items are on disk. Where
        that fails for another reason than the database's state, each is stored alone,
        so that one which cannot be stored does no harm to the others.
        """
        try:
            with self._database.write() as connection:
                store(connection, batch, clock.now())
        except Exception as error:  # every waiting request must get a response
            word = getattr(error, "word", "bug")
            log.warning("webhooks not stored", word=word, trace=log.trace_of(error))
            if len(batch) == 1 or isinstance(error, errors.TicketsyncError):
                return [False] * len(batch)
            return [self._write(store, [item])[0] for item in batch]
        return [True] * len(batch)


Refuse = Callable[[Request], Awaitable[Response]]


def application(
    receiver: Receiver,
    more: Sequence[BaseRoute] = (),
    *,
    not_found: Refuse | None = None,
    method_not_allowed: Refuse | None = None,
) -> Starlette:
    """
    The application that a server runs. Anything unknown is a bare 404, unless the pages
    answer it: no index, no redirect for a trailing slash, no error page.
    """
    app = Starlette(
        routes=[*receiver.routes(), *more],
        exception_handlers={
            404: _always(404, not_found),
            405: _always(405, method_not_allowed),
            500: _always(503),
            Exception: _always(503),
        },
    )
    router: Router = app.router
    router.redirect_slashes = False
    return app


class _TooLarge(Exception):
    pass


async def _read_body(request: Request) -> bytes:
    length = request.headers.get("content-length", "0")
    is_number = length.isascii() and length.isdigit()
    if not is_number or int(length[:20]) > MAX_BODY_BYTES:
        raise _TooLarge
    body = bytearray()  # a list of chunks of one byte each would take forty times that
    async for chunk in request.stream():
        if len(body) + len(chunk) > MAX_BODY_BYTES:
            raise _TooLarge
        body += chunk
    return bytes(body)


def _read_hint(endpoint: WebhookEndpoint, delivery: Delivery) -> Hint:
    """
    What a verified delivery is about. Raises `Unclear`.
    """
    try:
        hint = endpoint.provider.hint(delivery)
        return webhook_signatures.with_valid_ids(hint, endpoint.provider.webhooks)
    except Unclear:
        raise
    except Exception as error:  # else the platform would send it again for hours
        log.warning(
            "webhook unreadable", account=endpoint.account, trace=log.trace_of(error)
        )
        raise Unclear("it could not be read") from error


def new_delivery(
    endpoint: WebhookEndpoint,
    delivery: Delivery,
    hint: Hint | None,
    state: str,
    reason: str,
) -> NewDelivery:
    """
    What is stored of a delivery. One without an id of the platform's is identified by
    its body, without the blanks around it, so that it counts once however it is
    written. Without a signature this holds for 30 seconds only, because the next change
    of the same order has an identical body.
    """
    digest = hashlib.sha256(delivery.body.strip()).hexdigest()
    key = f"{hint.key} {digest[:16]}" if hint is not None and hint.key else digest
    is_signed = endpoint.provider.webhooks.is_signed
    if not is_signed and not (hint is not None and hint.key):
        key += f" {int(delivery.now.timestamp()) // 30}"
    return NewDelivery(
        account_id=endpoint.account_id,
        key=key,
        event=safe(hint.event, longest=100) if hint else "",
        what=hint.what if hint else "",
        state=state,
        order_id=hint.order_id if hint else "",
        occurrence_id=hint.occurrence_id if hint else "",
        reason=reason,
        is_signed=is_signed,
    )


def _by_digest(
    endpoints: Sequence[WebhookEndpoint],
) -> dict[str, WebhookEndpoint]:
    return {token_digest(endpoint.path).hex(): endpoint for endpoint in endpoints}


def _always(status: int, pages: Refuse | None = None) -> Any:
    async def handle(request: Request, error: Exception) -> Response:
        is_of_a_page = not request.url.path.startswith(("/hooks", "/static"))
        if pages is not None and is_of_a_page:
            return await pages(request)
        return _respond(status)

    return handle


def _respond(status: int) -> Response:
    headers = {"Retry-After": str(RETRY_SECONDS)} if status == 503 else None
    return Response(EMPTY, status_code=status, headers=headers)
