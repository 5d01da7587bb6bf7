"""
What the fake platforms have on sale, as it is stored: equal to their truth, with a step
for each price; and what orders name of it. Changes are made at the venue.
"""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from support.database_dump import dump
from support.dates import NOW, TODAY
from support.platform_accounts import expected, figures, run, same, set_up
from support.sandbox_providers import fake_platform

from ticketsync.catalogue import occurrences, ticket_types
from ticketsync.core import clock
from ticketsync.sandbox import server, world
from ticketsync.sandbox.types_on_sale import change_price, offer, types_on_sale
from ticketsync.store.tables.sales import orders, tickets
from ticketsync.workflows.sync.replay import replay

ADULT = 7001  # Late Laughs, sold on each of these platforms
LATER = timedelta(hours=1)
TYPE_ID = {
    "ticket_tailor": lambda kind: f"tt_{kind.id}",
    "humanitix": lambda kind: f"{kind.id:024x}",
    "square": lambda kind: f"V{kind.event_id[1:]}-{kind.id}",
}


@pytest.fixture(params=tuple(TYPE_ID))
def name(request):
    return request.param


@pytest.fixture
def fake_server(name, frozen, monkeypatch):
    platform = fake_platform(name, 120)
    is_first = name == "ticket_tailor"
    sandbox = server.Sandbox(
        platform.world if is_first else world.build(today=TODAY, orders=10),
        others=() if is_first else (platform,),
    )
    sandbox.clock = lambda: clock.now().timestamp()
    sandbox.platform = sandbox.platforms[name]
    monkeypatch.setenv("KEY", platform.key)
    with server.serving(sandbox) as address:
        sandbox.address = sandbox.url(address, name)
        yield sandbox


@pytest.fixture
def synced(database, settings, fake_server, name):
    set_up(database, settings, fake_server, name, is_read=True, world="types")
    return database


@pytest.fixture
def later(fake_server, settings, synced, frozen):
    """
    `with later(1) as world` changes the venue an hour after the first read; then the
    account is read again.
    """

    @contextmanager
    def after(hours):
        venue = fake_server.platform.world
        venue.now += 3600 * hours
        yield venue
        fake_server.platform.invalidate()
        frozen(NOW + hours * LATER)
        run(synced, settings)

    return after


def stored(database):
    """
    The ticket types of the venue's shows; Square also sells wine.
    """
    with database.read() as connection:
        return [
            kind
            for kind in ticket_types.list_ticket_types(connection)
            if kind.name != "Glass"
        ]


def true_types(fake_server, name):
    """
    (date, type) → what the platform says of it by its own documents: how many are sold
    and left is known of Ticket Tailor only.
    """
    found = {}
    for kind in types_on_sale(fake_server.platform.world):
        counts = (kind.quantity, kind.sold, kind.left)
        status = "sold_out" if name == "ticket_tailor" and not kind.left else "on_sale"
        id_ = TYPE_ID[name](kind)
        found[id_ if name == "square" else kind.event_id, id_] = (
            kind.price,
            kind.currency,
            status,
            *(counts if name == "ticket_tailor" else (None, None, None)),
        )
    return found


def held_types(database):
    return {
        (kind.provider_occurrence_id, kind.provider_id): (
            kind.price,
            kind.currency,
            kind.status,
            kind.quantity,
            kind.sold,
            kind.available,
        )
        for kind in stored(database)
        if kind.gone_since is None
    }


def is_adult(kind):
    id_ = kind.provider_id
    return id_ == f"tt_{ADULT}" or id_.endswith((f"-{ADULT}", f"0{ADULT:x}"))


@pytest.mark.sampled(4)
def test_stored_types_are_the_truth(synced, fake_server, name):
    assert held_types(synced) == true_types(fake_server, name)
    assert any(kind.price == 3900 for kind in stored(synced))
    assert all(
        [(step.seen_at, step.price) for step in kind.prices] == [(NOW, kind.price)]
        for kind in stored(synced)
    )


@pytest.mark.thorough
def test_they_are_the_truth_again_after_a_day_of_sales(
    synced, settings, fake_server, name, frozen
):
    world.next_day(fake_server.platform.world)
    fake_server.platform.invalidate()
    frozen(NOW + timedelta(days=1))
    run(synced, settings)
    assert held_types(synced) == true_types(fake_server, name)
    if name == "ticket_tailor":
        assert sum(kind.sold for kind in stored(synced)) > 0


def test_a_price_that_changed_mid_sale_has_two_steps(synced, later, fake_server, name):
    with later(1) as venue:
        change_price(venue, ADULT, 4250)
    assert held_types(synced) == true_types(fake_server, name)
    for kind in stored(synced):
        steps = [(step.seen_at, step.price) for step in kind.prices]
        if is_adult(kind):
            assert steps == [(NOW, 3900), (NOW + LATER, 4250)]
        else:
            assert steps == [(NOW, kind.price)]
    assert sum(map(is_adult, stored(synced))) > 5
    same(figures(synced), expected(fake_server, name))  # what was sold stays


