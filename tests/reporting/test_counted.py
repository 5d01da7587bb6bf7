"""
What counts, counts everywhere: over every combination of the switches (sync and sales
of a date, its event or its production, a show left out, an account paused), two
currencies, comps, refunds, voids, several sources, orders over two shows and check-ins
at our own doors and on platforms, every reader says what a plain count of the tickets
says.

The count (`House`) knows nothing of the code under test. That the comparison would
notice is shown by breaking the rule in one reader after the other.
"""

import dataclasses
import importlib.util
import itertools
import random
from collections import Counter, defaultdict
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import and_, false, insert, select, text, true, type_coerce, update
from support.dates import NOW
from support.read_pages import ReadPages

from ticketsync.accounts import edits, state
from ticketsync.catalogue import new_shows, occurrences, selection, shows
from ticketsync.core import clock, tables
from ticketsync.core.config import Settings
from ticketsync.core.money import Money
from ticketsync.door import attendees
from ticketsync.financials import explain, recompute, sales_notices
from ticketsync.reporting import (
    calendar,
    daily,
    grouped_figures,
    numbers,
    order_parts,
    refund_report,
    sales,
    sales_over_time,
    sales_report,
)
from ticketsync.reporting.figure_filter import FigureFilter
from ticketsync.store import capacity, counted, engine, original_views, views
from ticketsync.store.tables.catalogue import events as events_table
from ticketsync.store.tables.catalogue import occurrences as occurrences_table
from ticketsync.store.tables.catalogue import production_links, show_links
from ticketsync.store.tables.sales import orders, refunds, tickets
from ticketsync.store.types import WHOLE
from ticketsync.web.site import PageRequest, Site
from ticketsync.workflows import checkin, match, show_figures
from ticketsync.workflows.checkin import Captured

SYDNEY = "Australia/Sydney"
SWITCHES = list(itertools.product([True, False], repeat=4))
LEVELS = ["date", "event", "production"]
LIVE, RESTING, OTHER = "live", "resting", "other"


# The tickets, and what they come to by a plain count


@dataclasses.dataclass
class Seat:
    """
    One ticket as it was bought; `paid` is what the buyer was charged, in minor units.
    `door` is what our own doors last did with it.
    """

    number: int
    show: int
    account: str
    currency: str
    order: int | None
    face: int = 0
    paid: int = 0
    back: int = 0
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
        self.orders = {}  # number: (account, currency, when placed, status)
        self.refunds = []  # (order, amount)
        for night in self.nights:
            for account in (night.first, OTHER):
                self._sell(night, account)
        for left, right in itertools.pairwise(self.nights):
            if left.first == right.first:
                self._sell_together(left, right)
        for left, right in ((self.nights[0], self.nights[2]), self.nights[4:7:2]):
            self._sell_together(left, right)

    def _order(self, account, currency, status="paid"):
        number = len(self.orders) + 1
        placed = NOW - timedelta(minutes=self.chance.randrange(60, 20 * 1440))
        self.orders[number] = (account, currency, placed, status)
        return number

    def _seat(self, night, account, currency, order, **more):
        price = self.chance.randrange(1000, 9000)
        usual = {"face": price, "paid": price + self.chance.randrange(0, 300)}
        seat = Seat(
            len(self.seats) + 1, night.number, account, currency, order, **usual | more
        )
        self.seats.append(seat)
        return seat

    def _return(self, order, *parts):
        """
        Money of an order that went back: (seat, amount) pairs, one refund each.
        """
        for seat, amount in parts:
            seat.back += amount
        self.refunds += [(order, amount) for _, amount in parts]

    def _sell(self, night, account):
        free = {"face": 0, "paid": 0}
        order = self._order(account, "AUD")
        for _ in range(self.chance.randrange(1, 4)):
            self._seat(night, account, "AUD", order)
        self._seat(night, account, "AUD", order, **free)
        order = self._order(account, "NZD")
        self._seat(night, account, "NZD", order, entered=True)
        part = self._seat(night, account, "NZD", order)
        self._return(order, (part, 250))
        order = self._order(account, "AUD")
        gone = self._seat(night, account, "AUD", order, is_void=True)
        self._seat(night, account, "AUD", order, is_void=True, entered=True)
        self._seat(night, account, "AUD", order, **free, entered=True)
        self._return(order, (gone, gone.paid - 100), (gone, 100))
        order = self._order(account, "AUD", "pending")
        self._seat(night, account, "AUD", order, **free, is_pending=True)
        order = self._order(account, "AUD", "cancelled")
        gone = self._seat(night, account, "AUD", order, is_void=True)
        self._return(order, (gone, gone.paid))
        order = self._order(account, "AUD")
        self._seat(night, account, "AUD", order, face=0, paid=1234, is_ticket=False)
        self._seat(night, account, "AUD", None, **free)

    def _sell_together(self, left, right):
        order = self._order(left.first, "AUD")
        first = self._seat(left, left.first, "AUD", order)
        second = self._seat(right, right.first, "AUD", order)
        self._seat(right, right.first, "AUD", order)
        self._return(order, (first, 333), (second, 500), (second, 1))

    def night(self, seat):
        return self.nights[seat.show - 1]

    def counted(self):
        return [s for s in self.seats if self.night(s).counts(s.account)]

    def guests(self):
        """
        Whom the door expects.
        """
        return [s for s in self.seats if self.night(s).opens(s.account) and s.admits]


