"""
The tax worksheet of stored orders: its sums are those of the money view, a sale counts
on its own day by the calendar of the business, and nothing is left out without a word.
"""

import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import msgspec
import pytest
from sqlalchemy import true, update
from support import five_platforms
from support.random_orders import random_order
from support.saved_orders import (
    BOUGHT,
    FIRST_DAY,
    instant,
    order,
    prepare,
    save,
    ticket,
)

from ticketsync.core import tables
from ticketsync.core.periods import ALWAYS, Period
from ticketsync.core.records import Fee, OrderStatus, Refund, RefundKind
from ticketsync.core.settings.config import AccountSettings, FeeSchedule, Settings
from ticketsync.core.settings.tax_rules import (
    Business,
    RateSpan,
    TaxCode,
    TaxRule,
    TaxRules,
)
from ticketsync.financials.tax_worksheet import FEE, REFUND, SALE
from ticketsync.reporting import refund_report, sales_report
from ticketsync.reporting.figure_filter import FigureFilter
from ticketsync.store.tables.catalogue import show_links
from ticketsync.workflows import money_view, own_fee_rates, recompute_figures
from ticketsync.workflows.month_end import tax_worksheets as worksheets
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.run import Request

GST = {"gst": TaxCode("gst", (RateSpan(100_000),))}
AU = TaxRule(
    {
        "admission": "gst",
        "buyer_fee": "gst",
        "addons": "gst",
        "donation": "out_of_scope",
        "voucher": "redeemed",
        "prices": "charged",
        "fees": "none",
    }
)
RULES = Settings(tax=TaxRules(GST, (AU,)))
OCTOBER = Period(date(2026, 10, 1), date(2026, 10, 31))


@pytest.fixture
def books(database):
    return prepare(database)


def read(database, settings=RULES, period=ALWAYS):
    with database.read() as connection:
        return worksheets.read_tax_period(connection, settings, period)


def sums(found, flow):
    return sum(line.amount or 0 for line in found.sheet.lines if line.flow == flow)


def money(database, settings):
    recompute_figures.rebuild(database, settings)
    with database.read() as connection:
        view = money_view.read_money(connection, "show", FigureFilter())
        return next(tables.by_name(view.totals))


RATED = replace(
    RULES,
    accounts={"tt": AccountSettings(fees=(FeeSchedule(per_ticket=Decimal("0.65")),))},
)


def save_random(database, number):
    """
    Sold in a hundred days around October, refunded on the days after.
    """
    chance = random.Random(number)
    for step in range(number):
        sold = random_order(chance, step)
        moment = BOUGHT + timedelta(hours=chance.randint(-40 * 24, 60 * 24))
        save(
            database,
            replace_order(sold, placed_at=moment, refunds=()),
            at=moment,
        )
        if sold.refunds:
            later = moment + timedelta(days=chance.randint(0, 20))
            save(database, replace_order(sold, placed_at=moment), at=later)


def replace_order(sold, **changes):
    return msgspec.structs.replace(sold, **changes)


@pytest.mark.parametrize("settings", [RULES, RATED], ids=["unknown fees", "own rate"])
def test_its_sums_are_those_of_the_money_view(books, settings):
    save_random(books, 120)
    whole = money(books, settings)
    found = read(books, settings)
    assert sums(found, SALE) == whole["gross"].minor
    assert sums(found, REFUND) == -whole["refunded"].minor
    unknown = [x for x in found.sheet.lines if x.flow == FEE and x.amount is None]
    if whole["fees"] is None:
        assert unknown
    else:
        assert sums(found, FEE) == whole["fees"].minor
        assert not unknown


