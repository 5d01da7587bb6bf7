"""
Pages parsed by a second process: the same figures, whatever becomes of it.
"""

import base64
import contextlib
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from concurrent import futures
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from multiprocessing import resource_tracker

import pytest
from support.database_dump import dump
from support.platform_accounts import run as platform_run
from support.platform_accounts import set_up
from support.ticket_tailor_account import figures, moved_to, truth

from ticketsync.core.settings.config import AccountSettings, SyncSettings
from ticketsync.sandbox.faults import Plan
from ticketsync.workflows.sync import parse_ahead
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.parse import offline_provider
from ticketsync.workflows.sync.run import Request

# Well-formed as far as walking looks, and nothing that we believe.
TWICE = 'instead:"total"|"total": 0, "total"'
HUGE = 'instead:"total"|"more": 1e999, "total"'


class Watched(ProcessPoolExecutor):
    """
    Remembers every one that was started, and what it was given; up from the beginning.
    """

    started = ()

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.given = [pickle.dumps(options["initargs"])]
        Watched.started = (*Watched.started, self)
        super().submit(parse_ahead._is_up).result(timeout=60)
        (self.number,) = self._processes

    def submit(self, call, *arguments):
        future = super().submit(call, *arguments)
        if arguments:
            self.given.append(pickle.dumps(arguments))
        else:
            future.result(timeout=60)
        return future


class Dying(Watched):
    """
    Killed after its first answer.
    """

    def submit(self, call, *arguments):
        future = super().submit(call, *arguments)
        if arguments:
            future.result(timeout=60)
            for process in self._processes.values():
                process.kill()
                process.join()
        return future


class Stopped(Watched):
    """
    Never answers a page.
    """

    def submit(self, call, *arguments):
        if arguments:
            os.kill(self.number, signal.SIGSTOP)
        return super().submit(call, *arguments)


@pytest.fixture
def helped(monkeypatch):
    """
    A second process even for a few orders, and on a machine with one processor.
    """
    Watched.started = ()
    monkeypatch.setattr(parse_ahead, "MANY", 1)
    monkeypatch.setattr(parse_ahead, "_processors", lambda: 2)
    monkeypatch.setattr(futures, "ProcessPoolExecutor", Watched)


@pytest.fixture
def settings(settings):
    """
    One reader, so that pages come in the same order each time; people are kept.
    """
    return replace(
        settings,
        sync=SyncSettings(workers=1, wait_seconds=0),
        accounts={"tt": AccountSettings(keep_people=True)},
    )


@pytest.fixture
def on_sqlite(templates, sandbox):
    database = moved_to(templates.copy("sqlite", "adopted"), sandbox)
    yield database
    database.close()


def run(database, settings, **request):
    return sync.sync(database, settings, Request(**request))


@pytest.mark.thorough
def test_the_second_process_reads_what_the_first_would(
    adopted, settings, sandbox, helped, on_sqlite, monkeypatch
):
    result = run(adopted, settings)
    (helper,) = Watched.started
    assert result.exit_code == 0
    assert len(helper.given) == 1 + 3  # how to begin, and a page for each 100 orders
    assert figures(adopted) == truth(sandbox)

    monkeypatch.setattr(parse_ahead, "_processors", lambda: 1)
    run(on_sqlite, settings)

    assert len(Watched.started) == 1
    if adopted.dialect == "sqlite":
        assert dump(adopted) == dump(on_sqlite)


@pytest.mark.thorough
def test_a_sweep_that_finds_nothing_new_changes_nothing(
    on_sqlite, settings, helped, sandbox
):
    run(on_sqlite, settings)
    before = dump(on_sqlite)

    counts = run(on_sqlite, settings, full=True).results[0].counts

    assert len(Watched.started) == 2
    assert (counts.created, counts.updated, counts.quarantined) == (0, 0, 0)
    assert dump(on_sqlite) == before


def test_no_key_is_among_what_it_is_given(on_sqlite, settings, helped, sandbox):
    run(on_sqlite, settings)
    (helper,) = Watched.started
    given = b"".join(helper.given)
    assert b"or_" in given
    assert sandbox.key.encode() not in given
    assert base64.b64encode(f"{sandbox.key}:".encode()) not in given


@pytest.mark.parametrize("kind", [Dying, Stopped, "cannot start"])
@pytest.mark.sampled(3)
def test_without_it_the_work_is_done_here(
    on_sqlite, settings, helped, sandbox, monkeypatch, kind
):
    if kind in (Dying, Stopped):
        monkeypatch.setattr(parse_ahead, "ANSWER_SECONDS", 0.3)
        monkeypatch.setattr(futures, "ProcessPoolExecutor", kind)
    else:
        monkeypatch.setattr(parse_ahead, "_start", _no_process)

    assert run(on_sqlite, settings).exit_code == 0

    assert figures(on_sqlite) == truth(sandbox)
    assert len(Watched.started) == (1 if kind in (Dying, Stopped) else 0)
    assert not any(_lives(helper.number) for helper in Watched.started)


def _no_process(*_, **__):
    raise BlockingIOError(11, "Resource temporarily unavailable")


def test_a_few_orders_are_not_worth_a_process(on_sqlite, settings, helped, monkeypatch):
    monkeypatch.setattr(parse_ahead, "MANY", 1000)
    run(on_sqlite, settings)
    assert Watched.started == ()