def totals(pairs):
    """
    Numbers by key, added up; what is zero is left out.
    """
    found = defaultdict(Counter)
    for key, figures in pairs:
        for name, number in figures.items():
            found[key][name] += number.minor if isinstance(number, Money) else number
    return {key: dict(+numbers) for key, numbers in found.items() if +numbers}


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
    show_figures.recompute(connection, settings, [n.number for n in house.nights])
    _let_in(database, house)
    _void(connection, house, settings)
    for night in house.nights:
        _switch(database, settings, night, dates[night.number, night.first])
        if night.excluded:
            show_figures.exclude(database, settings, night.number, True, "")
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
            match.configure(database, settings, occurrence, **chosen, types={})
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
    for seat in house.seats:
        seats[seat.order].append(seat)
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
                "kind": "admission" if seat.is_ticket else "other",
                "status": "valid",
                "type_id": "1",
                "type_name": "Adult" if seat.face else "Guest",
                "currency": seat.currency,
                "is_sold": seat.is_ticket and not seat.is_pending,
                "is_comp": seat.is_ticket and not seat.is_pending and not seat.face,
                "is_refunded": 0 < seat.face <= seat.back,
                "is_checked_in": seat.entered,
                "face": seat.face,
                "discount": 0,
                "charged": seat.paid,
                "refunded": seat.back,
                "tax": 0,
                "tax_remitted": 0,
            }
            for seat in house.seats
        ],
    )
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
        assert checkin.merge_scans(database, at, scans).outcomes == {"admitted": 2}
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
    show_figures.recompute(connection, settings, [n.number for n in house.nights])


# Every reader: what it says, and what the plain count says. `modules` are those whose
# use of the rule makes its numbers; each of `breaks` must be noticed.


@dataclasses.dataclass(frozen=True)
class Reader:
    read: object
    expected: object
    modules: tuple
    breaks: tuple


LEVELS_OFF = ("production off", "event off")
MONEY = ("link sync", "link sales", "exclusion", *LEVELS_OFF)
DOOR = ("link sync", "door shut by sales", "door shut by exclusion", *LEVELS_OFF)
IN = ("platform only", "void is in")
ALL = ("sold", "comps", "returned", "in", "face", "gross", "refunded")
ACCOUNT = ("show", "account", "currency")
READERS = {}


def reader(name, modules, breaks, expected):
    def register(read):
        READERS[name] = Reader(read, expected, modules, breaks)
        return read

    return register


def counted_seats(key, names, only=lambda seat: True):
    return lambda house: plain_count(filter(only, house.counted()), key, names)


@reader("financials list", (recompute,), MONEY + IN, counted_seats(ACCOUNT, ALL))
def read_figures(connection, house):
    return totals(
        (
            (f.show_id, f.account, f.currency),
            {
                "sold": f.tickets_sold,
                "comps": f.tickets_comp,
                "returned": f.tickets_refunded,
                "in": f.checked_in,
                "face": f.face,
                "gross": f.gross,
                "refunded": f.refunded,
            },
        )
        for f in numbers.figures(connection)
    )


