"""
Orders saved as a run saves them, without a platform: one account, two occurrences of
its own, each linked to a show.
"""

import dataclasses
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

from support.listed_occurrences import listed_occurrence

from ticketsync.accounts import edits, state
from ticketsync.catalogue import adopting, occurrences, saved_listing, shows
from ticketsync.catalogue.saved_listing import ListedEvent
from ticketsync.core import records
from ticketsync.core.money import Money
from ticketsync.core.records import OrderStatus, Ticket, TicketStatus
from ticketsync.core.settings.config import AccountSettings, Settings
from ticketsync.reporting import figures_of_shows, named_fees
from ticketsync.reporting import sales as sales_lists
from ticketsync.sales import saving
from ticketsync.sales.allocation import allocate
from ticketsync.store.business_zone import get_business_zone
from ticketsync.workflows import recompute_figures

ZONE = "Australia/Sydney"
OCCURRENCES = ("ev_1", "ev_2")  # of Friday and of Saturday


def instant(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


BOUGHT = instant("2026-09-30T13:30")  # 30 September, 23:30 in Sydney
FIRST_DAY = instant("2026-10-01T02:00")


def prepare(database, *, timezone=ZONE):
    """
    A venue, an account, two linked occurrences.
    """
    titles = dict.fromkeys(OCCURRENCES, "Late Laughs")
    return prepare_shows(database, titles, timezone=timezone)


def prepare_shows(database, titles, *, timezone=ZONE, first=0):
    """
    A venue, an account and its occurrences, numbered from `first`, each linked to a
    show of its title.
    """
    with database.write() as connection:
        shows.add_venue(connection, "The Lantern Room", timezone, "AUD")
        edits.add_account(
            connection,
            state.NewAccount("tt", "ticket_tailor", None, "env", "TT_KEY", "", None),
            FIRST_DAY,
        )
        listed = [
            ListedEvent(records.Event(id_, title, None, (occurrence(id_, n),)), b"")
            for n, (id_, title) in enumerate(titles.items(), start=first)
        ]
        saved_listing.save_listing(connection, 1, listed)
        found = occurrences.list_occurrences(connection)
        plan = adopting.plan_adoption(connection, found)
        adopting.adopt(connection, plan, batch="test", now=FIRST_DAY)
    return database


def occurrence(id_, number):
    return listed_occurrence(
        id_,
        id_,
        instant(f"2026-11-{6 + number:02}T08:30"),
        name="Late Laughs",
        capacity=240,
    )


def ticket(number, face, date="ev_1", **more):
    return Ticket(
        f"it_{number}", date, "tt", "Adult", TicketStatus.VALID, False, face, **more
    )


def order(*tickets, id_="or_1", **more):
    charged = sum(t.face + t.fee for t in tickets)
    fields = {
        "occurrence_id": tickets[0].occurrence_id,
        "status": OrderStatus.PAID,
        "placed_at": BOUGHT,
        "currency": "AUD",
        "total": charged,
        "charged": charged,
        "tax": 0,
        **more,
    }
    return records.Order(id=id_, tickets=tickets, **fields)


def save(database, *orders, at, account_id=1):
    """
    Save them at that moment, with days by the calendar of the venue.
    """
    with database.write() as connection:
        saving.save_orders(
            connection,
            account_id,
            [allocate(item, item.id.encode()) for item in orders],
            occurrences.get_occurrence_ids(connection, account_id),
            at,
            zone=get_business_zone(connection),
        )


def recompute(database, *rates):
    """
    With these rates, the oldest first: the figures by the platform's id of the
    occurrence, and each show's fee lines.
    """
    settings = Settings()
    given = tuple(rate for rate in rates if rate is not None)
    if given:
        settings = replace(settings, accounts={"tt": AccountSettings(fees=given)})
    recompute_figures.rebuild(database, settings)
    with database.read() as connection:
        names = {
            o.show_id: o.provider_occurrence_id
            for o in occurrences.list_occurrences(connection)
        }
        figures = {
            names[f.show_id]: in_minor(f) for f in figures_of_shows.figures(connection)
        }
        lines = {id_: {} for id_ in OCCURRENCES}
        for line in named_fees.list_fees(connection):
            lines[names[line.show_id]][line.name] = (line.amount.minor, line.source)
    return figures, lines


def in_minor(value):
    """
    A value with its amounts as whole minor units.
    """
    fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    return SimpleNamespace(
        **{n: v.minor if isinstance(v, Money) else v for n, v in fields.items()}
    )


def movements(database, order_id=None):
    """
    (number, amount, day, basis) of each refund movement, the oldest first.
    """
    with database.read() as connection:
        found = list(sales_lists.list_refunds(connection, order_id=order_id))
    return [(m.number, m.amount.minor, m.on_day, m.basis) for m in reversed(found)]
