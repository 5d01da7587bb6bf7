"""
What the database itself refuses of our own box office, whoever writes to it.
"""

import pytest
from sqlalchemy import exc, text
from support import boxoffice_rows
from support.boxoffice_rows import AT

from ticketsync.store import boxoffice_states, integrity, triggers
from ticketsync.store.tables.boxoffice import boxoffice_history

SEAT = "INSERT INTO boxoffice_seats VALUES ({})"
REFUND = (
    "INSERT INTO payment_refunds (payment_id, number, state, amount, idempotency_key,"
    " provider_id, reason, settled_at)"
    f" VALUES (1, {{}}, {{}}, {{}}, 'r9', '', '', {AT})"
)
HISTORY = (
    "INSERT INTO boxoffice_history (kind, row_id, from_state, to_state, at, actor,"
    f" reason) VALUES ({{}}, {AT}, 'x', '')"
)
ORDER = (
    "INSERT INTO boxoffice_orders (reference, show_id, state, channel, buyer_key,"
    " held_until, created_at, end_reason, total, currency, note) VALUES"
    f" ({{}}, {AT}, {AT}, '', 1, 'AUD', '')"
)
REFUSED = {
    "a seat above the show's capacity": SEAT.format("1, 3, 1, 2, 1, NULL"),
    "a seat above the tier's capacity": SEAT.format("1, 2, 2, 2, 1, NULL"),
    "the same seat twice": SEAT.format("1, 1, 1, 2, 1, NULL"),
    "the same seat of a tier twice": SEAT.format("1, 2, 1, 1, 1, NULL"),
    "no seat": SEAT.format("1, 0, 1, 2, 1, NULL"),
    "a seat moved above the capacity": "UPDATE boxoffice_seats SET seat_number = 3",
    "a transition that is none": HISTORY.format("'order', 1, 'refunded', 'paid'"),
    "a state of something else": HISTORY.format("'ticket', 1, '', 'pending'"),
    "history changed": "UPDATE boxoffice_history SET reason = 'other'",
    "history deleted": "DELETE FROM boxoffice_history",
    "more returned than paid": REFUND.format(2, "'succeeded'", 2501),
    "more returned by a change": "UPDATE payment_refunds SET amount = 5501",
    "the same refund twice": REFUND.format(1, "'succeeded'", 1),
    "the same reference twice": ORDER.format("'TS-AAAA-AA', 1, 'pending', 'till', ''"),
    "two pending orders of a buyer": ORDER.format("'B', 1, 'pending', 'till', 'mia'"),
    "a state that is none": ORDER.format("'B', 1, 'sold', 'till', ''"),
    "paid without a time": ORDER.format("'B', 1, 'paid', 'till', ''"),
    "a tier sold twice in an order": "INSERT INTO boxoffice_order_lines"
    " (order_id, tier_id, quantity, unit_price, discount) VALUES (1, 1, 1, 1, 0)",
    "a line of nothing": "INSERT INTO boxoffice_order_lines"
    " (order_id, tier_id, quantity, unit_price, discount) VALUES (1, 2, 0, 1, 0)",
    "two tiers of one name": "UPDATE price_tiers SET name = 'Adult' WHERE id = 2",
    "a price below zero": "UPDATE price_tiers SET price = -1",
    "a number that cannot be": "UPDATE price_tiers SET min_quantity = 21",
    "a hold of a day and a minute": "UPDATE boxoffice_shows SET hold_minutes = 1441",
    "a show on sale removed": "DELETE FROM shows",
    "a voucher spent twice": "INSERT INTO vouchers"
    " (code, kind, amount, currency, spent, created_at)"
    f" VALUES ({{blob}}, 'gift', 100, 'AUD', 101, {AT})",
    "the same payment twice": "INSERT INTO payments (order_id, attempt, method, state,"
    " amount, currency, idempotency_key, reference)"
    " VALUES (1, 2, 'cash', 'succeeded', 1, 'AUD', 'a', '')",
    "a voucher payment without a voucher": "UPDATE payments SET method = 'voucher'",
}
ALLOWED = {
    "the last seat": SEAT.format("1, 2, 2, 1, 1, NULL"),
    "the rest returned": REFUND.format(2, "'succeeded'", 2500),
    "a refund that failed": REFUND.format(2, "'failed'", 9999),
    "another buyer": ORDER.format("'B', 1, 'pending', 'till', 'ben'"),
    "an order of nobody": ORDER.format("'B', 1, 'pending', 'till', ''"),
    "one that has ended": ORDER.format("'B', 1, 'expired', 'till', 'mia'"),
    "a step onwards": HISTORY.format("'order', 1, 'pending', 'paid'"),
}


@pytest.fixture
def on_sale(database):
    boxoffice_rows.write(database)
    return database


def execute(database, statement):
    blob = "x'00'" if database.dialect == "sqlite" else r"'\x00'::bytea"
    with database.write() as connection:
        connection.exec_driver_sql(statement.replace("{blob}", blob))


def test_what_must_not_be_is_refused_by_the_database(on_sale):
    for name, statement in REFUSED.items():
        try:
            execute(on_sale, statement)
        except (exc.IntegrityError, exc.DatabaseError):
            continue
        pytest.fail(f"{name} was accepted")


@pytest.mark.parametrize("name", ALLOWED)
def test_what_may_be_is_accepted(on_sale, name):
    execute(on_sale, ALLOWED[name])


def test_without_its_trigger_the_seat_would_be_accepted(on_sale):
    with on_sale.write() as connection:
        triggers.drop_all(connection)
    execute(on_sale, REFUSED["a seat above the show's capacity"])
    execute(on_sale, REFUSED["more returned than paid"])
    execute(on_sale, REFUSED["history changed"])


@pytest.mark.thorough
def test_every_transition_and_no_other_is_accepted(on_sale):
    kinds = boxoffice_states.TRANSITIONS
    states = {
        "",
        *(state for kind in kinds for state in boxoffice_states.states_of(kind)),
    }
    accepted = set()
    for kind in kinds:
        for pair in ((old, new) for old in states for new in states):
            values = dict(zip(("old", "new"), pair, strict=True), kind=kind)
            query = text(
                "SELECT 1 WHERE "
                + _check()
                .replace("from_state", ":old")
                .replace("to_state", ":new")
                .replace("kind", ":kind")
            )
            with on_sale.read() as connection:
                if connection.scalar(query, values):
                    accepted.add((kind, *pair))
    assert accepted == {
        (kind, *pair) for kind, pairs in kinds.items() for pair in pairs
    }


def _check():
    (rule,) = [
        c for c in boxoffice_history.constraints if "transition" in str(c.name or "")
    ]
    return str(rule.sqltext)


def test_the_rules_are_those_of_the_migration(database):
    """
    Alembic compares no CHECK: that of the migration is what the table says.
    """
    if database.dialect == "postgresql":
        return
    with database.read() as connection:
        (made,) = connection.exec_driver_sql(
            "SELECT sql FROM sqlite_master WHERE name = 'boxoffice_history'"
        ).one()
        assert _check() in made
        assert list(integrity.find_violations(connection)) == []


def test_every_trigger_is_there(on_sale):
    with on_sale.read() as connection:
        names = {*triggers.names()}
        query = (
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            if on_sale.dialect == "sqlite"
            else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
        )
        assert set(connection.exec_driver_sql(query).scalars()) == names