@pytest.mark.parametrize("fault", [TWICE, HUGE])
@pytest.mark.parametrize("processors", [1, 2])
@pytest.mark.sampled(4)
def test_f21_nothing_behind_a_page_that_lies_is_saved(
    on_sqlite, settings, helped, sandbox, monkeypatch, fault, processors
):
    """
    F21: what walking did not look at is found where the page is parsed, and the
    place in the list stays before it.
    """
    monkeypatch.setattr(parse_ahead, "_processors", lambda: processors)
    sandbox.faults.plan(Plan(fault, path="/orders", skip=1))

    result = run(on_sqlite, settings)

    (account,) = result.results
    assert (account.exit_code, account.word) == (6, "not-json")
    assert account.counts.created == 100
    assert run(on_sqlite, settings).exit_code == 0
    assert figures(on_sqlite) == truth(sandbox)


SURVIVOR = """
import time
from ticketsync.workflows.sync import parse_ahead
from ticketsync.workflows.sync.parse import offline_provider

class Provider:
    class spec:
        name = "ticket_tailor"

if __name__ == "__main__":
    pool = parse_ahead._start(parse_ahead.Parser(Provider, {}, False))
    pool.submit(parse_ahead._is_up).result()
    print(*pool._processes, flush=True)
    time.sleep(60)
"""


def test_f73_it_ends_with_whoever_started_it(tmp_path):
    file = tmp_path / "survivor.py"
    file.write_text(SURVIVOR)
    parent = subprocess.Popen([sys.executable, file], stdout=subprocess.PIPE)
    number = int(parent.stdout.readline())
    os.kill(number, 0)  # it lives

    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()

    until = time.monotonic() + 10
    while _lives(number) and time.monotonic() < until:
        time.sleep(0.02)
    assert not _lives(number)


def _lives(number):
    with contextlib.suppress(OSError), open(f"/proc/{number}/stat") as file:
        return file.read().rpartition(")")[2].split()[0] != "Z"
    return False


def test_the_process_that_parses_loads_no_database_and_no_network():
    # Its start was a quarter of what it saved while it loaded both.
    heavy = ["sqlalchemy", "sqlmodel", "pydantic", "httpx", "authlib", "rich"]
    look = (
        "import sys, ticketsync.workflows.sync.parse_ahead as ahead;"
        "from ticketsync.providers import registry;"
        "ahead._begin('ticket_tailor', {}, False);"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", look], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def started_in(folder, monkeypatch):
    """
    Whether the process that parses imports a module of the current folder.
    """
    mark = folder / "imported"
    (folder / "_compat_pickle.py").write_text(
        f"open({str(mark)!r}, 'w')\nraise ImportError\n"
    )
    monkeypatch.chdir(folder)
    parser = parse_ahead.Parser(offline_provider("ticket_tailor", {}), {}, False)
    pool = parse_ahead._start(parser)
    with contextlib.suppress(BrokenProcessPool):
        parse_ahead._launch(pool).result(timeout=60)
    pool.shutdown()
    return mark.exists()


def test_nothing_is_imported_from_the_current_folder(tmp_path, monkeypatch):
    """
    Nor by the process that keeps count of locks, which the first pool starts.
    """
    resource_tracker._resource_tracker._stop()
    assert not started_in(tmp_path, monkeypatch)


def test_control_without_the_safe_path_the_current_folder_is_looked_at(
    tmp_path, monkeypatch
):
    resource_tracker.ensure_running()  # it would fail, and be started again
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    monkeypatch.setattr(parse_ahead, "_safe_path", contextlib.nullcontext)
    assert started_in(tmp_path, monkeypatch)


@pytest.mark.parametrize("name", ["eventbrite", "wix", "square"], indirect=True)
@pytest.mark.thorough
def test_every_platform_that_lists_in_bulk_is_parsed_alike_by_either_process(
    sqlite, settings, fake_server, name, helped, monkeypatch
):
    """
    Older versions of its orders, and events that only orders name, go along.
    """
    settings = replace(settings, accounts={})
    monkeypatch.setattr(parse_ahead, "MANY", 0)
    dumps = []
    for processors in (2, 1):
        monkeypatch.setattr(parse_ahead, "_processors", lambda n=processors: n)
        set_up(sqlite, settings, fake_server, name, world="parsed alike")
        for full in (False, True):
            platform_run(sqlite, settings, full=full)
        dumps.append(dump(sqlite))
    assert len(Watched.started) == 2
    assert dumps[0] == dumps[1]


def test_two_threads_that_start_a_process_leave_the_environment_as_it_was(monkeypatch):
    """
    The first to be done must not take the safe path away from the other's process.
    """
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    inside, may_leave, seen = threading.Event(), threading.Event(), []

    def first():
        with parse_ahead._safe_path():
            inside.set()
            may_leave.wait(20)

    def second():
        with parse_ahead._safe_path():
            seen.append(os.environ.get("PYTHONSAFEPATH"))

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    inside.wait(20)
    threads[1].start()
    threads[1].join(0.05)
    assert seen == []  # it waits
    may_leave.set()
    for thread in threads:
        thread.join(20)
    assert seen == ["1"]
    assert "PYTHONSAFEPATH" not in os.environ
