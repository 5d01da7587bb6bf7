"""
Entries that follow from sales. Amounts are worked out by hand.
"""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from ticketsync.ledger import projection
from ticketsync.ledger.chart import Chart
from ticketsync.ledger.projection import FEE, REFUND, SALE, Balance, Movement, ShowDay

SOLD = date(2026, 10, 2)
PLAYS = date(2026, 11, 28)
LATER = date(2026, 12, 5)
UNTIL = date(2026, 12, 31)
CHART = Chart(["tt", "hx", "h-x", "h_x"], ["gst", "gst_in"])
SHOWS = {
    17: ShowDay(17, PLAYS, "Gala"),
    18: ShowDay(18, PLAYS, "Called off", is_cancelled=True),
}


def moved(kind, amount, day=SOLD, show_id=17, account="tt", **more):
    return Movement(
        kind=kind,
        account=account,
        day=day,
        show_id=show_id,
        currency="AUD",
        amount=amount,
        **more,
    )


def entries(*movements, until=UNTIL):
    found = projection.project(movements, SHOWS, CHART, until)
    return {entry.id: dict(entry.postings) for entry in found}


def test_a_sale_is_unearned_until_the_show_has_played():
    """
    110.00 with 10.00 of GST; 3.30 of fees with 0.30.
    """
    sale = moved(SALE, 11000, taxes={"gst": 1000})
    fee = moved(FEE, 330, taxes={"gst_in": 30})
    of_sale = {
        "sale/tt/2026-10-02/17/AUD": {
            "Assets:Platform:Tt": 11000,
            "Liabilities:Tax:Gst": -1000,
            "Liabilities:Unearned": -10000,
        },
        "fee/tt/2026-10-02/17/AUD": {
            "Assets:Platform:Tt": -330,
            "Assets:TaxPaid:Gst-in": 30,
            "Expenses:Fees:Tt": 300,
        },
    }
    assert entries(sale, fee, until=date(2026, 11, 27)) == of_sale
    earned = {"Liabilities:Unearned": 10000, "Income:Shows": -10000}
    assert entries(sale, fee) == {**of_sale, "earn/17/AUD": earned}


def test_what_goes_back_before_the_show_is_never_earned_and_after_it_is_less_income():
    """
    Sold 110.00, back 33.00 before and 11.00 after: 70.00 earned, then 10.00 less.
    """
    found = entries(
        moved(SALE, 11000, taxes={"gst": 1000}),
        moved(REFUND, -3300, date(2026, 10, 9), taxes={"gst": -300}),
        moved(REFUND, -1100, LATER, taxes={"gst": -100}),
    )
    assert found["refund/tt/2026-10-09/17/AUD"] == {
        "Assets:Platform:Tt": -3300,
        "Liabilities:Tax:Gst": 300,
        "Liabilities:Unearned": 3000,
    }
    assert found["earn/17/AUD"] == {"Liabilities:Unearned": 7000, "Income:Shows": -7000}
    assert found["refund/tt/2026-12-05/17/AUD"] == {
        "Assets:Platform:Tt": -1100,
        "Liabilities:Tax:Gst": 100,
        "Income:Shows": 1000,
    }


def test_a_cancelled_show_never_earns():
    found = entries(
        moved(SALE, 5000, show_id=18), moved(REFUND, -2000, LATER, show_id=18)
    )
    assert not [id_ for id_ in found if id_.startswith("earn")]
    assert sum(e.get("Liabilities:Unearned", 0) for e in found.values()) == -3000


def test_f50_vouchers_and_what_is_somebody_elses_are_apart():
    """
    20.00, of which a voucher paid 15.00; 2.00 are the platform's own fee, and it keeps
    3.00 in all: 1.00 is the venue's expense.
    """
    found = entries(
        moved(SALE, 700, voucher=1500, collected=200, taxes={"gst": 182}),
        moved(FEE, 300, collected=200),
        until=SOLD,
    )
    assert found == {
        "sale/tt/2026-10-02/17/AUD": {
            "Assets:Platform:Tt": 700,
            "Liabilities:Collected:Tt": -200,
            "Liabilities:Tax:Gst": -182,
            "Liabilities:Unearned": -1818,
            "Liabilities:Vouchers": 1500,
        },
        "fee/tt/2026-10-02/17/AUD": {
            "Assets:Platform:Tt": -300,
            "Expenses:Fees:Tt": 100,
            "Liabilities:Collected:Tt": 200,
        },
    }


def test_a_period_begins_with_what_came_before():
    found = projection.project(
        [moved(SALE, 11000, taxes={"gst": 1000}), moved(FEE, 300)], SHOWS, CHART, UNTIL
    )
    first = date(2026, 11, 1)
    opened = [*projection.opening(found, first), *projection.from_day(found, first)]
    assert [entry.id for entry in opened] == ["open/2026-11-01/AUD", "earn/17/AUD"]
    assert dict(opened[0].postings) == {
        "Assets:Platform:Tt": 10700,
        "Equity:Opening": 300,
        "Liabilities:Tax:Gst": -1000,
        "Liabilities:Unearned": -10000,
    }
    whole, rest = (
        projection.balances(part, UNTIL)[-3:]
        for part in (projection.from_day(found, None), opened)
    )
    assert whole == rest
    assert Balance("Assets:Platform:Tt", "AUD", UNTIL, 10700) in whole


def test_no_two_accounts_share_a_ledger_account():
    names = {CHART.clearing(name) for name in ("tt", "hx", "h-x", "h_x")}
    assert len(names) == 4


MOVEMENTS = st.lists(
    st.builds(
        moved,
        st.sampled_from((SALE, REFUND, FEE)),
        st.integers(-(10**6), 10**6),
        st.dates(date(2026, 9, 1), date(2027, 1, 31)),
        st.sampled_from((17, 18)),
        st.sampled_from(("tt", "hx")),
        voucher=st.integers(0, 10**4),
        collected=st.integers(-(10**4), 10**4),
        kept=st.integers(0, 10**4),
        taxes=st.dictionaries(
            st.sampled_from(("gst", "gst_in")), st.integers(-(10**4), 10**4)
        ),
    ),
    max_size=30,
)


@given(MOVEMENTS, st.dates(date(2026, 9, 1), date(2027, 1, 31)))
def test_every_entry_balances_and_clearing_is_what_moved(movements, until):
    found = projection.project(movements, SHOWS, CHART, until)
    for part in (found, projection.from_day(found, date(2026, 11, 1))):
        assert all(sum(entry.postings.values()) == 0 for entry in part)
    for account in ("tt", "hx"):
        name = CHART.clearing(account)
        held = sum(entry.postings.get(name, 0) for entry in found)
        assert held == sum(
            -item.amount if item.kind == FEE else item.amount
            for item in movements
            if item.account == account and item.day <= until
        )
    assert len({entry.id for entry in found}) == len(found)
