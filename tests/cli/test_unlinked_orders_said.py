"""
`financials list` names orders that are in no line, in every format and grouping.
"""

import json
import os

import pytest
from sqlalchemy import delete
from support import commands
from support.saved_orders import FIRST_DAY, order, prepare, save, ticket

from ticketsync.core.settings.config import Settings
from ticketsync.store import engine
from ticketsync.store.tables.catalogue import show_links
from ticketsync.workflows import recompute_figures

SAID = (
    "1 order (25.00 AUD) belongs to 1 date that is linked to no show, and is in no "
    "line. Next: ticketsync match"
)


@pytest.fixture
def run(home, tmp_path):
    file = tmp_path / "unlinked.db"
    database = prepare(engine.create_database(str(file)))
    save(database, order(ticket(1, 2500)), at=FIRST_DAY)
    with database.write() as connection:
        connection.execute(delete(show_links))
    recompute_figures.rebuild(database, Settings())
    database.close()
    environment = {**os.environ, "TICKETSYNC_HOME": str(home)}

    def run_(*arguments):
        done = commands.run(*arguments, "--database", str(file), env=environment)
        assert done.returncode == 0, done
        return done

    return run_


@pytest.mark.parametrize("per", ["", "show", "account", "month", "platform"])
@pytest.mark.parametrize("format", ["table", "json", "csv"])
def test_orders_without_a_show_are_named_on_stderr(run, per, format):
    listed = ("financials", "list", *(["--per", per] if per else []))
    done = run(*listed, "--format", format)
    assert " ".join(done.stderr.split()) == SAID
    if format == "json":
        assert json.loads(done.stdout) == []


@pytest.mark.thorough
def test_they_are_named_for_the_choice_that_they_may_be_of(run):
    assert "no line" not in run("financials", "list", "--currency", "NZD").stderr
    assert "no line" in run("financials", "list", "--account", "tt").stderr
    sold = ("financials", "list", "--by", "sale", "--period")
    assert SAID in " ".join(run(*sold, "2026-09").stderr.split())
    assert "no line" not in run(*sold, "2026-08").stderr
    assert "no line" not in run("financials", "list", "--quiet").stderr
