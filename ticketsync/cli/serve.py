"""
`ticketsync serve`.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from ticketsync.cli import context, simulate

if TYPE_CHECKING:
    import socket
    from contextlib import AbstractContextManager

    from ticketsync.core.settings.config import ServeSettings
    from ticketsync.jobs.tasks import Tasks
    from ticketsync.jobs.worker import Worker
    from ticketsync.store.engine import Database
    from ticketsync.workflows.webhooks.webhook_endpoints import WebhookEndpoint

app = typer.Typer(rich_markup_mode=None)


@app.command()
def serve(
    ctx: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="0 chooses a free one.", min=0, max=65535)
    ] = 8787,
    workers: Annotated[
        bool, typer.Option("--work/--no-work", help="Also process deliveries.")
    ] = True,
    pages: Annotated[
        bool, typer.Option("--pages/--no-pages", help="Also serve the pages.")
    ] = True,
) -> None:
    """
    Serve the pages and the door, receive webhooks and process them.

    In an empty home it makes settings and a database first, as `init` does, and the
    first page asks for your venue. On a terminal it prints a sign-in link that works
    once; otherwise use `ticketsync visitors invite`. Listens on this machine only:
    put your TLS proxy in front of it and set its address as `serve: public_url` in
    the settings.
    """
    from ticketsync.jobs import settings_watch, tasks, worker
    from ticketsync.jobs.page_jobs import SetupJobs
    from ticketsync.web import app as web
    from ticketsync.web import server, webhook_receiver
    from ticketsync.web.site import Site
    from ticketsync.workflows.webhooks import public_address, webhook_endpoints

    app_context = context.get_context(ctx)
    database = _open_or_create(app_context, has_pages=pages)
    settings = app_context.settings()
    app_context.log()
    endpoints = webhook_endpoints.load_endpoints(database, settings)
    _warn_of_missing_secrets(app_context, endpoints)
    if not pages:
        _require_ready_endpoint(endpoints)
    webhooks = webhook_receiver.Receiver(
        database,
        webhook_endpoints.cached_endpoints(database, settings),
        settings.serve.allow,
    )
    requests = worker.SyncRequests()
    watch = settings_watch.SettingsWatch(
        app_context.settings_file(), settings, app_context.say
    )
    started = tasks.Tasks()
    address = ""

    def send(account: str, order: str) -> int:
        webhooks.read_endpoints_again()
        return simulate.send_first_event(
            *(database, watch.current(), account, order, webhooks.trials), to=address
        )

    site = Site(
        database,
        settings,
        requests.add if workers else None,
        SetupJobs(started, database, watch.current, send) if workers else None,
        watch.current,
    )
    application = web.create_app(webhooks, site if pages else None, settings.serve)
    with _listen(host, port) as listener:
        address = _address(listener)
        app_context.say(f"Receiving webhooks at {address}/hooks/…")
        if pages:
            _say_how_to_open(app_context, database, address)
            _warn_of_public_url(app_context, settings.serve, listener.getsockname()[0])
        with (
            _ending_by_sigterm(),
            _closed(app_context, started),
            public_address.announced(address),
            _working(
                app_context,
                worker.running(
                    database, settings, requests, watch.current, started.stop
                ),
            )
            if workers
            else contextlib.nullcontext(),
        ):
            server.run(application, listener)


def _open_or_create(app_context: context.AppContext, *, has_pages: bool) -> Database:
    """
    The database; in an empty home a new one, whose venue is named on the first page.
    """
    from ticketsync.workflows import new_installation

    file = app_context.settings_file()
    if not has_pages or not new_installation.is_empty(file, app_context.database_url):
        return app_context.database()
    database = app_context.create_database()
    app_context.say(f"There was nothing here yet. Settings  {file}")
    app_context.say(f"Database  {database.url}")
    return database


@contextlib.contextmanager
def _ending_by_sigterm() -> Iterator[None]:
    """
    Let SIGTERM end the block in order, and then the process as it would have without.
    """
    from ticketsync.cli import terminal

    class Terminated(BaseException):
        pass

    def end(number: int, frame: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a second one kills us at once
        raise Terminated

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    except Terminated:
        terminal.flush()
        signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def _working(
    app_context: context.AppContext, running: AbstractContextManager[Worker]
) -> Iterator[None]:
    """
    Say at the end what the worker could not finish.
    """
    state = None
    try:
        with running as state:
            yield
    finally:
        if state is not None and state.doing:
            _say_unfinished(app_context, [state.doing])


@contextlib.contextmanager
def _closed(app_context: context.AppContext, started: Tasks) -> Iterator[None]:
    """
    Say at the end which tasks of the pages could not be finished.
    """
    try:
        yield
    finally:
        if unfinished := started.close():
            _say_unfinished(app_context, unfinished)


def _say_unfinished(app_context: context.AppContext, things: Sequence[str]) -> None:
    app_context.say(
        f"Stopped before it was finished: {', '.join(things)}. What was read is saved; "
        "running it again is safe, and nothing is counted twice."
    )


def _say_how_to_open(
    app_context: context.AppContext, database: Database, address: str
) -> None:
    """
    Print a manager's link, for a person at a terminal only: under a service manager it
    would lie in the journal, valid, after every restart.
    """
    import sys

    if app_context.quiet:
        return
    if sys.stderr.isatty():
        link = _create_link(database, address)
        app_context.say(f"The pages, to be opened once: {link}")
    else:
        app_context.say(
            f"The pages are at {address}; `ticketsync visitors invite` makes a link."
        )


def _warn_of_missing_secrets(
    app_context: context.AppContext, endpoints: Sequence[WebhookEndpoint]
) -> None:
    for endpoint in endpoints:
        if endpoint.is_ready:
            continue
        if (error := endpoint.secret_error) is not None:
            app_context.say(
                f"ticketsync: {error.word}: {error.message} "
                f"Until then all webhooks of {endpoint.account!r} are rejected. "
                f"{error.hint}"
            )
        else:
            app_context.say(
                f"ticketsync: webhook-secret-missing: Account {endpoint.account!r} "
                "receives signed webhooks but has no secret; all of them are rejected. "
                f"Run `ticketsync webhooks secret {endpoint.account}`."
            )


def _warn_of_public_url(
    app_context: context.AppContext, settings: ServeSettings, listening_on: str
) -> None:
    from ticketsync.workflows.webhooks import public_address

    if problem := public_address.find_problem(settings, listening_on):
        app_context.say(f"ticketsync: public-url: {problem}. {public_address.TO_DO}.")


def _require_ready_endpoint(endpoints: Sequence[WebhookEndpoint]) -> None:
    """
    Without pages and without an endpoint there is nothing to serve.
    """
    from ticketsync.core import errors

    if not any(endpoint.is_ready for endpoint in endpoints):
        found = [e.secret_error for e in endpoints if e.secret_error is not None]
        raise errors.UsageError(
            "No account can receive webhooks yet.",
            hint=found[0].hint if found else "Run `ticketsync webhooks url ACCOUNT`.",
            word="webhook-secret-missing" if endpoints else "no-webhooks",
        )


def _listen(host: str, port: int) -> socket.socket:
    import errno
    import os
    import socket

    from ticketsync.core import errors
    from ticketsync.core.redact import safe

    try:
        listener = socket.create_server((host, port))
    except OSError as error:
        is_taken = error.errno == errno.EADDRINUSE
        why = (
            os.strerror(error.errno or 0) if is_taken else safe(error.strerror or error)
        )
        raise errors.UsageError(
            f"Cannot listen on {safe(host)}, port {port}: {why}.",
            hint="Give another --port, or stop the program that uses this one."
            if is_taken
            else "Give another --host or --port.",
        ) from None
    # Otherwise the headers and body of a response wait 40 ms for one another
    # (measured); connections inherit the option.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _address(listener: socket.socket) -> str:
    """
    The address at which this machine can open what is served.
    """
    import ipaddress

    name, port = listener.getsockname()[:2]
    if ipaddress.ip_address(name).is_unspecified:  # listens on every address
        name = "127.0.0.1"
    return f"http://{name}:{port}"


def _create_link(database: Database, address: str) -> str:
    """
    A manager's one-time link, at the address that this machine can open.
    """
    from ticketsync.core import clock
    from ticketsync.visitors import passes
    from ticketsync.web import sign_in

    with database.write() as connection:
        token = passes.issue(connection, "link", "manager", "", clock.now())
    return sign_in.link_url(address, token)
