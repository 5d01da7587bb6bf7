"""
SIGKILL at random moments: nothing lost, nothing twice (F13, F73, G01).
"""

import os
import random
import shutil
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest
from conftest import connect

from ticketsync.core.config import Settings
from ticketsync.reporting import numbers
from ticketsync.sandbox import server, world
from ticketsync.store import engine
from ticketsync.workflows import match, sync

CHILD = Path(__file__).with_name("child.py")


@pytest.fixture
def big(monkeypatch):
    sandbox = server.Sandbox(world.build(today=date.today(), orders=2000), latency=0.01)
    monkeypatch.setenv("TT_KEY", sandbox.key)
    with server.serving(sandbox) as url:
        sandbox.url = url
        yield sandbox


def prepare(home, sandbox):
    database = engine.create_database(str(home / "ticketsync.db"))
    connect(database, sandbox.url)
    sync.fetch_listing(database, Settings(), [])
    match.adopt(database, Settings())
    database.close()


def killed_run(home, chance, *options):
    """
    One sync, killed at a random moment unless it ends first; answers its exit code.
    """
    child = subprocess.Popen(
        [sys.executable, str(CHILD), *options],
        env={**os.environ, "TICKETSYNC_HOME": str(home)},
        stderr=subprocess.PIPE,
    )
    try:
        child.communicate(timeout=chance.uniform(0.4, 2.2))
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
    return child.returncode


def difference(home, sandbox):
    """
    What the database has too little and too much, and whether its file is sound.
    """
    database = engine.open_database(str(home / "ticketsync.db"))
    with database.read() as session:
        connection = session.connection()
        held = [
            row[0]
            for row in connection.exec_driver_sql("SELECT provider_id FROM orders")
        ]
        sound = connection.exec_driver_sql("PRAGMA integrity_check").scalar()
        gross = sum(item.gross for item in numbers.figures(session))
        sold = sum(item.tickets_sold for item in numbers.figures(session))
    database.close()
    there = {f"or_{purchase.id}" for purchase in sandbox.world.purchases}
    real = world.truth(sandbox.world)
    return {
        "lost": len(there - set(held)),
        "twice": len(held) - len(set(held)),
        "sound": sound,
        "gross": gross - sum(row.gross for row in real),
        "sold": sold - sum(row.tickets_sold for row in real),
    }


CLEAN = {"lost": 0, "twice": 0, "sound": "ok", "gross": 0, "sold": 0}


def drill(tmp_path, sandbox, kills, *options, again=True):
    """
    Kill syncs until enough were killed; each database is then finished and compared.

    With `again` a database may be killed several times, else once in mid-read.
    """
    chance = random.Random(7)
    template = tmp_path / "template"
    template.mkdir()
    prepare(template, sandbox)
    done, results = 0, []
    while done < kills:
        home = tmp_path / f"home-{len(results)}"
        shutil.copytree(template, home)
        while killed_run(home, chance, *options) == -9:
            done += 1
            if not again and is_in_mid_read(home):
                break
        environment = {**os.environ, "TICKETSYNC_HOME": str(home)}
        subprocess.run(
            [sys.executable, str(CHILD), *options], env=environment, check=True
        )
        results.append(difference(home, sandbox))
    return done, results


def is_in_mid_read(home):
    """
    Whether the killed run left windows to read, with some of their pages done.
    """
    database = engine.open_database(str(home / "ticketsync.db"))
    with database.read() as session:
        left = session.connection().exec_driver_sql(
            "SELECT count(*) FROM bookmarks WHERE stream = 'orders-windows'"
        )
        found = left.scalar() == 1
    database.close()
    return found


def test_f13_f73_a_killed_sync_loses_nothing_and_doubles_nothing(tmp_path, big):
    _, results = drill(tmp_path, big, kills=4)
    assert results == [CLEAN] * len(results)


def test_f13_f73_killed_once_in_mid_read(tmp_path, big):
    _, results = drill(tmp_path, big, kills=4, again=False)
    assert results == [CLEAN] * len(results)


def test_f13_f73_control_the_bookmark_before_the_page_loses_orders(tmp_path, big):
    _, results = drill(tmp_path, big, 4, "--bookmark-first", again=False)
    assert any(result["lost"] > 0 for result in results)


@pytest.mark.drill
def test_f13_f73_a_hundred_kills(tmp_path, big):
    done, results = drill(tmp_path, big, kills=100)
    assert done >= 100
    assert results == [CLEAN] * len(results)


def test_f71_a_second_sync_meanwhile_is_turned_away(tmp_path, big):
    home = tmp_path / "busy"
    home.mkdir()
    prepare(home, big)
    big.latency = 0.5
    environment = {**os.environ, "TICKETSYNC_HOME": str(home)}
    first = subprocess.Popen([sys.executable, str(CHILD)], env=environment)
    asked = len(big.log)
    deadline = time.monotonic() + 20
    while len(big.log) == asked and time.monotonic() < deadline:
        time.sleep(0.01)

    second = subprocess.run(
        [sys.executable, "-m", "ticketsync", "sync"],
        env=environment,
        capture_output=True,
        text=True,
    )

    big.latency = 0
    assert second.returncode == 8, second.stderr
    assert "busy" in second.stderr
    assert first.wait(timeout=60) == 0
    assert difference(home, big) == CLEAN


def test_f74_sigterm_rolls_back_and_says_so(tmp_path, big):
    home = tmp_path / "term"
    home.mkdir()
    prepare(home, big)
    big.latency = 0.3
    environment = {**os.environ, "TICKETSYNC_HOME": str(home)}
    child = subprocess.Popen(
        [sys.executable, "-m", "ticketsync", "sync"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    asked = len(big.log)
    deadline = time.monotonic() + 20
    while len(big.log) < asked + 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    child.terminate()
    _, said = child.communicate(timeout=20)

    big.latency = 0
    database = engine.open_database(str(home / "ticketsync.db"))
    with database.read() as session:
        outcomes = [
            row[0]
            for row in session.connection().exec_driver_sql(
                "SELECT outcome FROM sync_runs ORDER BY id DESC"
            )
        ]
    database.close()
    assert child.returncode == 143, said
    assert outcomes[0] == "interrupted"
    again = subprocess.run(
        [sys.executable, "-m", "ticketsync", "sync", "--quiet"], env=environment
    )
    assert again.returncode == 0
    assert difference(home, big) == CLEAN
