"""
Square's orders with what is made of them, in the shapes of its documents; each value
is calculated by hand in a comment.
"""

import json

import httpx
import pytest

from ticketsync.core import errors
from ticketsync.core.errors import CONTRADICTION, UnreadableRecord
from ticketsync.core.records import OrderStatus, TicketStatus
from ticketsync.net.client import ApiClient
from ticketsync.net.retry import WaitBudget
from ticketsync.providers.base import OrderEstimate
from ticketsync.providers.square import Square
from ticketsync.sales.allocation import allocate_tickets

PLACED = "2026-11-10T04:05:06Z"
BACK = "2026-11-12T04:05:06Z"


def money(amount):
    return {"amount": amount, "currency": "AUD"}


def line(uid, variation, quantity, unit, **more):
    gross = round(unit * float(quantity))
    found = {
        "uid": uid,
        "name": "Gala",
        "quantity": quantity,
        "item_type": "ITEM",
        "catalog_object_id": variation,
        "variation_name": variation,
        "base_price_money": money(unit),
        "gross_sales_money": money(gross),
        "total_discount_money": money(0),
        "total_tax_money": money(0),
        "total_money": money(gross),
    } | more
    return {name: value for name, value in found.items() if value is not None}


def order(lines, total, *, tenders=("P1",), state="COMPLETED", id_="O1", **more):
    return {
        "id": id_,
        "location_id": "L1",
        "state": state,
        "created_at": PLACED,
        "updated_at": PLACED,
        "line_items": lines,
        "total_money": money(total),
        "total_tax_money": money(0),
        "total_discount_money": money(0),
        "total_tip_money": money(0),
        "tenders": [{"id": t, "type": "CARD", "payment_id": t} for t in tenders],
    } | more


def payment(id_, amount, fee=None, **more):
    found = {
        "id": id_,
        "order_id": "O1",
        "location_id": "L1",
        "status": "COMPLETED",
        "source_type": "CARD",
        "amount_money": money(amount),
        "total_money": money(amount),
        "created_at": PLACED,
        "updated_at": PLACED,
    } | more
    if fee is not None:
        found["processing_fee"] = [{"type": "INITIAL", "amount_money": money(fee)}]
    return found


def refund(id_, amount, status="COMPLETED", **more):
    return {
        "id": id_,
        "payment_id": "P1",
        "location_id": "L1",
        "status": status,
        "amount_money": money(amount),
        "created_at": BACK,
        "updated_at": BACK,
    } | more


def taken_back(uid, variation, quantity, amount, **more):
    found = {
        "uid": "r1",
        "source_line_item_uid": uid,
        "catalog_object_id": variation,
        "name": "Gala",
        "quantity": quantity,
        "total_money": money(amount),
    } | more
    return {name: value for name, value in found.items() if value is not None}


def raw(sale, payments=(), refunds=(), returns=()):
    return {
        "id": sale["id"],
        "order": sale,
        "payments": list(payments),
        "refunds": list(refunds),
        "returns": [
            {"id": "R1", "updated_at": BACK, "return_line_items": [row]}
            for row in returns
        ],
    }


def read(*parts, earlier=()):
    square = Square(None, {})
    whole = raw(*parts)
    return square.parse_order(square.with_earlier(whole, earlier) if earlier else whole)


def fees(found):
    return None if found.fees is None else sum(fee.amount for fee in found.fees)


TWO = [line("a", "GA", "2", 2500)]


# Fees


def test_a_payment_by_gift_card_has_no_fee():
    # two orders of 50.00 and 25.00: 1.10 for the card, nothing for the gift card
    card = read(order(TWO, 5000), [payment("P1", 5000, 110)])
    gift = read(
        order([line("a", "GA", "1", 2500)], 2500),
        [payment("P1", 2500, card_brand="SQUARE_GIFT_CARD")],
    )
    assert (fees(card), fees(gift)) == (110, 0)


def test_a_gift_card_is_known_by_its_tender_too():
    # 20.00 by gift card, 30.00 by card at 0.66
    tenders = [
        {"id": "P1", "payment_id": "P1", "type": "SQUARE_GIFT_CARD"},
        {"id": "P2", "payment_id": "P2", "type": "CARD"},
    ]
    found = read(
        order(TWO, 5000, tenders=()) | {"tenders": tenders},
        [payment("P1", 2000), payment("P2", 3000, 66)],
    )
    assert (found.charged, fees(found), found.doubt) == (5000, 66, None)


