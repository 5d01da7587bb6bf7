"""
What the golden books (`tests/golden/books/`) come to, worked out once more from the
rows that were written by hand: whole minor units, fractions, and nothing of ticketsync.

The rules are those that the documents state (docs/numbers.md, tax.md, ledger.md). Only
what occurs in the books is modelled; anything else fails.
"""

import csv
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

BOOKS = Path(__file__).parents[1] / "golden" / "books"
DECIMALS = {"AUD": 2, "JPY": 0, "KWD": 3}
PARTS = (
    *("buyer_fees", "addons", "donations", "vouchers", "tax_added"),
    "unexplained",
)
# The end of what was known: after each of these instants there is more.
SEEN = {
    "A": "2026-09-20T00:00:00+00:00",
    "B": "2026-10-05T00:00:00+00:00",
    "C": "2026-10-20T00:00:00+00:00",
    "D": "2026-11-02T00:00:00+00:00",
    "E": "2026-11-16T00:00:00+00:00",
}
OLD_RATE_ENDS = date(2026, 9, 30)


def rows(name):
    with (BOOKS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def minor(text, currency):
    value = Decimal(text or "0").scaleb(DECIMALS[currency])
    assert value == int(value), (text, currency)
    return int(value)


def major(amount, currency):
    if amount is None:
        return ""
    return f"{Decimal(amount).scaleb(-DECIMALS[currency]):.{DECIMALS[currency]}f}"


def rounded(value):
    """
    Half away from zero.
    """
    whole = int(abs(value) + Fraction(1, 2))
    return whole if value >= 0 else -whole


def divided(amount, weights):
    """
    Largest remainder; the earlier part of two that are equal.
    """
    if amount < 0:
        return [-part for part in divided(-amount, weights)]
    exact = [Fraction(amount * w, sum(weights)) for w in weights]
    parts = [int(e) for e in exact]
    left = sorted(range(len(weights)), key=lambda n: (parts[n] - exact[n], n))
    for n in left[: amount - sum(parts)]:
        parts[n] += 1
    return parts


@dataclass
class Ticket:
    id: str
    show: str
    type: str
    face: int
    listed: int
    fee: int
    charged: int
    void_seen: str
    parts: dict
    refunded: int = 0
    fees: int | None = None


@dataclass
class Refund:
    show: str
    day: date
    basis: str
    kind: str
    amount: int
    seen: str


@dataclass
class Order:
    id: str
    account: str
    seen: str
    day: date
    status: str
    currency: str
    reported_tax: int | None
    remitted: int
    charged: int
    fees: dict | None  # name: (amount, tax)
    tickets: list = field(default_factory=list)
    refunds: list = field(default_factory=list)

    @property
    def is_counted(self):
        return self.status == "paid" or (self.status == "cancelled" and self.charged)

    @property
    def shows(self):
        return list(dict.fromkeys(t.show for t in self.tickets))

    def tickets_of(self, show):
        return [t for t in self.tickets if t.show == show]

    def sum(self, show, name):
        return sum(
            t.parts[name] if name in PARTS else getattr(t, name)
            for t in self.tickets_of(show)
        )


@dataclass
class Show:
    key: str
    production: str
    day: date
    state: str

    @property
    def counts(self):
        return self.state in ("", "cancelled")


def shows():
    return {
        row["show"]: Show(
            row["show"],
            row["production"],
            datetime.fromisoformat(row["starts"]).date(),
            row["state"],
        )
        for row in rows("shows.csv")
    }


def parse_fees(text, currency):
    if text == "unknown":
        return None
    found = {}
    for item in text.split(" + ") if text != "none" else []:
        name, amounts = item.split(" ")
        amount, _, tax = amounts.partition("/")
        found[name] = (
            minor(amount, currency),
            minor(tax, currency) if tax else None,
        )
    return found


def orders(until="E"):
    """
    The orders as they were known after the reading `until`.
    """
    found = {}
    for row in rows("orders.csv"):
        currency = row["currency"]
        found[row["order"]] = Order(
            row["order"],
            row["account"],
            row["seen"],
            datetime.fromisoformat(row["placed"]).date(),
            row["status"],
            currency,
            minor(row["tax"], currency) if row["tax"] else None,
            minor(row["tax_remitted"], currency),
            minor(row["charged"], currency),
            parse_fees(row["fees"], currency),
        )
    _add_tickets(found)
    known = {id_: o for id_, o in found.items() if o.seen <= until}
    _add_refunds(known, until)
    return known


def _add_tickets(found):
    wholes = {row["order"]: row for row in rows("orders.csv")}
    for row in rows("tickets.csv"):
        order = found[row["order"]]
        face, listed, fee, charged = (
            minor(row[n], order.currency) for n in ("face", "listed", "fee", "charged")
        )
        order.tickets.append(
            Ticket(
                *(row["ticket"], row["show"], row["type"], face, listed or face),
                *(fee, charged, row["void_seen"], dict.fromkeys(PARTS, 0)),
            )
        )
    for order in found.values():
        if order.is_counted:
            _divide_parts(order, wholes[order.id])
            if order.fees is not None:
                _divide_fees(order)


def _divide_parts(order, whole):
    """
    What was charged for the whole order, by the tickets' own prices. What each ticket
    was charged was written by hand and must come out.
    """
    weights = [t.face + t.fee for t in order.tickets]
    amounts = {
        n: minor(whole[n], order.currency)
        for n in ("buyer_fees", "addons", "donations", "vouchers", "unexplained")
    }
    on_top = order.reported_tax if whole["tax_on_top"] else 0
    amounts["tax_added"] = on_top
    used = [name for name, amount in amounts.items() if amount]
    assert len(used) < 2 or len(order.tickets) == 1
    for ticket in order.tickets:
        ticket.parts["buyer_fees"] = ticket.fee
    for name in used:
        shares = divided(amounts[name], weights)
        for ticket, share in zip(order.tickets, shares, strict=True):
            ticket.parts[name] += share
    for t in order.tickets:
        p = t.parts
        extra = p["buyer_fees"] + p["addons"] + p["donations"] + p["tax_added"]
        assert t.charged == t.face + extra - p["vouchers"] + p["unexplained"], t.id
    assert order.charged == sum(t.charged for t in order.tickets), order.id


def _divide_fees(order):
    for ticket in order.tickets:
        ticket.fees = 0
    weights = [t.charged for t in order.tickets]
    for amount, _ in order.fees.values():
        for ticket, share in zip(order.tickets, divided(amount, weights), strict=True):
            ticket.fees += share


def _add_refunds(known, until):
    """
    Movements, each divided among the shows; what went back is of void tickets first,
    the rest by what was charged.
    """
    listed = defaultdict(list)
    for row in rows("refunds.csv"):
        if row["seen"] <= until:
            listed[row["order"]].append(row)
    for id_, of_order in listed.items():
        order = known[id_]
        left = sum(minor(row["amount"], order.currency) for row in of_order)
        for ticket in order.tickets:
            if ticket.void_seen and ticket.void_seen <= until:
                ticket.refunded = min(left, ticket.charged)
                left -= ticket.refunded
        rest = [t.charged - t.refunded for t in order.tickets]
        for ticket, share in zip(
            order.tickets, divided(left, rest) if left else [0] * len(rest), strict=True
        ):
            ticket.refunded += share
        for row in of_order:
            amount = minor(row["amount"], order.currency)
            shares = {order.shows[0]: amount}
            if len(order.shows) > 1:
                assert len(of_order) == 1
                shares = {show: order.sum(show, "refunded") for show in order.shows}
            order.refunds += [
                Refund(
                    *(show, date.fromisoformat(row["day"]), row["basis"]),
                    *(row["kind"], share, row["seen"]),
                )
                for show, share in shares.items()
                if share
            ]


def own_rate(order):
    """
    The fee lines by the venue's own rate, by show; `None` where they are reported or
    there is no rate. And the tax in them.
    """
    if order.account != "tt" or order.fees is not None or not order.charged:
        return None
    paid = {
        show: sum(t.face > 0 for t in order.tickets_of(show)) for show in order.shows
    }
    if order.day <= OLD_RATE_ENDS:  # 0.65 a ticket
        return {show: {"Per ticket": 65 * paid[show]} for show in order.shows}
    # 0.75 a ticket, 1.75 per cent, 0.30 an order
    weights = [order.sum(show, "charged") for show in order.shows]
    percent = divided(rounded(Fraction(order.charged * 175, 10_000)), weights)
    each = divided(30, weights)
    return {
        show: {"Per ticket": 75 * paid[show], "Percentage": p, "Per order": o}
        for show, p, o in zip(order.shows, percent, each, strict=True)
    }


def fees_of(order, show):
    """
    What platform or rate keep of an order for a show, by name; `None`: not known.
    """
    if order.fees is None and order.account == "tt":
        lines = own_rate(order)
        return {} if lines is None else lines[show]
    if order.fees is None:
        return None
    by_show = [order.sum(s, "charged") for s in order.shows]
    if not order.charged:
        return {}
    place = order.shows.index(show)
    return {
        name: divided(amount, by_show)[place]
        for name, (amount, _) in order.fees.items()
    }


def fees_total(order, show):
    lines = fees_of(order, show)
    return None if lines is None else sum(lines.values())


def counted(known):
    """
    Each order that counts with each of its shows that count.
    """
    all_shows = shows()
    for order in known.values():
        for show in order.shows:
            if order.is_counted and all_shows[show].counts:
                yield order, show


# Figures

COUNTS = ("tickets_sold", "tickets_comp", "tickets_refunded")
SUMS = ("face", "discounts", "gross", *PARTS, "refunded", "tax_remitted")


def figures(pairs, until="E"):
    """
    By show, account and currency. Fees and net are `None` where those of one order are
    not known, tax where the platform does not report it.
    """
    found = {}
    for order, show in pairs:
        key = (show, order.account, order.currency)
        row = found.setdefault(
            key, {**dict.fromkeys((*COUNTS, *SUMS, "fees", "tax"), 0), "sources": set()}
        )
        for t in order.tickets_of(show):
            is_void = bool(t.void_seen) and t.void_seen <= until
            is_sold = order.status == "paid" and not is_void
            row["tickets_sold"] += is_sold
            row["tickets_comp"] += is_sold and not t.face
            row["tickets_refunded"] += 0 < t.face <= t.refunded
            row["discounts"] += t.listed - t.face
        row["face"] += order.sum(show, "face")
        row["gross"] += order.sum(show, "charged")
        row["refunded"] += order.sum(show, "refunded")
        for name in PARTS:
            row[name] += order.sum(show, name)
        if order.remitted:
            assert len(order.shows) == 1
            row["tax_remitted"] += order.remitted
        row["fees"] = plus(row["fees"], fees_total(order, show))
        if order.charged:
            tax = None if order.reported_tax is None else order.sum(show, "tax_added")
            row["tax"] = plus(row["tax"], tax)
            row["sources"].add(_source(order))
    for row in found.values():
        sources = row.pop("sources")
        one = "mixed" if {"reported", "schedule"} <= sources else "".join(sources)
        row["fees_source"] = "unknown" if "unknown" in sources else one
        kept = row["gross"] - row["refunded"] - row["tax_remitted"]
        row["net"] = None if row["fees"] is None else kept - row["fees"]
    return found


def _source(order):
    if order.fees is not None:
        return "reported"
    return "schedule" if order.account == "tt" else "unknown"


def plus(one, other):
    return None if one is None or other is None else one + other


def fee_lines(known):
    """
    By show, account, currency and name.
    """
    found = defaultdict(int)
    for order, show in counted(known):
        for name, amount in (fees_of(order, show) or {}).items():
            found[show, order.account, order.currency, name] += amount
    return {key: amount for key, amount in found.items() if amount}
