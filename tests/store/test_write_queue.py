"""
The line of those who write to a SQLite file. Each promise about the order is about who
came before whom, never about seconds.
"""

import contextlib
import os
import signal
import stat
import subprocess
import sys
import threading

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from support import commands, needs, waiting_locks
from support.waiting import wait_until

from ticketsync.catalogue import shows
from ticketsync.core import errors
from ticketsync.store import backup, engine, file_locks, kernel_locks
from ticketsync.store.engine import Database
from ticketsync.store.write_queue import ThreadLine, WriteQueue

WRITERS = 6


@pytest.fixture
def file(sqlite):
    return sqlite.file


@pytest.fixture
def opened(file):
    """
    Opens the database anew, with a line of its own, as another process does.
    """
    made = []

    def open_again(name=file):
        made.append(engine.open_database(str(name)))
        return made[-1]

    yield open_again
    for database in made:
        database.close()


def beside(file, ending):
    return file.with_name(f"{file.name}.{ending}")


def queue(file, seconds=20):
    return WriteQueue(file, seconds=seconds, thread_seconds=seconds)


def start(work):
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def join(threads):
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()


# Order


@waiting_locks.needed
def test_writers_come_in_the_order_of_asking(sqlite, file, opened):
    order = []

    def write(number, database):
        with database.write():
            order.append(number)

    threads = []
    with sqlite.write():
        for number in range(WRITERS):
            database = opened()
            threads.append(start(lambda n=number, d=database: write(n, d)))
            waiting_locks.wait_for(number + 1, file)
    join(threads)
    assert order == [*range(WRITERS)]


@waiting_locks.needed
def test_processes_come_in_the_order_of_asking(sqlite, file, tmp_path):
    script = (
        "import sys; from ticketsync.store import engine\n"
        "with engine.open_database(sys.argv[1]).write():\n"
        "    open(sys.argv[2], 'a').write(sys.argv[3])\n"
    )
    output = tmp_path / "order"
    children = []
    with sqlite.write():
        for number in range(3):
            words = (str(file), str(output), str(number))
            children.append(commands.start_code(script, *words))
            waiting_locks.wait_for(number + 1, file)
    assert [child.finished() for child in children] == ["", "", ""]
    assert [child.returncode for child in children] == [0, 0, 0]
    assert output.read_text() == "012"


def orders_without_line(sqlite, opened):
    """
    The order in which writers come that ask one after the other while somebody writes.
    """
    order, threads = [], []
    asked = threading.Semaphore(0)

    def write(number, database):
        asked.release()
        with database.write():
            order.append(number)

    with sqlite.write() as connection:
        for number in range(WRITERS):
            database = opened()
            threads.append(start(lambda n=number, d=database: write(n, d)))
            asked.acquire()
        connection.execute(text("SELECT 1"))
    join(threads)
    return order


def test_control_sqlite_lets_them_in_as_it_happens(sqlite, opened, monkeypatch):
    free = lambda database, **_: contextlib.nullcontext()  # noqa: E731
    monkeypatch.setattr(Database, "_one_writer", free)
    found = [orders_without_line(sqlite, opened) for _ in range(5)]
    assert any(order != [*range(WRITERS)] for order in found)


def asks_again(file):
    """
    Who came first of two that wait and of the one who had the turn and asked again.
    """
    order, threads = [], []

    def wait(name):
        with queue(file).turn():
            order.append(name)

    with queue(file).turn():
        for number in range(2):
            threads.append(start(lambda n=number: wait(n)))
            waiting_locks.wait_for(number + 1, file)
    wait("again")
    join(threads)
    return order[0]


@waiting_locks.needed
@pytest.mark.thorough
def test_who_has_just_written_comes_after_those_who_wait(file):
    assert {asks_again(file) for _ in range(100)} == {0}


@waiting_locks.needed
@pytest.mark.thorough
def test_control_with_one_lock_it_gets_in_ahead_of_them(file, monkeypatch):
    def enter(line, turn):
        turn.callback(line._take(".writelock", 20).release)

    monkeypatch.setattr(WriteQueue, "_enter", enter)
    assert "again" in {asks_again(file) for _ in range(100)}


def test_threads_of_one_database_come_in_the_order_of_asking():
    line, order, threads = ThreadLine(), [], []

    def wait(number):
        line.acquire(20)
        order.append(number)
        line.release()

    line.acquire(0)
    for number in range(WRITERS):
        threads.append(start(lambda n=number: wait(n)))
        assert wait_until(lambda n=number: len(line._waiting) == n + 1)
    line.release()
    line.acquire(20)  # asked again: behind all of them
    assert order == [*range(WRITERS)]
    line.release()
    join(threads)


