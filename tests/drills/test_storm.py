"""
Cron's storm: fifty `sync --due` in one moment, one of them works (F71, G06).
"""

import os
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from support.ticket_tailor_account import adopt_dates

from ticketsync.reporting import run_history
from ticketsync.sandbox import server, world
from ticketsync.store import engine

STORM = Path(__file__).with_name("storm.py")


@pytest.fixture
def slow(monkeypatch):
    """
    A platform whose answers take so long that all the others come meanwhile.
    """
    sandbox = server.Sandbox(world.build(today=date.today(), orders=60), limit=10**9)
    monkeypatch.setenv("TT_KEY", sandbox.key)
    with server.serving(sandbox) as url:
        sandbox.url = url
        yield sandbox


def storm(address, sandbox, processes, *options, latency=0.6):
    """
    Exit codes, outcomes of the rows they left, and the requests of how many runs.
    """
    sandbox.log.clear()
    sandbox.latency = latency
    done = subprocess.run(
        [sys.executable, str(STORM), str(processes), *options],
        env={**os.environ, "TICKETSYNC_DATABASE_URL": address},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    sandbox.latency = 0
    database = engine.open_database(address)
    with database.read() as connection:
        left = run_history.list_runs(connection, limit=processes)
    database.close()
    askers = {asker for _, _, asker in sandbox.log}
    codes = Counter(int(code) for code in done.stdout.split())
    return codes, Counter(run.outcome for run in left), len(askers)


def expected(processes):
    return (
        Counter({0: 1, 8: processes - 1}),
        Counter({"success": 1, "skipped-busy": processes - 1}),
        1,
    )


@pytest.fixture
def address(request, home, postgres):
    """
    A place for a database of either kind that the storm's processes can find.
    """
    if request.param == "sqlite":
        return str(home / "ticketsync.db")
    name = f"storm{abs(hash(request.node.nodeid)) % 10**9}"
    postgres.psql(f"CREATE DATABASE {name};")
    return postgres.get_uri(database=name)


@pytest.mark.parametrize("address", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.thorough
def test_f71_of_many_scheduled_runs_at_once_one_works(address, slow):
    adopt_dates(address, slow)
    assert storm(address, slow, 8) == expected(8)


@pytest.mark.thorough
def test_f71_control_without_the_walls_several_work(home, slow):
    address = str(home / "ticketsync.db")
    adopt_dates(address, slow)
    _, _, askers = storm(address, slow, 10, "--no-lock", latency=0.2)
    assert askers > 1


@pytest.mark.drill
@pytest.mark.parametrize("address", ["postgresql"], indirect=True)
def test_f71_fifty_at_once_on_postgresql(address, slow):
    adopt_dates(address, slow)
    assert storm(address, slow, 50) == expected(50)


@pytest.mark.drill
def test_f71_fifty_at_once_twenty_times(home, slow):
    results = []
    for number in range(20):
        address = str(home / f"storm-{number}.db")
        adopt_dates(address, slow)
        results.append(storm(address, slow, 50))
    assert results == [expected(50)] * 20
