"""
A house of 16 shows, one for each combination of the switches (sync and sales of a date,
its event or its production, a show left out, an account paused), with tickets in two
currencies, comps, refunds, voids, fees that are reported or not, several sources,
orders over two shows, gift cards that its orders sold, and check-ins at our own doors
and on platforms.

What it comes to by a plain count (`plain_count`, `kept_by`) knows nothing of the code
under test; `build` saves it in a database.
"""

import dataclasses
import itertools
import random
from collections import Counter, defaultdict
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import insert, update
from support import hand_links
from support.dates import NOW

from ticketsync.accounts import edits, state
from ticketsync.catalogue import new_shows, occurrences, selection, shows
from ticketsync.core import clock
from ticketsync.core.money import Money
from ticketsync.core.settings.config import Settings
from ticketsync.store.tables.catalogue import events as events_table
from ticketsync.store.tables.catalogue import occurrences as occurrences_table
from ticketsync.store.tables.catalogue import production_links, show_links
from ticketsync.store.tables.sales import fees, orders, refunds, tickets
from ticketsync.workflows import recompute_figures
from ticketsync.workflows.door import checkin, merge_scans
from ticketsync.workflows.door.scan_files import Captured
from ticketsync.workflows.matching import match

SYDNEY = "Australia/Sydney"
SWITCHES = list(itertools.product([True, False], repeat=4))
LEVELS = ["date", "event", "production"]
LIVE, RESTING, OTHER = "live", "resting", "other"
GIFT_CARDS = 100_000  # above the numbers of all seats


# The tickets, and what they come to by a plain count


@dataclasses.dataclass
class Seat:
    """
    One ticket as it was bought; `paid` is what the buyer was charged, in minor units.
    `door` is what our own doors last did with it. `fees` are what the platform kept of
    it, `None` where it does not say so.
    """

    number: int
    show: int
    account: str
    currency: str
    order: int | None
    face: int = 0
    paid: int = 0
    back: int = 0
    fees: int | None = None
    is_ticket: bool = True
    is_void: bool = False
    is_pending: bool = False
    entered: bool = False
    door: str = ""

    @property
    def is_in(self):
        return self.door == "in" if self.door else self.entered

    @property
    def admits(self):
        return self.is_ticket and not self.is_void and not self.is_pending


@dataclasses.dataclass
class Night:
    """
    One show with its switches: of its first link, and of itself. `sync_level` and
    `sales_level` are the levels at which the switches are set. The event of each of its
    dates is its own, and so is its production if that is switched; other nights share
    three productions.
    """

    number: int
    sync: bool
    sales: bool
    excluded: bool
    paused: bool
    sync_level: str
    sales_level: str

    @property
    def first(self):
        return RESTING if self.paused else LIVE

    @property
    def title(self):
        if "production" in (self.sync_level, self.sales_level):
            return f"Work of night {self.number}"
        return f"Work {self.number % 3}"

    @property
    def capacity(self):
        return None if self.number % 2 else 300

    @property
    def seats(self):
        """
        What all that counts for it has on sale, in seats; `None` if nothing counts.
        """
        return 100 * self.counts(self.first) + 50 * self.counts(OTHER) or None

    def opens(self, account):
        return self.sync or (account == OTHER and self.sync_level != "production")

    def sells(self, account):
        is_on = self.sales or (account == OTHER and self.sales_level != "production")
        return is_on and self.opens(account)

    def counts(self, account):
        return not self.excluded and self.sells(account)


