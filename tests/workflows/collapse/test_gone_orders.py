"""
An order that could not be read and that its platform does not know any more waits no
longer than until its date was read whole: nothing would bring it again.
"""

import re

import pytest
from support import odd_accounts
from support.platform_accounts import attempt, expected, figures, same
from support.spoiled_reads import CHANGES, begin

from ticketsync.accounts import edits
from ticketsync.catalogue import occurrences
from ticketsync.core import clock
from ticketsync.core.records import Unread
from ticketsync.reporting import waiting_records
from ticketsync.sales import quarantine, raw_records, stored_orders
from ticketsync.sandbox import eventbrite
from ticketsync.sandbox.faults import HttpResponse
from ticketsync.workflows import waiting

JSON = {"content-type": "application/json"}
GONE = {
    "ticket_tailor": "or_99999999",
    "eventbrite": "99999999",
    "humanitix": f"{0xABCDEF:024x}",
    "wix": "LR999999-WIX",
    "square": "O99999999",
}


def answering(fake_server, id_, monkeypatch, answer):
    """
    Whoever asks for that order by its id gets this answer.
    """
    respond = fake_server.platform.respond
    monkeypatch.setattr(
        fake_server.platform,
        "respond",
        lambda asked: answer if id_ in asked.path else respond(asked),
    )


def set_aside(database, id_, word="unreadable"):
    """
    A copy of an order, under that id and with a status that nobody knows.
    """
    with database.write() as connection:
        dates = {o.id: o for o in occurrences.list_occurrences(connection)}
        held = stored_orders.list_occurrence_of_orders(connection, 1)
        known = max(held)
        (raw,) = raw_records.read_newest(connection, 1, "order", [known]).values()
        data = raw.replace(known.encode(), id_.encode())
        data = re.sub(rb'"(status|state)":"\w+"', rb'"\1":"odd"', data)
        date = dates[held[known]].provider_occurrence_id
        item = Unread("order", id_, date, data, word, "its status is odd")
        quarantine.save_unread(connection, 1, [item], clock.now())


@pytest.mark.parametrize("name", odd_accounts.ALL)
@pytest.mark.sampled(3)
def test_an_order_that_is_gone_waits_until_everything_was_read(
    name, opened, fake_server, settings
):
    database = opened(is_read=True)
    before = figures(database)
    set_aside(database, GONE[name])
    results = [attempt(database, settings, full=True) for _ in range(2)]
    with database.read() as connection:
        assert waiting_records.list_quarantined(connection) == []
    assert [it.exit_code for it in results] == [0, 0], results
    assert figures(database) == before


@pytest.mark.parametrize("name", odd_accounts.ALL)
@pytest.mark.sampled(3)
def test_what_a_person_dismissed_makes_no_run_partial_until_more_waits(
    name, opened, fake_server, settings, monkeypatch
):
    database = opened(is_read=True)
    set_aside(database, GONE[name])
    answering(fake_server, GONE[name], monkeypatch, HttpResponse(500, b"{}", JSON))
    assert attempt(database, settings).exit_code == 3
    waiting.dismiss(database, settings, [f"quarantine:{fake_server.platform_name}"])
    assert [attempt(database, settings).exit_code for _ in range(2)] == [0, 0]
    with database.read() as connection:
        assert len(waiting_records.list_quarantined(connection)) == 1
    set_aside(database, GONE[name].replace("9999", "9998").replace("abc", "abd"))
    assert attempt(database, settings).exit_code == 3


@pytest.mark.parametrize("name", ["eventbrite"])
def test_a_part_that_is_left_out_lets_no_other_order_wait(
    name, opened, fake_server, settings
):
    database = opened(is_read=True)
    set_aside(database, GONE[name])
    with database.write() as connection:
        left_out = {"skip_organisations": eventbrite.EMPTY_ORGANISATION}
        edits.set_options(connection, 1, left_out)
    assert attempt(database, settings, full=True).exit_code == 0


@pytest.mark.parametrize("word", ["unreadable", "contradiction"])
@pytest.mark.parametrize("name", ["ticket_tailor", "eventbrite", "wix"])
def test_an_answer_that_is_no_order_stops_no_other(
    name, word, opened, fake_server, settings, frozen, monkeypatch
):
    database, _, _ = begin(CHANGES, opened, fake_server, frozen)
    set_aside(database, GONE[name], word)
    answering(fake_server, GONE[name], monkeypatch, HttpResponse(200, b"{}", JSON))
    result = attempt(database, settings, full=True)
    assert (result.exit_code, result.word) == (3, "quarantine"), result
    same(figures(database), expected(fake_server, name))


@pytest.mark.parametrize("name", ["eventbrite", "humanitix"])
def test_an_order_about_which_the_platform_has_a_fault_hides_no_other(
    name, opened, fake_server, settings, frozen, monkeypatch
):
    """
    It waits, and what changed of all others is in the figures.
    """
    database, _, _ = begin(CHANGES, opened, fake_server, frozen)
    set_aside(database, GONE[name])
    answering(fake_server, GONE[name], monkeypatch, HttpResponse(500, b"{}", JSON))
    result = attempt(database, settings, full=True)
    assert (result.exit_code, result.word) == (3, "quarantine"), result
    same(figures(database), expected(fake_server, name))
