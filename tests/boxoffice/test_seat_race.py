"""
F93, F94: never one seat more than there are, and never one less, whatever is ordered
and however many want it at once. Each race is run without its protection, too, where it
must be lost: so we know that it is run at all.
"""

from collections import Counter

import pytest
from support import seat_race
from support.own_box_office import put_on_sale
from support.unprotected import count_only, without_triggers

from ticketsync.store import engine

pytestmark = pytest.mark.on_both_databases

NAMED = {"event-full", "tier-full"}


def quantile(values, part):
    ordered = sorted(values)
    return round(1000 * ordered[min(len(ordered) - 1, int(part * len(ordered)))])


def run_rounds(templates, kind, rounds, buyers):
    """
    Rounds on a database each; what all of them came to.
    """
    found = []
    for number in range(rounds):
        with templates.copied(kind, "empty") as place:
            database = engine.open_database(place)
            office = put_on_sale(database)
            found.append(seat_race.run_round(office, buyers=buyers, seed=number))
            database.close()
    seconds = [s for one in found for s in one.seconds]
    refusals = sum((one.refusals for one in found), Counter())
    print(
        f"{kind}: {rounds} rounds × {buyers} buyers × 10 seats: sold"
        f" {sorted({one.sold for one in found})}, most seen"
        f" {max(one.most_seen for one in found)}, hold p50/p95/p99"
        f" {[quantile(seconds, part) for part in (0.5, 0.95, 0.99)]} ms,"
        f" {dict(refusals)}, {sum(len(one.errors) for one in found)} errors"
    )
    return found


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize(
    ("rounds", "buyers"), [(2, 12), pytest.param(100, 50, marks=pytest.mark.drill)]
)
def test_f93_f94_every_seat_is_sold_once_whatever_is_ordered(
    templates, kind, rounds, buyers
):
    for one in run_rounds(templates, kind, rounds, buyers):
        assert one.errors == []
        assert one.sold == 10
        assert one.most_seen <= 10
        assert set(one.refusals) <= NAMED


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize(
    ("rounds", "buyers"), [(1, 15), pytest.param(10, 50, marks=pytest.mark.drill)]
)
def test_without_its_protection_it_is_oversold(
    templates, monkeypatch, kind, rounds, buyers
):
    oversold = []
    for number in range(rounds):
        count_only(monkeypatch, buyers=11)  # for ten seats
        with templates.copied(kind, "empty") as place:
            database = engine.open_database(place)
            office = put_on_sale(database)
            without_triggers(database)
            found = seat_race.run_round(
                office, buyers=buyers, seed=number, watch=False, all_pay=True
            )
            oversold.append(found.sold)
            database.close()
    print(
        f"{kind} without protection: {oversold} of 10, {len(found.errors)} errors,"
        f" {dict(found.refusals)} {found.errors[:1]}"
    )
    assert min(oversold) > 10