@reader(
    "figures by ticket type",
    (recompute,),
    MONEY,
    lambda house: totals(
        (
            (s.show, s.account, s.currency, "Adult" if s.face else "Guest"),
            {name: n for name, n in figures_of(s).items() if name != "in"},
        )
        for s in house.counted()
    ),
)
def read_types(connection, house):
    return totals(
        (
            (night.number, t.account, t.currency, t.type_name),
            {
                "sold": t.tickets_sold,
                "comps": t.tickets_comp,
                "returned": t.tickets_refunded,
                "face": t.face,
                "gross": t.gross,
                "refunded": t.refunded,
            },
        )
        for night in house.nights
        for t in numbers.by_type(connection, night.number)
    )


@reader(
    "explain",
    (explain,),
    (*MONEY, "platform only"),
    counted_seats(ACCOUNT, ALL),
)
def read_explained(connection, house):
    return totals(
        (
            (night.number, part.account, part.currency),
            {
                "sold": part.is_sold,
                "comps": part.is_comp,
                "returned": part.is_refunded,
                "in": part.is_sold and part.is_checked_in,
                "face": part.face,
                "gross": part.charged,
                "refunded": part.refunded,
            },
        )
        for night in house.nights
        for part in explain.list_contributions(connection, night.number)
    )


@reader(
    "show_totals",
    (recompute,),
    MONEY + IN,
    counted_seats(("show", "currency"), ALL),
)
def read_show_totals(connection, house):
    return totals(
        (
            (row.show_id, row.currency),
            {
                "sold": row.tickets_sold,
                "comps": row.tickets_comp,
                "returned": row.tickets_refunded,
                "in": row.checked_in,
                "face": row.face,
                "gross": row.gross,
                "refunded": row.refunded,
            },
        )
        for row in view(connection, "show_totals")
    )


@reader(
    "ticket_sales_analytics",
    (views,),
    MONEY,
    counted_seats(ACCOUNT, set(ALL) - {"in"}),
)
def read_analytics(connection, house):
    return totals(
        (
            (row.show_id, row.account, row.currency),
            {
                "sold": row.is_sold,
                "comps": row.is_comp,
                "returned": row.is_refunded,
                "face": row.face,
                "gross": row.charged,
                "refunded": row.refunded,
            },
        )
        for row in view(connection, "ticket_sales_analytics")
    )


def expected_sessions(house):
    sums = plain_count(house.counted(), ["show"], ["sold", "comps", "in"])
    found = {}
    for night in house.nights:
        numbers_ = sums.get((night.number,), {})
        seats = night.capacity or night.seats
        left = seats and seats - numbers_.get("sold", 0)
        sources = night.opens(night.first) + night.opens(OTHER)
        found[night.number] = (numbers_, left, sources, int(night.excluded))
    return found


@reader("session_complete", (recompute,), MONEY + IN, expected_sessions)
def read_sessions(connection, house):
    return {
        row.show_id: (
            nonzero(
                {
                    "sold": row.tickets_sold,
                    "comps": row.tickets_comp,
                    "in": row.checked_in,
                }
            ),
            row.left_to_sell,
            row.sources,
            row.is_excluded,
        )
        for row in view(connection, "session_complete")
    }


reader("sources in session_complete", (views,), ("link sync",), expected_sessions)(
    read_sessions
)


@reader(
    "overview, by platform",
    (recompute,),
    MONEY,
    counted_seats(("account", "currency"), ["sold", "gross", "refunded"]),
)
def read_platforms(connection, house):
    return totals(
        (
            (p.account, p.currency),
            {"sold": p.tickets, "gross": p.gross, "refunded": p.refunded},
        )
        for p in sales_over_time.platforms(
            connection, sales_over_time.recent_sales(connection, SYDNEY, NOW)
        )
    )


def expected_lately(house):
    ordered = [s for s in house.counted() if s.order]
    sold = plain_count(ordered, ["account"], ["sold"])
    charged = plain_count(ordered, ["account", "currency"], ["gross"])
    return sold | charged, sum(s.admits for s in ordered)


