"""
`db check` names whatever somebody changed in the books, cell by cell, whatever they
wrote there; and `sync replay` puts it right, and touches nothing else.
"""

import json
import random
import shutil
import sqlite3
from contextlib import closing, contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text
from support import own_box_office, own_story
from support.cell_edits import PAST, Editor, PostgresEditor, Refused, columns_of, edit
from support.dates import NOW, TODAY
from support.pin_keys import put_pin_key
from typer.testing import CliRunner

from ticketsync.accounts import edits, state
from ticketsync.boxoffice import tills
from ticketsync.catalogue import shows
from ticketsync.cli.main import app
from ticketsync.core import clock
from ticketsync.core.settings.config import AccountSettings, FeeSchedule, Settings
from ticketsync.sales import raw_records
from ticketsync.sandbox import platforms, server, world
from ticketsync.store import engine, lease
from ticketsync.store.tables.everything import metadata
from ticketsync.workflows import integrity_check
from ticketsync.workflows.boxoffice import sell, sell_vouchers
from ticketsync.workflows.boxoffice.box_office import BoxOffice
from ticketsync.workflows.boxoffice.sell import Tender
from ticketsync.workflows.matching import match
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.replay import replay
from ticketsync.workflows.sync.run import Request

BOOKS = {  # table → how a finding calls its rows
    "orders": "order",
    "tickets": "ticket",
    "refunds": "refund",
    "fees": "fee",
    "show_financials": "show_financials",
    "ticket_fees": "ticket_fees",
    "show_ticket_types": "show_ticket_types",
}
OFFICE = (
    *("boxoffice_orders", "boxoffice_order_lines", "boxoffice_seats"),
    *("boxoffice_tickets", "boxoffice_history", "payments", "payment_refunds"),
    *("vouchers", "till_sessions"),
)
UNSOLD = ("fees", "ticket_fees")  # the box office has none
TERMS = "a term of sale, which a person may change at any time"
TABLES_LEFT_OUT = {
    "price_tiers": TERMS,
    "boxoffice_shows": TERMS,
    "rates": "any rate may be imported, and the source of none is kept",
    "sale_notices": "what was announced, not what was sold",
    "ticket_types": "what is asked, not what was paid",
    "ticket_type_prices": "what is asked, not what was paid",
    "period_lines": "each of their bits is flipped in test_closed_rows",
    "venues": "a person sets it",
    "shows": "a person sets it",
    "occurrences": "a listing that is not kept whole",
}
HELD = "of an order that was paid it says nothing any more"
WRITTEN = "free text, which stands nowhere else"
LEFT_OUT = {
    ("boxoffice_orders", "buyer_key"): HELD,
    ("boxoffice_orders", "held_until"): HELD,
    ("boxoffice_orders", "member_id"): "who bought; it is no money",
    ("boxoffice_orders", "till_id"): "where it was sold; its cash says in which drawer",
    ("boxoffice_orders", "note"): WRITTEN,
    ("boxoffice_seats", "tier_seat_number"): "any number that is free is as good",
    ("boxoffice_history", "actor"): WRITTEN,
    ("boxoffice_history", "reason"): WRITTEN,
    ("payment_refunds", "provider_id"): "nothing writes it yet",
    ("vouchers", "code"): "a digest of what nobody keeps",
    ("vouchers", "amount"): "of a voucher that was given away nothing else holds it",
    ("vouchers", "valid_until"): TERMS,
    ("till_sessions", "show_id"): "for what somebody opened it",
    ("till_sessions", "till"): "its name",
    ("till_sessions", "person"): "who says to sell there",
    ("till_sessions", "currency"): "that of its cash; nothing says the one of a float",
    ("till_sessions", "counted"): "what somebody saw in the drawer",
}
RATE = FeeSchedule(per_ticket=Decimal("0.50"), percent=Decimal(2))
SETTINGS = Settings(accounts={"tt": AccountSettings(fees=(RATE,))})
OTHERS = ("eventbrite", "square")


