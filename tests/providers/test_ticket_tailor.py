"""
Ticket Tailor's records, read with expectations written by hand from its documents.
"""

import copy
import json
from datetime import UTC, datetime

import pytest
from support import needs

from ticketsync.core import records
from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.records import OrderStatus, TicketStatus
from ticketsync.providers import reading
from ticketsync.providers.ticket_tailor import TicketTailor

EXAMPLES = needs.EXAMPLES / "ticket_tailor"
READ_HERE = {
    "order_docs_free.json",
    "orders_list_docs_envelope.json",
    "webhook_order_created_docs.json",
    "issued_tickets_list_docs_envelope.json",
    "event_series_single_observed_fields.json",
    "event_single_observed_fields.json",
}
NOT_READ = {
    "INDEX.md": "the list of the examples, not a payload",
    "check_ins_list_constructed.json": "tickets carry their own check-in state",
    "discounts_list_observed_fields.json": "discounts show in the tickets' prices",
    "products_list_observed_fields.json": "products are read as order lines",
    "webhook_signature_vector.json": "no payload: a signature; the receiver's matter",
    "tap-tickettailor-json-schemas.json": "schemas of another program, partly wrong",
}

tailor = TicketTailor(None, {})


def example(name):
    return json.loads((EXAMPLES / name).read_text(encoding="utf-8"))


def parse_order(raw):
    return reading.parsed(tailor.parse_order, raw)


@needs.examples
def test_every_example_is_read_or_has_a_reason():
    there = {file.name for file in EXAMPLES.iterdir()}
    assert there == READ_HERE | set(NOT_READ)


FREE_ORDER = records.Order(
    id="or_737352",
    occurrence_id="ev_40980",
    status=OrderStatus.PAID,
    placed_at=datetime(2020, 4, 16, 13, 11, 31, tzinfo=UTC),
    currency="GBP",
    total=0,
    charged=0,
    tax=0,
    tickets=tuple(
        records.Ticket(
            id=id_,
            occurrence_id="ev_40980",
            type_id="tt_230656",
            type_name="Free ticket",
            status=TicketStatus.VALID,
            checked_in=False,
            face=0,
            code=f"code:{digest}",
        )
        for id_, digest in (
            (
                "it_50198",
                "749ca9ed0d7899d62e0941ef635a5120",
            ),  # sha256sum of al4R5, half
            ("it_50199", "878dc498d5db30764ad15fac5944c386"),  # and of dx2Fv
        )
    ),
    tax_on_top=True,
    channel="paypal",
    payment_reference="ABCD1234",
)


@needs.examples
def test_the_documented_order():
    assert parse_order(example("order_docs_free.json")) == FREE_ORDER


@needs.examples
def test_the_documented_order_list():
    (raw,) = example("orders_list_docs_envelope.json")["data"]
    assert parse_order(raw) == FREE_ORDER


@needs.examples
def test_the_order_inside_the_documented_webhook():
    assert (
        parse_order(example("webhook_order_created_docs.json")["payload"]) == FREE_ORDER
    )


@needs.examples
def test_the_documented_tickets():
    raws = example("issued_tickets_list_docs_envelope.json")["data"]
    loose = [tailor.parse_loose_ticket(raw) for raw in raws]
    assert [item.ticket.id for item in loose] == ["it_50199", "it_50198"]
    assert loose[0].issued_at == datetime(2020, 4, 16, 13, 11, 37, tzinfo=UTC)
    assert loose[0].currency == ""


@needs.examples
def test_the_observed_series():
    raw = example("event_series_single_observed_fields.json")
    assert tailor.parse_event(raw) == records.Event(
        id="es_2359660",
        name="Example Night 2026",
        url="https://buytickets.at/exampleboxoffice/2359660",
    )
    assert tailor.owner_of(raw) == "exampleboxoffice"


@needs.examples
def test_the_observed_event():
    raw = example("event_single_observed_fields.json")

    event = tailor.parse_event(raw)

    (date,) = event.occurrences
    assert (event.id, event.is_listing) == ("es_2359660", False)
    assert date.id == "ev_8865698"
    assert date.starts_at == datetime(2026, 8, 27, 23, 0, tzinfo=UTC)
    assert date.ends_at == datetime(2026, 8, 28, 1, 30, tzinfo=UTC)
    assert date.timezone == "America/Halifax"
    assert date.capacity == 150
    assert (date.currency, date.issued, date.ordered) == ("USD", 0, 0)
    assert date.status is records.OccurrenceStatus.ON_SALE
    assert tailor.owner_of(raw) == "exampleboxoffice"


# Orders with money, made by hand from the documented fields. Two adult tickets at
# 30.00 with 1.50 booking fee each, one of them with 5.00 off; 0.50 per order.


