"""
The main job against a platform that knows the truth, on both databases.
"""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from support import hand_links
from support.database_dump import dump
from support.dates import NOW
from support.ticket_tailor_account import connect, figures, truth

from ticketsync.accounts import edits, state
from ticketsync.catalogue import occurrences
from ticketsync.core import errors
from ticketsync.core.settings.config import AccountSettings, FeeSchedule
from ticketsync.reporting import (
    figures_of_shows,
    run_history,
    sales,
    waiting,
    waiting_records,
)
from ticketsync.sandbox import world
from ticketsync.sandbox.faults import Plan
from ticketsync.store.tables.everything import metadata
from ticketsync.workflows import recompute_figures
from ticketsync.workflows.matching import match
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.replay import replay
from ticketsync.workflows.sync.run import Request


def run(database, settings, **request):
    return sync.sync(database, settings, Request(**request))


def test_the_first_sync_is_the_truth_and_the_second_changes_nothing(
    adopted, settings, sandbox
):
    outcome = run(adopted, settings)

    assert (outcome.outcome, outcome.exit_code) == ("success", 0)
    assert figures(adopted) == truth(sandbox)
    before = dump(adopted)
    again = run(adopted, settings)
    assert again.exit_code == 0
    assert again.results[0].counts.created == again.results[0].counts.updated == 0
    assert dump(adopted) == before


def test_a_second_day_with_refunds_voids_and_a_moved_date(
    synced_once, settings, sandbox, frozen
):
    sandbox.change(world.next_day)
    frozen(NOW + timedelta(hours=23))

    outcome = run(synced_once, settings)

    assert figures(synced_once) == truth(sandbox)
    assert outcome.changes
    assert outcome.notes == (
        "tt lists Orchid & Wire at 2026-10-31 20:00 now; your show, Orchid & Wire, "
        "moved there with it, from 2026-10-31 19:30",
    )


def test_changes_of_old_orders_arrive_with_few_requests(synced_once, settings, sandbox):
    sandbox.log.clear()
    changed = sandbox.change(lambda w: world.change_some(w, 12, 4))

    outcome = run(synced_once, settings)

    assert figures(synced_once) == truth(sandbox)
    assert outcome.results[0].counts.updated == len(changed) == 12
    assert len(sandbox.log) <= 3 + 4


def test_a_refund_that_the_listing_hides_is_found_by_the_sweep(
    synced_once, settings, sandbox, frozen
):
    held = {
        f"ev_{p.id}": {
            "revenue": sandbox.ticket_tailor.sum_revenue(p),
            "total_issued_tickets": sandbox.ticket_tailor.count_issued(p),
        }
        for p in sandbox.world.performances
    }
    sandbox.ticket_tailor.lag = held  # the aggregates stand still
    sandbox.change(lambda w: world.change_some(w, 5, 3))

    run(synced_once, settings)
    missed = figures(synced_once) != truth(sandbox)
    frozen(NOW + timedelta(hours=25))
    run(synced_once, settings)

    assert missed
    assert figures(synced_once) == truth(sandbox)


def test_orders_over_all_windows_and_in_any_order_of_pages_are_the_same(
    adopted, settings, sandbox
):
    settings = replace(settings, sync=replace(settings.sync, workers=7))
    sandbox.latency = 0.002
    run(adopted, settings)
    assert figures(adopted) == truth(sandbox)


def test_only_get_is_ever_sent_and_every_run_has_its_row(adopted, settings, sandbox):
    run(adopted, settings)
    run(adopted, settings)
    assert {method for method, _, _ in sandbox.log} == {"GET"}
    with adopted.read() as connection:
        known = {row.run_id for row in run_history.list_runs(connection)}
    seen = {agent.rpartition("run/")[2] for _, _, agent in sandbox.log}
    assert seen <= known


def test_nothing_changed_costs_almost_no_requests(synced_once, settings, sandbox):
    sandbox.log.clear()
    run(synced_once, settings)
    paths = [target.partition("?")[0] for _, target, _ in sandbox.log]
    assert paths == ["/v1/event_series", "/v1/events", "/v1/orders"]


