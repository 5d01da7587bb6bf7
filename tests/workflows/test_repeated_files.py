"""
Numbers that are unique within their file: a report that repeats the rows of another one
under another name is not counted beside it. What is expected was worked out by hand.
"""

import pytest
from support.report_accounts import GALA, HEADING, ReportAccount

from ticketsync.core import errors
from ticketsync.providers.file_import.several_reports import file_numbers

FILE = "order_numbers: file"
ROWS = (f"1,{GALA},Adult,2,78.00", f"2,{GALA},Adult,1,39.00")
NEW = f"3,{GALA},Child,1,20.00"


@pytest.fixture
def account(database, tmp_path):
    found = ReportAccount(database, tmp_path)
    found.recipe(FILE)
    found.add()
    found.put("w1.csv", *ROWS)
    assert found.sync()[0].exit_code == 0
    assert tuple(found.figures()) == (2, 3, 11700)
    return found


def outcome(account):
    """
    Of two runs: the last exit code, (orders, tickets sold, paid), and what waits.
    """
    account.sync(full=True)
    code = account.sync(full=True)[0].exit_code
    return code, tuple(account.figures()), {*account.waiting()}


AGAIN = {"1 (w1 again)", "2 (w1 again)"}


@pytest.mark.parametrize("is_left", [True, False])
def test_an_export_with_further_rows_counts_once(account, is_left):
    if not is_left:
        (account.path / "in" / "w1.csv").unlink()
    account.put("w1 again.csv", *ROWS, NEW)
    assert outcome(account) == (errors.PARTLY, (3, 4, 13700), AGAIN)
    for reason in account.waiting().values():
        assert "w1 again.csv, line" in reason
        assert "`repeated_rows: once`" in reason
        assert "`repeated_rows: count`" in reason
    account.recipe(FILE, "repeated_rows: once")
    assert outcome(account) == (0, (3, 4, 13700), set())


def test_numbers_that_begin_again_with_equal_rows(account):
    account.put("w2.csv", *ROWS, NEW)
    account.recipe(FILE, "repeated_rows: count")
    assert outcome(account) == (0, (5, 7, 11700 * 2 + 2000), set())


def test_numbers_that_begin_again_with_other_rows(account):
    other = GALA.replace("-05", "-12")
    account.put("w2.csv", *(row.replace(GALA, other) for row in ROWS))
    assert outcome(account) == (0, (4, 6, 23400), set())


def test_a_row_that_is_equal_by_chance_where_the_file_is_gone(account):
    """
    Of three numbers that both files have, one is equal.
    """
    account.put("w1.csv", *ROWS, NEW)
    account.sync()
    (account.path / "in" / "w1.csv").unlink()
    other = GALA.replace("-05", "-12")
    rows = (row.replace(GALA, other) for row in ROWS)
    account.put("w2.csv", *rows, NEW)
    account.sync(accept_shrink=True)
    assert tuple(account.figures()) == (6, 8, 13700 * 2)


def test_an_order_that_changed_in_an_export_under_another_name(account):
    account.put("w1.csv", *ROWS, NEW)
    account.sync()
    changed = f"1,{GALA},Adult,3,117.00"
    account.put("w1 again.csv", changed, ROWS[1], NEW)
    aside = {*AGAIN, "3 (w1 again)"}
    assert outcome(account) == (errors.PARTLY, (3, 4, 13700), aside)
    account.recipe(FILE, "repeated_rows: once", "changed_orders: [1]")
    assert outcome(account) == (0, (3, 5, 17600), set())


def test_what_a_second_name_counted_twice(account, monkeypatch):
    monkeypatch.setattr(file_numbers, "settle", lambda _, versions, __: versions)
    account.put("w1 again.csv", *ROWS, NEW)
    assert outcome(account) == (0, (5, 7, 11700 * 2 + 2000), set())


class TestRefundOf:
    OF = f"{HEADING},Original"
    BACK = f"R1,{GALA},Adult,-1,-39.00,1"

    @pytest.fixture(autouse=True)
    def sold(self, account):
        account.recipe(FILE, refund_of="Original")
        account.put("w1.csv", self.OF, *(f"{row}," for row in ROWS))

    def test_a_refund_goes_to_the_one_file_that_sells(self, account):
        account.put("refunds.csv", self.OF, self.BACK)
        assert outcome(account) == (0, (2, 2, 11700), set())

    def test_a_refund_of_a_number_that_two_files_sell(self, account):
        other = GALA.replace("-05", "-12")
        account.put("w2.csv", self.OF, f"1,{other},Adult,1,39.00,")
        account.put("refunds.csv", self.OF, self.BACK)
        aside = {"1 (refunds)"}
        assert outcome(account) == (errors.PARTLY, (3, 4, 15600), aside)

    def test_a_refund_of_a_file_that_is_gone(self, account):
        account.put("refunds.csv", self.OF, self.BACK)
        (account.path / "in" / "w1.csv").unlink()
        code, figures, aside = outcome(account)
        assert (code, figures) == (errors.PARTLY, (2, 3, 11700))
        assert len(aside) == 1
