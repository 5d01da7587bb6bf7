"""
The readers of fees, exports, books and our own box office, as `support.counted_readers`
has those of sales.
"""

from datetime import date
from decimal import Decimal

from sqlalchemy import insert, select
from support.counted_readers import (
    ACCOUNT,
    DOOR,
    IN,
    MONEY,
    PARTS,
    SWITCHED,
    counted_seats,
    ordered_on,
    reader,
    view,
)
from support.dates import NOW
from support.switched_house import (
    LIVE,
    OTHER,
    RESTING,
    SYDNEY,
    figures_of,
    kept,
    kept_of,
    plain_count,
    totals,
    work_of,
)

from ticketsync.boxoffice import seats, shows_on_sale
from ticketsync.core import tables
from ticketsync.core.money import Money
from ticketsync.core.periods import ALWAYS, Period
from ticketsync.core.records import NO_SHOW
from ticketsync.core.settings.config import AccountSettings, FeeSchedule, Settings
from ticketsync.financials import explain, fee_lines, figure_tree, gaps, recompute
from ticketsync.reporting import (
    boxoffice_selling,
    exclusion,
    exported_sales,
    exported_tickets,
    figures_of_shows,
    named_fees,
    order_money,
    order_parts,
    other_currencies,
    sales,
    sales_report,
    upcoming_productions,
)
from ticketsync.reporting.export_filter import ExportFilter
from ticketsync.store import capacity, original_views, views
from ticketsync.store.tables.boxoffice_shows import boxoffice_shows
from ticketsync.store.tables.catalogue import occurrences, show_links
from ticketsync.workflows import figure_trees, money_view
from ticketsync.workflows.month_end import ledger_export, period_lines, tax_worksheets
from ticketsync.workflows.month_end.period_lines import Span

EVERYTHING = ExportFilter(zone=SYDNEY)
BOTH = tuple(dict.fromkeys((*MONEY, *PARTS)))
YEAR = Period(date(2026, 1, 1), date(2026, 12, 31))
OWN_RATE = Settings(
    accounts={
        name: AccountSettings(fees=(FeeSchedule(per_ticket=Decimal("0.30")),))
        for name in (LIVE, RESTING, OTHER)
    }
)


# What platforms kept, and what is left


def by_account(seat):
    return seat.show, seat.account, seat.currency


def by_show(seat):
    return seat.show, seat.currency


def counted_kept(key_of):
    return lambda house: kept(
        (key_of(seat), *kept_of(seat)) for seat in house.counted()
    )


def minor(amount):
    return amount.minor if isinstance(amount, Money) else amount


def left_of(fees, net):
    """
    Fees and net of a reader, as `kept` takes them: net with the fees in it.
    """
    assert (fees is None) == (net is None)
    return minor(fees), None if fees is None else minor(net) + minor(fees)


@reader("fees and net of figures", (recompute,), MONEY, counted_kept(by_account))
def read_kept(connection, house):
    return kept(
        ((f.show_id, f.account, f.currency), *left_of(f.fees, f.net))
        for f in figures_of_shows.figures(connection)
    )


@reader("fees and net of show_totals", (recompute,), MONEY, counted_kept(by_show))
def read_kept_of_shows(connection, house):
    return kept(
        ((row.show_id, row.currency), *left_of(row.fees, row.net))
        for row in view(connection, "show_totals")
    )


@reader(
    "fees and net of production_totals",
    (recompute,),
    MONEY,
    lambda house: kept(
        ((work_of(house, seat), seat.currency), *kept_of(seat))
        for seat in house.counted()
    ),
)
def read_kept_of_works(connection, house):
    return kept(
        ((row.production, row.currency), *left_of(row.fees, row.net))
        for row in view(connection, "production_totals")
    )


def kept_of_row(row):
    """
    The same of a row for each ticket: one that cost nothing has no fees to be known.
    """
    charged, fees = minor(row.charged), minor(row.fees)
    is_free = fees is None and not charged
    return 0 if is_free else fees, charged - minor(row.refunded)


@reader("fees of ticket_sales_analytics", (views,), MONEY, counted_kept(by_account))
def read_kept_of_tickets(connection, house):
    return kept(
        ((row.show_id, row.account, row.currency), *kept_of_row(row))
        for row in view(connection, "ticket_sales_analytics")
    )


@reader("fees in explain", (explain,), MONEY, counted_kept(by_account))
def read_kept_explained(connection, house):
    return kept(
        ((night.number, part.account, part.currency), *kept_of_row(part))
        for night in house.nights
        for part in explain.list_contributions(connection, night.number)
    )


