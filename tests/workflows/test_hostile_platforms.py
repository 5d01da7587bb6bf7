"""
A platform that sends half emojis, NUL, line breaks, addresses that cannot be parsed and
an id of 200,000 characters, everywhere at once: every figure is right all the same, on
both databases, and what cannot be stored is set aside by name.
"""

import json
from dataclasses import replace

import pytest
from msgspec.structs import replace as replace_in
from support import odd_accounts, saved_orders
from support.platform_accounts import adopt, attempt, connect, figures, same

from ticketsync.core import records
from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.settings.config import AccountSettings
from ticketsync.reporting import waiting_records
from ticketsync.sandbox import odd_records
from ticketsync.sandbox.odd_records import OddRecord
from ticketsync.workflows.sync import raw_records
from ticketsync.workflows.sync import run as sync

TEXT = odd_records.HALF_AN_EMOJI + odd_records.NUL + odd_records.LINE_BREAK
IN_JSON = json.dumps(f"{TEXT}https://[x/ ")[1:-1].encode()


@pytest.fixture
def hostile(name, frozen, monkeypatch):
    """
    A platform of eight events, all of them hostile, as are the names of ticket types
    and guests.
    """
    monkeypatch.setattr(odd_accounts, "EVENTS", 8)
    monkeypatch.setattr(odd_accounts, "ORDERS", 20)
    with odd_accounts.serving(name, monkeypatch) as sandbox:
        respond = sandbox.platform.respond

        def hostile_names(request):
            response = respond(request)
            body = response.body
            for word in (b"Guest ", b"Adult"):
                body = body.replace(word, word + IN_JSON)
            return replace(response, body=body)

        monkeypatch.setattr(sandbox.platform, "respond", hostile_names)
        for performance in sandbox.platform.world.performances:
            event = odd_accounts.event_id(sandbox, performance)
            sandbox.odd_records.plan(OddRecord(name, odd_records.HOSTILE, event))
        sandbox.odd_records.plan(OddRecord(name, odd_records.LONG_ID, event))
        yield sandbox


def keeping_people(settings, name):
    return replace(settings, accounts={name: AccountSettings(keep_people=True)})


def reasons(database):
    with database.read() as connection:
        return [
            " ".join(map(str, row))
            for row in waiting_records.list_quarantined(connection)
        ]


@pytest.mark.parametrize("name", odd_accounts.ALL)
@pytest.mark.sampled(4)
def test_hostile_text_everywhere_changes_no_figure(database, settings, hostile, name):
    settings = keeping_people(settings, name)
    connect(database, name, hostile.address)
    (result,), _ = sync.fetch_listing(database, settings, [])
    assert (result.exit_code, result.word) == (3, "quarantine"), result
    adopt(database)
    result = attempt(database, settings)
    assert (result.exit_code, result.word) == (3, "quarantine"), result
    same(figures(database), odd_accounts.truth(hostile))
    named = reasons(database)
    assert sum("more than 255 characters" in reason for reason in named) == 1
    assert max(map(len, named)) < 1000


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("name", ["ticket_tailor"])
def test_control_an_id_of_any_length_stops_the_account_on_postgresql(
    database, settings, hostile, name, monkeypatch
):
    monkeypatch.setattr(raw_records, "LONGEST_ID", 10**9)
    connect(database, name, hostile.address)
    (result,), _ = sync.fetch_listing(database, settings, [])
    assert result.exit_code not in (0, 3), result


LONG = "x" * 256
RECORDS = {
    "order": saved_orders.order(saved_orders.ticket(1, 500), id_=LONG),
    "its date": saved_orders.order(saved_orders.ticket(1, 500), occurrence_id=LONG),
    "ticket": replace_in(saved_orders.ticket(1, 500), id=LONG),
    "its date too": saved_orders.ticket(1, 500, date=LONG),
    "its type": replace_in(saved_orders.ticket(1, 500), type_id=LONG),
    "refund": saved_orders.order(
        saved_orders.ticket(1, 500), refunds=(records.Refund(LONG, 500),)
    ),
    "event": records.Event(LONG, "Gala", None),
    "date": records.Event("e", "Gala", None, (saved_orders.occurrence(LONG, 1),)),
}


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_an_id_that_no_platform_gives_is_set_aside_wherever_it_is(record):
    with pytest.raises(UnreadableRecord) as caught:
        raw_records._refuse_impossible_ids(record)
    assert caught.value.word == "impossible-id"
