"""
Orders whose rows stand in several reports of a folder: each is counted once and whole,
or set aside by name while the figures stay. What is expected was worked out by hand.
"""

import os

import pytest
import xlsxwriter
from support.report_accounts import GALA, HEADING, ReportAccount

from ticketsync.core import errors
from ticketsync.providers.file_import.several_reports import (
    lasting_losses,
    order_versions,
)
from ticketsync.sales import raw_records
from ticketsync.workflows.sync import report_files

NEXT = "Gala,2026-12-06 19:30"
OF = f"{HEADING},Original"


@pytest.fixture
def account(database, tmp_path):
    found = ReportAccount(database, tmp_path)
    found.add()
    return found


def is_read(account, *figures):
    """
    Whether a run, and one more, gives (orders, tickets sold, paid) with nothing amiss.
    """
    codes = [account.sync(full=True)[0].exit_code for _ in "ab"]
    return (codes, tuple(account.figures()), account.waiting()) == ([0, 0], figures, {})


def is_refused(account, text, *figures):
    """
    Whether a run, and one more, sets one order aside for a reason with that text.
    """
    codes = [account.sync(full=True)[0].exit_code for _ in "ab"]
    assert codes == [errors.PARTLY] * 2
    assert tuple(account.figures()) == figures
    [reason] = account.waiting().values()
    return text in reason


# Rows that name the order they belong to


class TestRefundOf:
    @pytest.fixture(autouse=True)
    def sold(self, account):
        account.recipe(refund_of="Original")
        account.put("a.csv", OF, f"7,{GALA},Adult,2,78.00,")

    def test_a_sale_that_belongs_to_an_order_is_added_to_it(self, account):
        assert is_read(account, 1, 2, 7800)
        account.put("b.csv", OF, f"E1,{GALA},Adult,1,39.00,7")
        assert is_read(account, 1, 3, 11700)

    def test_an_exchange_of_a_refund_and_a_sale(self, account):
        account.put(
            "b.csv",
            OF,
            f"R1,{GALA},Adult,-1,-39.00,7",
            f"E1,{NEXT},Adult,1,45.00,7",
            f"8,{GALA},Adult,1,39.00,",
        )
        assert is_read(account, 2, 3, 7800 + 4500 + 3900)

    def test_an_exchange_says_its_own_time(self, account):
        account.recipe(refund_of="Original", placed="Sold")
        heading = f"{OF},Sold"
        account.put("a.csv", heading, f"7,{GALA},Adult,2,78.00,,2026-11-01 10:00")
        account.put(
            "b.csv",
            heading,
            f"R1,{GALA},Adult,-1,-39.00,7,2026-11-04 18:20",
            f"E1,{NEXT.replace('Gala', 'Late')},Adult,1,45.00,7,2026-11-04 18:20",
        )
        assert is_read(account, 1, 2, 7800 + 4500)

    @pytest.mark.parametrize("newest", ["a.csv", "b.csv", "c.csv"])
    def test_exported_again_in_any_order(self, account, newest):
        account.put("b.csv", OF, f"R1,{GALA},Adult,-1,-39.00,7")
        account.put(
            "c.csv",
            OF,
            f"7,{GALA},Adult,2,78.00,",
            f"R1,{GALA},Adult,-1,-39.00,7",
            f"R2,{GALA},Adult,0,-5.00,7",
        )
        os.utime(account.path / "in" / newest, (2 * 10**9, 2 * 10**9))
        assert is_read(account, 1, 1, 7800)

    def test_a_number_that_is_given_to_two_refunds(self, account):
        account.put("b.csv", OF, f"R1,{GALA},Adult,-1,-39.00,7")
        assert is_read(account, 1, 1, 7800)
        account.put("c.csv", OF, f"R1,{GALA},Adult,-1,-30.00,7")
        assert is_refused(account, "says something else of R1", 1, 1, 7800)


def test_what_replaced_an_order_before(account, monkeypatch):
    account.recipe(refund_of="Original")
    account.put("a.csv", OF, f"7,{GALA},Adult,2,78.00,")
    account.put("b.csv", OF, f"E1,{GALA},Adult,1,39.00,7")
    monkeypatch.setattr(order_versions, "split_added", lambda found: ([*found], []))
    account.sync()
    assert tuple(account.figures()) == (1, 1, 3900)


# An order that goes on in another file


THU, FRI = "Late,2026-12-03 19:30", "Late,2026-12-04 19:30"


