"""
An order number that a later report uses again while the report that is stored under it
is gone: the same order replaces what is stored, another one is set aside by name.
"""

import pytest
from support.report_accounts import GALA, HEADING, ReportAccount

from ticketsync.core import errors
from ticketsync.providers.file_import.several_reports import gone_reports

LATE = "Late,2026-12-06 22:30"
MORE = f"{HEADING},Sold,State,Buyer"
STATUS = "status: {paid: [Paid], refunded: [Refunded], void: [Void]}"


@pytest.fixture
def account(database, tmp_path):
    found = ReportAccount(database, tmp_path)
    found.add()
    return found


@pytest.fixture
def swap(account):
    """
    Read a report, take it away, and read another one: the last result.
    """

    def swap(before, after, heading=HEADING, ending="csv"):
        first = account.put(f"a.{ending}", heading, *before)
        assert account.sync()[0].exit_code == 0
        first.unlink()
        account.put(f"b.{ending}", heading, *after)
        return account.sync()[0]

    return swap


STORED = f"1,{GALA},Adult,2,90.00"
OTHERS = {
    "another event": f"1,{LATE},Adult,1,40.00",
    "another event at that time": "1,Late,2026-12-05 19:30,Adult,1,40.00",
    "another night": "1,Gala,2026-12-06 19:30,Adult,2,90.00",
    "another price": f"1,{GALA},Adult,1,40.00",
    "the same number of tickets": f"1,{GALA},Adult,2,40.00",
    "another type": f"1,{GALA},Child,1,40.00",
}


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
@pytest.mark.sampled(5)
def test_another_order_is_set_aside_and_the_figures_stay(account, swap, other, ending):
    for result in (swap([STORED], [other], ending=ending), account.sync()[0]):
        assert (result.exit_code, result.word) == (errors.PARTLY, "quarantine")
        assert tuple(account.figures()) == (1, 2, 9000)
    reason = account.waiting()["1"]
    assert reason.startswith("b.")
    for text in ("stored from a.", "put that report back", "`order_numbers: file`"):
        assert text in reason


CORRECTED = {
    "the night": (
        "1,Gala,2026-12-12 20:00,Adult,2,90.00",
        "1 was stored for Sat 5 Dec 19:30, and a.csv has Sat 12 Dec 20:00 now",
    ),
    "the year": (
        "1,Gala,2027-12-05 19:30,Adult,2,90.00",
        "1 was stored for Sat 5 Dec 2026 19:30, and a.csv has Sun 5 Dec 2027 19:30 now",
    ),
    "the price": (
        f"1,{GALA},Adult,2,80.00",
        "1 was stored from a.csv as it was before, and differs there now (40.00 for a "
        "ticket, not 45.00)",
    ),
}


@pytest.mark.parametrize(("row", "what"), CORRECTED.values(), ids=CORRECTED)
def test_a_correction_in_the_same_file_names_its_own_way_out(account, row, what):
    account.put("a.csv", STORED)
    account.sync()
    account.put("a.csv", row)
    assert account.sync()[0].exit_code == errors.PARTLY
    assert account.waiting()["1"] == (
        f"a.csv, line 2: {what}. If it was corrected: `changed_orders: [1]` in the "
        "recipe; say `order_numbers: file` in the recipe if numbers begin again with "
        "each file"
    )
    account.recipe("changed_orders: [1]")
    assert account.sync()[0].exit_code == 0
    assert account.waiting() == {}
    assert tuple(account.figures())[:2] == (1, 2)


@pytest.mark.parametrize(
    ("number", "written"), [("#7", '["#7"]'), ("R-7", "[R-7]"), ("007", "[007]")]
)
def test_the_line_for_a_corrected_order_can_be_copied(account, number, written):
    account.put("a.csv", f"{number}{STORED[1:]}")
    account.sync()
    account.put("a.csv", f"{number}{OTHERS['another night'][1:]}")
    account.sync()
    assert f"`changed_orders: {written}`" in account.waiting()[number]
    account.recipe(f"changed_orders: {written}")
    assert account.sync()[0].exit_code == 0


