"""
One order in the reports of two accounts of a platform counts once, also where the files
are not equal; orders that only have a number in common are two.
"""

import pytest
from support.report_accounts import ReportAccount

from ticketsync.core import clock, errors
from ticketsync.core.settings.config import Settings
from ticketsync.workflows import integrity_check, recipe_preview, waiting
from ticketsync.workflows.sync import sold_elsewhere

HEADING = "Order,Show,Starts,Type,Qty,Total,Bought"
GALA = "Gala,2026-12-05 19:30,Adult"
FIRST = (
    f"1001,{GALA},2,80.00,2026-11-01 10:11",
    f"1002,{GALA},1,40.00,2026-11-01 10:12",
)
THIRD = f"1003,{GALA},1,40.00,2026-11-02 10:12"
DATED = {"placed": "Bought"}


class Two:
    """
    Two accounts; the first one has read its orders, 3 tickets for 120.00.
    """

    def __init__(self, database, path, *lines, rows=FIRST, columns=None):
        self.columns = DATED if columns is None else columns
        made = []
        for name in ("one", "two"):
            (path / name).mkdir()
            made.append(ReportAccount(database, path / name))
        self.first, self.second = made
        self.first.recipe(*lines, **self.columns)
        self.second.recipe(**self.columns)
        self.first.put("a.csv", HEADING, *rows)
        self.first.add("one")
        assert self.first.sync(names=("one",))[0].exit_code == 0

    def read(self, *lines, recipe=(), heading=HEADING):
        """
        Read the second account, with these lines; what waits.
        """
        self.second.recipe(*recipe, **self.columns)
        self.second.put("b.csv", heading, *lines)
        self.second.add("two")
        result, _ = self.second.sync(names=("two",))
        assert result.exit_code == (errors.PARTLY if self.waiting() else 0)
        return self.waiting()

    def again(self, *recipe):
        self.second.recipe(*recipe, **self.columns)
        return self.second.sync(names=("two",))

    def waiting(self):
        return self.second.waiting()

    def figures(self):
        return tuple(self.first.figures())


@pytest.fixture
def two(database, tmp_path):
    return Two(database, tmp_path)


def test_a_later_export_in_another_account_adds_only_what_is_new(two):
    waiting = two.read(*FIRST, THIRD)
    assert waiting["1001"] == (
        "b.csv, line 2: account 'one' has stored an order with the same number, amount "
        "(80.00 AUD), day of the show (2026-12-05) and time of purchase: it would "
        "count twice. Take it out of one of the two folders, or say in the recipe "
        "`shared_orders: once` if it is the same order, `count` if such orders are "
        "other sales"
    )
    assert sorted(waiting) == ["1001", "1002"]
    assert two.figures() == (3, 4, 16000)
    assert two.first.sync(names=("one",))[0].exit_code == 0
    assert two.again()[0].exit_code == errors.PARTLY
    assert two.figures() == (3, 4, 16000)


def test_what_would_count_twice_without_this(two, monkeypatch):
    monkeypatch.setattr(sold_elsewhere, "find_duplicates", lambda *_: {})
    two.read(*FIRST, THIRD)
    assert two.figures() == (5, 7, 28000)  # 160.00, and 120.00 of them once more


def test_the_recipe_says_that_they_are_one(two):
    two.read(*FIRST, THIRD)
    result, notes = two.again("shared_orders: once")
    assert (result.exit_code, two.waiting()) == (0, {})
    assert [note for note in notes if "another account" in note] == [
        "two: 2 orders that another account has stored left out (1001, 1002), as the "
        "recipe says"
    ]
    assert two.figures() == (3, 4, 16000)
    assert two.again("shared_orders: once")[0].exit_code == 0


def test_the_recipe_says_that_they_are_sales_of_their_own(two):
    two.read(*FIRST, THIRD)
    result, _ = two.again("shared_orders: count")
    assert (result.exit_code, two.waiting()) == (0, {})
    assert two.figures() == (5, 7, 28000)


def test_a_report_that_is_taken_out_waits_no_more(two):
    two.read(*reversed(FIRST))
    two.second.put("c.csv", HEADING, THIRD)
    (two.second.path / "in" / "b.csv").unlink()
    assert two.again()[0].exit_code == 0
    assert (two.waiting(), two.figures()) == ({}, (3, 4, 16000))


