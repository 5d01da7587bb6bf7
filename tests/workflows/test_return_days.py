"""
The days on which reports say that money went back, through runs: a movement is written
once, with the day of its row. What is expected was worked out by hand.
"""

import pytest
from support.report_accounts import GALA, HEADING, ReportAccount

from ticketsync.catalogue import shows
from ticketsync.core import clock
from ticketsync.providers.file_import.orders.order_rules import OrderRules
from ticketsync.reporting import sales, waiting_records

DATED = f"{HEADING},Day"
SALE = f"7,{GALA},Adult,3,117.00,2026-10-01 10:12"
BACK = f"7,{GALA},Adult,-1,-39.00,2026-11-03"
LATER = f"7,{GALA},Adult,-1,-39.00,2026-11-10"
FIRST = (3900, "2026-11-03", "reported")


@pytest.fixture
def account(database, tmp_path, monkeypatch):
    """
    An account that is read on 20 November.
    """
    at(monkeypatch, "2026-11-20")
    found = ReportAccount(database, tmp_path)
    found.recipe(placed="Day")
    found.add()
    return found


def at(monkeypatch, day):
    moment = clock.from_iso(f"{day}T02:00:00Z")
    monkeypatch.setattr(clock, "_now", lambda: moment)


def read(account):
    """
    The movements after a run and one more, which changes nothing; oldest first.
    """
    found = []
    for _ in range(2):
        account.sync(full=True)
        with account.database.read() as connection:
            rows = sales.list_refunds(connection)
        found.append([(it.amount.minor, it.on_day, it.basis) for it in rows][::-1])
    assert found[0] == found[1]
    return found[0]


@pytest.mark.parametrize("is_held", [False, True])
def test_a_row_with_a_day_is_a_movement_of_that_day(account, is_held):
    account.put("sold.csv", DATED, SALE)
    if is_held:
        assert read(account) == []
    account.put("back.csv", DATED, BACK)
    assert read(account) == [FIRST]
    account.put("more.csv", DATED, LATER)
    assert read(account) == [FIRST, (3900, "2026-11-10", "reported")]
    assert account.waiting() == {}


def test_a_row_without_a_day_is_dated_by_when_it_was_seen(account):
    account.put("sold.csv", DATED, SALE)
    read(account)
    account.put("back.csv", DATED, f"7,{GALA},Adult,-1,-39.00,")
    assert read(account) == [(3900, "2026-11-20", "seen")]


@pytest.mark.parametrize(
    "again",
    [
        (SALE, BACK),  # the whole report once more
        (BACK, SALE),
        (SALE, BACK.replace("2026-11-03", "2026-11-03 00:00")),
    ],
)
def test_a_later_export_neither_moves_nor_doubles_a_movement(
    account, monkeypatch, again
):
    account.put("a.csv", DATED, SALE, BACK)
    assert read(account) == [FIRST]
    at(monkeypatch, "2026-12-01")
    account.put("b.csv", DATED, *again, f"8,{GALA},Adult,1,39.00,2026-11-30 10:00")
    assert read(account) == [FIRST]
    (account.path / "in" / "a.csv").unlink()
    assert read(account) == [FIRST]


def test_a_second_return_of_one_day_is_of_that_day(account, monkeypatch):
    account.put("a.csv", DATED, SALE, BACK)
    assert read(account) == [FIRST]
    at(monkeypatch, "2026-12-01")
    account.recipe("repeated_rows: count", placed="Day")
    account.put("a.csv", DATED, SALE, BACK, BACK)
    assert read(account) == [FIRST, FIRST]


