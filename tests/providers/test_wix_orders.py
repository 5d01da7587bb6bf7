"""
Wix's orders with the payments behind them, in the shapes of its documents; each value
is calculated by hand in a comment.
"""

import json
from datetime import UTC, datetime

import httpx
import pytest

from ticketsync.core import errors
from ticketsync.core.errors import CONTRADICTION, UnreadableRecord
from ticketsync.core.records import OrderStatus
from ticketsync.net.client import ApiClient
from ticketsync.net.retry import WaitBudget
from ticketsync.providers.base import OrderEstimate
from ticketsync.providers.wix import Wix
from ticketsync.sales.allocation import allocate_tickets

EVENT = "25bd0c80-0af5-4dcf-8857-1c28b15d4098"
PLACED = "2026-02-10T04:05:06.789Z"


def money(text):
    return {"amount": text, "currency": "AUD", "value": text}


def ticket(number, price="25.00", **more):
    return {
        "ticketNumber": f"A{number:02d}",
        "orderNumber": "A",
        "ticketDefinitionId": "adult",
        "name": "Adult",
        "price": money(price),
        "free": False,
        "canceled": False,
        "archived": False,
    } | more


def order(total="51.25", *, fee="1.25", tickets=2, price="25.00", **more):
    """
    So many tickets at that price, with Wix's own fee of 2.5 % on top.
    """
    subtotal = f"{tickets * float(price):.2f}"
    invoice = {
        "items": [
            {
                "id": "adult",
                "quantity": tickets,
                "name": "Adult",
                "price": money(price),
                "total": money(subtotal),
            }
        ],
        "subTotal": money(subtotal),
        "grandTotal": money(total),
        "fees": [
            {
                "name": "WIX_FEE",
                "type": "FEE_ADDED_AT_CHECKOUT",
                "rate": "2.5",
                "amount": money(fee),
            }
        ],
    }
    return {
        "orderNumber": "A",
        "eventId": EVENT,
        "created": PLACED,
        "updated": PLACED,
        "status": "PAID",
        "method": "creditCard",
        "ticketsQuantity": tickets,
        "totalPrice": money(total),
        "tickets": [ticket(n, price) for n in range(1, tickets + 1)],
        "archived": False,
        "channel": "ONLINE",
        "giftCardPaymentDetails": [],
        "transactionId": "T1",
        "invoice": invoice,
    } | more


def refund(id_, amount, status="SUCCEEDED"):
    return {
        "refundId": id_,
        "amount": amount,
        "type": "PARTIAL",
        "status": status,
        "createdAt": "2026-02-15T00:00:00Z",
    }


def raw(sale, refunds=(), transaction="T1"):
    return {
        "id": sale["orderNumber"],
        "order": sale,
        "refunds": list(refunds),
        "transaction": transaction,
    }


def read(sale, refunds=(), transaction="T1", earlier=()):
    wix = Wix(None, {})
    whole = raw(sale, refunds, transaction)
    return wix.parse_order(wix.with_earlier(whole, earlier))


# Refunds


def test_a_refund_that_is_reported_twice_is_counted_once():
    # 20.29 of 51.25; it was 40.58
    for refunds in (
        [refund("R1", 20.29), refund("R1", 20.29)],
        [refund("R1", 20.29, "PENDING"), refund("R1", 20.29)],
        [refund("R1", 20.29), refund("R1", 20.29, "PENDING")],
        [refund("R1", "20.29"), refund("R1", 20.29)],
    ):
        found = read(order(), json.loads(json.dumps(refunds), parse_float=str))
        assert [it.amount for it in found.refunds] == [2029]
        assert sum(share.refunded for share in allocate_tickets(found)) == 2029


def test_two_refunds_of_the_same_amount_are_two():
    found = read(order(), [refund("R1", "10.00"), refund("R2", "10.00")])
    assert sum(it.amount for it in found.refunds) == 2000


def test_a_refund_with_two_amounts_is_not_believed():
    with pytest.raises(UnreadableRecord, match="R1 has two amounts"):
        read(order(), [refund("R1", "20.29"), refund("R1", "20.30")])


@pytest.mark.parametrize(
    "words",
    [
        ["PENDING"],
        ["FAILED"],
        ["REVERSED"],
        ["PENDING", "FAILED"],
        ["SUCCEEDED", "REVERSED"],
        ["REVERSED", "SUCCEEDED"],
    ],
)
def test_money_that_did_not_go_back_or_came_back_was_not_refunded(words):
    found = read(order(), [refund("R1", "20.29", word) for word in words])
    assert (found.charged, found.refunds) == (5125, ())


# What was paid