class TestInAFolder:
    @pytest.fixture(autouse=True)
    def recipe(self, account):
        account.recipe("order_numbers: folder")

    @pytest.mark.parametrize("copies", [["thu"], ["fri"], ["thu", "fri"]])
    @pytest.mark.thorough
    def test_a_later_copy_keeps_what_another_file_added(self, account, copies):
        rows = {"thu": f"1,{THU},Adult,2,78.00", "fri": f"1,{FRI},Adult,1,39.00"}
        for name, row in rows.items():
            account.put(f"{name}.csv", row)
        assert is_read(account, 1, 3, 11700)
        for name in copies:
            other = f"{name},{THU},Adult,1,39.00"
            account.put(f"{name} again.csv", rows[name], other)
        more = len(copies)
        assert is_read(account, 1 + more, 3 + more, 11700 + more * 3900)

    def test_the_same_night_goes_on_or_was_corrected(self, account):
        account.put("a.csv", f"1,{THU},Adult,2,78.00")
        assert is_read(account, 1, 2, 7800)
        account.put("b.csv", f"1,{THU},Adult,1,39.00")
        assert is_refused(account, "may be a correction or another row", 1, 2, 7800)
        account.recipe("order_numbers: folder", "changed_orders: [1]")
        assert is_read(account, 1, 1, 3900)

    def test_the_same_night_goes_on_in_rows_of_other_seats(self, account):
        account.recipe("order_numbers: folder", line="Seat")
        heading = f"{HEADING},Seat"
        account.put("a.csv", heading, f"1,{THU},Adult,2,78.00,A1-2")
        account.put("b.csv", heading, f"1,{THU},Adult,1,39.00,A3")
        assert is_read(account, 1, 3, 11700)

    def test_the_same_night_was_bought_at_another_time(self, account):
        account.recipe("order_numbers: folder", placed="Sold")
        heading = f"{HEADING},Sold"
        account.put("a.csv", heading, f"1,{THU},Adult,2,78.00,2026-11-01 10:00")
        account.put("b.csv", heading, f"1,{THU},Adult,1,39.00,2026-11-02 10:00")
        assert is_read(account, 1, 3, 11700)

    def test_rows_that_differ_in_an_unmapped_column_alone(self, account):
        heading = f"{HEADING},Seat"
        account.put("a.csv", heading, f"1,{THU},Adult,1,39.00,A1")
        assert is_read(account, 1, 1, 3900)
        account.put("b.csv", heading, f"1,{THU},Adult,1,39.00,A2")
        assert is_refused(account, "`line`", 1, 1, 3900)
        account.recipe("order_numbers: folder", line="Seat")
        assert is_read(account, 1, 2, 7800)

    def test_files_of_one_age(self, account):
        files = [
            account.put("a.csv", f"1,{THU},Adult,2,78.00"),
            account.put("b.csv", f"1,{FRI},Adult,1,39.00", f"1,{THU},Adult,2,78.00"),
            account.put("c.csv", f"1,{FRI},Child,1,20.00", f"1,{THU},Adult,2,78.00"),
        ]
        for file in files:
            os.utime(file, (10**9, 10**9))
        assert is_read(account, 1, 4, 7800 + 3900 + 2000)

    def test_sheets_of_one_file(self, account):
        book = xlsxwriter.Workbook(
            account.path / "in" / "a.xlsx", {"strings_to_numbers": True}
        )
        for row in (f"1,{THU},Adult,2,78.00", f"1,{FRI},Adult,1,39.00"):
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, HEADING.split(","))
            sheet.write_row(1, 0, row.split(","))
        book.close()
        assert is_read(account, 1, 3, 11700)

    def test_a_status_that_changed_is_of_the_newer_file(self, account):
        status = "status: {paid: [Paid], refunded: [Refunded]}"
        account.recipe("order_numbers: folder", status, status="State")
        heading = f"{HEADING},State"
        account.put("a.csv", heading, f"1,{THU},Adult,2,78.00,Paid")
        account.put("b.csv", heading, f"1,{FRI},Adult,1,39.00,Paid")
        account.put("c.csv", heading, f"1,{THU},Adult,2,78.00,Refunded")
        assert is_read(account, 1, 1, 11700)
        # a.csv itself was read before: whatever its time, it is the older report.
        os.utime(account.path / "in" / "a.csv", (2 * 10**9, 2 * 10**9))
        assert is_read(account, 1, 1, 11700)
        rows = f"1,{THU},Adult,2,78.00,Paid", f"9,{THU},Adult,1,39.00,Paid"
        account.put("d.csv", heading, *rows)
        account.sync()
        assert is_refused(account, "less was taken back", 2, 2, 15600)

    @pytest.mark.parametrize("other", [f"{THU},Grown-up", f"Ball,{THU[5:]},Adult"])
    def test_rows_that_differ_in_a_name_alone(self, account, other):
        account.put("a.csv", f"1,{THU},Adult,2,78.00")
        assert is_read(account, 1, 2, 7800)
        account.put("b.csv", f"1,{other},2,78.00")
        assert is_refused(account, "only a name differs", 1, 2, 7800)