def test_a_thread_that_gives_up_is_passed_over():
    line = ThreadLine()
    line.acquire(0)
    with pytest.raises(TimeoutError):
        line.acquire(0.01)
    line.release()
    line.acquire(0)


# Time limits, and holders that die


def test_who_waits_too_long_gets_the_error_of_sqlite(file, opened, monkeypatch):
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.05)
    late = opened()

    def wait():
        with pytest.raises(errors.DatabaseError) as caught, late.write():
            pass
        assert (caught.value.word, caught.value.exit_code) == ("db-locked", 9)
        assert "database is locked" in caught.value.message
        ended.append("refused")

    ended = []
    with holder(file):
        join([start(wait) for _ in range(2)])  # the next one, and one behind it
    assert ended == ["refused"] * 2
    assert wait_until(lambda: not kernel_locks._handles)  # of threads left behind
    with late.write() as connection:  # nothing of the attempts is left
        shows.add_production(connection, "Macbeth")


def test_an_upgrade_stands_in_line_too(sqlite, file, monkeypatch):
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.05)
    with sqlite.write(), pytest.raises(errors.DatabaseError) as caught:
        engine.create_database(str(file))
    assert caught.value.word == "db-locked"
    engine.create_database(str(file)).close()


HOLDS = """
import os, pathlib, sys
from ticketsync.store import kernel_locks
from ticketsync.store.write_queue import WriteQueue
with WriteQueue(pathlib.Path(sys.argv[1]), seconds=20, thread_seconds=20).turn():
    if "forked" in sys.argv:
        if "copied" in sys.argv:
            kernel_locks._handles.clear()
        if not os.fork():
            sys.stdin.read()
            os._exit(0)
    print("has it", flush=True)
    sys.stdin.read()
"""


@contextlib.contextmanager
def holder(file, *how):
    """
    A process that has the turn; with `forked` it has a child that outlives it.
    """
    child = commands.start_code(HOLDS, str(file), *how)
    assert child.stdout.readline() == "has it\n"
    yield child
    child.stdin.close()
    child.wait(20)
    child.stdout.close()


def test_the_turn_of_a_killed_writer_is_free(file):
    with holder(file) as child:
        with pytest.raises(TimeoutError), queue(file, 0).turn():
            pass
        child.send_signal(signal.SIGKILL)
        with queue(file).turn():
            pass


def test_nobody_inherits_the_turn_of_a_killed_writer(file):
    with holder(file, "forked") as child:
        child.send_signal(signal.SIGKILL)
        with queue(file).turn():
            pass


def test_control_a_copy_of_the_open_file_keeps_it(file):
    with holder(file, "forked", "copied") as child:
        child.send_signal(signal.SIGKILL)
        child.wait(20)
        with pytest.raises(TimeoutError), queue(file, 0).turn():
            pass


def test_nothing_is_inherited_by_programs_that_are_started(sqlite):
    script = "import os; print(len(os.listdir('/proc/self/fd')))"

    def number_open():
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, close_fds=False
        )
        return done.stdout

    before = number_open()
    with sqlite.write():
        assert number_open() == before


def test_who_gives_up_leaves_no_lock_behind(file):
    line = queue(file, 0.02)
    with queue(file).turn(), pytest.raises(TimeoutError), line.turn():
        pass
    assert wait_until(lambda: not kernel_locks._handles)
    with line.turn():
        pass


# Writing inside a write


def test_a_write_inside_a_write_is_refused_at_once(sqlite, opened):
    """
    It would wait for itself, also where the database was opened twice.
    """
    for inner in (sqlite, opened()):
        with (
            pytest.raises(errors.DatabaseError) as caught,
            sqlite.write(),
            inner.write(),
        ):
            pass
        assert caught.value.word == "db-locked"
    with sqlite.write():
        pass


# Files


def test_the_lock_files_are_private_like_the_database(sqlite, file):
    for mode, expected in ((0o600, 0o600), (0o660, 0o660), (0o644, 0o600)):
        file.chmod(mode)
        for ending in ("writelock", "nextlock"):
            beside(file, ending).unlink(missing_ok=True)
        with sqlite.write():
            pass
        found = [beside(file, ending).stat() for ending in ("writelock", "nextlock")]
        assert {stat.S_IMODE(it.st_mode) for it in found} == {expected}


@needs.root
def test_what_root_writes_locks_nobody_out(sqlite, file):
    os.chown(file, 4321, 4321)
    with sqlite.write():
        pass
    found = beside(file, "writelock").stat()
    assert (found.st_uid, found.st_gid) == (4321, 4321)


