"""
SIGKILL at random moments: nothing lost, nothing twice (F13, F73, G01).
"""

import itertools
import os
import random
import shutil
import time
from datetime import date
from pathlib import Path

import pytest
from support import commands, killed_processes
from support.pin_keys import put_pin_key
from support.ticket_tailor_account import adopt_dates

from ticketsync.accounts import edits, state
from ticketsync.core import clock
from ticketsync.reporting import figures_of_shows
from ticketsync.sandbox import platforms, server, world
from ticketsync.store import engine
from ticketsync.workflows.accounts import tokens

CHILD = Path(__file__).with_name("child.py")


@pytest.fixture
def sales():
    """
    The number of orders at Ticket Tailor.
    """
    return 2000


@pytest.fixture
def big(monkeypatch, sales):
    """
    Ticket Tailor, and a Square whose tokens are renewed: every refresh token is good
    once, a second use ends the family.
    """
    bar = platforms.build_others(today=date.today(), orders=60, names=["square"])[0]
    sandbox = server.Sandbox(
        world.build(today=date.today(), orders=sales),
        others=(bar,),
        latency=0.01,
        limit=10**9,  # five hundred first reads in ten minutes are not a real venue's
    )
    sandbox.bar = bar
    monkeypatch.setenv("TT_KEY", sandbox.key)
    monkeypatch.setenv("SQ_SECRET", bar.client_secret)
    with server.serving(sandbox) as url:
        bar.url = sandbox.url(url, "square")
        sandbox.url = url
        yield sandbox


def add_bar(home, sandbox):
    """
    An account whose key is a token that must be renewed; all of its dates adopted.
    """
    database = engine.open_database(str(home / "ticketsync.db"))
    options = {
        tokens.CLIENT_ID: "sq0idp-lantern",
        tokens.CLIENT_SOURCE: "env",
        tokens.CLIENT_REFERENCE: "SQ_SECRET",
    }
    with database.write() as connection:
        edits.add_account(
            connection,
            state.NewAccount(
                *("bar", "square", sandbox.bar.url, "file", "none", "", None), options
            ),
            clock.now(),
        )
    database.close()


class Machine(killed_processes.Machine):
    """
    The process that forks syncs and kills them.
    """

    def __init__(self, *options):
        super().__init__(CHILD, *options)

    def run(self, home, **asked):
        return super().run(home=str(home), **asked)


def difference(home, sandbox):
    """
    What the database has too little and too much, and whether its file is sound.
    """
    database = engine.open_database(str(home / "ticketsync.db"))
    with database.read() as connection:
        by_account = connection.exec_driver_sql(
            "SELECT a.name, o.provider_id FROM orders o "
            "JOIN accounts a ON a.id = o.account_id"
        ).all()
        sound = connection.exec_driver_sql("PRAGMA integrity_check").scalar()
        gross = sum(item.gross.minor for item in figures_of_shows.figures(connection))
        sold = sum(item.tickets_sold for item in figures_of_shows.figures(connection))
    database.close()
    held = [id_ for account, id_ in by_account if account == "tt"]
    bar = [id_ for account, id_ in by_account if account == "bar"]
    there = {f"or_{purchase.id}" for purchase in sandbox.world.purchases}
    real = world.truth(sandbox.world)
    found = {
        "lost": len(there - set(held)),
        "twice": len(held) - len(set(held)) + len(bar) - len(set(bar)),
        "sound": sound,
        "gross": gross - sum(row.gross for row in real),
        "sold": sold - sum(row.tickets_sold for row in real),
    }
    return found | {"bar": sorted(bar)} if bar else found


CLEAN = {"lost": 0, "twice": 0, "sound": "ok", "gross": 0, "sold": 0}


def drill(tmp_path, sandbox, kills, *options, again=True, tokens_too=False):
    """
    Kill syncs until enough were killed; each database is then finished and compared.

    With `again` a database may be killed several times, else once in mid-read. With
    `tokens_too` every run finds its access token expired and must renew it.
    """
    chance = random.Random(7)
    template = tmp_path / "template"
    template.mkdir()
    put_pin_key(template)
    adopt_dates(template / "ticketsync.db", sandbox)
    if tokens_too:
        add_bar(template, sandbox)
    done, logins, results = 0, 0, []
    clean = CLEAN
    with Machine(*options) as machine:
        if tokens_too:
            undisturbed = tmp_path / "undisturbed"
            shutil.copytree(template, undisturbed)
            machine.run(undisturbed, login=True)
            assert machine.run(undisturbed) == 0
            clean = difference(undisturbed, sandbox)
            assert len(clean["bar"]) > 50
        while done < kills:
            home = tmp_path / f"home-{len(results)}"
            shutil.copytree(template, home)
            code = 4 if tokens_too else -9
            while code in (-9, 3, 4) and not (again and done >= kills):
                if code != -9:  # a token family was lost: a person allows it again
                    assert machine.run(home, login=True) == 0
                    logins += 1
                if tokens_too:
                    sandbox.bar.key = "expired"
                code = machine.run(home, seconds=chance.uniform(0.02, 0.8))
                done += code == -9
                if code == -9 and not again and is_in_mid_read(home):
                    break
            if tokens_too:
                machine.run(home, login=True)
            assert machine.run(home) == 0
            found = difference(home, sandbox)
            # What is not equal to a run that nobody disturbed is shown as it is.
            results.append(CLEAN if found == clean else found)
    return done, logins, results


