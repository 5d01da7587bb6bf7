"""
The golden books (`tests/golden/books/`) saved as a run saves them, without a platform:
six accounts, nine dates, 50 orders, read in five steps.
"""

import csv
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

import msgspec
import pytest
from support import golden_model
from support.golden_model import BOOKS, SEEN, minor, rows
from support.listed_occurrences import listed_occurrence

from ticketsync.accounts import edits, state
from ticketsync.catalogue import links, new_shows, occurrences, saved_listing
from ticketsync.catalogue import shows as our_shows
from ticketsync.catalogue.new_shows import NewShow
from ticketsync.catalogue.saved_listing import ListedEvent
from ticketsync.core import clock, records
from ticketsync.core.records import (
    Fee,
    OccurrenceStatus,
    OrderStatus,
    Refund,
    RefundKind,
    Ticket,
    TicketStatus,
)
from ticketsync.core.settings import config
from ticketsync.sales import saving
from ticketsync.sales.allocation import allocate
from ticketsync.workflows import recompute_figures

SYDNEY = "Australia/Sydney"
BEGIN = datetime(2026, 9, 1, tzinfo=UTC)
# Two instants between two readings, and one after all of them.
AS_OF = {"B": "2026-10-06T00:00:00Z", "D": "2026-11-03T00:00:00Z"}
NOW = datetime(2026, 12, 1, 2, tzinfo=UTC)
PROVIDERS = {
    "tt": "ticket_tailor",
    "eb": "eventbrite",
    "hx": "humanitix",
    "sq": "square",
    "wx": "wix",
    "door": "file_import",
}
CONFIG = BOOKS / "config.yaml"


def settings():
    return config.read(CONFIG.read_text(), str(CONFIG))