@pytest.mark.parametrize(
    "row",
    [
        f"1001,{GALA},2,80.00,2026-11-01 10:13",  # another minute
        f"1001,{GALA},2,81.00,2026-11-01 10:11",  # another amount
        "1001,Gala,2026-12-06 19:30,Adult,2,80.00,2026-11-01 10:11",  # another day
        f"2001,{GALA},2,80.00,2026-11-01 10:11",  # another number
    ],
)
def test_orders_of_two_tills_that_are_alike_are_two(two, row):
    assert two.read(row) == {}
    assert two.figures()[0] == 3


def test_another_platform_may_have_the_same_numbers(two):
    text = (two.second.path / "r.yaml").read_text()
    two.second.put("b.csv", HEADING, *reversed(FIRST))
    file = two.second.path / "r.yaml"
    file.write_text(text.replace("Other House", "Second House"))
    two.second.add("two")
    assert two.second.sync(names=("two",))[0].exit_code == 0
    assert two.figures() == (4, 6, 24000)


@pytest.mark.parametrize("division", ["file", "event"])
def test_numbers_that_begin_again_are_compared_without_what_divides_them(
    database, tmp_path, division
):
    two = Two(database, tmp_path, f"order_numbers: {division}")
    assert sorted(two.read(*FIRST, THIRD)) == ["1001", "1002"]
    assert two.figures() == (3, 4, 16000)


@pytest.mark.parametrize(
    ("title", "number"),
    [("Gala", 2), ("GALA", 2), ("Late", 0)],
)
def test_without_a_time_of_purchase_the_show_must_be_the_same(
    database, tmp_path, title, number
):
    two = Two(database, tmp_path, columns={})
    waiting = two.read(*(row.replace("Gala", title) for row in FIRST), THIRD)
    assert len(waiting) == number
    assert not [why for why in waiting.values() if "time of purchase" in why]


def test_the_first_run_of_both_counts_each_order_once(database, tmp_path):
    accounts = []
    for name, end in (("one", ()), ("two", (THIRD,))):
        (tmp_path / name).mkdir()
        account = ReportAccount(database, tmp_path / name)
        account.recipe(**DATED)
        account.put("a.csv", HEADING, *FIRST, *end)
        account.add(name)
        accounts.append(account)
    accounts[0].sync()
    assert sorted(accounts[0].waiting()) == ["1001", "1002"]
    assert tuple(accounts[0].figures()) == (3, 4, 16000)


def test_the_preview_shows_what_the_next_run_saves(two):
    two.read(*FIRST, THIRD)
    found = recipe_preview.preview({}, "two", lambda: two.second.database)
    assert [row["order"] for row in found.rows] == ["1003"]
    reasons = {item.order: item.reason for item in found.unread}
    assert reasons == two.waiting()
    two.second.recipe("shared_orders: once", **DATED)
    found = recipe_preview.preview({}, "two", lambda: two.second.database)
    assert ([row["order"] for row in found.rows], found.unread) == (["1003"], ())
    assert "2 orders that another account has stored left out" in found.notes[0]
    two.second.recipe("shared_orders: count", **DATED)
    found = recipe_preview.preview({}, "two", lambda: two.second.database)
    assert [row["order"] for row in found.rows] == ["1001", "1002", "1003"]


def test_what_is_stored_already_is_not_said_to_be_left_out(two):
    two.read(*FIRST, THIRD, recipe=("shared_orders: count",))
    assert two.figures() == (5, 7, 28000)
    changed = [row.replace("Adult", "Child") for row in FIRST]
    two.second.put("b.csv", HEADING, *changed, THIRD)
    two.second.recipe("shared_orders: once", **DATED)
    found = recipe_preview.preview({}, "two", lambda: two.second.database)
    result, _ = two.again("shared_orders: once")
    assert result.exit_code == errors.PARTLY
    assert two.waiting()["1001"].startswith(
        "another account has stored it, too, and it counts twice: `shared_orders: once`"
    )
    assert {it.order for it in found.unread} == two.waiting().keys()
    rows = [f"{row},Double" for row in changed]
    two.second.put("b.csv", f"{HEADING},Status", *rows, f"{THIRD},Sold")
    two.columns = {**DATED, "status": "Status"}
    words = "status: {paid: [Sold], cancelled: [Double]}"
    result, _ = two.again("shared_orders: once", words)
    assert (result.exit_code, two.waiting()) == (0, {})
    assert two.figures()[1:] == (4, 16000)


# Orders that were stored twice before


@pytest.fixture
def stored_twice(two, monkeypatch):
    """
    Both accounts hold 1001 and 1002, as a version that compared nothing saved them.
    """
    with monkeypatch.context() as patch:
        patch.setattr(sold_elsewhere, "find_duplicates", lambda *_: {})
        two.read(*FIRST, THIRD)
    assert two.figures() == (5, 7, 28000)
    return two


