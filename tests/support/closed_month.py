"""
A venue with three dates and a month of orders, to be closed; and what may change of
them afterwards: one late change for each of the eleven causes.

Sales are on 5 October in Sydney; amounts are in cents, as they were worked out by hand.
"""

from decimal import Decimal

import msgspec
from sqlalchemy import insert, select
from support import hand_links
from support.saved_orders import (
    FIRST_DAY,
    ZONE,
    instant,
    prepare_shows,
    ticket,
)
from support.saved_orders import order as any_order

from ticketsync.catalogue import (
    links,
    occurrences,
    production_edits,
)
from ticketsync.core.records import Fee, Refund, RefundKind
from ticketsync.core.settings.config import AccountSettings, FeeSchedule, Settings
from ticketsync.core.settings.tax_rules import (
    Business,
    RateSpan,
    TaxCode,
    TaxRule,
    TaxRules,
)
from ticketsync.reporting.output_files import OutputFile
from ticketsync.sales import saving
from ticketsync.sales.allocation import allocate
from ticketsync.store.tables.everything import metadata
from ticketsync.store.tables.sales import refunds
from ticketsync.workflows.month_end import period_export

SOLD = instant("2026-10-05T03:00")
CLOSED = instant("2026-11-02T01:00")
LATER = instant("2026-11-09T01:00")
DECEMBER = instant("2026-12-01T01:00")

DATES = ("ev_1", "ev_2", "ev_3")  # the second is linked late, the third unlinked


def settings(*, rate="0.30", donation="out_of_scope"):
    answers = {
        **dict.fromkeys(("admission", "buyer_fee", "addons"), "gst"),
        "donation": donation,
        "voucher": "redeemed",
        "prices": "charged",
        "fees": "none",
    }
    return Settings(
        accounts={"tt": AccountSettings(fees=(FeeSchedule(per_ticket=Decimal(rate)),))},
        business=Business(),
        tax=TaxRules(
            {"gst": TaxCode("gst", (RateSpan(100_000),))}, (TaxRule(answers),)
        ),
    )


SETTINGS = settings()
SETTINGS_LATER = settings(rate="0.50", donation="gst")


def prepare(database):
    """
    Three dates, each with its show; the second is not linked.
    """
    titles = {id_: f"Show {n}" for n, id_ in enumerate(DATES, start=1)}
    prepare_shows(database, titles, first=1)
    hand_links.unlink(database, SETTINGS, 2)
    return database


def save(database, *items, at):
    """
    Save orders as a run does; each with the content of its record.
    """
    with database.write() as connection:
        saving.save_orders(
            connection,
            1,
            [allocate(item, content.encode()) for item, content in items],
            occurrences.get_occurrence_ids(connection, 1),
            at,
            zone=ZONE,
        )


def order(id_, face, date="ev_1", *, fees=(), placed_at=SOLD, **more):
    charged = face + more.get("donations", 0)
    return any_order(
        ticket(id_, face, date),
        id_=id_,
        placed_at=placed_at,
        fees=fees,
        **{"charged": charged, "total": charged, "tax": None, **more},
    )


def back(id_, amount, day, kind=RefundKind.REFUND):
    return Refund(id_, amount, instant(f"2026-10-{day:02}T03:00"), kind)


def october(number=0):
    """
    What was sold: 454.50 in ten orders that count, 80.00 more on a date that does not.
    With a number the same once more, under other ids.
    """
    found = _october()
    return [_numbered(item, number) for item in found] if number else found


def _numbered(item, number):
    """
    The same order of another buyer.
    """
    tickets = tuple(
        msgspec.structs.replace(t, id=f"{t.id}-{number}") for t in item.tickets
    )
    given_back = tuple(
        msgspec.structs.replace(r, id=f"{r.id}-{number}") for r in item.refunds
    )
    id_ = f"{item.id}-{number}"
    return msgspec.structs.replace(item, id=id_, tickets=tickets, refunds=given_back)


