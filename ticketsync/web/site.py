"""
What all pages share: who is signed in, what they may do, how a page is rendered.

Nothing is loaded from other sites and no page contains a script; the headers
(`middleware.py`) make browsers refuse both. Changes are accepted from our own pages
only.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from ticketsync.catalogue import shows
from ticketsync.catalogue.shows import VenueInfo
from ticketsync.core import actor, clock, errors, invisible_characters, log
from ticketsync.core.settings.config import Settings
from ticketsync.jobs.page_jobs import SetupJobs
from ticketsync.store.engine import Database
from ticketsync.visitors import passes
from ticketsync.visitors.passes import Visitor
from ticketsync.web import (
    back_link,
    cross_origin,
    kept_forms,
    menu,
    own_address,
    page_words,
    request_bodies,
    text_direction,
)
from ticketsync.web.attention import Attention, read_attention
from ticketsync.web.filters import FILTERS
from ticketsync.web.kept_forms import KeptForm, KeptForms
from ticketsync.web.key_places import KeyPlaces
from ticketsync.web.page_request import (
    PageRequest as PageRequest,
)
from ticketsync.web.page_request import (
    has_impossible_id,
    origin_of,
    read_in_time,
    route_of,
    wants_json,
    wants_page,
)
from ticketsync.web.request_bodies import Form
from ticketsync.workflows.webhooks import public_address

FOLDER = Path(__file__).parent
COOKIE = "ticketsync"
MAX_BODY_BYTES = 512 * 1024
MAX_FORM_BYTES = 16 * 1024  # of somebody who is not signed in
FOREIGN = (
    "This page was opened at another address than the settings name: set serve: "
    "public_url to the address that the browser shows, and restart ticketsync serve."
)
UNNAMED = "ticketsync"  # what pages are headed while there is no venue
NO_PAGE = "There is no such page here. Perhaps the address was mistyped."
TITLES = {403: "No access", 404: "Page not found", 405: "Page not found"}
STATUS_BY_EXIT_CODE = {2: 400, 4: 409, 7: 409, 8: 503, 9: 503}
INVALID = "invalid-scan"  # the word of an error that is answered 422

RequestSync = Callable[[str], None]  # takes the name of the account to sync soon


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
    account, `setup` starts the other tasks; both are `None` if there is no worker.
    `read_settings` gives the present settings where those of the start may change.
    """

    database: Database
    settings_at_start: Settings
    request_sync: RequestSync | None = None
    setup: SetupJobs | None = None
    read_settings: Callable[[], Settings] | None = None
    key_places: KeyPlaces = field(default_factory=KeyPlaces)
    kept: KeptForms = field(default_factory=KeptForms)
    _templates: Environment = field(init=False)

    def __post_init__(self) -> None:
        self._templates = Environment(
            loader=FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            finalize=_clean,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._templates.filters |= FILTERS
        self._templates.globals["form_id"] = lambda: secrets.token_urlsafe(16)

    @property
    def settings(self) -> Settings:
        """
        The present settings, as the worker sees them: a page that computes a show again
        must not go back to the fee rates of the start.
        """
        if self.read_settings is None:
            return self.settings_at_start
        return self.read_settings()

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
                log.warning("page failed", route=route_of(request), trace=trace)
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
        if any(has_impossible_id(value) for value in request.path_params.values()):
            return await self.page_not_found(request)
        token = request.cookies.get(COOKIE, "")
        visitor = await run_in_threadpool(self._get_visitor, token)
        request.state.visitor = visitor
        if visitor is not None:
            self.kept.remember(token, _person(visitor))
        if needs_visitor and visitor is None:
            if wants_json(request):
                return JSONResponse({"error": "signed-out"}, 401)
            return await self._lead_to_sign_in(request)
        if visitor is not None and not is_allowed(visitor):
            if request.url.path == "/" and visitor.can_admit:
                return RedirectResponse("/door", 303)
            raise AccessDenied
        form, body = Form(), None
        if request.method == "POST":
            if not self._is_same_origin(request):
                return self._refuse(request, FOREIGN, 403, word="foreign-origin")
            most = MAX_FORM_BYTES if visitor is None else MAX_BODY_BYTES
            try:
                data = await read_in_time(request, most)
            except TimeoutError:
                return self._refuse_slow(request)
            if data is None:
                return self._refuse(request, "The request is too large.", 413)
            if wants_json(request):
                body = request_bodies.parse_json(data)
            else:
                content_type = request.headers.get("content-type", "")
                form = request_bodies.parse_form(data, content_type)
        page_request = PageRequest(
            visitor=visitor,
            path_params={
                k: request_bodies.clean(v) for k, v in request.path_params.items()
            },
            query={k: request_bodies.clean(v) for k, v in request.query_params.items()},
            form=form.fields,
            body=body,
            token=token,
            client=request.client.host if request.client else "",
            files=form.files,
            opened_at=origin_of(request),
            choices=form.choices,
            path=request.url.path,
            kept_id=request.cookies.get(kept_forms.COOKIE, ""),
        )
        with actor.acting_as(_actor_name(visitor)):
            return await run_in_threadpool(handler, page_request)

    async def _lead_to_sign_in(self, request: Request) -> Response:
        """
        To the sign-in page. What one of our forms holds is kept until then.
        """
        response = RedirectResponse("/enter", 303)
        if request.method != "POST" or not self._is_same_origin(request):
            return response
        try:
            data = await read_in_time(request, MAX_FORM_BYTES)
        except TimeoutError:
            return self._refuse_slow(request)
        form = request_bodies.parse_form(
            data or b"", request.headers.get("content-type", "")
        )
        if data is None or kept_forms.is_too_long(form.choices):
            return response  # nobody is promised what was not kept
        typed_by = self.kept.whose(request.cookies.get(COOKIE, ""))
        if typed_by is None:
            return response  # it could be given to nobody
        referrer = request.headers.get("referer", "")
        page = kept_forms.page_of(referrer, origin_of(request))
        kept = KeptForm(page, request.url.path, form.choices, typed_by)
        response.set_cookie(
            kept_forms.COOKIE,
            self.kept.keep(kept),
            max_age=int(kept_forms.KEPT_FOR.total_seconds()),
            secure=self.settings.serve.public_url.startswith("https:"),
            httponly=True,
            samesite="lax",
        )
        return response

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
        ignored: str = "",
        attention: Attention | None = None,
        **values: Any,
    ) -> Response:
        """
        A page: a template with its values and with what every page needs. Who has read
        what needs attention already hands it in. `ignored` says what of the
        address the page could not use.
        """
        venue = venue or self._load_venue()
        context = {
            "title": title,
            "venue_name": venue.name if venue else UNNAMED,
            "timezone": venue.timezone if venue else "UTC",
            "visitor": request.visitor,
            "pages": menu.pages_for(request.visitor),
            "current_path": current_path,
            "notice": notice,
            "ignored": ignored,
            "attention": attention or self._read_attention(request.visitor),
            "kept": self._take_kept(request),
            **values,
        }
        html = self._templates.get_template(template).render(context)
        return HTMLResponse(text_direction.isolate(html), status_code)

    def address_of_links(self, request: PageRequest) -> str:
        """
        Where others open these pages: `public_url` in the settings, else the address at
        which the visitor opened them.
        """
        return public_address.for_links(self.settings.serve, request.opened_at)

    def _take_kept(self, request: PageRequest) -> KeptForm | None:
        """
        What this manager typed on this page before their session ended.
        """
        if request.visitor is None or not request.visitor.is_manager:
            return None
        person = _person(request.visitor)
        return self.kept.take(request.kept_id, request.path, person)

    def _load_venue(self) -> VenueInfo | None:
        with self.database.read() as connection:
            return shows.find_default_venue(connection)

    def _read_attention(self, visitor: Visitor | None) -> Attention:
        if visitor is None or not visitor.can_read:
            return Attention()
        with self.database.read() as connection:
            return read_attention(connection, self.settings)

    # Refusals

    async def page_not_found(self, request: Request) -> Response:
        """
        The answer where there is no page: a page with the menu, or with the way to sign
        in; for a page's script, and for what is not a browser, without a word.
        """
        return await self._without_page(request, 404, NO_PAGE)

    async def method_not_allowed(self, request: Request) -> Response:
        """
        The answer to an address that only a button of a page may call.
        """
        return await self._without_page(request, 405, NO_PAGE)

    async def _without_page(self, request: Request, status: int, text: str) -> Response:
        token = request.cookies.get(COOKIE, "")
        request.state.visitor = await run_in_threadpool(self._get_visitor, token)
        is_known = request.state.visitor is not None and not wants_json(request)
        if not is_known and not wants_page(request):
            return Response(status_code=status)
        return await run_in_threadpool(self._refuse, request, text, status)

    def _refuse_slow(self, request: Request) -> Response:
        refused = self._refuse(request, "The request arrived too slowly.", 408)
        refused.headers["Connection"] = "close"
        return refused

    def _refuse_access(self, request: Request) -> Response:
        return self._refuse(request, "You do not have access to this page.", 403)

    def _refuse(
        self, request: Request, text: str, status: int, *, word: str = ""
    ) -> Response:
        if wants_json(request):
            named = {"error": word, "message": text} if word else {"error": text}
            return JSONResponse(named, status)
        return self._problem_page(request, text, "", status)

    def _error_response(
        self, request: Request, error: errors.TicketsyncError
    ) -> Response:
        status = STATUS_BY_EXIT_CODE.get(error.exit_code, 500)
        if isinstance(error, errors.NotFound):
            status = 404
        if error.word == INVALID:
            status = 422
        if wants_json(request):
            return JSONResponse(
                {"error": error.word, "message": error.message, "hint": error.hint},
                status,
            )
        text, hint = page_words.message_of(error), page_words.hint_of(error)
        return self._problem_page(request, text, hint, status)

    def _problem_page(
        self, request: Request, text: str, hint: str, status: int
    ) -> Response:
        visitor = getattr(request.state, "visitor", None)
        title = TITLES.get(status, "Not done")
        try:
            return self.render_page(
                PageRequest(visitor, {}, {}, {}, None, ""),
                *("problem.html", title, status),
                text=text,
                hint=hint,
                back=back_link.find_back_link(request),
            )
        except Exception:  # the database itself may be the problem
            return HTMLResponse(
                f"<!doctype html><title>{title}</title><p>{escape(text)}</p>", status
            )


def _clean(value: Any) -> Any:
    """
    What a template writes: no text, of whatever platform or person, turns the direction
    of what follows. What is marked up already was cleaned when it was written.
    """
    return invisible_characters.on_page(value) if type(value) is str else value


def _actor_name(visitor: Visitor | None) -> str:
    """
    How the audit trail names a visitor: by name and role.
    """
    if visitor is None:
        return "a visitor"
    return f"{visitor.name} ({visitor.role})" if visitor.name else visitor.role


def _person(visitor: Visitor) -> str:
    return kept_forms.person_of(visitor.role, visitor.name)
