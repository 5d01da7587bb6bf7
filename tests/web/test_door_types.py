"""
At the door a ticket type is what tells tickets apart: Square writes the date into the
name of each, and everybody there holds a ticket of that date.
"""

import json

import pytest
from support import five_platforms
from support.dates import TODAY
from typer.testing import CliRunner

from ticketsync.cli.main import app
from ticketsync.door import attendees
from ticketsync.workflows.matching import match
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.run import Request


@pytest.fixture
def doors(sqlite, settings, monkeypatch):
    """
    The guests of each show, by account; five platforms sell them.
    """
    with five_platforms.playing(monkeypatch) as sandbox:
        five_platforms.set_up(sqlite, settings, sandbox)
        sync.sync(sqlite, settings, Request())
        match.adopt(sqlite, settings)
        sync.sync(sqlite, settings, Request())
    with sqlite.read() as connection:
        tickets = attendees.list_tickets(connection)
        shows = {ticket.show_id for ticket in tickets}
        guests = [
            guest for show in shows for guest in attendees.list_guests(connection, show)
        ]
    return tickets, guests


@pytest.mark.usefixtures("frozen")
@pytest.mark.thorough
def test_a_type_is_named_without_the_date_of_its_show(doors):
    tickets, guests = doors
    of_square = [guest for guest in guests if guest.account == "bar"]
    shown = {guest.shown_type for guest in of_square}
    assert shown <= {"Adult", "Concession", "Guest"}
    assert len(shown) > 1
    # What the platform calls it stays what it is.
    assert all(
        guest.type_name.endswith(f" – {guest.shown_type}") for guest in of_square
    )
    assert any(str(TODAY.year) in guest.type_name for guest in of_square)
    # One ticket alone, as a scan finds it, is named as in the list.
    assert {t.shown_type for t in tickets if t.account == "bar"} >= shown


@pytest.mark.usefixtures("frozen")
@pytest.mark.thorough
def test_types_of_other_platforms_are_as_they_are(doors):
    tickets, _ = doors
    others = [ticket for ticket in tickets if ticket.account != "bar"]
    assert others
    assert all(ticket.shown_type == ticket.type_name for ticket in others)


@pytest.mark.usefixtures("frozen")
@pytest.mark.thorough
def test_explain_names_types_so_on_a_terminal_and_in_full_in_files(
    doors, sqlite, monkeypatch
):
    """
    Cut to twelve columns, all types of Square were the date that they begin with.
    """
    _, guests = doors
    show = str(next(guest.show_id for guest in guests if guest.account == "bar"))
    asked = ["--database", sqlite.url, "financials", "explain", show]
    monkeypatch.setenv("COLUMNS", "100")
    done = CliRunner().invoke(app, asked)
    drawn = done.stdout
    assert done.exit_code == 0, (done.stderr, done.exception)
    assert any(word in drawn for word in ("Adult", "Concession", "Guest"))
    assert " – " not in drawn
    assert max(map(len, drawn.splitlines())) <= 100

    found = json.loads(CliRunner().invoke(app, [*asked, "--json"]).stdout)
    rows = found if isinstance(found, list) else found["tickets"]
    names = {row["type_name"] for row in rows if row["account"] == "bar"}
    assert all(str(TODAY.year) in name for name in names)
