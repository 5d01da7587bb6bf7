"""
Quick to start: what a command does not need is not loaded.
"""

import subprocess
import sys

import pytest

HEAVY = {
    *("sqlmodel", "sqlalchemy", "pydantic", "httpx", "keyring", "rich", "yaml"),
    *("alembic", "msgspec", "tenacity", "icalendar", "dateutil", "rapidfuzz"),
}
PROBE = """
import sys, json
sys.argv = ["ticketsync", *json.loads(sys.argv[1])]
from ticketsync.__main__ import main
try:
    main()
except SystemExit as end:
    code = end.code or 0
names = {name.partition(".")[0] for name in sys.modules}
print(json.dumps([code, sorted(names)]), file=sys.stderr)
"""


def loaded(*arguments):
    import json

    done = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps(arguments)],
        capture_output=True,
        text=True,
        check=True,
    )
    code, names = json.loads(done.stderr.splitlines()[-1])
    return code, set(names), done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("sync", "--help"),
        ("--version",),
        ("accounts", "add", "--help"),
        ("shows", "import", "--help"),
        ("venues", "merge", "--help"),
    ],
)
def test_help_loads_nothing_heavy(arguments):
    code, names, output = loaded(*arguments)
    assert code == 0
    assert output
    assert names & HEAVY == set()


def test_completion_loads_nothing_heavy():
    import json
    import os

    done = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps([])],
        capture_output=True,
        text=True,
        check=True,
        env={
            **os.environ,
            "_TICKETSYNC_COMPLETE": "complete_bash",
            "COMP_WORDS": "ticketsync fin",
            "COMP_CWORD": "1",
            "_TYPER_COMPLETE_ARGS": "ticketsync fin",
        },
    )
    names = set(json.loads(done.stderr.splitlines()[-1])[1])
    assert "financials" in done.stdout
    assert names & HEAVY == set()


def test_every_command_has_help_with_its_outcome():
    from ticketsync.cli.main import COMMANDS

    for name in COMMANDS:
        code, _, output = loaded(name, "--help")
        assert code == 0
        assert "Usage: ticketsync" in output
