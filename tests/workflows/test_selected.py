"""
`sync --show` and `sync --event`: only their orders are read, now, and the rest of the
account stays as its last complete read left it.
"""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select
from support import hand_links, ticket_tailor_account
from support.dates import NOW, TODAY
from support.platform_accounts import expected, figures, key_of, run, same

from ticketsync.accounts import bookmarks, edits, state, streams
from ticketsync.catalogue import occurrences, selection, shows
from ticketsync.core import clock, errors
from ticketsync.reporting import (
    figures_of_shows,
    run_history,
    waiting_records,
)
from ticketsync.sandbox import platforms, server, world
from ticketsync.sandbox.faults import Plan
from ticketsync.store.tables.accounts import sync_runs
from ticketsync.store.tables.catalogue import show_links
from ticketsync.webhooks import inbox
from ticketsync.workflows import waiting as all_waiting
from ticketsync.workflows.matching import match
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.run import Request
from ticketsync.workflows.webhooks import delivery_processing

LATER = NOW + timedelta(seconds=600)
MONEY = ("gross", "refunded", "tickets_sold", "checked_in")

# Which requests list orders, and how each says of what: by the platforms' documents.
ORDER_LISTS = {
    "eventbrite": r"/events/(\d+)/orders/",
    "humanitix": r"/events/([0-9a-f]+)/(?:orders|tickets)\b",
    "wix": r"/orders\?.*\beventId=([0-9a-f-]+)",
}


def change(fake_server, frozen, number=12):
    """
    Ten minutes pass in which old orders change.
    """
    fake_platform = fake_server.platform
    fake_platform.world.now += 600
    frozen(LATER)
    world.change_some(fake_platform.world, number, 6)
    fake_platform.invalidate()
    fake_server.log.clear()


def changed_date(database, fake_server, name):
    """
    A linked occurrence with other figures on the platform than with us.
    """
    ours, truth = figures(database), expected(fake_server, name)
    with database.read() as connection:
        return next(
            occurrence
            for occurrence in occurrences.list_occurrences(connection)
            if (key := key_of(occurrence)) in ours
            and any(ours[key][n] != truth[key][n] for n in MONEY)
        )


def attempt(database, settings, **request):
    return sync.sync(database, settings, Request(**request))


def marks(database):
    """
    The bookmarks that say how far everything was read.
    """
    with database.read() as connection:
        return {
            stream: bookmarks.get_bookmarks(connection, 1, stream)
            for stream in (
                *(streams.NEWEST, streams.CHANGED, streams.SWEPT),
                *(streams.UNFINISHED, streams.READ_ALL),
            )
        }


def freshness(database):
    with database.read() as connection:
        return run_history.list_freshness(connection, clock.now())


@pytest.mark.parametrize("by", ["show", "event"])
@pytest.mark.sampled(4)
def test_only_what_was_asked_for_is_read_and_equals_a_full_sync(
    synced, settings, fake_server, name, frozen, by
):
    change(fake_server, frozen)
    date = changed_date(synced, fake_server, name)
    before, held, healthy = figures(synced), marks(synced), freshness(synced)
    asked = {
        "show": {"shows": (str(date.show_id),)},
        "event": {"events": (date.provider_occurrence_id,)},
    }[by]

    outcome = attempt(synced, settings, **asked)

    assert outcome.exit_code == 0
    after, truth = figures(synced), expected(fake_server, name)
    if by == "show" or name != "square":  # a thing there is one ticket type of a show
        assert after[key_of(date)] == truth[key_of(date)]
    with synced.read() as connection:
        # Humanitix lists the orders of a whole event.
        kin = {
            key_of(o)
            for o in occurrences.list_occurrences(connection)
            if o.provider_event_id == date.provider_event_id
        }
    others = before.keys() - (kin if name == "humanitix" else {key_of(date)})
    assert {k: after[k] for k in others} == {k: before[k] for k in others}
    if name in ORDER_LISTS:
        lists = [line for _, line, _ in fake_server.log if "orders" in line]
        about = {re.search(ORDER_LISTS[name], line).group(1) for line in lists}
        is_whole = name == "humanitix"
        assert about == {
            date.provider_event_id if is_whole else date.provider_occurrence_id
        }
    assert marks(synced) == held
    assert freshness(synced) == healthy
    with synced.read() as connection:
        row = connection.execute(
            select(sync_runs).order_by(sync_runs.c.id.desc()).limit(1)
        ).one()
    assert (row.kind, row.swept, row.outcome) == ("manual", False, "success")
    run(synced, settings)
    same(figures(synced), truth)