def test_what_a_gift_card_paid_is_part_of_gross():
    # a ticket of 224.71 and a fee of 5.62 are 230.33; 20.00 of it by gift card
    sale = order(
        "230.33",
        fee="5.62",
        tickets=1,
        price="224.71",
        giftCardPaymentDetails=[{"amount": money("20.00"), "voided": False}],
    )
    found = read(sale)
    assert (found.charged, found.vouchers, found.doubt) == (23033, 0, None)
    assert sum(share.charged for share in allocate_tickets(found)) == 23033


def test_all_of_it_may_go_back_although_a_gift_card_paid_a_part():
    sale = order(giftCardPaymentDetails=[{"amount": money("20.00")}])
    found = read(sale, [refund("R1", "51.25")])
    assert (found.charged, found.doubt) == (5125, None)


def test_an_order_without_an_invoice_comes_to_its_total_price():
    # 51.25 for two tickets of 25.00; nothing says what the 1.25 is for
    sale = order()
    sale.pop("invoice")
    for raw in (sale, sale | {"invoice": None}, sale | {"method": "offline"}):
        found = read(raw)
        assert (found.charged, found.fees, found.doubt) == (5125, None, None)
        assert [it.face for it in found.tickets] == [2500, 2500]
        assert sum(share.charged for share in allocate_tickets(found)) == 5125


def test_without_an_invoice_no_more_is_face_than_was_paid():
    # two tickets of 25.00 for 40.00 in all
    sale = order("40.00")
    sale.pop("invoice")
    found = read(sale)
    assert (found.charged, sum(it.face for it in found.tickets)) == (4000, 4000)


def test_an_order_that_says_no_price_at_all_is_not_believed():
    sale = order()
    sale.pop("invoice")
    sale.pop("totalPrice")
    with pytest.raises(KeyError):
        read(sale)


def test_an_invoice_of_another_shape_is_not_believed():
    with pytest.raises(UnreadableRecord, match="invoice"):
        read(order(invoice="text"))


# States


def test_an_archived_order_is_still_a_sale():
    sale = order(archived=True)
    sale["tickets"] = [ticket(n, archived=True) for n in (1, 2)]
    found = read(sale)
    assert [share.is_sold for share in allocate_tickets(found)] == [True, True]
    assert found.charged == 5125


def test_an_offline_order_counts_once_it_is_paid():
    by_hand = {"method": "offline", "transactionId": ""}
    unpaid = read(order(status="OFFLINE_PENDING", **by_hand), (), None)
    assert (unpaid.status, unpaid.charged) == (OrderStatus.PENDING, 0)
    assert not any(share.is_sold for share in allocate_tickets(unpaid))
    paid = read(order(**by_hand), (), None)
    assert (paid.status, paid.charged) == (OrderStatus.PAID, 5125)


@pytest.mark.parametrize(
    ("registration", "currency"),
    [
        ({"type": "RSVP", "status": "OPEN_RSVP", "rsvp": {}}, None),
        ({"type": "EXTERNAL", "status": "OPEN_EXTERNAL"}, None),
        ({"type": "TICKETING", "tickets": {"currency": "AUD"}}, "AUD"),
        ({"type": "NONE"}, None),
    ],
)
def test_an_event_is_listed_however_guests_get_in(registration, currency):
    found = Wix(None, {}).parse_event(
        {
            "id": EVENT,
            "title": "Open Rehearsal",
            "status": "UPCOMING",
            "dateAndTimeSettings": {
                "startDate": "2026-03-06T09:30:00Z",
                "timeZoneId": "Australia/Sydney",
            },
            "registration": registration,
        }
    )
    (date,) = found.occurrences
    assert date.starts_at == datetime(2026, 3, 6, 9, 30, tzinfo=UTC)
    assert date.currency == currency


# What contradicts itself


def contradiction(*parts, earlier=()):
    with pytest.raises(UnreadableRecord) as caught:
        read(*parts, earlier=earlier)
    assert caught.value.word == CONTRADICTION
    return caught.value.reason


def test_a_paid_order_whose_payment_is_not_listed_is_not_believed():
    assert "lack its payment T1" in contradiction(order(), (), None)


def test_an_order_paid_by_hand_needs_no_payment():
    assert read(order(method="offline"), (), None).charged == 5125


def test_of_an_order_read_in_the_same_breath_nothing_is_missed_yet():
    fresh = raw(order())
    fresh.pop("transaction")
    assert Wix(None, {}).parse_order(fresh).charged == 5125


def test_an_order_does_not_lose_what_it_had():
    before = raw(order(), [refund("R1", "20.29")])
    assert "its refund R1" in contradiction(order(), earlier=[before])
    failed = [refund("R1", "20.29", "FAILED")]
    assert read(order(), failed, earlier=[before]).refunds == ()
    bare = order()
    bare.pop("invoice")
    reason = contradiction(bare, [refund("R1", "20.29")], earlier=[before])
    assert reason == "it no longer has an invoice"
    by_hand = order(method="offline")
    reason = contradiction(by_hand, [refund("R1", "20.29")], None, earlier=[before])
    assert "lack its payment" in reason


