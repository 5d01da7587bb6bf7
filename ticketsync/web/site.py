"""
What all pages share: who is here, how a page is drawn, what a browser may do with it.

Nothing is fetched from elsewhere and no script stands inside a page; the browser is
told to refuse both. A change is taken only from our own pages.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from ticketsync.accounts import health
from ticketsync.catalogue import shows
from ticketsync.core import actor, clock, errors, log
from ticketsync.core.config import Settings
from ticketsync.core.money import Money
from ticketsync.core.redact import safe
from ticketsync.store.engine import Database
from ticketsync.visitors import passes
from ticketsync.visitors.passes import Visitor

FOLDER = Path(__file__).parent
COOKIE = "ticketsync"
LARGEST = 512 * 1024  # bytes of a request
LARGEST_NUMBER = 2**31 - 1  # of a row
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
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; worker-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with none, browsers hide where a POST is from
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
GOOD = ("ok", "success", "done", "on sale", "admitted")
BAD = (
    *("failed", "failing", "parked", "held", "stale", "missing-webhook-secret"),
    *("rejected", "does not add up", "oversold"),
)
_STATUS = {2: 400, 4: 409, 7: 409, 8: 503, 9: 503}


def _name_of(visitor: Visitor | None) -> str:
    """
    What the audit trail calls a visitor: by name and role.
    """
    if visitor is None:
        return "a visitor"
    return f"{visitor.name} ({visitor.role})" if visitor.name else visitor.role


Ask = Callable[[str], None]  # to sync an account soon, by its name


@dataclass(frozen=True, slots=True)
class Asked:
    """
    A request that was let through: by whom, with what path, query and body.
    """

    visitor: Visitor | None
    path: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, str]
    body: Any
    url: str
    token: str

    @property
    def who(self) -> Visitor:
        assert self.visitor is not None
        return self.visitor


@dataclass(frozen=True, slots=True)
class Attention:
    """
    Something so wrong that every page says so, with the page to look at it on.
    """

    text: str
    page: str


Handler = Callable[[Asked], Response]


@dataclass(slots=True)
class Site:
    """
    The pages over one database. `ask_sync` hands an account to whoever talks to its
    platform; without it nobody is there who does.
    """

    database: Database
    settings: Settings
    ask_sync: Ask | None = None
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
        self._templates.filters |= {
            "amount": _amount,
            "day": _day,
            "ago": clock.ago,
            "moment": _moment,
            "tone": _tone,
            "words": lambda word: str(word).replace("_", " "),
            "link": _is_link,
        }

    # Who may

    def open(self, handler: Handler) -> Callable[[Request], Any]:
        """
        A page for everybody.
        """
        return self._endpoint(handler, lambda visitor: True, needs_visitor=False)

    def reads(self, handler: Handler) -> Callable[[Request], Any]:
        return self._endpoint(handler, lambda visitor: visitor.reads)

    def admits(self, handler: Handler) -> Callable[[Request], Any]:
        return self._endpoint(handler, lambda visitor: visitor.admits)

    def manages(self, handler: Handler) -> Callable[[Request], Any]:
        return self._endpoint(handler, lambda visitor: visitor.is_manager)

    def _endpoint(
        self,
        handler: Handler,
        may: Callable[[Visitor], bool],
        *,
        needs_visitor: bool = True,
    ) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            try:
                found = await self._answer(request, handler, may, needs_visitor)
            except errors.TicketsyncError as error:
                found = self._trouble(request, error)
            except Exception as error:
                trace = log.trace_of(error)
                log.warning("page failed", path=request.url.path, trace=trace)
                found = self._trouble(
                    request,
                    errors.TicketsyncError(
                        "This page failed.", hint="The log says why."
                    ),
                )
            for name, value in HEADERS.items():
                found.headers.setdefault(name, value)
            return found

        return answer

    async def _answer(
        self,
        request: Request,
        handler: Handler,
        may: Callable[[Visitor], bool],
        needs_visitor: bool,
    ) -> Response:
        if any(_is_no_number_of_ours(value) for value in request.path_params.values()):
            return self._refusal(request, "There is no such thing.", 404)
        token = request.cookies.get(COOKIE, "")
        visitor = await run_in_threadpool(self._visitor, token)
        if needs_visitor and visitor is None:
            if _wants_json(request):
                return JSONResponse({"error": "signed-out"}, 401)
            return RedirectResponse("/enter", 303)
        if visitor is not None and not may(visitor):
            if request.url.path == "/" and visitor.admits:
                return RedirectResponse("/door", 303)
            return self._refusal(request, "This page is not for you.", 403)
        form: Mapping[str, str] = {}
        body: Any = None
        if request.method == "POST":
            if not self._is_ours(request):
                return self._refusal(request, "That came from another page.", 403)
            data = await _body(request)
            if data is None:
                return self._refusal(request, "That is too large.", 413)
            if _wants_json(request):
                body = _decoded(data)
            else:
                form = {k: v[-1] for k, v in parse_qs(data.decode("latin-1")).items()}
        asked = Asked(
            visitor=visitor,
            path=dict(request.path_params),
            query=dict(request.query_params),
            form=form,
            body=body,
            url=f"{request.url.scheme}://{request.headers.get('host', '')}",
            token=token,
        )
        with actor.acting_as(_name_of(visitor)):
            return await run_in_threadpool(handler, asked)

    def _visitor(self, token: str) -> Visitor | None:
        if not token:
            return None
        with self.database.read() as session:
            return passes.get_visitor(session, "session", token, clock.now())

    def _is_ours(self, request: Request) -> bool:
        """
        Whether one of our pages sent this: browsers tell where a POST comes from.
        """
        origin = urlsplit(request.headers.get("origin", "")).netloc
        public = urlsplit(self.settings.serve.public_url).netloc
        return bool(origin) and origin in (request.headers.get("host", ""), public)

    # How it looks

    def page(
        self, asked: Asked, template: str, title: str, code: int = 200, **told: Any
    ) -> Response:
        """
        A page drawn with what is told, and what every page needs.
        """
        house = told.pop("venue", None) or self.house()
        visitor = asked.visitor
        pages: Sequence[tuple[str, str]] = PAGES
        if visitor is not None and not visitor.reads:
            pages = [page for page in PAGES if page[0] == "/door"]
        elif visitor is not None and not visitor.admits:
            pages = [page for page in PAGES if page[0] != "/door"]
        shown = {
            "title": title,
            "house": house.name,
            "zone": house.timezone,
            "visitor": visitor,
            "pages": pages,
            "here": told.pop("here", ""),
            "notice": told.pop("notice", ""),
            "attention": self._attention(visitor),
            **told,
        }
        return HTMLResponse(self._templates.get_template(template).render(shown), code)

    def _attention(self, visitor: Visitor | None) -> Sequence[Attention]:
        """
        What stands on top of every page: accounts that need somebody.
        """
        if visitor is None or not visitor.reads:
            return ()
        with self.database.read() as session:
            accounts = health.assess_all(session, self.settings, clock.now())
        return [
            Attention(f"{item.account} is {item.word}", "/accounts")
            for item in accounts
            if item.waits
        ]

    def house(self, session: Session | None = None) -> Any:
        if session is not None:
            return shows.get_venue(session)
        with self.database.read() as opened:
            return shows.get_venue(opened)

    def _refusal(self, request: Request, text: str, status: int) -> Response:
        if _wants_json(request):
            return JSONResponse({"error": text}, status)
        return HTMLResponse(
            f"<!doctype html><title>{text}</title><p>{text}</p>", status
        )

    def _trouble(self, request: Request, error: errors.TicketsyncError) -> Response:
        status = 404 if isinstance(error, errors.NotFound) else 0
        status = status or _STATUS.get(error.exit_code, 500)
        told = {"error": error.word, "message": error.message, "hint": error.hint}
        if _wants_json(request):
            return JSONResponse(told, status)
        asked = Asked(None, {}, {}, {}, None, "", "")
        try:
            return self.page(
                asked,
                "problem.html",
                "That did not work",
                status,
                text=safe(error.message),
                hint=safe(error.hint),
            )
        except Exception:  # the database itself may be the problem
            return self._refusal(request, "That did not work.", status)


def _is_no_number_of_ours(value: Any) -> bool:
    return isinstance(value, int) and value > LARGEST_NUMBER


def _wants_json(request: Request) -> bool:
    return "json" in request.headers.get(
        "content-type", ""
    ) or request.url.path.endswith("/guests")


async def _body(request: Request) -> bytes | None:
    pieces: list[bytes] = []
    size = 0
    try:
        async for piece in request.stream():
            size += len(piece)
            if size > LARGEST:
                return None
            pieces.append(piece)
    except ClientDisconnect:
        return None
    return b"".join(pieces)


def _decoded(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise errors.UsageError(
            "That is not JSON.", hint="Reload the page and try again."
        ) from None


def _amount(amount: Money) -> str:
    """
    An amount without its currency: `1,234.50`.
    """
    whole, dot, part = amount.text.removeprefix("-").partition(".")
    return f"{'−' if amount.minor < 0 else ''}{int(whole):,}{dot}{part}"


def _day(local: str) -> str:
    """
    A poster time: `Fri 27 Nov 2026, 19:30`.
    """
    return f"{clock.from_poster(local):%a %d %b %Y, %H:%M}"


@pass_context
def _moment(page: Context, at: Any) -> str:
    """
    An instant by the clock of the house.
    """
    zone = page["zone"]
    return "never" if at is None else f"{clock.local(at, zone):%a %d %b, %H:%M}"


def _tone(word: str) -> str:
    return "good" if word in GOOD else "bad" if word in BAD else "wait"


def _is_link(url: str | None) -> bool:
    """
    Whether an address from a platform may become a link: no `javascript:` among them.
    """
    return bool(url) and urlsplit(str(url)).scheme in ("http", "https")
