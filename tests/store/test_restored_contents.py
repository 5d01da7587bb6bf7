"""
What a backup has otherwise is found whatever bytes stand in it; a backup in which it
cannot be found is refused.
"""

import lzma
import sqlite3

import pytest
from support.old_databases import FOLDER, as_it_was

from ticketsync.core import errors
from ticketsync.store import restore_differences
from ticketsync.store.restore_differences import find_differences

TRIGGER = (
    "CREATE TRIGGER quietly AFTER INSERT ON refunds BEGIN"
    " UPDATE orders SET status = 'paid'; END /* ? */"
)
IN_CAPITALS = "UPDATE sqlite_master SET type = 'TRIGGER' WHERE name = 'quietly'"
NOT_UTF8 = (
    "UPDATE sqlite_master"
    " SET sql = CAST(replace(CAST(sql AS BLOB), '?', x'ff') AS TEXT)"
    " WHERE name = 'quietly'"
)
NAMED_NOT_UTF8 = (
    "UPDATE sqlite_master SET name = CAST(x'71ff' AS TEXT),"
    " sql = CAST(replace(CAST(sql AS BLOB), 'quietly', x'71ff') AS TEXT)"
    " WHERE name = 'quietly'"
)


@pytest.fixture
def copy(tmp_path, templates):
    file = tmp_path / "copy.db"
    templates.copy("sqlite", "empty", file)
    return file


def edit(file, *statements):
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        for statement in statements:
            connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    ("plant", "named"),
    [
        ((), "trigger quietly is not ours"),
        ((NOT_UTF8,), "trigger quietly is not ours"),
        ((NAMED_NOT_UTF8,), r"trigger q\xff is not ours"),
        ((IN_CAPITALS,), "TRIGGER quietly is not ours"),
        (("UPDATE alembic_version SET version_num = '0001'",), "trigger quietly is"),
    ],
)
def test_a_planted_trigger_is_named_however_it_is_written(copy, plant, named):
    """
    5 attempts to hide a trigger, 0 successes.
    """
    missing = copy.with_name("none.db")
    assert find_differences(copy, missing) == []
    edit(copy, TRIGGER, *plant)
    (found,) = find_differences(copy, missing)
    assert found.is_code
    assert named in found.text


def test_a_copy_that_cannot_be_read_is_refused_and_a_present_one_is_not(
    copy, templates
):
    damage = "DROP TABLE alembic_version"
    target = copy.with_name("present.db")
    templates.copy("sqlite", "empty", target)
    edit(target, damage)
    assert find_differences(copy, target) == []
    edit(copy, damage)
    with pytest.raises(errors.DatabaseError) as caught:
        find_differences(copy, target)
    assert caught.value.word == "corrupt"
    target.write_bytes(b"not a database")
    templates.copy("sqlite", "empty", copy)
    assert find_differences(copy, target) == []


@pytest.mark.usefixtures("migrations")
def test_the_accounts_of_a_backup_of_the_first_schema_are_named(tmp_path):
    """
    It has neither options nor webhooks.
    """
    old = tmp_path / "old.db"
    as_it_was(str(old))
    found = [item.text for item in find_differences(old, tmp_path / "none.db")]
    assert "account tt, key from: – → env TT_KEY" in found
    assert not [text for text in found if not text.startswith("account ")]


def test_the_folder_of_a_backup_is_named(tmp_path):
    old, new = tmp_path / "old.db", tmp_path / "new.db"
    for file in (old, new):
        file.write_bytes(lzma.decompress((FOLDER / "0013.db.xz").read_bytes()))
    options = """'{"watch": "/home/me/.ssh"}'"""
    edit(new, f"UPDATE accounts SET options = {options} WHERE id = 1")
    (found,) = find_differences(new, old)
    assert found.text.endswith("reads: – → watch /home/me/.ssh")


def test_the_reader_keeps_apart_what_differs_in_one_byte():
    as_text = restore_differences._as_text
    assert as_text(b"a\xff") != as_text(b"a\xfe")