def test_fees_are_unknown_until_the_venue_states_its_rate(
    synced_once, settings, sandbox
):
    with synced_once.read() as connection:
        assert {f.fees for f in figures_of_shows.figures(connection)} == {None}
        assert {f.net for f in figures_of_shows.figures(connection)} == {None}
    rate = FeeSchedule(per_ticket=Decimal(1), percent=Decimal(2))
    known = replace(settings, accounts={"tt": AccountSettings(fees=(rate,))})

    recompute_figures.rebuild(synced_once, known)

    per_event = {f"ev_{p.id}": 0 for p in sandbox.world.performances}
    for purchase in sandbox.world.purchases:  # by hand: 1.00 a paid ticket, 2 %
        if purchase.was_paid and purchase.total:
            paid = sum(seat.paid > 0 for seat in purchase.seats)
            cents = 100 * paid + (2 * purchase.total + 50) // 100
            per_event[f"ev_{purchase.performance.id}"] += cents
    with synced_once.read() as connection:
        shows = {
            o.show_id: o.provider_occurrence_id
            for o in occurrences.list_occurrences(connection)
        }
        for item in figures_of_shows.figures(connection):
            assert item.fees.minor == per_event[shows[item.show_id]]
            assert item.net == item.gross - item.refunded - item.fees


def test_f22_an_unknown_status_waits_and_its_old_version_counts(
    synced_once, settings, sandbox
):
    before = figures(synced_once)
    fault = 'records:10:status="part_transferred"'
    sandbox.faults.plan(Plan(fault, "/orders", times=99))
    sandbox.change(lambda w: w.changed.clear())

    outcome = run(synced_once, settings, full=True)

    result = outcome.results[0]
    assert (result.outcome, result.exit_code, result.word) == (
        "partial",
        errors.PARTLY,
        "quarantine",
    )
    assert figures(synced_once) == before
    sandbox.faults.clear()
    repaired = run(synced_once, settings)
    assert repaired.exit_code == 0
    with synced_once.read() as connection:
        assert waiting_records.list_quarantined(connection) == []


def test_f23_a_page_that_cannot_be_parsed_saves_nothing(adopted, settings, sandbox):
    sandbox.faults.plan(Plan("records:2:total=[]", "/orders", times=99))

    outcome = run(adopted, settings)

    result = outcome.results[0]
    assert (result.word, result.exit_code) == ("schema-drift", 6)
    with adopted.read() as connection:
        assert list(sales.list_sales(connection)) == []


@pytest.mark.parametrize(("kept", "believed"), [(0, False), (40, False), (60, True)])
def test_f15_a_listing_that_collapsed_is_not_believed(
    synced_once, settings, sandbox, kept, believed
):
    before = figures(synced_once)
    sandbox.faults.plan(Plan(f"drop:{kept}", "/events"))

    outcome = run(synced_once, settings)

    assert (outcome.exit_code == 0) is believed
    if not believed:
        assert outcome.results[0].word == "guard-shrink"
    assert figures(synced_once) == before


@pytest.mark.parametrize(("kept", "believed"), [(0, False), (40, False), (95, True)])
def test_f15_orders_that_collapsed_change_nothing(
    synced_once, settings, sandbox, kept, believed
):
    before = figures(synced_once)
    sandbox.faults.plan(Plan(f"drop:{kept}", "/orders", times=999))

    outcome = run(synced_once, settings, full=True)

    assert figures(synced_once) == before
    words = {result.word for result in outcome.results}
    assert words == ({""} if believed else {"guard-shrink"})


def test_f14_a_date_that_vanished_keeps_its_orders(synced_once, settings, sandbox):
    before = figures(synced_once)
    gone = sandbox.world.performances[-1]
    sandbox.change(lambda w: w.performances.remove(gone))

    outcome = run(synced_once, settings)

    assert figures(synced_once) == before
    (note,) = [it for it in outcome.notes if "no longer listed" in it]
    assert note.startswith(f"tt: {gone.production.title} ")
    sandbox.change(lambda w: w.performances.append(gone))
    run(synced_once, settings)
    with synced_once.read() as connection:
        assert waiting.list_delisted(connection) == []


def test_f27_another_box_office_under_the_same_name_is_refused(
    synced_once, settings, sandbox, monkeypatch
):
    before = dump(synced_once)
    monkeypatch.setattr("ticketsync.sandbox.ticket_tailor.OFFICE", "stranger")
    sandbox.change(lambda w: w.changed.clear())

    outcome = run(synced_once, settings)

    assert (outcome.exit_code, outcome.results[0].word) == (7, "account-changed")
    assert dump(synced_once) == before


def test_wrong_credentials_park_the_account(adopted, settings, monkeypatch):
    monkeypatch.setenv("TT_KEY", "sk_wrong")

    first = run(adopted, settings)
    second = run(adopted, settings)

    assert (first.exit_code, first.results[0].word) == (4, "refused-credentials")
    assert second.results[0].outcome == "skipped-parked"