@pytest.fixture(scope="module")
def season(tmp_path_factory):
    folder = tmp_path_factory.mktemp("books")
    file = folder / "books.db"
    engine.create_database(str(file)).close()
    build_season(str(file), folder)
    return file


def build_season(url, folder):
    """
    Three accounts of one season, read twice: every table of the books has rows, orders
    have histories, and some tickets left theirs.
    """
    fake_platforms = platforms.build_others(today=TODAY, orders=40, names=OTHERS)
    fake_server = server.Sandbox(
        world.build(today=TODAY, orders=80), others=fake_platforms
    )
    moment = [NOW]
    fake_server.clock = lambda: moment[0].timestamp()
    with pytest.MonkeyPatch.context() as patch, server.serving(fake_server) as address:
        patch.setenv("TICKETSYNC_HOME", str(folder))
        put_pin_key(folder)
        patch.setattr(clock, "_now", lambda: moment[0])
        patch.setenv("KEY_TT", fake_server.key)
        addresses = {"tt": ("ticket_tailor", address)}
        for platform, name in zip(fake_platforms, OTHERS, strict=True):
            patch.setenv(f"KEY_{name.upper()}", platform.key)
            addresses[name] = (name, fake_server.url(address, name))
        database = engine.open_database(url)
        with database.write() as connection:
            shows.add_venue(connection, "The Lantern Room", "Australia/Sydney", "AUD")
            for name, (provider, url) in addresses.items():
                variable = f"KEY_{name.upper()}"
                new = state.NewAccount(name, provider, url, "env", variable, "", None)
                edits.add_account(connection, new, NOW)
        sync.fetch_listing(database, SETTINGS, [])
        match.adopt(database, SETTINGS)
        assert sync.sync(database, SETTINGS, Request()).exit_code == 0
        for platform in (fake_server.ticket_tailor, *fake_platforms):
            platform.world.now += 3600
            world.change_some(platform.world, 8, 12)
            platform.invalidate()
        for minutes, excluded in ((1, True), (2, False)):
            moment[0] = NOW + timedelta(minutes=minutes)
            with database.write() as connection:
                for show in shows.list_shows(connection)[:6]:
                    shows.set_excluded(connection, show.id, excluded, "")
        moment[0] = NOW + timedelta(hours=1)
        assert sync.sync(database, SETTINGS, Request(full=True)).exit_code == 0
        database.close()


@pytest.fixture
def book(season, tmp_path, frozen):
    """
    A copy of that season, an hour later.
    """
    frozen(NOW + timedelta(hours=1))
    file = tmp_path / "books.db"
    shutil.copy(season, file)
    return file


@contextmanager
def busy_office(templates, kind, frozen):
    """
    The story of `own_story`, and a drawer with the cash of one order in it that was
    counted, and a gift voucher that was sold.
    """
    with own_story.copied(templates, kind, frozen) as (place, _):
        with closing(engine.open_database(place)) as database:
            office = BoxOffice(database, own_story.SETTINGS)
            with database.write() as connection:
                till = tills.open_till(
                    connection, "1", "AUD", clock.now(), opening_float=20000
                )
            cash = Tender("cash", till_id=till.id)
            sell.sell(office, own_box_office.SHOW, {"Adult": 1}, cash)
            sell_vouchers.sell_voucher(office, 4000, "AUD", Tender("cash"))
            with database.write() as connection:
                tills.close_till(connection, till.id, 25400, clock.now())
        yield place


@pytest.fixture
def office(templates, frozen):
    with busy_office(templates, "sqlite", frozen) as place:
        yield Path(place)


def checked(file, settings=SETTINGS, *, deep=True):
    database = engine.open_database(str(file))
    try:
        return integrity_check.check(database, settings, deep=deep)
    finally:
        database.close()


def ask(file, query, *values):
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(query, values).fetchall()