def line(kind, quantity, value, fee=0, total=None, item=None):
    return {
        "type": kind,
        "item_id": item,
        "quantity": quantity,
        "value": value,
        "booking_fee": fee,
        "total": quantity * (value + fee) if total is None else total,
    }


def ticket(number, kind="tt_1", listed=3000, **more):
    return {
        "id": f"it_{number}",
        "event_id": "ev_1",
        "ticket_type_id": kind,
        "description": "Adult",
        "status": "valid",
        "checked_in": "false",
        "listed_price": listed,
        **more,
    }


def order(**more):
    return {
        "id": "or_1",
        "created_at": 1788217200,
        "currency": {"base_multiplier": 100, "code": "aud"},
        "event_summary": {"id": "ev_1", "event_id": "ev_1"},
        "issued_tickets": [ticket(1), ticket(2)],
        "line_items": [
            line("ticket", 1, 3000, 150, item="tt_1"),
            line("ticket", 1, 2500, 150, item="tt_1"),
            line("transaction_charge", 1, 50),
        ],
        "payment_method": {"type": "stripe"},
        "refund_amount": 0,
        "status": "completed",
        "subtotal": 5850,
        "tax": 0,
        "tax_treatment": "exclusive",
        "total": 5850,
        "total_paid": 5850,
        "txn_id": "pi_1",
        **more,
    }


def test_a_paid_order_is_taken_apart():
    read = parse_order(order())
    assert [(t.face, t.fee, t.listed) for t in read.tickets] == [
        (3000, 150, 3000),
        (2500, 150, 3000),
    ]
    assert (read.charged, read.buyer_fees, read.discounts) == (5850, 50, 500)
    assert read.fees is None
    assert read.doubt is None


@pytest.mark.parametrize(
    ("lines", "total", "faces", "fees"),
    [
        # value and fee are for one ticket, total holds both
        ([line("ticket", 2, 3000, 150, 6300, "tt_1")], 6300, [3000, 3000], [150, 150]),
        # for one ticket, total without the fee, which the order adds
        ([line("ticket", 2, 3000, 150, 6000, "tt_1")], 6300, [3000, 3000], [150, 150]),
        # value and fee are for the whole line
        ([line("ticket", 2, 6000, 300, 6300, "tt_1")], 6300, [3000, 3000], [150, 150]),
        ([line("ticket", 2, 6000, 300, 6000, "tt_1")], 6300, [3000, 3000], [150, 150]),
        # an odd cent goes to the first ticket
        ([line("ticket", 2, 3001, 0, 3001, "tt_1")], 3001, [1501, 1500], [0, 0]),
    ],
)
def test_whatever_a_line_means_the_order_adds_up(lines, total, faces, fees):
    read = parse_order(order(line_items=lines, total=total, total_paid=total))
    assert [t.face for t in read.tickets] == faces
    assert [t.fee for t in read.tickets] == fees
    assert read.doubt is None


def test_an_order_that_does_not_add_up_is_kept_and_marked():
    read = parse_order(order(total=9999, total_paid=9999))
    assert read.charged == 9999
    assert read.doubt == "its lines do not add up to its total of 99.99 AUD"


def test_tax_on_top_and_tax_inside():
    on_top = parse_order(order(tax=585, total=6435, total_paid=6435))
    inside = parse_order(order(tax=532, tax_treatment="inclusive"))
    assert (on_top.tax, on_top.tax_on_top, on_top.doubt) == (585, True, None)
    assert (inside.tax, inside.tax_on_top, inside.doubt) == (532, False, None)


def test_donations_and_products_are_no_tickets():
    lines = [
        line("ticket", 2, 3000, 0, item="tt_1"),
        line("donation", 1, 1000),
        line("whatever", 1, 1200, item="pr_9"),
    ]
    read = parse_order(order(line_items=lines, total=8200, total_paid=8200))
    assert (read.donations, read.addons, len(read.tickets)) == (1000, 1200, 2)
    assert read.doubt is None


def test_a_voucher_lowers_what_was_charged_but_not_the_price():
    lines = [line("ticket", 2, 3000, 0, item="tt_1"), line("gift_card", 1, -2000)]
    read = parse_order(order(line_items=lines, total=4000, total_paid=4000))
    assert (read.vouchers, read.charged) == (2000, 4000)
    assert [t.face for t in read.tickets] == [3000, 3000]
    assert read.doubt is None