def test_f87_the_breaker_opens_after_five_failures_and_probes_again(
    adopted, settings, sandbox, frozen
):
    sandbox.faults.plan(Plan("status:400", times=99))
    for _ in range(5):
        assert run(adopted, settings).exit_code == 6
    sandbox.log.clear()

    skipped = run(adopted, settings)
    asked_while_open = len(sandbox.log)
    sandbox.faults.clear()
    frozen(NOW + timedelta(hours=1, seconds=1))
    probe = run(adopted, settings)

    assert (skipped.exit_code, skipped.results[0].outcome) == (11, "skipped-breaker")
    assert asked_while_open == 0
    assert probe.exit_code == 0
    with adopted.read() as connection:
        assert state.get_account(connection, "tt").failures == 0


def test_a_named_account_is_tried_whatever_its_breaker_says(adopted, settings, sandbox):
    sandbox.faults.plan(Plan("status:400", times=5))
    for _ in range(5):
        run(adopted, settings)
    assert run(adopted, settings, names=("tt",)).exit_code == 0


def test_due_accounts_only(synced_once, settings, frozen):
    early = run(synced_once, settings, only_due=True)
    frozen(NOW + timedelta(minutes=15))
    later = run(synced_once, settings, only_due=True)
    assert early.results[0].outcome == "skipped-not-due"
    assert early.exit_code == 0
    assert later.results[0].outcome == "success"


def test_f71_an_account_whose_turn_does_not_come_says_so(adopted, settings, sandbox):
    """
    A run has an end over all accounts; it is a row like any other, and no breaker's
    business.
    """
    soon = replace(settings, sync=replace(settings.sync, run_minutes=0))
    outcome = run(adopted, soon)
    (result,) = outcome.results
    assert (outcome.exit_code, result.word) == (5, "deadline")
    assert sandbox.log == [] or all("orders" not in path for _, path, _ in sandbox.log)
    with adopted.read() as connection:
        assert state.get_account(connection, "tt").failures == 0
        assert run_history.list_runs(connection)[0].word == "deadline"
    assert run(adopted, settings).exit_code == 0


def test_a_paused_account_is_left_out(adopted, settings):
    with adopted.write() as connection:
        edits.set_state(connection, state.get_account(connection, "tt").id, "paused")
    outcome = run(adopted, settings)
    assert outcome.results[0].outcome == "skipped-disabled"


def test_f20_accounts_fail_alone(adopted, settings, sandbox, monkeypatch):
    with adopted.write() as connection:
        edits.add_account(
            connection,
            state.NewAccount(
                "other",
                "ticket_tailor",
                "http://127.0.0.1:9/v1",
                "env",
                "TT_KEY",
                "",
                None,
            ),
            NOW,
        )
    outcome = run(adopted, settings)
    assert outcome.exit_code == errors.PARTLY
    assert {r.account: r.exit_code for r in outcome.results} == {"other": 5, "tt": 0}
    assert figures(adopted) == truth(sandbox)


def test_a_dry_run_says_what_sync_would_do_and_does_nothing(adopted, settings, sandbox):
    before = dump(adopted)

    rehearsed = sync.sync_dry(adopted, settings, Request())

    assert dump(adopted) == before
    real = run(adopted, settings)
    timeless = {"last_synced_at": 0, "last_complete_at": 0}
    assert [c.after.as_json() | timeless for c in rehearsed.changes] == [
        c.after.as_json() | timeless for c in real.changes
    ]


def test_replay_reads_the_stored_records_again(adopted, settings, sandbox):
    run(adopted, settings)
    before = figures(adopted)
    asked = len(sandbox.log)
    with adopted.write() as connection:
        for name in ("ticket_fees", "show_ticket_types", "show_financials"):
            table = metadata.tables[name]
            connection.execute(table.delete())

    outcome = replay(adopted, settings, [])

    assert outcome.exit_code == 0
    assert len(sandbox.log) == asked
    assert figures(adopted) == before
    with adopted.read() as connection:
        newest = run_history.list_runs(connection)[0]
    assert (newest.run_id, newest.outcome) == (outcome.run_id, "success")