class House:
    """
    All nights and seats, and the numbers that anybody may read of them.
    """

    def __init__(self, seed):
        self.chance = random.Random(seed)
        levels = list(itertools.product(LEVELS, repeat=2))
        self.nights = [
            Night(n, *switched, *levels[(n + seed - 1) % len(levels)])
            for n, switched in enumerate(SWITCHES, start=1)
        ]
        self.seats = []
        self.gift_cards = []
        self.orders = {}  # number: (account, currency, when placed, status)
        self.refunds = []  # (order, amount)
        self.with_fees = set()  # the orders whose fees their platform reports
        for night in self.nights:
            for account in (night.first, OTHER):
                self._sell(night, account)
        for left, right in itertools.pairwise(self.nights):
            if left.first == right.first:
                self._sell_together(left, right)
        for left, right in ((self.nights[0], self.nights[2]), self.nights[4:7:2]):
            self._sell_together(left, right)

    def _order(self, account, currency, status="paid", *, has_fees=False):
        number = len(self.orders) + 1
        if has_fees:
            self.with_fees.add(number)
        placed = NOW - timedelta(minutes=self.chance.randrange(60, 20 * 1440))
        self.orders[number] = (account, currency, placed, status)
        return number

    def _seat(self, night, account, currency, order, **more):
        price = self.chance.randrange(1000, 9000)
        usual = {"face": price, "paid": price + self.chance.randrange(0, 300)}
        seat = Seat(
            len(self.seats) + 1, night.number, account, currency, order, **usual | more
        )
        if order in self.with_fees:
            seat.fees = seat.paid and seat.paid // 20 + 7
        self.seats.append(seat)
        return seat

    def _gift_card(self, night, account, order, paid):
        """
        A card that an order sold. It is nobody's seat, and counts for no show.
        """
        fees = 0 if order in self.with_fees else None
        card = Seat(
            GIFT_CARDS + len(self.gift_cards) + 1,
            *(night.number, account, "AUD", order),
            face=paid,
            paid=paid,
            fees=fees,
            is_ticket=False,
        )
        self.gift_cards.append(card)
        return card

    def _return(self, order, *parts):
        """
        Money of an order that went back: (seat, amount) pairs, one refund each.
        """
        for seat, amount in parts:
            seat.back += amount
        self.refunds += [(order, amount) for _, amount in parts]

    def _sell(self, night, account):
        free = {"face": 0, "paid": 0}
        aud = {"currency": "AUD", "has_fees": night.number % 3 == 0}
        order = self._order(account, **aud)
        for _ in range(self.chance.randrange(1, 4)):
            self._seat(night, account, "AUD", order)
        self._seat(night, account, "AUD", order, **free)
        order = self._order(account, "NZD", has_fees=night.number % 2 == 0)
        self._seat(night, account, "NZD", order, entered=True)
        part = self._seat(night, account, "NZD", order)
        self._return(order, (part, 250))
        order = self._order(account, **aud)
        gone = self._seat(night, account, "AUD", order, is_void=True)
        self._seat(night, account, "AUD", order, is_void=True, entered=True)
        self._seat(night, account, "AUD", order, **free, entered=True)
        self._return(order, (gone, gone.paid - 100), (gone, 100))
        order = self._order(account, **aud, status="pending")
        self._seat(night, account, "AUD", order, **free, is_pending=True)
        order = self._order(account, **aud, status="cancelled")
        gone = self._seat(night, account, "AUD", order, is_void=True)
        self._return(order, (gone, gone.paid))
        order = self._order(account, **aud)
        self._seat(night, account, "AUD", order, face=0, paid=1234, is_ticket=False)
        self._seat(night, account, "AUD", None, **free)
        order = self._order(account, **aud)
        self._seat(night, account, "AUD", order)
        self._gift_card(night, account, order, 5003)
        order = self._order(account, **aud)
        card = self._gift_card(night, account, order, 2509)
        self._return(order, (card, 1013))

    def _sell_together(self, left, right):
        order = self._order(left.first, "AUD", has_fees=True)
        first = self._seat(left, left.first, "AUD", order)
        second = self._seat(right, right.first, "AUD", order)
        self._seat(right, right.first, "AUD", order)
        self._return(order, (first, 333), (second, 500), (second, 1))

    def night(self, seat):
        return self.nights[seat.show - 1]

    def counted(self):
        return [s for s in self.seats if self.night(s).counts(s.account)]

    def ordered(self):
        """
        What counts and was ordered: a few tickets have no order.
        """
        return [seat for seat in self.counted() if seat.order]

    def lines_of_orders(self):
        """
        The same, and the gift cards, which are of no show whatever is switched off.
        """
        cards = [dataclasses.replace(card, show=None) for card in self.gift_cards]
        return [*self.ordered(), *cards]

    def guests(self):
        """
        Whom the door expects.
        """
        return [s for s in self.seats if self.night(s).opens(s.account) and s.admits]


