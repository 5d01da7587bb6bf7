"""
Every guard of `test_collapse` with its control: where it is taken away, the same answer
is believed, and the run ends as if all were well.

Some answers are refused by a second guard where the first is missing: there both are
taken away.
"""

import dataclasses
import json

import pytest
from support.collapsed_lists import (
    NAMES,
    Books,
    Case,
    assert_noticed,
    look,
    wrong_figures,
)
from support.platform_accounts import NUMBERS, attempt, expected, figures
from support.spoiled_lists import ANSWERS, kept, promising, spoil
from support.spoiled_reads import CHANGES, FIRST, FULL, begin, later

from ticketsync.core import errors
from ticketsync.providers import eventbrite, humanitix, square, ticket_tailor, wix
from ticketsync.sandbox import world
from ticketsync.sandbox.faults import HttpResponse
from ticketsync.workflows.sync import (
    cross_checks,
    listing,
    missing_account_parts,
    missing_orders,
    orders,
    save_page,
)
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.run import Request

SHORT = {
    **ANSWERS,
    "at 50 %": kept(50),
    "90 % of what it promises": promising(90),
}


def off(owner, name, value=None):
    """
    A guard that is a function: it refuses nothing.
    """
    return owner, name, lambda *_, **__: value


def silent(owner, name):
    """
    A guard inside of a generator: what it refuses ends the list.
    """
    plain = getattr(owner, name)

    def read(*arguments, **options):
        try:
            yield from plain(*arguments, **options)
        except errors.InvalidResponse as refused:
            if refused.word != "list-incomplete":
                raise

    return owner, name, read


DATES = off(listing, "_notice_absence")
PARTS = off(missing_account_parts, "refuse_missing_parts")
LOST = off(missing_orders, "_refuse_lost_orders", set())
FEW = off(missing_orders, "_refuse_few_orders", set())
TICKETS = off(missing_orders, "lists_few_tickets", False)
CROSS = off(cross_checks, "_judge")
DRIFT = off(save_page, "refuse_drift")


def case(name, path, read, answer, *guards, quick=False):
    marks = () if quick else (pytest.mark.drill,)
    names = "+".join(guard[1] for guard in guards)
    about = f"{name}{path}-{read}-{answer}-{names}"
    return pytest.param(name, path, read, answer, guards, id=about, marks=marks)