@reader(
    "fees and net in export sales",
    (sales, order_parts),
    PARTS,
    lambda house: kept(
        (by_account(line), *kept_of(line)) for line in house.lines_of_orders()
    ),
)
def read_kept_of_sales(connection, house):
    return kept(
        ((row.show_id, row.account, row.currency), *left_of(row.fees, row.net))
        for row in sales.list_sales(connection)
    )


@reader(
    "fees and net in ticket_sales",
    (original_views, views),
    MONEY,
    counted_kept(by_account),
)
def read_kept_of_original_view(connection, house):
    return kept(
        ((row.event_id, row.account, row.currency), *left_of(row.fees, row.net))
        for row in view(connection, "ticket_sales")
    )


def kept_by_report(table, name):
    return kept(
        (
            (None if row[name] is None else str(row[name]), row["currency"]),
            *left_of(row["fees"], row["net"]),
        )
        for row in tables.by_name(table)
    )


@reader(
    "fees and net in report sales",
    (sales_report,),
    MONEY,
    lambda house: kept(
        ((ordered_on(house, seat), seat.currency), *kept_of(seat))
        for seat in house.counted()
    ),
)
def read_kept_by_day(connection, house):
    rates = sales_report.OwnRates()
    table = sales_report.sales_table(connection, "day", rates, zone=SYDNEY)
    return kept_by_report(table, "day")


@reader(
    "fees and net in report sales --by show",
    (recompute,),
    MONEY,
    counted_kept(lambda seat: (str(seat.show), seat.currency)),
)
def read_kept_by_show(connection, house):
    rates = sales_report.OwnRates()
    table = sales_report.sales_table(connection, "show", rates, zone=SYDNEY, by="show")
    return kept_by_report(table, "show_id")


@reader(
    "named fees",
    (recompute, fee_lines),
    SWITCHED,
    lambda house: totals(
        (by_account(seat), {"Service": seat.fees})
        for seat in house.counted()
        if seat.fees
    ),
)
def read_named_fees(connection, house):
    return totals(
        ((fee.show_id, fee.account, fee.currency), {fee.name: fee.amount})
        for fee in named_fees.list_fees(connection)
    )


@reader(
    "the venue's own rates",
    (fee_lines,),
    SWITCHED,
    lambda house: totals(
        ((seat.show, seat.order), {"billed": 30})
        for seat in house.ordered()
        if seat.face and seat.fees is None
    ),
)
def read_own_rates(connection, house):
    found = tax_worksheets.read_own_fees(connection, OWN_RATE)
    return totals(
        ((show, order), {"billed": own.amount}) for (order, show), own in found.items()
    )


@reader(
    "orders whose fees are not known",
    (recompute, gaps),
    MONEY,
    lambda house: {
        (seat.show, seat.account, f"r{seat.order}")
        for seat in house.ordered()
        if seat.paid and seat.fees is None
    },
)
def read_gaps(connection, house):
    return {
        (night.number, gap.account, gap.order_id)
        for night in house.nights
        for gap in gaps.list_gaps(connection, night.number)
    }


@reader(
    "the tree of a figure",
    (explain,),
    MONEY,
    lambda house: totals(
        ((*by_show(seat), figure_tree.TICKET), {"gross": seat.paid})
        for seat in house.counted()
    ),
)
def read_trees(connection, house):
    """
    A difference between the stored figure and its tickets would be a leaf of its own.
    """
    return totals(
        ((night.number, currency, leaf.kind), {"gross": leaf.amount})
        for night in house.nights
        for currency, tree in figure_trees.read_trees(
            connection, Settings(), night.number, "gross", has_tickets=True, now=NOW
        ).by_currency.items()
        for _, leaf in tree.leaves()
    )


# Files


@reader(
    "export sales --per ticket",
    (exported_tickets,),
    MONEY,
    lambda house: plain_count(
        house.lines_of_orders(),
        ACCOUNT,
        ["sold", "comps", "returned", "face", "gross", "refunded"],
    ),
)
def read_exported_tickets(connection, house):
    table = exported_sales.exported_table(connection, EVERYTHING, per="ticket")
    return totals(
        (
            (row["show_id"], row["account"], row["currency"]),
            {
                "sold": row["is_sold"],
                "comps": row["is_comp"],
                "returned": row["is_refunded"],
                "face": row["face"],
                "gross": row["charged"],
                "refunded": row["refunded"],
            },
        )
        for row in tables.by_name(table)
    )


def expected_exports(house):
    keys = {
        "show": lambda seat: seat.show,
        "day": lambda seat: ordered_on(house, seat),
        "month": lambda seat: ordered_on(house, seat)[:7],
    }
    return totals(
        (
            (per, key_of(seat), seat.currency),
            {
                "tickets": int(seat.is_ticket),
                "gross": seat.paid,
                "refunded": seat.back,
            },
        )
        for per, key_of in keys.items()
        for seat in house.lines_of_orders()
    )


