"""
Every reader of sales, money and guests: what it says, and what a plain count of the
tickets of `support.switched_house` says.

`modules` are those whose use of the rule (`store.counted`) makes its numbers; each of
`breaks` must be noticed. Those of the door are in `support.counted_door`, those of fees
and books in `support.counted_books`.
"""

import dataclasses
from datetime import timedelta

from sqlalchemy import text, update
from support.dates import NOW
from support.switched_house import (
    OTHER,
    SYDNEY,
    figures_of,
    plain_count,
    plays_on,
    totals,
    work_of,
)

from ticketsync.catalogue import occurrences
from ticketsync.core import clock, tables
from ticketsync.financials import explain, recompute, sales_notices
from ticketsync.reporting import (
    calendar,
    daily,
    figures_of_shows,
    grouped_figures,
    order_parts,
    refund_report,
    sales,
    sales_over_time,
    sales_report,
)
from ticketsync.reporting.figure_filter import FigureFilter
from ticketsync.store import capacity, original_views, views
from ticketsync.store.tables.sales import orders


@dataclasses.dataclass(frozen=True)
class Reader:
    read: object
    expected: object
    modules: tuple
    breaks: tuple


LEVELS_OFF = ("production off", "event off")
SWITCHED = ("link sync", "link sales", "exclusion", *LEVELS_OFF)
MONEY = (*SWITCHED, "gift cards count")
PARTS = (*SWITCHED, "gift cards are tickets")  # where they are a part of their order
DOOR = ("link sync", "door shut by sales", "door shut by exclusion", *LEVELS_OFF)
IN = ("platform only", "void is in")
# What is compared, and what most readers call it.
SHOWN = {
    "sold": "tickets_sold",
    "comps": "tickets_comp",
    "returned": "tickets_refunded",
    "in": "checked_in",
    "face": "face",
    "gross": "gross",
    "refunded": "refunded",
}
ALL = tuple(SHOWN)
ACCOUNT = ("show", "account", "currency")
READERS = {}


def reader(name, modules, breaks, expected):
    def register(read):
        READERS[name] = Reader(read, expected, modules, breaks)
        return read

    return register


def view(connection, name):
    return connection.execute(text(f"SELECT * FROM {name}")).all()


def nonzero(numbers_):
    return {name: n for name, n in numbers_.items() if n}


def counted_seats(key, names, only=lambda seat: True):
    return lambda house: plain_count(filter(only, house.counted()), key, names)


def shown(row, *, without=""):
    return {o: getattr(row, theirs) for o, theirs in SHOWN.items() if o != without}


@reader("financials list", (recompute,), MONEY + IN, counted_seats(ACCOUNT, ALL))
def read_figures(connection, house):
    return totals(
        (
            (f.show_id, f.account, f.currency),
            shown(f),
        )
        for f in figures_of_shows.figures(connection)
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
            shown(t, without="in"),
        )
        for night in house.nights
        for t in figures_of_shows.by_type(connection, night.number)
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
                "in": part.is_checked_in if part.is_sold else 0,
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
            shown(row),
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


@reader("session_complete", (recompute,), SWITCHED + IN, expected_sessions)
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
            connection,
            sales_over_time.read_recent_activity(connection, "day", SYDNEY, NOW).recent,
        )
    )


def expected_lately(house):
    ordered = [s for s in house.counted() if s.order]
    sold = plain_count(ordered, ["account"], ["sold"])
    charged = plain_count(ordered, ["account", "currency"], ["gross"])
    return sold | charged, sum(s.admits for s in ordered)


@reader("overview, by day", (sales_over_time,), MONEY, expected_lately)
def read_recent_activity(connection, house):
    lately = sales_over_time.read_recent_activity(connection, "day", SYDNEY, NOW).recent
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
    SWITCHED,
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


reader("daily report", (daily,), SWITCHED, expected_daily)(read_daily)
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


def as_orders(lines):
    return totals(
        (
            (s.show, s.account, s.currency),
            {"tickets": int(s.is_ticket), "gross": s.paid, "refunded": s.back},
        )
        for s in lines
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


@reader(
    "export sales",
    (sales, order_parts),
    PARTS,
    lambda house: as_orders(house.lines_of_orders()),
)
def read_sales(connection, house):
    return as_sales(sales.list_sales(connection))


@reader(
    "orders of a show",
    (sales, order_parts),
    PARTS,
    lambda house: as_orders(house.ordered()),
)
def read_orders(connection, house):
    return as_sales(
        row
        for night in house.nights
        for row in sales.list_sales(connection, show_id=night.number)
    )


@reader(
    "export refunds",
    (sales, order_parts),
    PARTS,
    lambda house: plain_count(house.lines_of_orders(), ACCOUNT, ["refunded"]),
)
def read_refunds(connection, house):
    return totals(
        ((row.show_id, row.account, row.currency), {"refunded": row.amount})
        for row in sales.list_refunds(connection)
    )


def expected_refund_sums(house):
    return totals(
        ((title, line.currency), {"refunded": line.back})
        for line in house.lines_of_orders()
        for title in ("", *([work_of(house, line)] if line.show else []))
    )


@reader("sums of refunds", (sales, order_parts), PARTS, expected_refund_sums)
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
                {ours: row[theirs] for ours, theirs in SHOWN.items()},
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
            shown(row),
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
