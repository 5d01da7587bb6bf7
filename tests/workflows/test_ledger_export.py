"""
The books of stored sales: their balances are the figures, with the tax taken out.
"""

import random
import subprocess
from datetime import date, timedelta
from decimal import Decimal

import msgspec
import pytest
from sqlalchemy import update
from support import commands, needs
from support.ledger_movements import balances_of
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

from ticketsync.cli.money_tables import dated_after_today
from ticketsync.core import tables
from ticketsync.core.periods import ALWAYS, Period
from ticketsync.core.records import Fee, Refund, TicketStatus
from ticketsync.core.settings.config import AccountSettings, FeeSchedule, Settings
from ticketsync.core.settings.tax_rules import RateSpan, TaxCode, TaxRule, TaxRules
from ticketsync.financials.tax_returns import fill_boxes
from ticketsync.reporting.figure_filter import FigureFilter
from ticketsync.store import engine
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import occurrences
from ticketsync.workflows import money_view, recompute_figures
from ticketsync.workflows.month_end import ledger_export, tax_worksheets
from ticketsync.workflows.month_end.ledger_export import Future

ANSWERS = {
    "admission": "gst",
    "buyer_fee": "gst",
    "addons": "gst",
    "donation": "out_of_scope",
    "voucher": "redeemed",
    "prices": "charged",
    "fees": "gst",
}
TAX = TaxRules({"gst": TaxCode("gst", (RateSpan(100_000),))}, (TaxRule(ANSWERS),))
RULES = Settings(
    tax=TAX,
    accounts={"tt": AccountSettings(fees=(FeeSchedule(per_ticket=Decimal("0.65")),))},
)
# The shows play on 6 and 7 November, 19:30 in Sydney.
AFTER = instant("2026-12-31T02:00")


@pytest.fixture
def books(database, frozen):
    frozen(AFTER)
    return prepare(database)


def read(database, settings=RULES, period=ALWAYS):
    with database.read() as connection:
        return ledger_export.read_books(connection, settings, period)


def totals_of(found):
    return balances_of(found.entries)


def test_the_books_of_two_orders_by_hand(books):
    """
    33.00 over both shows and 22.00 for the first, of which 11.00 went back after it
    had played; 1.10 of fees reported for the first order, 0.65 for the other.
    """
    both = order(ticket(1, 2200), ticket(2, 1100, "ev_2"), fees=(Fee("Service", 110),))
    one = order(ticket(3, 2200), id_="or_2", fees=None)
    back = Refund("r_1", 1100, instant("2026-11-20T02:00"))
    save(books, both, msgspec.structs.replace(one, refunds=(back,)), at=FIRST_DAY)
    found = read(books)
    assert totals_of(found) == {
        "Assets:Platform:Tt": 5500 - 1100 - 110 - 65,
        "Assets:TaxPaid:Gst": 10 + 6,
        "Expenses:Fees:Tt": 100 + 59,
        "Income:Shows": -(5000 - 1000),
        "Liabilities:Tax:Gst": -(500 - 100),
    }
    october = read(books, period=Period(last=date(2026, 10, 31)))
    assert totals_of(october)["Liabilities:Unearned"] == -5000
    assert (found.unknown_fees, found.without_rule) == (0, 0)


def test_a_show_that_is_cancelled_everywhere_keeps_its_money_unearned(books):
    save(books, order(ticket(1, 2200)), at=FIRST_DAY)
    with books.write() as connection:
        connection.execute(
            update(occurrences)
            .where(occurrences.c.provider_id == "ev_1")
            .values(status="cancelled")
        )
    assert totals_of(read(books))["Liabilities:Unearned"] == -2000


def test_what_has_gone_back_of_a_cancelled_show_wholly_leaves_nothing(books):
    """
    60.00 over two shows with 5.45 of tax, of which the second one's part is 2.72; its
    30.00 go back with that, and not with the 2.73 that a half of 5.45 rounds to.
    """
    sold = order(ticket(1, 3000), ticket(2, 3000, "ev_2"))
    void = msgspec.structs.replace(sold.tickets[1], status=TicketStatus.VOID)
    back = msgspec.structs.replace(
        sold,
        tickets=(sold.tickets[0], void),
        refunds=(Refund("r_1", 3000, instant("2026-10-20T02:00")),),
    )
    save(books, sold, at=FIRST_DAY)
    save(books, back, at=FIRST_DAY + timedelta(days=20))
    with books.write() as connection:
        connection.execute(
            update(occurrences)
            .where(occurrences.c.provider_id == "ev_2")
            .values(status="cancelled")
        )
    found = totals_of(read(books))
    assert "Liabilities:Unearned" not in found
    assert found["Income:Shows"] == -2727
    assert found["Liabilities:Tax:Gst"] == -273