def test_the_fee_of_a_refund_that_failed_is_kept_all_the_same():
    # 1.10 for the sale; 0.55 would have been returned with the refund, had it succeeded
    back = [{"type": "INITIAL", "amount_money": money(-55)}]
    for status, kept in (("COMPLETED", 55), ("FAILED", 110), ("REJECTED", 110)):
        found = read(
            order(TWO, 5000),
            [payment("P1", 5000, 110)],
            [refund("R1", 2500, status, processing_fee=back)],
        )
        assert fees(found) == kept


def test_a_completed_order_without_any_payment_has_unknown_fees():
    found = read(order(TWO, 5000, tenders=()))
    assert (found.status, found.charged) == (OrderStatus.PAID, 5000)
    assert found.fees is None


def test_a_completed_order_whose_payment_square_does_not_know_has_unknown_fees():
    found = read(order(TWO, 5000))
    assert (found.charged, found.fees) == (5000, None)
    assert found.doubt == "Square does not know its payment P1; its fees are unknown"
    both = order(TWO, 5000, tenders=("P1", "P2"))
    found = read(both, [payment("P1", 2000, 44)])
    assert (found.charged, found.fees) == (5000, None)


def test_an_order_that_costs_nothing_has_no_fee():
    found = read(order([line("a", "FREE", "2", 0)], 0, tenders=()))
    assert (found.status, found.charged, found.fees) == (OrderStatus.PAID, 0, ())


# Paid or not


@pytest.mark.parametrize(
    ("payments", "status"),
    [
        ([("P1", 5000, "COMPLETED")], OrderStatus.PAID),
        ([("P1", 2000, "COMPLETED"), ("P2", 3000, "COMPLETED")], OrderStatus.PAID),
        ([("P1", 2000, "COMPLETED")], OrderStatus.PENDING),
        ([("P1", 2000, "COMPLETED"), ("P2", 3000, "FAILED")], OrderStatus.PENDING),
        ([("P1", 5000, "APPROVED")], OrderStatus.PENDING),
        ([("P1", 5000, "PENDING")], OrderStatus.PENDING),
        ([("P1", 5000, "CANCELED")], OrderStatus.PENDING),
        ([], OrderStatus.PENDING),
    ],
)
def test_an_open_order_is_paid_when_completed_payments_cover_it(payments, status):
    ids = [id_ for id_, _, _ in payments]
    found = read(
        order(TWO, 5000, tenders=ids, state="OPEN"),
        [payment(id_, amount, 10, status=word) for id_, amount, word in payments],
    )
    assert found.status is status
    sold = [share.is_sold for share in allocate_tickets(found)]
    assert sold == [status is OrderStatus.PAID] * 2


def test_an_open_order_for_nothing_needs_no_payment():
    free = order([line("a", "FREE", "2", 0)], 0, tenders=(), state="OPEN")
    assert read(free).status is OrderStatus.PAID
    assert read(free | {"line_items": []}).status is OrderStatus.PENDING


def test_an_unknown_state_of_a_payment_is_not_believed():
    with pytest.raises(UnreadableRecord, match="status"):
        read(order(TWO, 5000), [payment("P1", 5000, status="HELD")])


# Lines


def test_a_surcharge_is_part_of_gross_and_of_no_ticket():
    # 2 × 25.00 and a surcharge of 1.50
    found = read(
        order(
            TWO,
            5150,
            total_service_charge_money=money(150),
            service_charges=[{"uid": "s", "total_money": money(150)}],
        ),
        [payment("P1", 5150, 113)],
    )
    assert (found.charged, found.buyer_fees, found.doubt) == (5150, 150, None)
    assert [ticket.face for ticket in found.tickets] == [2500, 2500]
    assert sum(share.charged for share in allocate_tickets(found)) == 5150


