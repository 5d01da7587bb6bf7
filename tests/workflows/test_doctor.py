"""
The doctor: what it finds wrong, what it can fix, and what cron would miss.
"""

import json
import os

import pytest
from support import commands

from ticketsync.workflows import doctor


def cli(*arguments, code=0, **environment):
    done = commands.run(*arguments, env={**os.environ, **environment})
    assert done.returncode == code, done
    return done


@pytest.fixture
def settled(home, sandbox):
    """
    A home with one account whose key is in the environment.
    """
    cli(
        *("init", "--venue", "The Lantern Room", "--timezone", "Australia/Sydney"),
        *("--currency", "AUD", "--no-input"),
    )
    cli(
        *("accounts", "add", "ticket_tailor", "tt", "--base-url", sandbox.url),
        *("--secret-env", "TT_KEY"),
    )
    return home


def findings(*arguments, code=0, **environment):
    done = cli("doctor", "--json", *arguments, code=code, **environment)
    return json.loads(done.stdout)


def states(report):
    return {(row["section"], row["state"]) for row in report["findings"]}


def test_all_is_well_but_nothing_runs_by_itself(settled):
    report = findings()
    assert states(report) >= {
        *(("settings", "ok"), ("database", "ok"), ("files", "ok")),
        *(("account tt", "ok"), ("schedule", "warning")),
    }
    assert "wrong" not in {state for _, state in states(report)}
    (answer,) = [row["text"] for row in report["findings"] if "answers" in row["text"]]
    assert answer == "Ticket Tailor answers: lanternroom"


def test_files_that_others_can_read_are_found_and_fixed(settled):
    file = settled / "ticketsync.db"
    file.chmod(0o644)
    report = findings("--offline", code=10)
    assert ("files", "wrong") in states(report)
    report = findings("--offline", "--fix")
    assert report["repairs"] == [f"chmod 600 {file}"]
    assert ("files", "wrong") not in states(report)


def test_a_missing_key_is_named_once(settled, monkeypatch):
    """
    Also after a run failed for want of it.
    """
    monkeypatch.delenv("TT_KEY")
    for _ in range(2):
        report = findings("--offline", code=10)
        (row,) = [it for it in report["findings"] if "TT_KEY" in it["text"]]
        assert (row["section"], row["state"]) == ("account tt", "wrong")
        assert row["to_do"] == "Set TT_KEY where this command runs, also in cron."
        assert [it for it in report["findings"] if "TT_KEY" in it["to_do"]] == [row]
        cli("sync", code=4)
    assert row["text"] == (
        "it is failed. The environment variable TT_KEY, with the key of account 'tt', "
        "is not set. It was never read completely."
    )


@pytest.mark.thorough
def test_a_key_that_only_this_terminal_has_is_what_cron_would_miss(settled):
    assert ("account tt", "ok") in states(findings("--offline"))
    report = findings("--offline", "--as-cron", code=10)
    (missed,) = [row for row in report["findings"] if row["state"] == "wrong"]
    assert missed["section"] == "cron, account tt"
    assert "TT_KEY" in missed["text"]


def test_a_refused_key_and_a_silent_platform_are_said(settled, sandbox):
    report = findings(code=10, TT_KEY="sk_wrong")
    (row,) = [row for row in report["findings"] if row["state"] == "wrong"]
    assert (row["section"], "rotate" in row["to_do"]) == ("account tt", True)
    assert "sk_wrong" not in json.dumps(report)


def test_a_damaged_database_is_said_and_nothing_breaks(settled):
    file = settled / "ticketsync.db"
    data = bytearray(file.read_bytes())
    data[5000:9000] = os.urandom(4000)
    file.write_bytes(data)
    report = findings("--offline", code=10)
    assert ("database", "wrong") in states(report)


def test_a_public_url_that_cannot_fit_is_said(settled):
    (settled / "config.yaml").write_text('serve:\n  proxies: ["127.0.0.1"]\n')
    rows = findings("--offline")["findings"]
    (row,) = [row for row in rows if row["section"] == "serve"]
    assert (row["state"], "public_url" in row["to_do"]) == ("warning", True)


def test_no_database_and_odd_settings_are_findings_too(home):
    report = findings(code=10)
    assert states(report) == {("settings", "ok"), ("database", "wrong")}
    (home / "config.yaml").write_text("sync: [1, 2]\n")
    report = findings(code=10)
    assert states(report) == {("settings", "wrong")}


def test_what_to_do_has_its_earlier_key_too(settled):
    rows = findings("--offline")["findings"]
    assert {tuple(row) for row in rows} == {
        ("section", "state", "text", "mend", "to_do")
    }
    (row,) = [row for row in rows if row["section"] == "schedule"]
    assert (row["mend"], row["to_do"]) == ("ticketsync schedule install",) * 2


def test_every_line_says_what_fixes_it_and_fits(settled):
    done = cli("doctor", "--offline", COLUMNS="80")
    assert "→ ticketsync schedule install" in done.stdout
    # A path that is longer than a line stays whole, to be copied; nothing else is.
    wide = [line.strip() for line in done.stdout.splitlines() if len(line) > 80]
    assert all(text.startswith("/") and " " not in text for text in wide), wide


@pytest.mark.parametrize(
    ("mounts", "kind"),
    [
        ("/dev/sda1 / ext4 rw 0 0\nserver:/x /srv nfs4 rw 0 0\n", "nfs4"),
        ("/dev/sda1 / ext4 rw 0 0\nserver:/x /sr nfs4 rw 0 0\n", "ext4"),
        ("", ""),
    ],
)
def test_f79_the_file_system_is_that_of_the_nearest_mount(
    tmp_path, monkeypatch, mounts, kind
):
    table = tmp_path / "mounts"
    table.write_text(mounts)

    class Place(type(tmp_path)):
        def read_text(self, **options):
            return table.read_text(**options)

    monkeypatch.setattr(doctor, "Path", lambda _: Place(table))
    assert doctor._filesystem(tmp_path.__class__("/srv/books/x.db")) == kind
