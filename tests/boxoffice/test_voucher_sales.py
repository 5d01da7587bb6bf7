"""
Gift vouchers that our own box office sells for money: a drawer has it, the venue owes
it until they pay, and no show earned it. Amounts by hand.

On 5 October till 1 opens with 200.00. It sells v1 of 50.00 for cash; v2 of 30.00 is
paid by card and v3 of 25.00 in cash that is in no drawer. A ticket of 55.00 is paid by
v1 and with 5.00 in cash at the till. In November v2 pays for a child's ticket of 20.00,
what is left of it, 10.00, goes back to the card, and the 25.00 of v3 go back in cash.
"""

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from support import needs
from support.ledger_movements import balances_of
from support.own_box_office import SHOW, STARTS
from support.own_story import ANSWERS

from ticketsync.boxoffice import order_records, placed_orders, tills, vouchers
from ticketsync.boxoffice.price_tiers import NewTier
from ticketsync.core import clock, errors
from ticketsync.core.money import Money
from ticketsync.core.periods import ALWAYS, Period
from ticketsync.core.settings.config import Settings
from ticketsync.core.settings.tax_rules import RateSpan, TaxCode, TaxRule, TaxRules
from ticketsync.door import attendees
from ticketsync.financials import closed_periods, frozen_lines
from ticketsync.ledger import programs
from ticketsync.reporting import (
    boxoffice_selling,
    export_filter,
    exported_tickets,
    figures_of_shows,
    order_money,
    unlinked_orders,
)
from ticketsync.reporting import sales as sales_lists
from ticketsync.store.tables.boxoffice import boxoffice_orders
from ticketsync.store.tables.catalogue import occurrences
from ticketsync.workflows import as_of, integrity_check, waiting
from ticketsync.workflows.boxoffice import (
    cancel_and_refund,
    sell,
    sell_vouchers,
    till_sales,
)
from ticketsync.workflows.boxoffice.cancel_and_refund import Refund
from ticketsync.workflows.boxoffice.sell import Tender
from ticketsync.workflows.month_end import (
    close,
    ledger_export,
    period_ledger,
    tax_worksheets,
)
from ticketsync.workflows.sync import replay
from ticketsync.workflows.sync import run as sync

BEAN_CHECK = str(Path(sys.executable).parent / "bean-check")
SOLD = datetime(2026, 10, 5, 3, tzinfo=UTC)
CLOSED = datetime(2026, 11, 2, 1, tzinfo=UTC)
BACK = datetime(2026, 11, 6, 3, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 2, 1, tzinfo=UTC)
OCTOBER = Period(date(2026, 10, 1), date(2026, 10, 31))
ADULT, CHILD = NewTier("Adult", 5500), NewTier("Child", 2000)


def rules(**answers):
    rule = TaxRule({**ANSWERS, "prices": "charged", **answers})
    return Settings(
        tax=TaxRules({"gst": TaxCode("gst", (RateSpan(100_000),))}, (rule,))
    )


SETTINGS = rules()


@pytest.fixture
def office(office_of, frozen):
    frozen(SOLD)
    return office_of(ADULT, CHILD, capacity=20, settings=SETTINGS, starts_at=STARTS)


def open_till(office, opening_float=20000):
    with office.database.write() as connection:
        return tills.open_till(
            connection, "1", "AUD", clock.now(), opening_float=opening_float
        ).id


def sell_one(office, amount, tender, **options):
    return sell_vouchers.sell_voucher(office, amount, "AUD", tender, **options)


@pytest.fixture
def october(office):
    """
    What was sold in October, by its names.
    """
    till = open_till(office)
    sold = {
        "v1": sell_one(office, 5000, Tender("cash", till_id=till)),
        "v2": sell_one(office, 3000, Tender("card", reference="slip 7")),
        "v3": sell_one(office, 2500, Tender("cash")),
    }
    tender = Tender("cash", vouchers=[sold["v1"].code], till_id=till)
    sold["ticket"] = sell.sell(office, SHOW, {"Adult": 1}, tender)
    return sold


def november(office, sold):
    tender = Tender(vouchers=[sold["v2"].code])
    sold["child"] = sell.sell(office, SHOW, {"Child": 1}, tender)
    cancel_and_refund.refund(office, reference(sold, "v2"), Refund(), "not needed")
    cancel_and_refund.refund(office, reference(sold, "v3"), Refund(), "not needed")