def instant(local, zone=SYDNEY):
    return datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def expected(name):
    """
    The rows of a file of figures that were written by hand.
    """
    with (BOOKS / "expected" / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def fill(database):
    """
    The books as they are after the last reading; the clock goes along with them.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "_now", lambda: BEGIN)
        prepare(database)
        for step, moment in SEEN.items():
            patch.setattr(clock, "_now", partial(datetime.fromisoformat, moment))
            read(database, step)
        recompute_figures.rebuild(database, settings())
    return database


def prepare(database):
    with database.write() as connection:
        our_shows.add_venue(connection, "The Lantern Room", SYDNEY, "AUD")
        for name, provider in PROVIDERS.items():
            new = state.NewAccount(name, provider, None, "env", "KEY", "", None)
            edits.add_account(connection, new, BEGIN)
        for number, account in enumerate(PROVIDERS, start=1):
            listed = [_listed(row, account) for row in _sold_by(account)]
            saved_listing.save_listing(connection, number, listed)
        added = _add_shows(connection)
        pairs = [
            links.Pair(found.id, added[found.provider_occurrence_id.split("-")[1]], "")
            for found in occurrences.list_occurrences(connection)
            if found.provider_occurrence_id.split("-")[1] in added
        ]
        links.save_links(
            connection, pairs, decided_by="person", batch="books", now=BEGIN
        )


def show_ids(connection):
    """
    The key of each show by our id.
    """
    return {
        found.show_id: found.provider_occurrence_id.split("-")[1]
        for found in occurrences.list_occurrences(connection)
        if found.show_id is not None
    }


def _sold_by(account):
    return [row for row in rows("shows.csv") if account in row["sold_by"].split()]


def _add_shows(connection):
    wanted = [row for row in rows("shows.csv") if row["state"] != "unlinked"]
    new = [
        NewShow(
            production=row["production"],
            starts_at=instant(row["starts"], row["timezone"]),
            venue=row["venue"],
            timezone=row["timezone"],
            currency="AUD",
        )
        for row in wanted
    ]
    added = new_shows.add_shows(connection, new)
    ids = {row["show"]: show.id for row, show in zip(wanted, added, strict=True)}
    for row in wanted:
        if row["state"] == "excluded":
            our_shows.set_excluded(connection, ids[row["show"]], True, "a rehearsal")
    return ids


def _listed(row, account):
    id_ = f"{account}-{row['show']}"
    is_cancelled = row["state"] == "cancelled"
    occurrence = listed_occurrence(
        id_,
        id_,
        instant(row["starts"], row["timezone"]),
        name=row["production"],
        timezone=row["timezone"],
        status=OccurrenceStatus.CANCELLED if is_cancelled else OccurrenceStatus.ON_SALE,
        capacity=200,
        currency=row["currency"],
    )
    event = records.Event(id_, row["production"], None, (occurrence,))
    return ListedEvent(event, b"")


def read(database, step):
    """
    What the accounts say at one of the five readings: new orders, and those of which
    something has changed.
    """
    changed = {row["order"] for row in rows("orders.csv") if row["seen"] == step}
    changed |= {row["order"] for row in rows("refunds.csv") if row["seen"] == step}
    with database.write() as connection:
        for number, account in enumerate(PROVIDERS, start=1):
            found = [
                _order(row, step)
                for row in rows("orders.csv")
                if row["account"] == account and row["order"] in changed
            ]
            saving.save_orders(
                connection,
                number,
                [allocate(o, f"{o.id} {step}".encode()) for o in found],
                occurrences.get_occurrence_ids(connection, number),
                datetime.fromisoformat(SEEN[step]),
                zone=SYDNEY,
            )


def _order(row, step):
    currency = row["currency"]

    def amount(name):
        return minor(row[name], currency)

    tickets = tuple(
        _ticket(t, row, step) for t in rows("tickets.csv") if t["order"] == row["order"]
    )
    refunds, changed_at = _refunds(row, step)
    return records.Order(
        id=row["order"],
        occurrence_id=tickets[0].occurrence_id,
        status=OrderStatus(row["status"]),
        placed_at=instant(row["placed"]),
        currency=currency,
        total=amount("charged"),
        charged=amount("charged"),
        tickets=tickets,
        buyer_fees=amount("buyer_fees"),
        tax=amount("tax") if row["tax"] else None,
        tax_on_top=bool(row["tax_on_top"]),
        tax_remitted=amount("tax_remitted"),
        addons=amount("addons"),
        donations=amount("donations"),
        vouchers=amount("vouchers"),
        discounts=sum((t.listed or t.face) - t.face for t in tickets),
        fees=_fees(row),
        refunds=refunds,
        changed_at=changed_at,
    )


def _ticket(row, order, step):
    currency = order["currency"]
    is_void = bool(row["void_seen"]) and row["void_seen"] <= step
    return Ticket(
        row["ticket"],
        f"{order['account']}-{row['show']}",
        row["type"],
        row["type"],
        TicketStatus.VOID if is_void else TicketStatus.VALID,
        False,
        minor(row["face"], currency),
        fee=minor(row["fee"], currency),
        listed=minor(row["listed"], currency) if row["listed"] else None,
        voided_at=instant(row["voided"]) if is_void else None,
    )


def _fees(row):
    lines = golden_model.parse_fees(row["fees"], row["currency"])
    if lines is None:
        return None
    return tuple(Fee(name, amount, tax) for name, (amount, tax) in lines.items())


def _refunds(row, step):
    """
    What the platform reports so far, one sum for each number; and when the order was
    last changed, where it says so.
    """
    found, changed_at = {}, None
    for refund in rows("refunds.csv"):
        if refund["order"] != row["order"] or refund["seen"] > step:
            continue
        amount = minor(refund["amount"], row["currency"])
        day = instant(refund["reported"]) if refund["reported"] else None
        held = found.get(refund["refund"])
        if held is not None:
            amount, day = amount + held.amount, held.refunded_at
        id_ = refund["refund"]
        found[id_] = Refund(id_, amount, day, RefundKind(refund["kind"]))
        if refund["changed"]:
            changed_at = instant(refund["changed"])
    return tuple(found.values()), changed_at


def change_by_one_cent(database):
    """
    The order of 45.00 of 5 September comes to 45.01.
    """
    (row,) = (row for row in rows("orders.csv") if row["order"] == "tt-01")
    order = _order(row, "E")
    (ticket,) = order.tickets
    changed_ticket = msgspec.structs.replace(ticket, face=4501)
    changed = msgspec.structs.replace(
        order, tickets=(changed_ticket,), charged=4501, total=4501
    )
    with database.write() as connection:
        saving.save_orders(
            connection,
            1,
            [allocate(changed, b"changed")],
            occurrences.get_occurrence_ids(connection, 1),
            NOW,
            zone=SYDNEY,
        )
    recompute_figures.rebuild(database, settings())
