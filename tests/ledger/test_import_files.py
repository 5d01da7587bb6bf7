"""
Files that bookkeeping programs import. Each line is worked out by hand.
"""

from datetime import date

import pytest

from ticketsync.core.errors import ConfigurationError, UsageError
from ticketsync.ledger import own_accounts, programs, projection
from ticketsync.ledger.projection import Balance, Entry

SALE = Entry(
    "sale/tt/2026-10-02/17/AUD",
    date(2026, 10, 2),
    "Gala",
    "AUD",
    {"1-1210": 11000, "2-1310": -1000, "2-1500": -10000},
    "sale",
    17,
)
FEE = Entry(
    "fee/tt/2026-10-02/17/AUD",
    date(2026, 10, 2),
    "Gala",
    "AUD",
    {"1-1210": -330, "6-1000": 330},
    "fee",
    17,
)


def test_a_file_for_xero():
    assert programs.write("xero", [SALE], tax_rate="BAS Excluded").splitlines() == [
        "*Narration,*Date,Description,*AccountCode,*TaxRate,*Amount,"
        "TrackingName1,TrackingOption1,TrackingName2,TrackingOption2",
        "sale/tt/2026-10-02/17/AUD,02/10/2026,Gala,1-1210,BAS Excluded,110.00,,,,",
        "sale/tt/2026-10-02/17/AUD,02/10/2026,Gala,2-1310,BAS Excluded,-10.00,,,,",
        "sale/tt/2026-10-02/17/AUD,02/10/2026,Gala,2-1500,BAS Excluded,-100.00,,,,",
    ]


def test_a_file_for_myob():
    lines = programs.write("myob", [SALE, FEE]).splitlines()
    assert lines[0] == (
        "Journal Number\tDate\tMemo\tAccount Number\tDebit Amount\tCredit Amount\tJob"
    )
    first, second = lines[1:4], lines[5:]
    assert lines[4] == ""
    numbers = [{line.partition("\t")[0] for line in part} for part in (first, second)]
    ((one,), (other,)) = numbers
    assert len(one) == len(other) == 8
    assert one != other
    memo = "02/10/2026\tsale/tt/2026-10-02/17/AUD Gala"
    assert first == [
        f"{one}\t{memo}\t1-1210\t110.00\t\t",
        f"{one}\t{memo}\t2-1310\t\t10.00\t",
        f"{one}\t{memo}\t2-1500\t\t100.00\t",
    ]
    assert second[1].endswith("\t6-1000\t3.30\t\t")


def test_an_entry_has_the_same_number_in_each_file():
    alone = programs.write("myob", [FEE]).splitlines()
    both = programs.write("myob", [SALE, FEE]).splitlines()
    assert alone[1:] == both[5:]


def test_a_file_for_quickbooks_online():
    assert programs.write("qbo", [FEE]).splitlines() == [
        "Journal No,Journal Date,Account Name,Debits,Credits,Description,Name",
        'fee/tt/2026-10-02/17/AUD,2026-10-02,1-1210,,3.30,"Gala, AUD",',
        'fee/tt/2026-10-02/17/AUD,2026-10-02,6-1000,3.30,,"Gala, AUD",',
    ]


def entry(number, currency="AUD", **postings):
    postings = postings or {"1-1210": 500, "2-1500": -500}
    return Entry(f"sale/{number}", date(2026, 10, 2), "Gala", currency, postings)


@pytest.mark.parametrize("program", ["qbo", "myob", "xero"])
def test_two_currencies_are_refused_and_one_is_taken(program):
    words = "these entries are in AUD and NZD"
    with pytest.raises(UsageError, match=words) as refused:
        programs.write(program, [entry(1), entry(2, "NZD")], tax_rate="No Tax")
    assert "--currency AUD" in refused.value.hint
    assert programs.write(program, [entry(2, "NZD")], tax_rate="No Tax")


def test_myob_takes_no_amount_without_two_decimals():
    with pytest.raises(UsageError, match="JPY has 0"):
        programs.write("myob", [entry(1, "JPY")])


def test_xero_takes_300_lines():
    assert programs.write("xero", [entry(n) for n in range(150)], tax_rate="No Tax")
    with pytest.raises(UsageError, match="300 lines in a file; these are 302"):
        programs.write("xero", [entry(n) for n in range(151)], tax_rate="No Tax")