def reference(sold, name):
    return sold[name].order.reference


def drawer(office):
    with office.database.read() as connection:
        return tills.get_drawer(connection, tills.get_open(connection, "1"))


def owed(office):
    with office.database.read() as connection:
        return vouchers.sum_owed(connection, clock.now())


def balances(office, settings=SETTINGS, period=ALWAYS):
    with office.database.read() as connection:
        found = ledger_export.read_books(connection, settings, period)
    return balances_of(found.entries)


# 50.00, 30.00, 25.00 and 5.00 came in. v1 has paid its 50.00, so 55.00 are owed; the
# ticket of 55.00 has 5.00 of tax in it.
AT_THE_END_OF_OCTOBER = {
    "Assets:Platform:Boxoffice": 11000,
    "Liabilities:Vouchers": -5500,
    "Liabilities:Tax:Gst": -500,
    "Liabilities:Unearned": -5000,
}
# 35.00 of that went back. v2 paid 20.00 for a ticket with 1.82 of tax; the show played.
AT_THE_END = {
    "Assets:Platform:Boxoffice": 7500,
    "Liabilities:Tax:Gst": -682,
    "Income:Shows": -6818,
}


def test_f50_cash_is_in_the_drawer_that_it_was_put_into(office, october):
    """
    200.00 + 50.00 + 5.00; what was paid by card, or without a till, is in none.
    """
    assert drawer(office).expected == 25500
    with office.database.write() as connection:
        session = tills.get_open(connection, "1")
        closed = tills.close_till(connection, session.id, 25400, clock.now())
    assert (closed.expected, closed.difference) == (25500, -100)


def test_f50_the_ledger_owes_what_the_vouchers_have_left(office, october, frozen):
    assert balances(office) == AT_THE_END_OF_OCTOBER
    assert owed(office) == [Money(5500, "AUD")]
    with office.database.read() as connection:
        found = ledger_export.read_books(connection, SETTINGS, ALWAYS)
    (sold,) = [e for e in found.entries if e.id == "sale/boxoffice/2026-10-05/0/AUD"]
    assert dict(sold.postings) == {
        "Assets:Platform:Boxoffice": 10500,
        "Liabilities:Vouchers": -10500,
    }
    assert (found.unknown_fees, found.without_rule) == (1, 0)  # what the card cost
    frozen(BACK)
    november(office, october)
    frozen(DECEMBER)
    assert balances(office) == AT_THE_END
    assert owed(office) == []


# Without a rule nothing is tax. Taxed when they are sold, 4.55, 2.73 and 2.27 of 50.00,
# 30.00 and 25.00 are, and 0.45 of 5.00 in cash: v1 pays 45.45 without its tax.
OTHER_RULES = {
    "none": (
        Settings(),
        {
            "Assets:Platform:Boxoffice": 11000,
            "Liabilities:Vouchers": -5500,
            "Liabilities:Unearned": -5500,
        },
        {"Assets:Platform:Boxoffice": 7500, "Income:Shows": -7500},
    ),
    "sold": (
        rules(voucher="sold"),
        {
            "Assets:Platform:Boxoffice": 11000,
            "Liabilities:Vouchers": -5000,
            "Liabilities:Tax:Gst": -1000,
            "Liabilities:Unearned": -5000,
        },
        AT_THE_END,
    ),
}


@pytest.mark.parametrize("name", OTHER_RULES)
def test_f50_what_vouchers_pay_is_owed_no_more_whatever_the_rule(
    office, october, frozen, name
):
    """
    In the books of today, and in those of closed months. At the end nothing is owed:
    of v2 18.18 paid and 9.09 went back, with 0.91 of tax; of v3 22.73 and 2.27.
    """
    settings, first, last = OTHER_RULES[name]
    assert balances(office, settings) == first
    frozen(CLOSED)
    event = close.close(office.database, settings, "2026-10").event
    with office.database.read() as connection:
        assert balances_of(period_ledger.read_books(connection, event).entries) == first
    frozen(BACK)
    november(office, october)
    frozen(DECEMBER)
    assert balances(office, settings) == last
    event = close.close(office.database, settings, "2026-11").event
    with office.database.read() as connection:
        found = period_ledger.read_books(connection, event)
    assert {
        b.ledger_account: b.amount
        for b in found.balances
        if b.day == date(2026, 11, 30) and b.amount
    } == {name: sum_ for name, sum_ in last.items() if not name.startswith("Income")}


