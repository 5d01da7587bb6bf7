"""
What a run leaves in its row: how long it took, how fast the platform was, who started
it and in which direction.
"""

import re

import httpx
import pytest
from sqlalchemy import func, select
from support.database_dump import dump
from support.platform_accounts import point

from ticketsync.net.client import ApiClient
from ticketsync.reporting import run_history
from ticketsync.store.tables.accounts import sync_runs
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.run import Request


def last_run(database):
    with database.read() as connection:
        return run_history.list_runs(connection, limit=1)[0]


def test_response_times_are_those_of_the_requests(adopted, settings, sandbox):
    sandbox.latency = 0.02
    sync.sync(adopted, settings, Request())
    run = last_run(adopted)
    assert run.direction == "pull"
    assert 20 <= run.median_response_ms <= run.slowest_response_ms
    # Measured, although the clock stands still here.
    assert run.seconds >= run.slowest_response_ms / 1000
    assert list(run.__slots__)[-4:] == [
        *("seconds", "median_response_ms", "slowest_response_ms", "direction")
    ]


@pytest.mark.thorough
def test_every_response_counts_retries_too_and_no_response_does_not(settings):
    answers = iter([503, "nothing", 200])

    def respond(request):
        answer = next(answers)
        if answer == "nothing":
            raise httpx.ConnectError("gone")
        body = httpx.ByteStream(b'{"data": []}')
        return httpx.Response(
            answer, headers={"content-type": "application/json"}, stream=body
        )

    client = ApiClient(
        "http://127.0.0.1:9",
        account="tt",
        platform="Ticket Tailor",
        transport=httpx.MockTransport(respond),
    )
    client.get("/x")
    assert (client.requests, len(client.response_ms)) == (3, 2)


def test_a_run_without_a_response_knows_no_times(adopted, settings):
    point(adopted, {"tt": "http://127.0.0.1:9/v1"})
    sync.sync(adopted, settings, Request())
    run = last_run(adopted)
    assert run.outcome == "failed"
    assert (run.median_response_ms, run.slowest_response_ms) == (None, None)


def test_a_run_that_finds_nothing_writes_nothing_but_its_row(synced_once, settings):
    before = dump(synced_once)
    with synced_once.read() as connection:
        number = connection.scalar(select(func.count()).select_from(sync_runs))
    sync.sync(synced_once, settings, Request())
    assert dump(synced_once) == before
    with synced_once.read() as connection:
        now = connection.scalar(select(func.count()).select_from(sync_runs))
    assert now == number + 1


def test_runs_list_says_when_what_and_who_on_80_columns(venue):
    venue("shows", "adopt", "--all")
    venue("sync", "--quiet")
    plain = re.sub(r"\x1b\[[0-9;]*m", "", venue("runs", "list"))
    heading = plain.splitlines()[0].split()
    assert heading == [
        *("WHEN", "(SYDNEY)", "RUN", "ACCOUNT", "KIND", "WHO", "OUTCOME", "TOOK"),
        *("NEW", "CHG", "CALLS"),
    ]
    assert all(len(line) <= 80 for line in plain.splitlines())
    latest = plain.splitlines()[2]
    assert "success" in latest
    # Nobody's name is cut without standing in full below.
    cut = [line for line in plain.splitlines() if "…" in line]
    assert len(re.findall(r"^ +WHO: .+ \(events fetch\)$", plain, re.M)) == len(cut)
    short = re.search(r"\d\d:\d\d +([0-9a-f]{4}) ", latest).group(1)
    shown = venue("runs", "show", short)
    assert "MEDIAN MS" in shown
    assert "pull" in shown


def test_the_pages_show_how_long_runs_took_and_who_started_them(enter):
    manager = enter("manager")
    text = manager.get("/runs").text
    assert '<th scope="col">Who</th>' in text
    assert re.search(r"\d+\.\d s</td>", text)
    assert re.search(r"\d+ ms</td>", text)
    assert re.search(
        r"Last run</dt><dd>.* by .*incremental.* median response \d+ ms",
        (manager.get("/accounts").text),
    )