@reader("overview, by day", (sales_over_time,), MONEY, expected_lately)
def read_recent_activity(connection, house):
    lately = sales_over_time.recent_sales(connection, SYDNEY, NOW)
    pairs = []
    for account, days in lately.by_account.items():
        for day in days:
            pairs.append(((account,), {"sold": day.tickets}))
            pairs += [
                ((account, amount.currency), {"gross": amount})
                for amount in day.charged
            ]
    return totals(pairs), lately.last(30).tickets


@reader(
    "pace",
    (sales_over_time,),
    MONEY,
    counted_seats(["show"], ["sold"], lambda seat: seat.order),
)
def read_pace(connection, house):
    curves = {
        n.number: sales_over_time.sales_curve(connection, n.number, SYDNEY)
        for n in house.nights
    }
    return {(n,): {"sold": curve[-1][1]} for n, curve in curves.items() if curve}


def expected_daily(house):
    week = NOW - timedelta(days=7)
    return {
        n.number: {
            "sold": sum(s.admits for s in of_night(house, n)),
            "comps": sum(s.admits and not s.face for s in of_night(house, n)),
            "recently": sum(
                s.admits and s.order is not None and house.orders[s.order][2] >= week
                for s in of_night(house, n)
            ),
            "seats": n.capacity or n.seats,
            "gross": {
                currency: sum(
                    s.paid for s in of_night(house, n) if s.currency == currency
                )
                for currency in ("AUD", "NZD")
            },
        }
        for n in house.nights
        if n.counts(n.first) or n.counts(OTHER)
    }


def of_night(house, night):
    return [s for s in house.counted() if s.show == night.number]


def read_daily(connection, house):
    week = NOW - timedelta(days=7)
    return {
        item.show_id: {
            "sold": item.sold,
            "comps": item.comps,
            "recently": item.recently,
            "seats": item.allocation,
            "gross": {"AUD": 0, "NZD": 0} | {m.currency: m.minor for m in item.gross},
        }
        for item in daily.list_on_sale(connection, now=NOW, since=week)
    }


reader("daily report", (daily,), MONEY, expected_daily)(read_daily)
reader("daily report, the figures", (recompute,), MONEY[:2], expected_daily)(read_daily)


def expected_calendar(house):
    return {
        n.number: (
            sum(s.admits for s in of_night(house, n)),
            {a for a in (n.first, OTHER) if n.opens(a)},
        )
        for n in house.nights
        if not n.excluded
    }


def read_calendar(connection, house):
    return {
        p.show_id: (p.sold, {source.account for source in p.sources})
        for p in calendar.list_performances(connection)
    }


reader("calendar", (calendar,), ("link sync", "exclusion"), expected_calendar)(
    read_calendar
)
reader("calendar, the figures", (recompute,), ("link sales",), expected_calendar)(
    read_calendar
)


def expected_news(house):
    names = ["sold", "gross", "refunded"]
    sums = plain_count(house.counted(), ["show", "currency"], names)
    return {
        (show, currency): (
            found,
            house.nights[show - 1].capacity or house.nights[show - 1].seats,
        )
        for (show, currency), found in sums.items()
    }


def read_news(connection, house):
    return {
        item.key: (
            nonzero(
                {
                    "sold": item.tickets_sold,
                    "gross": item.gross,
                    "refunded": item.refunded,
                }
            ),
            item.capacity,
        )
        for item in sales_notices.read_show_sales(connection)
    }


reader("sales news", (capacity,), MONEY[:2], expected_news)(read_news)
reader("sales news, the figures", (recompute,), MONEY, expected_news)(read_news)


def expected_sales(house):
    return totals(
        (
            (s.show, s.account, s.currency),
            {"tickets": int(s.is_ticket), "gross": s.paid, "refunded": s.back},
        )
        for s in house.counted()
        if s.order
    )


def as_sales(rows):
    return totals(
        (
            (row.show_id, row.account, row.currency),
            {
                "tickets": row.tickets,
                "gross": row.charged,
                "refunded": row.refunded,
            },
        )
        for row in rows
    )


