"""
A machine without a network says so once, and soon.
"""

import contextlib
import json
import os
import shutil
import socket
import time
from datetime import timedelta

import pexpect
import pytest
from sqlalchemy import update
from support import commands
from support.pin_keys import put_pin_key

from ticketsync.core import clock
from ticketsync.net import client, retry
from ticketsync.store import engine
from ticketsync.store.tables.accounts import accounts
from ticketsync.workflows.accounts import accounts_in_parallel

SITE = "3f0a5e3a-1111-4222-8333-444455556666"
ACCOUNTS = {
    "tt": "ticket_tailor",
    "eb": "eventbrite",
    "hx": "humanitix",
    "bar": "square",
    "site": "wix",
}


def in_home(folder):
    return {
        **os.environ,
        "TICKETSYNC_HOME": str(folder),
        "KEY": "k",
        "TERM": "xterm",
        "COLUMNS": "80",
    }


def connect_five(environment, port):
    for name, provider in ACCOUNTS.items():
        commands.run(
            *("accounts", "add", provider, name, "--no-check"),
            *("--secret-env", "KEY", "--base-url", f"http://127.0.0.1:{port}"),
            *(("--set", f"site_id={SITE}") if provider == "wix" else ()),
            env=environment,
            check=True,
        )


@pytest.fixture
def swallowing():
    """
    A port that swallows packets, as a network does that is up and leads nowhere: its
    queue of connections is full, and nobody takes one out of it.
    """
    with contextlib.ExitStack() as held:
        server = held.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(4):
            waiting = held.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(server.getsockname())
        yield server.getsockname()[1]


@pytest.fixture(scope="module")
def unreachable(tmp_path_factory):
    """
    A home with five accounts whose platforms are at a port that nobody listens on. To
    be copied.
    """
    folder = tmp_path_factory.mktemp("unreachable")
    put_pin_key(folder)
    environment = in_home(folder)
    commands.run(
        *("init", "--venue", "The Lantern Room", "--timezone", "Australia/Sydney"),
        *("--currency", "AUD", "--no-input"),
        env=environment,
        check=True,
    )
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        connect_five(environment, closed.getsockname()[1])
        yield folder


@pytest.fixture
def environment(home, unreachable):
    shutil.copytree(unreachable, home, dirs_exist_ok=True)
    return in_home(home)


@pytest.mark.parametrize("command", [("sync",), ("events", "fetch")])
@pytest.mark.thorough
def test_five_accounts_without_a_network_are_one_sentence(environment, command):
    done = commands.run(*command, env=environment)

    assert done.returncode == 5
    failures = [line for line in done.stderr.splitlines() if "unreachable" in line]
    assert failures == [
        "ticketsync: unreachable: No platform can be reached (bar, eb, hx, site, tt): "
        "is this machine on the network? Run the same command again later; what was "
        "read before is kept."
    ]


@pytest.mark.thorough
def test_only_the_first_account_is_waited_for(environment):
    done = commands.run("sync", "--json", env=environment)

    accounts = json.loads(done.stdout)["accounts"]
    assert [account["requests"] for account in accounts] == [4, 1, 1, 1, 1]


@pytest.mark.thorough
def test_a_network_that_swallows_packets_is_one_sentence_and_soon(home, swallowing):
    """
    Each account tries once, for four seconds, and all five at the same time: the fifth
    begins before the first gives up. Each trying four times for ten seconds took 45 at
    least. The bound leaves 25 seconds for a machine that does other work.
    """
    environment = in_home(home)
    put_pin_key(home)
    commands.run(
        *("init", "--venue", "The Lantern Room", "--timezone", "Australia/Sydney"),
        *("--currency", "AUD", "--no-input"),
        env=environment,
        check=True,
    )
    connect_five(environment, swallowing)
    began = time.monotonic()

    done = commands.run("sync", "--json", env=environment)

    took = time.monotonic() - began
    accounts = json.loads(done.stdout)["accounts"]
    assert (done.returncode, done.stderr.count("No platform can be reached")) == (5, 1)
    assert [account["requests"] for account in accounts] == [1, 1, 1, 1, 1]
    assert client.CONNECT_SECONDS + accounts_in_parallel.SILENT_SECONDS < 5
    assert took < 30
    listed = commands.run("runs", "list", "--json", env=environment, check=True)
    rows = json.loads(listed.stdout)
    assert {row["account_name"] for row in rows} == set(ACCOUNTS)
    assert max(row["started_at"] for row in rows) < min(
        row["finished_at"] for row in rows
    )


def test_four_tries_wait_less_than_five_seconds():
    longest = [min(8.0, 0.7 * 2**number) for number in range(3)]
    for _ in range(100):
        assert all(
            most / 2 <= retry.backoff(attempt) <= most
            for attempt, most in enumerate(longest, start=1)
        )
    assert sum(longest) < 5


@pytest.mark.thorough
def test_a_terminal_says_that_it_waits(environment):
    began = time.monotonic()
    screen = commands.talk("sync", env=environment)
    screen.expect("bar: connecting, trying again in 1 s")
    assert time.monotonic() - began < 20
    screen.expect("No platform can be reached")
    screen.expect(pexpect.EOF)
    screen.close()
    assert screen.exitstatus == 5


@pytest.mark.thorough
def test_accounts_left_alone_are_one_sentence_and_none_in_a_scheduled_run(
    environment, home
):
    """
    A scheduled run said so when they failed: it comes every quarter of an hour, and
    they are left alone for up to a day.
    """
    database = engine.open_database(str(home / "ticketsync.db"))
    with database.write() as connection:
        connection.execute(
            update(accounts).values(
                failures=5, breaker_until=clock.now() + timedelta(hours=1)
            )
        )
    database.close()

    by_hand = commands.run("sync", env=environment)
    assert (by_hand.returncode, by_hand.stderr.count("breaker-open")) == (11, 1)
    assert (
        "5 accounts failed several times in a row and are left alone until their next "
        "probe (bar, eb, hx, site, tt)"
    ) in by_hand.stderr
    scheduled = commands.run("sync", "--due", "--quiet", env=environment)
    assert (scheduled.returncode, scheduled.stdout, scheduled.stderr) == (11, "", "")