OF_ROWS = (
    *("is missing", "is in no stored record", "is not a sum of any tickets"),
    "is not as it was written",
)


def is_named(found, names, table, column):
    """
    Whether a finding names that cell of that row, or that the row is not there any more
    or is not as it was; of our own box office also that the row contradicts another.
    """
    return any(
        _is_of_row(item, names)
        and (
            column.name in item.column.split(", ")
            or item.what in OF_ROWS
            or table in OFFICE
        )
        for item in found.findings
    )


def _is_of_row(item, names):
    key, _, order = item.row.partition(" of ")
    if {(item.table, item.row), (item.table, key)} & names:
        return True
    orders = {name for table, name in names if table == "of order"}
    of_order = item.row if item.table in ("order", "ticket", "refund") else order
    # `TS-7K4P-2Q`, and its parts: `TS-7K4P-2Q-1`, `TS-7K4P-2Q-R5.1 1`.
    return any(of_order == name or of_order.startswith(f"{name}-") for name in orders)


def edits_unnamed(file, tmp_path, seed, number, tables=tuple(BOOKS), settings=SETTINGS):
    """
    So many random edits, each on a copy of its own; returns those whose row no finding
    names. Nothing raises.
    """
    chance = random.Random(seed)
    unnamed = []
    for n in range(number):
        table = chance.choice(tables)
        column = chance.choice(columns_of(table, LEFT_OUT))
        copy = tmp_path / "edited.db"
        shutil.copy(file, copy)
        names, *change = Editor(copy, f"{seed} {n}").change(table, column)
        found = checked(copy, settings)
        if found.is_sound or not is_named(found, names, table, column):
            unnamed.append((table, column.name, change, names, found.rows[:3]))
    return unnamed


def edits_unnamed_on_postgresql(url, seed, number, tables, settings=SETTINGS):
    """
    The same on PostgreSQL, each edit undone before the next. What the rules of a table
    let nobody write is no edit.
    """
    chance = random.Random(seed)
    unnamed, done = [], 0
    database = engine.open_database(url)
    with closing(database), closing(PostgresEditor(url, seed)) as editor:
        while done < number:
            table = chance.choice(tables)
            column = chance.choice(columns_of(table, LEFT_OUT))
            try:
                names, old, new = editor.change(table, column)
            except Refused:
                continue
            done += 1
            found = integrity_check.check(database, settings, deep=True)
            if found.is_sound or not is_named(found, names, table, column):
                unnamed.append((table, column.name, old, new, names, found.rows[:3]))
            editor.undo(old)
        assert integrity_check.check(database, settings, deep=True).is_sound
    return unnamed


def test_every_table_with_money_is_edited_or_left_out_for_a_reason():
    amounts = {"currency", "amount", "price", "unit_price", "rate"}
    with_money = {
        table.name
        for table in metadata.sorted_tables
        if amounts & {*table.columns.keys()}
    }
    edited = {*BOOKS, *PAST, *OFFICE}
    assert with_money <= edited | TABLES_LEFT_OUT.keys()
    assert not edited & TABLES_LEFT_OUT.keys()
    for table, column in LEFT_OUT:
        assert table in edited
        assert column in metadata.tables[table].columns


def test_a_season_that_nobody_edited_is_sound(book):
    found = checked(book)
    assert found.rows == ()
    assert found.is_sound
    for table in (*BOOKS, *PAST):
        assert ask(book, f"SELECT count(*) FROM {table}")[0][0] > 5, table


def test_random_edits_are_named(book, tmp_path):
    assert edits_unnamed(book, tmp_path, 7, 6) == []


@pytest.mark.drill
def test_two_hundred_random_edits_are_named(book, tmp_path):
    assert edits_unnamed(book, tmp_path, 11, 200) == []


@pytest.mark.thorough
def test_random_edits_of_the_past_are_named(book, tmp_path):
    assert edits_unnamed(book, tmp_path, 5, 6, PAST) == []


