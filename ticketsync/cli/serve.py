"""
`ticketsync serve`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketsync.cli import context

if TYPE_CHECKING:
    import socket

    from ticketsync.core.config import Settings
    from ticketsync.store.engine import Database
    from ticketsync.web.receiver import Door

app = typer.Typer(rich_markup_mode=None)
WORK_SECONDS = 2.0
TELL_SECONDS = 60.0


@app.command()
def serve(
    ctx: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 takes a free one.", min=0)] = 8787,
    workers: Annotated[
        bool, typer.Option("--work/--no-work", help="Also work off what comes.")
    ] = True,
    pages: Annotated[
        bool, typer.Option("--pages/--no-pages", help="Also the pages and the door.")
    ] = True,
) -> None:
    """
    Show the pages, run the door, receive webhooks and work off what they hint at.

    Prints a link that opens the pages once. Listens on this machine only; put your TLS
    proxy in front and tell its address with `serve: public_url` in the settings.
    """
    import socket

    import uvicorn

    from ticketsync.web import app as web
    from ticketsync.web import receiver

    app_context = context.get_context(ctx)
    database, settings = app_context.database(), app_context.settings()
    app_context.log()
    _warn_of_missing_secrets(app_context, webhook_endpoints(database, settings), pages)
    listening = receiver.Receiver(
        database, _remembering(database, settings), settings.serve.allow
    )
    errands = Errands()
    site = None
    if pages:
        from ticketsync.web.site import Site

        site = Site(database, settings, errands.ask if workers else None)
    config = uvicorn.Config(
        web.create_app(listening, site),
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=5,
        lifespan="off",
    )
    with socket.create_server((host, port)) as opened:
        # Else head and body of an answer wait 40 ms for one another (measured);
        # connections inherit it.
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        name, number = opened.getsockname()[:2]
        app_context.say(f"Receiving webhooks at http://{name}:{number}/hooks/…")
        if pages:
            app_context.say(
                f"The pages, to be opened once: {_first_link(database, opened)}"
            )
        with _worker(database, settings, errands, workers):
            uvicorn.Server(config).run(sockets=[opened])


def _warn_of_missing_secrets(
    app_context: Any, doors: Sequence[Door], pages: bool
) -> None:
    """
    A missing secret shouts; with nothing at all to do, there is nothing to start.
    """
    from ticketsync.core import errors

    for door in doors:
        if not door.is_ready:
            app_context.say(
                f"ticketsync: webhook-secret-missing: Account {door.account!r} sends "
                f"signed webhooks and has no secret; all of them are turned away. Run "
                f"`ticketsync webhooks secret {door.account}`."
            )
    if not pages and not any(door.is_ready for door in doors):
        raise errors.UsageError(
            "No account can receive webhooks yet.",
            hint="Run `ticketsync webhooks url ACCOUNT`.",
            word="webhook-secret-missing" if doors else "no-webhooks",
        )


def _first_link(database: Database, opened: socket.socket) -> str:
    """
    A manager's way in, at the address that this very machine can open.
    """
    from ticketsync.core import clock
    from ticketsync.visitors import passes
    from ticketsync.web import entry

    name, number = opened.getsockname()[:2]
    with database.write() as session:
        token = passes.issue(session, "link", "manager", "", clock.now())
    return entry.link(f"http://{name}:{number}", token)


class Errands:
    """
    What a page asked for and the worker does, because it talks to a platform.
    """

    def __init__(self) -> None:
        self._accounts: dict[str, str] = {}
        self._lock = threading.Lock()

    def ask(self, account: str) -> None:
        """
        Read this account soon, for whoever asks now.
        """
        from ticketsync.core import actor

        with self._lock:
            self._accounts.setdefault(account, actor.current())

    def taken(self) -> dict[str, str]:
        """
        The accounts asked for since the last time, and who asked first.
        """
        with self._lock:
            found, self._accounts = self._accounts, {}
        return found


def _remembering(
    database: Database, settings: Settings
) -> Callable[[], Sequence[Door]]:
    """
    The doors, their secrets read anew only where something about them was changed: a
    keyring is slow to ask.
    """
    from ticketsync.core import clock
    from ticketsync.webhooks import inbox

    known: list[object] = []
    doors: Sequence[Door] = []

    def load() -> Sequence[Door]:
        nonlocal known, doors
        with database.read() as session:
            now_known: list[object] = list(inbox.endpoints(session, clock.now()))
        if now_known != known:
            known, doors = now_known, webhook_endpoints(database, settings)
        return doors

    return load


def webhook_endpoints(database: Database, settings: Settings) -> Sequence[Door]:
    """
    Every account's address with what proves who knocks; a secret that cannot be read is
    as good as none.
    """
    from ticketsync.accounts import credentials
    from ticketsync.core import clock, errors, log
    from ticketsync.providers import registry
    from ticketsync.web.receiver import Door
    from ticketsync.webhooks import inbox

    found = []
    with database.read() as session:
        endpoints = inbox.endpoints(session, clock.now())
    for endpoint in endpoints:
        kind = registry.sends_webhooks(endpoint.provider)
        if kind is None:
            continue
        secrets = []
        for source, reference in endpoint.secrets:
            entry = f"{endpoint.account}/webhook"
            try:
                secrets.append(credentials.read_secret(entry, source, reference))
            except errors.TicketsyncError as error:
                log.warning(
                    "webhook secret unreadable",
                    account=endpoint.account,
                    message=error.message,
                )
        found.append(
            Door(
                account_id=endpoint.account_id,
                account=endpoint.account,
                path=endpoint.path,
                url=address(settings, endpoint.path),
                kind=kind,
                secrets=secrets,
            )
        )
    return found


def address(settings: Settings, path: str) -> str:
    """
    The public address of a path: what the platform is told, and what Square signs.
    """
    return f"{settings.serve.public_url.rstrip('/')}/hooks/{path}"


@contextmanager
def _worker(
    database: Database, settings: Settings, errands: Errands, wanted: bool
) -> Iterator[None]:
    """
    A thread that works the inbox off every two seconds, reads the accounts that a page
    asked for, tells platforms who is in, and looks each minute whether somebody must
    hear of an account or of what waits, until the server ends.
    """
    from ticketsync.core import actor, log
    from ticketsync.workflows import (
        account_alerts,
        push_checkins,
        receive,
        sales_notifications,
        sync,
    )

    ended = threading.Event()

    def read_asked() -> None:
        for account, who in errands.taken().items():
            with actor.acting_as(who):
                sync.sync(database, settings, sync.Request((account,)))

    told_at = float("-inf")

    def notify() -> None:
        nonlocal told_at
        if time.monotonic() - told_at > TELL_SECONDS:
            told_at = time.monotonic()
            for error in (
                *account_alerts.look(database, settings),
                *sales_notifications.notify(database, settings),
            ):
                log.warning("not told", word=error.word, message=error.message)

    jobs = (
        read_asked,
        lambda: receive.process_deliveries(database, settings),
        lambda: push_checkins.check_ins(database, settings),
        notify,
    )

    def work() -> None:
        while not ended.wait(WORK_SECONDS):
            for job in jobs:
                try:
                    job()
                except Exception as error:  # else deliveries would pile up unseen
                    word = getattr(error, "word", "bug")
                    log.warning("worker", word=word, trace=log.trace_of(error))

    thread = threading.Thread(target=work, name="worker")
    if wanted:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        if wanted:
            thread.join()