def totals(pairs):
    """
    Numbers by key, added up; what is zero or not known is left out.
    """
    found = defaultdict(Counter)
    for key, figures in pairs:
        for name, number in figures.items():
            if number is not None:
                amount = number.minor if isinstance(number, Money) else number
                found[key][name] += amount
    known = {
        key: {name: number for name, number in numbers.items() if number}
        for key, numbers in found.items()
    }
    return {key: numbers for key, numbers in known.items() if numbers}


def figures_of(seat):
    return {
        "sold": int(seat.admits),
        "comps": int(seat.admits and not seat.face),
        "returned": int(0 < seat.face <= seat.back),
        "in": int(seat.admits and seat.is_in),
        "face": seat.face,
        "gross": seat.paid,
        "refunded": seat.back,
    }


def kept(pairs):
    """
    Fees by key, and what they leave of the money without them, of (key, fees, money)
    triples: both are `None` as soon as fees are. What is zero is left out.
    """
    found = {}
    for key, amount, money in pairs:
        before = found.get(key, (0, 0))
        is_known = amount is not None and before[0] is not None
        found[key] = (
            (before[0] + amount, before[1] + money - amount)
            if is_known
            else (None, None)
        )
    return {key: left for key, left in found.items() if left != (0, 0)}


def kept_of(seat):
    """
    The fees of a seat, which are unknown for a paid one whose platform says nothing,
    and what was paid and did not go back.
    """
    is_free = seat.fees is None and not seat.paid
    return 0 if is_free else seat.fees, seat.paid - seat.back


def plain_count(seats, key, names):
    """
    The numbers of these names over the seats, by these of their own words.
    """
    return totals(
        (
            tuple(getattr(seat, word) for word in key),
            {name: n for name, n in figures_of(seat).items() if name in names},
        )
        for seat in seats
    )


def work_of(house, seat):
    return house.nights[seat.show - 1].title


def plays_on(seat):
    return clock.local(NOW + timedelta(days=seat.show), SYDNEY).date()


class Within:
    """
    A database whose every transaction is this one.
    """

    def __init__(self, connection):
        self.connection = connection

    @contextmanager
    def write(self):
        yield self.connection

    read = write


# The same house in a database, let in through the real doors, its switches set by the
# real commands


def build(connection, house):
    settings, database = Settings(), Within(connection)
    shows.add_venue(connection, "V", SYDNEY, "AUD")
    for name in (LIVE, RESTING, OTHER):
        new = state.NewAccount(name, "ticket_tailor", None, "env", "K", "", None)
        edits.add_account(connection, new, NOW)
    accounts = {a.name: a.id for a in state.list_accounts(connection)}
    for night in house.nights:
        new = new_shows.NewShow(
            production=night.title,
            starts_at=NOW + timedelta(days=night.number),
            venue="V",
            timezone=SYDNEY,
            currency="AUD",
            capacity=night.capacity,
            reference=None,
        )
        assert new_shows.add_show(connection, new).id == night.number
    dates = _save_dates(connection, house, accounts)
    _save_orders(connection, house, accounts, dates)
    recompute_figures.recompute(connection, settings, [n.number for n in house.nights])
    _let_in(database, house)
    _void(connection, house, settings)
    for night in house.nights:
        _switch(database, settings, night, dates[night.number, night.first])
        if night.excluded:
            recompute_figures.exclude(database, settings, night.number, True, "")
    edits.set_state(connection, accounts[RESTING], "paused")