@pytest.mark.thorough
def test_each_month_has_the_sales_and_refunds_of_its_days(books):
    save_random(books, 120)
    recompute_figures.rebuild(books, RATED)
    months = [
        Period(date(2026, 8, 1), date(2026, 9, 30)),
        OCTOBER,
        Period(date(2026, 11, 1), date(2026, 12, 31)),
    ]
    for period in months:
        found = read(books, RATED, period)
        with books.read() as connection:
            sold = sales_report.sales_table(
                connection,
                "platform",
                own_fee_rates.own_rates(connection, RATED),
                zone="Australia/Sydney",
                period=period,
            )
            (row,) = tables.by_name(sold)
            back = refund_report.refunds_table(connection, FigureFilter(period=period))
            gone = sum(item["amount"].minor for item in tables.by_name(back))
        assert sums(found, SALE) == row["gross"].minor
        assert sums(found, FEE) == row["fees"].minor
        assert sums(found, REFUND) == -gone
    whole = read(books, RATED)
    for flow in (SALE, REFUND, FEE):
        parts = [sums(read(books, RATED, period), flow) for period in months]
        assert sum(parts) == sums(whole, flow)
    taxes = [read(books, RATED, period).sheet.tax("AUD") for period in months]
    assert sum(taxes) == whole.sheet.tax("AUD")


def test_control_an_order_that_is_counted_twice_is_noticed(books):
    save_random(books, 60)
    whole = money(books, RATED)
    extra = order(ticket(9999, 2000), id_="or_extra", fees=())
    save(books, extra, at=FIRST_DAY)
    assert sums(read(books, RATED), SALE) != whole["gross"].minor


def test_a_sale_counts_on_its_day_in_the_zone_of_the_business(books):
    """
    23:59:59 of 30 September and midnight of 1 October in Sydney: 30.00 and 20.00.
    """
    save(
        books,
        order(ticket(1, 3000), id_="or_1", placed_at=instant("2026-09-30T13:59:59")),
        order(ticket(2, 2000), id_="or_2", placed_at=instant("2026-09-30T14:00:00")),
        at=FIRST_DAY,
    )
    found = read(books, period=OCTOBER)
    assert [item.order_id for item in found.orders if item.flow == SALE] == ["or_2"]
    assert (sums(found, SALE), found.sheet.tax("AUD")) == (2000, 182)


def test_a_refund_in_two_steps_takes_back_the_tax_in_its_months(books):
    """
    33.33 with 3.03 sold in September; 10.01 with 0.91 back in October, the rest of
    23.32 with 2.12 in November.
    """
    sold = order(ticket(1, 3333), placed_at=instant("2026-09-10T02:00"))
    first = Refund("r_1", 1001, instant("2026-10-05T02:00"))
    second = Refund("r_2", 2332, instant("2026-11-05T02:00"))
    save(books, replace_order(sold, refunds=(first,)), at=FIRST_DAY)
    save(books, replace_order(sold, refunds=(first, second)), at=FIRST_DAY)

    def tax_of(month):
        return read(books, period=month).sheet.tax("AUD")

    assert tax_of(Period(date(2026, 9, 1), date(2026, 9, 30))) == 303
    assert tax_of(OCTOBER) == -91
    assert tax_of(Period(date(2026, 11, 1), date(2026, 11, 30))) == -212


@pytest.mark.parametrize("kind", RefundKind)
def test_a_refund_has_the_tax_that_is_reported_of_it_until_it_is_taken_back(
    books, kind
):
    """
    64.00 with 4.00 of tax: 20.00 without tax go back, and then do not after all. By
    the rule that prices include the tax it is 1.82 of 5.82.
    """
    reported = Settings(
        tax=TaxRules(GST, (TaxRule({**AU.answers, "prices": "reported"}),))
    )
    sold = order(ticket(1, 4400, tax=400), ticket(2, 2000, tax=0), tax=400)
    back = Refund("r_1", 2000, instant("2026-10-05T02:00"), kind, tax=0)
    expected = [((-2000, 0), (-2000, -182)), ((0, 0), (0, 0))]
    for refunds, (as_reported, as_charged) in zip([(back,), ()], expected, strict=True):
        save(books, replace_order(sold, refunds=refunds), at=FIRST_DAY)
        for settings, sums_ in ((reported, as_reported), (RULES, as_charged)):
            found = [it for it in read(books, settings).orders if it.flow == REFUND]
            amounts = [it.line.amount for it in found]
            assert (sum(amounts), sum(it.line.tax for it in found)) == sums_