def test_a_paid_order_whose_tickets_were_not_sent_is_not_believed():
    assert "2 tickets" in contradiction(order(tickets=2) | {"tickets": []})
    unsent = order()
    unsent.pop("tickets")
    with pytest.raises(KeyError):
        read(unsent)


# Put together from lists


class Site:
    """
    A Wix site with these responses, by path.
    """

    def __init__(self, answers):
        self.answers = answers
        self.requested = []
        self.wix = Wix(
            ApiClient(
                "https://www.wixapis.com",
                account="wx",
                platform="Wix Events",
                explain=Wix.spec.explain,
                transport=httpx.MockTransport(self._answer),
                wait_budget=WaitBudget(0.0),
            ),
            {"site_id": "s"},
        )

    def _answer(self, request):
        self.requested.append(request.url.path)
        response = self.answers.get(request.url.path)
        if response is None:
            return httpx.Response(404, content=iter([b"{}"]))
        offset = int(request.url.params.get("offset", 0))
        body = (
            response[min(offset and 1, len(response) - 1)]
            if type(response) is list
            else response
        )
        kind = {"content-type": "application/json"}
        return httpx.Response(
            200, content=iter([json.dumps(body).encode()]), headers=kind
        )

    def everything(self):
        pages = self.wix.fetch_all_orders(None, OrderEstimate(0), workers=1)
        return {raw["id"]: raw for page in pages for raw in page.records}


def transaction(id_, *refunds, number="A"):
    return {
        "transactionId": id_,
        "status": "APPROVED",
        "createdAt": PLACED,
        "amount": {"amount": 51.25, "currency": "AUD"},
        "refunds": list(refunds),
        "order": {"description": {"wixAppOrderId": number}},
    }


def transactions(*rows, total=None):
    count = len(rows) if total is None else total
    paging = {"offset": 0, "limit": 1000, "total": count}
    return {"transactions": list(rows), "pagination": paging}


def orders(*rows, total=None):
    count = len(rows) if total is None else total
    return {"orders": list(rows), "total": count, "offset": 0, "limit": 100}


def site(sale, *rows):
    return Site(
        {
            "/events/v1/orders": orders(sale),
            "/payments/v2/transactions": transactions(*rows),
            "/events/v2/guests/query": {"guests": []},
        }
    )


def test_refunds_of_every_payment_of_an_order_are_found():
    # paid in two goes; 10.00 of the second went back
    found = site(
        order(),
        transaction("T1", refund("R1", 20.29)),
        transaction("T2", refund("R2", 10.0), refund("R2", 10.0)),
        transaction("T3", refund("R3", 99.0), number="B"),
    )
    whole = found.everything()["A"]
    assert whole["transaction"] == "T1"
    read_ = found.wix.parse_order(whole)
    assert [it.amount for it in read_.refunds] == [2029, 1000]


def test_an_old_order_that_the_transactions_lack_says_so_and_a_new_one_does_not():
    assert site(order()).everything()["A"]["transaction"] is None
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    fresh = site(order(updated=now)).everything()["A"]
    assert "transaction" not in fresh


@pytest.mark.parametrize(
    ("path", "pages"),
    [
        ("/events/v1/orders", [orders(order(), total=3), orders(total=3)]),
        (
            "/payments/v2/transactions",
            [transactions(transaction("T1"), total=3), transactions(total=3)],
        ),
    ],
)
def test_a_list_that_ends_before_its_total_is_not_believed(path, pages):
    it = site(order(), transaction("T1"))
    it.answers[path] = pages
    with pytest.raises(errors.InvalidResponse) as caught:
        it.everything()
    assert caught.value.word == "list-incomplete"
    assert "promised 3" in caught.value.message


def test_f01_a_page_that_comes_again_ends_the_read():
    it = site(order(), transaction("T1"))
    it.answers["/payments/v2/transactions"] = transactions(transaction("T1"), total=9)
    with pytest.raises(errors.InvalidResponse) as caught:
        it.everything()
    assert caught.value.word == "pagination-loop"


def test_guests_that_were_promised_and_not_sent_are_missed():
    it = Site(
        {
            "/events/v2/guests/query": {
                "guests": [{"id": "g1", "orderNumber": "A"}],
                "pagingMetadata": {"count": 3, "cursors": {"next": ""}},
            }
        }
    )
    with pytest.raises(errors.InvalidResponse, match="promised 3 guests and sent 1"):
        list(it.wix._guests.changed(datetime(2026, 2, 1, tzinfo=UTC)))