@pytest.mark.drill
def test_a_hundred_random_edits_of_the_past_are_named(book, tmp_path):
    assert edits_unnamed(book, tmp_path, 13, 100, PAST) == []


@pytest.mark.drill
def test_an_edit_of_every_column_is_named(book, tmp_path):
    assert every_column_unnamed(book, tmp_path, (*BOOKS, *PAST), SETTINGS) == []


def every_column_unnamed(file, tmp_path, tables, settings):
    unnamed = []
    for table in tables:
        for column in columns_of(table, LEFT_OUT):
            copy = tmp_path / "edited.db"
            shutil.copy(file, copy)
            names, *change = Editor(copy, 3).change(table, column)
            found = checked(copy, settings)
            if found.is_sound or not is_named(found, names, table, column):
                unnamed.append((table, column.name, change, names, found.rows[:3]))
    return unnamed


@pytest.mark.thorough
def test_random_edits_of_the_box_office_are_named(office, tmp_path):
    assert checked(office, own_story.SETTINGS).rows == ()
    for table in OFFICE:
        assert ask(office, f"SELECT count(*) FROM {table}")[0][0] > 0, table
    of_office = (17, 12, OFFICE, own_story.SETTINGS)
    assert edits_unnamed(office, tmp_path, *of_office) == []


@pytest.mark.drill
def test_two_hundred_random_edits_of_the_box_office_are_named(office, tmp_path):
    of_office = (19, 200, OFFICE, own_story.SETTINGS)
    assert edits_unnamed(office, tmp_path, *of_office) == []


@pytest.mark.drill
def test_an_edit_of_every_column_of_the_box_office_is_named(office, tmp_path):
    of_office = (OFFICE, own_story.SETTINGS)
    assert every_column_unnamed(office, tmp_path, *of_office) == []


@pytest.mark.thorough
def test_random_edits_of_the_box_office_are_named_on_postgresql(templates, frozen):
    with busy_office(templates, "postgresql", frozen) as url:
        tables = (*OFFICE, *(table for table in BOOKS if table not in UNSOLD))
        of_office = (23, 12, tables, own_story.SETTINGS)
        assert edits_unnamed_on_postgresql(url, *of_office) == []


@pytest.mark.drill
def test_two_hundred_random_edits_are_named_on_postgresql(
    templates, tmp_path_factory, frozen
):
    """
    Of the season, its past included, and as many of the box office.
    """
    with templates.copied("postgresql", "empty") as url:
        build_season(url, tmp_path_factory.mktemp("books"))
        frozen(NOW + timedelta(hours=1))
        tables = (*BOOKS, *PAST)
        assert edits_unnamed_on_postgresql(url, 29, 200, tables) == []
    with busy_office(templates, "postgresql", frozen) as url:
        of_office = (31, 200, OFFICE, own_story.SETTINGS)
        assert edits_unnamed_on_postgresql(url, *of_office) == []


# One by one


