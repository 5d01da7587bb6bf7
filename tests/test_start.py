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


@pytest.mark.parametrize(
    ("typed", "offered"), [("", 37), ("s", 7), ("sync", 1), ("--q", 1), ("zzz", 0)]
)
def test_completing_a_command_imports_none(typed, offered):
    import json
    import os

    code = (
        f"{PROBE}\nours = [n for n in sys.modules if n.startswith('ticketsync.cli.')]\n"
        "print(json.dumps(sorted(ours)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "[]"],
        capture_output=True,
        text=True,
        check=True,
        env={
            **os.environ,
            "_TICKETSYNC_COMPLETE": "complete_bash",
            "COMP_WORDS": f"ticketsync {typed}",
            "COMP_CWORD": "1",
        },
    )
    assert len(done.stdout.split()) == offered, done.stdout
    assert set(json.loads(done.stderr.splitlines()[-1])) == {
        f"ticketsync.cli.{name}"
        for name in (
            *("completion", "context", "examples", "help_lines", "main", "terminal"),
        )
    }


@pytest.mark.thorough
def test_what_a_run_loads_has_nothing_of_postgresql():
    """
    An index with options of PostgreSQL, declared with its table, loads all of it.
    """
    probe = """
import sys
import ticketsync.reporting.sales_over_time, ticketsync.workflows.sync.run
print([name for name in sys.modules if name.startswith("sqlalchemy.dialects.postgres")])
"""
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


@pytest.mark.thorough
def test_a_run_loads_what_it_needs_only_where_something_changed():
    """
    Every quarter of an hour a run finds nothing new, and takes most of its time to
    load modules.
    """
    probe = """
import sys
import ticketsync.workflows.sync.run
rare = ("workflows.matching.match", "catalogue.matching_rules.matching",
        "financials.recompute", "reporting.figures_of_shows",
        "reporting.changes", "workflows.sync.reparse")
print([name for name in rare if f"ticketsync.{name}" in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


@pytest.mark.thorough
def test_what_reads_declares_no_tables_that_only_selling_and_writing_need(named):
    """
    Each table takes two milliseconds to declare; the box office has twelve.
    """
    probe = """
import sys, json
sys.argv = ["ticketsync", *json.loads(sys.argv[1])]
from ticketsync.__main__ import main
try:
    main()
except SystemExit:
    pass
rare = ("tables.boxoffice", "tables.audit", "link_history")
found = [name for name in rare if f"ticketsync.store.{name}" in sys.modules]
print(json.dumps(found), file=sys.stderr)
"""
    for arguments in ('["accounts", "list"]', '["runs", "list"]'):
        done = subprocess.run(
            [sys.executable, "-c", probe, arguments],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout
        assert done.stderr.splitlines()[-1] == "[]"


@pytest.mark.thorough
def test_pydantic_looks_for_no_plugins_in_other_packages():
    """
    It would look into every package that is installed, and run what it finds.
    """
    probe = """
import importlib.metadata as metadata
asked = []
metadata.distributions = lambda **names: asked.append(names) or iter(())
import ticketsync.store.tables.everything
print(asked)
"""
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


@pytest.mark.thorough
def test_every_command_has_help_with_its_outcome():
    from ticketsync.cli.main import COMMANDS

    for name in COMMANDS:
        code, _, output = loaded(name, "--help")
        assert code == 0
        assert "Usage: ticketsync" in output


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("accounts show ", ["tt"]),
        ("sync ", ["tt"]),
        ("shows show 2026", ["2026-09-01/late-laughs"]),
        (
            "shows show ",
            ["next", "tonight", "last-night", "yesterday", "2026-09-01/late-laughs"],
        ),
        ("sales list --show n", ["next"]),
        ("productions show La", ["Late\\ Laughs"]),
        ("venues edit T", ["The\\ Lantern\\ Room"]),
        ("runs show ", ["latest"]),
        ("accounts add w", ["wix"]),
        ("shows add ", []),  # a new title
    ],
)
@pytest.mark.sampled(4)
def test_names_are_completed_without_loading_what_is_slow(named, typed, offered):
    import json
    import os

    words = f"ticketsync {typed}"
    done = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps([])],
        capture_output=True,
        text=True,
        check=True,
        env={
            **os.environ,
            "_TICKETSYNC_COMPLETE": "complete_bash",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split(" ")) - 1),
        },
    )
    names = set(json.loads(done.stderr.splitlines()[-1])[1])
    assert [*filter(None, done.stdout.splitlines())] == offered
    assert names & (HEAVY - {"yaml"}) == set()


def test_a_show_is_completed_however_many_are_later(named):
    """
    Only the latest 200 shows were looked at, whatever was typed.
    """
    import os
    from contextlib import closing
    from datetime import UTC, datetime, timedelta

    from ticketsync.catalogue import new_shows
    from ticketsync.store import engine

    with (
        closing(engine.open_database(named)) as database,
        database.write() as connection,
    ):
        new_shows.add_shows(
            connection,
            [
                new_shows.NewShow(
                    production="Gala",
                    starts_at=datetime(2027, 1, 1, tzinfo=UTC) + timedelta(days=day),
                    venue="The Lantern Room",
                    timezone="Australia/Sydney",
                    currency="AUD",
                )
                for day in range(300)
            ],
        )
    done = subprocess.run(
        [sys.executable, "-m", "ticketsync"],
        capture_output=True,
        text=True,
        check=True,
        env={
            **os.environ,
            "_TICKETSYNC_COMPLETE": "complete_bash",
            "COMP_WORDS": "ticketsync shows show 2026",
            "COMP_CWORD": "3",
        },
    )
    assert done.stdout.split() == ["2026-09-01/late-laughs"]


@pytest.fixture
def named(home, templates):
    """
    A database in `home` with an account, a venue and a show.
    """
    from contextlib import closing
    from datetime import UTC, datetime

    from support.ticket_tailor_account import connect

    from ticketsync.catalogue import new_shows
    from ticketsync.store import engine

    place = templates.copy("sqlite", "empty", home / "ticketsync.db")
    with closing(engine.open_database(place)) as database:
        connect(database, "http://127.0.0.1:9")
        show = new_shows.NewShow(
            production="Late Laughs",
            starts_at=datetime(2026, 9, 1, 9, 30, tzinfo=UTC),
            venue="The Lantern Room",
            timezone="Australia/Sydney",
            currency="AUD",
        )
        with database.write() as connection:
            new_shows.add_show(connection, show)
    return place


def test_completion_of_a_database_that_is_not_there_or_another_one_is_empty(tmp_path):
    from ticketsync.reporting import name_lists

    other = tmp_path / "other.db"
    other.write_bytes(b"no database")
    for file in (tmp_path / "none.db", other):
        assert name_lists.list_names(file, "accounts") == []
    assert not (tmp_path / "none.db").exists()