def test_an_order_that_moved_to_another_report_is_not_asked_back_by_it(account):
    account.put("a.csv", STORED, f"2,{GALA},Adult,1,45.00")
    account.sync()
    account.put("a.csv", f"2,{GALA},Adult,1,45.00")
    account.put("b.csv", OTHERS["another night"])
    assert account.sync()[0].exit_code == errors.PARTLY
    said = account.waiting()["1"]
    assert said.startswith(
        "b.csv, line 2: its number is that of another order, stored from a.csv, which "
        "does not have it any more (for Gala Sun 6 Dec 19:30, Adult, not Gala Sat 5 "
        "Dec 19:30, Adult); add the number to `changed_orders` in the recipe"
    )
    assert "put that report back" not in said


def test_two_reports_in_one_folder_are_set_apart_in_local_time(account):
    account.put("a.csv", STORED)
    account.put("b.csv", OTHERS["another night"])
    account.sync()
    assert (
        "its number is that of another order in a.csv, line 2 (for Gala Sun 6 Dec "
        "19:30, Adult, not Gala Sat 5 Dec 19:30, Adult);" in account.waiting()["1"]
    )


@pytest.mark.thorough
def test_what_was_booked_without_a_word_before(account, swap, monkeypatch):
    nothing = gone_reports.Judged({}, frozenset())
    monkeypatch.setattr(gone_reports, "judge", lambda *_: nothing)
    assert swap([STORED], [OTHERS["another price"]]).exit_code == 0
    assert tuple(account.figures()) == (1, 1, 4000)


@pytest.mark.parametrize("now", ["Ball,2026-12-05 19:30,Adult", f"{GALA},Child"])
def test_a_report_that_lacks_orders_of_the_event_renames_none(account, swap, now):
    """
    Three orders of the Gala, then two of the same size and price under another name.
    """
    before = [f"{n},{GALA},Adult,2,90.00" for n in (1, 2, 3)]
    result = swap(before, [f"{n},{now},2,90.00" for n in (1, 2)])
    assert (result.exit_code, result.word) == (errors.PARTLY, "quarantine")
    assert tuple(account.figures()) == (3, 6, 27000)
    assert {*account.waiting()} == {"1", "2"}


SAME = {
    "nothing changed": (STORED, (2, 9000)),
    "fewer tickets": (f"1,{GALA},Adult,1,45.00", (1, 4500)),
    "more tickets": (f"1,{GALA},Adult,3,135.00", (3, 13500)),
    "a type added": (f"{STORED}\n1,{GALA},Child,1,20.00", (3, 11000)),
    "a refund added": (f"{STORED}\n1,{GALA},Adult,-1,-45.00", (1, 9000)),
    "another name of the type": (f"1,{GALA},Grown-up,2,90.00", (2, 9000)),
    "another name of the event": (
        f"1,{GALA.replace('Gala', 'Ball')},Adult,2,90.00",
        (2, 9000),
    ),
}


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
@pytest.mark.parametrize(("rows", "expected"), SAME.values(), ids=SAME)
@pytest.mark.sampled(5)
def test_the_same_order_replaces_what_is_stored(account, swap, rows, expected, ending):
    assert swap([STORED], rows.splitlines(), ending=ending).exit_code == 0
    assert (*account.figures(), account.waiting()) == (1, *expected, {})


TIMED = f"{STORED},2026-11-01 10:00,Paid,Ann"
TIMED_SAME = {
    "refunded": (f"{STORED},2026-11-01 10:00,Refunded,Ann", (0, 9000)),
    "void": (f"{STORED},2026-11-01 10:00,Void,Ann", (0, 9000)),
    "a name corrected": (f"{STORED},2026-11-01 10:00,Paid,Anne", (2, 9000)),
    "a price corrected": (
        f"1,{GALA},Adult,2,80.00,2026-11-01 10:00,Paid,Ann",
        (2, 8000),
    ),
    "exchanged, to the second": (
        f"1,{LATE},Adult,1,40.00,2026-11-01 10:00:07,Paid,A",
        (1, 4000),
    ),
}


