"""
The sync of our own box office, and what else reads accounts: nothing is fetched, and
what somebody edited is put right.
"""

from datetime import timedelta

import pytest
from sqlalchemy import text
from support.own_box_office import NOW, SHOW, STARTS

from ticketsync.catalogue import occurrences, shows
from ticketsync.core import clock
from ticketsync.reporting import figures_of_shows
from ticketsync.workflows import doctor, integrity_check
from ticketsync.workflows.boxoffice import cancel_and_refund, sell
from ticketsync.workflows.boxoffice.cancel_and_refund import Refund
from ticketsync.workflows.boxoffice.sell import Tender
from ticketsync.workflows.sync import replay
from ticketsync.workflows.sync.run import Request, fetch_listing, sync

pytestmark = pytest.mark.usefixtures("evening")


def run_sync(office, **request):
    outcome = sync(office.database, office.settings, Request(jobs=1, **request))
    assert outcome.exit_code == 0, outcome.results
    return outcome


def checked(office, *, deep=True):
    return integrity_check.check(office.database, office.settings, deep=deep).rows


def gross(office):
    with office.database.read() as connection:
        return [
            f.as_json()["gross"] for f in figures_of_shows.figures(connection, SHOW)
        ]


@pytest.mark.thorough
def test_a_sync_marks_what_has_expired_and_changes_no_figure(office, evening):
    sell.sell(office, SHOW, {"Adult": 2}, Tender("cash"))
    sell.hold(office, SHOW, {"Child": 1})
    evening(NOW + timedelta(minutes=15))
    outcome = run_sync(office)
    (result,) = outcome.results
    assert (result.counts.updated, result.requests, outcome.changes) == (1, 0, ())
    assert outcome.notes == ()
    assert gross(office) == ["110.00"]
    assert run_sync(office).results[0].counts.updated == 0
    assert checked(office) == ()


@pytest.mark.parametrize("request_", [{}, {"shows": ("1",)}, {"full": True}])
@pytest.mark.thorough
def test_edited_orders_and_figures_are_put_right(office, request_):
    sell.sell(office, SHOW, {"Adult": 2}, Tender("cash"))
    if request_:
        run_sync(office)  # the first one compares anyway
    with office.database.write() as connection:
        connection.execute(
            text(
                "UPDATE orders SET charged = 1, content = tickets.code"
                " FROM tickets WHERE tickets.order_id = orders.id"
            )
        )
        connection.execute(text("UPDATE show_financials SET tickets_sold = 99"))
    outcome = run_sync(office, **request_)
    assert "1 order and the figures of 1 show were not as your" in outcome.notes[0]
    assert gross(office) == ["110.00"]
    assert checked(office) == ()


def test_a_deep_check_finds_an_edited_order_and_a_replay_puts_it_right(office):
    sold = sell.sell(office, SHOW, {"Adult": 2}, Tender("cash")).order.reference
    cancel_and_refund.refund(office, sold, Refund(tickets=[1]), "ill")
    with office.database.write() as connection:
        connection.execute(text("UPDATE tickets SET is_sold = 1 WHERE is_sold = 0"))
    assert any(f"ticket {sold}-1: is_sold is 1" in row for row in checked(office))
    outcome = replay.replay(office.database, office.settings, [])
    assert [r.counts.updated for r in outcome.results] == [1]
    assert checked(office) == ()
    assert (
        replay.replay(office.database, office.settings, []).results[0].counts.updated
        == 0
    )


def test_a_lost_order_is_missing_until_a_replay(office):
    sold = sell.sell(office, SHOW, {"Adult": 1}, Tender("cash")).order.reference
    with office.database.write() as connection:
        for statement in ("DELETE FROM tickets", "DELETE FROM orders"):
            connection.execute(text(statement))
    assert f"boxoffice: order {sold}: is missing" in checked(office)
    replay.replay(office.database, office.settings, [])
    assert gross(office) == ["55.00"]
    assert checked(office) == ()


def test_refunds_at_several_times_are_derived_again(office, evening):
    sold = sell.sell(office, SHOW, {"Adult": 3}, Tender("cash")).order.reference
    for minutes in (5, 9):
        evening(NOW + timedelta(minutes=minutes))
        wanted = Refund(tickets=[minutes // 5 + minutes // 9])
        cancel_and_refund.refund(office, sold, wanted, "ill")
    assert checked(office) == ()


def test_fetching_the_listing_follows_a_show_that_was_moved(office):
    later = STARTS + timedelta(hours=1)
    with office.database.write() as connection:
        show = shows.get_show(connection, SHOW)
        connection.execute(
            text("UPDATE shows SET starts_at = :at, starts_local = '2026-11-27 20:30'"),
            {"at": clock.iso(later)},
        )
    results, _ = fetch_listing(office.database, office.settings, [])
    assert [r.exit_code for r in results] == [0]
    with office.database.read() as connection:
        (listed,) = occurrences.list_occurrences(connection)
    assert (listed.starts_at, listed.gone_since) == (later, None)
    assert show.starts_at == STARTS


def test_the_doctor_finds_nothing_wrong_and_asks_nobody(office):
    run_sync(office)
    found = [
        item
        for item in doctor.examine(lambda: office.settings, lambda: office.database)
        if item.section.startswith("account")
    ]
    assert [item.state for item in found] == ["ok"] * len(found)
    assert any("tickets can be signed; 1 show on sale" in item.text for item in found)