@pytest.mark.parametrize("attribution", ["accrual", "cash"])
def test_a_ticket_for_next_quarter_is_taxed_when_it_was_paid(books, attribution):
    """
    Accruals: wholly in the period of the first payment. Cash: as received. The platform
    receives both on the day of the sale; an order that nobody has paid is in neither.
    The shows play in November.
    """
    settings = replace(RULES, business=Business(attribution=attribution))
    paid = order(ticket(1, 2200), placed_at=instant("2026-09-10T02:00"))
    unpaid = order(
        ticket(2, 1100),
        id_="or_2",
        placed_at=instant("2026-09-10T02:00"),
        status=OrderStatus.PENDING,
        charged=0,
    )
    save(books, paid, unpaid, at=FIRST_DAY)
    quarter = Period(date(2026, 7, 1), date(2026, 9, 30))
    assert read(books, settings, quarter).sheet.tax("AUD") == 200
    assert read(books, settings, OCTOBER).sheet.tax("AUD") == 0


def test_what_is_linked_to_no_show_is_named(books):
    save(books, order(ticket(1, 2000), ticket(2, 500, "ev_2")), at=FIRST_DAY)
    with books.write() as connection:
        connection.execute(
            update(show_links)
            .where(show_links.c.occurrence_id == 2)
            .values(sync_ticket_sales=False)
        )
    found = read(books)
    assert sums(found, SALE) == 2000
    assert [(x.why, x.orders, x.charged) for x in found.left_out] == [
        ("switched-off", 1, 500)
    ]
    with books.write() as connection:
        connection.execute(show_links.delete().where(true()))
    found = read(books)
    assert found.sheet.lines == ()
    assert [(x.why, x.orders, x.charged) for x in found.left_out] == [
        ("unlinked", 1, 2500)
    ]


def test_an_account_without_a_rule_is_listed_and_not_summed(books):
    save(books, order(ticket(1, 2200), fees=(Fee("Service", 110),)), at=FIRST_DAY)
    found = read(books, Settings())
    assert [(x.flow, x.treatment, x.amount, x.tax) for x in found.sheet.lines] == [
        (SALE, "no rule", 2200, None),
        (FEE, "no rule", 110, None),
    ]
    assert found.sheet.totals == ()
    assert found.sheet.total("AUD", ("taxed", "free", "exempt")) == 0
    assert found.rules == {"tt": ["no rule"]}


def test_the_tax_in_fees_by_its_three_sources(books):
    """
    Reported: 1.10 with 0.10. The venue's own rate of 0.65 with 10 % inside: 0.06.
    """
    rate = FeeSchedule(per_ticket=Decimal("0.65"), tax=100_000)
    rule = TaxRule({**AU.answers, "fees": "reported"})
    settings = Settings(
        tax=TaxRules(GST, (rule,)), accounts={"tt": AccountSettings(fees=(rate,))}
    )
    save(
        books,
        order(ticket(1, 2000), id_="or_1", fees=(Fee("Service", 110, 10),)),
        order(ticket(2, 2000), id_="or_2", fees=None),
        order(ticket(3, 2000), id_="or_3", fees=(Fee("Service", 220),)),
        at=FIRST_DAY,
    )
    found = [x for x in read(books, settings).sheet.lines if x.flow == FEE]
    assert [(x.treatment, x.amount, x.tax) for x in found] == [
        ("tax as reported", 110, 10),
        ("tax inside your own rate", 65, 6),
        ("the platform does not report the tax in its fees", 220, None),
    ]


@pytest.mark.thorough
def test_all_platforms_are_within_half_a_cent_for_each_order_of_an_eleventh(
    sqlite, settings, monkeypatch, frozen
):
    with five_platforms.playing(monkeypatch) as sandbox:
        five_platforms.set_up(sqlite, settings, sandbox)
        sync.sync(sqlite, settings, Request())
    found = read(sqlite)
    taxed = [item for item in found.orders if item.line.state == "taxed"]
    assert {item.account for item in taxed} == {"eb", "hx", "site", "tt"}
    assert {item.account for item in found.left_out} == {"bar"}  # not matched by itself
    for total in found.sheet.totals:
        own = [x for x in taxed if x.currency == total.currency and x.flow != FEE]
        exact = Decimal(total.amount) / 11
        assert abs(total.tax - exact) <= Decimal("0.5") * len(own)
        assert total.difference == total.tax - round(exact)