def test_a_surcharge_that_is_divided_among_the_lines_is_counted_once():
    # 1.50 inside the line's own total: 0.75 on each ticket
    apportioned = line(
        *("a", "GA", "2", 2500),
        total_service_charge_money=money(150),
        total_money=money(5150),
    )
    found = read(
        order([apportioned], 5150, total_service_charge_money=money(150)),
        [payment("P1", 5150, 113)],
    )
    assert (found.charged, found.buyer_fees, found.doubt) == (5150, 0, None)
    assert [ticket.fee for ticket in found.tickets] == [75, 75]


def test_lines_without_uid_are_distinguished():
    # 25.00 and 40.00; the one of higher cost was taken back, and names no line either
    lines = [line(None, "GA", "1", 2500), line(None, "VIP", "1", 4000)]
    found = read(
        order(lines, 6500),
        [payment("P1", 6500, 143, refund_ids=["R1"])],
        [refund("R1", 4000)],
        [taken_back(None, "VIP", "1", 4000)],
    )
    ids = {ticket.id for ticket in found.tickets}
    assert len(ids) == 2
    kept = [(ticket.face, ticket.status) for ticket in found.tickets]
    assert kept == [(2500, TicketStatus.VALID), (4000, TicketStatus.VOID)]
    assert (found.charged, found.doubt) == (6500, None)


def test_lines_with_the_same_uid_are_distinguished():
    lines = [line("a", "GA", "1", 2500), line("a", "VIP", "1", 4000)]
    found = read(order(lines, 6500), [payment("P1", 6500, 143)])
    assert len({ticket.id for ticket in found.tickets}) == 2


def test_a_line_with_quantity_0_is_no_ticket():
    lines = [line("a", "GA", "0", 2500), line("b", "VIP", "2", 4000)]
    found = read(order(lines, 8000), [payment("P1", 8000, 176)])
    assert [ticket.type_id for ticket in found.tickets] == ["VIP", "VIP"]
    assert found.occurrence_id == "VIP"
    assert (found.charged, found.doubt) == (8000, None)


@pytest.mark.parametrize(
    ("quantity", "more", "doubt"),
    [
        ("3", {}, None),
        ("4", {}, "4 of Gala, GA at 25.00 AUD have gross sales of 75.00 AUD"),
        ("2", {}, "2 of Gala, GA at 25.00 AUD have gross sales of 75.00 AUD"),
        # 5.00 for each of 3 programmes beside 20.00 for each ticket
        (
            "3",
            {
                "base_price_money": money(2000),
                "modifiers": [{"total_price_money": money(1500)}],
            },
            None,
        ),
        # a tax of 6.82 inside is not a part of the gross sales
        (
            "3",
            {"base_price_money": money(2727), "total_tax_money": money(682)},
            None,
        ),
        ("4", {"base_price_money": None}, None),
    ],
)
def test_a_quantity_that_the_gross_sales_contradict_is_named(quantity, more, doubt):
    """
    Gross sales of 75.00: three tickets of 25.00.
    """
    amounts = {"gross_sales_money": money(7500), "total_money": money(7500)} | more
    found = read(
        order([line("a", "GA", quantity, 2500, **amounts)], 7500),
        [payment("P1", 7500, 165)],
    )
    assert (found.charged, found.doubt) == (7500, doubt)


@pytest.mark.parametrize("quantity", ["-1", "two", "NaN", "Infinity"])
def test_a_quantity_that_is_none_is_not_believed(quantity):
    odd = [line("a", "GA", "1", 2500) | {"quantity": quantity}]
    with pytest.raises(UnreadableRecord, match="quantity"):
        read(order(odd, 2500), [payment("P1", 2500, 55)])


def test_what_is_sold_by_weight_is_one_thing_and_goes_back_as_one():
    # half a kilo at 25.00 a kilo
    lines = [line("a", "HAM", "0.5", 2500)]
    found = read(
        order(lines, 1250),
        [payment("P1", 1250, 28, refund_ids=["R1"])],
        [refund("R1", 1250)],
        [taken_back("a", "HAM", "0.5", 1250)],
    )
    assert [ticket.status for ticket in found.tickets] == [TicketStatus.VOID]