@pytest.mark.parametrize(("row", "expected"), TIMED_SAME.values(), ids=TIMED_SAME)
def test_an_order_bought_at_the_same_time_is_the_same(account, swap, row, expected):
    account.recipe(STATUS, placed="Sold", status="State", name="Buyer")
    before = TIMED.replace("10:00", "10:00:07") if ":07" in row else TIMED
    assert swap([before], [row], MORE).exit_code == 0
    assert (*account.figures(), account.waiting()) == (1, *expected, {})


@pytest.mark.parametrize(
    "row",
    [
        f"{STORED},2026-11-08 10:00,Paid,Ann",
        f"1,{LATE},Adult,2,90.00,2026-11-01 10:00,Paid,Ann",
    ],
    ids=["bought at another time", "bought in the same minute for another event"],
)
def test_an_order_bought_at_another_time_is_another_one(account, swap, row):
    account.recipe(STATUS, placed="Sold", status="State", name="Buyer")
    assert swap([TIMED], [row], MORE).exit_code == errors.PARTLY
    assert tuple(account.figures()) == (1, 2, 9000)
    assert list(account.waiting()) == ["1"]


def test_the_ways_out(account, swap):
    """
    The old report put back; numbers that begin again in each file; the same order.
    """
    swap([STORED], [OTHERS["another event"]])
    later = next((account.path / "in").iterdir())
    kept = later.read_bytes()
    account.put("a.csv", STORED)
    assert account.sync()[0].exit_code == errors.PARTLY
    assert "`changed_orders`" in account.waiting()["1"]
    later.unlink()
    assert account.sync()[0].exit_code == 0
    assert (*account.figures(), account.waiting()) == (1, 2, 9000, {})
    (account.path / "in" / "a.csv").unlink()
    account.put(later.name, data=kept)
    assert account.sync()[0].exit_code == errors.PARTLY

    account.recipe("changed_orders: [1]")
    assert account.sync()[0].exit_code == 0
    assert (*account.figures(), account.waiting()) == (1, 1, 4000, {})


@pytest.mark.parametrize("says", ["file", "event"])
@pytest.mark.thorough
def test_numbers_that_begin_again_are_counted_beside_what_is_stored(
    account, swap, says
):
    swap([STORED], [OTHERS["another event"]])
    account.recipe(f"order_numbers: {says}")
    for _ in range(2):
        assert account.sync()[0].exit_code == 0
        assert (*account.figures(), account.waiting()) == (2, 3, 13000, {})


def test_a_conflict_is_not_settled_by_taking_the_first_report_away(account):
    first = account.put("a.csv", STORED)
    account.sync()
    account.put("b.csv", OTHERS["another event"])
    assert account.sync()[0].exit_code == errors.PARTLY
    first.unlink()
    assert account.sync()[0].exit_code == errors.PARTLY
    assert tuple(account.figures()) == (1, 2, 9000)


def test_a_number_is_compared_long_after_its_report_went(account):
    first = account.put("a.csv", STORED, f"2,{GALA},Adult,1,45.00")
    account.sync()
    first.unlink()
    account.put("b.csv", f"7,{GALA},Adult,1,45.00")
    account.sync(accept_shrink=True)
    assert tuple(account.figures()) == (3, 4, 18000)
    account.put("c.csv", OTHERS["another event"])
    assert account.sync()[0].exit_code == errors.PARTLY
    assert tuple(account.figures()) == (3, 4, 18000)


def test_a_corrected_recipe_reads_its_reports_anew(account):
    """
    Nothing is compared while the reports are there: the same rows say something else.
    """
    heading = f"{HEADING},Paid"
    account.put("a.csv", heading, f"{STORED},100.00", f"2,{GALA},Child,1,20.00,25.00")
    account.sync()
    recipe = account.path / "r.yaml"
    recipe.write_text(recipe.read_text().replace("total: Total", "total: Paid"))
    assert account.sync()[0].exit_code == 0
    assert (*account.figures(), account.waiting()) == (2, 3, 12500, {})


