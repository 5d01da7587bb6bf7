"""
A newer report of an order that drops a return and takes back as much of something else,
as exports do that each hold the returns of one month: the order waits, and what was
stored stays. What is expected was worked out by hand.
"""

import pytest
from sqlalchemy import select
from support.report_accounts import ReportAccount

from ticketsync.accounts import bookmarks, streams
from ticketsync.core import clock
from ticketsync.reporting import sales
from ticketsync.store.tables.sales import buyers

HEADING = "Order,Show,Starts,Placed,Type,Qty,Total,Seat"
FIRST, SECOND = "Gala,2026-12-05 19:30", "Gala,2026-12-06 19:30"
BOUGHT = "2026-10-01 12:00"


def row(night, quantity, total, day=BOUGHT, *, kind="Adult", seat=""):
    return f"1,{night},{day},{kind},{quantity},{total},{seat}"


BOTH = (row(FIRST, 2, "80.00"), row(SECOND, 2, "80.00"))
ONE = row(FIRST, 2, "80.00")
SEATS = (row(FIRST, 1, "40.00", seat="A1"), row(FIRST, 1, "40.00", seat="A2"))
OCTOBER, NOVEMBER = "2026-10-10", "2026-11-10"


@pytest.fixture
def account(database, tmp_path, monkeypatch):
    moment = clock.from_iso("2026-11-27T02:00:00Z")
    monkeypatch.setattr(clock, "_now", lambda: moment)
    return ReportAccount(database, tmp_path)


def read(account, *reports, seats=False):
    account.recipe(placed="Placed", **({"line": "Seat"} if seats else {}))
    account.add()
    for n, rows in enumerate(reports):
        account.put(f"{n}.csv", HEADING, *rows)
        account.sync(full=True)
    return listed(account)


def listed(account):
    with account.database.read() as connection:
        refunds = sales.list_refunds(connection)
    return sorted((it.on_day, it.amount.minor) for it in refunds)


FIRST_BACK = row(FIRST, -1, "-40.00", OCTOBER)
STORED = [(OCTOBER, 4000)]


@pytest.mark.parametrize(
    ("older", "newer", "seats"),
    [
        # as much of the other night, and more
        ((*BOTH, FIRST_BACK), (*BOTH, row(SECOND, -1, "-40.00", NOVEMBER)), False),
        ((*BOTH, FIRST_BACK), (*BOTH, row(SECOND, -2, "-80.00", NOVEMBER)), False),
        # another ticket of the type on another day
        ((ONE, FIRST_BACK), (ONE, row(FIRST, -1, "-40.00", NOVEMBER)), False),
        # another seat, with a day and without one
        (
            (*SEATS, row(FIRST, -1, "-40.00", OCTOBER, seat="A1")),
            (*SEATS, row(FIRST, -1, "-40.00", NOVEMBER, seat="A2")),
            True,
        ),
        (
            (*SEATS, row(FIRST, -1, "-40.00", OCTOBER, seat="A1")),
            (*SEATS, row(FIRST, -1, "-40.00", "", seat="A2")),
            True,
        ),
        # less by the return, but on the other night
        ((*BOTH, FIRST_BACK), (ONE, row(SECOND, 1, "40.00")), False),
    ],
)
@pytest.mark.sampled(4)
def test_a_newer_report_without_a_return_waits(account, older, newer, seats):
    assert read(account, older, newer, seats=seats) == STORED
    (why,) = account.waiting().values()
    assert "though it is the newer file" in why


@pytest.mark.parametrize(
    ("older", "newer", "expected"),
    [
        # the same and one more
        (
            (ONE, FIRST_BACK),
            (ONE, FIRST_BACK, row(FIRST, -1, "-40.00", NOVEMBER)),
            [(OCTOBER, 4000), (NOVEMBER, 4000)],
        ),
        # its day came later: written money stays where it was written
        (
            (ONE, row(FIRST, -1, "-40.00", "")),
            (ONE, FIRST_BACK),
            [("2026-10-01", 4000)],
        ),
        # its time came later
        (
            (ONE, FIRST_BACK),
            (ONE, row(FIRST, -1, "-40.00", f"{OCTOBER} 15:20")),
            [(OCTOBER, 4000)],
        ),
        # less by the return: what went back stays on its day
        ((ONE, FIRST_BACK), (row(FIRST, 1, "40.00"),), STORED),
    ],
)
def test_control_a_report_that_says_as_much_is_read(account, older, newer, expected):
    assert read(account, older, newer) == expected
    assert account.waiting() == {}