def test_a_return_that_fits_no_line_is_named():
    found = read(
        order(TWO, 5000),
        [payment("P1", 5000, 110)],
        (),
        [taken_back("z", "OTHER", "1", 2500)],
    )
    assert found.doubt == "1 returned item matches none of its lines"


def test_a_return_with_tax_voids_its_ticket_and_gives_the_tax_back():
    # 2 × 25.00 and 10 % on top: 55.00; one goes back with its tax, 27.50
    taxed = line(
        *("a", "GA", "2", 2500), total_tax_money=money(500), total_money=money(5500)
    )
    found = read(
        order([taxed], 5500, total_tax_money=money(500)),
        [payment("P1", 5500, 121, refund_ids=["R1"], refunded_money=money(2750))],
        [refund("R1", 2750)],
        [taken_back("a", "GA", "1", 2750, total_tax_money=money(250))],
    )
    assert (found.charged, found.tax, found.doubt) == (5500, 500, None)
    assert [it.amount for it in found.refunds] == [2750]
    parts = [
        (share.status, share.refunded, share.tax) for share in allocate_tickets(found)
    ]
    assert parts == [("valid", 0, 250), ("void", 2750, 250)]


def test_an_order_without_lines_is_for_an_amount():
    found = read(order([], 1200), [payment("P1", 1200, 26)])
    assert found.occurrence_id == "custom:Custom Amount"
    (share,) = allocate_tickets(found)
    assert share.charged == 1200
    (event,) = Square(None, {}).events_in(raw(order([], 1200)))
    assert event.occurrences[0].id == found.occurrence_id


def test_a_cash_sale_that_was_rounded_down_adds_up():
    # 25.02 rounded to the next five cents
    found = read(
        order(
            [line("a", "GA", "1", 2502)],
            2500,
            rounding_adjustment={"amount_money": money(-2)},
        ),
        [payment("P1", 2500, source_type="CASH")],
    )
    assert (found.charged, fees(found), found.doubt) == (2500, 0, None)


# Refunds


@pytest.mark.parametrize("status", ["PENDING", "FAILED", "REJECTED"])
def test_a_refund_that_did_not_go_through_gave_nothing_back(status):
    found = read(
        order(TWO, 5000),
        [payment("P1", 5000, 110, refund_ids=["R1"])],
        [refund("R1", 2500, status)],
    )
    assert (found.charged, found.refunds) == (5000, ())


def test_net_amounts_and_closed_at_change_nothing():
    sale = order(
        TWO,
        5000,
        closed_at=PLACED,
        net_amounts={"total_money": money(2500)},
        net_amount_due_money=money(0),
    )
    parts = [payment("P1", 5000, 110, refund_ids=["R1"])], [refund("R1", 2500)]
    found = read(sale, *parts)
    assert found == read(order(TWO, 5000), *parts)
    assert (found.charged, [it.amount for it in found.refunds]) == (5000, [2500])


# What contradicts itself


def contradiction(*parts, earlier=()):
    with pytest.raises(UnreadableRecord) as caught:
        read(*parts, earlier=earlier)
    assert caught.value.word == CONTRADICTION
    return caught.value.reason


def test_a_payment_that_names_a_refund_nobody_lists_is_not_believed():
    reason = contradiction(
        order(TWO, 5000), [payment("P1", 5000, 110, refund_ids=["R1"])]
    )
    assert "R1" in reason


def test_more_went_back_than_the_refunds_come_to():
    reason = contradiction(
        order(TWO, 5000),
        [payment("P1", 5000, 110, refunded_money=money(2500))],
        [refund("R1", 1000)],
    )
    assert "25.00 AUD of its payment P1 was refunded" in reason
    assert "10.00 AUD" in reason


def test_an_order_does_not_lose_what_it_had():
    sale = order(TWO, 5000)
    before = raw(
        sale,
        [payment("P1", 5000, 110)],
        [refund("R9", 2500)],
        [taken_back("a", "GA", "1", 2500)],
    )
    paid = [payment("P1", 5000, 110)]
    assert "P1" in contradiction(sale, earlier=[before])
    assert "R9" in contradiction(sale, paid, earlier=[before])
    reason = contradiction(sale, paid, [refund("R9", 2500)], earlier=[before])
    assert "R1 among its returns" in reason
    whole = (paid, [refund("R9", 2500)], [taken_back("a", "GA", "1", 2500)])
    assert read(sale, *whole, earlier=[before]).refunds[0].amount == 2500