def test_most_orders_changed_in_a_report_of_another_week(account, swap):
    """
    The same show and price, and numbers of tickets that are nearly all different: no
    later export of the same orders. Where most stayed, one that changed is the same.
    """
    before = [f"{n},{GALA},Adult,{n % 3 + 1},{45 * (n % 3 + 1)}" for n in range(9)]
    moved = [f"{n},{GALA},Adult,{n % 2 + 1},{45 * (n % 2 + 1)}" for n in range(9)]
    assert swap(before, moved).exit_code == errors.PARTLY
    equal = {str(n) for n in range(9) if n % 3 == n % 2}
    assert len(account.waiting()) == 9 - len(equal)
    assert tuple(account.figures()) == (9, 18, 18 * 4500)
    next((account.path / "in").iterdir()).unlink()
    account.put("c.csv", *before[:-1], f"8,{GALA},Adult,1,45.00")
    assert account.sync()[0].exit_code == 0
    assert (*account.figures(), account.waiting()) == (9, 16, 16 * 4500, {})


BALL = GALA.replace("Gala", "Ball")  # a new event at the same time
CHILDREN = f"{GALA},Child"


@pytest.mark.parametrize("other", [f"{BALL},Adult", CHILDREN], ids=["event", "type"])
def test_a_new_name_is_believed_only_where_numbers_do_not_begin_again(
    account, swap, other
):
    """
    One order is as large as that of its number was; the next one is another order. The
    first was booked for the new event, and was gone from its own.
    """
    before = [STORED, f"2,{GALA},Adult,1,45.00"]
    after = [f"1,{other},2,90.00", f"2,{other},3,135.00"]
    assert swap(before, after).exit_code == errors.PARTLY
    assert sorted(account.waiting()) == ["1", "2"]
    assert tuple(account.figures()) == (2, 3, 13500)
    assert account.events() == ["Gala"]


def test_numbers_of_a_new_event_begin_again_by_the_recipe(account, swap):
    swap([STORED, f"2,{GALA},Adult,1,45.00"], [])
    account.recipe("order_numbers: event")
    account.put("c.csv", f"1,{BALL},Adult,2,90.00", f"2,{BALL},Adult,3,135.00")
    for _ in range(2):
        assert account.sync()[0].exit_code == 0
        assert (*account.figures(), account.waiting()) == (4, 8, 36000, {})
    assert account.events() == ["Ball", "Gala"]


def test_a_refund_does_not_leave_with_its_report(account):
    account.put("a.csv", STORED)
    statement = account.put("b.csv", f"1,{GALA},Adult,-1,-45.00")
    account.sync()
    statement.unlink()
    assert account.sync()[0].exit_code == errors.PARTLY
    assert "what was taken back is in no report any more" in account.waiting()["1"]
    assert tuple(account.figures()) == (1, 1, 9000)


def test_rows_of_an_order_do_not_leave_with_their_report(account):
    account.recipe("order_numbers: folder")
    first = account.put("a.csv", STORED)
    account.put("b.csv", f"1,{GALA},Child,1,20.00")
    account.sync()
    assert tuple(account.figures()) == (1, 3, 11000)
    first.unlink()
    assert account.sync()[0].exit_code == errors.PARTLY
    assert tuple(account.figures()) == (1, 3, 11000)


def test_a_refund_does_not_leave_with_its_report_though_the_sale_has_more(account):
    """
    The sale and its statement are gone; an export has the sale, and one row more.
    """
    files = account.put("a.csv", STORED), account.put("b.csv", f"1,{GALA},Adult,-1,-45")
    account.sync()
    for file in files:
        file.unlink()
    account.put("c.csv", STORED, f"1,{GALA},Child,1,20.00")
    assert account.sync()[0].exit_code == errors.PARTLY
    assert "what was taken back is in no report any more" in account.waiting()["1"]
    assert tuple(account.figures()) == (1, 1, 9000)


def test_one_of_two_refunds_does_not_leave_with_its_report(account):
    statements = ("b", "-45.00"), ("d", "-44.00")
    account.put("a.csv", STORED)
    files = [
        account.put(f"{name}.csv", f"1,{GALA},Adult,-1,{amount}")
        for name, amount in statements
    ]
    account.sync()
    files[0].unlink()
    assert account.sync()[0].exit_code == errors.PARTLY
    assert "what was taken back is in no report any more" in account.waiting()["1"]