def test_a_fee_that_the_platform_sold_to_the_buyer_is_nothing_of_ours(books):
    """
    32.00, of which 2.00 are a booking fee that the platform sells itself and keeps; of
    the 1.10 that it keeps of another order, the venue's own, 0.10 are tax.
    """
    rule = TaxRule({**ANSWERS, "buyer_fee_is_sold_by": "platform"})
    settings = Settings(tax=TaxRules(TAX.codes, (rule,)))
    fee, borne = (Fee("Booking", 200),), (Fee("Booking", 110),)
    more = {"buyer_fees": 200, "charged": 3200, "total": 3200}
    save(books, order(ticket(1, 3000), fees=fee, **more), at=FIRST_DAY)
    save(books, order(ticket(2, 3000), id_="or_2", fees=borne), at=FIRST_DAY)
    found = totals_of(read(books, settings))
    assert found == {
        "Assets:Platform:Tt": 3000 + 2890,
        "Assets:TaxPaid:Gst": 10,
        "Expenses:Fees:Tt": 100,
        "Income:Shows": -2 * 2727,
        "Liabilities:Tax:Gst": -2 * 273,
    }
    with books.read() as connection:
        period = tax_worksheets.read_tax_period(connection, settings, ALWAYS)
    boxes = fill_boxes("uk-vat", period.sheet, "AUD")
    assert {box.label: box.exact for box in boxes} == {
        "1": 546,
        "4": 10,
        "5": 536,
        "6": 5454,
        "7": 100,
    }


PLATFORM_SELLS_FEES = Settings(
    tax=TaxRules(TAX.codes, (TaxRule({**ANSWERS, "buyer_fee_is_sold_by": "platform"}),))
)


ONE_TICKET = (ticket(1, 3000),)


def book_of_an_order(books, fees, *refunds, tickets=ONE_TICKET, buyer_fees=200, **more):
    """
    What the books come to of 30.00 with a booking fee of 2.00 on top that the platform
    sells itself, of which these amounts went back, each on a day of its own.
    """
    sold = order(*tickets, fees=fees, **more)
    charged = sold.charged + buyer_fees
    back = tuple(
        Refund(f"r_{day}", amount, instant(f"2026-10-{10 + day}T02:00"))
        for day, amount in enumerate(refunds)
    )
    sold = msgspec.structs.replace(
        sold, buyer_fees=buyer_fees, charged=charged, total=charged, refunds=back
    )
    save(books, sold, at=FIRST_DAY)
    return read(books, PLATFORM_SELLS_FEES)


def postings_of(found, id_):
    (entry,) = (e for e in found.entries if e.id.startswith(id_))
    return dict(entry.postings)


def test_a_kept_booking_fee_of_a_whole_refund_is_borne_by_the_venue(books):
    """
    32.00 went back, and the platform keeps its 2.00: the venue is 2.00 worse off, and
    holds nothing for the platform.
    """
    found = book_of_an_order(books, (Fee("Booking", 200),), 3200)
    assert postings_of(found, "refund/") == {
        "Assets:Platform:Tt": -3200,
        "Expenses:Fees:Tt": 200,
        "Liabilities:Tax:Gst": 273,
        "Liabilities:Unearned": 2727,
    }
    assert totals_of(found) == {"Assets:Platform:Tt": -200, "Expenses:Fees:Tt": 200}


def test_a_booking_fee_that_the_platform_gives_up_leaves_nothing(books):
    """
    32.00 went back, and it keeps nothing any more.
    """
    found = book_of_an_order(books, (), 3200)
    assert postings_of(found, "refund/") == {
        "Assets:Platform:Tt": -3200,
        "Liabilities:Collected:Tt": 200,
        "Liabilities:Tax:Gst": 273,
        "Liabilities:Unearned": 2727,
    }
    assert totals_of(found) == {}


def test_the_venue_bears_no_more_of_a_booking_fee_than_the_platform_keeps(books):
    """
    The platform gave up 1.50 of its 2.00. 16.00 go back twice, each time with 1.00 of
    the fee: the first is the platform's loss, of the second half a dollar is ours.
    """
    found = book_of_an_order(books, (Fee("Booking", 50),), 1600, 1600)
    first, second = (
        postings_of(found, f"refund/tt/2026-10-{day}/") for day in (10, 11)
    )
    assert first["Liabilities:Collected:Tt"] == 100
    assert "Expenses:Fees:Tt" not in first
    assert second["Liabilities:Collected:Tt"] == 50
    assert second["Expenses:Fees:Tt"] == 50
    assert totals_of(found) == {"Assets:Platform:Tt": -50, "Expenses:Fees:Tt": 50}


