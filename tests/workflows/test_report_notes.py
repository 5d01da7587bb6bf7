"""
What `status` names of a folder of reports until it is settled: copies that may be
returns of their own, and orders whose report is gone and was read by another recipe.
"""

import os

import pytest
from sqlalchemy import text
from support.report_accounts import GALA, HEADING, ReportAccount

from ticketsync.core import clock, errors
from ticketsync.core.settings.config import Settings
from ticketsync.reporting.waiting_kinds import REPORT
from ticketsync.workflows import waiting

SALE, BACK = f"1,{GALA},Adult,2,78.00", f"1,{GALA},Adult,-1,-39.00"


@pytest.fixture
def account(database, tmp_path):
    found = ReportAccount(database, tmp_path)
    found.add()
    return found


def notes(account):
    """
    What waits of reports after a run, and after one more.
    """
    found = []
    for _ in range(2):
        outcome, _ = account.sync(full=True)
        assert outcome.exit_code in (0, errors.PARTLY)
        with account.database.read() as connection:
            items = waiting.everything(connection, Settings(), clock.now())
        found.append({it.id: it.text for it in items if it.kind == REPORT})
    assert found[0] == found[1]
    return found[0]


COPY = (
    "other: c.csv is equal to b.csv and counts as one report with it: remove one of "
    "them if it is a copy, or save one with an empty line at its end if both happened"
)


def test_two_equal_statements_are_named_until_one_is_gone(account):
    account.put("a.csv", SALE)
    account.put("b.csv", BACK)
    assert notes(account) == {}
    second = account.put("c.csv", BACK)
    assert notes(account) == {"report:other/c.csv": COPY}
    second.unlink()
    assert notes(account) == {}


def test_what_was_dismissed_waits_no_more(account):
    account.put("a.csv", SALE)
    account.put("b.csv", BACK)
    account.put("c.csv", BACK)
    notes(account)
    waiting.dismiss(account.database, Settings(), ["report:other/c.csv"])
    assert notes(account) == {}


def test_a_copy_of_what_was_sold_is_one_report(account):
    account.put("a.csv", SALE)
    account.put("b.csv", SALE)
    assert notes(account) == {}


def test_where_numbers_begin_again_a_copy_may_be_another_report(account):
    account.recipe("order_numbers: file")
    account.put("a.csv", SALE)
    account.put("b.csv", SALE)
    assert list(notes(account)) == ["report:other/b.csv"]


def figures(account):
    """
    What was charged and the tax in it, in minor units.
    """
    with account.database.read() as connection:
        query = text("SELECT SUM(charged), SUM(tax) FROM tickets")
        return tuple(map(int, connection.execute(query).one()))


@pytest.mark.parametrize("is_gone", [True, False])
def test_orders_of_a_report_that_is_gone_keep_the_rule_they_were_read_by(
    account, is_gone
):
    heading = f"{HEADING},GST"
    account.recipe("tax: inside", tax="GST")
    first = account.put(
        "a.csv", heading, f"{SALE},7.09", f"2,{GALA},Adult,1,39.00,3.55"
    )
    assert notes(account) == {}
    if is_gone:
        first.unlink()
    account.put("b.csv", heading, f"3,{GALA},Adult,1,40.00,4.00")
    account.recipe("tax: on top", tax="GST")
    if not is_gone:
        assert notes(account) == {}
        assert figures(account) == (7800 + 709 + 3900 + 355 + 4400, 709 + 355 + 400)
        return
    assert notes(account) == {
        "report:other/a.csv": "other: a.csv is not in the folder, and 2 orders are "
        "stored as a recipe with another `tax` read it: put it back to have it read by "
        "the present one"
    }
    assert figures(account) == (7800 + 3900 + 4400, 709 + 355 + 400)
    first.write_text(f"{heading}\n{SALE},7.09\n2,{GALA},Adult,1,39.00,3.55\n")
    os.utime(first, (10**9 + 1, 10**9 + 1))
    assert notes(account) == {}
    assert figures(account) == (7800 + 709 + 3900 + 355 + 4400, 709 + 355 + 400)


@pytest.mark.parametrize("says", ["timezone: Europe/London", "buyer_fee: kept"])
def test_what_else_changes_money_or_days_is_named(account, says):
    first = account.put("a.csv", SALE)
    account.put("b.csv", f"3,{GALA},Adult,1,40.00")
    assert notes(account) == {}
    first.unlink()
    account.recipe(*([says] if says.startswith("buyer") else []))
    if not says.startswith("buyer"):
        file = account.path / "r.yaml"
        file.write_text(file.read_text().replace("Australia/Sydney", "Europe/London"))
    (note,) = notes(account).values()
    assert f"another `{says.partition(':')[0]}` read it" in note


def test_another_word_for_a_status_changes_nothing_that_was_read(account):
    first = account.put("a.csv", SALE)
    account.put("b.csv", f"3,{GALA},Adult,1,40.00")
    assert notes(account) == {}
    first.unlink()
    account.recipe("free: [Guest]", "stop_at: [Sum]")
    assert notes(account) == {}
