"""
The story of own orders (`support.own_story`), and every reader of orders held equal to
figures by hand.
"""

from contextlib import closing
from datetime import UTC, date, datetime

import pytest
from support.own_box_office import SHOW
from support.own_story import RETURNED, SETTINGS

from ticketsync.accounts import state
from ticketsync.core import errors
from ticketsync.core.periods import Period
from ticketsync.door import attendees
from ticketsync.financials import explain
from ticketsync.reporting import (
    exported_sales,
    figures_of_shows,
    refund_report,
    sales,
    sales_report,
)
from ticketsync.reporting.export_filter import ExportFilter
from ticketsync.store import engine
from ticketsync.workflows import as_of, integrity_check, own_fee_rates
from ticketsync.workflows.accounts import account_removal
from ticketsync.workflows.boxoffice import cancel_and_refund
from ticketsync.workflows.boxoffice.box_office import BoxOffice
from ticketsync.workflows.boxoffice.cancel_and_refund import Refund
from ticketsync.workflows.door import checkin
from ticketsync.workflows.month_end import close, ledger_export, tax_worksheets
from ticketsync.workflows.sync import replay
from ticketsync.workflows.sync import run as sync

CLOSED = datetime(2026, 11, 2, 1, tzinfo=UTC)
LATER = datetime(2026, 11, 9, 1, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 2, 1, tzinfo=UTC)
OCTOBER = Period(date(2026, 10, 1), date(2026, 10, 31))


@pytest.fixture
def office(played):
    with closing(engine.open_database(played[0])) as database:
        yield BoxOffice(database, SETTINGS)


@pytest.fixture
def story(played):
    return played[1]


def figures(connection):
    (found,) = figures_of_shows.figures(connection)
    return found.as_json()


def picked(values, *names):
    return {name: values[name] for name in names}


def dicts(table):
    return [dict(zip(table.names, row, strict=True)) for row in table.rows]


def test_the_figures_and_the_parts_of_money(office, story):
    with office.database.read() as connection:
        shown = figures(connection)
    assert picked(
        shown,
        *("tickets_sold", "tickets_comp", "gross", "refunded", "net_before_fees"),
        *("fees", "net", "face", "vouchers", "tax", "unexplained"),
    ) == {
        "tickets_sold": 8,
        "tickets_comp": 2,
        "gross": "315.00",
        "refunded": "55.00",
        "net_before_fees": "260.00",
        "fees": None,  # what the card terminal keeps
        "net": None,
        "face": "370.00",
        "vouchers": "55.00",
        "tax": "30.00",
        "unexplained": "0.00",
    }


def test_every_ticket_explains_them(office, story):
    with office.database.read() as connection:
        parts = explain.list_contributions(connection, SHOW)
        orders = {row["order_id"]: row for row in dicts(sales.sales_table(connection))}
    assert sum(part.charged.minor for part in parts) == 31500
    assert sum(part.refunded.minor for part in parts) == 5500
    assert {letter: orders[story[letter]]["status"] for letter in "abcdef"} == (
        dict.fromkeys("abcdef", "paid")
    )
    assert orders[story["g"]]["status"] == "pending"


def test_the_door(office, story):
    with office.database.read() as connection:
        guests = attendees.list_tickets(connection, SHOW)
        assert attendees.count_guests(connection, SHOW).expected == 8
    assert sum(guest.admits for guest in guests) == 8
    at = checkin.find_scan_point(office.database, SHOW)
    for ticket, outcome in (
        (f"{story['e']}-1", "not-valid"),
        (f"{story['e']}-2", "admitted"),
        (f"{story['f']}-1", "not-valid"),
        (f"{story['d']}-1", "admitted"),
    ):
        assert checkin.admit(office.database, at, ticket).outcome == outcome, ticket
    with office.database.read() as connection:
        assert attendees.count_guests(connection, SHOW).admitted == 2
        assert figures(connection)["checked_in"] == 2


def test_reports_and_exports(office, story):
    with office.database.read() as connection:
        rates = own_fee_rates.own_rates(connection, SETTINGS)
        by_month = sales_report.sales_table(
            connection, "month", rates, zone="Australia/Sydney"
        )
        (month,) = dicts(by_month)
        exported = dicts(exported_sales.exported_table(connection, ExportFilter()))
        (refund,) = dicts(refund_report.refunds_table(connection))
    assert picked(month, "month", "tickets", "gross", "refunded", "fees") == {
        "month": "2026-10",
        "tickets": 8,
        "gross": 31500,
        "refunded": 5500,
        "fees": None,
    }
    assert sum(row["charged"] for row in exported) == 31500
    assert sum(row["refunded"] for row in exported) == 5500
    # Every ticket that was ordered, also the two that are void.
    assert sum(row["tickets"] for row in exported if row["status"] == "paid") == 10
    assert (refund["order_id"], refund["amount"]) == (story["e"], 5500)
    assert str(refund["on_day"]) == "2026-10-06"