def _switch(database, settings, night, date):
    """
    Set the switches of a night, each at its level.
    """
    occurrence = occurrences.get_occurrence(database.connection, date)
    levels = {"enabled": night.sync_level, "ticket_sales": night.sales_level}
    values = {"enabled": night.sync, "ticket_sales": night.sales}
    for name, level in levels.items():
        chosen = {"enabled": None, "ticket_sales": None, name: values[name]}
        if level == "date":
            hand_links.configure(database, settings, occurrence, **chosen, types={})
        elif level == "event":
            event = selection.find_event(
                database.connection, occurrence.provider_event_id
            )
            match.configure_event(database, settings, event, **chosen, types={})
        else:
            match.configure_production(database, settings, night.title, **chosen)


def _save(connection, model, rows):
    connection.execute(insert(model), rows)


def _save_dates(connection, house, accounts):
    """
    Our number of each listed date, by its show and account.
    """
    sources = [
        (night.number, account, capacity)
        for night in house.nights
        for account, capacity in ((night.first, 100), (OTHER, 50))
    ]
    events = [
        {"id": n, "account_id": accounts[a], "provider_id": f"e{n}", "name": "E"}
        for n, (_, a, _) in enumerate(sources, start=1)
    ]
    _save(connection, events_table, events)
    productions = [
        {
            "production_id": shows.get_production_id(
                connection, house.nights[show - 1].title
            ),
            "event_id": n,
            "type_map": "{}",
            "created_at": NOW,
        }
        for n, (show, _, _) in enumerate(sources, start=1)
    ]
    _save(connection, production_links, productions)
    _save(
        connection,
        occurrences_table,
        [
            {
                "id": number,
                "account_id": accounts[account],
                "event_id": number,
                "provider_id": f"o{number}",
                "name": "E",
                "starts_at": NOW + timedelta(days=show),
                "starts_local": "2026-09-02 19:00",
                "timezone": SYDNEY,
                "status": "on_sale",
                "capacity": capacity,
                "currency": "AUD",
                "fingerprint": "",
                "is_dated": True,
                "content": b"",
            }
            for number, (show, account, capacity) in enumerate(sources, start=1)
        ],
    )
    _save(
        connection,
        show_links,
        [
            {
                "show_id": show,
                "occurrence_id": number,
                "status": "synced",
                "decided_by": "person",
                "reason": "",
                "batch": "",
                "starts_at": NOW,
                "created_at": NOW,
                "sync_enabled": True,
                "sync_ticket_sales": True,
            }
            for number, (show, _, _) in enumerate(sources, start=1)
        ],
    )
    return {(show, account): n for n, (show, account, _) in enumerate(sources, start=1)}


