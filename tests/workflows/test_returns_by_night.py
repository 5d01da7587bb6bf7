"""
Returns of one order over several nights on several days, read from a report: every list
has each on its own night and day, with the tax of that night. What is expected was
worked out by hand; it is 27 November.
"""

from datetime import date

import pytest
from sqlalchemy import select
from support.report_accounts import ReportAccount

from ticketsync.catalogue import adopting, occurrences, shows
from ticketsync.core import clock
from ticketsync.core.periods import Period
from ticketsync.core.settings.config import Settings
from ticketsync.core.settings.tax_rules import RateSpan, TaxCode, TaxRule, TaxRules
from ticketsync.financials.tax_worksheet import REFUND, SALE
from ticketsync.providers.file_import.orders.order_rules import OrderRules
from ticketsync.reporting import sales
from ticketsync.store.tables.financials import show_financials
from ticketsync.workflows import recompute_figures
from ticketsync.workflows.month_end import (
    close,
    ledger_export,
    period_ledger,
    tax_worksheets,
)

NOW = clock.from_iso("2026-11-27T02:00:00Z")
OCTOBER = Period(date(2026, 10, 1), date(2026, 10, 31))
NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))
HEADING = "Order,Show,Starts,Type,Qty,Total,Tax,Placed"
GALA = "Gala,2026-11-20 19:30,Adult"
FETE = "Fete,2026-12-05 19:30,Adult"
# The tax is inside: 4.00 of the gala, none of the fete.
SOLD = (
    f"1,{GALA},1,44.00,4.00,2026-10-01 12:00",
    f"1,{FETE},1,60.00,0.00,2026-10-01 12:00",
)
BACK = (
    f"1,{GALA},-1,-44.00,-4.00,2026-10-10",
    f"1,{FETE},-1,-60.00,0.00,2026-11-22",
)
EXPECTED = [
    ("Gala", 4400, "2026-10-10", "reported"),
    ("Fete", 6000, "2026-11-22", "reported"),
]
REPORTED = TaxRule(
    {
        "admission": "gst",
        "buyer_fee": "gst",
        "addons": "gst",
        "donation": "out_of_scope",
        "voucher": "redeemed",
        "prices": "reported",
        "fees": "none",
    }
)
RULES = Settings(
    tax=TaxRules({"gst": TaxCode("gst", (RateSpan(100_000),))}, (REPORTED,))
)


@pytest.fixture
def account(database, tmp_path, monkeypatch):
    monkeypatch.setattr(clock, "_now", lambda: NOW)
    with database.write() as connection:
        shows.add_venue(connection, "The Room", "Australia/Sydney", "AUD")
    found = ReportAccount(database, tmp_path)
    found.recipe("tax: inside", placed="Placed", tax="Tax")
    found.add()
    return found


def read(account):
    """
    Two runs, of which the second changes nothing; then all dates are shows.
    """
    for _ in range(2):
        account.sync(full=True)
        with account.database.write() as connection:
            listed = occurrences.list_occurrences(connection)
            plan = adopting.plan_adoption(connection, listed)
            adopting.adopt(connection, plan, batch="test", now=NOW)
    recompute_figures.rebuild(account.database, RULES)


def movements(account):
    with account.database.read() as connection:
        rows = sales.list_refunds(connection)
    rows.sort(key=lambda it: (it.on_day, it.amount.minor))
    return [(it.production, it.amount.minor, it.on_day, it.basis) for it in rows]


def refunded(account):
    """
    What each show's figures say went back.
    """
    with account.database.read() as connection:
        query = select(show_financials.c.refunded)
        return sorted(connection.scalars(query))


def unearned(account, period):
    """
    By show: opening, sold, returned, earned, closing.
    """
    with account.database.read() as connection:
        found = ledger_export.read_unearned(connection, RULES, period, NOW)
    return {
        it.show.title: (it.opening, it.sold, it.returned, it.earned, it.closing)
        for it in found.lines
    }


def tax_back(account, period):
    """
    Amount and tax of what went back in the period.
    """
    with account.database.read() as connection:
        lines = tax_worksheets.read_tax_period(connection, RULES, period).sheet.lines
    return [(it.amount, it.tax) for it in lines if it.flow == REFUND]


def test_each_return_is_on_its_night_and_its_day(account):
    account.put("a.csv", HEADING, *SOLD, *BACK)
    read(account)
    assert movements(account) == EXPECTED
    assert unearned(account, OCTOBER) == {
        "Gala": (0, 4000, 4000, 0, 0),
        "Fete": (0, 6000, 0, 0, 6000),
    }
    assert unearned(account, NOVEMBER) == {"Fete": (6000, 0, 6000, 0, 0)}
    assert tax_back(account, OCTOBER) == [(-4400, -400)]
    assert tax_back(account, NOVEMBER) == [(-6000, 0)]
    assert refunded(account) == [4400, 6000]


@pytest.mark.parametrize("order", [BACK, BACK[::-1]])
def test_so_it_is_when_they_come_one_after_the_other(account, order):
    account.put("a.csv", HEADING, *SOLD)
    read(account)
    for n, row in enumerate(order):
        account.put(f"b{n}.csv", HEADING, row)
        read(account)
    assert movements(account) == EXPECTED
    assert tax_back(account, OCTOBER) == [(-4400, -400)]


