"""
Backups: taken under load, looked through, refused when a byte has changed.
"""

import json
import random
import shutil
import sqlite3
import stat
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from support import commands
from support.old_databases import as_it_was
from support.restored_backups import restore_backup

from ticketsync.catalogue import shows
from ticketsync.core import clock, errors
from ticketsync.store import backup, engine, lease, schema


def add_venue(database, name):
    with database.write() as connection:
        shows.add_venue(connection, name, "Australia/Sydney", "AUD")


def venues(file):
    opened = engine.open_database(str(file))
    with opened.read() as connection:
        rows = connection.execute(text("SELECT name FROM venues"))
        found = set(rows.scalars())
    opened.close()
    return found


def test_f84_a_backup_taken_while_others_write_is_a_moment_that_was(sqlite, tmp_path):
    stop = threading.Event()

    def write():
        number = 0
        while not stop.is_set():
            add_venue(sqlite, f"v{number:05d}")
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        taken = [backup.take_backup(sqlite, tmp_path / f"{n}.db") for n in range(8)]
    finally:
        stop.set()
        writer.join()
    seen = [len(venues(made.file)) for made in taken]
    assert seen == sorted(seen)
    for made, number in zip(taken, seen, strict=True):
        assert backup.verify_backup(made.file) == made
        assert venues(made.file) == {f"v{n:05d}" for n in range(number)}


def test_a_backup_is_private_and_has_its_digest_beside_it(sqlite, tmp_path):
    made = backup.take_backup(sqlite, tmp_path / "sub" / "x.db")
    for file in (made.file, made.file.with_name("x.db.sha256")):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (tmp_path / "sub" / "x.db.sha256").read_text() == f"{made.digest}  x.db\n"
    assert sorted(f.name for f in (tmp_path / "sub").iterdir()) == [
        *("x.db", "x.db.sha256")
    ]
    with pytest.raises(errors.UsageError):
        backup.take_backup(sqlite, made.file)


def test_f84_restoring_brings_everything_back_and_keeps_what_was_there(
    sqlite, tmp_path
):
    add_venue(sqlite, "before")
    made = backup.take_backup(sqlite, tmp_path / "x.db")
    add_venue(sqlite, "after")
    target = backup.sqlite_file_of(sqlite)
    kept = restore_backup(backup.verify_backup(made.file), target)
    assert venues(target) == {"before"}
    assert venues(kept) == {"before", "after"}
    assert restore_backup(backup.verify_backup(made.file), target) != kept


def test_what_a_restore_replaced_is_restored_without_a_digest(sqlite, tmp_path):
    add_venue(sqlite, "before")
    made = backup.take_backup(sqlite, tmp_path / "x.db")
    target = backup.sqlite_file_of(sqlite)
    with closing(sqlite3.connect(target)) as other:  # its journal is set aside with it
        add_venue(sqlite, "after")
        assert other.execute("SELECT 1 FROM venues").fetchone()
        kept = tmp_path / "kept.db"
        for ending in ("", "-wal"):
            if Path(f"{target}{ending}").exists():
                shutil.copy(f"{target}{ending}", f"{kept}{ending}")
    with pytest.raises(errors.DatabaseError) as caught:
        backup.verify_backup(kept)
    assert "--without-digest" in caught.value.hint
    restored = tmp_path / "restored.db"
    restore_backup(backup.verify_backup(kept, without_digest=True), restored)
    assert venues(restored) == {"before", "after"}

    # A digest that is there counts, and so does damage.
    made.file.with_name("x.db.sha256").write_text("0" * 64)
    with pytest.raises(errors.DatabaseError, match="was changed"):
        backup.verify_backup(made.file, without_digest=True)
    (tmp_path / "letter.db").write_text("to my aunt" * 1000)
    with pytest.raises(errors.DatabaseError) as caught:
        backup.verify_backup(tmp_path / "letter.db", without_digest=True)
    assert caught.value.word == "corrupt"


