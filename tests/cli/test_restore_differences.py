"""
`db restore` and `db upgrade` say what a database would run, read and send, and ask;
`accounts confirm` confirms it. The planted backup is that of the report on attacks.
"""

import hashlib
import json
import os
import shutil
import sqlite3

import pexpect
import pytest
from support import commands
from support.old_databases import turn_back
from support.restored_backups import restore_backup

from ticketsync.accounts import pins


def cli(*arguments, code=0, **environment):
    done = commands.run(*arguments, env={**os.environ, **environment})
    assert done.returncode == code, done
    return done


def edit(file, *statements):
    """
    Change a backup and write its digest again, as whoever hands it over would.
    """
    with sqlite3.connect(file) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    file.with_name(f"{file.name}.sha256").write_text(f"{digest}  {file.name}\n")


@pytest.fixture
def saved(ready, tmp_path):
    """
    A backup of a home with one account.
    """
    file = tmp_path / "saved.db"
    cli("db", "backup", "-o", str(file))
    return file


TRIGGER = (
    "CREATE TRIGGER quietly AFTER INSERT ON refunds BEGIN"
    " UPDATE orders SET status = 'paid'; END"
)
VIEW = "CREATE VIEW rich AS SELECT 1 AS money"


def test_a_planted_backup_runs_and_sends_nothing_and_is_named(
    saved, home, tmp_path, ready
):
    """
    A command, a file reference and another address: 3 plants, restored with --yes, and
    synced: 0 ran, 0 were sent.
    """
    mark, private = tmp_path / "PWNED", tmp_path / "id_rsa"
    private.write_text("-----BEGIN OPENSSH PRIVATE KEY-----")
    private.chmod(0o600)
    address = "http://127.0.0.1:9/evil"
    plants = (
        ("command", f"touch {mark}", "base_url"),
        ("file", str(private), "base_url"),
        ("env", "TT_KEY", f"'{address}'"),
    )
    original = saved.read_bytes()
    for source, reference, url in plants:
        saved.write_bytes(original)
        edit(
            saved,
            f"UPDATE accounts SET secret_source = '{source}',"
            f" secret_reference = '{reference}', base_url = {url}",
        )
        done = cli("db", "restore", str(saved), "--yes")
        named = address if source == "env" else f"{source} {reference}"
        assert f"→ {named}" in done.stderr
        assert "accounts confirm" in done.stderr
        failed = json.loads(cli("sync", "--json", code=4).stdout)
        assert failed["accounts"][0]["word"] == "unconfirmed"
        assert not mark.exists()
        waiting = json.loads(cli("status", "--json", code=10).stdout)
        assert "unconfirmed" in json.dumps(waiting)
        cli("doctor", "--offline", code=10)
        asked = cli("accounts", "confirm", code=2)
        assert "--yes" in asked.stderr
    saved.write_bytes(original)
    edit(saved)
    cli("db", "restore", str(saved), "--yes")
    cli("sync", "--quiet")


def test_control_without_pins_the_restored_command_runs(
    saved, tmp_path, home, monkeypatch
):
    from ticketsync.core.settings.config import Settings
    from ticketsync.store import backup, engine
    from ticketsync.workflows.sync import run as sync
    from ticketsync.workflows.sync.run import Request

    mark = tmp_path / "PWNED"
    edit(
        saved,
        "UPDATE accounts SET secret_source = 'command',"
        f" secret_reference = 'touch {mark}'",
    )
    target = home / "ticketsync.db"
    restore_backup(backup.verify_backup(saved), target)
    monkeypatch.setattr(pins, "_matches", lambda pin, content: True)
    database = engine.open_database(str(target))
    sync.sync(database, Settings(), Request())
    database.close()
    assert mark.exists()


@pytest.mark.thorough
def test_views_and_triggers_that_are_not_ours_need_a_flag_of_their_own(saved, home):
    before = (home / "ticketsync.db").read_bytes()
    edit(
        saved, TRIGGER, VIEW, "DROP TRIGGER refunds_no_update", "DROP VIEW show_totals"
    )
    done = cli("db", "restore", str(saved), "--yes", code=7)
    for line in (
        *("trigger quietly is not ours", "view rich is not ours"),
        *("trigger refunds_no_update is missing", "view show_totals is missing"),
    ):
        assert line in done.stderr
    assert (home / "ticketsync.db").read_bytes() == before
    assert not list(home.glob("*.before-*"))
    cli("db", "restore", str(saved), "--yes", "--accept-code")
    # What the present database has, too, is not a difference.
    again = cli("db", "restore", str(saved), "--yes", code=7)
    assert "quietly" not in again.stderr
    assert "refunds_no_update is missing" in again.stderr


