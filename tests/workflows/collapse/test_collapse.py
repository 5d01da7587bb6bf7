"""
Whatever a platform answers with comes in lists. One that comes back empty, shrunken,
refused or cut takes nothing away, is named, and once the platform has recovered the
next ordinary run is right again.

`LISTS` must name every list that a sync asks for: they are recorded, and a new one that
is not in the table fails.
"""

import json

import pytest
from support.collapsed_lists import (
    FOUND_ELSEWHERE,
    GOES_ON,
    INDISTINGUISHABLE,
    LEAVES_WATERMARK,
    MOVES_BOOKMARK,
    NAMES,
    NOTED,
    SHORT,
    Case,
    assert_noticed,
    look,
    wrong_figures,
)
from support.platform_accounts import attempt, expected, figures, recover, run
from support.spoiled_lists import ANSWERS, asked_for, kept, promising, spoil
from support.spoiled_reads import CHANGES, FIRST, FULL, begin, later

from ticketsync.reporting import waiting_records
from ticketsync.sandbox import eventbrite, world
from ticketsync.sandbox.faults import HttpResponse
from ticketsync.workflows.accounts import account_states
from ticketsync.workflows.sync import missing_account_parts
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.run import Request

ALWAYS = (FIRST, FULL, CHANGES)

# Every list of every platform, and the reads that ask for it.
LISTS = {
    "ticket_tailor": {
        "/event_series": ALWAYS,
        "/events": ALWAYS,
        "/orders": ALWAYS,
        "/issued_tickets": ALWAYS,
    },
    "eventbrite": {
        "/users/me/organizations/": ALWAYS,
        "/organizations/*/events/": ALWAYS,
        "/organizations/*/orders/": ALWAYS,
        "/organizations/*/attendees/": ALWAYS,
    },
    "eventbrite without expansions": {"/events/*/attendees/": ALWAYS},
    "humanitix": {
        "/v1/events": ALWAYS,
        "/v1/events/*/orders": ALWAYS,
        "/v1/events/*/tickets": ALWAYS,
    },
    "wix": {
        "/events/v3/events/query": ALWAYS,
        "/events/v1/orders": ALWAYS,
        "/payments/v2/transactions": ALWAYS,
        "/events/v2/guests/query": ALWAYS,
        "/events/v3/ticket-definitions/query": ALWAYS,
    },
    "square": {
        "/v2/locations": ALWAYS,
        "/v2/catalog/list": ALWAYS,
        "/v2/orders/search": ALWAYS,
        "/v2/payments": ALWAYS,
        "/v2/refunds": ALWAYS,
        "/v2/orders/batch-retrieve": (CHANGES,),
    },
}
# One record by its number: what is asked for beside the lists.
ONE = {
    "/orders/*/",
    "/orders/*",
    "/v1/events/*/orders/*",
    "/v2/payments/*",
    "/v2/refunds/*",
}
# Square is asked for the orders by their ids only where a list of changes names them.


# What the suite plays beside one read of each: here figures were wrong without a word.
ALSO = [
    Case("ticket_tailor", "/issued_tickets", FIRST, "truncated"),
    Case("eventbrite without expansions", "/events/*/attendees/", FIRST, "404"),
]


def cases():
    """
    The ordinary suite plays each list with each answer once, the reads in turn; the
    drills play all of them.
    """
    lists = [(name, path) for name, paths in LISTS.items() for path in paths]
    for place, (name, path) in enumerate(lists):
        reads = LISTS[name][path]
        for number, answer in enumerate(ANSWERS):
            for read in reads:
                case = Case(name, path, read, answer)
                is_sample = read == reads[(place + number) % len(reads)]
                is_quick = is_sample or case in ALSO
                yield pytest.param(case, marks=() if is_quick else (pytest.mark.drill,))


def without(ids, key, name):
    """
    A list that lacks these rows and does not count them.
    """

    def spoil_(answer):
        page = json.loads(answer.body)
        rows = [row for row in page[key] if row[name] not in ids]
        lost = len(page[key]) - len(rows)
        page[key] = rows
        for envelope in (page, page.get("pagination", {})):
            for count in ("total", "object_count"):
                if count in envelope:
                    envelope[count] -= lost
        return HttpResponse(answer.status, json.dumps(page).encode(), answer.headers)

    return spoil_


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("read", ALWAYS)
@pytest.mark.sampled(5)
def test_the_table_names_every_list_that_is_asked_for(
    name, read, opened, fake_server, frozen, settings
):
    database, _, options = begin(read, opened, fake_server, frozen)
    fake_server.log.clear()
    run(database, settings, **options)
    lists = dict(LISTS["eventbrite"]) if "without" in name else {}
    lists |= LISTS[name]
    wanted = {path for path, reads in lists.items() if read in reads}
    assert asked_for(fake_server, fake_server.platform.prefix) - ONE == wanted