CASES = [
    case("ticket_tailor", "/events", CHANGES, "empty", DATES, quick=True),
    case(
        *("ticket_tailor", "/event_series", FIRST, "empty"),
        off(ticket_tailor.fetch, "is_mostly_missing", False),
    ),
    case("ticket_tailor", "/orders", FIRST, "at 40 %", FEW, quick=True),
    case("ticket_tailor", "/orders", FULL, "empty", LOST, FEW),
    case("ticket_tailor", "/issued_tickets", FIRST, "empty", TICKETS),
    case(
        *("ticket_tailor", "/orders", CHANGES, "empty"),
        *(silent(ticket_tailor.TicketTailor, "fetch_recent_orders"), FEW, LOST),
    ),
    case("eventbrite", "/users/me/organizations/", FULL, "at 50 %", PARTS),
    case(
        *("eventbrite", "/organizations/*/orders/", FIRST, "empty", CROSS),
        quick=True,
    ),
    case("eventbrite", "/organizations/*/orders/", FULL, "empty", CROSS, LOST),
    case("eventbrite", "/organizations/*/attendees/", FIRST, "empty", CROSS),
    case(
        *("eventbrite", "/organizations/*/orders/", CHANGES, "empty"),
        off(eventbrite.Eventbrite, "_refuse_lacking"),
    ),
    case(
        *("eventbrite", "/organizations/*/attendees/", CHANGES, "empty"),
        off(eventbrite.fetch, "is_mostly_missing", False),
    ),
    case(
        *("eventbrite", "/organizations/*/orders/", FULL, "90 % of what it promises"),
        silent(eventbrite.Eventbrite, "_pages"),
    ),
    case(
        *("humanitix", "/v1/events/*/orders", FULL, "empty"),
        off(humanitix.fetch, "_is_collapsed", False),
    ),
    case(
        *("humanitix", "/v1/events/*/orders", FIRST, "90 % of what it promises"),
        silent(humanitix.Humanitix, "_pages"),
    ),
    case(
        *("humanitix", "/v1/events/*/tickets", FIRST, "empty", DRIFT),
        off(humanitix.Humanitix, "_refuse_few_tickets"),
        off(humanitix.parse, "_refuse_contradiction"),
        off(humanitix.parse, "_refuse_missing_tickets"),
    ),
    case("wix", "/events/v1/orders", FIRST, "empty", CROSS, quick=True),
    case("wix", "/events/v1/orders", FULL, "empty", CROSS, LOST),
    case(
        *("wix", "/events/v1/orders", FIRST, "90 % of what it promises"),
        silent(wix.Wix, "_by_offset"),
    ),
    case(
        *("wix", "/events/v1/orders", CHANGES, "at 40 %"),
        off(wix.fetch, "is_mostly_missing", False),
    ),
    case(
        *("wix", "/events/v1/orders", CHANGES, "empty"),
        *(off(wix.fetch, "is_mostly_missing", False), silent(wix.Wix, "_new_orders")),
    ),
    case(
        *("wix", "/events/v2/guests/query", CHANGES, "90 % of what it promises"),
        silent(wix.guest_list.GuestList, "changed"),
    ),
    case("wix", "/events/v2/guests/query", FIRST, "empty", CROSS),
    case("wix", "/events/v2/guests/query", FULL, "at 40 %", CROSS),
    case(
        *("wix", "/payments/v2/transactions", FULL, "empty"),
        off(wix.parse, "_refuse_contradiction"),
    ),
    case("square", "/v2/locations", FULL, "at 50 %", PARTS, LOST),
    case("square", "/v2/orders/search", FIRST, "empty", CROSS),
    case("square", "/v2/orders/search", FULL, "empty", CROSS, LOST),
    case(
        *("square", "/v2/orders/*", CHANGES, "empty"),
        off(square.fetch, "is_mostly_missing", False),
    ),
    case(
        *("square", "/v2/payments", FULL, "empty", DRIFT),
        (square.fetch, "MAX_GAPS", 10**9),
        off(square.parse, "_refuse_lost_parts"),
        off(square.parse, "_refuse_unlisted_refunds"),
    ),
]


@pytest.mark.parametrize(("name", "path", "read", "answer", "guards"), CASES)
@pytest.mark.sampled(2)
def test_control_without_the_guard_a_short_list_is_believed(
    name, path, read, answer, guards, opened, fake_server, settings, frozen, monkeypatch
):
    database, _, options = begin(read, opened, fake_server, frozen)
    spoil(monkeypatch, fake_server, path, SHORT[answer])
    assert attempt(database, settings, **options).exit_code != 0
    for guard in guards:
        monkeypatch.setattr(*guard)
    copy = opened(is_read=read != FIRST)
    before = look(copy)
    outcome = sync.sync(copy, settings, Request(**options))
    assert outcome.exit_code == 0, outcome
    if answer in ANSWERS and path in NAMES:
        truth = expected(fake_server, fake_server.platform_name)
        with pytest.raises(AssertionError):
            assert_noticed(copy, before, outcome, truth, Case(name, path, read, answer))


ROW = dict.fromkeys(NUMBERS, "10.00") | dict.fromkeys(
    ("tickets_sold", "tickets_comp", "tickets_refunded", "checked_in"), 2
)


