"""
What all pages share: who is signed in, what they may do, how a page is rendered.

Nothing is loaded from other sites and no page contains a script; the headers
(`entrance.py`) make browsers refuse both. Changes are accepted from our own pages only.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from ticketsync.accounts import health
from ticketsync.catalogue import shows
from ticketsync.catalogue.shows import VenueInfo
from ticketsync.core import actor, clock, errors, log
from ticketsync.core.config import Settings
from ticketsync.core.redact import safe
from ticketsync.store.engine import Database
from ticketsync.visitors import passes
from ticketsync.visitors.passes import Visitor
from ticketsync.web import cross_origin, own_address
from ticketsync.web.filters import FILTERS

FOLDER = Path(__file__).parent
COOKIE = "ticketsync"
MAX_BODY_BYTES = 512 * 1024
MAX_FORM_BYTES = 16 * 1024  # of somebody who is not signed in
BODY_SECONDS = 10  # to receive the whole body
FOREIGN = (
    "This page was opened at another address than the settings name: set serve: "
    "public_url to the address that the browser shows, and restart ticketsync serve."
)
MAX_ID = 2**31 - 1  # of a row
PAGES = (
    ("/", "Overview"),
    ("/calendar", "Calendar"),
    ("/door", "Door"),
    ("/accounts", "Accounts"),
    ("/matching", "Matching"),
    ("/discrepancies", "Discrepancies"),
    ("/runs", "Runs"),
    ("/webhooks", "Webhooks"),
)
STATUS_BY_EXIT_CODE = {2: 400, 4: 409, 7: 409, 8: 503, 9: 503}

RequestSync = Callable[[str], None]  # takes the name of the account to sync soon


@dataclass(frozen=True, slots=True)
class PageRequest:
    """
    A request that passed the access checks. `form` has the last value of each field,
    `choices` all of them, of boxes that were ticked.
    """

    visitor: Visitor | None
    path_params: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, str]
    body: Any  # decoded JSON
    token: str
    client: str = ""  # IP address
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def signed_in(self) -> Visitor:
        """
        The visitor, on pages that need one.
        """
        assert self.visitor is not None
        return self.visitor


@dataclass(frozen=True, slots=True)
class Banner:
    """
    A problem that is shown on top of every page, with the page that explains it.
    """

    text: str
    page: str


class AccessDenied(Exception):
    """
    The visitor's pass is not for what they asked for.
    """


Handler = Callable[[PageRequest], Response]
Endpoint = Callable[[Request], Any]


@dataclass(slots=True)
class Site:
    """
    The pages of one database. `request_sync` asks the background worker to sync an
    account; it is `None` if there is no worker.
    """

    database: Database
    settings: Settings
    request_sync: RequestSync | None = None
    _templates: Environment = field(init=False)

    def __post_init__(self) -> None:
        self._templates = Environment(
            loader=FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._templates.filters |= FILTERS

    # Access

    def for_everyone(self, handler: Handler) -> Endpoint:
        """
        A page that needs no sign-in.
        """
        return self._endpoint(handler, lambda visitor: True, needs_visitor=False)

    def for_other_sites(self, handler: Handler) -> Endpoint:
        """
        Data behind a private URL, which scripts of the sites in the settings may read.
        """
        respond = self.for_everyone(handler)

        async def respond_to_origin(request: Request) -> Response:
            response: Response = await respond(request)
            origin = request.headers.get("origin", "")
            allowed = self.settings.serve.cors_origins
            response.headers.update(cross_origin.headers_for(origin, allowed))
            return response

        return respond_to_origin

    def for_readers(self, handler: Handler) -> Endpoint:
        return self._endpoint(handler, lambda visitor: visitor.can_read)

    def for_door(self, handler: Handler) -> Endpoint:
        return self._endpoint(handler, lambda visitor: visitor.can_admit)

    def for_managers(self, handler: Handler) -> Endpoint:
        return self._endpoint(handler, lambda visitor: visitor.is_manager)

    def _endpoint(
        self,
        handler: Handler,
        is_allowed: Callable[[Visitor], bool],
        *,
        needs_visitor: bool = True,
    ) -> Endpoint:
        async def respond(request: Request) -> Response:
            try:
                response = await self._handle(
                    request, handler, is_allowed, needs_visitor
                )
            except AccessDenied:
                response = self._refuse_access(request)
            except errors.TicketsyncError as error:
                response = self._error_response(request, error)
            except Exception as error:
                trace = log.trace_of(error)
                log.warning("page failed", route=_route_of(request), trace=trace)
                response = self._error_response(
                    request,
                    errors.TicketsyncError(
                        "This page failed.", hint="See the log for the reason."
                    ),
                )
            return response

        return respond

    async def _handle(
        self,
        request: Request,
        handler: Handler,
        is_allowed: Callable[[Visitor], bool],
        needs_visitor: bool,
    ) -> Response:
        if any(_is_too_large(value) for value in request.path_params.values()):
            return self._refuse(request, "There is no such page.", 404)
        token = request.cookies.get(COOKIE, "")
        visitor = await run_in_threadpool(self._get_visitor, token)
        if needs_visitor and visitor is None:
            if _wants_json(request):
                return JSONResponse({"error": "signed-out"}, 401)
            return RedirectResponse("/enter", 303)
        if visitor is not None and not is_allowed(visitor):
            if request.url.path == "/" and visitor.can_admit:
                return RedirectResponse("/door", 303)
            return self._refuse_access(request)
        choices: Mapping[str, Sequence[str]] = {}
        body: Any = None
        if request.method == "POST":
            if not self._is_same_origin(request):
                return self._refuse(request, FOREIGN, 403, word="foreign-origin")
            most = MAX_FORM_BYTES if visitor is None else MAX_BODY_BYTES
            try:
                async with asyncio.timeout(BODY_SECONDS):
                    data = await _read_body(request, most)
            except TimeoutError:
                refused = self._refuse(request, "The request arrived too slowly.", 408)
                refused.headers["Connection"] = "close"
                return refused
            if data is None:
                return self._refuse(request, "The request is too large.", 413)
            if _wants_json(request):
                body = _parse_json(data)
            else:
                fields = parse_qs(data.decode("latin-1"))
                choices = {
                    name: [_clean(value) for value in values]
                    for name, values in fields.items()
                }
        page_request = PageRequest(
            visitor=visitor,
            path_params={k: _clean(v) for k, v in request.path_params.items()},
            query={k: _clean(v) for k, v in request.query_params.items()},
            form={name: values[-1] for name, values in choices.items()},
            body=body,
            token=token,
            client=request.client.host if request.client else "",
            choices=choices,
        )
        with actor.acting_as(_actor_name(visitor)):
            return await run_in_threadpool(handler, page_request)

    def _get_visitor(self, token: str) -> Visitor | None:
        if not token:
            return None
        with self.database.read() as connection:
            return passes.get_visitor(connection, "session", token, clock.now())

    def _is_same_origin(self, request: Request) -> bool:
        """
        Whether one of our pages sent this: browsers name the origin of a POST.
        """
        return own_address.is_our_origin(
            request.headers.get("origin", ""),
            request.headers.get("host", ""),
            request.url.scheme,
            self.settings.serve.public_url,
        )

    # Rendering

    def render_page(
        self,
        request: PageRequest,
        template: str,
        title: str,
        status_code: int = 200,
        *,
        venue: VenueInfo | None = None,
        current_path: str = "",
        notice: str = "",
        **values: Any,
    ) -> Response:
        """
        A page: a template with its values and with what every page needs.
        """
        venue = venue or self._load_venue()
        context = {
            "title": title,
            "venue_name": venue.name,
            "timezone": venue.timezone,
            "visitor": request.visitor,
            "pages": _menu(request.visitor),
            "current_path": current_path,
            "notice": notice,
            "banners": self._banners(request.visitor),
            **values,
        }
        html = self._templates.get_template(template).render(context)
        return HTMLResponse(html, status_code)

    def _load_venue(self) -> VenueInfo:
        with self.database.read() as connection:
            return shows.get_venue(connection)

    def _banners(self, visitor: Visitor | None) -> Sequence[Banner]:
        """
        The accounts that need attention.
        """
        if visitor is None or not visitor.can_read:
            return ()
        with self.database.read() as connection:
            accounts = health.assess_all(connection, self.settings, clock.now())
        return [
            Banner(f"{item.account} is {item.word}", "/accounts")
            for item in accounts
            if item.waits
        ]

    def _refuse_access(self, request: Request) -> Response:
        return self._refuse(request, "You do not have access to this page.", 403)

    def _refuse(
        self, request: Request, text: str, status: int, *, word: str = ""
    ) -> Response:
        if _wants_json(request):
            named = {"error": word, "message": text} if word else {"error": text}
            return JSONResponse(named, status)
        return HTMLResponse(
            f"<!doctype html><title>{text}</title><p>{text}</p>", status
        )

    def _error_response(
        self, request: Request, error: errors.TicketsyncError
    ) -> Response:
        status = STATUS_BY_EXIT_CODE.get(error.exit_code, 500)
        if isinstance(error, errors.NotFound):
            status = 404
        if _wants_json(request):
            return JSONResponse(
                {"error": error.word, "message": error.message, "hint": error.hint},
                status,
            )
        try:
            return self.render_page(
                PageRequest(None, {}, {}, {}, None, ""),
                "problem.html",
                "That did not work",
                status,
                text=safe(error.message),
                hint=safe(error.hint),
            )
        except Exception:  # the database itself may be the problem
            return self._refuse(request, "That did not work.", status)


def _actor_name(visitor: Visitor | None) -> str:
    """
    How the audit trail names a visitor: by name and role.
    """
    if visitor is None:
        return "a visitor"
    return f"{visitor.name} ({visitor.role})" if visitor.name else visitor.role


def _menu(visitor: Visitor | None) -> Sequence[tuple[str, str]]:
    """
    The pages that a visitor may open.
    """
    if visitor is not None and not visitor.can_read:
        return [page for page in PAGES if page[0] == "/door"]
    if visitor is not None and not visitor.can_admit:
        return [page for page in PAGES if page[0] != "/door"]
    return PAGES


def _is_too_large(value: Any) -> bool:
    """
    Whether a number in a path cannot be the id of a row.
    """
    return isinstance(value, int) and value > MAX_ID


def _wants_json(request: Request) -> bool:
    return "json" in request.headers.get(
        "content-type", ""
    ) or request.url.path.endswith("/guests")


def _route_of(request: Request) -> str:
    """
    The route of a request, for the log: the path itself may contain a token.
    """
    return str(getattr(request.scope.get("route"), "path", ""))


def _clean(value: Any) -> Any:
    """
    A text without NUL, which PostgreSQL refuses even in a comparison.
    """
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


async def _read_body(request: Request, most: int) -> bytes | None:
    """
    The body of a request; `None` if it is larger than `most` bytes or breaks off.
    """
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > most:
                return None
            chunks.append(chunk)
    except ClientDisconnect:
        return None
    return b"".join(chunks)


def _parse_json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise errors.UsageError(
            "The request is not JSON.", hint="Reload the page and try again."
        ) from None