@pytest.mark.parametrize("days", [30, -30, 1, -1])
@pytest.mark.sampled(4)
def test_a_refund_is_not_seen_while_nobody_read_the_account(book, days):
    """
    Also one on an assumed day, of which little else is compared.
    """
    seen = clock.iso(NOW + timedelta(days=days))
    for basis in ("assumed", "void"):
        ((row,), *_) = ask(book, "SELECT rowid FROM refunds WHERE basis = ?", basis)
        edit(book, "UPDATE refunds SET seen_at = ? WHERE rowid = ?", seen, row)
        found = [item for item in checked(book).findings if item.column == "seen_at"]
        assert [item.stored for item in found] == [seen]
        edit(
            book, "UPDATE refunds SET seen_at = ? WHERE rowid = ?", clock.iso(NOW), row
        )


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (
            "UPDATE show_financials SET net = net + 1, net_before_fees ="
            " net_before_fees + 1 WHERE rowid = (SELECT max(rowid) FROM"
            " show_financials WHERE net IS NOT NULL)",
            "net is",
        ),
        (
            "UPDATE ticket_fees SET name = 'Gift' WHERE rowid = 1",
            "Gift: is not a sum of any tickets",
        ),
        (
            "UPDATE show_ticket_types SET tickets_comp = tickets_comp + 1"
            " WHERE rowid = 1",
            "tickets_comp is",
        ),
        (
            "UPDATE tickets SET order_id = (SELECT max(id) FROM orders) WHERE id = 1",
            "order_id is",
        ),
        ("UPDATE tickets SET order_id = 999999 WHERE id = 1", "must be in orders"),
        ("UPDATE tickets SET currency = 'XXY' WHERE id = 1", "XXY must be a currency"),
        ("UPDATE orders SET placed_at = 'x' WHERE id = 1", "x must be an instant"),
        (
            "UPDATE orders SET placed_at = '2026-02-30T00:00:00Z' WHERE id = 1",
            "2026-02-30T00:00:00Z must be an instant",
        ),
        ("UPDATE orders SET status = 'lost' WHERE id = 1", "status is lost"),
        ("UPDATE refunds SET seen_at = 'x' WHERE id = 1", "x must be an instant"),
        (
            "UPDATE refunds SET refunded_at = '2026-08-31T00:00:00Z' WHERE id ="
            " (SELECT max(id) FROM refunds WHERE basis = 'assumed')",
            "refunded_at is 2026-08-31T00:00:00Z, and must be empty",
        ),
        (
            "UPDATE refunds SET number = 1000001 WHERE id ="
            " (SELECT max(id) FROM refunds WHERE basis = 'assumed')",
            " 1000001: is in no stored record",
        ),
        (
            "UPDATE refunds SET tax = 1000000 WHERE id ="
            " (SELECT max(id) FROM refunds WHERE basis = 'assumed')",
            "tax is 1000000",
        ),
        (
            "UPDATE show_financials SET updated_at = '2099-01-01T00:00:00Z'"
            " WHERE rowid = 1",
            "not between the account's first day and now",
        ),
        (
            "UPDATE orders SET known_from = '2026-08-02T00:00:00Z' WHERE id = 1",
            "known_from: 2026-08-02T00:00:00Z is in no run of the account",
        ),
        (
            "UPDATE tickets SET known_from = '2026-10-01T00:00:00Z' WHERE id = 1",
            "known_from: 2026-10-01T00:00:00Z is in no run of the account",
        ),
        (
            "UPDATE past_tickets SET known_until = '2026-13-45T00:00:00Z' WHERE rowid ="
            " (SELECT max(rowid) FROM past_tickets)",
            "2026-13-45T00:00:00Z must be an instant",
        ),
        (
            "UPDATE past_orders SET promo_code = 'FREE' WHERE rowid ="
            " (SELECT max(rowid) FROM past_orders)",
            "is not as it was written",
        ),
        (
            "UPDATE past_show_links SET show_id = NULL WHERE id = 1",
            "past_show_links 1: is not as it was written",
        ),
        ("DELETE FROM tickets WHERE id = 1", "is missing"),
        ("DELETE FROM orders WHERE id = 1", "is missing"),
        ("UPDATE accounts SET options = '[' WHERE id = 1", "must be a JSON object"),
        ("UPDATE shows SET starts_at = 'soon' WHERE id = 1", "soon must be an instant"),
        (
            "UPDATE shows SET is_excluded = 1 WHERE id = 1",
            "show_financials show 1 AUD: is",
        ),
    ],
)
@pytest.mark.sampled(4)
def test_what_was_changed_is_said_in_words(book, statement, expected):
    edit(book, statement)
    found = checked(book)
    assert any(expected in line for line in found.rows), found.rows


def test_an_order_added_by_hand_is_in_no_stored_record(book):
    rest = ", ".join(c.name for c in columns_of("orders") if c.name != "provider_id")
    edit(
        book,
        f"INSERT INTO orders (provider_id, {rest})"
        f" SELECT 'or_forged', {rest} FROM orders WHERE id = 1",
    )
    (line,) = checked(book).rows
    assert line.endswith(": order or_forged: is in no stored record")


