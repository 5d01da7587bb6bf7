"""
What gift vouchers get back undoes a sale like money: its tax, what is unearned, and
what the venue owes to the holders of vouchers.

Three sales on 5 October, at 55.00 with 5.00 of tax in each: x, one adult by a voucher
of 50.00 and 5.00 in cash; y, two adults by a voucher alone; z, two adults by a voucher
of 60.00 and 50.00 in cash. On 6 October x went back as a whole, one ticket of y, and
one of z: 50.00 of that in cash, and 5.00 to its voucher.

Of 5 × 55.00 = 275.00 so 55 + 55 + 55 = 165.00 went back, with 15.00 of tax, of it 5 +
50 = 55.00 in cash and 50 + 55 + 5 = 110.00 to vouchers. What is left are two tickets of
110.00 with 10.00 of tax. Vouchers had paid 50 + 110 + 60 = 220.00 and keep 110.00 paid.
"""

from datetime import UTC, date, datetime, timedelta

import pytest
from support.own_box_office import SHOW, STARTS

from ticketsync.boxoffice.price_tiers import NewTier
from ticketsync.core.periods import ALWAYS, Period
from ticketsync.core.settings.config import Settings
from ticketsync.core.settings.tax_rules import (
    Business,
    RateSpan,
    TaxCode,
    TaxRule,
    TaxRules,
)
from ticketsync.financials import closed_periods, period_tables
from ticketsync.reporting import figures_of_shows, refund_report
from ticketsync.workflows import as_of, integrity_check
from ticketsync.workflows.boxoffice import cancel_and_refund, sell
from ticketsync.workflows.boxoffice.cancel_and_refund import Refund
from ticketsync.workflows.boxoffice.sell import Tender
from ticketsync.workflows.month_end import (
    close,
    ledger_export,
    period_ledger,
    tax_worksheets,
)

SOLD = datetime(2026, 10, 5, 3, tzinfo=UTC)
RETURNED = datetime(2026, 10, 6, 3, tzinfo=UTC)
CLOSED = datetime(2026, 11, 2, 1, tzinfo=UTC)
LATER = datetime(2026, 11, 9, 1, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 2, 1, tzinfo=UTC)
OCTOBER = Period(date(2026, 10, 1), date(2026, 10, 31))
NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))


def taxed(voucher):
    kinds = ("admission", "buyer_fee", "addons", "donation")
    answers = {
        **dict.fromkeys(kinds, "gst"),
        "voucher": voucher,
        "prices": "charged",
        "fees": "none",
    }
    codes = {"gst": TaxCode("gst", (RateSpan(100_000),))}
    return Settings(business=Business(), tax=TaxRules(codes, (TaxRule(answers),)))


REDEEMED, AS_SOLD = taxed("redeemed"), taxed("sold")


@pytest.fixture
def office(office_of, frozen):
    frozen(SOLD)
    return office_of(NewTier("Adult", 5500), settings=REDEEMED, starts_at=STARTS)


@pytest.fixture
def story(office, frozen):
    """
    The references of the orders by their letters.
    """

    def sold(number, voucher, method=""):
        code = sell.issue_voucher(office, "gift", voucher, "AUD")
        tender = Tender(method, vouchers=[code])
        return sell.sell(office, SHOW, {"Adult": number}, tender).order.reference

    found = {
        "x": sold(1, 5000, "cash"),
        "y": sold(2, 11000),
        "z": sold(2, 6000, "cash"),
    }
    frozen(RETURNED)
    cancel_and_refund.refund(office, found["x"], Refund(), "ill")
    cancel_and_refund.refund(office, found["y"], Refund(tickets=[1]), "ill")
    frozen(RETURNED + timedelta(hours=1))
    cancel_and_refund.refund(office, found["z"], Refund(tickets=[1]), "ill")
    return found


def worksheet(connection, period=OCTOBER, settings=REDEEMED):
    return tax_worksheets.read_tax_period(connection, settings, period)


def lines_of(tax):
    return [(it.what, it.flow, it.amount, it.tax) for it in tax.sheet.lines]


def totals_of(tax):
    return [(it.amount, it.tax) for it in tax.sheet.totals]


def last_balances(books):
    """
    What the ledger accounts come to at last, without those that come to nothing.
    """
    last = max(it.day for it in books.balances)
    found = (it for it in books.balances if it.day == last and it.amount)
    return {it.ledger_account: it.amount for it in found}


OF_OCTOBER = [
    ("admission", "sale", 27500, 2500),
    ("vouchers", "sale", -22000, None),
    ("admission", "refund", -16500, -1500),
    ("vouchers", "refund", 11000, None),
]
BALANCES = {
    "Liabilities:Tax:Gst": -1000,
    "Liabilities:Unearned": -10000,
    "Liabilities:Vouchers": 11000,
}


