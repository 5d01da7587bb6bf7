"""
Eventbrite orders that were refunded before they were first read. No refunded amount is
reported, and nobody has written down whether the costs of the order, of its attendees
or of both are taken back: what the payload still says is imported and named.

Each ticket of these orders is 50.00 + 4.00 + 1.00 = 55.00.
"""

import copy

import pytest
from support import needs

from ticketsync.core.records import TicketStatus
from ticketsync.net import exact_json
from ticketsync.providers.eventbrite import Eventbrite
from ticketsync.sales.allocation import allocate_tickets

pytestmark = needs.examples
PROVIDER = Eventbrite(None, {})
UNKNOWN = "it was refunded before it was first read, so its price is unknown"
ESTIMATE = "no refunded amount is reported; 55.00 USD is its tickets' price"


def costs(base, service, payment):
    names = ("base_price", "eventbrite_fee", "payment_fee")
    amounts = dict(zip(names, (base, service, payment), strict=True)) | {"tax": 0}
    amounts["gross"] = base + service + payment
    return {
        name: {"currency": "USD", "value": value} for name, value in amounts.items()
    }


ONE, TWO, NOTHING = costs(5000, 400, 100), costs(10000, 800, 200), costs(0, 0, 0)


def example(name):
    return exact_json.decode((needs.EXAMPLES / "eventbrite" / name).read_bytes())


def attendee(id_, price, *, refunded):
    (found,) = copy.deepcopy(example("attendees_list_docs.json")["attendees"])
    status = "Not Attending" if refunded else "Attending"
    changes = {"id": id_, "status": status, "costs": price, "refunded": refunded}
    return {**found, "order_id": "541330199", **changes}


def order(status, price, *attendees):
    (found,) = copy.deepcopy(example("orders_list_simple.json")["orders"])
    return {**found, "status": status, "costs": price, "attendees": [*attendees]}


def parsed(*versions):
    *earlier, now = versions
    return PROVIDER.parse_order(PROVIDER.with_earlier(now, earlier))


def figures(found):
    """
    Tickets that admit, charged and refunded, over the tickets, and the discrepancy.
    """
    parts = allocate_tickets(found)
    charged = sum(part.charged for part in parts)
    assert charged == found.charged  # over all tickets, void ones too
    refunded = sum(part.refunded for part in parts)
    return sum(part.is_sold for part in parts), charged, refunded, found.doubt


GONE, THERE = attendee("1", ONE, refunded=True), attendee("2", ONE, refunded=False)
EMPTIED = attendee("1", NOTHING, refunded=True)


@pytest.mark.parametrize("status", ["refunded", "placed"])
def test_of_an_emptied_order_the_attendees_say_what_was_charged(status):
    found = parsed(order(status, NOTHING, GONE))
    assert figures(found) == (0, 5500, 5500, ESTIMATE)
    assert found.fees == ()  # as where the order shrank after it was read


def test_of_an_order_that_shrank_the_refunded_attendee_says_what_it_lacks():
    found = parsed(order("placed", ONE, GONE, THERE))
    assert figures(found) == (1, 11000, 5500, ESTIMATE)
    assert [(fee.name, fee.amount) for fee in found.fees] == [
        ("Eventbrite fee", 400),
        ("Payment fee", 100),
    ]


@pytest.mark.parametrize("price", [ONE, NOTHING], ids=["kept", "emptied"])
def test_gross_does_not_fall_when_the_rest_goes_back_later(price):
    """
    Also where the attendees lose their costs then.
    """
    first = order("placed", ONE, GONE, THERE)
    both = [attendee(id_, price, refunded=True) for id_ in ("1", "2")]
    _, charged, refunded, _ = figures(parsed(first, order("refunded", NOTHING, *both)))
    assert (charged, refunded) == (11000, 11000)


def test_an_order_that_keeps_its_costs_went_back_as_a_whole():
    found = parsed(order("refunded", ONE, EMPTIED))
    assert figures(found) == (0, 5500, 5500, ESTIMATE)


@pytest.mark.parametrize(
    ("raw", "charged"),
    [
        (order("refunded", NOTHING, EMPTIED), 0),
        (order("refunded", NOTHING), 0),
        (order("placed", ONE, EMPTIED, THERE), 5500),
        # The order has 55.00 more than its attendees: the other ticket, or add-ons.
        (order("placed", TWO, EMPTIED, THERE), 11000),
    ],
    ids=["emptied", "without attendees", "one of two", "with a rest"],
)
def test_where_nothing_says_the_price_the_order_is_named(raw, charged):
    found = parsed(raw)
    assert (found.charged, found.refunds, found.doubt) == (charged, (), UNKNOWN)


def test_an_order_with_a_rest_that_its_attendees_do_not_explain_is_not_completed():
    """
    10.00 are left: of the ticket, or an add-on.
    """
    found = parsed(order("placed", costs(1000, 0, 0), GONE))
    assert found.charged == 1000
    assert found.doubt == "its tickets come to 55.00 USD, the order to 10.00 USD"


@pytest.mark.parametrize(
    ("price", "attendees", "charged"),
    [
        # Its fees were kept: 55.00 − 50.00 leave 5.00, or 110.00 − 50.00 leave 60.00.
        (costs(0, 400, 100), [GONE], 500),
        (costs(5000, 800, 200), [GONE, THERE], 6000),
        (costs(1000, 0, 0), [GONE], 1000),
    ],
    ids=["fees", "fees of one of two", "a rest"],
)
@pytest.mark.parametrize("status", ["refunded", "placed"])
def test_a_refund_whose_price_is_not_in_the_order_is_not_taken_from_the_rest(
    status, price, attendees, charged
):
    """
    Else 5.00 would be charged and 55.00 given back.
    """
    found = parsed(order(status, price, *attendees))
    assert (found.charged, found.refunds) == (charged, ())
    assert found.doubt.startswith("its tickets come to ")


def test_a_refund_counts_beside_an_attendee_that_another_one_replaced():
    """
    The removed one has no part in the order any more.
    """
    first = order("placed", ONE, attendee("1", ONE, refunded=False))
    swapped = order("placed", ONE, attendee("2", ONE, refunded=False))
    now = order("placed", ONE, attendee("2", ONE, refunded=True))
    found = parsed(first, swapped, now)
    assert (found.charged, [refund.amount for refund in found.refunds]) == (
        5500,
        [5500],
    )


def test_costs_that_do_not_shrink_are_as_they_were():
    found = parsed(order("placed", TWO, GONE, THERE))
    assert figures(found) == (1, 11000, 5500, ESTIMATE)
    seen = parsed(
        order("placed", TWO, attendee("1", ONE, refunded=False), THERE),
        order("placed", ONE, GONE, THERE),
    )
    assert figures(seen) == (1, 11000, 5500, None)
    assert [t.status for t in seen.tickets] == [TicketStatus.VOID, TicketStatus.VALID]