def test_as_of_the_day_of_the_sale_nothing_had_gone_back(office, story, frozen):
    frozen(LATER)
    database = office.database
    with as_of.reading(database, SETTINGS, "2026-10-05T23:00") as past:
        shown = figures(past.connection)
    assert picked(shown, "tickets_sold", "gross", "refunded") == {
        "tickets_sold": 10,
        "gross": "315.00",
        "refunded": "0.00",
    }


def test_a_closed_month_stays_and_a_later_refund_is_of_its_own(office, story, frozen):
    """
    In November order a goes back as a whole, 130.00, and is booked there; October keeps
    its money, and has 3 valid tickets fewer.
    """
    frozen(CLOSED)
    lines = close.close(office.database, SETTINGS, "2026-10").draft.lines
    assert sum(line.charged for line in lines) == 31500
    assert sum(line.refunded for line in lines) == 5500
    assert {line.order_id for line in lines if line.fees_source == "unknown"} == {
        story["b"]
    }
    frozen(LATER)
    cancel_and_refund.refund(office, story["a"], Refund(), "ill")
    with office.database.read() as connection:
        (edited,) = close.open_adjustments(connection, SETTINGS)
        assert figures(connection)["refunded"] == "185.00"
    assert (edited.order_id, edited.tickets, edited.charged, edited.effect) == (
        *(story["a"], -3, 0, 0),
    )
    frozen(DECEMBER)
    after = close.close(office.database, SETTINGS, "2026-11").draft
    assert [line.tickets for line in after.adjustments] == [-3]
    assert sum(line.charged for line in after.lines) == 0
    assert sum(line.refunded for line in after.lines) == 13000


def test_the_tax_and_the_ledger_of_the_month(office, story):
    """
    Tax collected is 5.00 for each of the 6 adults who paid, also by voucher: 30.00;
    5.00 of it went back with order e.
    """
    with office.database.read() as connection:
        tax = tax_worksheets.read_tax_period(connection, SETTINGS, OCTOBER)
        books = ledger_export.read_books(connection, SETTINGS, OCTOBER)
        unearned = ledger_export.read_unearned(connection, SETTINGS, OCTOBER, RETURNED)
    assert [(t.amount, t.tax) for t in tax.sheet.totals] == [(37000 - 5500, 2500)]
    assert [(i.what, i.flow, i.amount, i.tax) for i in tax.sheet.lines] == [
        ("admission", "sale", 37000, 3000),
        ("vouchers", "sale", -5500, None),
        ("admission", "refund", -5500, -500),
        ("fees", "fee", None, None),
    ]
    assert {b.ledger_account: b.amount for b in books.balances} == {
        "Assets:Platform:Boxoffice": 31500 - 5500,
        "Liabilities:Tax:Gst": -2500,
        "Liabilities:Unearned": -(37000 - 3000) + (5500 - 500),
        "Liabilities:Vouchers": 5500,
    }
    assert (books.unknown_fees, books.without_rule) == (1, 0)
    (show,) = unearned.lines
    assert (show.sold, show.returned, show.earned) == (34000, 5000, 0)


def test_a_sync_a_replay_and_a_deep_check_change_and_find_nothing(office, story):
    with office.database.read() as connection:
        before = figures(connection)
    outcome = sync.sync(office.database, SETTINGS, sync.Request(jobs=1))
    assert (outcome.exit_code, outcome.changes) == (0, ())
    (again,) = replay.replay(office.database, SETTINGS, []).results
    assert again.counts.updated == 0
    assert integrity_check.check(office.database, SETTINGS, deep=True).rows == ()
    with office.database.read() as connection:
        after = figures(connection)
    read_at = ("last_complete_at", "last_synced_at")
    assert all(after.pop(name) for name in read_at)
    assert after == {name: before[name] for name in before if name not in read_at}


def test_the_office_is_not_retired_since_its_key_would_go(office, story):
    for remove in (
        lambda: account_removal.plan(office.database, "boxoffice"),
        lambda: account_removal.remove(office.database, SETTINGS, "boxoffice"),
    ):
        with pytest.raises(errors.GuardRefused, match="your own box office") as refused:
            remove()
        assert refused.value.word == "own-box-office"
    with office.database.read() as connection:
        account = state.get_account(connection, "boxoffice")
    assert (account.is_retired, account.secret_source) == (False, "env")