def test_f84_a_flipped_byte_is_found_wherever_it_is(sqlite, tmp_path):
    for n in range(50):
        add_venue(sqlite, f"v{n}")
    made = backup.take_backup(sqlite, tmp_path / "x.db")
    whole = made.file.read_bytes()
    chance = random.Random(7)
    for _ in range(100):
        damaged = bytearray(whole)
        damaged[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        made.file.write_bytes(damaged)
        with pytest.raises(errors.DatabaseError) as caught:
            backup.verify_backup(made.file)
        assert caught.value.word == "digest-mismatch"
    made.file.write_bytes(whole)
    assert backup.verify_backup(made.file) == made


def test_a_backup_without_its_digest_or_of_something_else_is_refused(tmp_path, sqlite):
    made = backup.take_backup(sqlite, tmp_path / "x.db")
    (tmp_path / "x.db.sha256").unlink()
    with pytest.raises(errors.DatabaseError) as caught:
        backup.verify_backup(made.file)
    assert caught.value.word == "digest-missing"
    letter = tmp_path / "letter.db"
    letter.write_text("to my aunt" * 1000)
    with pytest.raises(errors.DatabaseError) as caught:
        backup.verify_file(letter)
    assert caught.value.word == "corrupt"


def test_f86_a_backup_of_a_newer_version_is_not_restored(sqlite, tmp_path):
    with sqlite.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    made = backup.take_backup(sqlite, tmp_path / "x.db")
    with pytest.raises(errors.DatabaseError) as caught:
        restore_backup(made, tmp_path / "new.db")
    assert caught.value.word == "schema-newer"
    assert not (tmp_path / "new.db").exists()


@pytest.mark.thorough
def test_a_database_in_use_is_not_replaced(sqlite, tmp_path):
    made = backup.take_backup(sqlite, tmp_path / "x.db")
    target = backup.sqlite_file_of(sqlite)
    with sqlite3.connect(target, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(errors.Busy):
            restore_backup(made, target)
        other.execute("ROLLBACK")
    other.close()
    with sqlite.write() as connection:
        lease.take(connection, "account tt", lease.Holder("somebody"), clock.now())
    with pytest.raises(errors.Busy, match="somebody"):
        restore_backup(made, target)
    with sqlite.write() as connection:
        ended = clock.now() - timedelta(days=1)
        lease.release(connection, "account tt", lease.Holder("somebody"))
        lease.take(connection, "account tt", lease.Holder("long dead"), ended)
    assert restore_backup(made, target) is not None


FULL = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (40000, 40000))
sys.argv = ["ticketsync", "--database", sys.argv[1], "db", "backup", "-o", sys.argv[2]]
from ticketsync.__main__ import main
main()
"""


@pytest.mark.thorough
def test_f80_a_full_disk_leaves_no_half_backup(sqlite, tmp_path):
    for n in range(50):
        add_venue(sqlite, f"v{n}")
    target = tmp_path / "out" / "x.db"
    done = commands.run_code(FULL, str(backup.sqlite_file_of(sqlite)), str(target))
    assert done.returncode == 9, done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert list(target.parent.iterdir()) == []


def cli(*arguments, code=0):
    done = commands.run(*arguments)
    assert done.returncode == code, done
    return done


@pytest.mark.thorough
def test_an_upgrade_makes_a_backup_first(home):
    file = home / "ticketsync.db"
    as_it_was(str(file))
    done = cli("db", "upgrade")
    (made,) = (home / "backups").glob("*-before-upgrade.db")
    assert str(made) in done.stderr + done.stdout
    assert backup.verify_backup(made).schema == "0001"
    assert backup.verify_file(file) == schema.PRESENT
    cli("db", "restore", str(made), "--yes")
    assert backup.verify_file(file) == "0001"
    cli("db", "upgrade", "--no-backup")
    assert backup.verify_file(file) == schema.PRESENT
    entry, restored = json.loads(cli("audit", "list", "--json").stdout)
    assert (entry["action"], entry["kind"]) == ("upgrade", "system")
    assert (restored["action"], restored["kind"]) == ("restore", "system")
    assert restored["who"] == entry["who"]
    assert restored["after"]["from"] == made.name
    assert restored["after"]["schema"] == "0001"
    assert entry["before"] == {"schema": "0001"}
    assert entry["after"] == {"schema": schema.PRESENT}


@pytest.mark.thorough
def test_backups_of_one_second_have_each_a_name(home):
    """
    Without `-o` nobody can choose another one.
    """
    cli(
        *("init", "--venue", "The Lantern Room", "--timezone", "Australia/Sydney"),
        *("--currency", "AUD", "--no-input"),
    )
    for _ in range(3):
        done = commands.run("db", "backup", at="2026-11-27T08:30:00+00:00")
        assert done.returncode == 0, done.stderr
    assert {file.name for file in (home / "backups").glob("*.db")} == {
        f"ticketsync-20261127-083000-{name}.db"
        for name in ("backup", "backup-2", "backup-3")
    }


@pytest.mark.thorough
def test_check_finds_a_figure_that_is_not_what_its_orders_come_to(home, sandbox):
    cli(
        *("init", "--venue", "The Lantern Room", "--timezone", "Australia/Sydney"),
        *("--currency", "AUD", "--no-input"),
    )
    cli(
        *("accounts", "add", "ticket_tailor", "tt", "--base-url", sandbox.url),
        *("--secret-env", "TT_KEY"),
    )
    cli("events", "fetch")
    cli("shows", "adopt", "--all")
    cli("sync", "--quiet")
    report = json.loads(cli("db", "check", "--json").stdout)
    assert (report["shows"], report["differences"]) == (40, [])
    with sqlite3.connect(home / "ticketsync.db") as connection:
        connection.execute(
            "UPDATE show_financials SET tickets_sold = 7 WHERE show_id = 3"
        )
    connection.close()
    report = json.loads(cli("db", "check", "--json", code=10).stdout)
    assert [row["show_id"] for row in report["differences"]] == [3]
    cli("financials", "rebuild")
    cli("db", "check")
