"""
What a platform reports in part, or not at all, is distinguished from zero.
"""

from datetime import UTC, datetime

import pytest

from ticketsync.providers.eventbrite import Eventbrite
from ticketsync.providers.file_import.orders import parse as report_parser
from ticketsync.providers.humanitix import Humanitix
from ticketsync.providers.square import Square
from ticketsync.providers.wix import Wix


def fees(order):
    return None if order.fees is None else [(f.name, f.amount) for f in order.fees]


# Square


def square(*payments, **order):
    money = {"amount": 5000, "currency": "AUD"}
    raw = {
        "id": "O1",
        "state": "COMPLETED",
        "created_at": "2026-09-01T00:00:00Z",
        "total_money": money,
        "line_items": [
            {
                "uid": "u",
                "name": "Adult",
                "quantity": "1",
                "catalog_object_id": "V",
                "gross_sales_money": money,
                "total_money": money,
            }
        ],
        **order,
    }
    raw = {"id": "O1", "order": raw, "payments": list(payments), "refunds": []}
    return Square(None, {}).parse_order({**raw, "returns": []})


def payment(id_, amount, fee=None, source="CARD"):
    raw = {
        "id": id_,
        "status": "COMPLETED",
        "source_type": source,
        "total_money": {"amount": amount, "currency": "AUD"},
    }
    if fee is not None:
        kept = {"amount_money": {"amount": fee, "currency": "AUD"}}
        raw["processing_fee"] = [kept]
    return raw


def test_square_of_two_payments_one_says_its_fee():
    order = square(payment("a", 3000, 66), payment("b", 2000))
    assert fees(order) == [
        ("Square processing", 66),
        ("Square processing, not reported yet", None),
    ]
    assert order.total_fees is None


def test_square_fees_that_are_all_reported_or_not_at_all():
    assert fees(square(payment("a", 3000, 66), payment("b", 2000, 44))) == [
        ("Square processing", 110)
    ]
    assert square(payment("a", 5000)).fees is None
    assert fees(square(payment("a", 5000, source="CASH"))) == []


def test_square_without_a_tax_in_the_order_it_is_unknown():
    assert square(payment("a", 5000)).tax is None
    taxed = square(
        payment("a", 5000), total_tax_money={"amount": 455, "currency": "AUD"}
    )
    assert taxed.tax == 455
    free = square(payment("a", 5000), total_tax_money={"amount": 0, "currency": "AUD"})
    assert free.tax == 0


# Eventbrite


def eventbrite(**costs):
    parts = {
        name: None if value is None else {"value": value, "currency": "AUD"}
        for name, value in costs.items()
    }
    costs = {name: value for name, value in parts.items() if value}
    attendee = {
        "id": "9-1",
        "order_id": "9",
        "event_id": "e",
        "created": "2026-09-01T00:00:00Z",
        "changed": "2026-09-20T00:00:00Z",
        "status": "Attending",
        "ticket_class_id": "1",
        "ticket_class_name": "Adult",
        "costs": costs,
    }
    return Eventbrite(None, {}).parse_order(
        {
            "id": "9",
            "event_id": "e",
            "created": "2026-09-01T00:00:00Z",
            "changed": "2026-09-20T00:00:00Z",
            "status": "placed",
            "costs": costs,
            "attendees": [attendee],
        }
    )


def test_eventbrite_all_parts_are_reported():
    order = eventbrite(
        gross=2249, base_price=2000, eventbrite_fee=160, payment_fee=60, tax=29
    )
    assert fees(order) == [("Eventbrite fee", 160), ("Payment fee", 60)]
    assert (order.tax, order.total_fees) == (29, 220)
    assert order.changed_at == datetime(2026, 9, 20, tzinfo=UTC)


def test_eventbrite_a_missing_payment_fee_is_unknown_where_the_rest_falls_short():
    order = eventbrite(gross=2249, base_price=2000, eventbrite_fee=160, tax=29)
    assert fees(order) == [("Eventbrite fee", 160), ("Payment fee", None)]
    assert order.total_fees is None


def test_eventbrite_a_missing_payment_fee_is_none_where_the_rest_adds_up():
    order = eventbrite(gross=2160, base_price=2000, eventbrite_fee=160, tax=0)
    assert fees(order) == [("Eventbrite fee", 160)]


def test_eventbrite_a_tax_that_is_left_out_is_unknown():
    assert eventbrite(gross=2160, base_price=2000, eventbrite_fee=160).tax is None


# Humanitix