@reader("export sales", (sales, order_parts), MONEY, expected_sales)
def read_sales(connection, house):
    return as_sales(sales.list_sales(connection))


@reader("orders of a show", (sales, order_parts), MONEY, expected_sales)
def read_orders(connection, house):
    return as_sales(
        row
        for night in house.nights
        for row in sales.list_sales(connection, show_id=night.number)
    )


@reader(
    "export refunds", (sales, order_parts), MONEY, counted_seats(ACCOUNT, ["refunded"])
)
def read_refunds(connection, house):
    return totals(
        ((row.show_id, row.account, row.currency), {"refunded": row.amount})
        for row in sales.list_refunds(connection)
    )


def expected_refund_sums(house):
    return totals(
        ((title, seat.currency), {"refunded": seat.back})
        for seat in house.counted()
        for title in ("", house.night(seat).title)
    )


@reader("sums of refunds", (sales, order_parts), MONEY, expected_refund_sums)
def read_refund_sums(connection, house):
    return totals(
        ((title, row["currency"]), {"refunded": row["amount"]})
        for title in ("", *{night.title for night in house.nights})
        for row in tables.by_name(
            refund_report.read_sums(
                connection, FigureFilter(production=title), by="refund"
            )
        )
    )


@reader(
    "events list",
    (occurrences,),
    ("link sync", "link sales"),
    lambda house: {
        (n.number, account): (
            n.opens(account),
            n.sells(account),
        )
        for n in house.nights
        for account in (n.first, OTHER)
    },
)
def read_offers(connection, house):
    return {
        (o.show_id, o.account): (bool(o.is_followed), bool(o.brings_sales))
        for o in occurrences.list_occurrences(connection)
    }


# Sums of shows, and of sales by day


GROUPS = {
    "show": (("show_id", "currency"), lambda house, s: (s.show, s.currency)),
    "account": (("account", "currency"), lambda house, s: (s.account, s.currency)),
    "production": (
        ("production", "currency"),
        lambda house, s: (work_of(house, s), s.currency),
    ),
    "venue": (("venue", "currency"), lambda house, s: ("V", s.currency)),
    "platform": (
        ("platform", "currency"),
        lambda house, s: ("ticket_tailor", s.currency),
    ),
    "day": (("day", "currency"), lambda house, s: (str(plays_on(s)), s.currency)),
    "week": (
        ("week", "currency"),
        lambda house, s: (
            str(plays_on(s) - timedelta(days=plays_on(s).weekday())),
            s.currency,
        ),
    ),
    "month": (
        ("month", "currency"),
        lambda house, s: (str(plays_on(s))[:7], s.currency),
    ),
}


def work_of(house, seat):
    return house.nights[seat.show - 1].title


def plays_on(seat):
    return clock.local(NOW + timedelta(days=seat.show), SYDNEY).date()


def expected_groups(house):
    return {
        (per, *key): numbers_
        for per, (_, key_of) in GROUPS.items()
        for key, numbers_ in totals(
            (key_of(house, s), figures_of(s)) for s in house.counted()
        ).items()
    }


@reader("financials list --per", (recompute,), MONEY + IN, expected_groups)
def read_groups(connection, house):
    found = {}
    for per, (names, _) in GROUPS.items():
        lines = grouped_figures.grouped_table(connection, per)
        of_group = totals(
            (
                tuple(row[name] for name in names),
                {
                    "sold": row["tickets_sold"],
                    "comps": row["tickets_comp"],
                    "returned": row["tickets_refunded"],
                    "in": row["checked_in"],
                    "face": row["face"],
                    "gross": row["gross"],
                    "refunded": row["refunded"],
                },
            )
            for row in tables.by_name(lines)
        )
        found |= {(per, *key): numbers_ for key, numbers_ in of_group.items()}
    return found


@reader(
    "production_totals",
    (recompute,),
    MONEY + IN,
    lambda house: totals(
        ((work_of(house, s), s.currency), figures_of(s)) for s in house.counted()
    ),
)
def read_production_totals(connection, house):
    return totals(
        (
            (row.production, row.currency),
            {
                "sold": row.tickets_sold,
                "comps": row.tickets_comp,
                "returned": row.tickets_refunded,
                "in": row.checked_in,
                "face": row.face,
                "gross": row.gross,
                "refunded": row.refunded,
            },
        )
        for row in view(connection, "production_totals")
    )


