"""
A random history of a venue: orders that are bought, edited, refunded, voided, checked
in, moved and read again, links and switches that change; and what every report says.
"""

import random
from datetime import timedelta
from decimal import Decimal

import msgspec
from support import hand_links
from support.saved_orders import BOUGHT, FIRST_DAY, OCCURRENCES, ZONE, save

from ticketsync.catalogue import links, occurrences, selection
from ticketsync.core import tables
from ticketsync.core.records import (
    Fee,
    LooseTicket,
    Order,
    OrderStatus,
    Refund,
    Ticket,
    TicketStatus,
)
from ticketsync.core.settings.config import AccountSettings, FeeSchedule, Settings
from ticketsync.financials import explain
from ticketsync.reporting import (
    exported_sales,
    figures_of_shows,
    named_fees,
    sales,
    sales_report,
)
from ticketsync.reporting.export_filter import EVERYTHING
from ticketsync.sales import delisting, saving
from ticketsync.sales.allocation import IncomingTicket
from ticketsync.store import views
from ticketsync.workflows import own_fee_rates, recompute_figures
from ticketsync.workflows.matching import match

# Not kept: who was in, and when something was read or written.
NOT_KEPT = {
    *("checked_in", "is_checked_in", "last_synced_at", "last_complete_at"),
    *("updated_at", "last_scanned_at"),
}
SETTINGS = Settings(
    accounts={"tt": AccountSettings(fees=(FeeSchedule(per_ticket=Decimal("0.30")),))}
)


def reports(connection, settings=SETTINGS):
    """
    What every report says, without what is not kept.
    """
    rates = own_fee_rates.own_rates(connection, settings)
    found = {
        "figures": figures_of_shows.figures_table(connection),
        "fees": named_fees.exported_fees(connection, EVERYTHING),
        "sales": sales.sales_table(connection),
        "refunds": sales.refunds_table(connection),
        "tickets": exported_sales.exported_table(connection, EVERYTHING, per="ticket"),
        "platforms": sales_report.platforms_table(connection, rates, zone=ZONE),
        "promo": sales_report.promo_codes_table(connection, zone=ZONE),
    }
    for per in ("day", "production", "show"):
        found[per] = sales_report.sales_table(connection, per, rates, zone=ZONE)
    said = {name: plain(table) for name, table in found.items()}
    for show_id in (1, 2):
        table = explain.contributions_table(connection, show_id)
        said[f"explain {show_id}"] = plain(table)
        types = figures_of_shows.by_type(connection, show_id)
        said[f"types {show_id}"] = plain(
            tables.of_values(figures_of_shows.TYPES, types)
        )
        totals = figures_of_shows.totals(connection, show_id)
        said[f"totals {show_id}"] = plain(
            tables.of_values(figures_of_shows.TOTALS, totals)
        )
    for view in ("show_totals", "ticket_sales_analytics"):
        names = [n for n in views.column_names(view) if n not in NOT_KEPT]
        query = f"SELECT {', '.join(names)} FROM {view}"
        said[view] = sorted(map(repr, connection.exec_driver_sql(query)))
    return said


def plain(table):
    return [
        {name: value for name, value in row.items() if name not in NOT_KEPT}
        for row in tables.records(table)
    ]