# An older export that is put back as the newest file


class TestPutBack:
    """
    An order of two tickets of which one went back, and the export from before that.
    """

    STATES = "status: {paid: [Paid], refunded: [Refunded], void: [Void]}"

    def put(self, account, rows, name, heading=HEADING):
        account.put(name, heading, *rows)

    @pytest.mark.parametrize("is_first", [False, True])
    def test_a_refund_is_not_undone(self, account, is_first):
        sale = f"1,{GALA},Adult,2,78.00"
        account.put("b.csv", sale, f"1,{GALA},Adult,-1,-39.00")
        if not is_first:
            assert is_read(account, 1, 1, 7800)
        account.put("a.csv", sale)
        figures = (0, 0, None) if is_first else (1, 1, 7800)
        assert is_refused(account, "39.00 less was taken back", *figures)
        account.recipe("changed_orders: [1]")
        assert is_read(account, 1, 2, 7800)

    @pytest.mark.parametrize("state", ["Refunded", "Void"])
    def test_a_status_is_not_undone(self, account, state):
        account.recipe(self.STATES, status="State")
        heading, row = f"{HEADING},State", f"1,{GALA},Adult,2,78.00"
        account.put("b.csv", heading, f"{row},{state}")
        account.put("c.csv", heading, f"2,{GALA},Adult,1,39.00,Paid")
        account.sync()
        before = tuple(account.figures())
        assert before[1] == 1
        account.put("a.csv", heading, f"{row},Paid")
        assert is_refused(
            account,
            "less was taken back" if state == "Refunded" else "2 tickets fewer void",
            *before,
        )

    def test_an_amount_that_went_back_is_not_undone(self, account):
        account.recipe(refunded="Back")
        heading, row = f"{HEADING},Back", f"1,{GALA},Adult,2,78.00"
        account.put("b.csv", heading, f"{row},20.00")
        assert is_read(account, 1, 2, 7800)
        account.put("a.csv", heading, f"{row},5.00")
        assert is_refused(account, "15.00 less was taken back", 1, 2, 7800)

    def test_tickets_do_not_leave_by_a_report_with_fewer_orders(self, account):
        account.put("b.csv", f"1,{GALA},Adult,3,117.00", f"2,{GALA},Adult,1,39.00")
        assert is_read(account, 2, 4, 15600)
        account.put("a.csv", f"1,{GALA},Adult,2,78.00")
        assert is_refused(account, "1 ticket fewer than b.csv", 2, 4, 15600)

    def test_tickets_that_leave_by_a_later_report_are_named(self, account):
        account.put("a.csv", f"1,{GALA},Adult,3,117.00")
        account.sync()
        account.put("b.csv", f"1,{GALA},Adult,2,78.00", f"2,{GALA},Adult,1,39.00")
        result, notes = account.sync()
        assert (result.exit_code, *account.figures()) == (0, 2, 3, 11700)
        assert any(
            "b.csv is newer than a.csv and has 1 ticket fewer" in n for n in notes
        )

    def test_what_was_undone_before_without_a_word(self, account, monkeypatch):
        account.recipe(self.STATES, status="State")
        heading, row = f"{HEADING},State", f"1,{GALA},Adult,2,78.00"
        account.put("b.csv", heading, f"{row},Refunded")
        account.put("a.csv", heading, f"{row},Paid")
        monkeypatch.setattr(lasting_losses, "what_is_undone", lambda *_: "")
        assert account.sync()[0].exit_code == 0
        assert tuple(account.figures()) == (1, 2, 7800)


# A newer export that is net of what another report takes back