def test_f04_what_came_before_a_failure_is_kept_and_not_asked_for_again(
    adopted, settings, sandbox
):
    """
    300 orders are three pages in three windows; all but the first two pages fail.
    """
    slow = replace(settings, sync=replace(settings.sync, workers=1))
    sandbox.faults.plan(Plan("status:503", "/orders", times=99, skip=2))
    failed = run(adopted, slow)
    sandbox.faults.clear()
    sandbox.log.clear()

    resumed = run(adopted, slow)

    assert (failed.exit_code, failed.results[0].counts.created) == (5, 200)
    assert resumed.exit_code == 0
    assert figures(adopted) == truth(sandbox)
    asked = [t for _, t, _ in sandbox.log if t.startswith("/v1/orders?")]
    assert len(asked) == 1


@pytest.mark.parametrize("fault", ["records:1:order_id", "records:1:order_id="])
def test_a_ticket_list_never_takes_the_money_off_an_order(
    synced_once, settings, sandbox, fault
):
    """
    A list that leaves `order_id` out, or empties it for tickets we know in an order.
    """
    before = figures(synced_once)
    sandbox.faults.plan(Plan(fault, "/issued_tickets", times=99))

    run(synced_once, settings, full=True)

    assert figures(synced_once) == before


def test_an_imported_ticket_that_moves_is_missed_where_it_was(
    adopted, settings, sandbox
):
    """
    Another takes its place, so that the listing of the show it left says nothing new.
    """

    def move(there):
        performance, seat = there.tickets_without_order[1]
        elsewhere = there.tickets_without_order[-1][0]
        there.tickets_without_order[1] = elsewhere, seat
        invited = replace(seat, id=there.new_id(), list_price=None)
        there.tickets_without_order.append((performance, invited))

    run(adopted, settings)
    sandbox.change(move)

    run(adopted, settings)
    run(adopted, settings)

    assert figures(adopted) == truth(sandbox)


def test_an_excluded_show_has_no_figures_until_it_is_taken_in_again(
    synced_once, settings, sandbox
):
    before = figures(synced_once)
    with synced_once.read() as connection:
        offer = occurrences.list_occurrences(connection)[0]

    recompute_figures.exclude(
        synced_once, settings, offer.show_id, True, "private hire"
    )
    without = figures(synced_once)
    recompute_figures.exclude(synced_once, settings, offer.show_id, False, "")

    assert set(before) - set(without) == {offer.provider_occurrence_id}
    assert figures(synced_once) == before


def test_unlinking_takes_the_sales_away_and_linking_brings_them_back(
    synced_once, settings
):
    before = figures(synced_once)
    with synced_once.read() as connection:
        offer = occurrences.list_occurrences(connection)[0]

    hand_links.unlink(synced_once, settings, offer.id)
    without = figures(synced_once)
    hand_links.link(synced_once, settings, offer.id, offer.show_id)

    assert offer.provider_occurrence_id not in without
    assert figures(synced_once) == before


def test_what_a_person_took_apart_is_not_put_together_by_the_next_match(
    adopted, settings
):
    with adopted.read() as connection:
        offer = occurrences.list_occurrences(connection)[0]
    hand_links.unlink(adopted, settings, offer.id)
    with adopted.read() as connection:
        plan = match.plan(connection, settings)
    pairs = [(m.occurrence.id, m.show.id) for m in plan.certain]
    assert (offer.id, offer.show_id) not in pairs


def test_no_person_is_stored_unless_asked_for(synced_once, settings, sqlite):
    """
    I11: buyers of the sandbox have addresses at example.com and names Guest N.
    """
    with synced_once.read() as connection:
        tables = metadata.sorted_tables
        text = "".join(
            repr(row) for table in tables for row in connection.execute(table.select())
        )
        from ticketsync.sales import raw_records

        account = state.get_account(connection, "tt").id
        raw = b"".join(
            version.data
            for block in raw_records.read_latest(connection, account, "order")
            for version in block
        )
    assert len(raw) > 100_000
    for canary in ("@example.com", "Guest 1", "Example Street", '"5550'):
        assert canary not in text
        assert canary.encode() not in raw


@pytest.mark.thorough
def test_i26_both_databases_hold_the_same(
    settings, sandbox, sqlite, postgres, tmp_path
):
    from ticketsync.store import engine

    postgres.psql("CREATE DATABASE same;")
    other = engine.create_database(postgres.get_uri(database="same"))
    found = []
    for database in (sqlite, other):
        connect(database, sandbox.url)
        sync.fetch_listing(database, settings, [])
        match.adopt(database, settings)
        run(database, settings)
        found.append(figures(database))
    other.close()
    assert found[0] == found[1] == truth(sandbox)