def ordered_on(house, seat):
    if seat.order is None:
        return None
    return str(clock.local(house.orders[seat.order][2], SYDNEY).date())


def sold_by(key_of):
    return lambda house: totals(
        (
            (key_of(house, s), s.currency),
            {"sold": int(s.admits), "gross": s.paid, "refunded": s.back},
        )
        for s in house.counted()
    )


def as_sold(table, name):
    return totals(
        (
            (None if row[name] is None else str(row[name]), row["currency"]),
            {
                "sold": row["tickets"],
                "gross": row["gross"],
                "refunded": row["refunded"],
            },
        )
        for row in tables.by_name(table)
    )


@reader("report sales", (sales_report,), MONEY, sold_by(ordered_on))
def read_sales_by_day(connection, house):
    table = sales_report.sales_table(
        connection, "day", sales_report.OwnRates(), zone=SYDNEY
    )
    return as_sold(table, "day")


@reader(
    "report sales --by show",
    (recompute,),
    MONEY,
    sold_by(lambda house, s: str(plays_on(s))),
)
def read_sales_by_show(connection, house):
    table = sales_report.sales_table(
        connection, "day", sales_report.OwnRates(), zone=SYDNEY, by="show"
    )
    return as_sold(table, "day")


@reader(
    "report platforms",
    (sales_report,),
    MONEY,
    sold_by(lambda house, s: "ticket_tailor"),
)
def read_sales_by_platform(connection, house):
    table = sales_report.platforms_table(
        connection, sales_report.OwnRates(), zone=SYDNEY
    )
    return as_sold(table, "platform")


def expected_promo(house):
    used = [s for s in house.counted() if s.order is not None and s.order % 2]
    return plain_count(used, ["currency"], ["sold", "gross"])


@reader("report promo", (sales_report,), MONEY, expected_promo)
def read_promo_codes(connection, house):
    odd = orders.c.id % 2 == 1
    connection.execute(update(orders).where(odd).values(promo_code="ODD"))
    table = sales_report.promo_codes_table(connection, zone=SYDNEY)
    return totals(
        ((row["currency"],), {"sold": row["tickets"], "gross": row["gross"]})
        for row in tables.by_name(table)
    )


@reader(
    "ticket_sales",
    (original_views, views),
    MONEY,
    lambda house: totals(
        (
            (s.show, s.currency),
            {"tickets": int(s.is_ticket), "gross": s.paid, "refunded": s.back},
        )
        for s in house.counted()
    ),
)
def read_ticket_sales(connection, house):
    return totals(
        (
            (row.event_id, row.currency),
            {"tickets": row.quantity, "gross": row.gross, "refunded": row.refunded},
        )
        for row in view(connection, "ticket_sales")
    )


# The door


def expected_guests(house):
    return {(s.show, f"t{s.number}"): s.is_in for s in house.guests()}


@reader("door list", (attendees,), (*DOOR, "platform only"), expected_guests)
def read_door_list(connection, house):
    return {
        (night.number, guest.ticket_id): guest.is_in
        for night in house.nights
        for guest in attendees.list_guests(connection, night.number)
    }


@reader("attendees list", (attendees,), (*DOOR, "platform only"), expected_guests)
def read_attendees(connection, house):
    return {
        (guest.show_id, guest.ticket_id): guest.is_in
        for guest in attendees.list_tickets(connection)
        if guest.admits
    }


@reader(
    "attendee search",
    (attendees,),
    (*DOOR, "platform only"),
    lambda house: {
        (s.show, f"t{s.number}"): s.is_in
        for s in house.seats[::5]
        if s in house.guests()
    },
)
def read_search(connection, house):
    return {
        (guest.show_id, guest.ticket_id): guest.is_in
        for seat in house.seats[::5]
        for guest in attendees.search_tickets(
            connection, f"t{seat.number}", seat.show, exact=True
        )
        if guest.admits
    }