def _save_orders(connection, house, accounts, dates):
    seats = defaultdict(list)
    lines = [*house.seats, *house.gift_cards]
    for line in lines:
        seats[line.order].append(line)
    _save(
        connection,
        orders,
        [
            {
                "id": number,
                "account_id": accounts[account],
                "provider_id": f"r{number}",
                # Some platforms say where an order belongs, some leave it to tickets.
                "occurrence_id": min(dates[s.show, s.account] for s in seats[number])
                if number % 2
                else None,
                "status": status,
                "placed_at": placed,
                "currency": currency,
                "total": sum(s.paid for s in seats[number]),
                # What an unpaid order may cost some day; it counts nowhere.
                "charged": sum(s.paid for s in seats[number])
                + 777 * (status == "pending"),
                "refunded": sum(s.back for s in seats[number]),
                "credited": 0,
                "channel": "",
                "content": b"",
            }
            for number, (account, currency, placed, status) in house.orders.items()
        ],
    )
    _save(
        connection,
        tickets,
        [
            {
                "id": seat.number,
                "account_id": accounts[seat.account],
                "provider_id": f"t{seat.number}",
                "order_id": seat.order,
                "occurrence_id": dates[seat.show, seat.account],
                "kind": _kind_of(seat),
                "status": "valid",
                "type_id": "1",
                "type_name": "Adult" if seat.face else "Guest",
                "currency": seat.currency,
                "is_sold": seat.is_ticket and not seat.is_pending,
                "is_comp": seat.is_ticket and not seat.is_pending and not seat.face,
                "is_refunded": 0 < seat.face <= seat.back,
                "is_checked_in": seat.entered,
                "face": seat.face,
                "fees": seat.fees,
                "discount": 0,
                "charged": seat.paid,
                "refunded": seat.back,
                "tax": 0,
                "tax_remitted": 0,
            }
            for seat in lines
        ],
    )
    _save(connection, fees, [*_fee_lines(house, dates)])
    _save(
        connection,
        refunds,
        [
            {
                "id": number,
                "account_id": accounts[house.orders[order][0]],
                "provider_id": f"f{number}",
                "number": 1,
                "on_day": "2026-09-01",
                "basis": "seen",
                "order_id": order,
                "amount": amount,
                "seen_at": NOW,
            }
            for number, (order, amount) in enumerate(house.refunds, start=1)
        ],
    )


def _kind_of(line):
    if line.number > GIFT_CARDS:
        return "voucher-sale"
    return "admission" if line.is_ticket else "other"


def _fee_lines(house, dates):
    """
    One named fee of each order on each date; its amount is empty where the platform
    does not report it.
    """
    lines = {}
    for seat in house.seats:
        if seat.order and seat.paid:
            key = (seat.order, dates[seat.show, seat.account])
            is_known = seat.order in house.with_fees
            lines[key] = lines.get(key, 0) + seat.fees if is_known else None
    for (order, date), amount in lines.items():
        name = "Service" if amount is not None else "Card"
        yield {
            "order_id": order,
            "occurrence_id": date,
            "name": name,
            "amount": amount,
            "tax": None,
        }


def _let_in(database, house):
    """
    While every link is on, of each show and account: one in, one in and out again, one
    at an offline door, one not at all; and one whose ticket is voided afterwards.
    """
    for night in house.nights:
        at = checkin.find_scan_point(database, night.number, "Door A", "test")
        captured = []
        for account in (night.first, OTHER):
            waiting = [
                seat
                for seat in house.seats
                if (seat.show, seat.account) == (night.number, account)
                and seat.is_ticket
                and not (seat.is_pending or seat.entered)
            ]
            void = [seat for seat in waiting if seat.is_void]
            inside, back, offline, _ = [s for s in waiting if not s.is_void][:4]
            captured.append(offline)
            for seat in (inside, back, void[0]):
                code = f"t{seat.number}"
                assert checkin.admit(database, at, code).outcome == "admitted"
                seat.door = "in"
            assert checkin.take_back(database, at, f"t{back.number}").outcome == "out"
            back.door = "out"
        moment = NOW - timedelta(minutes=5)
        scans = [
            Captured(f"t{s.number}", moment, "in", "B", "off", f"{s.number}")
            for s in captured
        ]
        assert merge_scans.merge(database, at, scans).outcomes == {"admitted": 2}
        for seat in captured:
            seat.door = "in"


def _void(connection, house, settings):
    """
    What a sync does when a platform says that tickets are void, and that some of those
    whom we let out again are in.
    """

    def change(seats, **values):
        these = tickets.c.id.in_([seat.number for seat in seats])
        connection.execute(update(tickets).where(these).values(**values))

    void = [seat for seat in house.seats if seat.is_void]
    change(void, status="void", is_sold=False, is_comp=False)
    out = [seat for seat in house.seats if seat.door == "out"]
    change(out, is_checked_in=True)
    for seat in out:
        seat.entered = True
    recompute_figures.recompute(connection, settings, [n.number for n in house.nights])