def test_the_tax_of_what_vouchers_get_back_goes_back(office, story):
    with office.database.read() as connection:
        tax = worksheet(connection)
        money = [it for it in tax.orders if it.flow == "refund"]
    assert [line for line in lines_of(tax) if line[1] != "fee"] == OF_OCTOBER
    assert totals_of(tax) == [(11000, 1000)]
    of_y = [(it.day, it.line.amount) for it in money if it.order_id == story["y"]]
    assert of_y == [(date(2026, 10, 6), 5500), (date(2026, 10, 6), -5500)]


def test_where_vouchers_are_taxed_when_they_are_sold_only_money_counts(office, story):
    """
    Of 275.00 vouchers paid 220.00; 5.00 of x and 50.00 of z were charged, and back.
    """
    with office.database.read() as connection:
        tax = worksheet(connection, settings=AS_SOLD)
    assert totals_of(tax) == [(0, 0)]


def test_the_books_owe_their_holders_again(office, story):
    with office.database.read() as connection:
        books = ledger_export.read_books(connection, REDEEMED, OCTOBER, now=CLOSED)
    kept = last_balances(books)
    assert kept == BALANCES


def test_it_is_no_money_that_went_back(office, story):
    with office.database.read() as connection:
        (figures,) = figures_of_shows.figures(connection)
        refunds = refund_report.refunds_table(connection)
    shown = figures.as_json()
    assert (shown["gross"], shown["refunded"]) == ("55.00", "55.00")
    # That of x, one of y and one of z: their prices went back.
    assert shown["tickets_refunded"] == 3
    amounts = [row[refunds.names.index("amount")] for row in refunds.rows]
    assert sorted(amounts) == [500, 5000]


def test_the_past_has_only_what_was_known_then(office, story, frozen):
    """
    An hour before the ticket of z went back: 110.00 had, with 10.00 of tax.
    """
    frozen(LATER)
    with as_of.reading(office.database, REDEEMED, "2026-10-06T14:30") as past:
        between = worksheet(past.connection)
    with as_of.reading(office.database, REDEEMED, "2026-10-05T23:00") as past:
        before = worksheet(past.connection)
    assert totals_of(between) == [(27500 - 11000, 2500 - 1000)]
    assert totals_of(before) == [(27500, 2500)]


def test_a_closed_month_keeps_it_and_the_next_one_has_its_own(office, story, frozen):
    """
    In November the other ticket of z goes back to its voucher: 55.00 with 5.00 of tax.
    """
    frozen(CLOSED)
    closed = close.close(office.database, REDEEMED, "2026-10").draft
    listed = period_tables.refunds_table(closed.lines)
    amounts = [row[listed.names.index("refunded")] for row in listed.rows]
    assert sorted(amounts) == [500, 5000]
    frozen(LATER)
    cancel_and_refund.refund(office, story["z"], Refund(), "ill")
    with office.database.read() as connection:
        october, november = worksheet(connection), worksheet(connection, NOVEMBER)
        # Of October only that one valid ticket fewer is left of z.
        (edited,) = close.open_adjustments(connection, REDEEMED)
        (event,) = closed_periods.list_events(connection)
        books = period_ledger.read_books(connection, event)
    assert [line for line in lines_of(october) if line[1] != "fee"] == OF_OCTOBER
    assert (edited.order_id, edited.tickets, edited.effect) == (story["z"], -1, 0)
    kept = last_balances(books)
    assert kept == BALANCES
    assert lines_of(november) == [
        ("admission", "refund", -5500, -500),
        ("vouchers", "refund", 5500, None),
    ]
    frozen(DECEMBER)
    close.close(office.database, REDEEMED, "2026-11")
    with office.database.read() as connection:
        assert totals_of(worksheet(connection, NOVEMBER)) == [(-5500, -500)]
    assert integrity_check.check(office.database, REDEEMED, deep=True).rows == ()