def test_where_files_cannot_be_locked_writing_goes_on(sqlite, file):
    beside(file, "nextlock").unlink(missing_ok=True)
    beside(file, "nextlock").mkdir()
    with sqlite.write(urgent=True) as connection:
        shows.add_production(connection, "Macbeth")
    with sqlite.read() as connection:
        titles = connection.scalars(text("SELECT title FROM productions")).all()
    assert titles == ["Macbeth"]
    beside(file, "nextlock").rmdir()


def test_a_planted_link_is_not_followed(sqlite, file, tmp_path):
    victim = tmp_path / "victim"
    for ending in ("writelock", "nextlock", "tilllock"):
        beside(file, ending).unlink(missing_ok=True)
        beside(file, ending).symlink_to(victim)
    with sqlite.write(urgent=True):
        assert not sqlite.has_urgent_writers()
    assert not victim.exists()


def test_both_names_of_a_file_are_one_line(sqlite, file, opened, tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.01)
    link = tmp_path / "elsewhere.db"
    link.symlink_to(file)
    other = WriteQueue(link, seconds=0, thread_seconds=0)
    with sqlite.write():
        taken = []
        thread = start(lambda: taken.append(is_taken(other)))
        join([thread])
    assert taken == [True]


def is_taken(line):
    try:
        with line.turn():
            return False
    except TimeoutError:
        return True


def test_a_database_without_a_file_has_no_line():
    for name in (None, "", ":memory:"):
        made = engine.make_engine(URL.create("sqlite", database=name))
        assert engine._queue_of(made) is None
        made.dispose()


# A file that is another one by now


def test_what_is_saved_never_goes_to_a_file_that_was_moved(sqlite, file, opened):
    copy = backup.take_backup(sqlite, file.with_name("copy.db")).file
    file.rename(file.with_name("old.db"))
    copy.rename(file)
    with pytest.raises(errors.DatabaseError) as caught, sqlite.write() as connection:
        shows.add_production(connection, "Macbeth")
    assert caught.value.word == "db-replaced"
    with sqlite.write() as connection:  # by a connection to what is there now
        shows.add_production(connection, "Hamlet")
    both = [opened(file.with_name("old.db")), opened()]
    found = []
    for database in both:
        with database.read() as connection:
            found.append(
                connection.scalars(text("SELECT title FROM productions")).all()
            )
    assert found == [[], ["Hamlet"]]


def test_nothing_is_saved_where_the_file_is_gone(sqlite, file):
    file.rename(file.with_name("old.db"))
    with pytest.raises(errors.DatabaseError) as caught, sqlite.write():
        pass
    assert caught.value.word == "db-replaced"
    file.with_name("old.db").rename(file)


def test_a_restore_waits_for_no_writer_and_replaces_nothing_under_one(
    sqlite, file, monkeypatch
):
    monkeypatch.setattr(backup, "_SECONDS", 0.05)
    made = backup.take_backup(sqlite, file.with_name("copy.db"))
    with backup.staged(made, file) as copy:
        with holder(file), pytest.raises(errors.Busy):
            backup.put_in_place(copy, file)
        assert backup.put_in_place(copy, file) is not None


# Windows


def test_polling_keeps_others_out_too(tmp_path):
    file = tmp_path / "lock"
    held = file_locks.take_by_polling(file, 0)
    with pytest.raises(TimeoutError):
        file_locks.take_by_polling(file, 0.02)
    held.release()
    file_locks.take_by_polling(file, 0).release()


# Urgent writers


@waiting_locks.needed
def test_an_urgent_writer_is_seen_while_it_waits_and_no_longer(sqlite, file, opened):
    till = opened()
    seen = []

    def sell():
        with till.write(urgent=True):
            seen.append(sqlite.has_urgent_writers())

    assert not sqlite.has_urgent_writers()
    with sqlite.write():
        thread = start(sell)
        waiting_locks.wait_for(1, file)
        assert sqlite.has_urgent_writers()
    join([thread])
    assert seen == [False]


@waiting_locks.needed
def test_other_writers_are_not_urgent(sqlite, file, opened):
    other = opened()

    def write():
        with other.write():
            pass

    with sqlite.write():
        thread = start(write)
        waiting_locks.wait_for(1, file)
        assert not sqlite.has_urgent_writers()
    join([thread])


def test_on_postgresql_nobody_waits_for_others(database):
    with database.write(urgent=True):
        assert not database.has_urgent_writers()
