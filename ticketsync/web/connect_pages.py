"""
Connecting a platform on the pages, and the page of a task: what it is doing and how it
ended.

A key is typed into one field and goes from there to a task. It is in no address, no
page and no message, and where this server can store none there is no field for it.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ticketsync.accounts import naming, state
from ticketsync.core import errors
from ticketsync.core.redact import Secret
from ticketsync.jobs.page_jobs import NewConnection, SetupJobs
from ticketsync.jobs.tasks import Task
from ticketsync.providers import registry
from ticketsync.providers.base import Option, Provider, ProviderSpec
from ticketsync.web import notices, page_words
from ticketsync.web.site import PageRequest, Site

CALLBACK = "/connect/callback"  # where platforms lead back to
FORM_ID = re.compile(r"[A-Za-z0-9_-]{16,40}")


@dataclass(frozen=True, slots=True)
class Platform:
    """
    A platform that can be chosen; `chip` are its initials.
    """

    name: str
    title: str
    chip: str


class ConnectPages:
    """
    The routes for connecting and for looking at tasks; for managers only.
    """

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        for_managers = self._site.for_managers
        return [
            Route("/connect", for_managers(self.show_form), methods=["GET"]),
            Route("/connect", for_managers(self.connect), methods=["POST"]),
            Route("/fetch", for_managers(self.fetch), methods=["POST"]),
            Route("/sync", for_managers(self.sync), methods=["POST"]),
            Route("/tasks/{id}", for_managers(self.show_task), methods=["GET"]),
            Route("/tasks/{id}/save", for_managers(self.save), methods=["POST"]),
        ]

    def show_form(self, request: PageRequest) -> Response:
        chosen = request.query.get("platform", "")
        kind = registry.provider(chosen) if chosen else None
        is_shown = kind is not None and not kind.spec.is_local
        takes_key = is_shown and self._site.setup is not None
        has_oauth = kind is not None and kind.spec.oauth is not None
        by_oauth = has_oauth and request.query.get("by") == "oauth"
        with self._site.database.read() as connection:
            known = state.list_accounts(connection)
        names = {account.name for account in known}
        again = self._refused(request.query.get("again", ""), chosen)
        return self._site.render_page(
            request,
            "connect.html",
            f"Connect {kind.spec.title}" if kind else "Connect a platform",
            current_path="/accounts",
            notice=notices.text_of(request.query),
            platforms=list_platforms(),
            chosen=kind.spec if kind else None,
            by_oauth=by_oauth,
            callback=f"{self._site.address_of_links(request).rstrip('/')}{CALLBACK}",
            name=_proposed_name(kind.spec.name, names, again) if kind else "",
            again=again,
            options=page_options(kind.spec) if kind else (),
            names_people=kind is not None and hasattr(kind, "parse_people"),
            can_connect=self._site.setup is not None,
            places=self._site.key_places.find() if takes_key else (),
            has_agreed=any(map(keeps_key_in_file, known)),
            retention_days=self._site.settings.retention.days,
        )

    def connect(self, request: PageRequest) -> Response:
        """
        Raises: `UsageError` for an incomplete form, `CredentialError` where no key can
        be stored.
        """
        spec = registry.provider(request.form.get("platform", "")).spec
        new = NewConnection(
            spec.name,
            request.form.get("name", "").strip(),
            key_in(request.form),
            chosen_place(self._site, request.form),
            options_in(spec, request.form),
        )
        task = self._setup().connect(form_id(request.form), new)
        return show(task)

    def fetch(self, request: PageRequest) -> Response:
        return show(self._setup().fetch(form_id(request.form)))

    def sync(self, request: PageRequest) -> Response:
        """
        Sync all accounts, or lead to the task that does so already.
        """
        id_ = form_id(request.form)
        task = self._setup().sync(id_)
        if task.id == id_ or not task.is_running:
            return show(task)
        page = f"/tasks/{task.id}"
        return RedirectResponse(notices.address(page, notices.SYNCING_ALREADY), 303)

    def show_task(self, request: PageRequest) -> Response:
        task = self._task(request)
        return self._site.render_page(
            request,
            "task.html",
            task.title,
            task=task,
            notice=notices.text_of(request.query),
        )

    def save(self, request: PageRequest) -> Response:
        """
        Save the options that a task tried.

        Raises: `Busy` where the account was changed meanwhile.
        """
        task = self._task(request)
        self._setup().apply_options(task)
        page = f"/accounts/{task.subject}"
        address = notices.address(page, notices.OPTIONS_SAVED, task.subject)
        return RedirectResponse(address, 303)

    def _task(self, request: PageRequest) -> Task:
        setup = self._site.setup
        task = setup.tasks.get(request.path_params["id"]) if setup else None
        if task is None:
            raise errors.NotFound(
                "This is no longer available: the server was restarted.",
                hint="Look at the accounts; what was not finished was not saved.",
            )
        return task

    def _refused(self, id_: str, platform: str) -> Mapping[str, str]:
        """
        What the form of a refused connection to this platform had in it, the key apart.
        """
        setup = self._site.setup
        task = setup.tasks.get(id_) if setup else None
        if task is None or task.error is None or task.about != platform:
            return {}
        return task.chosen

    def _setup(self) -> SetupJobs:
        return setup_of(self._site)


def _proposed_name(
    platform: str, taken: Collection[str], again: Mapping[str, str]
) -> str:
    """
    The name that was typed before, else one that is free.
    """
    return again.get("name") or naming.free_name(platform, taken)


PEOPLE = Option(
    "people", "on door lists and orders; empty is no", values=("true", "false")
)


def setup_of(site: Site) -> SetupJobs:
    """
    What starts the tasks of the pages.

    Raises: `UsageError` where this server does no such work.
    """
    if site.setup is None:
        raise errors.UsageError("This server only shows pages.")
    return site.setup


def show(task: Task) -> Response:
    """
    Lead on to the page of a task.
    """
    return RedirectResponse(f"/tasks/{task.id}", 303)


def new_form_id() -> str:
    """
    The id of a form: what is sent twice with the same one is done once.
    """
    return secrets.token_urlsafe(16)


def form_id(form: Mapping[str, str]) -> str:
    """
    The id that a form was sent with.
    """
    given = form.get("form", "")
    return given if FORM_ID.fullmatch(given) else new_form_id()


def key_in(form: Mapping[str, str]) -> Secret:
    """
    The key that was typed into a form.

    Raises: `SecretMissing` if it is empty.
    """
    key = form.get("key", "").strip()
    if not key:
        raise errors.SecretMissing("The key is empty.", hint="Paste the whole key.")
    return Secret(key)


def options_in(spec: ProviderSpec, form: Mapping[str, str]) -> dict[str, str]:
    """
    The options of an account that were filled in.
    """
    names = [option.name for option in (*page_options(spec), PEOPLE)]
    return {name: form[name].strip() for name in names if form.get(name, "").strip()}


def keeps_key_in_file(account: state.AccountState) -> bool:
    """
    Whether somebody agreed to a file for the key of an account already: a form for
    another key or secret has that ticked.
    """
    return account.secret_source == "file"  # noqa: S105  # not a secret


def chosen_place(site: Site, form: Mapping[str, str]) -> str:
    """
    Where the key of a form is to be stored: in the keyring or, where there is none and
    the person agreed, in a file.

    Raises: `CredentialError` where it can be stored nowhere, `UsageError` without the
    agreement.
    """
    places = site.key_places.find_now()
    if not places:
        raise errors.CredentialError("This server cannot store keys.")
    if places == ("file",) and form.get("file") != "yes":
        raise errors.UsageError(
            "This server has no keyring, and a file was not allowed.",
            hint="Go back and tick the box below the key.",
        )
    return places[0]


def list_platforms() -> Sequence[Platform]:
    """
    The platforms that a key connects.
    """
    kinds = [item.provider for item in registry.list_providers() if item.provider]
    return [platform_of(kind) for kind in kinds if not kind.spec.is_local]


def platform_of(kind: type[Provider]) -> Platform:
    name, title = kind.spec.name, kind.spec.title
    return Platform(name, title, page_words.initials(name))


def page_options(spec: ProviderSpec) -> Sequence[Option]:
    """
    The options of a platform that may be set on a page: those that name no file.
    """
    return [option for option in spec.options if not option.names_file]