def test_of_200_orders_only_one_events_are_read_whatever_the_fingerprint_says(
    synced_once, settings, sandbox
):
    with synced_once.read() as connection:
        date = next(
            o for o in occurrences.list_occurrences(connection) if (o.ordered or 0) > 1
        )
    sandbox.log.clear()

    outcome = attempt(synced_once, settings, events=(str(date.id),))

    lists = [line for _, line, _ in sandbox.log if "/orders" in line]
    assert len(lists) == 1
    assert f"event_id={date.provider_occurrence_id}" in lists[0]
    (result,) = outcome.results
    assert result.counts.processed == result.counts.unchanged == date.ordered
    assert result.requests == len(sandbox.log)
    # What did not change keeps its marks: the next run does not read it again.
    sandbox.log.clear()
    attempt(synced_once, settings)
    assert not any("event_id=" in line for _, line, _ in sandbox.log)


def test_their_id_of_an_event_stands_for_all_its_dates(synced_once, settings, sandbox):
    with synced_once.read() as connection:
        found = occurrences.list_occurrences(connection)
    theirs = found[0].provider_event_id
    dates = {o.provider_occurrence_id for o in found if o.provider_event_id == theirs}
    sandbox.log.clear()

    attempt(synced_once, settings, events=(theirs,))

    read = {
        id_
        for _, line, _ in sandbox.log
        for id_ in re.findall(r"/orders\?.*event_id=(\w+)", line)
    }
    assert read == dates


def test_a_read_of_a_part_dates_the_figures_and_not_the_last_complete_read(
    synced_once, settings, sandbox, frozen
):
    with synced_once.read() as connection:
        date = next(
            o for o in occurrences.list_occurrences(connection) if (o.ordered or 0) > 1
        )
    frozen(LATER)
    attempt(synced_once, settings, shows=(str(date.show_id),))

    with synced_once.read() as connection:
        found = figures_of_shows.figures(connection)
    read_now = {f.show_id for f in found if f.last_synced_at == LATER}
    assert read_now == {date.show_id}
    assert {f.last_complete_at for f in found} == {NOW}
    assert {f.last_synced_at for f in found} == {NOW, LATER}
    assert list(found[0].as_json())[23:25] == ["last_synced_at", "last_complete_at"]


def test_f15_orders_that_collapsed_are_not_believed_here_either(
    synced_once, settings, sandbox
):
    before = ticket_tailor_account.figures(synced_once)
    with synced_once.read() as connection:
        date = max(
            occurrences.list_occurrences(connection), key=lambda o: o.ordered or 0
        )
    assert date.ordered > 5
    sandbox.faults.plan(Plan("drop:20", "/orders", times=999))

    outcome = attempt(synced_once, settings, shows=(str(date.show_id),))

    assert [r.word for r in outcome.results] == ["guard-shrink"]
    assert ticket_tailor_account.figures(synced_once) == before
    with synced_once.read() as connection:
        status = connection.scalar(
            select(show_links.c.status).where(show_links.c.occurrence_id == date.id)
        )
    assert status == "error"
    sandbox.faults.clear()
    assert attempt(synced_once, settings).exit_code == 0


def test_f22_what_cannot_be_parsed_is_quarantined_here_too(
    synced_once, settings, sandbox
):
    with synced_once.read() as connection:
        date = max(
            occurrences.list_occurrences(connection), key=lambda o: o.ordered or 0
        )
    fault = 'records:10:status="part_transferred"'
    sandbox.faults.plan(Plan(fault, "/orders", times=99))

    outcome = attempt(synced_once, settings, shows=(str(date.show_id),))

    (result,) = outcome.results
    assert (result.outcome, result.word) == ("partial", "quarantine")
    sandbox.faults.clear()
    assert attempt(synced_once, settings).exit_code == 0
    with synced_once.read() as connection:
        assert waiting_records.list_quarantined(connection) == []


def test_what_a_person_dismissed_makes_no_read_of_a_part_partial(
    synced_once, settings, sandbox
):
    """
    Neither one of a show nor one of an order that a webhook names.
    """
    with synced_once.read() as connection:
        date = max(
            occurrences.list_occurrences(connection), key=lambda o: o.ordered or 0
        )
    sandbox.faults.plan(
        Plan('records:1:status="part_transferred"', "/orders", times=99)
    )
    show = (str(date.show_id),)
    assert attempt(synced_once, settings, shows=show).exit_code == 3

    all_waiting.dismiss(synced_once, settings, ["quarantine:tt"])
    assert attempt(synced_once, settings, shows=show).exit_code == 0

    with synced_once.read() as connection:
        (_, order, _), *_ = waiting_records.list_quarantined(connection)
    # The fault spoils an order that is read by itself otherwise.
    assert read_by_webhook(synced_once, settings, order, "first") == "partial"
    all_waiting.dismiss(synced_once, settings, ["quarantine:tt"])
    assert read_by_webhook(synced_once, settings, order, "again") == "success"
    with synced_once.read() as connection:
        assert waiting_records.list_quarantined(connection) != []


