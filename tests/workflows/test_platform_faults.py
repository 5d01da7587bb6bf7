"""
Every other platform misbehaving: nothing wrong is saved, the word and the exit code
are right, and the next run goes on from there.
"""

import itertools
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from support.database_dump import dump
from support.dates import NOW
from support.platform_accounts import (
    OPTIONS,
    adopt,
    attempt,
    connect,
    expected,
    figures,
    run,
    same,
    set_up,
)

from ticketsync.core import errors
from ticketsync.sandbox import eventbrite, platforms, world
from ticketsync.sandbox.faults import Plan
from ticketsync.workflows.accounts import account_states
from ticketsync.workflows.accounts import connect as connecting
from ticketsync.workflows.accounts.connect import SecretSource
from ticketsync.workflows.sync import run as sync


@pytest.fixture
def database(sqlite):
    """
    How a platform fails has nothing to do with the kind of database.
    """
    return sqlite


FAULTS = [
    ("status:401", 4, "refused-credentials"),
    ("status:403", 4, "refused-credentials"),
    ("status:404", 6, "endpoint-gone"),
    ("status:400", 6, "rejected"),
    ("status:500", 5, "unreachable"),
    ("status:503", 5, "unreachable"),
    ("retry-after:-5", 5, "throttled"),
    ("retry-after:99999999999", 5, "throttled"),
    ("retry-after:tomorrow", 5, "throttled"),
    ("retry-after:", 5, "throttled"),
    ("html", 6, "not-json"),
    ("cut:40", 6, "truncated"),
    ("cut-short:40", 5, "unreachable"),
    ("body:[]", 6, "not-json"),
    ('body:{"ok": NaN}', 6, "not-json"),
    ("redirect:http://127.0.0.1:9/", 6, "unexpected-redirect"),
]
# The client turns these answers into errors before it matters whose they are: every
# platform with the first and one in four of the others, the rest in the drills.
FIRST = FAULTS[0]


def on_every_platform(cases):
    """
    Each case with one platform in turn; with the others it is a drill.
    """
    found = []
    for number, case in enumerate(cases):
        values = case if isinstance(case, tuple) else (case,)
        for place, platform in enumerate(platforms.PLATFORMS):
            is_drill = case != FIRST and place != number % len(platforms.PLATFORMS)
            marks = (pytest.mark.drill,) if is_drill else ()
            found.append(pytest.param(platform, *values, marks=marks))
    return found


@pytest.mark.parametrize(
    ("name", "fault", "exit_code", "word"), on_every_platform(FAULTS)
)
@pytest.mark.sampled(4)
def test_a_platform_that_fails_changes_nothing_and_is_read_again_later(
    synced,
    settings,
    fake_server,
    name,
    fault,
    exit_code,
    word,
):
    before = figures(synced)
    fake_server.faults.plan(Plan(fault, times=999))
    result = attempt(synced, settings, full=True)
    assert (result.exit_code, result.word) == (exit_code, word), result
    assert "\n" not in result.message
    assert figures(synced) == before
    fake_server.faults.clear()
    account_states.resume(synced, name)
    assert attempt(synced, settings, full=True).outcome == "success"
    same(figures(synced), expected(fake_server, name))


ORDERS = {
    "eventbrite": ("/organizations/", "costs", "status", "event_id", "created"),
    "humanitix": (
        f"/v1/events/{3001:024x}/orders",
        *("totals", "status", "eventId", "completedAt"),
    ),
    "wix": ("/events/v1/orders", "tickets", "status", "eventId", "created"),
    "square": ("/v2/orders/search", "total_money", "state", "line_items", "created_at"),
}