def counted_twice(two):
    with two.second.database.read() as connection:
        found = waiting.everything(connection, Settings(), clock.now())
    return {item.id: item.text for item in found if item.kind == "counted-twice"}


TWICE = {
    "counted-twice:two/1001": (
        "accounts 'one' and 'two' both hold order 1001 (Gala, 2026-12-05): counted "
        "twice, 80.00 AUD"
    ),
    "counted-twice:two/1002": (
        "accounts 'one' and 'two' both hold order 1002 (Gala, 2026-12-05): counted "
        "twice, 40.00 AUD"
    ),
}


def test_what_was_stored_twice_is_named(stored_twice):
    assert counted_twice(stored_twice) == TWICE
    found = integrity_check.check(stored_twice.second.database, Settings())
    assert found.rows == tuple(
        f"two: order {id_.partition('/')[2]}: {text}" for id_, text in TWICE.items()
    )
    assert (found.is_sound, found.has_counted_twice) == (False, True)
    assert not found.needs_repair


def test_what_is_set_aside_before_it_is_stored_does_not_count_twice(two):
    two.read(*FIRST, THIRD)
    assert counted_twice(two) == {}
    assert integrity_check.check(two.second.database, Settings()).is_sound


def test_an_order_that_is_dismissed_is_not_named(stored_twice):
    database = stored_twice.second.database
    waiting.dismiss(database, Settings(), ["counted-twice:two/1001"])
    assert list(counted_twice(stored_twice)) == ["counted-twice:two/1002"]
    assert len(integrity_check.check(database, Settings()).findings) == 1


def test_one_that_is_cancelled_in_a_report_counts_once(stored_twice):
    rows = [f"{row},Double" for row in FIRST]
    stored_twice.second.put("b.csv", f"{HEADING},Status", *rows, f"{THIRD},Sold")
    stored_twice.columns = {**DATED, "status": "Status"}
    words = "status: {paid: [Sold], cancelled: [Double]}"
    assert stored_twice.again(words)[0].exit_code == 0
    assert stored_twice.figures()[1:] == (4, 16000)
    assert counted_twice(stored_twice) == {}


@pytest.mark.parametrize("line", ["shared_orders: count", "shared_orders: once"])
@pytest.mark.thorough
def test_a_recipe_that_says_count_answers_it(stored_twice, line):
    stored_twice.second.recipe(line, **DATED)
    expected = {} if line.endswith("count") else TWICE
    assert counted_twice(stored_twice) == expected


def test_other_platforms_are_not_compared(stored_twice):
    file = stored_twice.second.path / "r.yaml"
    file.write_text(file.read_text().replace("Other House", "Second House"))
    assert counted_twice(stored_twice) == {}
    file.unlink()  # what it said is not known any more
    assert counted_twice(stored_twice) == TWICE


def test_a_report_that_is_read_again_says_that_its_order_counts_already(stored_twice):
    changed = [row.replace("Adult", "Child") for row in FIRST]
    stored_twice.second.put("b.csv", HEADING, *changed, THIRD)
    assert stored_twice.again()[0].exit_code == errors.PARTLY
    assert stored_twice.waiting()["1001"] == (
        "another account has stored it, too, and it counts twice: say in the recipe "
        "`shared_orders: count` if they are two sales; if they are one, give its rows "
        "here a status that the recipe maps to `cancelled`"
    )


@pytest.mark.parametrize("division", ["file", "event"])
def test_numbers_with_their_file_or_event_are_found_as_well(
    database, tmp_path, division, monkeypatch
):
    two = Two(database, tmp_path, f"order_numbers: {division}")
    with monkeypatch.context() as patch:
        patch.setattr(sold_elsewhere, "find_duplicates", lambda *_: {})
        two.read(*FIRST, THIRD)
    assert counted_twice(two) == TWICE


@pytest.mark.parametrize(
    "row",
    [
        f"1001,{GALA},2,80.00,2026-11-01 10:13",  # another minute
        f"1001,{GALA},2,81.00,2026-11-01 10:11",  # another amount
        "1001,Gala,2026-12-06 19:30,Adult,2,80.00,2026-11-01 10:11",  # another day
    ],
)
def test_stored_orders_that_are_only_alike_are_two(two, row):
    two.read(row)
    assert two.figures()[0] == 3
    assert counted_twice(two) == {}
