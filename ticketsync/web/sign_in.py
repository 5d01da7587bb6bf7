"""
Signing in and out: with a one-time link, or with the password in the settings.
"""

from __future__ import annotations

from datetime import timedelta

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ticketsync.core import clock, log
from ticketsync.visitors import passes
from ticketsync.web import client_addresses, kept_forms
from ticketsync.web.password_attempts import PasswordAttempts
from ticketsync.web.site import COOKIE, PageRequest, Site

REMEMBERED_FOR = timedelta(days=1)  # how long a browser keeps an ended session's token
# The door page keeps its guest list on the device. Browsers obey this on https and on
# this machine; the page's own script clears the device everywhere.
CLEARING = {"Clear-Site-Data": '"cache", "storage"'}

SIGNED_OUT = (
    "You had been signed out before that was sent, so nothing was changed. Sign in, "
    "and you come back to the page with what you typed, except keys and passwords."
)


class SignInPages:
    """
    The sign-in page and what it leads to.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._attempts = PasswordAttempts()

    def routes(self) -> list[Route]:
        for_everyone = self._site.for_everyone
        return [
            Route("/enter", for_everyone(self.show_form), methods=["GET"]),
            Route("/enter", for_everyone(self.sign_in_by_password), methods=["POST"]),
            Route("/enter/{token}", for_everyone(self.show_link_form), methods=["GET"]),
            Route(
                "/enter/{token}", for_everyone(self.sign_in_by_link), methods=["POST"]
            ),
            Route("/leave", for_everyone(self.sign_out), methods=["POST"]),
        ]

    def show_form(self, request: PageRequest) -> Response:
        if request.visitor is not None:
            return RedirectResponse("/", 303)
        return self._form(request, notice=self._kept_notice(request))

    def show_link_form(self, request: PageRequest) -> Response:
        """
        A link is used up by pressing the button, not by opening it: mail programs and
        chats open links for previews. One that opens nothing any more says so.
        """
        token = request.path_params["token"]
        with self._site.database.read() as connection:
            held = passes.get_visitor(connection, "link", token, clock.now())
        if held is None:
            return self._form(request, 403, is_used=True)
        return self._form(request, token=token, notice=self._kept_notice(request))

    def sign_in_by_link(self, request: PageRequest) -> Response:
        with self._site.database.write() as connection:
            token = passes.redeem(connection, request.path_params["token"], clock.now())
        if token is None:
            return self._form(request, 403, is_used=True)
        return self._start_session(request, token)

    def sign_in_by_password(self, request: PageRequest) -> Response:
        password_hash = self._site.settings.serve.password_hash
        password = request.form.get("password", "")
        is_right = self._attempts.attempt(
            client_addresses.group_of(request.client),
            lambda: bool(password_hash) and passes.matches(password, password_hash),
        )
        if is_right is None:
            return self._form(request, 429, "Too many attempts. Wait ten minutes.")
        if not is_right:
            log.warning("wrong password for the pages", address=request.client)
            return self._form(request, 403, "Wrong password.")
        with self._site.database.write() as connection:
            token = passes.issue(connection, "session", "manager", "", clock.now())
        return self._start_session(request, token)

    def sign_out(self, request: PageRequest) -> Response:
        if request.visitor is not None:
            with self._site.database.write() as connection:
                passes.end_session(connection, request.token)
        response = RedirectResponse("/enter", 303)
        response.delete_cookie(COOKIE)
        response.headers.update(CLEARING)
        return response

    def _kept_notice(self, request: PageRequest) -> str:
        return SIGNED_OUT if self._site.kept.find(request.kept_id) else ""

    def _form(
        self,
        request: PageRequest,
        status: int = 200,
        notice: str = "",
        token: str = "",
        *,
        is_used: bool = False,
    ) -> Response:
        return self._site.render_page(
            request,
            "enter.html",
            "Sign in",
            status,
            notice=notice,
            token=token,
            is_used=is_used,
            has_password=bool(self._site.settings.serve.password_hash),
        )

    def _start_session(self, request: PageRequest, token: str) -> Response:
        """
        Sign in, and lead back to the page of a form that was sent too late.
        """
        now = clock.now()
        with self._site.database.read() as connection:
            session = passes.get_visitor(connection, "session", token, now)
        kept, lasts = None, timedelta(0)
        if session is not None:
            person = kept_forms.person_of(session.role, session.name)
            kept = self._site.kept.find_of(request.kept_id, person)
            # An ended session opens nothing, but says whose a late form is.
            lasts = session.expires_at - now + REMEMBERED_FOR
        response = RedirectResponse(kept.page if kept else "/", 303)
        response.set_cookie(
            COOKIE,
            token,
            max_age=int(lasts.total_seconds()),
            secure=self._site.settings.serve.public_url.startswith("https:"),
            httponly=True,
            samesite="lax",
        )
        return response


def link_url(site_url: str, token: str) -> str:
    """
    The URL of a one-time link.
    """
    return f"{site_url.rstrip('/')}/enter/{token}"