@reader("export sales --per", (sales, order_parts), PARTS, expected_exports)
def read_exported_sums(connection, house):
    names = {"show": "show_id", "day": "day", "month": "month"}
    return totals(
        (
            (per, row[name] if per == "show" else str(row[name]), row["currency"]),
            {
                "tickets": row["tickets"],
                "gross": row["charged"],
                "refunded": row["refunded"],
            },
        )
        for per, name in names.items()
        for row in tables.by_name(
            exported_sales.exported_table(connection, EVERYTHING, per=per)
        )
    )


# Worksheets, closed months and the ledger


@reader(
    "tax worksheet",
    (order_money,),
    BOTH,
    lambda house: totals(
        (
            (seat.account, seat.currency),
            {"sale": seat.paid, "refund": -seat.back},
        )
        for seat in house.lines_of_orders()
    ),
)
def read_worksheet(connection, house):
    found = tax_worksheets.read_tax_period(connection, Settings(), ALWAYS)
    return totals(
        ((item.account, item.currency), {item.flow: item.line.amount or 0})
        for item in found.orders
        if item.flow != "fee"
    )


@reader(
    "what a worksheet leaves out",
    (order_parts,),
    PARTS,
    lambda house: totals(
        ((seat.account, seat.currency, "switched-off"), {"charged": seat.paid})
        for seat in house.seats
        if seat.order and seat not in house.counted()
    ),
)
def read_what_is_left_out(connection, house):
    return totals(
        ((item.account, item.currency, item.why), {"charged": item.charged})
        for item in order_money.list_left_out(connection, SYDNEY, ALWAYS)
    )


def frozen(connection, basis):
    return period_lines.read_lines(
        connection,
        Settings(),
        [Span(origin_id=1, first=YEAR.first, last=YEAR.last)],
        zone=SYDNEY,
        basis=basis,
    )


def read_frozen(connection, house):
    return totals(
        (
            (basis, line.show_id, line.account, line.currency),
            {
                "sold": line.tickets,
                "comps": line.comps,
                "face": line.face,
                "gross": line.charged,
                "refunded": line.refunded,
                "fees": line.fees,
                "unknown": line.fees_unknown,
            },
        )
        for basis in ("sale", "show")
        for line in frozen(connection, basis)
    )


def lacks_fees(line):
    return line.paid and line.fees is None


def expected_frozen(house):
    """
    What shows earned has no gift cards; what was sold has them, for no show. Fees that
    are not known of an order are those of its tickets, if any count.
    """
    lines = {"sale": house.lines_of_orders(), "show": house.ordered()}
    with_unknown = {seat.order for seat in house.ordered() if lacks_fees(seat)}
    unknown = {
        (basis, line.show or NO_SHOW, line.account, line.currency, line.order)
        for basis, found in lines.items()
        for line in found
        if lacks_fees(line) and (line.show or line.order not in with_unknown)
    }
    parts = [
        (
            (basis, line.show or NO_SHOW, line.account, line.currency),
            {**figures_of(line), "fees": line.fees or 0},
        )
        for basis, found in lines.items()
        for line in found
    ]
    parts += [(key, {"unknown": 1}) for *key, _ in unknown]
    return totals(
        (
            tuple(key),
            {n: v for n, v in numbers_.items() if n not in ("in", "returned")},
        )
        for key, numbers_ in parts
    )


reader("lines of a closed period", (order_money,), BOTH, expected_frozen)(read_frozen)
reader("refunds of a closed period", (sales, order_parts), PARTS, expected_frozen)(
    read_frozen
)


def read_ledger(connection, house):
    books = ledger_export.read_books(connection, Settings(), ALWAYS)
    return totals(
        ((name, entry.currency), {"held": amount})
        for entry in books.entries
        for name, amount in entry.postings.items()
        if name.startswith("Assets:Platform:")
    )


def expected_ledger(house):
    return totals(
        (
            (f"Assets:Platform:{seat.account.title()}", seat.currency),
            {"held": seat.paid - seat.back - (seat.fees or 0)},
        )
        for seat in house.lines_of_orders()
    )


reader("ledger", (order_money,), BOTH, expected_ledger)(read_ledger)


@reader(
    "report unearned",
    (order_money,),
    MONEY,
    lambda house: totals(
        (by_show(seat), {"sold": seat.paid, "returned": seat.back})
        for seat in house.ordered()
    ),
)
def read_unearned(connection, house):
    found = ledger_export.read_unearned(connection, Settings(), ALWAYS, NOW)
    return totals(
        (
            (line.show.show_id, line.currency),
            {"sold": line.sold, "returned": line.returned},
        )
        for line in found.lines
    )


