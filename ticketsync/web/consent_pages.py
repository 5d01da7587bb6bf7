"""
Connecting by OAuth on the pages: to the platform, and back from it.

The page that leads to the platform names the address; the one that the platform leads
back to answers everybody in words, and connects only what its own visitor began.
"""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from ticketsync.accounts import state
from ticketsync.core import errors, web_address
from ticketsync.core.redact import Secret
from ticketsync.jobs.consents import Consents, NewAuthorisation
from ticketsync.providers import registry
from ticketsync.web import connect_pages, own_address, page_words
from ticketsync.web.connect_pages import (
    CALLBACK,
    chosen_place,
    options_in,
    setup_of,
)
from ticketsync.web.site import AccessDenied, PageRequest, Site


class ConsentPages:
    """
    The routes of OAuth; for managers only.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._consents = Consents()

    def routes(self) -> list[Route]:
        for_managers = self._site.for_managers
        return [
            Route("/connect/authorise", for_managers(self.begin), methods=["POST"]),
            Route(
                "/accounts/{name}/authorise",
                for_managers(self.begin_again),
                methods=["POST"],
            ),
            # It checks its visitor itself, to say what to do.
            Route(CALLBACK, self._site.for_everyone(self.finish), methods=["GET"]),
        ]

    def begin(self, request: PageRequest) -> Response:
        """
        Raises: `SecretMissing` for an incomplete form, `UsageError` where the platform
        would lead back to another address than this, `CredentialError` where no key can
        be stored.
        """
        spec = registry.provider(request.form.get("platform", "")).spec
        form = {name: value.strip() for name, value in request.form.items()}
        if not form.get("client_id") or not form.get("client_secret"):
            raise errors.SecretMissing(
                "The id or the secret of your app is missing.", hint="Fill in both."
            )
        new = NewAuthorisation(
            *(spec.name, form.get("name", ""), form["client_id"]),
            *(Secret(form["client_secret"]), chosen_place(self._site, form)),
            options_in(spec, form),
        )
        setup, back = setup_of(self._site), self._redirect_uri(request)
        url = self._consents.begin_connecting(setup, request.token, new, back)
        return self._lead_on(request, spec.title, url, "/connect")

    def begin_again(self, request: PageRequest) -> Response:
        """
        Raises: as `begin`, and for an account that takes a key.
        """
        name = request.path_params["name"]
        with self._site.database.read() as connection:
            account = state.get_usable_account(connection, name)
        setup, back = setup_of(self._site), self._redirect_uri(request)
        url = self._consents.begin_renewing(setup, request.token, name, back)
        title = registry.provider(account.provider).spec.title
        return self._lead_on(request, title, url, f"/accounts/{name}")

    def finish(self, request: PageRequest) -> Response:
        """
        What the platform led back to: the task, or a page that says why there is none.
        """
        if request.visitor is None:
            return self._refused(
                request,
                "You are not signed in here any more, so nothing was connected.",
                "Sign in, and begin again under Accounts.",
                403,
            )
        if not request.visitor.is_manager:
            raise AccessDenied
        try:
            task = self._consents.finish(
                setup_of(self._site), request.token, request.query
            )
        except errors.UsageError as error:
            return self._refused(
                request, page_words.message_of(error), page_words.hint_of(error), 400
            )
        return connect_pages.show(task)

    def _redirect_uri(self, request: PageRequest) -> str:
        """
        Where the platform leads back to.

        Raises: `UsageError` where this browser is not signed in there.
        """
        address = self._site.address_of_links(request).rstrip("/")
        if not own_address.is_origin_of(request.opened_at, address):
            raise errors.UsageError(
                f"The platform leads back to {address}, and you opened these pages at "
                f"{request.opened_at}.",
                hint=f"Open them at {address} and begin again.",
                word="other-address",
            )
        return f"{address}{CALLBACK}"

    def _lead_on(
        self, request: PageRequest, title: str, url: str, cancel: str
    ) -> Response:
        return self._site.render_page(
            request,
            "consent.html",
            f"Allow it at {title}",
            current_path="/accounts",
            platform=title,
            url=url,
            host=web_address.split(url).netloc,
            cancel=cancel,
        )

    def _refused(
        self, request: PageRequest, text: str, hint: str, status: int
    ) -> Response:
        return self._site.render_page(
            request,
            "consent_refused.html",
            "Nothing was connected",
            status,
            text=text,
            hint=hint,
        )