def _october():
    return [
        order("or_refund", 60_00, fees=(Fee("Booking", 1_00),)),
        order("or_reversed", 50_00, refunds=(back("re_1", 20_00, 10),)),
        order("or_fee", 40_00, fees=(Fee("Booking", 2_00),)),
        order("or_edit", 30_00),
        order("or_charge", 70_00),
        order("or_linked", 80_00, "ev_2"),
        order("or_unlinked", 90_00, "ev_3"),
        order("or_rate", 20_00, fees=None),
        order("or_rule", 11_00, donations=5_50),
        order("or_reparsed", 33_00),
        order("or_calm", 45_00, fees=(Fee("Booking", 1_50),)),
    ]


def sell(database, times=1):
    items = [item for number in range(times) for item in october(number)]
    save(database, *((item, f"{item.id} a") for item in items), at=FIRST_DAY)


# What each late change adds to the net, in cents.
LATE = {
    ("or_refund", "refund-after-close"): -60_00,
    ("or_reversed", "refund-reversed"): 20_00,
    ("or_fee", "fee-corrected"): 1_35,
    ("or_edit", "order-edited"): -5_00,
    ("or_charge", "chargeback"): -70_00,
    ("or_late", "late-sale"): 15_00,
    ("or_linked", "occurrence-linked"): 80_00,
    ("or_unlinked", "occurrence-unlinked"): -90_00,
    ("or_rate", "rate-changed"): -20,
    ("or_rule", "rule-changed"): 0,
    ("or_reparsed", "reparsed"): 1_00,
}
assert sum(LATE.values()) == -107_85


def change_late(database, at=LATER, times=1):
    """
    All eleven of them; two are in `SETTINGS_LATER`.
    """
    changed = [item for number in range(times) for item in _changed(number)]
    save(database, *changed, at=at)
    pair = links.Pair(2, 2, "by hand")
    with database.write() as connection:
        for number in range(times):
            _reverse_refund(connection, f"re_1-{number}" if number else "re_1", at)
        links.save_links(connection, [pair], decided_by="person", batch="b", now=at)
    hand_links.unlink(database, SETTINGS, 3)


def _changed(number):
    """
    The orders of one buyer more that a platform reports otherwise, with their content.
    """
    held = {item.id: item for item in _october()}

    def changed(id_, **fields):
        return msgspec.structs.replace(held[id_], **fields), "b"

    late = order("or_late", 15_00, placed_at=instant("2026-10-20T03:00"))
    found = [
        changed("or_refund", refunds=(back("re_2", 60_00, 20),)),
        changed("or_fee", fees=(Fee("Booking", 65),)),
        (order("or_edit", 25_00), "b"),
        changed("or_charge", refunds=(back("dp_1", 70_00, 21, RefundKind.DISPUTE),)),
        (late, "a"),
        (order("or_reparsed", 34_00), "a"),
    ]
    orders = [(_numbered(item, number) if number else item, c) for item, c in found]
    return [(item, f"{item.id} {content}") for item, content in orders]


def _reverse_refund(connection, provider_id, at):
    """
    Taken back on a day in October that the platform reports; none does so far, and a
    reversal without a day of its own is of the day on which it was seen.
    """
    query = select(refunds).where(refunds.c.provider_id == provider_id)
    held = dict(connection.execute(query).mappings().one())
    del held["id"]
    day = {"on_day": "2026-10-12", "refunded_at": instant("2026-10-12T03:00")}
    row = {**held, **day, "number": 2, "amount": -20_00, "seen_at": at}
    connection.execute(insert(refunds), [row])


def rename_everything(database):
    with database.write() as connection:
        for number in (1, 2, 3):
            production_edits.rename_production(
                connection, f"Show {number}", f"Another name {number}"
            )


def copy_rows(source, target):
    """
    Every row of every table into an empty database, of whichever kind.
    """
    with source.read() as reading, target.write() as writing:
        for table in metadata.sorted_tables:
            rows = [dict(row) for row in reading.execute(table.select()).mappings()]
            if rows:
                writing.execute(insert(table), rows)
    return target


def exported(database, folder, name="2026-10"):
    """
    The files of a month by name.
    """
    folder.mkdir(parents=True)
    with database.read() as connection:
        month = period_export.read_month(connection, name)
        names = period_export.write_folder(connection, month, folder, OutputFile)
    found = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert {*found} == {*names}
    return found