class TestNetOfARefund:
    SOLD, BACK = f"1,{GALA},Adult,2,78.00", f"1,{GALA},Adult,-1,-39.00"
    NET = f"1,{GALA},Adult,1,39.00"

    @pytest.mark.parametrize("newest", ["b.csv", "s.csv"])
    def test_a_refund_is_not_counted_twice(self, account, newest):
        account.put("a.csv", self.SOLD)
        statement = account.put("s.csv", self.BACK)
        assert is_read(account, 1, 1, 7800)
        account.put("b.csv", self.NET, f"2,{GALA},Adult,1,39.00")
        if newest == "s.csv":
            os.utime(statement, (2 * 10**9, 2 * 10**9))
        account.sync()
        assert is_refused(account, "sells 39.00 less than a.csv", 2, 2, 7800 + 3900)

    def test_of_several_refunds_one_is_in_the_net_amount(self, account):
        account.put("a.csv", f"1,{GALA},Adult,4,156.00")
        account.put("s.csv", f"1,{GALA},Adult,-2,-78.00", self.BACK)
        account.put("b.csv", f"1,{GALA},Adult,2,78.00", f"2,{GALA},Adult,1,39.00")
        assert is_refused(account, "sells 78.00 less", 1, 1, 3900)

    def test_a_refund_with_a_number_of_its_own(self, account):
        account.recipe(refund_of="Original")
        account.put("a.csv", OF, f"{self.SOLD},")
        account.put("s.csv", OF, self.BACK.replace("1,", "R1,", 1) + ",1")
        assert is_read(account, 1, 1, 7800)
        account.put("b.csv", OF, f"{self.NET},", f"2,{GALA},Adult,1,39.00,")
        account.sync()
        assert is_refused(account, "sells 39.00 less", 2, 2, 7800 + 3900)

    def test_the_export_that_was_not_net_is_gone(self, account):
        first = account.put("a.csv", self.SOLD)
        account.put("s.csv", self.BACK)
        assert is_read(account, 1, 1, 7800)
        first.unlink()
        account.put("b.csv", self.NET, f"2,{GALA},Adult,1,39.00")
        account.sync()
        assert is_refused(account, "takes that back as well", 2, 2, 7800 + 3900)

    @pytest.mark.parametrize("is_gone", [False, True])
    @pytest.mark.thorough
    def test_a_number_that_answers_another_change_says_nothing_of_it(
        self, account, is_gone
    ):
        """
        The order was moved to another night once; its number stayed in the recipe.
        """
        account.recipe("changed_orders: [1]")
        moved = self.SOLD.replace("2026-12-05", "2026-12-08")
        account.put("a.csv", moved)
        first = account.put("b.csv", self.SOLD)
        account.put("s.csv", self.BACK)
        assert is_read(account, 1, 1, 7800)
        if is_gone:
            first.unlink()
        account.put("c.csv", self.NET, f"2,{GALA},Adult,1,39.00")
        account.sync()
        assert is_refused(account, "sells 39.00 less", 2, 2, 7800 + 3900)
        [reason] = account.waiting().values()
        assert "say `also_returned: {1: 39.00}` in the recipe if both are so" in reason
        account.recipe("changed_orders: [1]", "also_returned: {1: 38.00}")
        assert is_refused(account, "sells 39.00 less", 2, 2, 7800 + 3900)
        account.recipe("changed_orders: [1]", "also_returned: {1: 39.00}")
        assert is_read(account, 2, 1, 3900 + 3900)

    def test_one_refund_more_is_counted(self, account):
        account.put("a.csv", self.SOLD)
        account.put("s.csv", self.BACK)
        account.put("b.csv", self.SOLD, self.BACK, f"2,{GALA},Adult,1,39.00")
        assert is_read(account, 2, 2, 7800 + 3900)

    def test_a_correction_by_another_amount_is_counted(self, account):
        account.put("a.csv", f"1,{GALA},Adult,3,117.00")
        account.put("s.csv", f"1,{GALA},Adult,0,-5.00")
        account.put("b.csv", f"1,{GALA},Adult,2,78.00", f"2,{GALA},Adult,1,39.00")
        assert is_read(account, 2, 3, 7800 + 3900)


# Two tills


@pytest.mark.parametrize("placed", ["2026-11-01", "2026-11-01 00:00"])
def test_two_tills_that_number_alike_on_one_day(account, placed):
    """
    Three orders of one day: two of them others, and one equal by chance.
    """
    account.recipe(placed="Sold")
    heading = f"{HEADING},Sold"
    tills = {
        "north": ("1,{},Adult,2,40.00", "2,{},Adult,1,20.00", "3,{},Adult,1,20.00"),
        "south": ("1,{},Child,1,10.00", "2,{},Child,3,30.00", "3,{},Adult,1,20.00"),
    }
    for till, rows in tills.items():
        lines = [f"{row.format(GALA)},{placed}" for row in rows]
        account.put(f"{till}.csv", heading, *lines)
    assert account.sync()[0].exit_code == errors.PARTLY
    assert sorted(account.waiting()) == ["1", "2", "3"]


