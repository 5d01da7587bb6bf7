"""
`serve` and a settings file that changes while it runs.
"""

import os
from decimal import Decimal

import pytest

from ticketsync.core import config
from ticketsync.jobs import settings_watch, worker
from ticketsync.jobs.settings_watch import RESTART, SettingsWatch


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
        worker.receive, "process_deliveries", lambda _, settings: seen.append(settings)
    )
    jobs = worker._jobs(sqlite, watch.current, worker.SyncRequests())
    worker._run_all(jobs)
    write("sync:\n  workers: 5\naccounts:\n  tt:\n    fees:\n      per_ticket: 1.50\n")
    worker._run_all(jobs)
    assert [settings.sync.workers for settings in seen] == [3, 5]
    assert seen[1].account("tt").fees.per_ticket == Decimal("1.50")
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
