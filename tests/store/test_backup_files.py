"""
Files of backups: names with any character, links and journals beside them, and what is
left behind when something fails.
"""

import hashlib
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from support.restored_backups import restore_backup

import ticketsync
from ticketsync.catalogue import shows
from ticketsync.core import clock, errors
from ticketsync.store import backup, engine, staging_folder, untrusted_files

ODD_NAMES = (
    "b?x.db",
    "b#x.db",
    "b%41.db",
    "b%3Fx.db",
    "b x;.db",
    "b&mode=rwc.db",
    "ü.db",
)


def venue_names(file):
    with sqlite3.connect(file) as connection:
        found = {name for (name,) in connection.execute("SELECT name FROM venues")}
    connection.close()
    return found


def add_venue(database, name):
    with database.write() as connection:
        shows.add_venue(connection, name, "Australia/Sydney", "AUD")


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_backup_of_any_name_is_the_file_of_that_name(sqlite, tmp_path, name):
    """
    A file with the name's beginning lies beside it: it is neither read nor written.
    """
    add_venue(sqlite, "mine")
    decoys = [
        tmp_path / cut for cut in ("b", "b.db", "bA.db", "b?x.db", "b x") if cut != name
    ]
    for decoy in decoys:
        decoy.write_text("a decoy")
    made = backup.take_backup(sqlite, tmp_path / name)
    assert venue_names(made.file) == {"mine"}
    target = tmp_path / f"restored {name}"
    restore_backup(backup.verify_backup(made.file), target)
    assert venue_names(target) == {"mine"}
    assert {decoy.read_text() for decoy in decoys} == {"a decoy"}
    opened = engine.open_database(str(target))
    assert backup.sqlite_file_of(opened) == target
    opened.close()


def test_the_database_itself_may_have_any_name(tmp_path):
    for name in ODD_NAMES:
        database = engine.create_database(str(tmp_path / name))
        add_venue(database, name)
        made = backup.take_backup(database, tmp_path / f"backup of {name}")
        assert venue_names(made.file) == {name}
        database.close()


def test_a_backup_writes_through_no_link(sqlite, tmp_path):
    """
    4 attempts: the digest's name, the old and the new name of the copy, the backup's.
    """
    victim = tmp_path / "victim"
    links = ("x.db.sha256", ".x.db.new", ".x.db.new-journal")
    for name in links:
        victim.write_text("mine")
        (tmp_path / name).unlink(missing_ok=True)
        (tmp_path / name).symlink_to(victim)
        (tmp_path / "x.db").unlink(missing_ok=True)
        made = backup.take_backup(sqlite, tmp_path / "x.db")
        assert victim.read_text() == "mine", name
        assert backup.verify_backup(made.file) == made
    (tmp_path / "y.db").symlink_to(tmp_path / "nothing")
    with pytest.raises(errors.UsageError):
        backup.take_backup(sqlite, tmp_path / "y.db")
    assert not (tmp_path / "nothing").exists()


def test_control_a_digest_written_by_its_name_would_follow_a_link(tmp_path):
    """
    As the version before wrote it.
    """
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / "x.db.sha256").symlink_to(victim)
    handle = os.open(
        tmp_path / "x.db.sha256", os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600
    )
    os.write(handle, b"digest")
    os.close(handle)
    assert victim.read_text() == "digest"


def test_what_is_restored_is_what_was_checked(sqlite, tmp_path):
    """
    The backup is exchanged, or a journal is put beside it, after it was verified.
    """
    add_venue(sqlite, "good")
    made = backup.take_backup(sqlite, tmp_path / "x.db")
    verified = backup.verify_backup(made.file)
    add_venue(sqlite, "evil")
    other = backup.take_backup(sqlite, tmp_path / "evil.db")
    good = made.file.read_bytes()
    made.file.write_bytes(other.file.read_bytes())
    target = tmp_path / "restored.db"
    with pytest.raises(errors.DatabaseError) as caught:
        restore_backup(verified, target)
    assert caught.value.word == "digest-mismatch"
    assert not target.exists()
    made.file.write_bytes(good)
    made.file.with_name("x.db-wal").write_bytes(other.file.read_bytes())
    made.file.with_name("x.db-journal").write_bytes(other.file.read_bytes())
    restore_backup(backup.verify_backup(made.file), target)
    assert venue_names(target) == {"good"}


def test_a_write_ahead_log_beside_a_backup_is_not_part_of_it(sqlite, tmp_path):
    """
    A real one, which SQLite would read: the control reads it.
    """
    add_venue(sqlite, "good")
    file = tmp_path / "x.db"
    backup.take_backup(sqlite, file)
    with sqlite3.connect(file) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
    writer.close()
    bytes_ = file.read_bytes()
    file.with_name("x.db.sha256").write_text(
        hashlib.sha256(bytes_).hexdigest() + "  x.db\n"
    )
    writer = sqlite3.connect(file, isolation_level=None)
    writer.execute(
        "INSERT INTO venues (name, timezone, currency)"
        " SELECT 'evil', timezone, currency FROM venues"
    )
    log = file.with_name("x.db-wal").read_bytes()
    writer.close()
    file.write_bytes(bytes_)
    file.with_name("x.db-wal").write_bytes(log)
    restore_backup(backup.verify_backup(file), tmp_path / "restored.db")
    assert venue_names(tmp_path / "restored.db") == {"good"}
    assert venue_names(file) == {"good", "evil"}