@pytest.mark.parametrize("name", OTHER_RULES)
def test_what_a_ticket_gives_back_to_a_voucher_is_owed_again_whatever_the_rule(
    office, october, name
):
    """
    The ticket of 55.00 is void: 5.00 of cash and 50.00 of v1 go back.
    """
    settings, _, _ = OTHER_RULES[name]
    cancel_and_refund.refund(office, reference(october, "ticket"), Refund(), "ill")
    assert (
        balances(office, settings)
        == {
            "none": {
                "Assets:Platform:Boxoffice": 10500,
                "Liabilities:Vouchers": -10500,
            },
            "sold": {
                "Assets:Platform:Boxoffice": 10500,
                "Liabilities:Vouchers": -9545,
                "Liabilities:Tax:Gst": -955,
            },
        }[name]
    )


@needs.programs("hledger", "ledger", BEAN_CHECK)
def test_the_programs_agree(office, october, frozen, tmp_path):
    frozen(BACK)
    november(office, october)
    frozen(DECEMBER)
    with office.database.read() as connection:
        found = ledger_export.read_books(connection, SETTINGS, ALWAYS)
    files = {name: tmp_path / f"books.{name}" for name in ("hledger", "beancount")}
    for name, file in files.items():
        text = programs.write(name, found.entries, found.balances)
        assert "55.00" in text
        file.write_text(text)
    hledger, beancount = map(str, files.values())
    subprocess.run(["hledger", "-f", hledger, "check", "-s"], check=True)
    subprocess.run([BEAN_CHECK, beancount], check=True)
    for program in ("hledger", "ledger"):
        done = subprocess.run(
            [program, "-f", hledger, "bal", "Assets", "Liabilities:Vouchers", "Income"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert "75.00" in done.stdout
        assert "-68.18" in done.stdout
        assert "Vouchers" not in done.stdout  # nothing is owed
    wrong = files["beancount"].read_text().replace("-55.00 AUD", "-55.01 AUD", 1)
    files["beancount"].write_text(wrong)
    assert subprocess.run([BEAN_CHECK, beancount], capture_output=True).returncode


def test_f50_no_show_has_the_money_and_every_list_has_it_apart(office, october):
    with office.database.read() as connection:
        (found,) = figures_of_shows.figures(connection)
        assert (found.tickets_sold, found.face.minor, found.gross.minor) == (
            *(1, 5500),
            500,
        )
        assert (found.vouchers.minor, found.unexplained.minor) == (5000, 0)
        listed = sorted(
            (row.production, row.show_id, row.tickets, row.charged.minor)
            for row in sales_lists.list_sales(connection)
        )
        assert listed == [
            ("Gift cards", None, 0, 2500),
            ("Gift cards", None, 0, 3000),
            ("Gift cards", None, 0, 5000),
            ("Late Laughs", 1, 1, 500),
        ]
        exported = exported_tickets.tickets_table(connection, export_filter.EVERYTHING)
        place = exported.position("charged"), exported.position("production")
        assert sorted((row[place[0]], row[place[1]]) for row in exported.rows) == [
            *((500, "Late Laughs"), (2500, "Gift cards")),
            *((3000, "Gift cards"), (5000, "Gift cards")),
        ]
        assert len(attendees.list_guests(connection, SHOW)) == 1
        assert unlinked_orders.find_unlinked(connection) is None
        assert order_money.list_left_out(connection, "Australia/Sydney", ALWAYS) == []
        waits = waiting.everything(connection, SETTINGS, clock.now())
        assert [item for item in waits if "oucher" in item.text] == []
        assert [item for item in waits if "Gift" in item.text] == []
        table = boxoffice_selling.selling_table(
            connection, clock.now(), zone="Australia/Sydney"
        )
        (row,) = table.rows
        assert row[table.position("orders")] == row[table.position("paid")] == 1


def test_orders_of_vouchers_are_read_again_as_they_were_sold(office, october, frozen):
    frozen(BACK)
    november(office, october)
    frozen(DECEMBER)
    before = balances(office)
    assert integrity_check.check(office.database, SETTINGS, deep=True).is_sound
    (again,) = replay.replay(office.database, SETTINGS, []).results
    assert (again.counts.created, again.counts.updated) == (0, 0)
    assert again.counts.processed == 5
    assert balances(office) == before


def test_f50_what_was_sold_is_taxed_once(office, october):
    """
    When it pays: 55.00 have 5.00 in them. When it is sold: an eleventh of 50.00, 30.00
    and 25.00 are 4.55, 2.73 and 2.27, and 5.00 in cash have 0.45.
    """
    assert taxes(office, SETTINGS) == {
        ("gift cards sold", "outside"): (10500, None),
        ("admission", "taxed"): (5500, 500),
        ("vouchers", "outside"): (-5000, None),
    }
    sold = taxes(office, rules(voucher="sold"))
    assert sold["gift cards sold", "taxed"] == (10500, 955)
    assert sold["admission", "taxed"] == (500, 45)


def taxes(office, settings):
    with office.database.read() as connection:
        found = tax_worksheets.read_tax_period(connection, settings, ALWAYS)
    assert found.left_out == []
    return {
        (line.what, line.state): (line.amount, line.tax)
        for line in found.sheet.lines
        if line.flow == "sale"
    }


def test_f50_a_closed_month_has_the_sale_and_keeps_it(office, october, frozen):
    frozen(CLOSED)
    event = close.close(office.database, SETTINGS, "2026-10").event
    with office.database.read() as connection:
        before = [*closed_periods.read_lines(connection, [event.id])]
        booked = period_ledger.read_books(connection, event)
    cards = [line for line in before if line.kind == frozen_lines.VOUCHER_SALE]
    assert sorted(
        (it.order_id, it.show_id, it.production, it.charged, it.tickets) for it in cards
    ) == sorted(
        (reference(october, name), 0, "Gift cards", amount, 0)
        for name, amount in (("v1", 5000), ("v2", 3000), ("v3", 2500))
    )
    assert balances_of(booked.entries) == AT_THE_END_OF_OCTOBER
    frozen(BACK)
    november(office, october)
    late = sell_one(office, 700, Tender("cash"))
    with office.database.read() as connection:
        assert close.open_adjustments(connection, SETTINGS) == []
        assert [*closed_periods.read_lines(connection, [event.id])] == before
    with as_of.reading(office.database, SETTINGS, "2026-11-02T01:00Z") as then:
        listed = sales_lists.list_sales(then.connection)
        assert late.order.reference not in {row.order_id for row in listed}
        assert sales_lists.list_refunds(then.connection) == []
    frozen(DECEMBER)
    second = close.close(office.database, SETTINGS, "2026-11").event
    with office.database.read() as connection:
        lines = [*closed_periods.read_lines(connection, [second.id])]
        found = period_ledger.read_books(connection, second)
    of_cards = [
        (line.kind, line.order_id, line.charged, line.refunded)
        for line in lines
        if line.show_id == 0
    ]
    assert sorted(of_cards) == sorted(
        [
            ("voucher-sale", late.order.reference, 700, 0),
            ("refund", reference(october, "v2"), 0, 1000),
            ("refund", reference(october, "v3"), 0, 2500),
        ]
    )
    last = {
        b.ledger_account: b.amount
        for b in found.balances
        if b.day == date(2026, 11, 30) and b.amount
    }
    assert last == {
        "Assets:Platform:Boxoffice": 8200,
        "Liabilities:Vouchers": -700,
        "Liabilities:Tax:Gst": -682,
    }


def test_what_goes_back_of_a_voucher_is_what_is_left_of_it(office, october):
    """
    v1 has paid all of its 50.00; of v2 10.00 and then the other 20.00 go back, and it
    pays no more.
    """
    refused = refusal(office, "v1", october, Refund())
    assert (refused.word, "Nothing is left of voucher 1" in refused.message) == (
        *("voucher-spent", True),
    )
    refused = refusal(office, "v2", october, Refund(amount=3001))
    assert (refused.word, refused.message) == (
        *("amount-mismatch", "Less than that is left of voucher 2."),
    )
    partly = cancel_and_refund.refund(
        office, reference(october, "v2"), Refund(amount=1000), ""
    )
    assert (partly.state, partly.returned, partly.voucher.left) == ("paid", 1000, 2000)
    assert owed(office) == [Money(4500, "AUD")]
    whole = cancel_and_refund.refund(office, reference(october, "v2"), Refund(), "")
    assert (whole.state, whole.returned, whole.voucher.left) == ("refunded", 3000, 0)
    with office.database.read() as connection:
        listed = {it.id: it for it in vouchers.list_all(connection)}
    assert listed[2].state(clock.now()) == "returned"
    with pytest.raises(errors.SaleRefused) as caught:
        sell.sell(office, SHOW, {"Child": 1}, Tender(vouchers=[october["v2"].code]))
    assert caught.value.word == "voucher-spent"
    refused = refusal(office, "v2", october, Refund())
    assert refused.word == "wrong-state"
    # By hand: 30.00 of 110.00 went back, and 25.00 are owed for v3.
    assert balances(office) == {
        **AT_THE_END_OF_OCTOBER,
        "Assets:Platform:Boxoffice": 8000,
        "Liabilities:Vouchers": -2500,
    }


def refusal(office, name, sold, wanted):
    with pytest.raises(errors.SaleRefused) as caught:
        cancel_and_refund.refund(office, reference(sold, name), wanted, "")
    return caught.value


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        (Refund(tickets=[1]), errors.NotFound),
        (Refund(keeps_tickets=True), errors.UsageError),
        (Refund(amount=0), errors.UsageError),
        (Refund(amount=-1), errors.UsageError),
    ],
)
def test_what_cannot_go_back_of_a_voucher(office, october, wanted, error):
    with pytest.raises(error):
        cancel_and_refund.refund(office, reference(october, "v3"), wanted, "")
    assert balances(office) == AT_THE_END_OF_OCTOBER