def numbered(numbers, **fields):
    """
    Orders of these numbers, paid in February.
    """
    return orders(*(order(orderNumber=number, **fields) for number in numbers))


@pytest.mark.parametrize(
    ("named", "cursor", "missing"),
    [
        ("ABCDEF", "", [0, 0]),
        ("ABC", "", [0, 3]),
        ("", "", [0, 6]),
        ("ABC", "more", [0]),  # a list that goes on is not short
        ("ABCX", "", [1, 3]),
    ],
)
def test_guests_that_most_orders_lack_are_counted(named, cursor, missing):
    """
    Six paid orders of February, and the first page of all guests.
    """
    it = site(order())
    it.answers["/events/v1/orders"] = numbered("ABCDEF")
    it.answers["/events/v2/guests/query"] = {
        "guests": [{"id": number, "orderNumber": number} for number in named],
        "pagingMetadata": {"count": len(named), "cursors": {"next": cursor}},
    }
    *_, compared = it.wix.fetch_all_orders(None, OrderEstimate(0), workers=1)
    assert [check.missing for check in compared.cross_checks] == missing


@pytest.mark.parametrize(
    ("count", "fields"),
    [
        (4, {}),  # too few to say anything
        (6, {"status": "INITIATED"}),
        (6, {"updated": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}),  # not made yet
    ],
)
def test_orders_that_need_no_guests_are_not_expected_to_have_any(count, fields):
    it = site(order())
    it.answers["/events/v1/orders"] = numbered("ABCDEF"[:count], **fields)
    it.answers["/events/v2/guests/query"] = {"guests": []}
    *_, compared = it.wix.fetch_all_orders(None, OrderEstimate(0), workers=1)
    assert not any(check.missing for check in compared.cross_checks)


def test_a_change_in_the_second_of_the_watermark_is_read_again():
    """
    A new order 300 s before the watermark, to the millisecond, is inside the overlap.
    """
    on_edge = order(created="2026-02-10T04:00:06.001Z", updated=PLACED)
    before = order(orderNumber="B", created="2026-02-10T04:00:05.999Z")
    it = site(on_edge, transaction("T1"))
    it.answers["/events/v1/orders"] = orders(on_edge, before)
    it.answers["/events/v2/guests/query"] = {
        "guests": [],
        "pagingMetadata": {"count": 0, "cursors": {"next": ""}},
    }
    pages = it.wix.fetch_recent_orders("2026-02-10T04:05:06Z")
    assert [raw["id"] for page in pages for raw in page.records] == ["A"]


def quiet(*rows, guests=()):
    """
    A site whose list of orders has the order A only, and these payments and guests.
    """
    it = site(order(created="2026-02-01T00:00:00Z"), transaction("T1"), *rows)
    it.answers["/events/v2/guests/query"] = {
        "guests": [
            {"id": n, "orderNumber": n, "eventId": "E1", "updatedDate": PLACED}
            for n in guests
        ],
        "pagingMetadata": {"count": len(guests), "cursors": {"next": ""}},
    }
    return it


def test_an_order_that_only_a_payment_names_may_be_a_shops():
    it = quiet(transaction("T9", refund("R9", 10.0), number="SHOP-1"))
    pages = [*it.wix.fetch_recent_orders("2026-02-10T04:05:06Z")]
    assert [page.unknown_ids for page in pages if page.unknown_ids] == []
    assert not any("/SHOP-1" in path for path in it.requested)


def test_an_order_that_was_deleted_is_gone_and_one_that_the_list_lacks_is_read():
    """
    The list has A; B was deleted; C exists when it is requested alone.
    """
    it = quiet(guests=["A", "B", "C"])
    alone = order(orderNumber="C", transactionId="T1")
    it.answers["/events/v1/events/E1/orders/C"] = {"order": alone}
    pages = [*it.wix.fetch_recent_orders("2026-02-10T04:05:06Z")]
    assert [raw["id"] for page in pages for raw in page.records] == ["A", "C"]
    assert [page.unknown_ids for page in pages if page.unknown_ids] == [["B"]]


def test_a_list_that_lacks_most_of_the_orders_there_are_is_not_believed():
    """
    Two of three, which are read all the same.
    """
    it = quiet(guests=["A", "B", "C"])
    for number in "BC":
        path = f"/events/v1/events/E1/orders/{number}"
        it.answers[path] = {"order": order(orderNumber=number)}
    pages = it.wix.fetch_recent_orders("2026-02-10T04:05:06Z")
    shown = []
    with pytest.raises(errors.InvalidResponse, match="promised 3 rows of orders"):
        shown += (raw["id"] for page in pages for raw in page.records)
    assert shown == ["A", "B", "C"]