@pytest.mark.parametrize(
    ("changes", "status", "charged"),
    [
        ({}, OrderStatus.PAID, 5850),
        ({"status": "pending", "total_paid": 0}, OrderStatus.PENDING, 0),
        ({"status": "cancelled"}, OrderStatus.CANCELLED, 5850),
        ({"status": "canceled", "total_paid": 0}, OrderStatus.CANCELLED, 0),
        ({"total_paid": None}, OrderStatus.PAID, 5850),
        ({"status": "cancelled", "total_paid": None}, OrderStatus.CANCELLED, 5850),
        (
            {"status": "cancelled", "total_paid": None, "txn_id": "--"},
            OrderStatus.CANCELLED,
            0,
        ),
        ({"status": "pending", "total_paid": None}, OrderStatus.PENDING, 0),
    ],
)
def test_what_was_paid_depends_on_the_payment_not_on_the_total(
    changes, status, charged
):
    read = parse_order(order(**changes))
    assert (read.status, read.charged) == (status, charged)


def test_f45_void_cancel_and_refund_are_three_things():
    void = parse_order(
        order(issued_tickets=[ticket(1), ticket(2, status="voided", voided_at=5)])
    )
    refunded = parse_order(order(refund_amount=5850))
    assert [t.status for t in void.tickets] == [TicketStatus.VALID, TicketStatus.VOID]
    assert void.refunds == ()
    assert refunded.refunds == (records.Refund("or_1", 5850),)
    assert [t.status for t in refunded.tickets] == [TicketStatus.VALID] * 2


def test_more_refunded_than_paid_is_marked():
    assert parse_order(order(refund_amount=5851)).doubt == (
        "refunded 58.51 of 58.50 AUD paid"
    )


@pytest.mark.parametrize(
    ("code", "multiplier", "total", "charged"),
    [("jpy", 1, 5850, 5850), ("jpy", 100, 585000, 5850), ("kwd", 1000, 5850, 5850)],
)
def test_f37_the_platforms_own_multiplier_is_respected(
    code, multiplier, total, charged
):
    scale = multiplier if code == "jpy" else 1
    lines = [line("ticket", 2, 2925 * scale, item="tt_1")]
    read = parse_order(
        order(
            currency={"base_multiplier": multiplier, "code": code},
            line_items=lines,
            total=total,
            total_paid=total,
            issued_tickets=[ticket(1, listed=None), ticket(2, listed=None)],
        )
    )
    assert (read.charged, read.currency) == (charged, code.upper())
    assert read.doubt is None


@pytest.mark.parametrize("value", ["yes", 1, None, "TRUE", ""])
def test_string_booleans_are_read_strictly(value):
    with pytest.raises(UnreadableRecord):
        parse_order(order(issued_tickets=[ticket(1, checked_in=value)]))


def test_f22_an_unknown_status_is_an_error_with_its_own_word():
    with pytest.raises(UnreadableRecord) as caught:
        parse_order(order(status="part_transferred"))
    assert caught.value.word == "unknown-status"


def test_f49_an_unknown_kind_of_line_is_an_error():
    with pytest.raises(UnreadableRecord) as caught:
        parse_order(order(line_items=[line("mystery", 1, 100)]))
    assert caught.value.word == "unknown-type"


REQUIRED = [
    *("id", "created_at", "currency", "event_summary", "issued_tickets", "line_items"),
    *("refund_amount", "status", "tax", "tax_treatment", "total"),
]


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("damage", ["missing", "null", "retyped", "float"])
def test_f23_a_damaged_field_means_quarantine_never_a_wrong_number(name, damage):
    raw = copy.deepcopy(order())
    if damage == "missing":
        del raw[name]
    else:
        raw[name] = {"null": None, "retyped": ["x"], "float": 1.5}[damage]
    with pytest.raises(UnreadableRecord):
        parse_order(raw)


@pytest.mark.parametrize(
    "name", ["total_paid", "credited_out_amount", "txn_id", "payment_method"]
)
def test_f23_optional_fields_may_be_absent(name):
    raw = order()
    raw.pop(name, None)
    assert parse_order(raw).charged == 5850


EVENT = {
    "object": "event",
    "id": "ev_1",
    "event_series_id": "es_1",
    "name": "Gala",
    "currency": "aud",
    "timezone": "Australia/Sydney",
    "status": "published",
    "start": {
        "unix": 1795768200,
        "iso": "2026-11-27T19:30:00+11:00",
        "date": "2026-11-27",
        "time": "19:30",
    },
}


@pytest.mark.parametrize(
    "start",
    [
        {"iso": "2026-11-27T19:30:00+10:00"},
        {"time": "20:30"},
        {"date": "2026-11-28"},
        {"unix": "soon"},
    ],
)
def test_f30_times_that_disagree_are_not_believed(start):
    with pytest.raises(UnreadableRecord):
        reading.parsed(
            tailor.parse_event, {**EVENT, "start": {**EVENT["start"], **start}}
        )


def test_an_event_with_its_least_fields_is_read():
    (date,) = reading.parsed(tailor.parse_event, EVENT).occurrences
    assert date.starts_at == datetime(2026, 11, 27, 8, 30, tzinfo=UTC)
    assert (date.capacity, date.issued, date.ordered) == (None, None, None)