# Lists of shows


@reader(
    "report weekly",
    (recompute,),
    MONEY + IN,
    counted_seats(
        ("show", "currency"), ["sold", "comps", "in", "face", "gross", "refunded"]
    ),
)
def read_played(connection, house):
    return totals(
        (
            (row["show_id"], row["currency"]),
            {
                "sold": row["tickets_sold"],
                "comps": row["tickets_comp"],
                "in": row["checked_in"],
                "face": row["face"],
                "gross": row["gross"],
                "refunded": row["refunded"],
            },
        )
        for row in tables.by_name(money_view.read_played(connection, YEAR).money.lines)
    )


def expected_coming(house):
    found = {}
    for night in house.nights:
        if not night.excluded:
            found.setdefault(night.title, []).append(night.number)
    return {
        title: (
            len(numbers_),
            any(
                night.opens(account)
                for night in house.nights
                if night.number in numbers_
                for account in (night.first, OTHER)
            ),
            totals(
                ((seat.currency,), {"gross": seat.paid})
                for seat in house.counted()
                if seat.show in numbers_
            ),
            sum(s.admits for s in house.counted() if s.show in numbers_),
        )
        for title, numbers_ in found.items()
    }


def read_coming(connection, house):
    return {
        item.production: (
            item.shows,
            bool(item.providers),
            totals(((amount.currency,), {"gross": amount}) for amount in item.gross),
            item.tickets_sold,
        )
        for item in upcoming_productions.list_coming(connection, NOW)
    }


reader(
    "productions ahead",
    (upcoming_productions,),
    ("link sync", "exclusion"),
    expected_coming,
)(read_coming)
reader("productions ahead, the figures", (recompute,), MONEY, expected_coming)(
    read_coming
)


@reader(
    "shows that are left out",
    (exclusion,),
    ("exclusion",),
    lambda house: {night.number for night in house.nights if night.excluded},
)
def read_left_out(connection, house):
    return {
        night.number
        for night in house.nights
        if exclusion.read_exclusion(connection, night.number)
    }


@reader(
    "dates that sell in another currency",
    (recompute, other_currencies),
    SWITCHED,
    lambda house: {
        (seat.show, seat.account) for seat in house.counted() if seat.currency == "NZD"
    },
)
def read_other_currencies(connection, house):
    listed = {
        row.id: (row.show_id, {1: LIVE, 2: RESTING, 3: OTHER}[row.account_id])
        for row in connection.execute(
            select(
                occurrences.c.id, occurrences.c.account_id, show_links.c.show_id
            ).join(show_links, show_links.c.occurrence_id == occurrences.c.id)
        )
    }
    return {listed[it.row.id] for it in other_currencies.list_changed(connection)}


# Our own box office, which sells the seats of all platforms


def sell_here(connection):
    """
    Put every show on sale, so that its tickets of other platforms take seats. What
    sells here is the account that has a date of each show.
    """
    dates = connection.execute(
        select(show_links.c.show_id, occurrences.c.id, occurrences.c.account_id)
        .join(show_links, show_links.c.occurrence_id == occurrences.c.id)
        .where(occurrences.c.account_id == 3)
    )
    connection.execute(
        insert(boxoffice_shows),
        [
            {
                "show_id": show,
                "account_id": account,
                "occurrence_id": date_,
                "capacity": 30,
                "held_back": 0,
                "counts_other_platforms": True,
                "hold_minutes": 15,
                "max_per_order": 20,
                "one_pending_per_buyer": False,
            }
            for show, date_, account in dates
        ],
    )


def expected_seats(house, *, without=()):
    return totals(
        ((seat.show,), {"taken": 1})
        for seat in house.guests()
        if seat.account not in without
    )


@reader("report selling", (boxoffice_selling,), DOOR, expected_seats)
def read_own_selling(connection, house):
    sell_here(connection)
    table = boxoffice_selling.selling_table(connection, NOW, zone=SYDNEY)
    return totals(
        ((row["show_id"],), {"taken": row["taken"]}) for row in tables.by_name(table)
    )


@reader("oversold at our box office", (capacity,), DOOR, expected_seats)
def read_admitting_seats(connection, house):
    sell_here(connection)
    return totals(
        ((row.show_id,), {"taken": row.tickets_sold})
        for row in connection.execute(capacity.admitting_seats())
    )


@reader(
    "seats of our box office",
    (seats,),
    DOOR,
    lambda house: expected_seats(house, without=(OTHER,)),
)
def read_seats_elsewhere(connection, house):
    sell_here(connection)
    return totals(
        ((show.show_id,), {"taken": seats.count_taken(connection, show, NOW).elsewhere})
        for show in shows_on_sale.list_shows(connection)
    )