def read_by_webhook(database, settings, order, key):
    hint = inbox.NewDelivery(1, key, "ORDER.UPDATED", "order", "received", order)
    with database.write() as connection:
        inbox.store(connection, [hint], NOW)
    (result,) = delivery_processing.process_deliveries(database, settings).results
    return result.outcome


def test_a_failure_leaves_everything_to_the_next_run(synced_once, settings, sandbox):
    sandbox.change(world.next_day)
    with synced_once.read() as connection:
        date = occurrences.list_occurrences(connection)[0]
    sandbox.faults.plan(Plan("status:500", "/orders", times=99))

    outcome = attempt(synced_once, settings, shows=(str(date.show_id),))

    assert outcome.exit_code == 5
    sandbox.faults.clear()
    attempt(synced_once, settings)
    assert ticket_tailor_account.figures(synced_once) == ticket_tailor_account.truth(
        sandbox
    )


@pytest.fixture
def two_platforms(sqlite, settings, frozen, monkeypatch):
    """
    One show that sells on Ticket Tailor and on Eventbrite.
    """
    (other,) = platforms.build_others(today=TODAY, orders=60, names=["eventbrite"])
    sandbox = server.Sandbox(world.build(today=TODAY, orders=60), others=(other,))
    sandbox.clock = lambda: clock.now().timestamp()
    monkeypatch.setenv("TT_KEY", sandbox.key)
    monkeypatch.setenv("EB_KEY", other.key)
    with server.serving(sandbox) as sandbox.address:
        ticket_tailor_account.connect(sqlite, sandbox.address)
        address = sandbox.url(sandbox.address, "eventbrite")
        with sqlite.write() as connection:
            new = state.NewAccount(
                *("eb", "eventbrite", address),
                *("env", "EB_KEY", "", None),
            )
            edits.add_account(connection, new, clock.now())
        sync.fetch_listing(sqlite, settings, [])
        match.adopt(sqlite, settings)
        yield sqlite, sandbox


def test_a_show_is_read_from_all_its_accounts_or_from_those_named(
    two_platforms, settings
):
    database, _ = two_platforms
    with database.read() as connection:
        found = occurrences.list_occurrences(connection)
    ours = next(o for o in found if o.account == "tt")
    theirs = next(o for o in found if o.account == "eb")
    hand_links.unlink(database, settings, theirs.id)
    hand_links.link(database, settings, theirs.id, ours.show_id)
    show = str(ours.show_id)

    both = attempt(database, settings, shows=(show,))
    one = attempt(database, settings, shows=(show,), names=("eb",))

    assert [r.account for r in both.results] == ["eb", "tt"]
    assert [r.account for r in one.results] == ["eb"]
    other = next(o for o in found if o.account == "tt" and o.id != ours.id)
    with pytest.raises(errors.UsageError, match="No date of 'eb' is linked to"):
        attempt(database, settings, shows=(str(other.show_id),), names=("eb",))


def test_a_link_that_is_off_is_not_read_and_says_so(synced_once, settings, sandbox):
    with synced_once.read() as connection:
        date = occurrences.list_occurrences(connection)[0]
    with synced_once.write() as connection:
        off = show_links.update().where(show_links.c.occurrence_id == date.id)
        connection.execute(off.values(sync_enabled=False))
    sandbox.log.clear()

    outcome = attempt(synced_once, settings, events=(str(date.id),))

    (note,) = outcome.notes
    assert note.startswith(f"tt: orders of {date.name}")
    assert note.endswith("are not read: its link is off")
    assert not any("/orders" in line for _, line, _ in sandbox.log)
    with pytest.raises(errors.UsageError, match=r"switched off: .* is off") as caught:
        attempt(synced_once, settings, shows=(str(date.show_id),))
    assert caught.value.word == "nothing-feeds"
    assert f"`ticketsync link set {date.id} --sync`" in caught.value.hint


@pytest.mark.parametrize("level", ["event", "production"])
def test_a_show_whose_links_are_off_says_how_to_switch_them_on(
    synced_once, settings, level
):
    with synced_once.read() as connection:
        date = occurrences.list_occurrences(connection)[0]
        event = selection.find_event(connection, date.provider_event_id)
    chosen = {"enabled": False, "ticket_sales": None}
    if level == "event":
        match.configure_event(synced_once, settings, event, **chosen, types={})
        option = f"--event {date.provider_event_id}"
    else:
        match.configure_production(synced_once, settings, event.production, **chosen)
        option = f"--production '{event.production}'"

    with pytest.raises(errors.UsageError, match=f"for the whole {level}") as caught:
        attempt(synced_once, settings, shows=(str(date.show_id),))

    assert f"`ticketsync link set {option} --sync`" in caught.value.hint


