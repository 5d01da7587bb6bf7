"""
What raw records add up to, by each platform's documented fields alone.

It knows neither ticketsync's client nor its rules. Amounts come out in cents; a row
for each occurrence, named as the world names it.
"""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal


@dataclass
class Sums:
    """
    One occurrence: tickets sold, cents paid, given back and kept as fees.
    """

    tickets: int = 0
    gross: int = 0
    refunded: int = 0
    fees: int = 0


def cents(amount):
    """
    Major units, as a number or a text, in cents; a fraction of one is a fault.
    """
    whole = Decimal(str(amount)) * 100
    assert whole == int(whole), amount
    return int(whole)


def ticket_tailor(found):
    """
    `total_paid` and `refund_amount` are cents; a ticket may be without an order.
    """
    sums = defaultdict(Sums)
    states = {}
    for order in found["orders"]:
        states[order["id"]] = order["status"]
        row = sums[order["event_summary"]["event_id"]]
        row.gross += order["total_paid"]
        row.refunded += order["refund_amount"]
    for ticket in found["tickets"]:
        is_sold = states.get(ticket.get("order_id"), "completed") == "completed"
        if ticket["status"] == "valid" and is_sold:
            sums[ticket["event_id"]].tickets += 1
    return sums


def humanitix(found):
    """
    `purchaseTotals` stand still, `totals` follow refunds. What was paid for a ticket
    that was swapped is its new date's.
    """
    sums = defaultdict(Sums)
    swapped = {}
    for ticket in found["tickets"]:
        occurrence = f"{ticket['eventId']}/{ticket['eventDateId']}"
        if "swappedFrom" in ticket:
            swapped[ticket["orderId"]] = occurrence
        if ticket["status"] == "complete":
            sums[occurrence].tickets += 1
    for order in found["orders"]:
        own = f"{order['eventId']}/{order['eventDateId']}"
        row = sums[swapped.get(order["_id"], own)]
        row.gross += cents(order["purchaseTotals"]["total"])
        row.refunded += cents(order["totals"]["refunds"])
        row.fees += cents(order["totals"]["bookingFee"])
    return sums


def eventbrite(found, before):
    """
    Costs shrink when money goes back: gross is what they were when first seen.
    """
    sums = defaultdict(Sums)
    first = {order["id"]: order["costs"] for order in found["orders"]}
    first |= {order["id"]: order["costs"] for order in before["orders"]}
    unpaid = {
        row["order_id"] for row in found["attendees"] if row["status"] == "Unpaid"
    }
    states = {}
    for order in found["orders"]:
        states[order["id"]] = "unpaid" if order["id"] in unpaid else order["status"]
        if states[order["id"]] not in ("placed", "refunded"):
            continue
        row = sums[order["event_id"]]
        then, now = first[order["id"]], order["costs"]
        row.gross += then["gross"]["value"]
        row.refunded += then["gross"]["value"] - now["gross"]["value"]
        row.fees += now["eventbrite_fee"]["value"] + now["payment_fee"]["value"]
    for attendee in found["attendees"]:
        if states.get(attendee["order_id"]) == "placed" and not attendee["cancelled"]:
            sums[attendee["event_id"]].tickets += attendee["quantity"]
    return sums


def square(found):
    """
    Lines of variations that belong to an item of type EVENT, in orders that a payment
    was completed for; returns are orders of their own.
    """
    sums = defaultdict(Sums)
    shows = {
        thing["id"]
        for thing in found["catalog"]
        if thing["type"] == "ITEM" and thing["item_data"]["product_type"] == "EVENT"
    }
    items = {
        thing["id"]: thing["item_variation_data"]["item_id"]
        for thing in found["catalog"]
        if thing["type"] == "ITEM_VARIATION"
    }
    of_order, of_payment = {}, {}
    paid = {p["order_id"]: p for p in found["payments"] if p["status"] == "COMPLETED"}

    def occurrence(line):
        item = items.get(line.get("catalog_object_id"))
        return f"P{item.removeprefix('I')}" if item in shows else None

    for order in found["orders"]:
        for line in order.get("line_items", ()):
            show = occurrence(line)
            if show and order["id"] in paid:
                sums[show].tickets += int(line["quantity"])
                sums[show].gross += line["total_money"]["amount"]
                of_order[order["id"]] = show
        for charge in order.get("service_charges", ()):
            if order["id"] in of_order:
                row = sums[of_order[order["id"]]]
                row.gross += charge["total_money"]["amount"]
        for part in order.get("returns", ()):
            for line in part.get("return_line_items", ()):
                sums[occurrence(line)].tickets -= int(line["quantity"])
    for payment in found["payments"]:
        show = of_order.get(payment["order_id"])
        if show and payment["status"] == "COMPLETED":
            of_payment[payment["id"]] = show
            sums[show].fees += _fees(payment)
    for refund in found["refunds"]:
        show = of_payment.get(refund.get("payment_id"))
        if show and refund["status"] == "COMPLETED":
            sums[show].refunded += refund["amount_money"]["amount"]
            sums[show].fees += _fees(refund)
    return sums


def _fees(row):
    return sum(fee["amount_money"]["amount"] for fee in row.get("processing_fee", ()))


def wix(found):
    """
    The invoice says what was paid; what went back stands in the transactions, or in
    the list of refunds, which names the transaction as its charge.
    """
    sums = defaultdict(Sums)
    of_transaction = {}
    for order in found["orders"]:
        of_transaction[order["transactionId"]] = order["eventId"]
        if order["status"] not in ("FREE", "PAID", "PARTIALLY_PAID"):
            continue
        row = sums[order["eventId"]]
        row.gross += cents(order["invoice"]["grandTotal"]["value"])
        row.tickets += sum(not ticket["canceled"] for ticket in order["tickets"])
    back = {}
    for transaction in found.get("transactions", ()):
        for refund in transaction["refunds"]:
            key = transaction["transactionId"], refund["refundId"]
            back[key] = refund  # the same one again is its later state
    for refund in found.get("refunds", ()):
        back[refund["chargeId"], refund["_id"]] = refund
    for (transaction_id, _), refund in back.items():
        if refund["status"] == "SUCCEEDED":
            row = sums[of_transaction.get(transaction_id, "an order that is not there")]
            row.refunded += cents(refund["amount"])
    return sums