def books(*dates, finished=(), unmarked=()):
    return Books(
        dict(dates), frozenset(finished), "", {}, frozenset(unmarked), is_parked=False
    )


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("value", [0, None])
@pytest.mark.parametrize("read", [FIRST, FULL, CHANGES])
def test_control_each_figure_that_changed_without_a_word_is_found(number, value, read):
    """
    One number of one of two shows became 0, or unknown.
    """
    case = Case("wix", "/payments/v2/transactions", read, "empty")
    spoiled = {**ROW, number: value}
    truth = {"one": ROW, "two": ROW}
    before = books() if read == FIRST else books(("one", ROW), ("two", ROW))
    after = books(("one", ROW), ("two", spoiled), finished=("one", "two"))
    assert wrong_figures(before, after, truth, case) == ["two"]
    assert wrong_figures(before, books(("one", ROW)), truth, case) == (
        [] if read == FIRST else ["two"]
    )


def test_control_half_a_show_is_found_unless_it_is_marked_and_read_again():
    case = Case("wix", "/events/v1/orders", FIRST, "at 40 %")
    half = "one", {**ROW, "gross": "4.00"}
    truth = {"one": ROW}
    marked = books(half, unmarked=("one",))
    assert wrong_figures(books(), marked, truth, case) == []
    looks_whole = books(half, finished=("one",), unmarked=("one",))
    assert wrong_figures(books(), looks_whole, truth, case) == ["one"]
    not_read_again = books(half)
    assert wrong_figures(books(), not_read_again, truth, case) == ["one"]


def test_control_a_show_beyond_the_truth_is_found_where_it_may_lie_between():
    case = Case("ticket_tailor", "/orders", CHANGES, "at 40 %")
    truth = {"one": {**ROW, "tickets_sold": 0, "refunded": "12.00"}}
    for sold, refunded, wrong in [
        (1, "10.00", []),
        (0, "11.00", []),
        (3, "10.00", ["one"]),
        (1, "13.00", ["one"]),
        (1, None, ["one"]),
    ]:
        found = {**ROW, "tickets_sold": sold, "refunded": refunded}
        after = books(("one", found))
        assert wrong_figures(books(("one", ROW)), after, truth, case) == wrong


def last_order(answer):
    page = json.loads(answer.body)
    page["orders"] = page["orders"][-1:]
    return HttpResponse(answer.status, json.dumps(page).encode(), answer.headers)


@pytest.mark.drill
@pytest.mark.parametrize("name", ["square"])
def test_control_sales_that_only_their_payments_show_are_believed(
    name, opened, fake_server, settings, frozen, monkeypatch
):
    """
    Eight sales were made, and the list of changed orders shows one.
    """
    database, _, _ = begin(CHANGES, opened, fake_server, frozen)
    there = fake_server.platform.world
    for performance in there.performances[-8:]:
        world.add_sale(there, performance, (there.now - 5, there.now))
    fake_server.platform.invalidate()
    spoil(monkeypatch, fake_server, "/v2/orders/search", last_order)
    assert attempt(database, settings).exit_code == 6
    monkeypatch.setattr(*off(square.Square, "_refuse_lacking"))
    assert attempt(opened(is_read=True), settings).exit_code == 0


@pytest.mark.drill
@pytest.mark.parametrize("name", ["wix"])
def test_control_a_watermark_beyond_a_short_list_loses_what_it_lacks(
    name, opened, fake_server, settings, frozen, monkeypatch
):
    """
    Where a short list looks like a true one, the next read begins before it:
    here after a sale half an hour later than what the list lacks.
    """
    database, _, _ = begin(CHANGES, opened, fake_server, frozen)
    there = fake_server.platform.world
    later(fake_server, frozen, 2400)
    world.add_sale(there, there.performances[-1], (there.now - 5, there.now))
    plain = orders.parse_page

    def beyond(provider, page, *arguments, **options):
        page = dataclasses.replace(page, latest=None)
        return plain(provider, page, *arguments, **options)

    monkeypatch.setattr(orders, "parse_page", beyond)
    spoil(monkeypatch, fake_server, "/events/v2/guests/query", kept(40))
    assert attempt(database, settings).exit_code == 0
    spoil(monkeypatch, fake_server, None, None)
    assert attempt(database, settings).exit_code == 0
    assert figures(database) != expected(fake_server, name)
