"""
Eventbrite orders that are not paid yet, and attendees of whom we do not know whether
they come. The payloads are the documented ones with the amounts of a real order.
"""

import copy

import httpx
import pytest
from support import needs
from support.dates import NOW

from ticketsync.core import digest
from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.records import OrderStatus, TicketStatus
from ticketsync.net import exact_json, webhook_signatures
from ticketsync.net.client import ApiClient
from ticketsync.net.retry import WaitBudget
from ticketsync.net.webhook_signatures import Delivery
from ticketsync.providers.eventbrite import Eventbrite
from ticketsync.sales.allocation import allocate_tickets

pytestmark = needs.examples


def example(name):
    return exact_json.decode((needs.EXAMPLES / "eventbrite" / name).read_bytes())


def costs(base, service=0, payment=0, tax=0):
    def amount(value):
        whole, cents = divmod(value, 100)
        return {
            "currency": "USD",
            "value": value,
            "major_value": f"{whole}.{cents:02d}",
            "display": f"${whole}.{cents:02d}",
        }

    return {
        "base_price": amount(base),
        "eventbrite_fee": amount(service),
        "payment_fee": amount(payment),
        "tax": amount(tax),
        "gross": amount(base + service + payment + tax),
    }


def attendee(id_, status, price, **changes):
    (found,) = copy.deepcopy(example("attendees_list_docs.json")["attendees"])
    return {**found, "id": id_, "order_id": "541330199", "status": status} | {
        "costs": price,
        **changes,
    }


def order(status, attendees, price=None):
    (found,) = copy.deepcopy(example("orders_list_simple.json")["orders"])
    total = sum(a["costs"]["gross"]["value"] for a in attendees)
    return {
        **found,
        "status": status,
        "attendees": attendees,
        "costs": price or costs(total),
    }


CHEQUE = costs(2000, service=249)  # 20.00 + 2.49 = 22.49, no payment fee
PROVIDER = Eventbrite(None, {})


def parsed(*versions):
    *earlier, now = versions
    return PROVIDER.parse_order(PROVIDER.with_earlier(now, earlier))


def counted(found):
    """
    Tickets that admit, what was charged, and what went back: over its tickets.
    """
    parts = allocate_tickets(found)
    return (
        sum(part.is_sold for part in parts),
        sum(part.charged for part in parts),
        sum(part.refunded for part in parts),
    )


def test_an_unpaid_attendee_of_a_placed_order_counts_nowhere():
    found = PROVIDER.parse_order(
        order("placed", [attendee("1-1", "Unpaid", CHEQUE)], CHEQUE)
    )

    assert (found.status, found.charged, found.total) == (OrderStatus.PENDING, 0, 2249)
    assert counted(found) == (0, 0, 0)
    assert found.fees == ()


@pytest.mark.parametrize("status", ["pending", "started", "unpaid", "Pending"])
@pytest.mark.parametrize("word", ["Attending", "", "Unpaid"])
def test_an_order_that_is_not_placed_yet_counts_nowhere(status, word):
    found = PROVIDER.parse_order(order(status, [attendee("1", word, CHEQUE)], CHEQUE))

    assert counted(found) == (0, 0, 0)


@pytest.mark.parametrize("word", ["Attending", "Checked In", ""])
def test_an_order_paid_at_the_door_becomes_a_sale_when_the_platform_says_so(word):
    unpaid = order("placed", [attendee("1-1", "Unpaid", CHEQUE)], CHEQUE)
    paid = order("placed", [attendee("1-1", word, CHEQUE)], CHEQUE)

    found = parsed(unpaid, paid)

    assert (found.status, found.charged) == (OrderStatus.PAID, 2249)
    assert counted(found) == (1, 2249, 0)
    assert [(fee.name, fee.amount) for fee in found.fees] == [("Eventbrite fee", 249)]


@pytest.mark.parametrize("status", ["cancelled", "deleted", "refunded", "placed"])
def test_an_order_that_was_given_up_unpaid_never_counts(status):
    unpaid = order("placed", [attendee("1-1", "Unpaid", CHEQUE)], CHEQUE)
    removed = attendee("1-1", "Not Attending", CHEQUE, cancelled=True)

    assert counted(parsed(unpaid, order(status, [removed], CHEQUE))) == (0, 0, 0)
    assert counted(parsed(unpaid, order(status, [], costs(0)))) == (0, 0, 0)


def test_an_unpaid_attendee_that_vanishes_while_its_order_costs_as_much_is_doubted():
    unpaid = order("placed", [attendee("1-1", "Unpaid", CHEQUE)], CHEQUE)
    with pytest.raises(UnreadableRecord, match="no longer lists its attendee 1-1"):
        parsed(unpaid, order("placed", [], CHEQUE))


def test_a_pending_order_that_was_cancelled_never_counts():
    pending = order("pending", [attendee("1-1", "Attending", CHEQUE)], CHEQUE)
    removed = attendee("1-1", "Not Attending", CHEQUE, cancelled=True)

    assert counted(parsed(pending, order("cancelled", [removed], CHEQUE))) == (0, 0, 0)


def test_a_paid_order_that_was_cancelled_without_money_back_still_counts():
    paid = order("placed", [attendee("1-1", "Attending", CHEQUE)], CHEQUE)
    removed = attendee("1-1", "Not Attending", CHEQUE, cancelled=True)

    assert counted(parsed(paid, order("placed", [removed], CHEQUE))) == (0, 2249, 0)


