"""
`serve` and a settings file that changes while it runs.
"""

import json
import os
from datetime import timedelta
from decimal import Decimal

import pytest
from support import commands
from support.dates import NOW

from ticketsync.core import clock
from ticketsync.core.settings import config
from ticketsync.core.settings.config import Settings
from ticketsync.jobs import settings_watch, worker
from ticketsync.jobs.settings_watch import RESTART, SettingsWatch
from ticketsync.web.site import Site


@pytest.fixture
def watched(home):
    """
    The watch of a settings file, a function that writes the file, and what was said.
    """
    file = home / "config.yaml"

    def write(text):
        file.write_text(text)
        stat = file.stat()  # a coarse clock may not show the change
        os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns + write.count * 10**9))
        write.count += 1

    write.count = 1
    write("sync:\n  workers: 3\n")
    said = []
    watch = SettingsWatch(file, config.load(file), said.append)
    return watch, write, said


def test_the_worker_takes_up_new_settings(watched, sqlite, monkeypatch):
    """
    A fee rate, for instance, holds for the next delivery without a new start.
    """
    watch, write, said = watched
    seen = []
    monkeypatch.setattr(
        worker.delivery_processing,
        "process_deliveries",
        lambda _, settings, stop: seen.append(settings),
    )
    jobs = worker._jobs(sqlite, watch.current, worker.SyncRequests())
    worker._run_all(jobs, worker.Worker())
    write("sync:\n  workers: 5\naccounts:\n  tt:\n    fees:\n      per_ticket: 1.50\n")
    worker._run_all(jobs, worker.Worker())
    assert [settings.sync.workers for settings in seen] == [3, 5]
    assert seen[1].account("tt").fees[0].per_ticket == Decimal("1.50")
    assert said == []


@pytest.mark.parametrize(
    "text", ["sync: [", "synk:\n  workers: 5\n", "sync:\n  workers: many\n"]
)
def test_a_mistake_is_said_once_and_the_earlier_settings_hold(watched, text):
    watch, write, said = watched
    write(text)
    assert [watch.current().sync.workers for _ in range(3)] == [3, 3, 3]
    (only,) = said
    assert "goes on with the earlier settings" in only
    write("sync:\n  workers: 4\n")
    assert watch.current().sync.workers == 4
    assert len(said) == 1


@pytest.mark.parametrize(
    "text", ["serve:\n  public_url: https://new.example\n", "database: other.db\n"]
)
def test_what_only_a_new_start_can_change_is_said(watched, text):
    watch, write, said = watched
    write(text)
    watch.current()
    watch.current()
    assert said == [RESTART]


def test_a_file_that_is_away_is_said_and_one_that_stays_is_not_read(
    watched, home, monkeypatch
):
    watch, _, said = watched
    with monkeypatch.context() as patch:
        patch.setattr(settings_watch.config, "load", None)
        assert watch.current().sync.workers == 3
    (home / "config.yaml").unlink()
    assert watch.current().sync.workers == 3
    assert len(said) == 1


def test_a_file_that_is_being_written_is_read_when_it_is_settled(watched, home, frozen):
    """
    An editor empties the file, writes half of it, then the rest; the worker looks
    several times each poll. Before it has been left alone for two seconds nothing of it
    counts, and then all does. Without the wait, the half that has no fees counts.
    """
    watch, _, said = watched
    file = home / "config.yaml"
    half = "sync:\n  workers: 5\n"
    whole = half + "accounts:\n  tt:\n    fees:\n      per_ticket: 1.50\n"
    for second, text in ((0, ""), (1, half), (2, whole)):
        frozen(NOW + timedelta(seconds=second))
        file.write_text(text)
        os.utime(file, (clock.now().timestamp(),) * 2)
        for later in (0, 0.4, 0.9):
            frozen(NOW + timedelta(seconds=second + later))
            assert [watch.current().sync.workers for _ in range(5)] == [3] * 5
    frozen(NOW + timedelta(seconds=4.1))
    assert watch.current().account("tt").fees[0].per_ticket == Decimal("1.50")
    assert said == []


def test_without_the_wait_half_a_file_would_count(watched, home, frozen, monkeypatch):
    """
    The control of the test above.
    """
    watch, _, _ = watched
    monkeypatch.setattr(settings_watch, "SETTLED_SECONDS", 0)
    (home / "config.yaml").write_text("sync:\n  workers: 5\n")
    assert watch.current().sync.workers == 5


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_an_empty_file_never_replaces_settings_and_is_named(watched, text):
    """
    However long it stays empty: said once, and the earlier settings hold. A file of
    comments alone is somebody's choice.
    """
    watch, write, said = watched
    write(text)
    assert [watch.current().sync.workers for _ in range(3)] == [3, 3, 3]
    (only,) = said
    assert "is empty; `serve` goes on with the earlier settings" in only
    write("# all as it comes\n")
    assert watch.current() == Settings()


def test_status_names_an_empty_settings_file(ready, home):
    (home / "config.yaml").write_text("")
    (home / "config.yaml").chmod(0o600)
    said = " ".join(commands.run("status").stdout.split())
    assert "config.yaml is empty: all settings are the defaults." in said
    found = json.loads(commands.run("status", "--json").stdout)
    assert found["settings_problem"].endswith("is empty: all settings are the defaults")
    (home / "config.yaml").write_text("# nothing\n")
    found = json.loads(commands.run("status", "--json").stdout)
    assert found["settings_problem"] is None


def test_the_pages_compute_with_the_present_fee_rates(watched, sqlite):
    """
    Excluding and including a show computes it again: with the rates of the start, its
    fees would go back to what they were.
    """
    watch, write, _ = watched
    site = Site(sqlite, watch.current(), read_settings=watch.current)
    before = Site(sqlite, watch.current())
    write("accounts:\n  tt:\n    fees:\n      per_ticket: 5.00\n")

    assert site.settings.account("tt").fees[0].per_ticket == Decimal("5.00")
    assert before.settings.account("tt").fees == ()  # the control


def test_what_only_the_start_can_set_stays_as_it_was(watched):
    watch, write, said = watched
    write("serve:\n  allow: ['10.0.0.0/8']\naccounts:\n  tt:\n    people: true\n")

    now = watch.current()

    assert now.serve == watch._at_start.serve
    assert now.account("tt").keep_people is True
    assert said == [RESTART]