def test_a_row_does_not_leave_with_its_report_though_another_has_changed(account):
    account.recipe("order_numbers: folder")
    first = account.put("a.csv", STORED)
    account.put("b.csv", f"1,{GALA},Child,1,20.00")
    account.sync()
    first.unlink()
    account.put("b.csv", f"1,{GALA},Child,2,40.00")
    assert account.sync()[0].exit_code == errors.PARTLY
    assert tuple(account.figures()) == (1, 3, 11000)


def test_a_refund_of_before_does_not_hide_that_numbers_begin_again(account):
    """
    As `test_numbers_of_a_new_event...`: the refund lies in an older file that stays.
    """
    account.put("r.csv", f"1,{GALA},Adult,-1,-45.00")
    first = account.put("a.csv", STORED, f"2,{GALA},Adult,1,45.00")
    account.sync()
    before = account.figures()
    first.unlink()
    account.put("b.csv", f"1,{BALL},Adult,2,90.00", f"2,{BALL},Adult,3,135.00")
    assert account.sync()[0].exit_code == errors.PARTLY
    assert sorted(account.waiting()) == ["1", "2"]
    assert account.figures() == before
    assert account.events() == ["Gala"]


def test_a_row_that_only_the_removed_report_had_is_missed(account, swap):
    before = f"{STORED}\n1,Gala,2026-12-06 19:30,Adult,2,90.00"
    assert swap([before], [STORED]).exit_code == errors.PARTLY
    assert "some of its rows are in no report any more" in account.waiting()["1"]
    assert tuple(account.figures()) == (1, 4, 18000)


def test_a_sale_that_is_less_by_its_refund_now_stays_as_it_is_stored(account):
    """
    The export counts one ticket less, and the statement is gone: it did go back.
    """
    files = account.put("a.csv", STORED), account.put("b.csv", f"1,{GALA},Adult,-1,-45")
    account.sync()
    for file in files:
        file.unlink()
    account.put("c.csv", f"1,{GALA},Adult,1,45.00")
    result, notes = account.sync()
    assert result.exit_code == 0
    assert tuple(account.figures()) == (1, 1, 9000)
    assert (
        "other: order 1: c.csv sells it less what went back, and the report that said "
        "so is not in the folder any more; what is stored counts"
    ) in notes


@pytest.mark.thorough
def test_a_price_that_was_divided_is_known_to_a_cent(account, swap):
    """
    Three for 100.00 are 33.33 each, two of them 66.67.
    """
    result = swap([f"1,{GALA},Adult,3,100.00"], [f"1,{GALA},Adult,2,66.67"])
    assert (result.exit_code, tuple(account.figures())) == (0, (1, 2, 6667))
    assert swap([f"2,{GALA},Adult,1,45.00"], [f"2,{GALA},Adult,1,45.01"]).exit_code


@pytest.mark.parametrize(
    ("line", "code", "figures"),
    [("", errors.PARTLY, (3, 4, 15600)), ("order_numbers: folder", 0, (3, 6, 23400))],
)
def test_an_order_over_two_exports_of_one_second_is_whole_or_set_aside(
    account, line, code, figures
):
    """
    Thursday's and Friday's export of an order that was paid at once: 78.00 and 78.00,
    and 39.00 of another order in each; without a word of the recipe Friday waits.
    """
    if line:
        account.recipe(line, placed="Sold")
    else:
        account.recipe(placed="Sold")
    heading = f"{HEADING},Sold"
    at = "2026-11-01 10:00:07"
    account.put(
        "thu.csv",
        heading,
        f"1,Late,2026-12-03 19:30,Adult,2,78.00,{at}",
        "2,Late,2026-12-03 19:30,Adult,1,39.00,2026-11-01 10:05:12",
    )
    assert account.sync()[0].exit_code == 0
    account.put(
        "fri.csv",
        heading,
        f"1,Late,2026-12-04 19:30,Adult,2,78.00,{at}",
        "3,Late,2026-12-04 19:30,Adult,1,39.00,2026-11-02 11:05:12",
    )
    assert account.sync()[0].exit_code == code
    assert tuple(account.figures()) == figures
