"""
`ticketsync serve`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from ticketsync.cli import context

if TYPE_CHECKING:
    from ticketsync.core.config import Settings
    from ticketsync.store.engine import Database
    from ticketsync.web.receiver import Door

app = typer.Typer(rich_markup_mode=None)
WORK_SECONDS = 2.0


@app.command()
def serve(
    ctx: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 takes a free one.", min=0)] = 8787,
    workers: Annotated[
        bool, typer.Option("--work/--no-work", help="Also work off what comes.")
    ] = True,
) -> None:
    """
    Receive webhooks, and read again what they hint at within seconds.

    Listens on this machine only; put your TLS proxy in front and tell its address with
    `serve: public_url` in the settings. See `ticketsync webhooks url ACCOUNT`.
    """
    import socket

    import uvicorn

    from ticketsync.core import errors
    from ticketsync.web import receiver

    here = context.of(ctx)
    database, settings = here.database(), here.settings()
    here.log()
    doors = doors_of(database, settings)
    for door in doors:
        if not door.is_ready:
            here.say(
                f"ticketsync: webhook-secret-missing: Account {door.account!r} sends "
                f"signed webhooks and has no secret; all of them are turned away. Run "
                f"`ticketsync webhooks secret {door.account}`."
            )
    if not any(door.is_ready for door in doors):
        raise errors.UsageError(
            "No account can receive webhooks yet.",
            hint="Run `ticketsync webhooks url ACCOUNT`.",
            word="webhook-secret-missing" if doors else "no-webhooks",
        )
    listening = receiver.Receiver(
        database, _remembering(database, settings), settings.serve.allow
    )
    config = uvicorn.Config(
        receiver.application(listening),
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=5,
        lifespan="off",
    )
    with socket.create_server((host, port)) as opened:
        name, number = opened.getsockname()[:2]
        here.say(f"Receiving webhooks at http://{name}:{number}/hooks/…")
        with _worker(database, settings, workers):
            uvicorn.Server(config).run(sockets=[opened])


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
            known, doors = now_known, doors_of(database, settings)
        return doors

    return load


def doors_of(database: Database, settings: Settings) -> Sequence[Door]:
    """
    Every account's address with what proves who knocks; a secret that cannot be read is
    as good as none.
    """
    from ticketsync.accounts import credentials
    from ticketsync.core import clock, errors, journal
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
                secrets.append(credentials.read(entry, source, reference))
            except errors.TicketsyncError as error:
                journal.warn(
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
def _worker(database: Database, settings: Settings, wanted: bool) -> Iterator[None]:
    """
    A thread that works the inbox off every two seconds, until the server ends.
    """
    from ticketsync.core import journal
    from ticketsync.workflows import receive

    ended = threading.Event()

    def work() -> None:
        while not ended.wait(WORK_SECONDS):
            try:
                receive.work_off(database, settings)
            except Exception as error:  # else deliveries would pile up unseen
                word = getattr(error, "word", "bug")
                journal.warn("inbox", word=word, trace=journal.trace_of(error))

    thread = threading.Thread(target=work, name="inbox")
    if wanted:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        if wanted:
            thread.join()
