"""
The books of a closed month: entries of its frozen lines, by hand and against those of
the stored sales.
"""

import random
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import update
from support import needs
from support.closed_month import (
    CLOSED,
    DECEMBER,
    LATER,
    SETTINGS,
    SETTINGS_LATER,
    change_late,
    order,
    prepare,
    save,
    sell,
)
from support.random_orders import random_order
from support.saved_orders import instant
from support.saved_orders import prepare as prepare_two
from support.saved_orders import save as save_orders

from ticketsync.core.periods import Period
from ticketsync.core.records import Fee, Refund
from ticketsync.core.settings.tax_rules import TaxRule
from ticketsync.reporting.output_files import OutputFile
from ticketsync.store.tables.catalogue import occurrences
from ticketsync.workflows.month_end import (
    close,
    ledger_export,
    period_export,
    period_ledger,
)

BEAN_CHECK = str(Path(sys.executable).parent / "bean-check")
PLATFORM_SELLS_FEES = replace(
    SETTINGS,
    tax=replace(
        SETTINGS.tax,
        default=(
            TaxRule(
                {**SETTINGS.tax.default[0].answers, "buyer_fee_is_sold_by": "platform"}
            ),
        ),
    ),
)


def closed_books(database, event):
    with database.read() as connection:
        return period_ledger.read_books(connection, event)


def postings(books):
    return {entry.id: dict(entry.postings) for entry in books.entries}


def balances(books, day):
    return {
        it.ledger_account: it.amount
        for it in books.balances
        if it.day == day and it.amount
    }


def close_month(database, name, settings=SETTINGS):
    return close.close(database, settings, name).event


def test_october_by_hand(database, frozen):
    """
    For the first show 364.50 in nine orders, 5.50 of it given and 32.64 the elevenths
    of the others; 90.00 with 8.18 for the third. 20.00 of 50.00 with 4.55 went back.
    """
    frozen(CLOSED)
    sell(prepare(database))
    found = closed_books(database, close_month(database, "2026-10"))
    assert postings(found) == {
        "fee/tt/2026-10-05/1/AUD": {
            "Assets:Platform:Tt": -480,
            "Expenses:Fees:Tt": 480,
        },
        "sale/tt/2026-10-05/1/AUD": {
            "Assets:Platform:Tt": 36450,
            "Liabilities:Tax:Gst": -3264,
            "Liabilities:Unearned": -33186,
        },
        "sale/tt/2026-10-05/3/AUD": {
            "Assets:Platform:Tt": 9000,
            "Liabilities:Tax:Gst": -818,
            "Liabilities:Unearned": -8182,
        },
        "refund/tt/2026-10-10/1/AUD": {
            "Assets:Platform:Tt": -2000,
            "Liabilities:Tax:Gst": 182,
            "Liabilities:Unearned": 1818,
        },
    }
    assert balances(found, date(2026, 10, 31)) == {
        "Assets:Platform:Tt": 42970,
        "Liabilities:Tax:Gst": -3900,
        "Liabilities:Unearned": -39550,
    }


def test_what_changed_of_october_is_booked_with_november(database, frozen):
    """
    60.00 went back, with 5.45 of tax; a fee of 2.00 is 0.65. All of it comes to what
    the orders say today, and nothing of October is another.
    """
    frozen(CLOSED)
    sell(prepare(database))
    october = close_month(database, "2026-10")
    before = closed_books(database, october)
    frozen(LATER)
    change_late(database)
    frozen(DECEMBER)
    november = close_month(database, "2026-11", SETTINGS_LATER)
    assert closed_books(database, october) == before
    found = closed_books(database, november)
    entries = postings(found)
    assert entries["open/2026-11-01/AUD"] == {
        **balances(before, date(2026, 10, 31)),
        "Equity:Opening": 480,
    }
    assert entries["adjust/2026-10/tt/or_refund/1/AUD"] == {
        "Assets:Platform:Tt": -6000,
        "Liabilities:Tax:Gst": 545,
        "Income:Shows": 5455,
    }
    assert entries["adjust/2026-10/tt/or_fee/1/AUD"] == {
        "Assets:Platform:Tt": 135,
        "Expenses:Fees:Tt": -135,
    }
    # 5.50 are taxed now: 16.50 ÷ 11 = 1.50 in place of 1.00.
    assert entries["adjust/2026-10/tt/or_rule/1/AUD"] == {
        "Liabilities:Tax:Gst": -50,
        "Income:Shows": 50,
    }
    assert entries["earn/1/AUD"] == {
        "Liabilities:Unearned": 33186 - 1818,
        "Income:Shows": -(33186 - 1818),
    }
    last = date(2026, 11, 30)
    assert {e.day for e in found.entries if e.id.startswith("adjust/")} == {last}
    with database.read() as connection:
        today = ledger_export.read_books(connection, SETTINGS_LATER, Period(last=last))
    assert balances(found, last) == balances(today, last)


def test_a_show_that_was_cancelled_after_its_month_earned_nothing(database, frozen):
    """
    45.00 with 4.09 of tax were earned in November; in December the show is cancelled.
    """
    frozen(DECEMBER)
    prepare(database)
    save(database, (order("or_1", 45_00), "a"), at=CLOSED)
    for name in ("2026-10", "2026-11"):
        close_month(database, name)
    with database.write() as connection:
        connection.execute(update(occurrences).values(status="cancelled"))
    frozen(instant("2027-01-01T03:00"))
    found = closed_books(database, close_month(database, "2026-12"))
    assert postings(found)["earn/2026-12-01/1/AUD"] == {
        "Income:Shows": 4091,
        "Liabilities:Unearned": -4091,
    }
    assert balances(found, date(2026, 12, 31))["Liabilities:Unearned"] == -4091