def test_a_kept_booking_fee_over_two_shows_leaves_nothing_held_for_the_platform(books):
    """
    30.00 for each of two shows with a booking fee of 2.01: 62.01 went back.
    """
    both = (ticket(1, 3000), ticket(2, 3000, "ev_2"))
    fee = (Fee("Booking", 201),)
    found = book_of_an_order(books, fee, 6201, tickets=both, buyer_fees=201)
    assert totals_of(found) == {"Assets:Platform:Tt": -201, "Expenses:Fees:Tt": 201}


def test_what_a_promoter_sold_goes_back_to_the_buyer_and_is_no_expense(books):
    """
    The promoter sells the ticket of 30.00 and the platform its fee of 2.00.
    """
    answers = {"admission_is_sold_by": "promoter", "buyer_fee_is_sold_by": "platform"}
    rule = TaxRule({**ANSWERS, **answers})
    settings = Settings(tax=TaxRules(TAX.codes, (rule,)))
    book_of_an_order(books, (Fee("Booking", 200),), 3200)
    found = read(books, settings)
    assert postings_of(found, "refund/") == {
        "Assets:Platform:Tt": -3200,
        "Expenses:Fees:Tt": 200,
        "Liabilities:Collected:Tt": 3000,
    }
    assert totals_of(found) == {"Assets:Platform:Tt": -200, "Expenses:Fees:Tt": 200}


def test_what_is_not_known_is_counted(books):
    save(books, order(ticket(1, 2200), fees=None), at=FIRST_DAY)
    found = read(books, Settings())
    assert (found.unknown_fees, found.without_rule) == (1, 1)
    assert totals_of(found) == {"Assets:Platform:Tt": 2200, "Income:Shows": -2200}


def test_what_comes_after_a_period_is_not_counted_with_it(books):
    """
    One order of unknown fees before the end of the period, one after it, and one dated
    after today.
    """
    day = Period(last=date(2026, 10, 31))
    for id_, moment in ((1, "2026-10-05"), (2, "2026-11-05"), (3, "2027-01-07")):
        sold = order(
            ticket(id_, 2200),
            id_=f"or_{id_}",
            fees=None,
            placed_at=instant(f"{moment}T02:00"),
        )
        save(books, sold, at=FIRST_DAY)
    with books.read() as connection:
        october = ledger_export.read_books(connection, Settings(), day, now=AFTER)
        whole = ledger_export.read_books(connection, Settings(), ALWAYS, now=AFTER)
    assert (october.unknown_fees, october.without_rule, october.future.number) == (
        1,
        1,
        0,
    )
    assert (whole.unknown_fees, whole.without_rule, whole.future.number) == (2, 2, 1)


def save_random(database, number):
    chance = random.Random(number)
    for step in range(number):
        sold = random_order(chance, step)
        moment = BOUGHT + timedelta(hours=chance.randint(-40 * 24, 60 * 24))
        first = msgspec.structs.replace(sold, placed_at=moment, refunds=())
        save(database, first, at=moment)
        if sold.refunds:
            later = moment + timedelta(days=chance.randint(0, 20))
            again = msgspec.structs.replace(sold, placed_at=moment)
            save(database, again, at=later)


def test_the_balances_are_those_of_the_money_view_and_of_the_worksheet(books):
    """
    What the platform holds is the net of `financials list`; the tax is the worksheet's.
    """
    save_random(books, 120)
    recompute_figures.rebuild(books, RULES)
    found = read(books)
    assert all(sum(entry.postings.values()) == 0 for entry in found.entries)
    with books.read() as connection:
        view = money_view.read_money(connection, "show", FigureFilter())
        (whole,) = tables.by_name(view.totals)
        sheet = tax_worksheets.read_tax_period(connection, RULES, ALWAYS).sheet
    sums = totals_of(found)
    assert sums["Assets:Platform:Tt"] == whole["net"].minor
    assert -sums["Liabilities:Tax:Gst"] == sheet.tax("AUD")
    assert sums["Assets:TaxPaid:Gst"] == sheet.tax("AUD", ("fee",))
    assert "Liabilities:Unearned" not in sums
    last = {b.ledger_account: b.amount for b in found.balances if b.day == AFTER.date()}
    assert last["Assets:Platform:Tt"] == whole["net"].minor
    november = read(books, period=Period(date(2026, 11, 1), None))
    assert totals_of(november)["Assets:Platform:Tt"] == whole["net"].minor


def test_control_a_lost_order_changes_the_balance(books):
    save_random(books, 40)
    before = totals_of(read(books))["Assets:Platform:Tt"]
    save(books, order(ticket(9999, 2000), id_="or_extra", fees=()), at=FIRST_DAY)
    assert totals_of(read(books))["Assets:Platform:Tt"] == before + 2000


# On the command line


@pytest.fixture
def export(home, templates):
    file = templates.copy("sqlite", "empty", home / "ticketsync.db")
    database = prepare(engine.open_database(str(file)))
    save(database, order(ticket(1, 2200), fees=None), at=FIRST_DAY)
    database.close()

    def run(*words):
        done = commands.run("export", "ledger", *words)
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return run