# Unreadable in one way or another: what happens to it is not the platform's affair.
CHANGES = ("null", "retyped", "no event", "no time")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        *itertools.product(platforms.PLATFORMS, ("missing", "unknown status")),
        *on_every_platform(CHANGES),
    ],
)
@pytest.mark.sampled(4)
def test_f22_f23_f89_a_record_of_another_shape_waits_and_the_rest_is_read(
    database,
    settings,
    fake_server,
    name,
    change,
):
    path, field, status, event, moment = ORDERS[name]
    what = {
        "missing": field,
        "null": f"{field}=",
        "retyped": f'{field}="text"',
        "unknown status": f'{status}="part_transferred"',
        "no event": f"{event}=7",
        "no time": f'{moment}="half past nine"',
    }[change]
    set_up(database, settings, fake_server, name)
    fake_server.faults.plan(Plan(f"records:7:{what}", path, times=99))
    result = attempt(database, settings)
    assert result.outcome == "partial"
    assert result.counts.quarantined > 0
    assert result.counts.created > result.counts.quarantined
    again = attempt(database, settings)
    assert (again.outcome, again.exit_code) == ("partial", 3)  # they wait still
    fake_server.faults.clear()
    result = attempt(database, settings, full=True)
    assert result.outcome == "success"
    same(figures(database), expected(fake_server, name))


def test_f07_an_answer_that_lacks_its_costs_leaves_the_old_version(
    database, settings, fake_server, name
):
    """
    Throttled deep inside, a platform leaves parts out and says 200: no zero is saved.
    """
    path, field = ORDERS[name][:2]
    set_up(database, settings, fake_server, name, is_read=True)
    before = figures(database)
    fake_server.faults.plan(Plan(f"records:3:{field}", path, times=99))

    attempt(database, settings, full=True)

    assert figures(database) == before


def test_f15_an_account_that_lists_nothing_any_more_changes_nothing(
    synced,
    settings,
    fake_server,
    name,
):
    before = dump(synced)
    kept = list(fake_server.platform.world.performances)
    fake_server.platform.world.performances.clear()
    result = attempt(synced, settings)
    assert (result.exit_code, result.word) == (7, "guard-shrink")
    fake_server.platform.world.performances.extend(kept)
    assert attempt(synced, settings).outcome == "success"
    assert dump(synced)["tickets"] == before["tickets"]


def test_f15_orders_that_vanish_go_on_counting(
    synced,
    settings,
    fake_server,
    name,
):
    before = figures(synced)
    del fake_server.platform.world.purchases[5:]
    result = attempt(synced, settings, full=True)
    assert result.exit_code == 7
    assert figures(synced) == before


def test_f03_edits_while_paging_lose_nothing(
    database,
    settings,
    fake_server,
    name,
    frozen,
    monkeypatch,
):
    """
    Sales and refunds between two requests of the first read.
    """
    fake_platform = fake_server.platform
    respond = fake_platform.respond
    asked = []

    def restless(request):
        asked.append(request)
        if len(asked) % 3 == 0 and len(asked) < 40:
            fake_platform.world.now += 7
            world.change_some(fake_platform.world, 1, 4)
            open_ = [
                p
                for p in fake_platform.world.performances
                if p.starts_at.timestamp() > fake_platform.world.now
            ]
            world.add_sale(
                fake_platform.world,
                open_[0],
                (fake_platform.world.now - 5, fake_platform.world.now),
            )
        return respond(request)

    monkeypatch.setattr(fake_platform, "respond", restless)
    connect(database, name, fake_server.address)
    sync.fetch_listing(database, settings, [])
    adopt(database)
    attempt(database, settings)
    monkeypatch.setattr(fake_platform, "respond", respond)
    frozen(NOW + timedelta(minutes=30))
    attempt(database, settings)
    found, wanted = figures(database), expected(fake_server, name)
    if name == "eventbrite":
        # What went back before an order was first seen is reported by nobody: its money
        # is less than it was, but not one ticket is missing.
        for date, row in wanted.items():
            for number in ("tickets_sold", "tickets_comp", "checked_in"):
                assert found[date][number] == row[number], (date, number)
        return
    same(found, wanted)


