"""
A recipe whose `order_numbers` changes after orders were stored: none is counted beside
itself, whatever it said before and says now.
"""

import pytest
from support.report_accounts import GALA, HEADING, ReportAccount

from ticketsync.core import errors
from ticketsync.providers.file_import.several_reports import stored_order_ids

LATE = "Late,2026-12-06 22:30"
# 12 of the Gala and 2 of Late in files of their own, and one more of the Gala.
TICKETS, CHARGED = 15, 12 * 2500 + 2 * 1000 + 2500


@pytest.fixture
def account(database, tmp_path):
    found = ReportAccount(database, tmp_path)
    found.put("w1.csv", *(f"{n},{GALA},Adult,1,25.00" for n in range(1, 13)))
    late = [f"{n},{LATE},Adult,1,10.00" for n in (1, 2)]
    found.put("w2.csv", *late, f"20,{GALA},Adult,1,25.00")
    found.add()
    return found


@pytest.mark.parametrize(
    ("before", "after", "stored"),
    [
        ("event", "file", "1 (Gala)"),
        ("file", "event", "1 (w1)"),
        ("event", "folder", "1 (Gala)"),
        ("file", "folder", "1 (w1)"),
    ],
)
@pytest.mark.sampled(4)
def test_orders_that_are_divided_otherwise_are_set_aside(
    account, before, after, stored
):
    account.recipe(f"order_numbers: {before}")
    assert account.sync()[0].exit_code == 0
    assert tuple(account.figures()) == (15, TICKETS, CHARGED)
    account.recipe(f"order_numbers: {after}")
    for _ in range(2):
        result, notes = account.sync()
        assert (result.exit_code, result.word) == (errors.PARTLY, "quarantine")
        assert tuple(account.figures()) == (15, TICKETS, CHARGED)
        assert not [note for note in notes if "no longer listed" in note]
    assert len(account.waiting()) == 15
    assert f"it is stored as {stored!r}" in account.waiting()[stored]
    account.recipe(f"order_numbers: {before}")
    assert account.sync()[0].exit_code == 0
    assert (tuple(account.figures()), account.waiting()) == ((15, 15, CHARGED), {})


def test_what_the_change_counts_twice_without_this(account, monkeypatch):
    account.recipe("order_numbers: event")
    account.sync()
    account.recipe("order_numbers: file")
    monkeypatch.setattr(stored_order_ids, "duplicates_of_held", lambda *_: {})
    account.sync()
    assert tuple(account.figures()) == (30, 2 * TICKETS, 2 * CHARGED)


@pytest.mark.parametrize("after", ["event", "file"])
def test_orders_that_are_divided_later_are_counted_once(account, after):
    account.recipe("order_numbers: folder")
    account.sync()
    assert tuple(account.figures()) == (13, TICKETS, CHARGED)
    account.recipe(f"order_numbers: {after}")
    assert account.sync()[0].exit_code == 0
    assert tuple(account.figures()) == (15, TICKETS, CHARGED)


def test_an_order_that_is_no_longer_listed_is_recognised_as_well(account):
    """
    It counts until a person removes it.
    """
    account.put("w1.csv", *(f"{n},{GALA},Adult,1,25.00" for n in range(1, 13)))
    account.recipe("order_numbers: event")
    account.sync()
    rows = [f"{n},{GALA},Adult,1,25.00" for n in range(1, 12)]
    account.put("w1.csv", *rows)
    said = "other: 1 order is no longer listed; it still counts, see `status`"
    assert account.sync()[1][-1] == said
    account.put("w1.csv", *rows, f"12,{GALA},Adult,1,25.00")
    account.recipe("order_numbers: file")
    assert account.sync()[0].exit_code == errors.PARTLY
    assert "12 (Gala)" in account.waiting()
    assert tuple(account.figures()) == (15, TICKETS, CHARGED)


def test_numbers_begin_again_in_files_called_like_events(account):
    """
    Files are taken away once they are read; that is not a change of the recipe.
    """
    account.recipe("order_numbers: file")
    for name in ("w1.csv", "w2.csv"):
        (account.path / "in" / name).unlink()
    for n, name in enumerate(("Gala.csv", "Gala 2.csv", "Late.csv"), start=1):
        show = LATE if name == "Late.csv" else GALA
        type_ = "Child" if name == "Gala 2.csv" else "Adult"  # else it is a copy
        file = account.put(name, f"1,{show},{type_},1,25.00")
        assert account.sync(accept_shrink=True)[0].exit_code == 0
        assert tuple(account.figures()) == (n, n, 2500 * n)
        file.unlink()


def test_an_event_that_gets_an_id_keeps_its_orders(account):
    account.recipe("order_numbers: event")
    account.sync()
    recipe = account.path / "r.yaml"
    recipe.write_text(recipe.read_text().replace("{order", "{event_id: Type, order"))
    account.sync()
    assert len(account.waiting()) == 15
    assert tuple(account.figures()) == (15, TICKETS, CHARGED)


@pytest.mark.thorough
def test_an_event_whose_id_is_mapped_no_longer_keeps_its_orders(account):
    """
    The reverse: the orders are stored under the ids of their events.
    """
    heading = f"{HEADING},ID"
    account.put("w1.csv", heading, *(f"{n},{GALA},Adult,1,25.00,E1" for n in (1, 2)))
    account.put("w2.csv", heading, *(f"{n},{LATE},Adult,1,10.00,E2" for n in (1, 2)))
    account.recipe("order_numbers: event", event_id="ID")
    account.sync()
    assert tuple(account.figures()) == (4, 4, 7000)
    account.recipe("order_numbers: event")
    for _ in range(2):
        assert account.sync()[0].exit_code == errors.PARTLY
        assert tuple(account.figures()) == (4, 4, 7000)
    assert "or `event_id` when it was read" in account.waiting()["1 (E1)"]
    account.recipe("order_numbers: event", event_id="ID")
    assert account.sync()[0].exit_code == 0
    assert (*account.figures(), account.waiting()) == (4, 4, 7000, {})
