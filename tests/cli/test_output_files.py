"""
What `-o` replaces: an earlier file of the same command, and by force another; never a
file of our own.
"""

import errno
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from support import needs
from typer.testing import CliRunner

from ticketsync.cli.main import app
from ticketsync.core import disk, errors
from ticketsync.reporting import output_files

EXPORTS = {
    "financials": ("export", "financials"),
    "financials.json": ("export", "financials", "--format", "json"),
    "sales": ("export", "sales"),
    "sales.jsonl": ("export", "sales", "--format", "jsonl"),
    "sales.xlsx": ("export", "sales", "--format", "xlsx"),
    "sales.parquet": ("export", "sales", "--format", "parquet"),
    "sales.months": ("export", "sales", "--per", "month"),
    "refunds": ("export", "refunds"),
    "refunds.xlsx": ("export", "refunds", "--format", "xlsx"),
    "fees": ("export", "fees"),
    "calendar": ("export", "calendar"),
    "calendar.json": ("export", "calendar", "--format", "json"),
    "doorlist": ("attendees", "doorlist", "1", "--format", "csv"),
    "doorlist.json": ("attendees", "doorlist", "1", "--format", "json"),
    "pdf": ("attendees", "doorlist", "1"),
}


def run(*arguments):
    done = CliRunner().invoke(app, [*map(str, arguments)], prog_name="ticketsync")
    word = getattr(done.exception, "word", "")
    return word or done.exit_code


def writing(command, file, *more):
    return run(*EXPORTS[command], "-o", file, *more)


@pytest.fixture
def files(ready, home):
    """
    The files of a home, and others that no export may replace.
    """
    (home / "config.yaml").write_text("log:\n  level: info\n")
    for folder in ("secrets", "backups", "state"):
        (home / folder).mkdir(mode=0o700, exist_ok=True)
    own = [
        *(home / "ticketsync.db", home / "config.yaml", home / "pin.key"),
        *(home / "ticketsync.db-wal", home / "ticketsync.db.sync.lock"),
        *(home / "ticketsync.db.before-1", home / "ticketsync.db-journal"),
        *(home / "secrets" / "tt", home / "backups" / "x.db", home / "state" / "x"),
    ]
    (home / "link").symlink_to(home / "ticketsync.db")
    os.link(home / "ticketsync.db", home / "hard.csv")
    elsewhere = home.parent / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(home / "ticketsync.db", elsewhere / "copy.db")
    (elsewhere / "copy.db.sha256").write_text("0" * 64)
    own += [elsewhere / "copy.db", elsewhere / "copy.db.sha256"]
    return [*own, home / "link", home / "hard.csv", home / "secrets" / ".." / "pin.key"]


def test_our_own_files_are_never_replaced_nor_by_force(files, home):
    """
    29 attempts, each kind of file and each command by force: 0 successes.
    """
    attempts = 0
    before = (home / "ticketsync.db").stat()
    database = home / "ticketsync.db"
    pairs = [*((file, "financials") for file in files)]
    pairs += [(database, command) for command in EXPORTS if command != "financials"]
    for file, command in pairs:
        text = file.read_bytes() if file.exists() else None
        attempts += 1
        assert writing(command, file, "--force") == "own-file", (file, command)
        assert (file.read_bytes() if file.exists() else None) == text
    after = (home / "ticketsync.db").stat()
    assert (after.st_ino, after.st_size) == (before.st_ino, before.st_size)
    assert attempts == 29


def test_control_without_the_check_the_database_is_replaced(files, home, monkeypatch):
    monkeypatch.setattr(output_files.OutputFile, "check", lambda _: None)
    assert writing("sales", home / "ticketsync.db") == 0
    with (
        pytest.raises(sqlite3.DatabaseError),
        sqlite3.connect(home / "ticketsync.db") as c,
    ):
        c.execute("SELECT * FROM orders")
    c.close()


@pytest.mark.parametrize("command", EXPORTS)
@pytest.mark.sampled(5)
def test_an_earlier_file_of_the_same_command_is_replaced(command, ready, tmp_path):
    file = tmp_path / "out"
    assert writing(command, file) == 0
    first = file.read_bytes()
    assert writing(command, file) == 0
    file.write_bytes(b"")
    assert writing(command, file) == 0
    assert len(file.read_bytes()) == len(first)


def test_another_file_is_replaced_by_force_only(ready, tmp_path):
    others = {
        "letter.txt": b"to my aunt",
        "other.csv": b"name,amount\nAna,5\n",
        "other.json": b'{"a": 1}',
        "list.json": b'[{"name": 1}]',
        "other.pdf": b"%PDF-1.7 by somebody",
        "settings.yaml": b"log:\n",
    }
    for name, data in others.items():
        file = tmp_path / name
        file.write_bytes(data)
        for is_ours in (
            *(output_files.is_csv(["show_id"]), output_files.is_json("show_id")),
            *(output_files.is_calendar, output_files.is_pdf),
        ):
            with pytest.raises(errors.UsageError) as caught:
                output_files.OutputFile(file, is_ours).check()
            assert caught.value.word == "file-exists"
    for command in EXPORTS:
        assert writing(command, file) == "file-exists", command
        assert file.read_bytes() == data
    assert writing("sales", file, "--force") == 0
    assert file.read_bytes() != data


def test_what_is_no_file_is_not_written_to(ready, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path / "pipe", tmp_path, "/dev/null"):
        assert writing("sales", place, "--force") == "usage"


@pytest.mark.parametrize("command", [*EXPORTS, "match"])
def test_a_dash_is_standard_output(command, ready, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ("match", "--to") if command == "match" else (*EXPORTS[command], "-o")
    done = CliRunner().invoke(app, [*words, "-"], prog_name="ticketsync")
    assert done.exit_code == 0
    # No orders make no lines.
    assert bool(done.stdout_bytes) is (command != "sales.jsonl")
    assert done.stderr == ""
    assert list(tmp_path.glob("-*")) == []


def test_a_backup_is_not_written_to_standard_output(ready, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("db", "backup", "-o", "-") == "usage"
    assert list(tmp_path.glob("-*")) == []


@pytest.mark.parametrize("command", EXPORTS)
def test_a_full_disk_is_named(command, ready, tmp_path, monkeypatch):
    """
    Control: without `disk.is_full` it is an error of usage.
    """

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    assert writing(command, tmp_path / "out") == "disk-full"
    assert not (tmp_path / "out").exists()
    monkeypatch.setattr(disk, "is_full", lambda _: False)
    assert writing(command, tmp_path / "out") == "usage"


@needs.full_device
@pytest.mark.parametrize("words", [("status",), ("export", "sales")])
def test_standard_output_on_a_full_disk_is_named(words, ready):
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "ticketsync", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 9
    assert done.stderr.startswith("ticketsync: disk-full: Standard output")
    assert len(done.stderr.splitlines()) == 1


def test_later_columns_do_not_make_an_older_file_anothers():
    is_ours = output_files.is_csv(["show_id", "gross", "net"])
    assert is_ours(b"show_id,gross\n1,2\n")
    assert is_ours(b"show_id,gross,net,more\n")
    assert not is_ours(b"show_id,net\n")
    assert not is_ours(b"\n")
