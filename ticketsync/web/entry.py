"""
Coming in and leaving: a link that opens once, or the password of the settings.
"""

from __future__ import annotations

import threading
import time

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ticketsync.core import clock, log
from ticketsync.visitors import passes
from ticketsync.web.site import COOKIE, Asked, Site

TRIES = 5  # wrong passwords in a minute, from anybody


class Entry:
    """
    The way in.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._wrong: list[float] = []
        self._counting = threading.Lock()

    def routes(self) -> list[Route]:
        here = self._site.open
        return [
            Route("/enter", here(self.ask), methods=["GET"]),
            Route("/enter", here(self.by_password), methods=["POST"]),
            Route("/enter/{token}", here(self.occurrence), methods=["GET"]),
            Route("/enter/{token}", here(self.by_link), methods=["POST"]),
            Route("/leave", here(self.leave), methods=["POST"]),
        ]

    def ask(self, asked: Asked) -> Response:
        if asked.visitor is not None:
            return RedirectResponse("/", 303)
        return self._form(asked)

    def occurrence(self, asked: Asked) -> Response:
        """
        A link is used up by a press of a button, not by opening it: mail programs and
        chats open links by themselves.
        """
        return self._form(asked, token=asked.path["token"])

    def by_link(self, asked: Asked) -> Response:
        with self._site.database.write() as session:
            token = passes.redeem(session, asked.path["token"], clock.now())
        if token is None:
            return self._form(
                asked,
                403,
                "This link was used already, or is too old. Ask for another.",
            )
        return self._welcome(token)

    def by_password(self, asked: Asked) -> Response:
        told = self._site.settings.serve.password_hash
        if self._tried_too_often():
            return self._form(asked, 429, "Too many wrong passwords. Wait a minute.")
        if not told or not passes.fits(asked.form.get("password", ""), told):
            with self._counting:
                self._wrong.append(time.monotonic())
            log.warning("wrong password at the pages")
            return self._form(asked, 403, "That is not the password.")
        with self._site.database.write() as session:
            token = passes.issue(session, "session", "manager", "", clock.now())
        return self._welcome(token)

    def leave(self, asked: Asked) -> Response:
        if asked.visitor is not None:
            with self._site.database.write() as session:
                passes.end(session, asked.token)
        answer = RedirectResponse("/enter", 303)
        answer.delete_cookie(COOKIE)
        return answer

    def _form(
        self, asked: Asked, status: int = 200, notice: str = "", token: str = ""
    ) -> Response:
        return self._site.page(
            asked,
            "enter.html",
            "Sign in",
            status,
            notice=notice,
            token=token,
            has_password=bool(self._site.settings.serve.password_hash),
        )

    def _welcome(self, token: str) -> Response:
        answer = RedirectResponse("/", 303)
        answer.set_cookie(
            COOKIE,
            token,
            max_age=int(passes.LASTS["session"].total_seconds()),
            secure=self._site.settings.serve.public_url.startswith("https:"),
            httponly=True,
            samesite="lax",
        )
        return answer

    def _tried_too_often(self) -> bool:
        with self._counting:
            self._wrong = [at for at in self._wrong if time.monotonic() - at < 60]
            return len(self._wrong) >= TRIES


def link(site_url: str, token: str) -> str:
    """
    The address to hand to somebody.
    """
    return f"{site_url.rstrip('/')}/enter/{token}"