def test_a_report_that_is_less_by_a_return_is_named(account):
    read(account, (ONE, FIRST_BACK))
    account.put("b.csv", HEADING, row(FIRST, 1, "40.00"))
    _, notes = account.sync(full=True)
    assert any("the older one counts" in note for note in notes)
    assert account.figures()[1:] == (1, 8000)


# The report that says what went back is gone, and one without it is left


COUNTS = "what is stored counts"
NET = {
    "a ticket": ((ONE, FIRST_BACK), (row(FIRST, 1, "40.00"),), (1, 8000), COUNTS),
    "a night": (
        (*BOTH, row(SECOND, -2, "-80.00", OCTOBER)),
        (ONE,),
        (2, 16000),
        "some of its rows are in no report any more",
    ),
    # or the other one is what it is less by
    "one of two returns": (
        (row(FIRST, 3, "120.00"), FIRST_BACK, row(FIRST, -1, "-40.00", NOVEMBER)),
        (ONE, row(FIRST, -1, "-40.00", NOVEMBER)),
        (1, 12000),
        "it sells 40.00 less, and takes that back as well",
    ),
}


@pytest.mark.parametrize("name", ["0.csv", "b.csv"])
@pytest.mark.parametrize(("older", "newer", "figures", "said"), NET.values(), ids=NET)
@pytest.mark.sampled(4)
def test_a_return_stays_though_its_report_is_gone(
    account, older, newer, figures, said, name
):
    """
    It counts on, or waits.
    """
    stored = read(account, older)
    assert stored[0][0] == OCTOBER
    (account.path / "in" / "0.csv").unlink()
    account.put(name, HEADING, *newer)
    for _ in range(2):
        _, notes = account.sync(full=True)
        assert any(said in it for it in (*notes, *account.waiting().values()))
        assert listed(account) == stored
        assert account.figures()[1:] == figures
    assert bool(account.waiting()) == (said != COUNTS)


def test_a_return_stays_where_both_reports_lay_in_the_folder(account):
    assert read(account, (ONE, FIRST_BACK), (row(FIRST, 1, "40.00"),)) == STORED
    (account.path / "in" / "0.csv").unlink()
    account.sync(full=True)
    assert listed(account) == STORED
    account.put("back.csv", HEADING, ONE, FIRST_BACK)
    account.sync(full=True)
    assert (listed(account), account.waiting()) == (STORED, {})


def test_what_a_person_says_is_a_correction_replaces_it(account):
    read(account, (ONE, FIRST_BACK))
    (account.path / "in" / "0.csv").unlink()
    account.recipe("changed_orders: [1]", placed="Placed")
    account.put("b.csv", HEADING, row(FIRST, 1, "40.00"))
    account.sync(full=True)
    assert account.figures()[1:] == (1, 4000)
    assert sum(amount for _, amount in listed(account)) == 0


def test_the_buyer_stays_with_what_is_stored(account):
    account.recipe(placed="Placed", email="Mail")
    account.add(people="true")
    heading = f"{HEADING},Mail"
    older = [f"{it},ann@example.org" for it in (ONE, FIRST_BACK)]
    account.put("0.csv", heading, *older)
    account.sync(full=True)
    (account.path / "in" / "0.csv").unlink()
    account.put("b.csv", heading, f"{row(FIRST, 1, '40.00')},ann@example.org")
    for _ in range(2):
        account.sync(full=True)
        with account.database.read() as connection:
            assert [*connection.scalars(select(buyers.c.email))] == ["ann@example.org"]
    assert listed(account) == STORED


def test_another_recipe_is_named_with_the_report_that_is_stored(account):
    read(account, (ONE, FIRST_BACK))
    (account.path / "in" / "0.csv").unlink()
    account.recipe("buyer_fee: kept", placed="Placed")
    account.put("b.csv", HEADING, row(FIRST, 1, "40.00"))
    account.sync(full=True)
    with account.database.read() as connection:
        notes = bookmarks.get_bookmarks(connection, 1, streams.REPORT_NOTES)
    assert "another `buyer_fee` read it" in notes["0.csv"]
