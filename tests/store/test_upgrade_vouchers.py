"""
A database of schema 0026, which knew no vouchers that were sold: their money stood in
its tickets as what nothing explains.
"""

import msgspec
import pytest
from sqlalchemy import exc, inspect, select
from support import old_databases
from support.closed_month import SETTINGS
from support.saved_orders import instant, order, prepare, save, ticket

from ticketsync.core.records import VoucherSale
from ticketsync.financials import closed_periods
from ticketsync.store import engine, schema
from ticketsync.store.tables.history import past_tickets
from ticketsync.store.tables.sales import tickets
from ticketsync.workflows import integrity_check, recompute_figures
from ticketsync.workflows.month_end import close

OCTOBER = instant("2026-10-05T03:00")
NOVEMBER = instant("2026-11-02T01:00")
LATER = instant("2026-11-03T01:00")
BEFORE = order(
    ticket(1, 2200), charged=7200, total=7200, placed_at=OCTOBER, doubt="a gift card"
)
CARD = VoucherSale("or_1/gift-cards", "ev_1", "Gift card", 5000)


def fill(file):
    """
    An order of 72.00 whose ticket costs 22.00, superseded once, in a closed October.
    """
    database = prepare(engine.create_database(str(file)))
    first = msgspec.structs.replace(BEFORE, charged=7100, total=7100)
    save(database, first, at=OCTOBER)
    save(database, BEFORE, at=instant("2026-10-06T03:00"))
    recompute_figures.rebuild(database, SETTINGS)
    close.close(database, SETTINGS, "2026-10")
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def upgraded(request, templates, frozen):
    frozen(NOVEMBER)
    with old_databases.upgraded(templates, request.param, "0026", fill) as database:
        yield database


def rows_of(database, table):
    with database.read() as connection:
        return connection.execute(select(table)).all()


@pytest.mark.thorough
def test_the_upgrade_keeps_every_row(upgraded):
    with upgraded.read() as connection:
        assert schema.version_of(connection) == schema.PRESENT
        (line,) = closed_periods.read_lines(connection, [1])
    assert (line.kind, line.charged, line.unexplained) == ("sale", 7200, 5000)
    (held,) = rows_of(upgraded, tickets)
    assert (held.kind, held.charged, held.unexplained) == ("admission", 7200, 5000)
    (past,) = rows_of(upgraded, past_tickets)
    assert (past.kind, past.charged, past.unexplained) == ("admission", 7100, 4900)
    assert recompute_figures.rebuild(upgraded, SETTINGS) == (2, 0)
    assert integrity_check.check(upgraded, SETTINGS).is_sound


def test_it_holds_vouchers_that_were_sold_then(upgraded):
    now = msgspec.structs.replace(BEFORE, doubt=None, voucher_sales=(CARD,))
    save(upgraded, now, at=LATER)
    found = {
        row.kind: (row.charged, row.unexplained) for row in rows_of(upgraded, tickets)
    }
    assert found == {"admission": (2200, 0), "voucher-sale": (5000, 0)}
    with upgraded.read() as connection:
        changes = close.open_adjustments(connection, SETTINGS)
    assert {(it.kind, it.cause, it.charged) for it in changes} == {
        ("sale", "reparsed", -5000),
        ("voucher-sale", "reparsed", 5000),
    }
    assert len(rows_of(upgraded, past_tickets)) == 2


def test_an_unknown_kind_is_refused(upgraded):
    with (
        pytest.raises(exc.IntegrityError, match="kind"),
        upgraded.write() as connection,
    ):
        connection.exec_driver_sql("UPDATE tickets SET kind = 'nothing'")


def test_the_identity_is_checked_as_before(upgraded):
    with (
        pytest.raises(exc.IntegrityError, match="parts"),
        upgraded.write() as connection,
    ):
        connection.exec_driver_sql("UPDATE tickets SET charged = charged + 1")


def test_the_order_of_a_day_is_summed_up_in_the_index_alone(upgraded):
    with upgraded.read() as connection:
        names = {
            tuple(index["column_names"])
            for index in inspect(connection).get_indexes("tickets")
        }
    assert (
        *("order_id", "occurrence_id", "account_id", "currency", "is_sold"),
        *("charged", "kind"),
    ) in names