@pytest.mark.thorough
def test_a_day_that_comes_later_moves_nothing(account, monkeypatch):
    """
    Written without a day, as by an earlier version or from a report without one.
    """
    account.put("a.csv", DATED, SALE, f"7,{GALA},Adult,-1,-39.00,")
    before = [(3900, "2026-10-01", "assumed")]
    assert read(account) == before
    at(monkeypatch, "2026-12-01")
    account.put("a.csv", DATED, SALE, BACK)
    account.recipe("changed_orders: [7]", placed="Day")
    assert read(account) == before
    account.put("b.csv", DATED, LATER)
    assert read(account) == [*before, (3900, "2026-11-10", "reported")]


def test_a_record_of_an_earlier_version_that_is_read_anew_moves_nothing(
    account, monkeypatch
):
    account.put("a.csv", DATED, SALE, BACK)
    before = [(3900, "2026-10-01", "assumed")]
    with monkeypatch.context() as earlier:
        earlier.setattr(OrderRules, "get_rules", lambda self, lines: self._rules)
        assert read(account) == before
    at(monkeypatch, "2026-12-01")
    account.put("b.csv", DATED, LATER)
    assert read(account) == [*before, (3900, "2026-11-10", "reported")]


def test_a_return_before_its_sale_is_listed_as_not_adding_up(account):
    account.put("a.csv", DATED, SALE, BACK.replace("2026-11-03", "2026-09-03"))
    assert read(account) == [(3900, "2026-10-01", "assumed")]
    with account.database.read() as connection:
        [(_, order, doubt)] = waiting_records.list_discrepancies(connection)
    assert order == "7"
    assert "on 2026-09-03, before the order was bought (2026-10-01 10:12)" in doubt


def test_a_day_without_a_time_is_that_day_at_a_venue_elsewhere(account):
    """
    Midnight in Sydney is the day before in Perth.
    """
    with account.database.write() as connection:
        shows.add_venue(connection, "West", "Australia/Perth", "AUD")
    account.put("a.csv", DATED, SALE, BACK, f"7,{GALA},Adult,-1,-39.00,2026-11-10")
    assert [day for _, day, _ in read(account)] == ["2026-11-03", "2026-11-10"]


def test_parts_that_a_row_says_are_stored(account):
    account.recipe(placed="Day", fee="Fee", tax="Tax")
    account.put(
        "a.csv",
        f"{DATED},Fee,Tax",
        f"{SALE},6.00,10.64",
        f"{BACK},-2.00,-3.55",
    )
    account.sync()
    with account.database.read() as connection:
        [found] = sales.list_refunds(connection)
    assert (found.amount.minor, found.face.minor) == (4100, 3900)
    assert (found.buyer_fee.minor, found.tax.minor) == (200, 355)


def test_a_statement_that_is_replaced_by_one_with_the_same_return_is_named(account):
    """
    25.00 in November, and an equal row in December: one return, until the statement of
    November lies in the folder, too.
    """
    heading = "Order,Show,Starts,Type,Qty,Total"
    gala = "1,Gala,2026-12-05 19:30,Adult"
    account.recipe()
    account.put("sold.csv", heading, f"{gala},3,75.00")
    account.put("back.csv", heading, f"{gala},-1,-25.00")
    _, notes = account.sync()
    assert not [note for note in notes if "replaced" in note]
    account.put(
        "back.csv", heading, f"{gala},-1,-25.00", "", "Printed in December,,,,,"
    )
    _, notes = account.sync()
    note = (
        "back.csv was replaced, and what it takes back of 1 order is equal to what it "
        "took back before: it counts once; if it went back twice, put the earlier "
        "report back under another name"
    )
    assert note in "; ".join(notes)
    with account.database.read() as connection:
        assert [it.amount.minor for it in sales.list_refunds(connection)] == [2500]
    # A whole export that comes again has its sales beside its returns.
    (account.path / "in" / "back.csv").unlink()
    both = (f"{gala},3,75.00", f"{gala},-1,-25.00")
    account.put("sold.csv", heading, *both)
    account.sync()
    account.put("sold.csv", heading, *both, "Printed in December,,,,,")
    assert not [note for note in account.sync()[1] if "replaced" in note]
