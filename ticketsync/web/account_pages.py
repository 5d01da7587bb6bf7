"""
One account on a page of its own: pause and resume, a new key, its options, removing it.
"""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ticketsync.accounts import health, state
from ticketsync.accounts.state import AccountState
from ticketsync.core import clock, errors
from ticketsync.core.file_options import named_files
from ticketsync.providers import registry
from ticketsync.reporting import run_history
from ticketsync.web import connect_pages, notices, page_words
from ticketsync.web.attention import read_attention
from ticketsync.web.connect_pages import PEOPLE, chosen_place, form_id, key_in
from ticketsync.web.site import PageRequest, Site
from ticketsync.workflows.accounts import account_removal, account_states


class AccountPages:
    """
    The routes about one account; for managers only.
    """

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        for_managers = self._site.for_managers
        return [
            Route("/accounts/{name}", for_managers(self.show), methods=["GET"]),
            *(
                Route(f"/accounts/{{name}}/{path}", for_managers(do), methods=["POST"])
                for path, do in (
                    ("pause", self.pause),
                    ("resume", self.resume),
                    ("key", self.rotate),
                    ("options", self.set_options),
                    ("remove", self.remove),
                )
            ),
            Route(
                "/accounts/{name}/remove",
                for_managers(self.show_removal),
                methods=["GET"],
            ),
        ]

    def show(self, request: PageRequest) -> Response:
        now = clock.now()
        with self._site.database.read() as connection:
            account = state.get_account(connection, request.path_params["name"])
            assessed = health.assess_all(connection, self._site.settings, now)
            attention = read_attention(connection, self._site.settings, assessed)
            freshness = run_history.list_freshness(connection, now)
        kind = registry.provider(account.provider)
        options = {
            option.name: option for option in connect_pages.page_options(kind.spec)
        }
        if hasattr(kind, "parse_people"):
            options[PEOPLE.name] = PEOPLE
        files = named_files(account.options)
        return self._site.render_page(
            request,
            "account.html",
            account.name,
            current_path="/accounts",
            notice=notices.text_of(request.query, [account.name]),
            attention=attention,
            account=account,
            spec=kind.spec,
            platform=connect_pages.platform_of(kind),
            health=next(item for item in assessed if item.account == account.name),
            freshness=next(f for f in freshness if f.account == account.name),
            key_place=page_words.key_place(account.secret_source),
            options=[option for name, option in options.items() if name not in files],
            places=self._site.key_places.find() if self._takes_keys(account) else (),
            has_agreed=self._has_agreed(request, account),
            uses_oauth=state.uses_oauth(account),
            can_change=self._site.setup is not None,
            can_sync=self._site.request_sync is not None,
        )

    def pause(self, request: PageRequest) -> Response:
        name, reason = request.path_params["name"], request.form.get("reason", "")
        account_states.pause(self._site.database, name, reason.strip()[:200])
        return _back_to(name, notices.PAUSED)

    def resume(self, request: PageRequest) -> Response:
        name = request.path_params["name"]
        account_states.resume(self._site.database, name)
        return _back_to(name, notices.RESUMED)

    def rotate(self, request: PageRequest) -> Response:
        """
        Raises: `UsageError` for an account that takes no key on a page.
        """
        account = self._account(request)
        if not self._takes_keys(account):
            raise errors.UsageError(
                f"Account {account.name!r} takes no key on a page.",
                hint="Whoever runs the server can give it a new one.",
            )
        key, place = key_in(request.form), chosen_place(self._site, request.form)
        setup = connect_pages.setup_of(self._site)
        task = setup.rotate(form_id(request.form), account.name, key, place)
        return connect_pages.show(task)

    def set_options(self, request: PageRequest) -> Response:
        """
        Try other options; what they would change is shown before it is saved.
        """
        account = self._account(request)
        spec = registry.provider(account.provider).spec
        given = {
            option.name: value
            for option in (*connect_pages.page_options(spec), PEOPLE)
            if option.name in request.form
            for value in [request.form[option.name].strip()]
            if value != account.options.get(option.name, "")
        }
        if not given:
            return _back_to(account.name, notices.NOTHING_CHANGED)
        setup = connect_pages.setup_of(self._site)
        task = setup.plan_options(form_id(request.form), account.name, given)
        return connect_pages.show(task)

    def show_removal(self, request: PageRequest) -> Response:
        """
        What hangs on an account, before it is removed.
        """
        account = self._account(request)
        return self._site.render_page(
            request,
            "account_removal.html",
            f"Remove {account.name}",
            current_path="/accounts",
            account=account,
            removal=account_removal.plan(self._site.database, account.name),
        )

    def remove(self, request: PageRequest) -> Response:
        account = self._account(request)
        account_removal.remove(self._site.database, self._site.settings, account.name)
        return RedirectResponse(notices.address("/accounts", notices.REMOVED), 303)

    def _account(self, request: PageRequest) -> AccountState:
        with self._site.database.read() as connection:
            return state.get_usable_account(connection, request.path_params["name"])

    def _has_agreed(self, request: PageRequest, account: AccountState) -> bool:
        """
        Whether somebody agreed to a file for this account's key: for the one in use, or
        for one that was refused.
        """
        if connect_pages.keeps_key_in_file(account):
            return True
        setup = self._site.setup
        task = setup.tasks.get(request.query.get("again", "")) if setup else None
        is_again = task is not None and task.subject == account.name
        return is_again and task is not None and "file" in task.chosen

    def _takes_keys(self, account: AccountState) -> bool:
        """
        Whether a key may be typed for it: not for files, nor where tokens are renewed.
        """
        is_local = registry.provider(account.provider).spec.is_local
        is_other = is_local or account.is_retired or state.uses_oauth(account)
        return self._site.setup is not None and not is_other


def _back_to(name: str, notice: str) -> Response:
    return RedirectResponse(notices.address(f"/accounts/{name}", notice, name), 303)