def test_a_return_of_no_night_is_divided_by_price(account):
    account.put("a.csv", HEADING, *SOLD, "1,,,,0,-10.40,,2026-10-10")
    read(account)
    assert movements(account) == [
        ("Gala", 440, "2026-10-10", "reported"),
        ("Fete", 600, "2026-10-10", "reported"),
    ]


def test_an_exchange_that_goes_back_later_is_on_its_own_night(account):
    """
    A ticket of the gala is exchanged for a second one of the fete, which goes back.
    """
    account.recipe("tax: inside", placed="Placed", tax="Tax", refund_of="Original")
    heading = f"{HEADING},Original"
    account.put(
        "a.csv",
        heading,
        *(f"{row}," for row in SOLD),
        f"X2,{GALA},-1,-44.00,-4.00,2026-10-10 12:00,1",
        f"X2,{FETE},1,44.00,0.00,2026-10-10 12:00,1",
        f"X3,{FETE},-1,-44.00,0.00,2026-11-22 12:00,1",
    )
    read(account)
    assert movements(account) == [
        ("Gala", 4400, "2026-10-10", "reported"),
        ("Fete", 4400, "2026-11-22", "reported"),
    ]


def test_a_movement_of_an_earlier_version_stays_and_the_next_has_its_night(
    account, monkeypatch
):
    account.put("a.csv", HEADING, *SOLD, BACK[0])
    with monkeypatch.context() as earlier:
        new = OrderRules.get_rules

        def without(self, lines):
            rules = {**new(self, lines)}
            rules.pop("returns_by_night", None)
            return rules

        earlier.setattr(OrderRules, "get_rules", without)
        read(account)
        assert movements(account) == EXPECTED[:1]
    account.put("b.csv", HEADING, BACK[1])
    read(account)
    assert movements(account) == EXPECTED
    assert refunded(account) == [4400, 6000]


def test_a_closed_month_has_the_tax_of_each_night(account):
    """
    October is closed, and its books are those of the sales: 44.00 of the gala with a
    tax of 4.00, and 60.00 of the fete without.
    """
    account.put("a.csv", HEADING, *SOLD, *BACK)
    read(account)
    with account.database.read() as connection:
        live = ledger_export.read_books(connection, RULES, OCTOBER)
        sheet = tax_worksheets.read_tax_period(connection, RULES, OCTOBER)
    event = close.close(account.database, RULES, "2026-10").event
    with account.database.read() as connection:
        closed = period_ledger.read_books(connection, event)
        closed_sheet = tax_worksheets.read_tax_period(connection, RULES, OCTOBER)
    sold = {"Gala": (4400, -400, -4000), "Fete": (6000, 0, -6000)}
    for books in (live, closed):
        assert {
            entry.text: (
                entry.postings["Assets:Platform:Other"],
                entry.postings.get("Liabilities:Tax:Gst", 0),
                entry.postings["Liabilities:Unearned"],
            )
            for entry in books.entries
            if entry.kind == "sale"
        } == sold
    assert closed_sheet.closed is not None
    assert closed_sheet.sheet == sheet.sheet
    assert sorted(closed_sheet.orders, key=str) == sorted(sheet.orders, key=str)
    of_sales = [(it.line.amount, it.line.tax) for it in sheet.orders if it.flow == SALE]
    assert of_sales == [(10400, 400)]
    with account.database.read() as connection:
        assert close.open_adjustments(connection, RULES) == []


CHILD = (
    f"1,{GALA},1,40.00,4.00,2026-10-01 12:00",
    "1,Gala,2026-11-20 19:30,Child,1,20.00,0.00,2026-10-01 12:00",
    "1,Gala,2026-11-20 19:30,Child,-1,-20.00,0.00,2026-10-10",
)


def tax_entries(books):
    """
    What each entry of sales and refunds puts into the account of the tax: due is
    negative.
    """
    return [
        (entry.kind, entry.postings.get("Liabilities:Tax:Gst", 0))
        for entry in books.entries
        if entry.kind in ("sale", "refund")
    ]


@pytest.mark.parametrize(
    ("rows", "back", "closing"),
    [
        # A child without tax goes back: the 4.00 of the adult stay due.
        pytest.param(CHILD, (-2000, 0), 4000, id="untaxed"),
        # The fee of 2.00, without tax, stays.
        pytest.param(
            (
                f"1,{GALA},1,40.00,4.00,2026-10-01 12:00,2.00",
                f"1,{GALA},-1,-40.00,-4.00,2026-10-10,0.00",
            ),
            (-4400, -400),
            200,
            id="without its fee",
        ),
    ],
)
def test_the_tax_that_a_return_reports_goes_back_live_and_closed(
    account, rows, back, closing
):
    has_fee = rows[0].endswith(",2.00")
    columns = {"fee": "Fee"} if has_fee else {}
    account.recipe('tax: "on top"', placed="Placed", tax="Tax", **columns)
    account.put("a.csv", f"{HEADING},Fee" if has_fee else HEADING, *rows)
    read(account)
    assert tax_back(account, OCTOBER) == [back]
    (of_show,) = unearned(account, OCTOBER).values()
    assert of_show[-1] == closing
    with account.database.read() as connection:
        live = ledger_export.read_books(connection, RULES, OCTOBER)
    assert tax_entries(live) == [("sale", -400), ("refund", -back[1])]
    event = close.close(account.database, RULES, "2026-10").event
    with account.database.read() as connection:
        closed = period_ledger.read_books(connection, event)
        assert close.open_adjustments(connection, RULES) == []
    assert tax_entries(closed) == tax_entries(live)
    assert tax_back(account, OCTOBER) == [back]
