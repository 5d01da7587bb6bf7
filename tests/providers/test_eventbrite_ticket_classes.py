"""
What Eventbrite has on sale, which promo code an order used and what attendees answered;
each value is written by hand.
"""

import copy
import json
from datetime import UTC, datetime

import httpx
import pytest

from ticketsync.core.records import TicketType, TicketTypeStatus
from ticketsync.net.client import ApiClient
from ticketsync.net.retry import WaitBudget
from ticketsync.providers.eventbrite import Eventbrite

PROVIDER = Eventbrite(None, {})


def money(value, currency="AUD"):
    return {"currency": currency, "value": value, "major_value": "?", "display": "?"}


def ticket_class(**changes):
    return {
        "id": "7001",
        "event_id": "8840001",
        "name": "Adult",
        "category": "admission",
        "free": False,
        "donation": False,
        "cost": money(3900),
        "fee": money(150),
        "quantity_total": 240,
        "quantity_sold": 37,
        "on_sale_status": "AVAILABLE",
        "sales_start": "2026-07-01T00:00:00Z",
        "sales_end": "2026-09-05T09:30:00Z",
        "hidden": False,
        **changes,
    }


def event(*classes, **changes):
    return {
        "id": "8840001",
        "name": {"text": "Late Laughs"},
        "url": "https://www.eventbrite.com/e/8840001",
        "start": {
            "timezone": "Australia/Sydney",
            "utc": "2026-09-05T09:30:00Z",
            "local": "2026-09-05T19:30:00",
        },
        "created": "2026-07-01T00:00:00Z",
        "changed": "2026-08-20T10:00:00Z",
        "status": "live",
        "currency": "AUD",
        "ticket_classes": list(classes),
        **changes,
    }


def on_sale(*classes, **changes):
    (date,) = PROVIDER.parse_event(event(*classes, **changes)).occurrences
    return date.ticket_types


def test_a_ticket_class_is_a_ticket_type():
    assert on_sale(ticket_class()) == (
        TicketType(
            id="7001",
            name="Adult",
            price=3900,
            currency="AUD",
            status=TicketTypeStatus.ON_SALE,
            quantity=240,
            sold=37,
            available=203,
            sale_starts_at=datetime(2026, 7, 1, tzinfo=UTC),
            sale_ends_at=datetime(2026, 9, 5, 9, 30, tzinfo=UTC),
        ),
    )


def test_the_costs_may_be_fields_of_one_object():
    costs = {"cost": money(432), "fee": money(20), "actual_cost": money(412)}
    (found,) = on_sale(ticket_class(cost=costs))
    assert (found.price, found.currency) == (432, "AUD")


@pytest.mark.parametrize(
    ("changes", "price", "currency"),
    [
        ({"free": True, "cost": None}, 0, "AUD"),
        ({"donation": True, "cost": None}, None, "AUD"),
        ({"category": "donation", "cost": money(100)}, None, "AUD"),
        ({"cost": None}, None, "AUD"),
        ({"cost": {"actual_cost": None}}, None, "AUD"),
        ({"cost": money(1250, "jpy")}, 1250, "JPY"),
        ({"cost": money(100, "XXQ")}, None, None),
    ],
)
def test_a_free_class_costs_nothing_and_a_donation_has_no_price(
    changes, price, currency
):
    (found,) = on_sale(ticket_class(**changes))
    assert (found.price, found.currency) == (price, currency)


def test_an_add_on_is_no_ticket_type():
    programme = ticket_class(id="7009", name="Programme", category="add_on")
    assert [it.id for it in on_sale(ticket_class(), programme)] == ["7001"]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"on_sale_status": "SOLD_OUT"}, "sold_out"),
        ({"on_sale_status": "NOT_YET_ON_SALE"}, "scheduled"),
        ({"on_sale_status": "UNAVAILABLE"}, "closed"),
        ({"on_sale_status": "A_NEW_WORD"}, "unknown"),
        ({"on_sale_status": None}, "unknown"),
        ({"hidden": True}, "hidden"),
        ({"hidden": True, "on_sale_status": "SOLD_OUT"}, "hidden"),
    ],
)
def test_the_status_is_one_of_ours(changes, status):
    (found,) = on_sale(ticket_class(**changes))
    assert found.status == status


@pytest.mark.parametrize(
    ("changes", "numbers"),
    [
        ({"quantity_total": None}, (None, 37, None)),
        ({"quantity_sold": None}, (240, None, None)),
        ({"quantity_sold": "many"}, (240, None, None)),
        ({"quantity_total": 30}, (30, 37, 0)),  # oversold: none is left
    ],
)
def test_what_is_left_is_known_where_both_counts_are(changes, numbers):
    (found,) = on_sale(ticket_class(**changes))
    assert (found.quantity, found.sold, found.available) == numbers


def test_times_of_another_shape_are_unknown():
    # The documents' own example has empty objects here.
    (found,) = on_sale(ticket_class(sales_start={}, sales_end={}))
    assert (found.sale_starts_at, found.sale_ends_at) == (None, None)


@pytest.mark.parametrize(
    "odd",
    [
        "text",
        None,
        ticket_class(id=None),
        ticket_class(cost={"value": 12.5, "currency": "AUD"}),
    ],
)
def test_one_odd_class_prevents_neither_the_others_nor_the_event(odd):
    found = on_sale(odd, ticket_class(id="7002"))
    assert [it.id for it in found if it.price is not None] == ["7002"]