@pytest.fixture
def name(case):
    return case.name


def collapse(case, opened, fake_server, settings, frozen, monkeypatch):
    """
    The database after the read, what the run came to, and what was stored before.
    """
    database, _, options = begin(case.read, opened, fake_server, frozen)
    before = look(database)
    spoil(monkeypatch, fake_server, case.path, ANSWERS[case.answer])
    outcome = sync.sync(database, settings, Request(**options))
    return database, outcome, before


@pytest.mark.parametrize("case", [*cases()], ids=str)
@pytest.mark.sampled(7)
def test_a_list_that_collapses_is_named_and_takes_nothing_away(
    case, opened, fake_server, settings, frozen, monkeypatch
):
    """
    A refused key is parked until a person looks at it; everything else heals by itself.
    """
    platform = fake_server.platform_name
    database, outcome, before = collapse(
        case, opened, fake_server, settings, frozen, monkeypatch
    )
    truth = expected(fake_server, platform)
    assert_noticed(database, before, outcome, truth, case)
    spoil(monkeypatch, fake_server, None, None)
    if look(database).is_parked:
        assert case.answer == "403"
        assert attempt(database, settings).outcome == "skipped-parked"
        account_states.resume(database, platform)
    recover(database, settings, fake_server, platform)


@pytest.mark.drill
@pytest.mark.parametrize("kind", ["postgresql"])
@pytest.mark.parametrize(
    "case",
    [
        Case("wix", path, read, "empty")
        for path, reads in LISTS["wix"].items()
        for read in reads
    ],
    ids=str,
)
def test_a_list_that_collapses_is_named_on_postgresql_too(
    case, opened, fake_server, settings, frozen, monkeypatch
):
    """
    One platform: what is done about a list has nothing to do with the database.
    """
    database, outcome, before = collapse(
        case, opened, fake_server, settings, frozen, monkeypatch
    )
    truth = expected(fake_server, case.name)
    assert_noticed(database, before, outcome, truth, case)
    spoil(monkeypatch, fake_server, None, None)
    recover(database, settings, fake_server, case.name)


def test_every_list_is_played_with_every_answer_and_every_exception_is_of_the_table():
    played = [case.values[0] for case in cases() if not case.marks]
    lists = {(name, path) for name, paths in LISTS.items() for path in paths}
    assert {(it.name, it.path, it.answer) for it in played} == {
        (name, path, answer) for name, path in lists for answer in ANSWERS
    }
    assert len(played) == len(lists) * len(ANSWERS) + len(ALSO)
    every = {case.values[0].key for case in cases()}
    for key, reason in (INDISTINGUISHABLE | FOUND_ELSEWHERE).items():
        assert key in every
        assert key[-1] in SHORT  # an error never looks like an honest answer
        assert reason
    for table in (GOES_ON, LEAVES_WATERMARK, MOVES_BOOKMARK):
        assert table.keys() <= lists
        assert all(reason for _, reason in table.values())
    assert {path for _, path in lists} == NAMES.keys() | NOTED.keys()


# A list that names its length and sends less


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("eventbrite", "/organizations/*/orders/"),
        ("humanitix", "/v1/events/*/orders"),
        ("humanitix", "/v1/events/*/tickets"),
        ("wix", "/events/v1/orders"),
    ],
)
@pytest.mark.parametrize("read", [FIRST, FULL])
@pytest.mark.sampled(4)
def test_a_list_shorter_than_it_says_is_refused(
    name, path, read, opened, fake_server, settings, frozen, monkeypatch
):
    database, _, options = begin(read, opened, fake_server, frozen)
    before = look(database)
    spoil(monkeypatch, fake_server, path, promising(90))
    result = attempt(database, settings, **options)
    assert (result.exit_code, result.word) == (6, "list-incomplete")
    assert "promised" in result.message
    truth, case = expected(fake_server, name), Case(name, path, read, "at 90 %")
    assert wrong_figures(before, look(database), truth, case) == []
    spoil(monkeypatch, fake_server, None, None)
    recover(database, settings, fake_server, fake_server.platform_name)


# One part of an account that is no longer shown