def test_new_sales_at_another_price_are_the_truth(synced, later, fake_server, name):
    with later(1) as venue:
        change_price(venue, ADULT, 4250)
        start, ahead = venue.now - 600, venue.performances[-6:]
        for performance in ahead:
            for _ in range(3):
                world.add_sale(venue, performance, between=(start, venue.now))
    assert any(
        seat.ticket_type.price == 4250
        for purchase in fake_server.platform.world.purchases
        for seat in purchase.seats
    )
    same(figures(synced), expected(fake_server, name))
    assert held_types(synced) == true_types(fake_server, name)


def test_nothing_changed_is_nothing_written(synced, settings, fake_server, frozen):
    before = dump(synced)
    fake_server.log.clear()
    run(synced, settings)
    requests = len(fake_server.log)
    frozen(NOW + LATER)
    fake_server.log.clear()
    run(synced, settings)
    assert len(fake_server.log) == requests
    after = dump(synced)
    for table in ("ticket_types", "ticket_type_prices", "occurrences", "tickets"):
        assert after[table] == before[table]


@pytest.mark.parametrize("name", ["ticket_tailor", "humanitix"])
def test_a_type_that_vanished_is_marked_and_comes_back(synced, later, fake_server):
    laughs = fake_server.platform.world.productions[0]
    with later(1) as venue:
        offer(venue, laughs.id, laughs.ticket_types[1:])
    gone = {kind.gone_since for kind in stored(synced) if is_adult(kind)}
    others = {kind.gone_since for kind in stored(synced) if not is_adult(kind)}
    assert (gone, others) == ({NOW + LATER}, {None})
    with later(2) as venue:
        offer(venue, laughs.id, laughs.ticket_types)
    adults = [kind for kind in stored(synced) if is_adult(kind)]
    assert {kind.gone_since for kind in adults} == {None}
    assert {len(kind.prices) for kind in adults} == {1}


def test_when_the_platform_changed_a_date_is_kept_where_it_says_so(
    synced, later, fake_server, name
):
    def changed():
        with synced.read() as connection:
            return {
                date.provider_updated_at
                for date in occurrences.list_occurrences(connection)
                if date.name.startswith("Late Laughs")
                and date.fingerprint != "named by orders"
            }

    before = changed()
    assert all(moment is None or moment < NOW for moment in before)
    with later(1) as venue:
        change_price(venue, ADULT, 4250)
    # The venue's morning is an hour before the first read.
    expected_at = clock.from_epoch(venue.now)
    assert changed() == ({None} if name == "ticket_tailor" else {expected_at})


def test_promo_codes_and_seats_are_those_of_the_venue(synced, fake_server, name):
    venue = fake_server.platform.world
    with synced.read() as connection:
        codes = dict(
            connection.execute(select(orders.c.provider_id, orders.c.promo_code)).all()
        )
        seats = dict(
            connection.execute(select(tickets.c.provider_id, tickets.c.seat)).all()
        )
    true_codes = {purchase.id: purchase.code or "" for purchase in venue.purchases}
    if name == "ticket_tailor":
        assert set(codes.values()) == {""}  # its orders name none
    else:
        form = {"humanitix": "{:024x}", "square": "O{}"}[name]
        found = {id_: codes[form.format(id_)] for id_ in true_codes}
        assert found == true_codes
        assert {"", "LANTERN20", "FIVEOFF"} == {*found.values()}
    if name == "square":
        assert {*seats.values()} == {""}  # it sells no seats
        return
    label = {"ticket_tailor": "{}-{}", "humanitix": "Stalls Row {} Seat {}"}[name]
    form = {"ticket_tailor": "it_{}", "humanitix": "{:024x}"}[name]
    for purchase in venue.purchases:
        for seat in purchase.seats:
            row, number = divmod(seat.id - 500_000, 20)
            is_seated = purchase.performance.production.title == "The Glass Harbour"
            expected_seat = label.format(row + 1, number + 1) if is_seated else ""
            assert seats[form.format(seat.id)] == expected_seat
    assert "" in seats.values()


def test_a_replay_fills_promo_codes_and_seats_from_the_stored_records(synced, settings):
    """
    As after an upgrade from a version that kept neither.
    """
    before = dump(synced)
    with synced.write() as connection:
        connection.execute(update(orders).values(promo_code=""))
        connection.execute(update(tickets).values(seat=""))
    assert replay(synced, settings, []).exit_code == 0
    after = dump(synced)
    differing = {table for table, rows in after.items() if rows != before[table]}
    assert differing <= {"fees"}  # whose rows are written again, under other ids