def test_what_never_came_to_anything_may_go_away():
    before = raw(
        order(TWO, 5000),
        [payment("P0", 5000, status="FAILED")],
        [refund("R0", 100, "PENDING")],
    )
    found = read(order(TWO, 5000), [payment("P1", 5000, 110)], earlier=[before])
    assert found.charged == 5000


@pytest.mark.parametrize("name", ["line_items", "tenders", "returns"])
def test_parts_of_another_shape_are_not_believed(name):
    with pytest.raises(UnreadableRecord, match=name):
        read(order(TWO, 5000) | {name: "text"}, [payment("P1", 5000, 110)])


# Put together from lists


class Merchant:
    """
    Square with these records; `requested` lists the paths that were requested.
    """

    def __init__(self, orders, payments=(), refunds=(), known=None):
        self.orders = orders
        self.payments = list(payments)
        self.refunds = list(refunds)
        self.known = {} if known is None else known
        self.requested = []
        self.square = Square(
            ApiClient(
                "https://connect.squareup.com",
                account="bar",
                platform="Square",
                explain=Square.spec.explain,
                transport=httpx.MockTransport(self._answer),
                wait_budget=WaitBudget(0.0),
            ),
            {},
        )

    def _answer(self, request):
        path = request.url.path
        self.requested.append(path)
        response = self._response_to(path, request)
        kind = {"content-type": "application/json"}
        status = 404 if response is None else 200
        body = iter([json.dumps(response or {}).encode()])
        return httpx.Response(status, content=body, headers=kind)

    def _response_to(self, path, request):
        match path.strip("/").split("/"):
            case ["v2", "locations"]:
                return {"locations": [{"id": "L1", "timezone": "Australia/Sydney"}]}
            case ["v2", "orders", "search"]:
                return {"orders": self.orders}
            case ["v2", "orders", "batch-retrieve"]:
                ids = json.loads(request.content)["order_ids"]
                return {"orders": [o for o in self.orders if o["id"] in ids]}
            case ["v2", "payments"]:
                return {"payments": self.payments}
            case ["v2", "refunds"]:
                return {"refunds": self.refunds}
            case ["v2", kind, id_]:
                rows = [*self.payments, *self.refunds, *self.known.values()]
                row = next((row for row in rows if row["id"] == id_), None)
                return None if row is None else {kind.removesuffix("s"): row}

    def everything(self):
        pages = self.square.fetch_all_orders(None, OrderEstimate(0), workers=1)
        return {raw["id"]: raw for page in pages for raw in page.records}

    def changed(self, since="2026-11-12T00:00:00Z"):
        pages = self.square.fetch_recent_orders(since)
        return {raw["id"]: raw for page in pages for raw in page.records}


def return_order(*lines, source="O1", id_="RO1"):
    part = {"uid": "r", "source_order_id": source, "return_line_items": list(lines)}
    return {
        "id": id_,
        "location_id": "L1",
        "state": "COMPLETED",
        "created_at": BACK,
        "updated_at": BACK,
        "returns": [{name: value for name, value in part.items() if value}],
        "total_money": money(0),
    }


def test_a_refund_without_a_sale_is_named_and_changes_no_sale():
    # 2 × 25.00 at 1.10; 25.00 went back without an order
    merchant = Merchant(
        [order(TWO, 5000)],
        [payment("P1", 5000, 110)],
        [refund("R1", 2500, payment_id=None, order_id="RO1", unlinked=True)],
    )
    found = {
        id_: merchant.square.parse_order(it)
        for id_, it in merchant.everything().items()
    }
    sale, stray = found["O1"], found["R1"]
    assert (sale.charged, fees(sale), sale.refunds) == (5000, 110, ())
    assert (stray.charged, [it.amount for it in stray.refunds]) == (0, [2500])
    assert stray.doubt == "25.00 AUD went back without a sale"
    assert stray.occurrence_id == "refunds-without-a-sale"
    (share,) = allocate_tickets(stray)
    assert (share.charged, share.refunded) == (0, 2500)
    (event,) = merchant.square.events_in(merchant.everything()["R1"])
    assert event.name == "Refunds without a sale"
    assert "R1" in merchant.changed()