def test_a_price_that_fell_before_it_was_paid_is_no_refund():
    higher = costs(3000, service=300)
    unpaid = order("placed", [attendee("1-1", "Unpaid", higher)], higher)
    paid = order("placed", [attendee("1-1", "Attending", CHEQUE)], CHEQUE)

    # charged 22.49, not 33.00 of which 10.51 went back
    assert counted(parsed(unpaid, paid)) == (1, 2249, 0)


def test_of_an_order_in_part_unpaid_the_paid_part_counts():
    both = costs(2000 + 1000, service=249 + 100)
    half = costs(1000, service=100)
    raw = order(
        "placed",
        [attendee("1-1", "Attending", CHEQUE), attendee("1-2", "Unpaid", half)],
        both,
    )

    found = PROVIDER.parse_order(raw)

    assert counted(found) == (1, 2249, 0)
    assert sum(fee.amount for fee in found.fees) == 249
    assert found.doubt is None
    # then the unpaid one is given up: nothing went back
    later = order("placed", [attendee("1-1", "Attending", CHEQUE)], CHEQUE)
    assert counted(parsed(raw, later)) == (1, 2249, 0)
    # and with the unpaid one still there, the paid one is refunded
    refunded = order(
        "placed",
        [
            attendee("1-1", "Not Attending", costs(0), refunded=True),
            attendee("1-2", "Unpaid", half),
        ],
        half,
    )
    assert counted(parsed(raw, refunded)) == (0, 2249, 2249)


@pytest.mark.parametrize("word", ["Transferred", "Waitlisted"])
def test_f22_an_attendee_status_that_is_not_known_sets_the_order_aside(word):
    raw = order(
        "placed",
        [attendee("1", "Attending", CHEQUE), attendee("2", word, CHEQUE)],
        costs(4000, service=498),
    )

    with pytest.raises(UnreadableRecord) as caught:
        parsed(raw)

    assert caught.value.word == "unknown-status"
    assert "attendee 2" in caught.value.reason
    assert word in caught.value.reason


def test_f22_a_status_that_an_earlier_version_had_does_not_stand_in_the_way():
    before = order("placed", [attendee("1", "Transferred", CHEQUE)], CHEQUE)
    now = order("placed", [attendee("1", "Attending", CHEQUE)], CHEQUE)

    assert counted(parsed(before, now)) == (1, 2249, 0)


def test_of_two_barcodes_the_refunded_one_comes_second():
    barcodes = [
        {"barcode": "111", "status": "refunded"},
        {"barcode": "222", "status": "unused"},
    ]
    raw = order("placed", [attendee("1", "Attending", CHEQUE, barcodes=barcodes)])

    (ticket,) = PROVIDER.parse_order(raw).tickets

    assert (ticket.code, ticket.second_code) == (digest.code("222"), digest.code("111"))
    assert ticket.status is TicketStatus.VALID


# Check-ins


def asking(answers):
    """
    A provider, and what it asks.
    """
    requested = []

    def answer(request):
        requested.append(request.url)
        body = exact_json.encode(answers[request.url.path])
        headers = {"content-type": "application/json"}
        return httpx.Response(200, content=iter([body]), headers=headers)

    api = ApiClient(
        "https://platform.example",
        account="a",
        platform="Eventbrite",
        transport=httpx.MockTransport(answer),
        wait_budget=WaitBudget(0.0),
    )
    return Eventbrite(api, {}), requested


@pytest.mark.parametrize(
    ("changed", "is_read"),
    [
        ("2026-09-01T10:00:00Z", True),  # the second of the watermark itself
        ("2026-09-01T09:59:30Z", True),  # became visible late
        ("2026-09-01T10:00:01Z", True),
        ("2026-09-01T09:00:00Z", False),  # of a platform that ignores the filter
    ],
)
def test_a_check_in_in_the_second_of_the_watermark_is_read(changed, is_read):
    row = attendee("1", "Checked In", CHEQUE, changed=changed, checked_in=True)
    whole = order("placed", [row], CHEQUE)
    # The order that the watermark is from is always among what changed since.
    newest = order("placed", [attendee("2-1", "Attending", CHEQUE)], CHEQUE)
    newest |= {"id": "2", "changed": "2026-09-01T10:00:00Z"}
    provider, requested = asking(
        {
            "/users/me/organizations/": {"organizations": [{"id": "9"}]},
            "/organizations/9/orders/": {"orders": [newest]},
            "/organizations/9/attendees/": {"attendees": [row]},
            "/orders/541330199/": whole,
        }
    )

    pages = provider.fetch_recent_orders("2026-09-01T10:00:00Z")

    found = [raw["id"] for page in pages for raw in page.records]
    assert found == (["2", "541330199"] if is_read else ["2"])
    (url,) = [url for url in requested if "attendees" in url.path]
    assert url.params["changed_since"] == "2026-09-01T09:59:00Z"


def test_a_delivery_about_an_attendee_with_a_hyphen_is_parsed():
    body = exact_json.encode(
        {
            "config": {"action": "attendee.updated"},
            "api_url": "https://www.eventbriteapi.com/v3/events/1/attendees/690507907-1/",
        }
    )

    hint = Eventbrite.hint(Delivery(body, {}, "", NOW))

    assert (hint.event, hint.what) == ("attendee.updated", webhook_signatures.ACCOUNT)