@pytest.mark.parametrize(
    ("name", "path"),
    [("eventbrite", "/users/me/organizations/"), ("square", "/v2/locations")],
)
@pytest.mark.parametrize("read", [FULL, CHANGES])
def test_an_organisation_or_location_that_is_missing_is_named(
    name, path, read, opened, fake_server, settings, frozen, monkeypatch
):
    """
    One of two: nothing of the other one is read, so the watermark stays, too.
    """
    database, before, options = begin(read, opened, fake_server, frozen)
    spoil(monkeypatch, fake_server, path, kept(50))
    result = attempt(database, settings, **options)
    assert (result.exit_code, result.word) == (7, "guard-shrink")
    assert figures(database) == before
    spoil(monkeypatch, fake_server, None, None)
    recover(database, settings, fake_server, fake_server.platform_name)


@pytest.mark.parametrize("name", ["square"])
def test_control_without_the_guard_sales_at_a_missing_location_are_lost(
    name, opened, fake_server, settings, frozen, monkeypatch
):
    monkeypatch.setattr(
        missing_account_parts, "refuse_missing_parts", lambda *_, **__: None
    )
    database, _, _ = begin(CHANGES, opened, fake_server, frozen)
    spoil(monkeypatch, fake_server, "/v2/locations", kept(50))
    there = fake_server.platform.world
    for seconds in (1200, 2400):
        later(fake_server, frozen, seconds)
        for performance in there.performances[-8:]:
            world.add_sale(there, performance, (there.now - 5, there.now))
        attempt(database, settings)
    spoil(monkeypatch, fake_server, None, None)
    attempt(database, settings)
    assert figures(database) != expected(fake_server, name)


@pytest.mark.parametrize("name", ["eventbrite"])
def test_an_organisation_that_was_left_is_accepted_once(
    name, opened, fake_server, settings, frozen, monkeypatch
):
    database, before, _ = begin(FULL, opened, fake_server, frozen)
    fake_server.platform.organisations = fake_server.platform.organisations[:1]
    assert attempt(database, settings).exit_code == 7
    assert attempt(database, settings, accept_shrink=True).exit_code == 0
    assert attempt(database, settings).exit_code == 0
    assert figures(database) == before


# One order of which the second list says nothing


@pytest.mark.parametrize("name", ["humanitix"])
@pytest.mark.parametrize("lost", [1, 2])
def test_an_order_without_some_of_its_tickets_is_set_aside_by_name(
    name, lost, opened, fake_server, settings, frozen, monkeypatch
):
    """
    At a first read: what it cost says that there are tickets.
    """
    purchase = next(
        p
        for p in fake_server.platform.world.purchases
        if len(p.seats) == 2 and all(s.paid and not s.is_void for s in p.seats)
    )
    gone = {f"{seat.id:024x}" for seat in purchase.seats[:lost]}
    database = opened(is_read=False)
    tickets = fake_server.platform._tickets
    monkeypatch.setattr(
        fake_server.platform,
        "_tickets",
        lambda production: [t for t in tickets(production) if t.id not in gone],
    )
    result = attempt(database, settings)
    assert (result.outcome, result.exit_code) == ("partial", 3)
    with database.read() as connection:
        ((_, id_, reason),) = waiting_records.list_quarantined(connection)
    assert id_ == f"{purchase.id:024x}"
    assert "tickets" in reason
    monkeypatch.setattr(fake_server.platform, "_tickets", tickets)
    recover(database, settings, fake_server, fake_server.platform_name)


@pytest.mark.parametrize("name", ["eventbrite without expansions"])
@pytest.mark.parametrize("read", [FIRST, FULL])
def test_an_order_without_attendees_is_set_aside_by_name(
    name, read, opened, fake_server, settings, frozen, monkeypatch
):
    purchase = next(
        p
        for p in fake_server.platform.world.purchases
        if p.state == "completed" and p.total and not any(s.is_void for s in p.seats)
    )
    gone = {row["id"] for row in eventbrite.list_attendees(purchase)}
    database, before, options = begin(read, opened, fake_server, frozen)
    cut = without(gone, "attendees", "id")
    spoil(monkeypatch, fake_server, "/events/*/attendees/", cut)
    result = attempt(database, settings, **options)
    assert (result.outcome, result.exit_code) == ("partial", 3)
    with database.read() as connection:
        ((_, id_, reason),) = waiting_records.list_quarantined(connection)
    assert (id_, "attendee" in reason) == (str(purchase.id), True)
    if read == FULL:
        assert figures(database) == before
    spoil(monkeypatch, fake_server, None, None)
    recover(database, settings, fake_server, fake_server.platform_name)