@reader(
    "check-in count",
    (attendees,),
    (*DOOR, "platform only"),
    lambda house: {
        n.number: (
            sum(s.is_in for s in house.guests() if s.show == n.number),
            sum(s.show == n.number for s in house.guests()),
        )
        for n in house.nights
    },
)
def read_door_count(connection, house):
    counts = {
        n.number: attendees.count_guests(connection, n.number) for n in house.nights
    }
    return {show: (c.admitted, c.expected) for show, c in counts.items()}


@reader(
    "attendee_checkin_status",
    (views,),
    (*DOOR, "platform only", "void admits"),
    expected_guests,
)
def read_checkin_status(connection, house):
    return {
        (row.show_id, row.ticket_id): bool(row.is_checked_in)
        for row in view(connection, "attendee_checkin_status")
    }


def probes(house):
    """
    Of each show one ticket that nobody has scanned yet, by the link with the switches.
    """
    found = {}
    for seat in house.seats:
        is_new = seat.admits and not seat.entered and not seat.door
        if is_new and seat.account == house.night(seat).first:
            found.setdefault(seat.show, seat)
    return list(found.values())


def scan(connection, house):
    outcomes = {}
    with_session = Within(connection)
    for seat in probes(house):
        at = checkin.find_scan_point(with_session, seat.show, "Door A")
        answer = checkin.admit(with_session, at, f"t{seat.number}")
        outcomes[seat.show, seat.account] = answer.outcome
    return outcomes


@reader(
    "check-in scan",
    (attendees,),
    DOOR,
    lambda house: {
        (s.show, s.account): (
            "admitted" if house.night(s).opens(s.account) else "unknown"
        )
        for s in probes(house)
    },
)
def read_scans(connection, house):
    return scan(connection, house)


def expected_after_scans(house):
    scanned = [s for s in probes(house) if house.night(s).counts(s.account)]
    return plain_count(
        [
            dataclasses.replace(s, door="in") if s in scanned else s
            for s in house.counted()
        ],
        ACCOUNT,
        ["in"],
    )


@reader("figures after a scan", (recompute,), IN, expected_after_scans)
def read_after_scans(connection, house):
    scan(connection, house)
    return totals(
        ((f.show_id, f.account, f.currency), {"in": f.checked_in})
        for f in numbers.figures(connection)
    )


# How they are asked, and how the rule is broken


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


def view(connection, name):
    return connection.execute(text(f"SELECT * FROM {name}")).all()


def nonzero(numbers_):
    return {name: n for name, n in numbers_.items() if n}


def broken(how):
    """
    A copy of the rule with this one fault.
    """
    spec = importlib.util.find_spec(counted.__name__)
    copy = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(copy)
    faults = {
        "link sync": ("is_followed", true),
        "link sales": ("brings_sales", counted.is_followed),
        "exclusion": ("takes_part", true),
        "production off": ("_shows_off", no_ids),
        "event off": ("_occurrences_off", no_ids),
        "door shut by sales": ("is_followed", counted.brings_sales),
        "door shut by exclusion": ("followed_links", links_of_shows_that_take_part),
        "platform only": (
            "is_checked_in",
            lambda: type_coerce(tickets.c.is_checked_in, WHOLE),
        ),
        "void is in": ("is_admitted", counted.is_checked_in),
        "void admits": ("admits", true),
    }
    setattr(copy, *faults[how])
    return copy


def readers_by_fault():
    """
    The names of the readers that a fault of the rule in the same modules must reach.
    """
    found = defaultdict(list)
    for name, asked in READERS.items():
        for how in asked.breaks:
            found[asked.modules, how].append(name)
    return found


def no_ids(switch):
    return select(tickets.c.id).where(false())


def links_of_shows_that_take_part():
    right = counted.followed_links()
    condition = and_(right.onclause, counted.takes_part())
    return right.left.join(right.right, condition)


def forget_kept_statements(module):
    """
    Some build a statement once; it would have the rule of before.
    """
    for value in vars(module).values():
        if hasattr(value, "cache_clear"):
            value.cache_clear()


@contextmanager
def tried(database):
    """
    A transaction whose every trace is gone afterwards.
    """

    class Over(Exception):
        pass

    try:
        with database.write() as connection:
            yield connection
            raise Over
    except Over:
        pass