def test_xero_needs_a_tax_rate():
    with pytest.raises(ConfigurationError, match="tax rate") as refused:
        programs.write("xero", [entry(1)])
    assert "ledger.xero_tax_rate" in refused.value.hint


@pytest.mark.parametrize(
    ("program", "name"),
    [
        ("myob", "Income:Shows"),
        ("myob", "0-1000"),
        ("xero", "Income:Shows"),
        ("xero", "=200"),
        ("qbo", "=1+1"),
        ("beancount", "4-1000"),
        ("hledger", "Income  Shows"),
        ("hledger", "Income;Shows"),
    ],
)
def test_an_account_that_the_program_cannot_take_is_named(program, name):
    found = [entry(1, **{name: 500, "Assets:A": -500})]
    with pytest.raises(ConfigurationError, match="cannot take") as refused:
        programs.write(program, found, tax_rate="No Tax")
    assert name in str(refused.value)
    assert "ledger.accounts" in refused.value.hint


# Days and months


def posted(day, currency="AUD", **sums):
    return Entry(f"sale/{day}", date.fromisoformat(day), "Gala", currency, sums)


MOVED = [
    posted("2026-10-02", A=500, B=-500),
    posted("2026-10-02", A=300, C=-300),
    posted("2026-10-30", A=-800, B=800),
    posted("2026-10-30", "NZD", A=100, B=-100),
    posted("2026-11-03", A=250, B=-250),
]


def summed(per):
    found = projection.summed(MOVED, per, date(2026, 11, 10))
    return {entry.id: (str(entry.day), dict(entry.postings)) for entry in found}


def test_an_entry_for_each_day():
    assert summed("day") == {
        "day/2026-10-02/AUD": ("2026-10-02", {"A": 800, "B": -500, "C": -300}),
        "day/2026-10-30/AUD": ("2026-10-30", {"A": -800, "B": 800}),
        "day/2026-10-30/NZD": ("2026-10-30", {"A": 100, "B": -100}),
        "day/2026-11-03/AUD": ("2026-11-03", {"A": 250, "B": -250}),
    }


def test_an_entry_for_each_month_the_one_that_runs_up_to_today():
    assert summed("month") == {
        "month/2026-10/AUD": ("2026-10-31", {"B": 300, "C": -300}),
        "month/2026-10/NZD": ("2026-10-31", {"A": 100, "B": -100}),
        "month/2026-11/AUD": ("2026-11-10", {"A": 250, "B": -250}),
    }


# The venue's own accounts

KNOWN = ["Assets:Platform:Eb", "Assets:Platform:Tt", "Income:Shows"]


def test_two_of_ours_can_be_one_of_the_venues():
    own = {"Assets:Platform:Tt": "610", "Assets:Platform:Eb": "610"}
    moved = Entry(
        "sale/1",
        date(2026, 10, 2),
        "Gala",
        "AUD",
        {"Assets:Platform:Tt": 500, "Assets:Platform:Eb": 200, "Income:Shows": -700},
    )
    within = Entry(
        "sale/2",
        date(2026, 10, 2),
        "Gala",
        "AUD",
        {"Assets:Platform:Tt": 500, "Assets:Platform:Eb": -500},
    )
    (found,) = own_accounts.rename([moved, within], own)
    assert found.postings == {"610": 700, "Income:Shows": -700}
    day = date(2026, 10, 31)
    balances = [Balance(name, "AUD", day, 350) for name in KNOWN[:2]]
    assert own_accounts.rename_balances(balances, own) == [
        Balance("610", "AUD", day, 700)
    ]


def test_an_account_that_there_is_not_is_refused_with_the_nearest():
    with pytest.raises(ConfigurationError, match="Did you mean Income:Shows"):
        own_accounts.refuse_unknown({"Income:Show": "200"}, KNOWN)
    own_accounts.refuse_unknown({"Income:Shows": "200"}, KNOWN)


def test_income_and_assets_cannot_be_one_account():
    own = {"Income:Shows": "200", "Assets:Platform:Tt": "200"}
    with pytest.raises(ConfigurationError, match="cannot both be '200'"):
        own_accounts.refuse_mixed(own, KNOWN)
    own_accounts.refuse_mixed({**own, "Income:Shows": "100"}, KNOWN)
