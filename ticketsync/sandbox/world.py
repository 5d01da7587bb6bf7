"""
A generated venue whose true figures are known.

The Lantern Room in Sydney: its productions, shows on both sides of a clock change, and
everything that happens at a box office. Amounts are minor units (cents). The same seed
and day give the same world; `truth` adds up the purchases themselves, independently of
what the fake platforms report.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ticketsync.core import clock
from ticketsync.sandbox.room import Room
from ticketsync.sandbox.season import (
    CURRENCY,
    FIRST_ID,
    Performance,
    Production,
    Purchase,
    Seat,
    TicketType,
)

VENUE = "The Lantern Room"
ZONE = "Australia/Sydney"
DAY = 86400
USUAL_SHOWS = 40
USUAL_ORDERS = 900


@dataclass(frozen=True)
class PlatformProfile:
    """
    How the venue sells on one platform: which productions, in which currency, and what
    can happen to an order there. The defaults are Ticket Tailor's.

    kept_fees               what platform and processor keep of a purchase; `None` if
                            the platform does not report it
    provider_occurrence_id  the platform's id of a performance
    mutations               names of the changes that can happen to an order
    unpaid_states           further states of unpaid orders on this platform
    has_swaps               whether guests can swap a ticket to another performance
    apply_rare_states       adds what the platform seldom shows, with a random generator
                            of its own
    """

    platform: str = "ticket_tailor"
    production_ids: tuple[int, ...] = (3001, 3002, 3003)
    currencies: Mapping[int, str] = field(default_factory=dict)
    has_extras: bool = True
    has_seat_fees: bool = True
    order_fee: Callable[[Purchase], int] = lambda _: 0
    reports_included_tax: bool = True
    has_check_ins: bool = True
    has_imports: bool = True
    has_initial_mutations: bool = True
    mutations: tuple[str, ...] = ("refund_all", "refund_seat", "void_seat", "cancel")
    refund_small_amount: bool = True
    refunds_fees: bool = True
    refunds_tax: bool = False
    kept_fees: Callable[[Purchase], int | None] = lambda _: None
    provider_occurrence_id: Callable[[Performance], str] = lambda performance: (
        f"ev_{performance.id}"
    )
    unpaid_states: tuple[str, ...] = ()
    has_swaps: bool = False
    apply_rare_states: Callable[[World], None] = lambda _: None


@dataclass
class World:
    """
    Everything that happened up to `now` (unix seconds). All platforms of a venue share
    one `room`.
    """

    seed: int
    now: int
    productions: list[Production] = field(default_factory=list)
    performances: list[Performance] = field(default_factory=list)
    purchases: list[Purchase] = field(default_factory=list)
    tickets_without_order: list[tuple[Performance, Seat]] = field(default_factory=list)
    version: int = 0
    changed: list[str] = field(default_factory=list)
    profile: PlatformProfile = field(default_factory=PlatformProfile)
    room: Room = field(default_factory=Room)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)  # nosec B311  # a world that repeats
        self._last_id = FIRST_ID

    def new_id(self) -> int:
        self._last_id += 1
        return self._last_id


def build(
    *,
    seed: int = 1,
    today: date | None = None,
    orders: int = USUAL_ORDERS,
    profile: PlatformProfile | None = None,
    shows: int | None = None,
    room: Room | None = None,
) -> World:
    """
    Build the world of that seed as of the morning of `today`.

    Without `shows`, there are 40 shows up to 4,000 orders and one per hundred orders
    above, so that each show keeps a realistic size. A performance never sells more
    seats than its room has; platforms that sell the same season share the room.
    """
    day = today or clock.now().date()
    morning = datetime.combine(day, time(9), tzinfo=ZoneInfo(ZONE))
    world = World(
        seed,
        int(morning.timestamp()),
        profile=profile or PlatformProfile(),
        room=room or Room(),
    )
    world.productions = _build_productions(world.profile)
    usual = USUAL_SHOWS if orders <= 4000 else orders // 100
    world.performances = _build_season(world, day, shows or usual)
    if world.profile.has_imports:
        for performance, seats, _ in _imported_tickets(world):
            world.room.take(performance, seats)
    for performance, number in _spread_orders(world, orders):
        for _ in range(number):
            add_sale(world, performance)
    world.purchases.sort(key=lambda purchase: (purchase.placed_at, purchase.id))
    _number_by_time(world)
    if world.profile.platform == "ticket_tailor":
        _apply_ticket_tailor_mutations(world)
    elif world.profile.has_initial_mutations:
        _apply_profile_mutations(world)
    if world.profile.has_imports:
        _add_imported_tickets(world)
    _add_unpaid_orders(world)
    world.profile.apply_rare_states(world)
    return world


def apply_states(
    world: World, states: Mapping[str, Callable[[Purchase], None]]
) -> None:
    """
    Put one order in fifty into each of these states, and at least one where there are
    enough ordinary orders. It has a random generator of its own, so that everything
    else stays the same.
    """
    chance = random.Random(f"rare {world.seed}")  # nosec B311  # a world that repeats
    plain = [
        purchase
        for purchase in world.purchases
        if purchase.total
        and purchase.state == "completed"
        and not purchase.refunded
        and not any(seat.is_void for seat in purchase.seats)
    ]
    each = max(1, len(world.purchases) // 50)
    chosen = chance.sample(plain, k=min(len(plain) // 3, each * len(states)))
    for n, purchase in enumerate(chosen):
        purchase.rare_state = list(states)[n % len(states)]
        states[purchase.rare_state](purchase)


def leave_unpaid(purchase: Purchase) -> None:
    """
    Make an order placed but not paid so far.
    """
    purchase.state, purchase.was_paid = "pending", False
    for seat in purchase.seats:
        seat.is_checked_in = False


def next_day(world: World) -> None:
    """
    Advance one day: new sales, refunds, a void, a pending order paid, a show moved.
    """
    world.version += 1
    start = world.now
    world.now += DAY
    upcoming = [p for p in world.performances if p.starts_at.timestamp() > world.now]
    for performance in upcoming[:6]:
        for _ in range(world.random.randint(1, 4)):
            add_sale(world, performance, between=(start, world.now))
    world.purchases.sort(key=lambda purchase: (purchase.placed_at, purchase.id))
    ahead = {p.id for p in upcoming}
    paid = [
        p
        for p in world.purchases
        if p.performance.id in ahead
        and p.placed_at < start
        and p.state == "completed"
        and p.total
        and not p.refunded
        and not any(seat.is_void for seat in p.seats)
    ]
    mutations = [_MUTATIONS[name] for name in world.profile.mutations]
    chosen = world.random.sample(paid, k=min(len(mutations), len(paid)))
    for purchase, mutate in zip(chosen, mutations, strict=False):
        mutate(world, purchase)
    for state in ("pending", "unpaid"):
        _pay_one_order(world, state)
    if world.profile.has_swaps:
        _swap_one_ticket(world, ahead)
    if upcoming:
        last = upcoming[-1]
        last.starts_at += timedelta(minutes=30)
        last.changed_at = world.now
        world.changed.append(f"ev_{last.id} moved by 30 minutes")


def change_some(world: World, number: int, events: int) -> list[int]:
    """
    Change that many old orders of that many performances, using every mutation in turn.

    Returns the ids of the orders. Used to test whether a sync notices changes to old
    orders.
    """
    world.version += 1
    chosen_performances = world.random.sample(world.performances, k=events)
    ids = {performance.id for performance in chosen_performances}
    free = [
        p
        for p in world.purchases
        if p.performance.id in ids
        and p.state == "completed"
        and p.total
        and not p.refunded
        and not any(seat.is_void for seat in p.seats)
    ]
    chosen = world.random.sample(free, k=number)
    mutations = [_MUTATIONS[name] for name in world.profile.mutations]
    if world.profile.refund_small_amount:
        mutations.append(refund_small_amount)
    for n, purchase in enumerate(chosen):
        mutations[n % len(mutations)](world, purchase)
    return [purchase.id for purchase in chosen]


# What can happen to an order


def refund_all(world: World, purchase: Purchase) -> None:
    """
    Refund the whole order; its tickets stay valid.
    """
    purchase.changed_at = world.now
    purchase.refunded = purchase.total
    if not world.profile.refunds_fees:
        purchase.refunded -= sum(seat.fee for seat in purchase.seats)
    for seat in purchase.seats:
        seat.is_refunded = seat.paid > 0
    world.changed.append(f"or_{purchase.id} refunded")


def refund_seat(world: World, purchase: Purchase) -> None:
    """
    Void one ticket and refund its price and booking fee.
    """
    seat = max(purchase.seats, key=lambda seat: seat.paid)
    if not seat.paid:
        return
    _void_ticket(world, seat)
    seat.is_refunded = True
    purchase.changed_at = world.now
    purchase.refunded += seat.paid
    if world.profile.refunds_fees:
        purchase.refunded += seat.fee
    if world.profile.refunds_tax and purchase.performance.production.tax_on_top:
        purchase.refunded += tax_parts(purchase)[purchase.seats.index(seat)]
    world.changed.append(f"or_{purchase.id} one ticket refunded")


def tax_parts(purchase: Purchase) -> list[int]:
    """
    Split the order's tax among its tickets: rounded down, and the remaining cents go to
    the first tickets, one each.
    """
    bases = [seat.paid + seat.fee for seat in purchase.seats]
    whole = sum(bases)
    if not whole:
        return [0] * len(bases)
    found = [purchase.tax * base // whole for base in bases]
    for n in range(purchase.tax - sum(found)):
        found[n % len(found)] += 1
    return found


def void_seat(world: World, purchase: Purchase) -> None:
    """
    Void one ticket without a refund.
    """
    purchase.changed_at = world.now
    _void_ticket(world, purchase.seats[0])
    world.changed.append(f"or_{purchase.id} one ticket voided")


def cancel(world: World, purchase: Purchase) -> None:
    """
    Cancel the order: void its tickets and refund everything.
    """
    refund_all(world, purchase)
    purchase.state = "cancelled"
    for seat in purchase.seats:
        _void_ticket(world, seat)
    world.changed.append(f"or_{purchase.id} cancelled")


def refund_small_amount(world: World, purchase: Purchase) -> None:
    """
    Refund a small amount as goodwill, less than any ticket of the order cost.
    """
    purchase.changed_at = world.now
    cheapest = min(seat.paid for seat in purchase.seats)
    if cheapest > 100:
        purchase.refunded = min(500, cheapest - 1)
        world.changed.append(f"or_{purchase.id} partly refunded")
    else:
        refund_all(world, purchase)


def mark_paid(world: World, purchase: Purchase) -> None:
    """
    Mark an unpaid order as paid.
    """
    purchase.state, purchase.was_paid = "completed", True
    purchase.changed_at = world.now
    world.changed.append(f"or_{purchase.id} paid")


def expire_unpaid(world: World, purchase: Purchase) -> None:
    """
    Cancel an order that was never paid.
    """
    purchase.state, purchase.changed_at = "cancelled", world.now
    for seat in purchase.seats:
        _void_ticket(world, seat)
    world.changed.append(f"or_{purchase.id} given up")


def sell_gift_card(world: World, purchase: Purchase, amount: int) -> None:
    """
    Sell a gift card with an order: nothing that its performance earned.
    """
    purchase.gift_cards += amount
    purchase.changed_at = world.now
    world.changed.append(f"or_{purchase.id} sold a gift card")


def pay_by_gift_card(world: World, purchase: Purchase, amount: int) -> None:
    """
    Pay a part of an order, or all of it, by gift card.
    """
    purchase.paid_by_gift_card += amount
    purchase.changed_at = world.now
    world.changed.append(f"or_{purchase.id} paid by gift card")


def check_in(world: World, seat: Seat) -> None:
    """
    Check in one guest on the platform; nothing else about the order changes.
    """
    seat.is_checked_in, seat.changed_at = True, world.now


def swap(world: World, purchase: Purchase, performance: Performance) -> None:
    """
    Swap the only ticket of an order to another performance; the payment moves with it.
    """
    (seat,) = purchase.seats
    seat.swapped_to, seat.swapped_id = performance, world.new_id()
    world.room.take(performance, 1)
    purchase.changed_at = world.now
    world.changed.append(f"or_{purchase.id} swapped to ev_{performance.id}")


def _pay_one_order(world: World, state: str) -> None:
    for purchase in world.purchases:
        if purchase.state == state:
            mark_paid(world, purchase)
            return


def _swap_one_ticket(world: World, ahead: set[int]) -> None:
    """
    Swap one ticket to another performance of the same production.
    """
    chance = random.Random(f"swaps {world.seed} {world.version}")  # nosec B311  # a world that repeats
    free = [
        p
        for p in world.purchases
        if p.performance.id in ahead
        and p.state == "completed"
        and p.total
        and not p.refunded
        and [seat.is_void or seat.swapped_to for seat in p.seats] == [False]
    ]
    if free:
        purchase = chance.choice(free)
        candidates = [
            p
            for p in world.performances
            if p.id in ahead
            and p.production is purchase.performance.production
            and p is not purchase.performance
            and world.room.free_seats(p)
        ]
        if candidates:
            swap(world, purchase, chance.choice(candidates))


def _void_ticket(world: World, seat: Seat) -> None:
    if not seat.is_void:
        seat.is_void, seat.voided_at = True, world.now


_MUTATIONS: dict[str, Callable[[World, Purchase], None]] = {
    "refund_all": refund_all,
    "refund_seat": refund_seat,
    "void_seat": void_seat,
    "cancel": cancel,
    "refund_small_amount": refund_small_amount,
}


# The truth


@dataclass
class Truth:
    """
    The true sales figures of one performance, in minor units.
    """

    event_id: str
    name: str
    starts_at: str
    currency: str
    orders: int = 0
    tickets_sold: int = 0
    tickets_comp: int = 0
    tickets_refunded: int = 0
    checked_in: int = 0
    face: int = 0
    discounts: int = 0
    gross: int = 0
    refunded: int = 0
    tax: int = 0
    fees: int | None = None
    buyer_fees: int = 0
    addons: int = 0
    donations: int = 0
    tax_added: int = 0


def truth(world: World) -> list[Truth]:
    """
    The true sales figures of every performance, added up from the purchases.
    """
    found = {
        performance.id: Truth(
            world.profile.provider_occurrence_id(performance),
            performance.production.title,
            f"{performance.starts_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            performance.currency,
        )
        for performance in world.performances
    }
    for purchase in world.purchases:
        if purchase.was_paid:
            swapped_to = purchase.seats[0].swapped_to if purchase.seats else None
            it = found[(swapped_to or purchase.performance).id]
            _add_to_truth(it, purchase)
            kept_fees = world.profile.kept_fees(purchase)
            if kept_fees is not None:
                it.fees = (it.fees or 0) + kept_fees
    for performance, seat in world.tickets_without_order:
        if not seat.is_void:
            it = found[performance.id]
            it.tickets_sold += 1
            it.tickets_comp += not seat.list_price
            it.checked_in += seat.is_checked_in
    return list(found.values())


def _add_to_truth(it: Truth, purchase: Purchase) -> None:
    it.orders += 1
    it.gross += purchase.total - purchase.gift_cards
    it.refunded += purchase.refunded
    it.tax += purchase.tax
    it.buyer_fees += purchase.charge + purchase.order_fee
    it.addons += purchase.product
    it.donations += purchase.donation
    if purchase.performance.production.tax_on_top:
        it.tax_added += purchase.tax
    for seat in purchase.seats:
        it.face += seat.paid
        it.buyer_fees += seat.fee
        it.discounts += seat.ticket_type.price - seat.paid
        it.tickets_refunded += seat.is_refunded
        if purchase.state == "completed" and not seat.is_void:
            it.tickets_sold += 1
            it.tickets_comp += seat.paid == 0
            it.checked_in += seat.is_checked_in


# Building


def _build_productions(profile: PlatformProfile) -> list[Production]:
    def ticket_types(
        first: int, *prices: tuple[str, int, int]
    ) -> tuple[TicketType, ...]:
        return tuple(TicketType(first + n, *price) for n, price in enumerate(prices))

    adult = ("Adult", 3900, 150), ("Concession", 2900, 150), ("Guest", 0, 0)
    stalls = ("Stalls", 6500, 250), ("Balcony", 4500, 250), ("Guest", 0, 0)
    productions = [
        Production(3001, "Late Laughs", ticket_types(7001, *adult), 10, False, 50, 240),
        Production(
            3002,
            "The Glass Harbour",
            ticket_types(7101, *stalls),
            10,
            False,
            0,
            320,
            is_seated=True,
        ),
        Production(
            3003, "Orchid & Wire", ticket_types(7201, *adult), 10, True, 75, 280
        ),
    ]
    return [
        replace(
            production,
            tax_percent=production.tax_percent
            if production.tax_on_top or profile.reports_included_tax
            else 0,
            charge=production.charge if profile.has_extras else 0,
        )
        for production in productions
    ]


def _build_season(world: World, today: date, shows: int) -> list[Performance]:
    """
    Schedule evening shows and on some days a matinee, from two weeks ago until after
    the next clock change.
    """
    zone = ZoneInfo(ZONE)
    first = today - timedelta(days=14)
    last = max(
        _next_clock_change(today, zone) + timedelta(days=14), today + timedelta(60)
    )
    matinees = shows // 10
    evenings = shows - matinees
    found: list[Performance] = []
    for n in range(evenings):
        day = first + timedelta(days=(last - first).days * n // max(1, evenings - 1))
        production = world.productions[n % len(world.productions)]
        times = [time(19, 30)]
        if (
            n % (evenings // max(1, matinees)) == 1
            and len(found) + evenings - n < shows
        ):
            times = [time(14), time(19, 30)]
        for at in times:
            starts_at = datetime.combine(day, at, tzinfo=zone)
            listed = int(starts_at.timestamp()) - 75 * DAY
            earliest = world.now - world.random.randint(20, 60) * DAY
            found.append(Performance(0, production, starts_at, min(listed, earliest)))
    for n, performance in enumerate(found):
        performance.id = 40001 + n
        performance.currency = world.profile.currencies.get(
            performance.production.id, CURRENCY
        )
    return [p for p in found if p.production.id in world.profile.production_ids]


def _next_clock_change(today: date, zone: ZoneInfo) -> date:
    noon = datetime.combine(today, time(12), tzinfo=zone)
    day = noon
    while day.utcoffset() == noon.utcoffset():
        day += timedelta(days=1)
    return day.date()


def _spread_orders(world: World, orders: int) -> Iterator[tuple[Performance, int]]:
    """
    Yield the number of orders per performance; upcoming ones have sold fewer so far.
    """
    weights = []
    for performance in world.performances:
        ahead = max(0.0, performance.starts_at.timestamp() - world.now) / DAY
        weights.append(world.random.uniform(0.6, 1.4) / (1 + ahead / 60))
    whole = sum(weights)
    left = orders
    for performance, weight in zip(world.performances, weights, strict=True):
        number = min(left, round(orders * weight / whole))
        left -= number
        yield performance, number
    if left:
        yield world.performances[0], left


def add_sale(
    world: World, performance: Performance, between: tuple[int, int] | None = None
) -> None:
    chance = world.random
    performance = world.room.find_with_room(
        performance, _others_on_sale(world, performance)
    )
    ends = min(world.now, int(performance.starts_at.timestamp()))
    low, high = between or (performance.listed_at, max(performance.listed_at + 1, ends))
    placed_at = chance.randint(low, high - 1)
    ticket_types = performance.production.ticket_types
    number = chance.choice((1, 2, 2, 2, 3, 3, 4, 3))
    sort = chance.random()
    has_started = performance.starts_at.timestamp() < world.now
    purchase = Purchase(
        world.new_id(),
        performance,
        placed_at,
        [],
        buyer=chance.randint(1, 10**6),
        changed_at=placed_at,
    )
    for _ in range(number):
        ticket_type = (
            ticket_types[2] if sort < 0.05 else chance.choice(ticket_types[:2])
        )
        paid = ticket_type.price
        if 0.05 <= sort < 0.13:
            purchase.code = "LANTERN20"
            paid -= ticket_type.price // 5
        elif 0.13 <= sort < 0.16:
            purchase.code = "FIVEOFF"
            paid -= 500
        seat = Seat(
            world.new_id(),
            ticket_type,
            paid,
            ticket_type.fee if paid else 0,
            created_at=placed_at,
        )
        seat.is_checked_in = has_started and chance.random() < 0.9
        seat.is_checked_in &= world.profile.has_check_ins
        purchase.seats.append(seat)
    world.room.take(performance, number)
    if not world.profile.has_extras:
        pass
    elif 0.16 <= sort < 0.20:
        purchase.donation = chance.choice((500, 1000, 2000))
    elif 0.20 <= sort < 0.23:
        purchase.product = 1200
    purchase.channel = chance.choice(
        ("stripe", "stripe", "stripe", "paypal", "operator")
    )
    if not world.profile.has_seat_fees:
        for seat in purchase.seats:
            seat.fee = 0
    purchase.order_fee = world.profile.order_fee(purchase)
    if not purchase.total:
        purchase.channel = "no_cost"
    world.purchases.append(purchase)


def _others_on_sale(world: World, performance: Performance) -> Iterator[Performance]:
    """
    Yield the other performances on sale at the same time, later ones first.
    """
    here = world.performances.index(performance)
    now = world.now if performance.starts_at.timestamp() > world.now else 0
    for other in world.performances[here + 1 :] + world.performances[:here]:
        if other.starts_at.timestamp() > now:
            yield other


def _number_by_time(world: World) -> None:
    """
    Number the orders in the order they were placed, as a real platform does.
    """
    numbers = sorted(purchase.id for purchase in world.purchases)
    for purchase, number in zip(world.purchases, numbers, strict=True):
        purchase.id = number


def _apply_ticket_tailor_mutations(world: World) -> None:
    """
    Apply Ticket Tailor's refunds, voids, cancellations and unpaid orders.
    """
    chance = world.random
    for purchase in world.purchases:
        luck = chance.random()
        if not purchase.total:
            continue
        if luck < 0.012:
            refund_all(world, purchase)
        elif luck < 0.030:
            refund_seat(world, purchase)
        elif luck < 0.040:
            void_seat(world, purchase)
        elif luck < 0.052:
            cancel(world, purchase)
        elif luck < 0.060:
            refund_small_amount(world, purchase)
        elif luck < 0.072:
            _leave_offline_unpaid(purchase, "pending")
        elif luck < 0.078:
            _leave_offline_unpaid(purchase, "cancelled")
            for seat in purchase.seats:
                _void_ticket(world, seat)
    world.changed.clear()


def _apply_profile_mutations(world: World) -> None:
    """
    Apply the mutations of the platform's profile to some of its orders.
    """
    mutations = [_MUTATIONS[name] for name in world.profile.mutations]
    for n, purchase in enumerate(world.purchases):
        if purchase.total and world.random.random() < 0.06:
            mutations[n % len(mutations)](world, purchase)
    world.changed.clear()


def _add_unpaid_orders(world: World) -> None:
    """
    Add unpaid orders in the platform's further states. They use a random generator of
    their own, so that everything else stays the same.
    """
    chance = random.Random(f"unfinished {world.seed}")  # nosec B311  # a world that repeats
    ahead = [p for p in world.performances if p.starts_at.timestamp() > world.now]
    number = max(1, len(world.purchases) // 100)
    for state in world.profile.unpaid_states * number:
        wanted = chance.choice(ahead)
        performance = world.room.find_with_room(wanted, ahead)
        ticket_type = chance.choice(performance.production.ticket_types[:2])
        placed_at = chance.randint(
            max(performance.listed_at, world.now - 5 * DAY), world.now
        )
        seats = [
            Seat(
                world.new_id(),
                ticket_type,
                ticket_type.price,
                ticket_type.fee,
                created_at=placed_at,
            )
            for _ in range(chance.randint(1, 3))
        ]
        world.room.take(performance, len(seats))
        purchase = Purchase(world.new_id(), performance, placed_at, seats)
        purchase.state, purchase.was_paid = state, False
        purchase.buyer, purchase.changed_at = chance.randint(1, 10**6), placed_at
        purchase.channel = "offline"
        purchase.order_fee = world.profile.order_fee(purchase)
        world.purchases.append(purchase)


def _leave_offline_unpaid(purchase: Purchase, state: str) -> None:
    leave_unpaid(purchase)
    purchase.state, purchase.channel = state, "offline"


def _add_imported_tickets(world: World) -> None:
    """
    Add tickets without an order: an imported subscription list, and a few created
    through the API.
    """
    for performance, number, listed in _imported_tickets(world):
        for _ in range(number):
            ticket_type = performance.production.ticket_types[0]
            seat = Seat(world.new_id(), ticket_type, 0, 0, has_no_order=True)
            seat.created_at, seat.list_price = world.now - 3 * DAY, listed
            world.tickets_without_order.append((performance, seat))
    _void_ticket(world, world.tickets_without_order[0][1])


def _imported_tickets(world: World) -> Iterator[tuple[Performance, int, int | None]]:
    """
    Yield performance, number of imported tickets and list price, if it has one.
    """
    first, second = [
        p for p in world.performances if p.starts_at.timestamp() > world.now
    ][:2]
    yield first, 12, 3000
    yield second, 5, None