def test_a_refund_without_a_sale_belongs_to_what_its_return_names():
    merchant = Merchant(
        [return_order(taken_back(None, "GA", "1", 2500), source="")],
        (),
        [refund("R1", 2500, payment_id=None, order_id="RO1", unlinked=True)],
    )
    found = merchant.square.parse_order(merchant.everything()["R1"])
    assert found.occurrence_id == "GA"


def test_a_refund_without_a_sale_that_failed_gave_nothing_back():
    merchant = Merchant([], (), [refund("R1", 2500, "FAILED", payment_id=None)])
    found = merchant.square.parse_order(merchant.everything()["R1"])
    assert (found.refunds, found.doubt, allocate_tickets(found)) == ((), None, [])


def test_a_sale_made_while_the_lists_were_read_is_whole():
    late = payment("P1", 5000, 110, refund_ids=["R1"])
    merchant = Merchant(
        [order(TWO, 5000)], known={"P1": late, "R1": refund("R1", 2500)}
    )
    found = merchant.square.parse_order(merchant.everything()["O1"])
    assert (fees(found), [it.amount for it in found.refunds]) == (110, [2500])


def test_a_list_of_payments_that_shrank_is_not_believed():
    many = [order(TWO, 5000, tenders=(f"P{n}",), id_=f"O{n}") for n in range(1, 31)]
    merchant = Merchant(many)
    with pytest.raises(errors.InvalidResponse) as caught:
        merchant.everything()
    assert caught.value.word == "list-incomplete"
    assert "names the payment P1 and at least 29 others" in caught.value.message
    assert not [path for path in merchant.requested if path.startswith("/v2/payments/")]


def test_changes_are_put_together_without_asking_twice():
    """
    Twenty refunds of one moment: it took three requests for each of them.
    """
    sales, payments, refunds, returns = [], [], [], []
    for n in range(20):
        sales.append(order(TWO, 5000, tenders=(f"P{n}",), id_=f"O{n}"))
        payments.append(
            payment(f"P{n}", 5000, 110, order_id=f"O{n}", refund_ids=[f"R{n}"])
        )
        refunds.append(refund(f"R{n}", 2500, payment_id=f"P{n}", order_id=f"RO{n}"))
        back = taken_back("a", "GA", "1", 2500)
        returns.append(return_order(back, source=f"O{n}", id_=f"RO{n}"))
    merchant = Merchant([*sales, *returns], payments, refunds)
    found = merchant.changed()
    assert len(found) == 20
    assert all(len(it["refunds"]) == len(it["returns"]) == 1 for it in found.values())
    assert merchant.requested == [
        *("/v2/locations", "/v2/orders/search", "/v2/payments", "/v2/refunds"),
    ]
    assert found == merchant.everything()


def test_an_order_asked_for_by_its_return_is_the_sale():
    merchant = Merchant(
        [order(TWO, 5000), return_order(taken_back("a", "GA", "1", 2500))],
        [payment("P1", 5000, 110, refund_ids=["R1"])],
        [refund("R1", 2500, order_id="RO1")],
    )
    assert merchant.square.fetch_order("RO1", "") == merchant.everything()["O1"]


def test_attempts_to_pay_that_came_to_nothing_are_left_out():
    failed = payment("P0", 5000, status="FAILED")
    merchant = Merchant([order(TWO, 5000)], [failed, payment("P1", 5000, 110)])
    assert [p["id"] for p in merchant.everything()["O1"]["payments"]] == ["P1"]


def test_of_a_card_only_that_it_is_a_gift_card_is_kept():
    def paid(brand):
        card = {"card_brand": brand, "last_4": "1111"}
        return payment("P1", 5000, 110, card_details={"card": card})

    for brand, kept in (("SQUARE_GIFT_CARD", "SQUARE_GIFT_CARD"), ("VISA", None)):
        merchant = Merchant([order(TWO, 5000)], [paid(brand)])
        (found,) = merchant.everything()["O1"]["payments"]
        assert found.get("card_brand") == kept
        assert "card_details" not in found