def test_a_trigger_and_views_that_are_none_of_ours_are_named(book):
    with closing(sqlite3.connect(book)) as connection:
        connection.executescript(
            "CREATE TRIGGER quietly AFTER UPDATE ON orders BEGIN"
            "  UPDATE orders SET charged = 0 WHERE id = new.id; END;"
            "CREATE VIEW rich AS SELECT 1 AS euro;"
            "DROP VIEW sync_health;"
            "DROP VIEW session_complete;"
            "CREATE VIEW session_complete AS SELECT 1 AS show_id;"
        )
    assert set(checked(book, deep=False).rows) == {
        "trigger quietly: is not ours",
        "view rich: is not ours",
        "view sync_health: is missing",
        "view session_complete: was changed",
    }


@pytest.mark.parametrize("read_once", ["postgresql"], indirect=True)
def test_the_same_on_postgresql(read_once, settings):
    assert integrity_check.check(read_once, settings, deep=True).rows == ()
    with read_once.write() as connection:
        for statement in (
            "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RETURN NULL; END $$",
            "CREATE TRIGGER quietly BEFORE INSERT ON refunds FOR EACH ROW"
            " EXECUTE FUNCTION nothing()",
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE"
            " plpgsql AS $$ BEGIN RETURN NEW; END $$",
            "CREATE VIEW rich AS SELECT 1 AS euro",
            "DROP VIEW sync_health",
            "DROP VIEW session_complete",
            "CREATE VIEW session_complete AS SELECT 1 AS show_id",
            "UPDATE orders SET charged = charged + 1 WHERE id = 1",
            "UPDATE tickets SET known_from = '2020-01-01T00:00:00Z' WHERE id = 1",
            "UPDATE show_financials SET face = face + 1,"
            " unexplained = unexplained - 1 WHERE show_id = 1",
        ):
            connection.execute(text(statement))

    found = integrity_check.check(read_once, settings, deep=True)

    assert {
        "trigger quietly: is not ours",
        "trigger refunds_no_update: was changed",
        "view rich: is not ours",
        "view sync_health: is missing",
        "view session_complete: was changed",
    } <= set(found.rows)
    columns = {(item.table, item.column) for item in found.findings if item.column}
    figures = {("show_financials", "face"), ("show_financials", "unexplained")}
    assert columns == {("order", "charged"), ("tickets", "known_from"), *figures}
    with read_once.read() as connection:  # nothing is left of the question
        views = text("SELECT count(*) FROM pg_views WHERE schemaname LIKE 'pg_temp%'")
        assert connection.scalar(views) == 0


def test_the_command_names_it_and_ends_with_10(book, tmp_path, monkeypatch):
    edit(book, "UPDATE show_financials SET face = face + 1 WHERE rowid = 1")
    ((account, order),) = ask(
        book,
        "SELECT a.name, o.provider_id FROM orders o"
        " JOIN accounts a ON a.id = o.account_id WHERE o.id = 1",
    )
    edit(book, "UPDATE orders SET total = total + 8 WHERE id = 1")
    monkeypatch.setenv("TICKETSYNC_DATABASE_URL", str(book))
    run = CliRunner()

    shown = run.invoke(app, ["db", "check", "--deep"])
    printed = run.invoke(app, ["db", "check", "--deep", "--json"])

    assert (shown.exit_code, printed.exit_code) == (10, 10)
    assert f"{account}: order {order}: total is" in shown.stdout
    body = json.loads(printed.stdout)
    assert {"schema", "shows", "differences", "rows", "findings"} <= body.keys()
    assert {"stored", "recomputed", "account", "show_id"} <= body["differences"][
        0
    ].keys()
    (total,) = [item for item in body["findings"] if item["column"] == "total"]
    assert (total["table"], total["account"]) == ("order", account)
    assert total["row"] == order
    assert int(total["stored"]) == int(total["right"]) + 8


