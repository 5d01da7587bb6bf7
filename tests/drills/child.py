"""
Processes to be killed: imports once, then forks a sync for each request.

A request is one JSON line on standard input: `{"home": …, "seconds": …}`. The answer is
one line: the exit code, -9 if the sync lived longer than that and was killed. Without
`seconds` it may end by itself; with `"commit": N` it is killed at its commit N, before
anything of it is on disk; with `"login": true` it consents anew for account `bar`.

With `--bookmark-first` the protection is taken out: the place in the list is committed
before the page it stands for, which is how such tools usually lose orders. With
`--second-process` pages are understood by one, however few orders there are.
"""

import itertools
import json
import os
import signal
import sys
import time

from sqlalchemy import Engine, event

from ticketsync.accounts import credentials, edits, state
from ticketsync.core import errors
from ticketsync.core.settings.config import Settings, SyncSettings
from ticketsync.providers import registry
from ticketsync.store import engine
from ticketsync.workflows.accounts import tokens
from ticketsync.workflows.sync import parse_ahead, save_page
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.save_page import OrderStore

save = OrderStore.save


def bookmark_first(store, pages, *, keep_place=False, is_retry=False):
    if keep_place:
        run = store._run
        with run.transaction() as connection:
            save_page._keep_place(connection, run.account.id, pages[-1].bookmark)
    save(store, pages, is_retry=is_retry)


def login():
    """
    What a person does when a token family was lost: allow it again.
    """
    database = engine.open_database()
    with database.read() as connection:
        account = state.get_account(connection, "bar")
    app = tokens.app_of(
        registry.provider("square").spec, "bar", account.base_url, account.options
    )
    found = tokens.allow(
        app, show=lambda _: None, paste=lambda: "sandbox-code", has_browser=False
    )
    place = tokens.store("bar", "file", found)
    with database.write() as connection:
        edits.set_secret(
            connection,
            account.id,
            source="file",
            reference=place,
            fingerprint=credentials.fingerprint(found.access, "bar"),
        )
        options = {**account.options, **tokens.expiry_of(found)}
        edits.set_options(connection, account.id, options)
    return 0


def die_at_commit(number):
    numbers = itertools.count(1)

    def count(_):
        if next(numbers) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "commit", count)


def run_asked(asked):
    os.environ["TICKETSYNC_HOME"] = asked["home"]
    if asked.get("login"):
        return login()
    if asked.get("commit"):
        die_at_commit(asked["commit"])
    settings = Settings(sync=SyncSettings(workers=3))
    names = tuple(asked.get("names", ()))
    request = sync.Request(names=names, compare=False)
    try:
        return sync.sync(engine.open_database(), settings, request).exit_code
    except errors.TicketsyncError as error:
        return error.exit_code


def ended(child, seconds):
    """
    The exit code, or -9 after so many seconds; only the parent may know for sure that
    the number still is this child's.
    """
    until = time.monotonic() + seconds if seconds else float("inf")
    while True:
        number, status = os.waitpid(child, os.WNOHANG if seconds else 0)
        if number:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() >= until:
            os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)


if __name__ == "__main__":
    if "--bookmark-first" in sys.argv:
        OrderStore.save = bookmark_first
    if "--second-process" in sys.argv:
        parse_ahead.MANY = 0
        parse_ahead._processors = lambda: 2
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            os._exit(run_asked(asked))
        print(ended(child, asked.get("seconds")), flush=True)
