"""
The disk against us: full, read-only, failing, rotting; and locks of the dead.
"""

import os
import random
import sqlite3
import subprocess
import sys

import pytest
from support import commands, needs
from support.pin_keys import put_pin_key
from support.ticket_tailor_account import adopt_dates, moved_to

from ticketsync.core import errors
from ticketsync.reporting import figures_of_shows
from ticketsync.sandbox import server, world
from ticketsync.store import engine, run_lock, triggers
from ticketsync.workflows import integrity_check

DRILL = pytest.mark.drill  # the same fault at one more moment
CLI = [sys.executable, "-m", "ticketsync"]


def run(*arguments, home=None, prefix=()):
    environment = {**os.environ}
    if home is not None:
        environment["TICKETSYNC_HOME"] = str(home)
    if prefix:
        done = subprocess.run(
            [*prefix, *CLI, *arguments],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            env=environment,
            timeout=120,
        )
    else:
        done = commands.run(*arguments, env=environment)
    assert "Traceback" not in done.stderr, done.stderr
    return done


@pytest.fixture
def sold(monkeypatch):
    """
    A platform with enough orders to fill a small disk.
    """
    sandbox = server.Sandbox(world.build(orders=2000))
    monkeypatch.setenv("TT_KEY", sandbox.key)
    with server.serving(sandbox) as url:
        sandbox.url = url
        yield sandbox


def gross(home):
    database = engine.open_database(str(home / "ticketsync.db"))
    with database.read() as connection:
        sound = connection.exec_driver_sql("PRAGMA integrity_check").scalar()
        found = sum(item.gross.minor for item in figures_of_shows.figures(connection))
        outcomes = [
            row[0]
            for row in connection.exec_driver_sql(
                "SELECT outcome FROM sync_runs ORDER BY id"
            )
        ]
    database.close()
    assert sound == "ok"
    return found, outcomes


def real_gross(sandbox):
    return sum(row.gross for row in world.truth(sandbox.world))


# Locks


def test_f72_a_killed_holder_leaves_no_lock(sqlite):
    code = (
        "import sys, time\n"
        "from ticketsync.store import engine, run_lock\n"
        "database = engine.open_database(sys.argv[1])\n"
        "with run_lock.only_one(database, 'sync --due', 'me'):\n"
        "    print('have it', flush=True); time.sleep(60)\n"
    )
    child = commands.start_code(code, str(sqlite.file))
    assert child.stdout.readline() == "have it\n"
    with (
        pytest.raises(errors.Busy) as caught,
        run_lock.only_one(sqlite, "sync --due", "x"),
    ):
        pass
    assert "(me)" in caught.value.message
    child.kill()
    child.finished()

    with run_lock.only_one(sqlite, "sync --due", "x"):
        pass


def test_f72_a_file_system_without_locks_is_said(sqlite, monkeypatch):
    import errno
    import fcntl

    def none(*_):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", none)
    with (
        pytest.raises(errors.DatabaseError) as caught,
        run_lock.only_one(sqlite, "sync --due", "x"),
    ):
        pass
    assert (caught.value.word, caught.value.exit_code) == ("no-locks", 9)


# Durability


def test_f75_every_connection_waits_for_the_disk(sqlite):
    """
    What SIGKILL cannot show: FULL, and a journal that goes only after the data is
    there.
    """
    for connection in (sqlite.read, sqlite.write):
        with connection() as opened:
            pragma = opened.exec_driver_sql
            assert pragma("PRAGMA synchronous").scalar() == 2
            assert pragma("PRAGMA journal_mode").scalar() in ("truncate", "wal")