@pytest.mark.parametrize("missing", [None, "text", {}])
def test_without_the_expansion_the_ticket_types_are_not_reported(missing):
    assert on_sale(ticket_classes=missing) is None
    bare = event()
    del bare["ticket_classes"]
    (date,) = PROVIDER.parse_event(bare).occurrences
    assert date.ticket_types is None


def test_an_event_that_sells_nothing_has_no_ticket_types():
    assert on_sale() == ()


def test_the_events_last_change_is_kept():
    (date,) = PROVIDER.parse_event(event()).occurrences
    assert date.changed_at == datetime(2026, 8, 20, 10, tzinfo=UTC)
    (date,) = PROVIDER.parse_event(event(changed=None)).occurrences
    assert date.changed_at is None


# Asking for them


class Organisation:
    """
    An organisation with one event, whose platform fails at these expansions.
    """

    def __init__(self, *failing):
        self.failing = failing
        self.asked = []
        api = ApiClient(
            "https://platform.example/v3",
            account="a",
            platform="Eventbrite",
            explain=Eventbrite.spec.explain,
            transport=httpx.MockTransport(self._answer),
            wait_budget=WaitBudget(0.0),
        )
        self.provider = Eventbrite(api, {})

    def _answer(self, request):
        if request.url.path.endswith("/organizations/"):
            return self._json({"organizations": [{"id": "1", "name": "L"}]})
        expand = request.url.params.get("expand")
        self.asked.append(expand)
        wanted = (expand or "").split(",")
        if set(wanted) & set(self.failing):
            return self._json({"error": "EXPANSION_FAILED", "status_code": 500}, 500)
        row = event(ticket_class())
        if "ticket_classes" not in wanted:
            del row["ticket_classes"]
        return self._json({"pagination": {"has_more_items": False}, "events": [row]})

    def _json(self, value, status=200):
        kind = {"content-type": "application/json"}
        body = json.dumps(value).encode()
        return httpx.Response(status, content=iter([body]), headers=kind)

    def listed(self):
        pages = self.provider.fetch_events()
        return [
            self.provider.parse_event(raw).occurrences[0].ticket_types is not None
            for page in pages
            for raw in page.records
        ]


@pytest.mark.parametrize(
    ("failing", "asked", "has_types"),
    [
        ((), ["venue,ticket_classes"], True),
        (("ticket_classes",), ["venue,ticket_classes", "venue"], False),
        (
            ("venue", "ticket_classes"),
            ["venue,ticket_classes", "venue", None],
            False,
        ),
    ],
)
def test_an_expansion_that_fails_is_left_out_one_at_a_time(failing, asked, has_types):
    organisation = Organisation(*failing)
    assert organisation.listed() == [has_types]
    assert organisation.asked == asked


# Orders


def attendee(id_, *answers):
    return {
        "id": id_,
        "event_id": "8840001",
        "ticket_class_id": "7001",
        "ticket_class_name": "Adult",
        "status": "Attending",
        "costs": {"gross": money(3900), "base_price": money(3900)},
        "profile": {"name": f"Guest {id_}", "email": "guest@example.com"},
        "questions": [{"id": "1", "label": "Dietary needs"}],
        "answers": list(answers),
    }


def answer(question, text):
    return {"question_id": "1", "question": question, "type": "text", "answer": text}


def order(*attendees, **changes):
    total = 3900 * len(attendees)
    return {
        "id": "500001",
        "event_id": "8840001",
        "created": "2026-08-01T00:00:00Z",
        "changed": "2026-08-01T00:00:00Z",
        "status": "placed",
        "name": "Guest",
        "email": "guest@example.com",
        "costs": {"gross": money(total), "base_price": money(total)},
        "attendees": list(attendees),
        **changes,
    }


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"promo_code": "LANTERN20"}, "LANTERN20"),
        ({"promo_code": " EARLY "}, "EARLY"),
        ({"promo_code": None}, ""),
        ({"promo_code": {"code": "X"}}, ""),
        ({}, ""),
    ],
)
def test_the_promo_code_of_an_order_is_kept(changes, code):
    assert PROVIDER.parse_order(order(attendee("1"), **changes)).promo_code == code


def test_answers_are_read_by_ticket_and_question():
    raw = order(
        attendee("1", answer("Dietary needs", "vegan"), answer("Access", " ramp ")),
        attendee("2", answer("Dietary needs", "")),
        attendee("3", answer("Dietary needs", "none")),
    )
    assert PROVIDER.parse_people(raw).answers == {
        "1": {"Dietary needs": "vegan", "Access": "ramp"},
        "3": {"Dietary needs": "none"},
    }


@pytest.mark.parametrize(
    "odd", ["text", None, {"question": "Q"}, answer(None, "x"), answer("Q", ["x"])]
)
def test_odd_answers_are_left_out(odd):
    raw = order(attendee("1", odd, answer("Dietary needs", "vegan")))
    assert PROVIDER.parse_people(raw).answers == {"1": {"Dietary needs": "vegan"}}
    assert (
        PROVIDER.parse_people(order({**attendee("1"), "answers": None})).answers == {}
    )


def test_answers_are_never_in_what_is_stored():
    raw = copy.deepcopy(order(attendee("1", answer("Dietary needs", "vegan"))))
    PROVIDER.spec.take_people_out(raw)
    stored = json.dumps(raw)
    assert "vegan" not in stored
    assert "Dietary" not in stored
    assert PROVIDER.parse_people(raw).answers == {}