def is_in_mid_read(home):
    """
    Whether the killed run left windows to read, with some of their pages done.
    """
    database = engine.open_database(str(home / "ticketsync.db"))
    with database.read() as connection:
        left = connection.exec_driver_sql(
            "SELECT count(*) FROM bookmarks WHERE stream = 'orders-windows'"
        )
        found = left.scalar() == 1
    database.close()
    return found


def test_f13_f73_some_kills_lose_nothing_and_double_nothing(tmp_path, big):
    """
    Tokens are renewed all the time meanwhile. A kill between the platform's answer and
    our store may cost a login, never an order, and is never retried with a used token.
    """
    done, logins, results = drill(tmp_path, big, kills=3, tokens_too=True)
    assert done >= 3
    assert results == [CLEAN] * len(results)
    assert big.bar.tokens_given > logins
    assert big.bar.families_killed <= logins


def killed_at_each_commit(tmp_path, sandbox, *options, every=1):
    """
    What is found after a sync was killed at its first, second… commit and another one
    ran to its end; each in a database of its own. `every` leaves out those between.
    """
    template = tmp_path / "template"
    template.mkdir()
    put_pin_key(template)
    adopt_dates(template / "ticketsync.db", sandbox)
    with Machine(*options) as machine:
        for number in itertools.count(1, every):
            home = tmp_path / f"home-{number}"
            shutil.copytree(template, home)
            if machine.run(home, commit=number) != -9:
                return
            assert machine.run(home) == 0
            yield difference(home, sandbox)


@pytest.mark.parametrize("sales", [300])
@pytest.mark.parametrize(
    ("options", "every"),
    [
        ((), 1),
        (("--second-process",), 2),
        pytest.param(("--second-process",), 1, marks=pytest.mark.drill),
    ],
)
@pytest.mark.thorough
def test_f13_f73_killed_at_any_commit_nothing_is_lost(tmp_path, big, options, every):
    results = [*killed_at_each_commit(tmp_path, big, *options, every=every)]
    assert len(results) * every > 5  # commits
    assert results == [CLEAN] * len(results)


@pytest.mark.parametrize("sales", [300])
def test_f13_f73_control_the_bookmark_before_the_page_loses_orders(tmp_path, big):
    results = killed_at_each_commit(tmp_path, big, "--bookmark-first")
    assert any(found["lost"] for found in results)
    results.close()


@pytest.mark.drill
@pytest.mark.parametrize("options", [(), ("--second-process",)])
def test_f13_f73_killed_once_in_mid_read(tmp_path, big, options):
    _, _, results = drill(tmp_path, big, 20, *options, again=False)
    assert results == [CLEAN] * len(results)


@pytest.mark.drill
@pytest.mark.parametrize("options", [(), ("--second-process",)])
def test_f13_f73_hundreds_of_kills(tmp_path, big, options):
    done, logins, results = drill(tmp_path, big, 250, *options, tokens_too=True)
    print(f"{done} kills of {len(results)} databases, {logins} logins")
    assert done >= 250
    assert results == [CLEAN] * len(results)
    assert big.bar.families_killed <= logins


@pytest.mark.thorough
def test_f71_a_second_sync_meanwhile_is_turned_away(tmp_path, big):
    home = tmp_path / "busy"
    home.mkdir()
    put_pin_key(home)
    adopt_dates(home / "ticketsync.db", big)
    big.latency = 0.5
    environment = {**os.environ, "TICKETSYNC_HOME": str(home)}
    first = commands.start("sync", "--quiet", env=environment)
    asked = len(big.log)
    deadline = time.monotonic() + 20
    while len(big.log) == asked and time.monotonic() < deadline:
        time.sleep(0.01)

    second = commands.run("sync", env=environment)

    big.latency = 0
    assert second.returncode == 8, second.stderr
    assert "busy" in second.stderr
    assert first.wait(timeout=60) == 0
    first.stderr.close()
    assert difference(home, big) == CLEAN


@pytest.mark.thorough
def test_f74_sigterm_rolls_back_and_says_so(tmp_path, big):
    home = tmp_path / "term"
    home.mkdir()
    put_pin_key(home)
    adopt_dates(home / "ticketsync.db", big)
    big.latency = 0.3
    environment = {**os.environ, "TICKETSYNC_HOME": str(home)}
    child = commands.start("sync", env=environment)
    asked = len(big.log)
    deadline = time.monotonic() + 20
    while len(big.log) < asked + 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    child.terminate()
    code = child.wait(timeout=20)
    said = child.stderr.read()
    child.stderr.close()

    big.latency = 0
    database = engine.open_database(str(home / "ticketsync.db"))
    with database.read() as connection:
        outcomes = [
            row[0]
            for row in connection.exec_driver_sql(
                "SELECT outcome FROM sync_runs ORDER BY id DESC"
            )
        ]
    database.close()
    assert code == 143, said
    assert outcomes[0] == "interrupted"
    again = commands.run("sync", "--quiet", env=environment)
    assert again.returncode == 0
    assert difference(home, big) == CLEAN
