"""
An event of a report gets another title under `order_numbers: event`: its orders
are not counted beside themselves. What is expected was worked out by hand.
"""

import pytest
from support.report_accounts import GALA, ReportAccount

from ticketsync.core import errors
from ticketsync.providers.file_import.several_reports import renamed_events

BALL = GALA.replace("Gala", "Ball")


@pytest.fixture
def account(database, tmp_path):
    found = ReportAccount(database, tmp_path)
    found.recipe("order_numbers: event")
    found.add()
    found.put("a.csv", *rows(GALA))
    assert found.sync()[0].exit_code == 0
    assert tuple(found.figures()) == (4, 7, 17500)
    return found


def rows(show, *more, numbers=(1, 2, 3, 4)):
    """
    Orders of one, two, one and three tickets of 25.00.
    """
    sold = {1: 1, 2: 2, 3: 1, 4: 3}
    return *(f"{n},{show},Adult,{sold[n]},{25 * sold[n]}.00" for n in numbers), *more


@pytest.mark.parametrize("name", ["a.csv", "b.csv"])
@pytest.mark.sampled(3)
def test_a_title_that_changed_is_named_and_the_figures_stay(account, name):
    (account.path / "in" / "a.csv").unlink()
    account.put(name, *rows(BALL, f"5,{BALL},Adult,1,25.00"))
    for _ in "ab":
        result, _ = account.sync(full=True)
        assert (result.exit_code, result.word) == (errors.PARTLY, "quarantine")
        assert tuple(account.figures()) == (4, 7, 17500)
    waiting = account.waiting()
    assert {*waiting} == {*(f"{n} (Gala)" for n in (1, 2, 3, 4)), "5 (Ball)"}
    assert f"{name}, line 2" in waiting["1 (Gala)"]
    assert "renamed_events: {'Ball': 'Gala'}" in waiting["1 (Gala)"]
    assert account.events() == ["Gala"]

    account.recipe("order_numbers: event", "renamed_events: {'Ball': 'Gala'}")
    assert account.sync(full=True)[0].exit_code == 0
    assert (*account.figures(), account.waiting()) == (5, 8, 20000, {})


def test_another_event_after_all(account):
    account.put("a.csv", *rows(BALL))
    account.recipe("order_numbers: event", "renamed_events: {Ball: Ball}")
    account.sync(full=True, accept_shrink=True)
    assert (*account.figures(), account.waiting()) == (8, 14, 35000, {})


@pytest.mark.parametrize("changed", ["1", "4"])
def test_one_order_of_a_renamed_event_changed_as_well(account, changed):
    now = [
        row.replace("Adult", "Child") if row[0] == changed else row
        for row in rows(BALL)
    ]
    account.put("a.csv", *now)
    assert account.sync(full=True)[0].exit_code == errors.PARTLY
    assert tuple(account.figures()) == (4, 7, 17500)


def test_another_event_beside_it_uses_the_numbers_again(account):
    account.put("b.csv", *rows(BALL))
    assert account.sync(full=True)[0].exit_code == 0
    assert tuple(account.figures()) == (8, 14, 35000)


def test_another_event_later_uses_the_numbers_again(account):
    """
    The reports are taken away once they are read; the other one is for another night.
    """
    account.put("a.csv", *rows("Ball,2026-12-08 19:30"))
    account.sync(full=True, accept_shrink=True)
    assert tuple(account.figures()) == (8, 14, 35000)


def test_what_a_new_title_counted_twice(account, monkeypatch):
    monkeypatch.setattr(renamed_events, "find_renamed", lambda *_: ())
    account.put("a.csv", *rows(BALL))
    account.sync(full=True)
    assert tuple(account.figures()) == (8, 14, 35000)