@needs.programs("hledger")
def test_the_command_writes_what_hledger_accepts_and_says_what_is_missing(
    export, tmp_path
):
    file = tmp_path / "books.ledger"
    done = export("-o", str(file))
    assert done.returncode == 0, done.stderr
    said = done.stdout + done.stderr
    assert "The fees of 1 order are not known and in no entry." in said
    assert "Tax that your rules do not say is not taken out of 1 order" in said
    subprocess.run(["hledger", "-f", str(file), "check", "-s"], check=True)
    assert export("-o", str(file)).returncode == 0
    file.write_text("mine")
    assert export("-o", str(file)).returncode == 2


def test_the_programs_are_named(export):
    assert export("--for", "beancount").stdout.startswith('option "title"')
    assert export("--for", "qbo").stdout.startswith("Journal No,Journal Date,")
    done = export("--for", "sage")
    assert done.returncode == 2
    assert "--for 'sage' is not possible here" in done.stderr


def test_unearned_money_is_the_balance_of_the_ledger(books):
    save_random(books, 80)
    recompute_figures.rebuild(books, RULES)
    period = Period(date(2026, 10, 1), date(2026, 10, 31))
    found = read(books, period=period)
    (balance,) = (
        balance.amount
        for balance in found.balances
        if balance.ledger_account == "Liabilities:Unearned"
        and balance.day == date(2026, 10, 31)
    )
    before = read(books, period=Period(last=date(2026, 9, 30)))
    with books.read() as connection:
        report = ledger_export.read_unearned(connection, RULES, period, AFTER)
    assert report.lines
    assert sum(line.closing for line in report.lines) == -balance
    opening = -totals_of(before)["Liabilities:Unearned"]
    assert sum(line.opening for line in report.lines) == opening


def test_a_file_to_import_has_no_opening_balance(export):
    """
    The 22.00 of October were earned on 6 November.
    """
    words = ("--for", "qbo", "--period", "2026-11-08")
    assert export(*words).stdout.splitlines()[1:] == []
    whole = export("--for", "hledger", "--period", "2026-11-08").stdout
    assert "Opening balances" in whole


def test_what_is_dated_after_today_is_counted(books):
    """
    A sale of today, one of next week, and one of today that went back next week.
    """
    next_week = instant("2027-01-07T02:00")
    later = order(ticket(2, 1500), id_="or_2", placed_at=next_week)
    back = Refund("r_1", 1000, next_week)
    returned = order(ticket(3, 1000), id_="or_3", refunds=(back,))
    save(books, order(ticket(1, 2200)), later, returned, at=FIRST_DAY)
    assert read(books).future == Future(2, (), ("tt",))
    with books.read() as connection:
        report = ledger_export.read_unearned(connection, RULES, ALWAYS, AFTER)
    assert report.future == Future(2, (), ("tt",))
    assert totals_of(read(books))["Assets:Platform:Tt"] == 3200 - 2 * 65


def test_what_to_do_about_days_after_today_is_said_for_each_account():
    """
    Only report files have a recipe.
    """
    clock_ = "look whether the clock of this computer is right."
    assert dated_after_today(Future(1, (), ("tt",))) == (
        "1 sale or refund is dated after today, and it is in no line. Of tt: these "
        f"days are as they were reported; {clock_}"
    )
    assert dated_after_today(Future(2, ("door", "old"), ("tt",))) == (
        "2 sales and refunds are dated after today, and they are in no line. Of door "
        "and old: where a report gives no day of the sale, that of the show counts; "
        f"map `placed` in its recipe. Of tt: these days are as they were reported; "
        f"{clock_}"
    )


@pytest.mark.parametrize(
    ("provider", "future"),
    [("file", Future(1, ("tt",), ())), ("ticket_tailor", Future(1, (), ("tt",)))],
)
def test_an_account_of_report_files_is_known_by_its_provider(books, provider, future):
    with books.write() as connection:
        connection.execute(update(accounts).values(provider=provider))
    later = order(ticket(1, 1500), placed_at=instant("2027-01-07T02:00"))
    save(books, later, at=FIRST_DAY)
    assert read(books).future == future


def test_both_commands_say_what_is_dated_after_today(home, templates):
    file = templates.copy("sqlite", "empty", home / "ticketsync.db")
    database = prepare(engine.open_database(str(file)))
    later = order(ticket(1, 2200), placed_at=instant("2099-01-05T02:00"))
    save(database, later, at=FIRST_DAY)
    database.close()
    for words in (("export", "ledger"), ("report", "unearned")):
        done = commands.run(*words)
        assert "1 sale or refund is dated after today" in done.stderr, words
