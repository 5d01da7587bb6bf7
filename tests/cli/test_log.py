"""
What a run logs for troubleshooting.
"""

import json
import os
import subprocess
import sys

import pytest
from support.commands import run

from ticketsync.core import log
from ticketsync.sandbox.faults import Plan

CLI = [sys.executable, "-m", "ticketsync"]


def logged():
    return [json.loads(line) for line in log.file().read_text().splitlines()]


def test_a_sync_leaves_a_line_per_account_with_its_run(ready):
    done = run("sync", "--json")
    (line,) = logged()
    assert line["event"] == "account finished"
    assert (line["account"], line["outcome"]) == ("tt", "success")
    assert line["run"] == json.loads(done.stdout)["run_id"]


def test_f116_no_key_and_no_guest_stands_in_log_output_or_database(ready, home):
    """
    At the highest verbosity, and with a failing run and its trace.
    """
    first = run("-vv", "sync")
    ready.faults.plan(Plan("status:400", times=99))
    second = run("-vv", "sync")
    shown = run("runs", "show", logged()[-1]["run"])
    everything = b"".join(
        [
            *(text.encode() for text in (first.stdout, first.stderr)),
            *(text.encode() for text in (second.stdout, second.stderr, shown.stdout)),
            *(file.read_bytes() for file in home.rglob("*") if file.is_file()),
        ]
    )
    assert "GET" in first.stderr
    assert ready.key.encode() not in everything
    assert b"@example.com" not in everything
    assert os.environ["TT_KEY"] == ready.key  # the canary was there to be found


@pytest.mark.thorough
def test_a_failed_run_shows_where_it_failed_and_what_was_asked(ready):
    ready.faults.plan(Plan("status:400", "/event_series", times=99))
    failed = run("sync")
    run_id = logged()[-1]["run"]

    shown = run("runs", "show", run_id)

    assert failed.returncode == 6
    assert "Rejected" in shown.stdout
    assert "The last requests:" in shown.stdout
    assert "→ 400" in shown.stdout
    as_json = json.loads(run("runs", "show", run_id, "--json").stdout)
    assert "net/client.py" in as_json[0]["trace"]


@pytest.mark.thorough
def test_f115_a_fault_of_ours_is_one_line_and_its_trace_is_in_the_log(ready, tmp_path):
    """
    A bug in the middle of a run: no traceback for the user, but one in the log.
    """
    (tmp_path / "sitecustomize.py").write_text(
        "from ticketsync.workflows.sync import listing\n"
        "def broken(*a, **k): raise KeyError('our own')\n"
        "listing.refresh = broken\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [*CLI, "sync"], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 1
    summary, line = done.stderr.splitlines()
    assert summary.startswith("tt: failed. 0 records")
    assert "Account 'tt': KeyError in our own code" in line
    assert str(log.file()) in line
    assert "Traceback" not in done.stderr
    assert any("KeyError" in entry.get("trace", "") for entry in logged())