@needs.strace
@pytest.mark.thorough
def test_f75_a_commit_is_on_the_disk_before_it_is_acknowledged(sqlite, tmp_path):
    """
    Watched from outside: the file and its journal are synced before the next word is
    said; the control with `synchronous = OFF` syncs nothing.
    """
    code = (
        "import os, sys\n"
        "from ticketsync.store import engine\n"
        "from sqlalchemy import text\n"
        "database = engine.open_database(sys.argv[1])\n"
        "with database.write() as connection:\n"
        "    if sys.argv[2:]:\n"
        "        connection.exec_driver_sql('COMMIT')\n"
        "        connection.exec_driver_sql('PRAGMA synchronous = OFF')\n"
        "        connection.exec_driver_sql('BEGIN IMMEDIATE')\n"
        '    connection.execute(text("INSERT INTO productions (title)'
        " VALUES ('x')\"))\n"
        "os.write(1, b'acknowledged')\n"
    )

    def syncs(*options):
        seen = tmp_path / "calls"
        subprocess.run(
            [
                *("strace", "-f", "-o", str(seen), "-e", "trace=fsync,fdatasync,write"),
                *(sys.executable, "-c", code, str(sqlite.file), *options),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        calls = seen.read_text().splitlines()
        said = next(n for n, call in enumerate(calls) if "acknowledged" in call)
        return sum("sync(" in call for call in calls[:said])

    assert syncs() >= 2
    with sqlite.write() as connection:
        connection.exec_driver_sql("DELETE FROM productions")
    assert syncs("off") == 0


# A full disk (F80)


@pytest.mark.parametrize(
    "room", [140, *(pytest.param(pages, marks=DRILL) for pages in (40, 90))]
)
@pytest.mark.thorough
def test_f80_a_database_that_cannot_grow_ends_the_run_and_the_next_goes_on(
    home, sold, room
):
    """
    SQLite is out of room at different moments of a first sync: exit 9, sound, and
    nothing lost once there is room again.
    """
    adopt_dates(home / "ticketsync.db", sold)
    code = (
        "import sys\n"
        "from sqlalchemy import event\n"
        "from ticketsync.store import engine\n"
        "def small(connection, _):\n"
        "    pages = connection.execute('PRAGMA page_count').fetchone()[0]\n"
        "    most = int(sys.argv.pop())\n"
        "    sys.argv.append(str(most))\n"
        "    connection.execute(f'PRAGMA max_page_count = {most}').close()\n"
        "make = engine.make_engine\n"
        "def engine_of(*given):\n"
        "    found = make(*given)\n"
        "    event.listen(found, 'connect', small)\n"
        "    return found\n"
        "engine.make_engine = engine_of\n"
        "from ticketsync.core.settings.config import Settings, SyncSettings\n"
        "from ticketsync.workflows.sync import run as sync\n"
        "from ticketsync.core import errors\n"
        "try:\n"
        "    done = sync.sync(engine.open_database(), Settings(), sync.Request())\n"
        "    sys.exit(done.exit_code)\n"
        "except errors.DatabaseError as error:\n"
        "    print(error.word); sys.exit(error.exit_code)\n"
    )
    pages = (home / "ticketsync.db").stat().st_size // 4096
    done = commands.run_code(code, str(pages + room))
    assert done.returncode == 9, done.stderr
    assert "Traceback" not in done.stderr
    gross(home)

    again = run("sync", "--quiet", home=home)

    assert again.returncode == 0, again.stderr
    found, outcomes = gross(home)
    assert found == real_gross(sold)
    assert "started" not in outcomes


@pytest.fixture
def small_disk(tmp_path):
    """
    A file system of its own with so many kilobytes, which needs the right to mount.
    """
    place = tmp_path / "disk"
    place.mkdir()
    mounted = []

    def mount(kilobytes):
        needs.mount("-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(place))
        mounted.append(place)
        return place

    yield mount
    for there in mounted:
        subprocess.run(["umount", "-l", str(there)], check=True)


@pytest.mark.parametrize(
    "kilobytes", [1800, *(pytest.param(size, marks=DRILL) for size in (800, 1200))]
)
@pytest.mark.thorough
def test_f80_a_real_disk_that_runs_full(small_disk, sold, kilobytes):
    home = small_disk(kilobytes)
    put_pin_key(home)
    adopt_dates(home / "ticketsync.db", sold)

    done = run("sync", "--quiet", home=home)

    assert done.returncode == 9, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("ticketsync: disk-full: ")
    gross(home)
    subprocess.run(["mount", "-o", "remount,size=64m", str(home)], check=True)
    again = run("sync", "--quiet", home=home)
    assert again.returncode == 0, again.stderr
    found, outcomes = gross(home)
    assert found == real_gross(sold)
    assert "started" not in outcomes


@pytest.mark.thorough
def test_f80_an_export_that_does_not_fit_leaves_no_half_file(small_disk, home, sold):
    adopt_dates(home / "ticketsync.db", sold)
    run("sync", "--quiet", home=home)
    place = small_disk(24)
    done = run("export", "sales", "-o", str(place / "sales.csv"), home=home)
    assert done.returncode in (2, 9)
    assert list(place.iterdir()) == []


# Read-only (F81)


@pytest.fixture
def read_only(home, sandbox, templates):
    place = templates.copy("sqlite", "filled", home / "ticketsync.db")
    moved_to(place, sandbox).close()
    run("sync", "--quiet", home=home)  # which leaves its state beside the database
    needs.mount("--bind", str(home), str(home))
    subprocess.run(["mount", "-o", "remount,bind,ro", str(home)], check=True)
    yield home
    subprocess.run(["umount", str(home)], check=True)


@pytest.mark.parametrize(
    "command",
    [("financials", "list", "--json"), ("export", "financials"), ("sales", "list")],
)
def test_f81_reports_work_where_nothing_can_be_written(read_only, command):
    done = run(*command, home=read_only)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout) > 1000


@pytest.mark.parametrize("command", [("sync",), ("productions", "add", "New")])
def test_f81_whoever_must_write_says_read_only(read_only, command):
    done = run(*command, home=read_only)
    assert done.returncode == 9
    assert "read-only" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_f81_the_doctor_can_still_look(read_only):
    done = run("doctor", "--offline", home=read_only)
    assert done.returncode in (0, 10)


# A disk that fails (F82)


@needs.strace
@pytest.mark.parametrize(
    ("fault", "moment"),
    [
        pytest.param("EIO", 1, marks=DRILL),
        pytest.param("EIO", 4, marks=DRILL),
        ("EIO", 12),
        pytest.param("EIO", 30, marks=DRILL),
        ("ENOSPC", 4),
    ],
)
@pytest.mark.thorough
def test_f82_a_sync_of_the_disk_that_fails_ends_the_run(home, sold, fault, moment):
    """
    The n-th fsync and all after it fail: exit 9, and the next run repairs everything.
    """
    adopt_dates(home / "ticketsync.db", sold)
    inject = f"inject=fdatasync,fsync:error={fault}:when={moment}+"
    done = run(
        *("sync", "--quiet"),
        home=home,
        prefix=("strace", "-f", "-qq", "-o", "/dev/null", "-e", inject),
    )
    assert done.returncode == 9, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.split(":")[1].strip() in ("io-error", "disk-full")
    again = run("sync", "--quiet", home=home)
    assert again.returncode == 0, again.stderr
    found, outcomes = gross(home)
    assert found == real_gross(sold)
    assert "started" not in outcomes


# Bits that rot (F83)


MONEY = [
    *(("orders", column) for column in ("total", "charged", "refunded")),
    *(("tickets", column) for column in ("face", "charged", "discount", "tax")),
    *(("show_financials", column) for column in ("gross", "tickets_sold")),
    ("refunds", "amount"),
]


_sound = []


@pytest.fixture
def checked(full, settings):
    """
    A copy of a database that is sound, which is looked at once.
    """
    if not _sound:
        assert integrity_check.check(full, settings, deep=True).is_sound
        _sound.append(full)
    return full


@pytest.mark.parametrize(("table", "column"), MONEY)
@pytest.mark.sampled(5)
def test_f83_a_number_that_changed_by_itself_is_found(checked, settings, table, column):
    """
    SQLite has no checksums: a flipped bit in a number is a valid other number.
    """
    with checked.write() as connection:
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        triggers.drop_all(connection)  # a bit that flips asks none of them
        connection.exec_driver_sql(
            f"UPDATE {table} SET {column} = {column} + 8 "
            f"WHERE rowid = (SELECT min(rowid) FROM {table})"
        )

    found = integrity_check.check(checked, settings, deep=True)

    assert not found.is_sound
    if table in ("orders", "tickets", "refunds"):
        assert any(column in line for line in found.rows)


def test_f83_a_damaged_raw_record_is_named(checked, settings):
    with checked.write() as connection:
        connection.exec_driver_sql(
            "UPDATE raw_blocks SET records = zeroblob(length(records)) WHERE id = "
            "(SELECT block_id FROM raw_records WHERE kind = 'order' LIMIT 1)"
        )
    found = integrity_check.check(checked, settings, deep=True)
    assert "the raw record of order or_" in found.rows[0]


@pytest.mark.thorough
def test_f83_random_bits_are_harmless_refused_or_reported(checked, settings, tmp_path):
    assert silently_changed(checked, settings, tmp_path, seed=11, number=8) == 0


@pytest.mark.drill
def test_f83_hundreds_of_random_bits(checked, settings, tmp_path):
    assert silently_changed(checked, settings, tmp_path, seed=12, number=300) == 0


def silently_changed(checked, settings, tmp_path, seed, number):
    """
    One random bit in the file at a time; how often a figure changed and nobody said.
    """
    whole = checked.file.read_bytes()
    truth = figures_of(checked)
    checked.close()
    chance = random.Random(seed)
    silent = 0
    for _ in range(number):
        file = tmp_path / "flipped.db"
        damaged = bytearray(whole)
        damaged[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        file.write_bytes(damaged)
        try:
            database = engine.open_database(str(file))
            found = integrity_check.check(database, settings, deep=True)
            if found.is_sound and figures_of(database) != truth:
                silent += 1
            database.close()
        except (errors.TicketsyncError, ValueError, KeyError, sqlite3.DatabaseError):
            continue  # refused
    return silent


def figures_of(database):
    with database.read() as connection:
        return [
            {**item.as_json(), "last_synced_at": None}
            for item in figures_of_shows.figures(connection)
        ]