@pytest.mark.parametrize("name", ["eventbrite", "wix", "square"])
def test_f12_a_watermark_from_the_future_reads_everything(
    synced,
    settings,
    fake_server,
    name,
):
    from ticketsync.accounts import bookmarks, streams

    with synced.write() as connection:
        bookmarks.save_bookmarks(
            connection, 1, streams.NEWEST, {"": "2999-01-01T00:00:00Z"}
        )
    fake_server.platform.world.now += 60
    world.change_some(fake_server.platform.world, 3, 3)
    run(synced, settings)
    same(figures(synced), expected(fake_server, name))


# As a new user: the wrong key, the wrong kind of key, a missing app, nothing there


def add(database, settings, fake_server, name, key, monkeypatch, options=None):
    monkeypatch.setenv("OTHER", key)
    return connecting.add(
        database,
        settings,
        provider=name,
        name="mine",
        base_url=fake_server.address,
        source=SecretSource("env", "OTHER"),
        options=OPTIONS.get(name, {}) if options is None else options,
        check=True,
    )


def test_a_wrong_key_is_said_in_a_sentence_and_nothing_is_saved(
    sqlite,
    settings,
    fake_server,
    name,
    monkeypatch,
):
    with pytest.raises(errors.AuthenticationFailed) as caught:
        add(sqlite, settings, fake_server, name, "no-such-key", monkeypatch)
    assert caught.value.exit_code == 4
    assert caught.value.hint
    assert "no-such-key" not in f"{caught.value.message}{caught.value.hint}"


@pytest.mark.parametrize("name", ["eventbrite"])
@pytest.mark.parametrize(
    ("key", "words"),
    [
        (eventbrite.API_KEY, "the API key and the client secret are for apps"),
        (eventbrite.PUBLIC_TOKEN, "A public token reads public data only"),
    ],
)
def test_eventbrites_three_secrets_are_distinguished(
    sqlite,
    settings,
    fake_server,
    name,
    monkeypatch,
    key,
    words,
):
    with pytest.raises(errors.AuthenticationFailed) as caught:
        add(sqlite, settings, fake_server, name, key, monkeypatch)
    assert words in caught.value.hint


@pytest.mark.parametrize("name", ["eventbrite"])
def test_an_eventbrite_user_without_an_organisation_is_refused_by_name(
    sqlite,
    settings,
    fake_server,
    name,
    monkeypatch,
):
    fake_server.platform.organisations = ()
    with pytest.raises(errors.AuthenticationFailed) as caught:
        add(sqlite, settings, fake_server, name, fake_server.platform.key, monkeypatch)
    assert caught.value.word == "no-organisation"


@pytest.mark.parametrize("name", ["eventbrite"])
def test_an_expansion_that_fails_is_done_without(
    database,
    settings,
    fake_server,
    name,
):
    from ticketsync.sandbox.faults import HttpResponse

    spoil = fake_server.faults.apply

    def fails(path, answer):
        if "attendees" in expanding and path.endswith("/orders/"):
            expanding.clear()
            body = {"error": "EXPANSION_FAILED", "status_code": 500}
            return HttpResponse(500, json.dumps(body).encode())
        return spoil(path, answer)

    expanding = ["attendees"]
    fake_server.faults.apply = fails
    fake_server.platform.expands = False
    connect(database, name, fake_server.address)
    sync.fetch_listing(database, settings, [])
    adopt(database)
    run(database, settings)
    same(figures(database), expected(fake_server, name))


@pytest.mark.parametrize("name", ["wix"])
def test_a_wix_site_without_the_app_or_with_another_id_is_refused_by_name(
    sqlite,
    settings,
    fake_server,
    name,
    monkeypatch,
):
    key = fake_server.platform.key
    other = "5a1e0000-0000-4000-8000-00000000beef"
    with pytest.raises(errors.UsageError, match="site_id"):
        add(sqlite, settings, fake_server, name, key, monkeypatch, {})
    with pytest.raises(errors.AuthenticationFailed) as caught:
        add(sqlite, settings, fake_server, name, key, monkeypatch, {"site_id": other})
    assert "Check the site id" in caught.value.hint
    fake_server.platform.is_installed = False
    with pytest.raises(errors.AuthenticationFailed) as caught:
        add(sqlite, settings, fake_server, name, key, monkeypatch)
    assert "Install Wix Events" in caught.value.hint


