"""
A database made by the version before (schema 0006, see `old_versions/make_0006.py`):
sales of six platforms with refunds, fees and check-ins, and an order over two shows.
"""

import contextlib
import json
import sqlite3

import pytest
from sqlalchemy import text
from support import commands, old_databases
from support.killed_upgrade import Upgrades
from support.old_databases import figures
from support.pin_keys import save_pins

from ticketsync.core import clock
from ticketsync.core.config import Settings
from ticketsync.reporting import named_fees, sales
from ticketsync.store import engine, schema
from ticketsync.store.tables.everything import metadata
from ticketsync.workflows import integrity_check, show_figures
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.replay import replay

FOLDER = old_databases.FOLDER
KNOWN = json.loads((FOLDER / "0006.json").read_text())
OTHER = "The Other Place fee"


def write_old(file):
    old_databases.write_old(file, "0006")


@pytest.fixture(params=["sqlite", "postgresql"])
def upgraded(request, templates):
    with templates.copied(request.param, "upgraded_0006") as place:
        database = engine.open_database(place)
        yield database
        database.close()


def fee_lines(database):
    with database.read() as connection:
        return {
            (f.account, f.show_id, f.name, f.amount.minor, f.source)
            for f in named_fees.list_fees(connection)
        }


def refunds(database):
    with database.read() as connection:
        return list(sales.list_refunds(connection))


def known_lines():
    return {tuple(line) for line in KNOWN["fees"]}


def known_figures():
    """
    The figures from before; only what sold nothing has fees now, and they are nothing.
    """
    nothing = {"fees": "0.00", "fees_source": "reported", "revenue_basis": "net"}
    return [
        {**f, **nothing, "net": f["net_before_fees"]}
        if f["fees"] is None and f["gross"] == "0.00"
        else f
        for f in KNOWN["figures"]
    ]


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


def with_our_door(known):
    """
    The figures with the guest whom our own door let in.
    """
    one = {"show_id": 9, "account": "humanitix", "currency": "NZD"}
    return [
        {**row, "checked_in": 1} if one.items() <= row.items() else row for row in known
    ]


def test_recomputed_only_the_lines_of_the_order_over_two_shows_change(upgraded):
    """
    3.01 over two shows, beside 2.00 of another order on the first of them. Whoever our
    own door let in counts as checked in now: one guest.
    """
    show_figures.rebuild(upgraded, Settings())
    assert figures(upgraded) == with_our_door(known_figures())
    gone, new = (
        known_lines() - fee_lines(upgraded),
        fee_lines(upgraded) - known_lines(),
    )
    assert sorted(line[2:4] for line in gone) == [(OTHER, 301), (OTHER, 501)]
    assert sorted(line[2:4] for line in new) == [(OTHER, 150), (OTHER, 351)]


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


@pytest.mark.parametrize("times", [3, pytest.param(50, marks=pytest.mark.drill)])
def test_killed_many_times_in_the_middle_it_is_survived(tmp_path, times):
    """
    SIGKILL before the nth statement, again and again on one file: each time it is whole
    and old; then the upgrade ends as if nothing had been.
    """
    file = tmp_path / "old.db"
    write_old(file)
    spare = tmp_path / "spare.db"
    write_old(spare)
    with Upgrades() as upgrades:
        statements = upgrades.statements(spare)
        for round_ in range(times):
            number = 2 + round_ * (statements - 2) // times
            assert upgrades.killed(file, number) == -9
            with sqlite3.connect(file) as connection:
                version = connection.execute("SELECT version_num FROM alembic_version")
                assert version.fetchone() == ("0006",)
                sound = connection.execute("PRAGMA integrity_check").fetchone()
                assert sound == ("ok",)
            connection.close()
    database = engine.create_database(str(file))
    assert figures(database) == known_figures()
    assert len(refunds(database)) == len(KNOWN["refunds"])
    database.close()


def contents(file):
    """
    What the database says of money, and the rows that say it.
    """
    database = engine.open_database(str(file))
    with database.read() as connection:
        rows = {
            table: sorted(
                map(repr, connection.exec_driver_sql(f"SELECT {of} FROM {table}"))
            )
            for table, of in (
                (
                    "orders",
                    "id, status, charged, refunded, buyer_fees, addons, donations",
                ),
                (
                    "tickets",
                    "id, face, buyer_fee, addons, donation, voucher, tax_added, "
                    "unexplained, charged, refunded, fees",
                ),
                ("refunds", "id, order_id, number, amount, on_day, basis"),
                ("fees", "order_id, occurrence_id, name, amount, tax"),
            )
        }
    found = figures(database), fee_lines(database), refunds(database), rows
    database.close()
    return found


@pytest.mark.parametrize("times", [2, pytest.param(50, marks=pytest.mark.drill)])
def test_a_replay_that_is_killed_many_times_ends_with_the_same(tmp_path, times):
    """
    SIGKILL before the nth statement, again and again on one upgraded file; then a
    replay that is left alone says what one says that was never killed.
    """
    files = [tmp_path / "killed.db", tmp_path / "calm.db"]
    for file in files:
        write_old(file)
        engine.create_database(str(file)).close()
    killed, calm = files
    before = contents(calm)
    with Upgrades() as upgrades:
        first = upgrades.replay_statements(calm)
        # What is stored already is not written again; none takes fewer than these.
        statements = upgrades.replay_statements(calm)
        codes = [
            upgrades.killed_replay(killed, 2 + n * (statements - 2) // times)
            for n in range(times)
        ]
        assert first > statements > 50
        assert codes == [-9] * times
        with contextlib.closing(sqlite3.connect(killed)) as connection:
            sound = connection.execute("PRAGMA integrity_check").fetchone()
            assert sound == ("ok",)
        upgrades.replay_statements(killed)
    print(f"{times} replays killed, of {statements} to {first} statements")
    assert contents(killed) == contents(calm) != before