class History:
    """
    Steps of one random history on a prepared database, each at `self.now`.
    """

    def __init__(self, database, frozen, seed):
        self.database = database
        self.frozen = frozen
        self.chance = random.Random(seed)
        self.now = FIRST_DAY
        self.orders = {}
        self.loose = {}
        self.number = 0
        self.kinds = {}  # how often each step was taken

    def step(self):
        self.now += timedelta(seconds=self.chance.choice((1, 1, 2, 60, 3600, 90_000)))
        self.frozen(self.now)
        for _ in range(self.chance.choice((1, 1, 1, 2))):
            self._one()
        recompute_figures.rebuild(self.database, SETTINGS)

    def _one(self):
        kinds = [
            *[self.buy] * 4,
            *(self.edit, self.refund, self.reverse, self.void, self.check_in),
            *(self.move, self.change_fees, self.read_again, self.delist, self.issue),
            *(self.unlink, self.switch, self.exclude, self.leave, self.swap),
        ]
        kind = self.chance.choice(kinds)
        self.kinds[kind.__name__] = self.kinds.get(kind.__name__, 0) + 1
        kind()

    def buy(self):
        self.number += 1
        id_ = f"or_{self.number}"
        tickets = tuple(
            Ticket(
                *(f"it_{self.number}_{n}", self.chance.choice(OCCURRENCES), "tt"),
                *(self.chance.choice(("Adult", "Child")), TicketStatus.VALID, False),
                self.chance.choice((0, 1500, 2500, 3333)),
            )
            for n in range(self.chance.choice((1, 2, 3)))
        )
        status = self.chance.choice((OrderStatus.PAID, OrderStatus.PENDING))
        fees = self.chance.choice((None, (Fee("Booking", 201, 18),)))
        promo = self.chance.choice(("", "EARLY"))
        self._save(
            self._order(id_, tickets, status=status, fees=fees, promo_code=promo)
        )

    def _order(self, id_, tickets, **more):
        donations = self.chance.choice((0, 500))
        charged = sum(t.face + t.fee for t in tickets) + donations
        fields = {
            "occurrence_id": tickets[0].occurrence_id,
            "status": OrderStatus.PAID,
            "placed_at": BOUGHT + timedelta(minutes=self.number),
            "currency": "AUD",
            "total": charged,
            "charged": charged,
            "donations": donations,
            "tax": 0,
            **more,
        }
        return Order(id=id_, tickets=tickets, **fields)

    def _save(self, *orders):
        self.orders |= {order.id: order for order in orders}
        save(self.database, *orders, at=self.now)

    def _any(self):
        return self.orders[self.chance.choice(sorted(self.orders))]

    def _change(self, order, **changes):
        self._save(msgspec.structs.replace(order, **changes))

    def edit(self):
        """
        Another price, paid by now, or a donation left out.
        """
        if self.orders:
            old = self._any()
            prices = {t.id: self.chance.choice((1500, 2600)) for t in old.tickets}
            tickets = tuple(self._ticket(t, face=prices[t.id]) for t in old.tickets)
            new = self._order(old.id, tickets, fees=old.fees, refunds=old.refunds)
            self._change(new, placed_at=old.placed_at)

    @staticmethod
    def _ticket(ticket, **changes):
        return msgspec.structs.replace(ticket, **changes)

    def refund(self):
        if self.orders:
            old = self._any()
            back = sum(r.amount for r in old.refunds)
            left = old.charged - back
            if left > 0:
                more = Refund(old.id, back + self.chance.randint(1, left))
                self._change(old, refunds=(more,))

    def reverse(self):
        for old in self.orders.values():
            if old.refunds:
                self._change(old, refunds=())
                return

    def void(self):
        if self.orders:
            old = self._any()
            first, *others = old.tickets
            gone = self._ticket(first, status=TicketStatus.VOID, voided_at=self.now)
            self._change(old, tickets=(gone, *others))

    def check_in(self):
        if self.orders:
            old = self._any()
            is_in = not old.tickets[0].checked_in
            self._change(
                old,
                tickets=tuple(self._ticket(t, checked_in=is_in) for t in old.tickets),
            )

    def move(self):
        """
        To another date.
        """
        if self.orders:
            old = self._any()
            date = self.chance.choice(OCCURRENCES)
            tickets = tuple(self._ticket(t, occurrence_id=date) for t in old.tickets)
            self._change(old, tickets=tickets, occurrence_id=date)

    def leave(self):
        """
        A ticket leaves its order.
        """
        for old in self.orders.values():
            if len(old.tickets) > 1 and not old.refunds:
                left = old.tickets[1:]
                charged = sum(t.face for t in left) + old.donations
                self._change(old, tickets=left, charged=charged, total=charged)
                return

    def swap(self):
        """
        A ticket becomes another order's.
        """
        whole = [o for o in self.orders.values() if not o.refunds]
        if len(whole) > 1:
            one, other = self.chance.sample(whole, 2)
            if len(one.tickets) > 1 and one.status is other.status:
                moved, *left = one.tickets
                new = tuple(left), (*other.tickets, moved)
                orders = [
                    self._order(o.id, t, status=o.status, fees=o.fees)
                    for o, t in zip((one, other), new, strict=True)
                ]
                self._save(*orders)

    def change_fees(self):
        if self.orders:
            old = self._any()
            fees = (
                Fee("Booking", self.chance.choice((99, 201))),
                Fee("Card", self.chance.choice((33, None))),
            )
            self._change(old, fees=self.chance.choice((None, fees, fees[:1])))

    def read_again(self):
        """
        Everything is read again, and nothing is different.
        """
        if self.orders:
            save(self.database, *self.orders.values(), at=self.now)

    def delist(self):
        if self.orders:
            with self.database.write() as connection:
                ids = [self._any().id]
                delisting.mark_delisted(connection, 1, ids, self.now, self.now)

    def issue(self):
        """
        A ticket without an order, which may be void later.
        """
        number = self.chance.randint(1, 5)
        status = self.chance.choice((TicketStatus.VALID, TicketStatus.VOID))
        date = self.chance.choice(OCCURRENCES)
        ticket = Ticket(f"free_{number}", date, "tt", "Guest", status, False, 0)
        item = IncomingTicket(LooseTicket(ticket, self.now, "AUD"), "AUD", b"x")
        with self.database.write() as connection:
            ids = occurrences.get_occurrence_ids(connection, 1)
            saving.save_loose_tickets(connection, 1, [item], ids, self.now)

    def unlink(self):
        """
        Take a pair apart, or link it, to one show or the other.
        """
        date = self.chance.choice((1, 2))
        with self.database.read() as connection:
            is_linked = bool(links.get_show_ids(connection, [date]))
        if is_linked:
            hand_links.unlink(self.database, SETTINGS, date)
            return
        pair = links.Pair(date, self.chance.choice((1, 2)), "by hand")
        with self.database.write() as connection:
            links.save_links(
                connection, [pair], decided_by="person", batch="b", now=self.now
            )

    def switch(self):
        level = self.chance.choice(("date", "event", "production"))
        values = {
            self.chance.choice(("enabled", "ticket_sales")): self.chance.random() < 0.5
        }
        given = {"enabled": None, "ticket_sales": None, **values}
        number = self.chance.choice((1, 2))
        with self.database.read() as connection:
            found = occurrences.get_occurrence(connection, number)
            is_linked = bool(links.get_show_ids(connection, [number]))
        if level == "production":
            match.configure_production(self.database, SETTINGS, "Late Laughs", **given)
        elif is_linked and level == "date":
            hand_links.configure(self.database, SETTINGS, found, **given, types={})
        elif is_linked:
            with self.database.read() as connection:
                event = selection.find_event(connection, found.provider_event_id)
            match.configure_event(self.database, SETTINGS, event, **given, types={})

    def exclude(self):
        recompute_figures.exclude(
            self.database,
            SETTINGS,
            self.chance.choice((1, 2)),
            self.chance.random() < 0.5,
            "",
        )