def test_an_event_of_another_account_is_said_to_be_there(two_platforms, settings):
    database, _ = two_platforms
    with database.read() as connection:
        found = occurrences.list_occurrences(connection)
    theirs = next(o.provider_event_id for o in found if o.account == "tt")

    with pytest.raises(errors.NotFound, match=f"'eb' has no .*{theirs}.*'tt' has"):
        attempt(database, settings, names=("eb",), events=(theirs,))
    with pytest.raises(errors.NotFound, match=r"No listing of 'eb' has .*'es_none'"):
        attempt(database, settings, names=("eb",), events=("es_none",))


def test_a_dry_run_of_a_part_changes_nothing(synced_once, settings, sandbox):
    sandbox.change(world.next_day)
    before = ticket_tailor_account.figures(synced_once)
    with synced_once.read() as connection:
        date = max(
            occurrences.list_occurrences(connection), key=lambda o: o.ordered or 0
        )

    outcome = sync.sync_dry(synced_once, settings, Request(shows=(str(date.show_id),)))

    assert [c.either.show_id for c in outcome.changes] in ([], [date.show_id])
    assert ticket_tailor_account.figures(synced_once) == before


def test_a_webhook_dates_the_figures_of_its_show_only(
    synced_once, settings, sandbox, frozen
):
    purchase = sandbox.world.purchases[0]
    date = f"ev_{purchase.performance.id}"
    hint = inbox.NewDelivery(
        1, "wh_1", "ORDER.UPDATED", "order", "received", f"or_{purchase.id}"
    )
    with synced_once.write() as connection:
        inbox.store(connection, [hint], NOW)
        (show,) = {
            o.show_id
            for o in occurrences.list_occurrences(connection)
            if o.provider_occurrence_id == date
        }
    frozen(LATER)

    delivery_processing.process_deliveries(synced_once, settings)

    with synced_once.read() as connection:
        found = figures_of_shows.figures(connection)
    assert {f.show_id for f in found if f.last_synced_at == LATER} == {show}
    assert {f.last_complete_at for f in found} == {NOW}


def test_an_unfinished_run_dates_what_it_read_whole(
    synced_once, settings, sandbox, frozen
):
    with synced_once.write() as connection:  # so that each date is read by itself
        bookmarks.delete_bookmarks(connection, 1, [streams.READ])
    frozen(LATER)
    sandbox.faults.plan(Plan("status:500", "/orders", times=99, skip=9))

    outcome = attempt(synced_once, settings)

    assert outcome.exit_code == 5
    with synced_once.read() as connection:
        found = figures_of_shows.figures(connection)
    read_now = {f.show_id for f in found if f.last_synced_at == LATER}
    assert 0 < len(read_now) <= 9
    assert {f.last_complete_at for f in found} == {NOW}
    sandbox.faults.clear()
    attempt(synced_once, settings)
    with synced_once.read() as connection:
        found = figures_of_shows.figures(connection)
    assert {(f.last_synced_at, f.last_complete_at) for f in found} == {(LATER, LATER)}


RECIPE = """\
platform: The Other Place
timezone: Australia/Sydney
currency: AUD
columns: {order: Booking, event: Show, date: Date, time: Time, total: Paid}
formats: {date: "%d/%m/%Y", time: "%H:%M"}
"""
REPORT = """\
Booking,Show,Date,Time,Paid
A1,Late Laughs,04/10/2026,19:30,80.00
A2,Late Laughs,05/10/2026,19:30,40.00
"""


def test_files_are_read_again_and_only_these_rows_are_saved(
    sqlite, settings, frozen, tmp_path
):
    reports = tmp_path / "reports"
    reports.mkdir()
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    (reports / "september.csv").write_text(REPORT)
    options = {"recipe": str(tmp_path / "recipe.yaml"), "watch": str(reports)}
    with sqlite.write() as connection:
        shows.add_venue(connection, "The Lantern Room", "Australia/Sydney", "AUD")
        new = state.NewAccount("other", "file", None, "none", "", "", None, options)
        edits.add_account(connection, new, clock.now())
    sync.fetch_listing(sqlite, settings, [])
    match.adopt(sqlite, settings)
    with sqlite.read() as connection:
        first, second = occurrences.list_occurrences(connection)

    outcome = attempt(sqlite, settings, shows=(str(first.show_id),))

    assert outcome.exit_code == 0, outcome.results
    with sqlite.read() as connection:
        gross = {f.show_id: f.gross.minor for f in figures_of_shows.figures(connection)}
    assert gross == {first.show_id: 8000, second.show_id: 0}
    attempt(sqlite, settings, events=(second.provider_occurrence_id,))
    with sqlite.read() as connection:
        gross = {f.show_id: f.gross.minor for f in figures_of_shows.figures(connection)}
    assert gross == {first.show_id: 8000, second.show_id: 4000}
