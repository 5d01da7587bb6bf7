"""
A refund that was read keeps its day, whatever happens to its order afterwards.
"""

import csv
import io
import json
from datetime import timedelta

import pytest
from sqlalchemy import text
from support import commands_here
from support.dates import NOW

from ticketsync.sandbox import world
from ticketsync.workflows.door import checkin
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.replay import replay as replay_accounts
from ticketsync.workflows.sync.run import Request


def run(database, settings, **request):
    outcome = sync.sync(database, settings, Request(**request))
    assert outcome.exit_code == 0, outcome.results


def rows(database):
    """
    Every refund as it is stored, with the number of its row.
    """
    with database.read() as connection:
        found = connection.execute(text("SELECT * FROM refunds ORDER BY id"))
        return [tuple(row) for row in found]


def sums(database):
    """
    Σ movements beside what the orders say.
    """
    with database.read() as connection:
        return [
            int(connection.execute(text(query)).scalar() or 0)
            for query in (
                "SELECT SUM(amount) FROM refunds",
                "SELECT SUM(refunded) FROM orders",
            )
        ]


@pytest.fixture
def refunded(synced_once, settings, sandbox, frozen):
    """
    An order with two valid tickets that we held is refunded on the second day; valid
    tickets stay, so that its guests can still come.
    """
    purchase = next(
        p
        for p in sandbox.world.purchases
        if p.was_paid and p.total > 1000 and not p.refunded and len(p.seats) > 1
    )
    sandbox.change(lambda w: world.refund_small_amount(w, purchase))
    frozen(NOW + timedelta(days=1))
    run(synced_once, settings, full=True)
    synced_once.purchase = purchase
    return synced_once


def of_purchase(database):
    id_ = f"or_{database.purchase.id}"
    return [row for row in rows(database) if id_ in row]


def test_the_refund_is_dated_by_the_day_it_was_seen(refunded):
    """
    Read on 2 September at 10:00 in Sydney.
    """
    (row,) = of_purchase(refunded)
    assert {"2026-09-02", "seen", 1} <= set(row)
    ours, theirs = sums(refunded)
    assert ours == theirs > 0


def check_in_on_the_platform(database, sandbox, settings):
    def arrive(built):
        for seat in database.purchase.seats:
            seat.is_checked_in = True

    sandbox.change(arrive)
    run(database, settings, full=True)
    with database.read() as connection:
        count = connection.execute(
            text(
                "SELECT COUNT(*) FROM tickets t JOIN orders o ON o.id = t.order_id "
                "WHERE o.provider_id = :id AND t.is_checked_in = 1"
            ),
            {"id": f"or_{database.purchase.id}"},
        )
        assert count.scalar()  # the change arrived


def check_in_at_our_door(database, sandbox, settings):
    with database.read() as connection:
        ticket, show = connection.execute(
            text(
                "SELECT t.provider_id, l.show_id FROM tickets t "
                "JOIN orders o ON o.id = t.order_id "
                "JOIN show_links l ON l.occurrence_id = t.occurrence_id "
                "WHERE o.provider_id = :id"
            ),
            {"id": f"or_{database.purchase.id}"},
        ).first()
    checkin.admit(database, checkin.find_scan_point(database, str(show)), ticket)


def replay(database, sandbox, settings):
    replay_accounts(database, settings, [])


def full(database, sandbox, settings):
    run(database, settings, full=True)


def forgotten(database, sandbox, settings):
    """
    Every order is taken for changed, as after a change of what is read of it.
    """
    with database.write() as connection:
        empty = "x''" if database.dialect == "sqlite" else "''::bytea"
        connection.execute(text(f"UPDATE orders SET content = {empty}"))
    run(database, settings, full=True)


@pytest.mark.parametrize(
    "happens",
    [check_in_on_the_platform, check_in_at_our_door, replay, full, forgotten],
)
@pytest.mark.sampled(4)
def test_nothing_that_happens_later_moves_a_refund(
    refunded, sandbox, settings, frozen, happens
):
    before = rows(refunded)
    assert before
    frozen(NOW + timedelta(days=40))
    happens(refunded, sandbox, settings)
    assert rows(refunded) == before


def test_a_second_refund_of_the_order_is_a_second_movement(
    refunded, sandbox, settings, frozen
):
    (first,) = of_purchase(refunded)
    frozen(NOW + timedelta(days=40))
    sandbox.change(lambda w: world.refund_all(w, refunded.purchase))
    run(refunded, settings, full=True)
    found = of_purchase(refunded)
    assert found[0] == first
    (second,) = found[1:]
    # The whole price is 10.00 or more above what went back before; its tickets are
    # not void, so the day is the one on which it was seen: 11 October in Sydney.
    assert {"2026-10-11", "seen", 2} <= set(second)
    ours, theirs = sums(refunded)
    assert ours == theirs


def test_the_export_has_day_basis_and_amount(ready, settings, monkeypatch, capsys):
    """
    The columns that were there stay in their places.
    """

    def command(*arguments):
        return commands_here.run(monkeypatch, capsys, *arguments).out

    command("sync", "--quiet")
    found = list(csv.reader(io.StringIO(command("export", "refunds"))))
    assert found[0] == [
        *("account", "order_id", "placed_at", "show_id", "production", "starts_at"),
        *("currency", "charged", "amount", "first_seen_at"),
        *("on_day", "basis", "refunded_at", "refund_id", "number", "starts_local"),
        *("kind", "face", "buyer_fee", "tax"),
    ]
    lines = json.loads(command("export", "refunds", "--format", "json"))
    assert len(lines) == len(found) - 1 > 0
    for line in lines:  # what was refunded at the first read has no other day
        assert line["basis"] in ("assumed", "void")
        if line["basis"] == "assumed":
            assert line["on_day"] <= line["first_seen_at"][:10]
        assert line["refunded_at"] is None
