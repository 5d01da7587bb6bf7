"""
A database made by the version before (schema 0006, see `old_versions/make_0006.py`):
sales of six platforms with refunds, fees and check-ins, and an order over two shows.
"""

import json

import pytest
from sqlalchemy import text
from support import commands, old_databases
from support.database_0006 import (
    KNOWN,
    OTHER,
    fee_lines,
    known_figures,
    known_lines,
    refunds,
    with_our_door,
    write_old,
)
from support.killed_upgrade import Upgrades
from support.old_databases import figures
from support.pin_keys import save_pins

from ticketsync.core import clock
from ticketsync.core.settings.config import Settings
from ticketsync.store import engine, schema
from ticketsync.store.tables.everything import metadata
from ticketsync.workflows import integrity_check, recompute_figures
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.replay import replay

FOLDER = old_databases.FOLDER


@pytest.fixture(params=["sqlite", "postgresql"])
def upgraded(request, templates):
    with templates.copied(request.param, "upgraded_0006") as place:
        database = engine.open_database(place)
        yield database
        database.close()


def test_figures_are_as_they_were(upgraded):
    assert figures(upgraded) == known_figures()
    assert fee_lines(upgraded) == known_lines()
    with upgraded.read() as connection:
        assert schema.version_of(connection) == schema.PRESENT
        for table in metadata.sorted_tables:  # nothing left that does not fit
            connection.execute(table.select()).all()


def test_refunds_keep_when_they_were_seen_and_are_marked_assumed(upgraded):
    """
    All but those whose date the platform itself reports: Square's and Wix's.
    """
    found = refunds(upgraded)
    before = {(*line,) for line in KNOWN["refunds"]}
    after = {(r.account, r.order_id, r.amount.minor, r.first_seen_at) for r in found}
    assert {(*line[:3], clock.iso(line[3])) for line in after} == before
    assert len(found) == len(KNOWN["refunds"]) == 28
    dated = {r.account for r in found if r.refunded_at is not None}
    assert dated == {"square", "wix"}
    for refund in found:
        is_dated = refund.account in dated
        assert refund.basis == ("reported" if is_dated else "assumed")
        assert refund.number == 1
    # Bought on 31 August at 10:00 in Sydney; its report has no date of refunds.
    (other,) = [r for r in found if r.account == "other"]
    assert (other.on_day, other.amount.minor) == ("2026-08-31", 1500)


def test_movements_are_what_the_orders_say(upgraded):
    with upgraded.read() as connection:
        odd = connection.execute(
            text(
                "SELECT o.provider_id, o.refunded, SUM(r.amount) FROM orders o "
                "LEFT JOIN refunds r ON r.order_id = o.id GROUP BY o.id, "
                "o.provider_id, o.refunded HAVING COALESCE(SUM(r.amount), 0) "
                "<> o.refunded"
            )
        )
        assert odd.all() == []


def test_recomputed_only_the_lines_of_the_order_over_two_shows_change(upgraded):
    """
    3.01 over two shows, beside 2.00 of another order on the first of them. Whoever our
    own door let in counts as checked in now: one guest.
    """
    recompute_figures.rebuild(upgraded, Settings())
    assert figures(upgraded) == with_our_door(known_figures())
    gone, new = (
        known_lines() - fee_lines(upgraded),
        fee_lines(upgraded) - known_lines(),
    )
    assert sorted(line[2:4] for line in gone) == [(OTHER, 301), (OTHER, 501)]
    assert sorted(line[2:4] for line in new) == [(OTHER, 150), (OTHER, 351)]


