"""
Reports beside a show of ours: an order has no more tickets than the show has seats, and
what a run says of the shows that it linked is true.
"""

from datetime import UTC, datetime

import pytest
from support.report_accounts import GALA, ReportAccount

from ticketsync.catalogue import new_shows, show_edits, shows
from ticketsync.catalogue.new_shows import NewShow
from ticketsync.core import errors
from ticketsync.workflows import recipe_preview

ROOM, ZONE = "Room", "Australia/Sydney"
NIGHT = datetime(2026, 12, 5, 8, 30, tzinfo=UTC)  # 19:30 in Sydney


@pytest.fixture
def account(database, tmp_path):
    with database.write() as connection:
        shows.add_venue(connection, ROOM, ZONE, "AUD")
    return ReportAccount(database, tmp_path)


def own(account, title="Gala", starts_at=NIGHT, capacity=100):
    new = NewShow(title, starts_at, ROOM, ZONE, "AUD", capacity)
    with account.database.write() as connection:
        return new_shows.add_show(connection, new).id


def read(account, *rows):
    account.put("a.csv", *rows)
    account.add()
    return account.sync()


def test_an_order_has_no_more_tickets_than_its_show_has_seats(account):
    show = own(account)
    result, _ = read(
        account,
        f"1,{GALA},Adult,400,40.00",
        f"2,{GALA},Adult,60,40.00",
        f"3,{GALA},Adult,60,40.00",
    )
    assert (result.exit_code, result.word) == (errors.PARTLY, "quarantine")
    assert account.waiting() == {
        "1": "a.csv, line 2: 400 tickets of one order, and show 1 has 100 seats: map "
        "the column with the number of tickets to `quantity`, or correct the seats "
        f"(`ticketsync shows edit {show} --capacity N`)"
    }
    # the two together oversell the show, which `status` says
    assert tuple(account.figures()) == (2, 120, 8000)
    found = recipe_preview.preview({}, "other", lambda: account.database)
    assert {it.order: it.reason for it in found.unread} == account.waiting()
    assert [row["order"] for row in found.rows] == ["2", "3"]


def test_it_counts_when_the_seats_were_corrected(account):
    show = own(account)
    read(account, f"1,{GALA},Adult,101,40.00")
    assert len(account.waiting()) == 1
    with account.database.write() as connection:
        show_edits.edit_show(connection, show, show_edits.ShowEdit(capacity=101))
    assert account.sync()[0].exit_code == 0
    assert (account.waiting(), tuple(account.figures())) == ({}, (1, 101, 4000))


@pytest.mark.parametrize("capacity", [None, 0, 400])
def test_a_show_with_room_or_of_unknown_size_takes_any_order(account, capacity):
    own(account, capacity=capacity)
    assert read(account, f"1,{GALA},Adult,400,40.00")[0].exit_code == 0
    assert tuple(account.figures()) == (1, 400, 4000)


def test_a_show_at_another_time_is_not_said_to_start_at_the_same(account):
    own(account)
    own(account, "Late", NIGHT.replace(day=6))
    _, notes = read(
        account, f"1,{GALA},Adult,1,40.00", "2,Late,2026-12-06 19:00,Adult,1,40.00"
    )
    (said,) = [note for note in notes if "linked" in note]
    assert said == (
        "other: 2 occurrences linked to your shows (same venue, title and time; 1 "
        "with no other candidate although not all of it is the same: Late 2026-12-06 "
        "19:30, show is 30 min later)"
    )