def test_cash_for_a_voucher_goes_back_out_of_a_drawer_that_has_it(office):
    till = open_till(office, 0)
    sold = sell_one(office, 5000, Tender("cash", till_id=till))
    none = sell_one(office, 6000, Tender("cash")).order.reference
    with pytest.raises(errors.GuardRefused) as caught:
        cancel_and_refund.refund(office, none, Refund(till_id=till), "")
    assert caught.value.word == "till-short"
    assert drawer(office).expected == 5000
    cancel_and_refund.refund(office, sold.order.reference, Refund(till_id=till), "")
    assert drawer(office).expected == 0


def test_what_is_to_go_back_later_is_owed_no_more_and_handed_over_once(office):
    """
    25.00 are to go back: the voucher pays nothing from then on, and the money leaves
    when it is handed over.
    """
    sold = sell_one(office, 2500, Tender("cash"))
    name = sold.order.reference
    planned = cancel_and_refund.refund(office, name, Refund(is_paid_out=False), "")
    assert (planned.state, planned.returned, planned.payments[0].planned) == (
        *("paid", 0),
        2500,
    )
    assert owed(office) == []
    with pytest.raises(errors.SaleRefused):
        cancel_and_refund.refund(office, name, Refund(is_paid_out=False), "")
    done = cancel_and_refund.refund(office, name, Refund(), "")
    assert (done.state, done.returned, done.payments[0].planned) == (
        *("refunded", 2500),
        0,
    )