def test_what_only_vouchers_paid_counts_on_its_day_and_goes_back_on_its_own(
    office, story, frozen
):
    """
    Nothing was charged for y. In November its other ticket goes back: 55.00 with 5.00
    of tax. What October had of it stays, whether October is closed or not.
    """
    frozen(LATER)
    cancel_and_refund.refund(office, story["y"], Refund(), "ill")
    with office.database.read() as connection:
        october, november = worksheet(connection), worksheet(connection, NOVEMBER)
        (figures,) = figures_of_shows.figures(connection)
        books = ledger_export.read_books(connection, REDEEMED, ALWAYS, now=LATER)
    assert [line for line in lines_of(october) if line[1] != "fee"] == OF_OCTOBER
    assert lines_of(november) == [
        ("admission", "refund", -5500, -500),
        ("vouchers", "refund", 5500, None),
    ]
    # One of z still admits; that of x, both of y and one of z went back.
    assert (figures.tickets_sold, figures.tickets_refunded) == (1, 4)
    kept = last_balances(books)
    assert kept == {
        "Liabilities:Tax:Gst": -500,
        "Liabilities:Unearned": -5000,
        "Liabilities:Vouchers": 5500,
    }
    assert integrity_check.check(office.database, REDEEMED, deep=True).rows == ()


def test_what_only_vouchers_paid_goes_back_after_its_month_was_closed(
    office, story, frozen
):
    frozen(CLOSED)
    close.close(office.database, REDEEMED, "2026-10")
    frozen(LATER)
    cancel_and_refund.refund(office, story["y"], Refund(), "ill")
    with office.database.read() as connection:
        (edited,) = close.open_adjustments(connection, REDEEMED)
    assert (edited.order_id, edited.tickets, edited.effect) == (story["y"], -1, 0)
    frozen(DECEMBER)
    close.close(office.database, REDEEMED, "2026-11")
    with office.database.read() as connection:
        assert totals_of(worksheet(connection, NOVEMBER)) == [(-5500, -500)]
        books = ledger_export.read_books(connection, REDEEMED, ALWAYS, now=LATER)
    kept = last_balances(books)
    assert kept == {
        "Liabilities:Tax:Gst": -500,
        "Liabilities:Unearned": -5000,
        "Liabilities:Vouchers": 5500,
    }


@pytest.mark.thorough
def test_a_sale_goes_back_in_steps_before_and_after_its_month_is_closed(office, frozen):
    """
    Two adults at 110.00 with 10.00 of tax, half by a voucher, half in cash. On 20
    October 30.00 went back in cash, with 30 / 110 of the tax: 2.73; that leaves 80.00
    with 7.27. On 9 November 50.00, half of it to the voucher, with 80 / 110 of the tax,
    7.27, less 2.73: 4.54. On 15 November the last 30.00, to the voucher, with 2.73.
    """
    code = sell.issue_voucher(office, "gift", 5500, "AUD")
    tender = Tender("cash", vouchers=[code])
    reference = sell.sell(office, SHOW, {"Adult": 2}, tender).order.reference

    def give_back(day, wanted):
        frozen(day)
        cancel_and_refund.refund(office, reference, wanted, "late")

    in_part = Refund(amount=3000, keeps_tickets=True)
    give_back(datetime(2026, 10, 20, 3, tzinfo=UTC), in_part)
    frozen(CLOSED)
    close.close(office.database, REDEEMED, "2026-10")
    in_part = Refund(amount=5000, keeps_tickets=True)
    give_back(datetime(2026, 11, 9, 3, tzinfo=UTC), in_part)
    give_back(datetime(2026, 11, 15, 3, tzinfo=UTC), Refund())

    def totals_as_of(instant, period):
        with as_of.reading(office.database, REDEEMED, instant) as past:
            return totals_of(
                tax_worksheets.read_tax_period(
                    *(past.connection, REDEEMED, period), now=past.moment
                )
            )

    assert totals_as_of("2026-10-19T12:00", OCTOBER) == [(11000, 1000)]
    assert totals_as_of("2026-10-25T12:00", OCTOBER) == [(8000, 727)]
    assert totals_as_of("2026-11-10T12:00", OCTOBER) == [(8000, 727)]
    assert totals_as_of("2026-11-08T12:00", NOVEMBER) == []
    assert totals_as_of("2026-11-10T12:00", NOVEMBER) == [(-5000, -454)]

    def check_both_months():
        with office.database.read() as connection:
            october, november = worksheet(connection), worksheet(connection, NOVEMBER)
        assert totals_of(october) == [(8000, 727)]
        assert lines_of(november) == [
            ("admission", "refund", -8000, -454 - 273),
            ("vouchers", "refund", 5500, None),
        ]

    check_both_months()
    frozen(DECEMBER)
    close.close(office.database, REDEEMED, "2026-11")
    check_both_months()
    with office.database.read() as connection:
        books = ledger_export.read_books(connection, REDEEMED, ALWAYS, now=DECEMBER)
        (figures,) = figures_of_shows.figures(connection)
    assert last_balances(books) == {}
    assert (figures.tickets_sold, figures.tickets_refunded) == (0, 2)
    assert integrity_check.check(office.database, REDEEMED, deep=True).rows == ()