@pytest.mark.thorough
def test_the_database_that_a_restore_replaced_comes_back_by_the_documented_command(
    saved, home
):
    def has_gala():
        found = json.loads(cli("productions", "list", "--json").stdout)
        return "Gala of 2040" in [production["title"] for production in found]

    cli("productions", "add", "Gala of 2040")
    cli("db", "restore", str(saved), "--yes")
    assert not has_gala()
    kept = str(home / "ticketsync.db.before-1")
    refused = cli("db", "restore", kept, "--yes", code=9)
    assert "--without-digest" in refused.stderr
    cli("db", "restore", kept, "--yes", "--without-digest")
    assert has_gala()


@pytest.mark.thorough
def test_an_account_that_a_backup_lacks_is_named(saved, home):
    edit(saved, "UPDATE accounts SET name = 'other'")
    done = cli("db", "restore", str(saved), "--yes")
    assert "account tt is not in the backup" in done.stderr
    assert "account other, key from: – → env TT_KEY" in done.stderr


@pytest.mark.thorough
def test_an_unchanged_backup_is_restored_without_a_word(saved, home):
    done = cli("db", "restore", str(saved), "--yes")
    assert "differs" not in done.stderr
    assert "confirm" not in done.stderr
    (home / "ticketsync.db").unlink()
    fresh = cli("db", "restore", str(saved))
    assert "account tt, key from: – → env TT_KEY" in fresh.stderr
    assert "confirm" not in fresh.stderr


@pytest.mark.thorough
def test_on_another_machine_an_account_is_confirmed_on_the_terminal(
    saved, home, tmp_path
):
    """
    The other machine has another key for pins.
    """
    (home / "ticketsync.db").unlink()
    (home / "pin.key").unlink()
    screen = commands.talk("db", "restore", str(saved), env=dict(os.environ))
    screen.expect("The backup differs")
    screen.expect(r"Restore\s.*ticketsync.db")
    screen.sendline("y")
    screen.expect("sends its key to")
    screen.expect("Did you set all of this up yourself, for tt")
    screen.sendline("y")
    screen.expect(pexpect.EOF)
    screen.close()
    assert screen.exitstatus == 0
    cli("sync", "--quiet")
    (entry,) = json.loads(cli("audit", "list", "--json", "--limit", "1").stdout)
    assert (entry["action"], entry["kind"]) == ("confirm", "account")


@pytest.mark.thorough
def test_an_upgrade_confirms_nothing_by_itself(home, sandbox, ready):
    """
    A database of the version before the pins, in which a command may have been planted:
    the upgrade names it, and it runs only when a person has confirmed it.
    """
    file = home / "ticketsync.db"
    turn_back(file, "0014")
    done = cli("db", "upgrade", "--no-backup")
    assert f"tt sends its key to {sandbox.url}" in done.stderr
    assert "ticketsync accounts confirm" in done.stderr
    cli("sync", "--quiet", code=4)
    shown = json.loads(cli("accounts", "confirm", "--dry-run", "--json").stdout)
    assert shown["confirmed"] is False
    assert [item["account"] for item in shown["accounts"]] == ["tt"]
    cli("accounts", "confirm", "nobody", "--yes", code=2)
    cli("accounts", "confirm", "tt", "--yes")
    (entry,) = json.loads(cli("audit", "list", "--json", "--limit", "1").stdout)
    assert (entry["action"], entry["kind"]) == ("confirm", "account")
    assert entry["after"] == {"source": "env", "base_url": sandbox.url}
    cli("sync", "--quiet")
    assert "No account waits" in cli("accounts", "confirm").stderr


def test_machines_that_share_a_database_share_the_key(ready, home, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(home / "ticketsync.db", other / "ticketsync.db")
    elsewhere = {"TICKETSYNC_HOME": str(other)}
    cli("sync", "--quiet", code=4, **elsewhere)
    key = (home / "pin.key").read_text()
    cli("sync", "--quiet", TICKETSYNC_PIN_KEY=key, **elsewhere)