def test_a_ticket_that_comes_back_gives_the_voucher_its_money_again(office, october):
    """
    v1 paid 50.00 of the ticket: they are owed again when it is void, and can go back
    for money then.
    """
    cancel_and_refund.refund(office, reference(october, "ticket"), Refund(), "ill")
    assert owed(office) == [Money(10500, "AUD")]
    assert balances(office) == {
        "Assets:Platform:Boxoffice": 10500,
        "Liabilities:Vouchers": -10500,
    }
    cancel_and_refund.refund(office, reference(october, "v1"), Refund(), "ill")
    assert owed(office) == [Money(5500, "AUD")]
    assert balances(office) == {
        "Assets:Platform:Boxoffice": 5500,
        "Liabilities:Vouchers": -5500,
    }


@pytest.mark.parametrize("change", ["pay", "extend", "cancel", "basket", "undo"])
def test_an_order_of_a_voucher_is_no_basket(office, october, change):
    name = reference(october, "v1")
    with office.database.read() as connection:
        session = tills.get_open(connection, "1")
    calls = {
        "pay": lambda: sell.pay(office, name, Tender("cash")),
        "extend": lambda: sell.extend(office, name),
        "cancel": lambda: cancel_and_refund.cancel(office, name, ""),
        "basket": lambda: till_sales.change_basket(office, name, {"Adult": 1}),
        "undo": lambda: till_sales.undo(office, session, name),
    }
    with pytest.raises(errors.SaleRefused) as caught:
        calls[change]()
    assert caught.value.word == "wrong-state"
    assert "refund" in caught.value.hint