def humanitix(changed="2026-09-21T00:00:00.000Z", **totals):
    return Humanitix(None, {}).parse_order(
        {
            "id": "h",
            "order": {
                "_id": "h",
                "eventId": "e",
                "eventDateId": "d",
                "currency": "AUD",
                "status": "complete",
                "completedAt": "2026-09-01T00:00:00.000Z",
                "updatedAt": changed,
                "totals": {"total": "21.60", "subtotal": 20, "netSales": 20, **totals},
            },
            "tickets": [
                {
                    "_id": "t",
                    "eventId": "e",
                    "eventDateId": "d",
                    "status": "cancelled",
                    "cancelledAt": "2026-09-20T14:30:00.000Z",
                    "netPrice": 20,
                    "total": "21.60",
                }
            ],
        }
    )


def test_humanitix_what_is_left_out_is_unknown_and_zero_is_zero():
    raw = humanitix(bookingFee="1.60", taxes=0)
    assert (fees(raw), raw.tax) == ([("Humanitix booking fee", 160)], 0)
    unsent = humanitix(rebates="0.20")
    assert fees(unsent) == [("Humanitix booking fee", None), ("Rebate", -20)]
    assert (unsent.tax, unsent.total_fees) == (None, None)


def test_humanitix_when_a_ticket_was_cancelled_and_the_order_changed_is_read():
    order = humanitix(bookingFee="1.60", taxes=0)
    (ticket,) = order.tickets
    assert ticket.voided_at == datetime(2026, 9, 20, 14, 30, tzinfo=UTC)
    assert order.changed_at == datetime(2026, 9, 21, tzinfo=UTC)


def test_humanitix_a_time_that_cannot_be_read_costs_no_order():
    order = humanitix("yesterday", bookingFee="1.60", taxes=0)
    assert (order.charged, order.changed_at) == (2160, None)


# Wix


def wix(method, **invoice):
    price = {"value": "20.50", "currency": "AUD"}
    fee = {"type": "FEE_ADDED", "amount": {"value": "0.50", "currency": "AUD"}}
    return Wix(None, {}).parse_order(
        {
            "id": "W",
            "order": {
                "orderNumber": "W",
                "eventId": "e",
                "status": "PAID",
                "created": "2026-09-01T00:00:00Z",
                "method": method,
                "totalPrice": price,
                "invoice": {
                    "items": [],
                    "subTotal": {"value": "20.00", "currency": "AUD"},
                    "grandTotal": price,
                    "fees": [fee],
                    **invoice,
                },
                "tickets": [],
            },
            "refunds": [],
        }
    )


def test_wix_its_own_fee_is_kept_while_the_cards_is_unknown():
    order = wix("card")
    assert fees(order) == [("Wix service fee", 50), ("Card processing", None)]
    assert order.total_fees is None
    assert fees(wix("offline")) == [("Wix service fee", 50)]


def test_wix_an_invoice_without_tax_says_nothing_of_it():
    assert wix("card").tax is None
    tax = {"type": "INCLUDED", "amount": {"value": "1.82", "currency": "AUD"}}
    assert wix("card", tax=tax).tax == 182


# Reports


RULES = {
    "timezone": "Australia/Sydney",
    "currency": "AUD",
    "decimal": ".",
    "platform": "Elsewhere",
    "tax_on_top": False,
    "fee_is_kept": True,
    "tells_kept": False,
    "formats": {},
    "status": {},
}


def line(**cells):
    return {
        "order": "A",
        "event": "Late Laughs",
        "starts": "2026-10-10 19:30",
        "type": "Adult",
        "quantity": "1",
        "total": "20.00",
        **cells,
    }


def report(*lines, **rules):
    return report_parser.parse_order(
        {"id": "A", "lines": list(lines), "rules": {**RULES, **rules}}
    )


def test_a_report_with_only_the_fee_that_buyers_paid():
    assert fees(report(line(fee="1.50"))) == [
        ("Elsewhere fee", 150),
        ("What else Elsewhere kept", None),
    ]
    assert report(line(fee="1.50"), fee_is_kept=False).fees is None
    kept = report(line(fee="1.50", kept="0.70"), tells_kept=True)
    assert fees(kept) == [("Elsewhere fee", 220)]


@pytest.mark.parametrize(
    ("lines", "tax"),
    [
        ([line()], None),
        ([line(tax="0")], 0),
        ([line(tax="1.82"), line(line="2")], None),  # a line that cost 20.00 says none
        ([line(tax="1.82"), line(line="2", total="0")], 182),  # a free one need not
        ([line(tax_per_ticket="1.82", quantity="2")], 364),
    ],
)
def test_a_reports_tax_is_known_where_each_paid_line_says_it(lines, tax):
    assert report(*lines).tax == tax
