"""
`sync` over several accounts as a person sees it, and `serve` that is stopped while it
works.
"""

import json
import os
import signal
import socket
import time
from datetime import UTC, datetime

import httpx
import pytest
from support import commands, five_platforms

from ticketsync.core.settings.config import Settings
from ticketsync.store import engine
from ticketsync.store.tables.accounts import leases
from ticketsync.visitors import passes
from ticketsync.web.site import COOKIE

ACCOUNTS = list(five_platforms.ACCOUNTS)
LONGEST_SECONDS = 60  # seconds, for what a busy machine does late


@pytest.fixture
def season(home, frozen, monkeypatch, templates):
    """
    The five platforms, whose accounts the commands find.
    """
    with five_platforms.playing(monkeypatch, orders=15) as sandbox:
        place = templates.copy("sqlite", "empty", home / "ticketsync.db")
        database = engine.open_database(place)
        five_platforms.set_up(database, Settings(), sandbox)
        sandbox.log.clear()
        sandbox.database, sandbox.home = database, home
        yield sandbox
        sandbox.latency = 0.0
        database.close()


def environment(**more):
    return {**os.environ, "TERM": "xterm", "COLUMNS": "80", **more}


def wait_until(happened):
    ends = time.monotonic() + LONGEST_SECONDS
    while not happened():
        assert time.monotonic() < ends
        time.sleep(0.02)


def is_any_leased(season):
    with season.database.read() as connection:
        return bool(connection.execute(leases.select()).first())


def manager(season, port):
    """
    A browser of sorts that a manager sits at.
    """
    address = f"http://127.0.0.1:{port}"
    with season.database.write() as connection:
        now = datetime.now(UTC)
        token = passes.issue(connection, "session", "manager", "Ruth", now)
    return httpx.Client(
        base_url=address,
        headers={"origin": address},
        cookies={COOKIE: token},
        trust_env=False,
        timeout=LONGEST_SECONDS,
    )


def answers(client):
    try:
        return client.get("/accounts").status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.thorough
def test_the_summary_is_in_the_accounts_order(season):
    done = commands.run("sync", "--jobs", "5", env=environment(), check=True)
    lines = [line for line in done.stderr.splitlines() if ": ok." in line]
    assert [line.partition(":")[0] for line in lines] == ACCOUNTS


@pytest.mark.thorough
def test_quiet_is_one_option_before_and_after_the_verb(season):
    for words in (("sync", "--quiet"), ("--quiet", "sync"), ("sync", "-q")):
        done = commands.run(*words, env=environment(), check=True)
        assert (done.stdout, done.stderr) == ("", "")
    described = commands.run("sync", "--help", env=environment(), check=True)
    assert "-q, --quiet" not in described.stdout
    assert "--jobs" in described.stdout


@pytest.mark.parametrize("jobs", ["1", "5"])
@pytest.mark.thorough
def test_ctrl_c_stops_all_accounts_and_says_that_it_is_safe(season, jobs):
    season.latency = 30.0
    running = commands.start("sync", "--jobs", jobs, env=environment())
    wait_until(lambda: len(season.log) >= int(jobs))
    began = time.monotonic()
    running.send_signal(signal.SIGINT)
    with running.stderr:
        said = running.stderr.read()
    running.wait()
    assert running.returncode == 130
    assert time.monotonic() - began < 20
    assert "nothing is counted twice" in said
    assert not is_any_leased(season)
    season.latency = 0.0
    done = commands.run("sync", "--json", env=environment(), check=True)
    assert {a["outcome"] for a in json.loads(done.stdout)["accounts"]} == {"success"}


@pytest.mark.thorough
def test_serve_that_is_stopped_releases_what_it_syncs_and_says_so(season):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    season.latency = 30.0
    running = commands.start("serve", "--port", port, env=environment())
    with manager(season, port) as ruth:
        wait_until(lambda: answers(ruth))
        first = ruth.post("/sync").headers["location"]
        wait_until(lambda: len(season.log) >= 4)
        second = ruth.post("/sync").headers["location"]
        assert second.startswith(f"{first}?")  # one sync, whoever asks
        assert "being synced already" in ruth.get(second).text
    began = time.monotonic()
    running.send_signal(signal.SIGTERM)
    with running.stderr:
        said = running.stderr.read()
    running.wait()
    assert time.monotonic() - began < 15  # 5 s where the machine is idle
    assert running.returncode == -signal.SIGTERM
    assert "Stopped before it was finished: Sync of all accounts." in said
    assert not is_any_leased(season)