def test_the_last_sale_of_a_till_is_of_tickets(office, october):
    with office.database.read() as connection:
        session = tills.get_open(connection, "1")
        assert tills.last_order(connection, session) == reference(october, "ticket")
    sell_one(office, 1000, Tender("cash", till_id=session.id))
    with office.database.read() as connection:
        assert tills.last_order(connection, session) == reference(october, "ticket")


def test_a_voucher_is_sold_for_money_and_of_more_than_nothing(office):
    code = sell_one(office, 1000, Tender("cash")).code
    for amount, tender in (
        (1000, Tender()),
        (1000, Tender("cash", vouchers=[code])),
        (0, Tender("cash")),
        (-5, Tender("cash")),
    ):
        with pytest.raises(errors.UsageError):
            sell_one(office, amount, tender)
    assert owed(office) == [Money(1000, "AUD")]


def test_no_money_is_taken_for_a_voucher_that_is_over_already(office):
    """
    Nothing could be paid with it, and nobody would be owed what was paid for it.
    """
    till = open_till(office)
    for ends in (SOLD - timedelta(days=365), SOLD):
        with pytest.raises(errors.UsageError, match="over already"):
            sell_one(office, 3500, Tender("cash", till_id=till), valid_until=ends)
        with pytest.raises(errors.UsageError, match="over already"):
            sell.issue_voucher(office, "gift", 3500, "AUD", ends)
    with office.database.read() as connection:
        assert vouchers.list_all(connection) == []
        assert connection.scalars(select(boxoffice_orders.c.id)).all() == []
    assert drawer(office).expected == 20000
    later = SOLD + timedelta(seconds=1)
    sell_one(office, 3500, Tender("cash", till_id=till), valid_until=later)
    assert owed(office) == [Money(3500, "AUD")]


def test_a_drawer_of_another_currency_or_a_closed_one_takes_nothing(office):
    till = open_till(office)
    with pytest.raises(errors.GuardRefused) as caught:
        sell_vouchers.sell_voucher(office, 1000, "NZD", Tender("cash", till_id=till))
    assert caught.value.word == "till-currency"
    with office.database.write() as connection:
        tills.close_till(connection, till, 20000, clock.now())
    with pytest.raises(errors.GuardRefused) as caught:
        sell_one(office, 1000, Tender("cash", till_id=till))
    assert caught.value.word == "till-closed"
    assert owed(office) == []


def test_a_voucher_of_another_currency_is_apart(office):
    sell_one(office, 1000, Tender("cash"))
    sell_vouchers.sell_voucher(office, 700, "NZD", Tender("cash"))
    with office.database.read() as connection:
        found = ledger_export.read_books(connection, SETTINGS, ALWAYS)
    assert {e.currency: dict(e.postings) for e in found.entries} == {
        code: {"Assets:Platform:Boxoffice": it, "Liabilities:Vouchers": -it}
        for code, it in (("AUD", 1000), ("NZD", 700))
    }


def test_the_books_say_where_a_voucher_paid_that_nobody_recorded_as_sold(
    office, october
):
    def said():
        with office.database.read() as connection:
            found = ledger_export.read_books(connection, SETTINGS, ALWAYS)
        return found.gift_cards.sentences()

    code = sell.issue_voucher(office, "gift", 2000, "AUD")
    assert said() == []
    sell.sell(office, SHOW, {"Child": 1}, Tender(vouchers=[code]))
    assert said() == [
        "Vouchers of your box office have paid that were made without --cash or "
        "--card: what they were sold for is in no entry."
    ]


def test_the_listing_of_vouchers_is_made_once_and_stays(office, october):
    with office.database.read() as connection:
        rows = connection.execute(
            occurrences.select().where(occurrences.c.provider_id == "vouchers")
        ).all()
        order = placed_orders.get_order(connection, reference(october, "v1"))
    assert [(row.is_dated, row.status, row.gone_since) for row in rows] == [
        (False, "closed", None)
    ]
    assert order_records.as_record(order).occurrence_id == "vouchers"
    outcome = sync.sync(office.database, SETTINGS, sync.Request(jobs=1))
    assert (outcome.exit_code, outcome.changes) == (0, ())
    assert balances(office) == AT_THE_END_OF_OCTOBER