def test_a_day_is_no_evidence_that_another_price_is_the_same_order(account):
    account.recipe(placed="Sold")
    heading = f"{HEADING},Sold"
    account.put("a.csv", heading, f"1,{GALA},Adult,2,78.00,2026-11-01")
    assert is_read(account, 1, 2, 7800)
    account.put("b.csv", heading, f"1,{GALA},Adult,1,20.00,2026-11-01")
    assert is_refused(account, "20.00 for a ticket, not 39.00", 1, 2, 7800)


def put_back(account, name, file=None):
    """
    Give a file the newest time, and perhaps another name.
    """
    file = file or account.path / "in" / name
    data = file.read_bytes()
    file.unlink()
    return account.put(name, data=data)


class TestReadBefore:
    """
    Reports that were read before, and come again with a new time or name.
    """

    @pytest.fixture(autouse=True)
    def exports(self, account):
        account.put("a.csv", f"1,{GALA},Adult,2,78.00", f"2,{GALA},Adult,1,39.00")
        account.sync()
        account.put("b.csv", f"1,{GALA},Adult,3,117.00", f"2,{GALA},Adult,1,39.00")
        assert is_read(account, 2, 4, 15600)

    @pytest.mark.parametrize("name", ["a.csv", "a again.csv"])
    def test_the_older_export_stays_the_older_one(self, account, name):
        put_back(account, name, account.path / "in" / "a.csv")
        _, notes = account.sync()
        assert f"{name} was read before, and counts as older" in " ".join(notes)
        assert is_read(account, 2, 4, 15600)

    def test_the_older_export_after_the_newer_one_went(self, account):
        put_back(account, "a.csv")
        (account.path / "in" / "b.csv").unlink()
        assert is_refused(account, "this report is the older one", 2, 4, 15600)
        account.recipe("changed_orders: [1]")
        assert is_read(account, 2, 3, 11700)

    def test_the_older_export_in_the_place_of_the_newer_one(self, account):
        data = (account.path / "in" / "a.csv").read_bytes()
        (account.path / "in" / "a.csv").unlink()
        account.put("b.csv", data=data)
        assert is_refused(account, "this report is the older one", 2, 4, 15600)

    def test_a_newer_export_counts(self, account):
        rows = f"1,{GALA},Adult,2,78.00", f"2,{GALA},Adult,1,39.00"
        account.put("c.csv", *rows, f"3,{GALA},Child,1,20.00")
        assert is_read(account, 3, 4, 13700)


@pytest.mark.parametrize("row", ["{},Refunded", "{},Void"])
def test_a_stored_refund_is_not_undone_by_the_one_report_of_a_folder(account, row):
    account.recipe(TestPutBack.STATES, status="State")
    heading, sale = f"{HEADING},State", f"1,{GALA},Adult,2,78.00"
    account.put("a.csv", heading, row.format(sale), f"2,{GALA},Adult,1,39.00,Paid")
    account.sync()
    before = tuple(account.figures())
    account.put("a.csv", heading, f"{sale},Paid", f"2,{GALA},Adult,1,39.00,Paid")
    assert is_refused(account, "stored from a.csv", *before)


def test_only_the_newest_stored_version_is_unpacked(account, monkeypatch):
    unpacked = []
    for total in (78, 117, 156):
        count = total // 39
        account.put("a.csv", f"1,{GALA},Adult,{count},{total}.00")
        assert account.sync()[0].exit_code == 0
    decompress = raw_records.decompress
    monkeypatch.setattr(
        raw_records, "decompress", lambda data: unpacked.append(1) or decompress(data)
    )
    held = report_files.held_names(account.database, 1)
    [row] = held.stored(["1"])["1"]["lines"]
    assert (row["total"], len(unpacked)) == ("156.00", 1)


class TestNumbersOfAFile:
    @pytest.fixture(autouse=True)
    def week(self, account):
        account.recipe("order_numbers: file")
        account.put("week1.csv", f"1,{GALA},Adult,2,78.00", f"2,{GALA},Adult,1,39.00")
        assert is_read(account, 2, 3, 11700)

    def test_a_copy_counts_once(self, account):
        data = (account.path / "in" / "week1.csv").read_bytes()
        account.put("week1 (1).csv", data=data)
        _, notes = account.sync()
        assert "week1 (1).csv is a copy of week1.csv" in " ".join(notes)
        assert is_read(account, 2, 3, 11700)

    @pytest.mark.thorough
    def test_a_renamed_file_counts_once(self, account):
        put_back(account, "january.csv", account.path / "in" / "week1.csv")
        assert is_read(account, 2, 3, 11700)
        account.put("week2.csv", f"1,{NEXT},Adult,1,39.00")
        assert is_read(account, 3, 4, 15600)