@pytest.fixture(scope="module", params=[("sqlite", 1), ("postgresql", 2)], ids=str)
def house(request, templates):
    """
    A house as it is and in a database; each test leaves it as it was.
    """
    kind, seed = request.param
    found = House(seed)
    found.database = engine.open_database(templates.copy(kind, "empty"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "_now", lambda: NOW)
        with found.database.write() as connection:
            build(connection, found)
        yield found
    found.database.close()


def test_every_reader_says_the_same_under_all_switches(house):
    wrong = {}
    for name, asked in READERS.items():
        with tried(house.database) as connection:
            found, expected = asked.read(connection, house), asked.expected(house)
        assert expected, name
        if found != expected:
            wrong[name] = (found, expected)
    assert wrong == {}


@pytest.mark.parametrize("house", [("sqlite", 1)], ids=str, indirect=True)
def test_with_the_rule_broken_in_any_one_reader_its_numbers_differ(house, monkeypatch):
    expected = {name: asked.expected(house) for name, asked in READERS.items()}
    unnoticed = []
    for (modules, how), names in readers_by_fault().items():
        with tried(house.database) as connection, monkeypatch.context() as patch:
            for module in modules:
                assert module.counted is counted
                patch.setattr(module, "counted", broken(how))
                forget_kept_statements(module)
            if recompute in modules:
                everything = [n.number for n in house.nights]
                show_figures.recompute(connection, Settings(), everything)
            if views in modules:
                views.drop_all(connection)
                views.create_all(connection)
            for name in names:
                with connection.begin_nested() as alone:
                    found = READERS[name].read(connection, house)
                    if found == expected[name]:
                        unnoticed.append((name, how))
                    alone.rollback()
        for module in modules:
            forget_kept_statements(module)
    assert unnoticed == []


class TemplateValues(Site):
    """
    Renders a page as the values of its template.
    """

    def render_page(self, request, template, title, status_code=200, **values):
        return values


def test_the_pages_say_it_too(house):
    pages = ReadPages(TemplateValues(house.database, Settings()))

    def opened(page, **path):
        return page(PageRequest(None, path, {"orders": "1000"}, {}, None, ""))

    for night in house.nights:
        shown = opened(pages.show, id=str(night.number))
        counted_ = of_night(house, night)
        guests = [s for s in house.guests() if s.show == night.number]
        assert shown["seats"].sold == sum(s.admits for s in counted_)
        assert shown["comps"] == sum(s.admits and not s.face for s in counted_)
        assert {t.currency: t.gross.minor for t in shown["totals"]} == {
            key[0]: found["gross"]
            for key, found in plain_count(counted_, ["currency"], ["gross"]).items()
        }
        assert sum(order.charged.minor for order in shown["orders"]) == sum(
            s.paid for s in counted_ if s.order
        )
        assert shown["count"].expected == len(guests)
        assert shown["count"].admitted == sum(s.is_in for s in guests)
    with house.database.read() as connection:
        works = {title: id_ for id_, title, _ in shows.list_productions(connection)}
    for title, id_ in works.items():
        shown = opened(pages.production, id=str(id_))
        of_work = [s for s in house.counted() if work_of(house, s) == title]
        sums = plain_count(of_work, ["currency"], ["sold", "gross", "refunded"])
        assert {
            (t.currency,): {
                "sold": t.tickets_sold,
                "gross": t.gross.minor,
                "refunded": t.refunded.minor,
            }
            for t in shown["totals"]
        } == sums
        assert shown["sold_by"] == ("Ticket Tailor" if sums else "")
        ahead_of_it = [
            night
            for night in house.nights
            if not night.excluded and night.title == title
        ]
        assert [show.show_id for show in shown["upcoming"]] == [
            night.number for night in ahead_of_it
        ][:3]
    shown = opened(pages.overview)
    ahead = [s for s in house.counted() if s.admits]
    assert shown["sold_upcoming"] == len(ahead)
    assert sum(p.tickets for p in shown["platforms"]) == len(ahead)
    recent_sales = shown["recent_sales"]
    assert recent_sales.last(30).tickets == sum(s.order is not None for s in ahead)
