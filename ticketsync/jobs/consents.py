"""
OAuth on the pages: a manager is sent to the platform, which sends the browser back with
a code; a task trades it for the key, tries it and stores it.

Any page can send a browser to the address that the platform leads back to. An answer
counts only with the `state` of a consent that this very session began, once, and within
ten minutes. All of it is in memory: where the server was started anew meanwhile, the
person begins again.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from ticketsync.accounts import credentials, naming, pins, state
from ticketsync.core import clock, errors, file_options
from ticketsync.core.digest import token_digest
from ticketsync.core.redact import Secret
from ticketsync.jobs.page_jobs import CONNECT, ROTATE, SetupJobs
from ticketsync.jobs.tasks import Task
from ticketsync.providers import registry
from ticketsync.workflows.accounts import connect, tokens
from ticketsync.workflows.accounts.connect import SecretSource

if TYPE_CHECKING:
    from ticketsync.net.oauth import App, Consent, Tokens

LASTS: Final = timedelta(minutes=10)
KEPT: Final = 200  # consents, the newest
DENIED: Final = "access_denied"

Finish = Callable[[Task, "Tokens"], None]


@dataclass(frozen=True, slots=True)
class NewAuthorisation:
    """
    A platform to connect by OAuth: our name for it, the venue's own app there with its
    secret, where both secrets are to be stored (`keyring` or `file`), and the options
    of the account.
    """

    provider: str
    name: str
    client_id: str
    client_secret: Secret
    storage: str
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Pending:
    """
    A consent that a session began. `get_app` gives the app with its secret.
    """

    consent: Consent
    platform: str
    session: bytes
    until: datetime
    kind: str
    subject: str
    provider: str
    get_app: Callable[[], App]
    finish: Finish


@dataclass(slots=True)
class Consents:
    """
    The consents of one server. Safe to use from several threads.
    """

    _pending: dict[str, _Pending] = field(default_factory=dict)  # by their `state`
    _used: dict[str, bytes] = field(default_factory=dict)  # with their session
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin_connecting(
        self, setup: SetupJobs, session: str, new: NewAuthorisation, redirect_uri: str
    ) -> str:
        """
        The address at the platform where a person allows it. `session` is the token of
        their session.

        Raises: `UsageError` for a platform without OAuth, a name that is not free, or
        options that the platform does not have.
        """
        from ticketsync.net.oauth import App

        spec = registry.provider(new.provider).spec
        if spec.oauth is None:
            raise errors.UsageError(f"{spec.title} uses a key, not OAuth.")
        naming.refuse_bad_name(new.name)
        _refuse_taken(setup, new.name)
        connect.cleaned_options(spec, new.options)
        app = App(
            *(spec.oauth(), new.client_id, new.client_secret, new.name, spec.title)
        )

        def finish(task: Task, granted: Tokens) -> None:
            _connect(setup, task, new, granted)

        return self._begin(
            *(app, session, redirect_uri, CONNECT, new.name, spec.name),
            *(lambda: app, finish),
        )

    def begin_renewing(
        self, setup: SetupJobs, session: str, name: str, redirect_uri: str
    ) -> str:
        """
        The same for an account that was authorised before, with the app that it has.

        Raises: `UsageError` for an account that takes a key, `Unconfirmed` for one that
        nobody confirmed.
        """
        from ticketsync.net.oauth import App

        with setup.database.read() as reading:
            account = state.get_usable_account(reading, name)
        if not state.uses_oauth(account):
            raise errors.UsageError(f"Account {name!r} uses a key, not OAuth.")
        pins.refuse_unconfirmed(account)
        spec = registry.provider(account.provider).spec
        if spec.oauth is None:
            raise errors.UsageError(f"{spec.title} uses a key, not OAuth.")
        client_id, url = account.options[state.CLIENT_ID], account.base_url
        app = App(spec.oauth(), client_id, Secret(""), name, spec.title, url)

        def get_app() -> App:
            with setup.database.read() as reading:
                now = state.get_usable_account(reading, name)
            pins.refuse_unconfirmed(now)
            return tokens.app_of(spec, name, now.base_url, now.options)

        def finish(task: Task, granted: Tokens) -> None:
            task.begin("Trying the new key")
            source = SecretSource(account.secret_source, "", granted.access, granted)
            setup.replace_key(task, name, source)

        return self._begin(
            *(app, session, redirect_uri, ROTATE, name, spec.name, get_app, finish)
        )

    def finish(self, setup: SetupJobs, session: str, answer: Mapping[str, str]) -> Task:
        """
        Start the task that an answer of the platform leads to; `answer` are the
        parameters of the address at which the browser came back.

        Raises: `UsageError` (`consent-unknown`, `consent-used`, `consent-foreign`,
        `consent-expired`, `consent-refused`, `consent-without-code`).
        """
        found = self._take(session, answer.get("state", ""))
        platform = found.platform
        if "error" in answer:
            said = "was refused there" if answer["error"] == DENIED else "failed there"
            raise errors.UsageError(
                f"{platform} gave no permission: the request {said}.",
                word="consent-refused",
            )
        if not answer.get("code"):
            raise errors.UsageError(
                f"{platform} sent no code with its answer.", word="consent-without-code"
            )
        code = found.consent.code_in(urlencode(answer))

        def job(task: Task) -> None:
            from ticketsync.net import oauth

            task.begin(f"Getting the key from {platform}")
            granted = oauth.exchange(found.get_app(), found.consent, code)
            found.finish(task, granted)

        verb = "Connect" if found.kind == CONNECT else "Renew the permission of"
        return setup.tasks.start(
            secrets.token_urlsafe(16),
            found.kind,
            f"{verb} {platform if found.kind == CONNECT else found.subject}",
            job,
            found.subject,
            found.provider,
        )

    def _begin(
        self,
        app: App,
        session: str,
        redirect_uri: str,
        kind: str,
        subject: str,
        provider: str,
        get_app: Callable[[], App],
        finish: Finish,
    ) -> str:
        from ticketsync.net import oauth

        consent = oauth.ask_consent(app, redirect_uri)
        pending = _Pending(
            *(consent, app.platform, token_digest(session), clock.now() + LASTS),
            *(kind, subject, provider),
            get_app,
            finish,
        )
        with self._lock:
            self._pending[consent.state] = pending
            _forget_old(self._pending)
        return consent.url

    def _take(self, session: str, state_: str) -> _Pending:
        """
        The consent with this `state`, which is used up by that. Who did not begin it
        uses up nothing.
        """
        with self._lock:
            found = self._pending.get(state_)
            owner = found.session if found else self._used.get(state_)
            if owner is None:
                raise errors.UsageError(
                    "This response belongs to no request that was started here.",
                    hint="If the server was restarted in the meantime, start again.",
                    word="consent-unknown",
                )
            if not hmac.compare_digest(owner, token_digest(session)):
                raise errors.UsageError(
                    "This was started by somebody else, or before you signed in again.",
                    hint="Begin again in this browser.",
                    word="consent-foreign",
                )
            if found is None:
                raise errors.UsageError(
                    "This response was used already: each counts once.",
                    hint="Look at the accounts whether it is connected.",
                    word="consent-used",
                )
            self._used[state_] = owner
            del self._pending[state_]
            _forget_old(self._used)
        if found.until <= clock.now():
            raise errors.UsageError(
                f"{found.platform} answered after more than ten minutes.",
                hint="Begin again.",
                word="consent-expired",
            )
        return found


def _forget_old(kept: dict[str, Any]) -> None:
    for old in list(kept)[: max(0, len(kept) - KEPT)]:
        del kept[old]


def _refuse_taken(setup: SetupJobs, name: str) -> None:
    with setup.database.read() as reading:
        taken = {account.name for account in state.list_accounts(reading)}
    if name in taken:
        raise errors.UsageError(
            f"There is an account {name!r} already.",
            hint="Choose another name.",
            word="name-taken",
        )


def _connect(
    setup: SetupJobs, task: Task, new: NewAuthorisation, granted: Tokens
) -> None:
    """
    Try the key and save the account; the app's secret is deleted again where that
    fails.
    """
    task.begin("Trying the key")
    entry = f"{new.name}/client-{secrets.token_hex(4)}"
    reference = credentials.store_secret(entry, new.storage, new.client_secret)
    try:
        found = connect.add(
            setup.database,
            setup.settings(),
            provider=new.provider,
            name=new.name,
            base_url=None,
            source=SecretSource(new.storage, "", granted.access, granted),
            options={
                **new.options,
                state.CLIENT_ID: new.client_id,
                file_options.CLIENT_SOURCE: new.storage,
                file_options.CLIENT_REFERENCE: reference,
            },
            check=True,
        )
    except BaseException:
        credentials.delete_secret(entry, new.storage, reference)
        raise
    setup.describe_connected(task, found)