def test_a_booking_fee_that_the_platform_keeps_of_a_later_refund(database, frozen):
    """
    32.00 sold in October with a booking fee of 2.00 of the platform's own; all of it
    back in November, and the fee kept.
    """
    frozen(CLOSED)
    prepare(database)
    fee = (Fee("Booking", 200),)
    amounts = {"buyer_fees": 200, "charged": 3200, "total": 3200}
    sold = order("or_1", 3000, fees=fee, **amounts)
    save(database, (sold, "a"), at=CLOSED)
    close_month(database, "2026-10", PLATFORM_SELLS_FEES)
    back = (Refund("r_1", 3200, instant("2026-11-03T03:00")),)
    save(database, (msgspec.structs.replace(sold, refunds=back), "b"), at=LATER)
    frozen(DECEMBER)
    found = closed_books(
        database, close_month(database, "2026-11", PLATFORM_SELLS_FEES)
    )
    assert postings(found)["refund/tt/2026-11-03/1/AUD"] == {
        "Assets:Platform:Tt": -3200,
        "Expenses:Fees:Tt": 200,
        "Liabilities:Tax:Gst": 273,
        "Liabilities:Unearned": 2727,
    }
    assert balances(found, date(2026, 11, 30)) == {"Assets:Platform:Tt": -200}


def test_a_fee_that_is_known_only_later_is_booked_then(database, frozen):
    """
    30.00 and 20.00 sold in October, of which nobody knew the fees; in November the
    platform names 1.50 of the first. No rate of the venue's own stands in for them.
    """
    without_rates = replace(SETTINGS, accounts={})
    frozen(CLOSED)
    prepare(database)
    one, two = (order(f"or_{n}", face, fees=None) for n, face in ((1, 3000), (2, 2000)))
    save(database, (one, "a"), (two, "a"), at=CLOSED)
    october = closed_books(database, close_month(database, "2026-10", without_rates))
    assert "fee/tt/2026-10-05/1/AUD" not in postings(october)
    assert october.unknown_fees == 2
    known = msgspec.structs.replace(one, fees=(Fee("Booking", 150),))
    save(database, (known, "b"), at=LATER)
    frozen(DECEMBER)
    november = closed_books(database, close_month(database, "2026-11", without_rates))
    assert balances(november, date(2026, 11, 30))["Assets:Platform:Tt"] == 4850
    assert november.unknown_fees == 1


@needs.programs("hledger", BEAN_CHECK)
@pytest.mark.thorough
def test_the_programs_accept_the_files_of_both_months_and_refuse_a_changed_one(
    database, frozen, tmp_path
):
    frozen(CLOSED)
    sell(prepare(database))
    close_month(database, "2026-10")
    frozen(LATER)
    change_late(database)
    frozen(DECEMBER)
    close_month(database, "2026-11", SETTINGS_LATER)
    checked = set()
    for name in ("2026-10", "2026-11"):
        with database.read() as connection:
            month = period_export.read_month(connection, name)
            period_export.write_folder(connection, month, tmp_path, OutputFile)
        for program in (["hledger", "check", "-s", "-f"], [BEAN_CHECK]):
            ending = "ledger" if program[0] == "hledger" else "beancount"
            file = tmp_path / f"{name}.{ending}"
            subprocess.run([*program, str(file)], check=True)
            file.write_text(file.read_text().replace("429.70", "429.71", 1))
            if "429.71" in file.read_text():
                done = subprocess.run([*program, str(file)], capture_output=True)
                assert done.returncode != 0
                checked.add((name, ending))
    assert len(checked) == 4


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.thorough
def test_closed_month_by_month_the_books_are_those_of_the_sales(database, frozen, seed):
    """
    120 random orders, each sold at some time and part of it back later, read after the
    month that it belongs to is closed or before.
    """
    prepare_two(database)
    chance = random.Random(seed)
    begin = instant("2026-09-02T00:00")
    waiting = []
    for step in range(120):
        sold = random_order(chance, step)
        moment = begin + timedelta(hours=chance.randint(0, 100 * 24))
        sold = msgspec.structs.replace(sold, placed_at=moment)
        waiting.append((moment, msgspec.structs.replace(sold, refunds=())))
        if sold.refunds:
            seen = moment + timedelta(days=chance.randint(0, 50))
            waiting.append((seen, sold))
    waiting.sort(key=lambda item: (item[0], item[1].id))
    for name, end in (
        ("2026-09", instant("2026-10-02T00:00")),
        ("2026-10", instant("2026-11-02T00:00")),
        ("2026-11", instant("2026-12-02T00:00")),
        ("2026-12", instant("2027-01-02T00:00")),
    ):
        while waiting and waiting[0][0] < end:
            moment, sold = waiting.pop(0)
            save_orders(database, sold, at=moment)
        frozen(end)
        event = close_month(database, name, PLATFORM_SELLS_FEES)
        found = closed_books(database, event)
        with database.read() as connection:
            today = ledger_export.read_books(
                connection, PLATFORM_SELLS_FEES, Period(last=event.last)
            )
        assert all(sum(e.postings.values()) == 0 for e in found.entries)
        assert balances(found, event.last)
        assert balances(found, event.last) == balances(today, event.last)