# The past


def test_the_past_of_a_removed_show_is_as_it_was_written(book):
    """
    Nor does closing a state by hand-edited rows make them sound again.
    """
    database = engine.open_database(str(book))
    with database.write() as connection:
        (first, second, *_) = shows.list_shows(connection)
        for show in (first, second):
            numbered = {"id": show.id}
            of_show = "show_id = :id"
            connection.execute(
                text(f"DELETE FROM show_links WHERE {of_show}"), numbered
            )
            for table in ("show_financials", "ticket_fees", "show_ticket_types"):
                connection.execute(
                    text(f"DELETE FROM {table} WHERE {of_show}"), numbered
                )
        edited = {"id": second.id}
        change = "UPDATE past_show_links SET sync_enabled = 0 WHERE show_id = :id"
        connection.execute(text(change), edited)
        for show in (first, second):
            shows.remove_show(connection, show.id)
    database.close()
    lost = "SELECT id FROM past_show_links WHERE show_id IS NULL AND sync_enabled = 0"
    expected = {
        f"past_show_links {id_}: is not as it was written" for (id_,) in ask(book, lost)
    }
    assert len(ask(book, "SELECT 1 FROM past_show_links WHERE show_id IS NULL")) > len(
        expected
    )
    found = {line for line in checked(book).rows if line.startswith("past_")}
    assert found == expected != set()


# What stands in no record


@pytest.mark.thorough
def test_an_order_that_is_listed_no_longer_is_sound_and_its_mark_is_checked(book):
    """
    Marked in a run, so nothing is wrong; a mark from no run is.
    """
    edit(
        book,
        "UPDATE orders SET gone_since = '2026-09-01T01:00:00Z', doubt = ? WHERE id = 1",
        "the platform no longer lists this order; it still counts",
    )
    assert checked(book).is_sound
    edit(book, "UPDATE orders SET gone_since = '2026-08-01T00:00:00Z' WHERE id = 1")
    assert any("gone_since is 2026-08-01" in line for line in checked(book).rows)


def test_a_ticket_without_an_order_is_compared_with_its_record(read_once, settings):
    """
    Two of the sandbox's tickets belong to no order.
    """
    loose = text("SELECT min(id) FROM tickets WHERE order_id IS NULL")
    with read_once.write() as connection:
        number = connection.scalar(loose)
        assert number is not None
        change = text("UPDATE tickets SET type_name = 'Mine' WHERE id = :id")
        connection.execute(change, {"id": number})
    found = integrity_check.check(read_once, settings, deep=True)
    named = [
        i for i in found.findings if (i.table, i.column) == ("ticket", "type_name")
    ]
    assert [item.stored for item in named] == ["Mine"]


def test_a_version_that_came_back_is_part_of_the_history(read_once, settings):
    """
    An order changes, and changes back: its first version is stored under its last
    block only. The history still begins with it, at its own time.
    """
    with read_once.write() as connection:
        first = next(
            b for b in raw_records.read_history(connection, 1) if b.kind == "order"
        )
        old = first.versions[0]
        other = old.data.replace(b'"id":', b'"changed":1,"id":', 1)
        changed = raw_records.Version(old.provider_id, b"x" * 16, other)
        for version, hours in ((changed, 1), (old, 2)):
            block = raw_records.pack([version])
            moment = NOW + timedelta(hours=hours)
            raw_records.save_versions(connection, 1, "order", [block], moment)
    with read_once.read() as connection:
        found = [
            (block.fetched_at, version.data)
            for block in raw_records.read_history(connection, 1)
            for version in block.versions
            if version.provider_id == old.provider_id
        ]
    assert found == [
        (NOW, old.data),
        (NOW + timedelta(hours=1), other),
        (NOW + timedelta(hours=2), old.data),
    ]


# Replay


