"""
Every platform of the sandbox sells the same seats.
"""

from collections import Counter
from datetime import date

import pytest

from ticketsync.sandbox import platforms, world
from ticketsync.sandbox.room import Room

DAYS = [date(2026, 9, 1), date(2026, 11, 26), date(2027, 3, 1)]


def fullest(worlds):
    """
    Sold tickets over all worlds divided by the seats, for the fullest performance.
    """
    sold, seats = Counter(), {}
    for each in worlds:
        for performance in each.performances:
            seats[performance.id] = performance.production.capacity
        for purchase in each.purchases:
            for seat in purchase.seats:
                if purchase.state == "completed" and not seat.is_void:
                    sold[(seat.swapped_to or purchase.performance).id] += 1
        for performance, seat in each.tickets_without_order:
            sold[performance.id] += not seat.is_void
    return max(sold[id_] / seats[id_] for id_ in sold)


def season(today, orders, shares_seats):
    """
    The worlds of Ticket Tailor and the other platforms, each with that many orders.
    """
    first = world.build(today=today, orders=orders)
    others = platforms.build_others(
        today=today, orders=orders, shares_seats_with=first if shares_seats else None
    )
    return [first, *(platform.world for platform in others)]


@pytest.mark.parametrize("today", DAYS)
def test_no_performance_is_sold_twice(today):
    """
    Five platforms with 500 orders each want more seats of some nights than there are.
    """
    worlds = season(today, 500, shares_seats=True)
    assert fullest(worlds) <= 1
    for _ in range(5):
        for each in worlds:
            world.next_day(each)
        assert fullest(worlds) <= 1


def test_control_without_a_shared_room_they_oversell():
    assert fullest(season(DAYS[0], 500, shares_seats=False)) > 1


def test_a_large_season_fits_its_shows_without_losing_an_order():
    built = world.build(today=DAYS[0], orders=5000)
    assert len(built.purchases) == 5000
    assert fullest([built]) <= 1


def test_buyers_of_a_sold_out_night_choose_another():
    built = world.build(today=DAYS[0], orders=10)
    first, second, third = built.performances[:3]
    room = Room()
    assert room.find_with_room(first, [second]) is first
    room.take(first, first.production.capacity - 3)
    room.take(second, second.production.capacity + 10)
    assert room.free_seats(first) == 3
    assert room.free_seats(second) == 0
    assert room.find_with_room(first, [second, third]) is third
    assert room.find_with_room(first, [second]) is first