def names_in(folder):
    return sorted(file.name for file in folder.iterdir())


def test_a_failed_backup_or_restore_leaves_nothing_and_takes_nothing(
    sqlite, tmp_path, monkeypatch
):
    add_venue(sqlite, "mine")
    made = backup.take_backup(sqlite, tmp_path / "x.db")
    target = tmp_path / "live.db"
    restore_backup(made, target)
    before = names_in(tmp_path)
    contents = target.read_bytes()

    def fail(*_):
        raise OSError(28, "No space left on device")

    steps = {
        "verify_file": (True, True),
        "_make_one_file": (True, True),
        "_digest": (True, False),
        "_copy_bytes": (False, True),
    }
    for step, (fails_backup, fails_restore) in steps.items():
        with monkeypatch.context() as patch:
            patch.setattr(backup, step, fail)
            for fails, act in (
                (fails_backup, lambda: backup.take_backup(sqlite, tmp_path / "new.db")),
                (fails_restore, lambda: restore_backup(made, target)),
            ):
                if fails:
                    with pytest.raises(errors.DatabaseError, match="No space left"):
                        act()
        assert names_in(tmp_path) == before, step
        assert venue_names(target) == {"mine"}
    plain_replace = type(target).replace

    def replace_but_the_last(self, to):
        if self.name == "copy.db":
            fail()
        return plain_replace(self, to)

    monkeypatch.setattr(type(target), "replace", replace_but_the_last)
    with pytest.raises(errors.DatabaseError):
        backup.take_backup(sqlite, tmp_path / "new.db")
    with pytest.raises(errors.DatabaseError):
        restore_backup(made, target)
    assert names_in(tmp_path) == before
    assert target.read_bytes() == contents


def test_what_a_killed_backup_left_is_cleared_by_the_next(sqlite, tmp_path):
    (tmp_path / ".x.db.new").mkdir()
    (tmp_path / ".x.db.new" / "copy.db-journal").write_text("half")
    backup.take_backup(sqlite, tmp_path / "x.db")
    assert names_in(tmp_path)[:1] != [".x.db.new"]
    assert not (tmp_path / ".x.db.new").exists()


def test_a_second_restore_does_not_replace_what_the_first_is_about_to_confirm(
    sqlite, tmp_path
):
    add_venue(sqlite, "mine")
    target = tmp_path / "target.db"
    first = backup.take_backup(sqlite, tmp_path / "first.db")
    add_venue(sqlite, "theirs")
    second = backup.take_backup(sqlite, tmp_path / "second.db")
    with backup.staged(first, target) as looked_at:
        with backup.staged(second, target) as other:
            assert other.file != looked_at.file
        assert venue_names(looked_at.file) == {"mine"}
        backup.put_in_place(looked_at, target)
    assert venue_names(target) == {"mine"}
    with backup.staged(first, target) as looked_at:
        looked_at.file.write_bytes(second.file.read_bytes())
        with pytest.raises(errors.DatabaseError) as caught:
            backup.put_in_place(looked_at, target)
    assert caught.value.word == "digest-mismatch"
    assert venue_names(target) == {"mine"}
    assert not [name for name in names_in(tmp_path) if ".new" in name]


def test_a_folder_that_was_abandoned_a_day_ago_is_cleared(sqlite, tmp_path):
    for name, age in (("old", staging_folder.ABANDONED_SECONDS + 60), ("new", 60)):
        folder = tmp_path / f".x.db.new-{name}"
        folder.mkdir()
        os.utime(folder, (clock.now().timestamp() - age,) * 2)
    backup.take_backup(sqlite, tmp_path / "x.db")
    assert [n for n in names_in(tmp_path) if ".new-" in n] == [".x.db.new-new"]


def test_a_file_of_somebody_else_is_opened_with_distrust(sqlite, tmp_path):
    """
    By the one function for it: no other module opens a file but the engine, its own.
    """
    made = backup.take_backup(sqlite, tmp_path / "x.db")
    for open_file in (untrusted_files.open_to_read, untrusted_files.open_to_write):
        with closing(open_file(made.file)) as connection:
            assert connection.execute("PRAGMA trusted_schema").fetchone() == (0,)
            assert connection.execute("PRAGMA cell_size_check").fetchone() == (1,)
    package = Path(ticketsync.__file__).parent
    assert {
        file.relative_to(package).as_posix()
        for file in package.rglob("*.py")
        if "sqlite3.connect(" in file.read_text()
    } == {
        *("store/untrusted_files.py", "store/database_copies.py"),
        "reporting/name_lists.py",  # our own, read for the completion of a shell
    }
    with sqlite.read() as connection:
        assert connection.execute(text("PRAGMA trusted_schema")).scalar() == 0
        names = connection.execute(
            text("SELECT name FROM sqlite_master WHERE type = 'view'")
        ).scalars()
        for name in names:  # ours call nothing but what is harmless
            connection.execute(text(f"SELECT * FROM {name}")).all()


def test_a_folder_is_no_backup(tmp_path):
    with pytest.raises(errors.NotFound):
        backup.verify_backup(tmp_path)


def test_a_backup_is_taken_of_the_database_that_is_open(sqlite, tmp_path):
    with sqlite.read() as connection:
        place = connection.execute(text("PRAGMA database_list")).one()[2]
    assert str(backup.sqlite_file_of(sqlite)) == place
