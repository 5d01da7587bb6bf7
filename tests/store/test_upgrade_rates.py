"""
A database of schema 0023, whose fee lines did not have the rate that made them.
"""

import json
import sqlite3
from decimal import Decimal

import pytest
from support import commands, old_databases
from support.saved_orders import FIRST_DAY, order, prepare, save, ticket

from ticketsync.core.records import Fee
from ticketsync.core.settings.config import AccountSettings, FeeSchedule, Settings
from ticketsync.reporting import named_fees
from ticketsync.store import engine, schema
from ticketsync.workflows import integrity_check, recompute_figures

SETTINGS = Settings(
    accounts={"tt": AccountSettings(fees=(FeeSchedule(per_ticket=Decimal("0.65")),))}
)
RATE = "accounts: {tt: {fees: {per_ticket: 0.65}}}\n"


def fill(file):
    """
    A show with our own rate, and one whose fee is reported.
    """
    database = prepare(engine.create_database(str(file)))
    reported = order(ticket(2, 4000, "ev_2"), id_="or_2", fees=(Fee("Service", 150),))
    save(database, order(ticket(1, 2000)), reported, at=FIRST_DAY)
    recompute_figures.rebuild(database, SETTINGS)
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def upgraded(request, templates):
    with old_databases.upgraded(templates, request.param, "0023", fill) as database:
        yield database


def lines(database):
    with database.read() as connection:
        return [
            (line.name, line.amount.minor, line.per_ticket and line.per_ticket.minor)
            for line in named_fees.list_fees(connection)
        ]


@pytest.mark.thorough
def test_a_line_has_its_rate_when_it_was_recomputed(upgraded):
    with upgraded.read() as connection:
        assert schema.version_of(connection) == schema.PRESENT
    assert lines(upgraded) == [("Per ticket", 65, None), ("Service", 150, None)]
    assert recompute_figures.rebuild(upgraded, SETTINGS) == (2, 1)
    assert lines(upgraded) == [("Per ticket", 65, 65), ("Service", 150, None)]
    assert recompute_figures.rebuild(upgraded, SETTINGS) == (2, 0)
    assert integrity_check.check(upgraded, SETTINGS).is_sound


@pytest.mark.thorough
def test_the_upgrade_recomputes(home):
    file = home / "ticketsync.db"
    fill(file)
    old_databases.turn_back(file, "0023")
    with sqlite3.connect(file) as old:
        (found,) = old.execute("SELECT version_num FROM alembic_version")
    assert found == ("0023",)
    (home / "config.yaml").write_text(RATE)
    assert "1 changed" in commands.run("db", "upgrade").stderr
    exported = json.loads(commands.run("export", "fees", "--format", "json").stdout)
    assert [line["per_ticket"] for line in exported] == ["0.65", None]