@pytest.mark.thorough
def test_a_replay_fills_the_rest_and_moves_no_refund(upgraded):
    """
    The report has no tax column; Wix's own fee is known, the card's is not.
    """
    before = refunds(upgraded)
    replay(upgraded, Settings(), [])
    assert refunds(upgraded) == before
    known = with_our_door(known_figures())
    for was, now in zip(known, figures(upgraded), strict=True):
        tax = None if was["account"] == "other" else was["tax"]
        assert now == {**was, "tax": tax}
    new = {line for line in fee_lines(upgraded) if line[0] == "wix"}
    assert {(line[2], line[4]) for line in new} == {("Wix service fee", "reported")}
    with upgraded.read() as connection:
        query = text(
            "SELECT COUNT(*), COUNT(t.voided_at) FROM tickets t "
            "JOIN accounts a ON a.id = t.account_id WHERE a.name = 'tt' "
            "AND t.status = 'void' AND t.order_id IS NOT NULL"
        )
        void, dated = connection.execute(query).one()
    assert void == dated > 0
    with upgraded.write() as connection:
        save_pins(connection)
    found = integrity_check.check(upgraded, Settings(), deep=True)
    assert found.is_sound, found.rows


def test_the_first_run_afterwards_needs_only_to_be_confirmed(
    upgraded, tmp_path, frozen
):
    """
    The folder has the report that was read before, and now says 5.00 more went back.
    """
    before = refunds(upgraded)
    (tmp_path / "in").mkdir()
    report, recipe = report_of_old()
    (tmp_path / "recipe.yaml").write_text(recipe)
    (tmp_path / "in" / "report.csv").write_text(report.replace("15.00", "20.00"))
    options = {
        "recipe": str(tmp_path / "recipe.yaml"),
        "watch": str(tmp_path / "in"),
    }
    with upgraded.write() as connection:
        connection.execute(
            text("UPDATE accounts SET options = :options WHERE name = 'other'"),
            {"options": json.dumps(options)},
        )
    with upgraded.write() as connection:
        save_pins(connection)
    outcome = sync.sync(upgraded, Settings(), sync.Request(["other"]))
    assert outcome.exit_code == 0, outcome.results
    new = [r for r in refunds(upgraded) if r not in before]
    assert [(r.number, r.amount.minor, r.basis) for r in new] == [(2, 500, "seen")]
    assert len(refunds(upgraded)) == len(before) + 1


def report_of_old():
    names = {}
    source = (FOLDER / "make_0006.py").read_text()
    for name in ("RECIPE", "REPORT"):
        begin = source.index(f'{name} = """\\\n') + len(f'{name} = """\\\n')
        names[name] = source[begin : source.index('"""', begin)]
    return names["REPORT"], names["RECIPE"]


@pytest.mark.thorough
def test_db_upgrade_recomputes_and_names_the_next_step(home):
    write_old(home / "ticketsync.db")
    done = commands.run("db", "upgrade", check=True)
    assert "ticketsync sync replay" in done.stderr
    assert "shows recomputed" in done.stderr
    database = engine.open_database(str(home / "ticketsync.db"))
    assert (OTHER, 351) in {line[2:4] for line in fee_lines(database)}
    database.close()
    again = commands.run("db", "upgrade", check=True)
    assert "ticketsync sync replay" in again.stderr  # it has not been run yet
    commands.run("sync", "replay", check=True)
    again = commands.run("db", "upgrade", check=True)
    assert "replay" not in again.stderr


@pytest.mark.thorough
def test_an_upgrade_that_was_stopped_before_it_said_so_names_the_next_step(home):
    """
    The schema was there already, and nothing else had been done.
    """
    file = home / "ticketsync.db"
    write_old(file)
    with Upgrades() as upgrades:
        upgrades.statements(file)
    waits = [
        item["id"]
        for item in json.loads(commands.run("waiting", "list", "--json").stdout)
        if "replay" in item["id"]
    ]
    assert {"replay:square", "replay:tt"} <= {*waits}
    done = commands.run("db", "upgrade", check=True)
    assert "ticketsync sync replay" in done.stderr
    database = engine.open_database(str(file))
    assert (OTHER, 351) in {line[2:4] for line in fee_lines(database)}
    database.close()