@pytest.mark.parametrize("name", ["humanitix"])
def test_humanitix_asks_every_region_it_was_given(
    sqlite,
    settings,
    fake_server,
    name,
    monkeypatch,
):
    add(
        *(sqlite, settings, fake_server, name, fake_server.platform.key, monkeypatch),
        {"regions": "au, nz"},
    )
    fake_server.log.clear()
    sync.fetch_listing(sqlite, settings, [])
    asked = [target for _, target, _ in fake_server.log]
    assert [t.partition("overrideLocation=")[2][:2] for t in asked] == ["AU", "NZ"]


@pytest.mark.parametrize("name", ["square"])
def test_square_fees_that_come_later_are_unknown_until_then(
    database,
    settings,
    fake_server,
    name,
    frozen,
):
    fake_server.platform.late_fees = True
    set_up(database, settings, fake_server, name)
    run(database, settings)
    assert any(row["fees"] is None for row in figures(database).values())
    fake_server.platform.late_fees = False
    for purchase in fake_server.platform.world.purchases[-10:]:
        purchase.changed_at = fake_server.platform.world.now + 300
    frozen(NOW + timedelta(minutes=10))
    run(database, settings)
    same(figures(database), expected(fake_server, name))


@pytest.mark.parametrize("name", ["humanitix"])
def test_a_first_read_longer_than_one_run_goes_on_where_it_stopped(
    database, settings, fake_server, name
):
    """
    The platform throttles after the first event: the second run does not read it
    again, and the sweep after that reads everything.
    """
    set_up(database, settings, fake_server, name)
    one_by_one = replace(settings, sync=replace(settings.sync, workers=1))
    second = f"/v1/events/{3002:024x}/"
    fake_server.faults.plan(Plan("retry-after:600", second, times=99))
    assert attempt(database, one_by_one).exit_code == 5
    fake_server.faults.clear()
    fake_server.log.clear()
    assert attempt(database, one_by_one).outcome == "success"
    first = f"/v1/events/{3001:024x}/tickets"
    assert not any(first in target for _, target, _ in fake_server.log)
    same(figures(database), expected(fake_server, name))
    fake_server.log.clear()
    assert attempt(database, settings, full=True).outcome == "success"
    assert any(first in target for _, target, _ in fake_server.log)


def test_the_same_box_office_is_not_connected_twice(
    sqlite, settings, fake_server, name, monkeypatch
):
    add(sqlite, settings, fake_server, name, fake_server.platform.key, monkeypatch)
    monkeypatch.setenv("OTHER", fake_server.platform.key)
    with pytest.raises(errors.GuardRefused, match="count every sale twice") as caught:
        connecting.add(
            sqlite,
            settings,
            provider=name,
            name="again",
            base_url=fake_server.address,
            source=SecretSource("env", "OTHER"),
            options=OPTIONS.get(name, {}),
            check=True,
        )
    assert caught.value.exit_code == 7


@pytest.mark.parametrize("name", ["humanitix"])
def test_one_key_for_two_regions_is_two_accounts(
    sqlite, settings, fake_server, name, monkeypatch
):
    key = fake_server.platform.key
    add(sqlite, settings, fake_server, name, key, monkeypatch, {"regions": "AU"})
    connecting.add(
        sqlite,
        settings,
        provider=name,
        name="new-zealand",
        base_url=fake_server.address,
        source=SecretSource("env", "OTHER"),
        options={"regions": "NZ"},
        check=True,
    )