def rows_of(database):
    """
    Every row of every table but those of runs.
    """
    with database.read() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(table.select()).all()))
            for table in metadata.sorted_tables
            if table.name not in ("sync_runs", "leases")
        }


@pytest.mark.thorough
def test_a_replay_of_what_is_right_changes_nothing(read_once, settings, frozen):
    before = rows_of(read_once)
    frozen(NOW + timedelta(days=30))

    (result,) = replay(read_once, settings, []).results

    counts = result.counts
    assert (counts.created, counts.updated) == (0, 0)
    assert counts.unchanged == counts.processed > 300
    assert result.shows_changed == 0
    assert rows_of(read_once) == before


@pytest.mark.thorough
def test_a_replay_counts_and_writes_only_what_differs(read_once, settings, frozen):
    """
    One order's total, one ticket's price, one ticket without an order; a fourth order
    is gone altogether.
    """
    before = rows_of(read_once)
    with read_once.write() as connection:
        (kept,) = connection.execute(
            text(
                "SELECT max(o.id) FROM orders o WHERE NOT EXISTS"
                " (SELECT 1 FROM refunds r WHERE r.order_id = o.id)"
            )
        ).one()
        for statement in (
            "UPDATE orders SET total = total + 8 WHERE id = 1",
            "UPDATE tickets SET face = face + 8, unexplained = unexplained - 8"
            " WHERE order_id = 3 AND id ="
            " (SELECT min(id) FROM tickets WHERE order_id = 3)",
            "UPDATE tickets SET type_name = 'Mine' WHERE id ="
            " (SELECT min(id) FROM tickets WHERE order_id IS NULL)",
            f"DELETE FROM attendees WHERE ticket_id IN"
            f" (SELECT id FROM tickets WHERE order_id = {kept})",
            f"DELETE FROM buyers WHERE order_id = {kept}",
            f"DELETE FROM tickets WHERE order_id = {kept}",
            f"DELETE FROM orders WHERE id = {kept}",
        ):
            connection.execute(text(statement))
    frozen(NOW + timedelta(days=30))

    outcome = replay(read_once, settings, [])

    (result,) = outcome.results
    counts = result.counts
    assert (counts.created, counts.updated) == (1, 3)
    assert counts.unchanged == counts.processed - 4
    assert integrity_check.check(read_once, settings, deep=True).rows == ()
    after = rows_of(read_once)
    for table in ("raw_blocks", "raw_records", "bookmarks", "refunds"):
        assert after[table] == before[table], table
    assert after["show_financials"] == before["show_financials"]
    (again,) = replay(read_once, settings, []).results
    assert (again.counts.created, again.counts.updated) == (0, 0)


@pytest.mark.thorough
def test_a_replay_keeps_the_day_on_which_an_order_was_missed(
    read_once, settings, frozen
):
    """
    The order is put right; since when it is missing is known from before.
    """
    missed = text(
        "UPDATE orders SET gone_since = :at, doubt = 'the platform no longer lists"
        " this order; it still counts', total = total + 8 WHERE id = 1"
    )
    at = "2026-09-01T00:00:00Z" if read_once.dialect == "sqlite" else NOW
    with read_once.write() as connection:
        connection.execute(missed, {"at": at})
    frozen(NOW + timedelta(days=30))
    (result,) = replay(read_once, settings, []).results
    assert result.counts.updated == 1
    assert integrity_check.check(read_once, settings, deep=True).rows == ()
    with read_once.read() as connection:
        orders = metadata.tables["orders"]
        row = connection.execute(orders.select().where(orders.c.id == 1))
        assert row.one().gone_since == NOW


def test_a_replay_of_an_account_at_work_waits_its_turn(read_once, settings, frozen):
    with read_once.write() as connection:
        lease.take(connection, "account tt", lease.Holder("another run"), NOW)
    outcome = replay(read_once, settings, [])
    assert (outcome.exit_code, outcome.results[0].outcome) == (8, "skipped-busy")
