"""
What Wix has on sale, and what an order's coupons and seats are called; each value is
written by hand.
"""

import json
from datetime import UTC, datetime

import httpx
import pytest

from ticketsync.core import errors
from ticketsync.core.records import TicketType, TicketTypeStatus
from ticketsync.net.client import ApiClient
from ticketsync.net.retry import WaitBudget
from ticketsync.providers.wix import Wix
from ticketsync.providers.wix.order_labels import promo_code_of, seat_of

FIRST = "/events/v3/ticket-definitions/query"
SECOND = "/events-ticket-definitions/v3/ticket-definitions/query"
PROVIDER = Wix(None, {"site_id": "5a1e0000-0000-4000-8000-000000000001"})


def money(value, currency="AUD"):
    return {"value": value, "currency": currency}


def definition(**changes):
    return {
        "id": "adult",
        "eventId": "E1",
        "revision": "3",
        "name": "Adult",
        "hidden": False,
        "limited": True,
        "initialLimit": 80,
        "actualLimit": 80,
        "pricingMethod": {
            "fixedPrice": money("39.00"),
            "pricingType": "STANDARD",
            "free": False,
        },
        "salePeriod": {
            "startDate": "2026-07-01T00:00:00Z",
            "endDate": "2026-09-05T09:30:00Z",
        },
        "saleStatus": "SALE_STARTED",
        "salesDetails": {
            "unsoldCount": 78,
            "soldCount": 2,
            "reservedCount": 0,
            "soldOut": False,
        },
        **changes,
    }


def on_sale(*definitions):
    return PROVIDER.parse_ticket_types({"id": "E1", "definitions": list(definitions)})


def priced(**method):
    (found,) = on_sale(definition(pricingMethod=method))
    return found.price, found.currency, found.is_minimum


def test_a_definition_is_a_ticket_type():
    assert on_sale(definition()) == (
        TicketType(
            id="adult",
            name="Adult",
            price=3900,
            currency="AUD",
            status=TicketTypeStatus.ON_SALE,
            quantity=80,
            sold=2,
            available=78,
            sale_starts_at=datetime(2026, 7, 1, tzinfo=UTC),
            sale_ends_at=datetime(2026, 9, 5, 9, 30, tzinfo=UTC),
        ),
    )


@pytest.mark.parametrize(
    ("method", "price"),
    [
        ({"fixedPrice": money("1200", "JPY")}, (1200, "JPY", False)),
        ({"fixedPrice": {"amount": "5.00", "currency": "aud"}}, (500, "AUD", False)),
        ({"guestPrice": money("5.00")}, (500, "AUD", True)),
        ({"fixedPrice": money("0.00"), "free": True}, (0, "AUD", False)),
        ({"free": True}, (None, None, False)),  # nobody says in which currency
        ({"fixedPrice": money("1.005")}, (None, "AUD", False)),
        ({"fixedPrice": money("1.00", "XXQ")}, (None, None, False)),
        ({}, (None, None, False)),
    ],
)
def test_a_price_is_fixed_or_the_least_that_is_paid(method, price):
    assert priced(**method) == price


def test_each_option_is_a_ticket_type_without_counts():
    options = [
        {"optionId": "o1", "name": "Early", "price": money("29.00")},
        {"optionId": "o2", "name": "Late", "price": money("45.00")},
    ]
    method = {"pricingOptions": {"optionDetails": options}, "free": False}
    early, late = on_sale(definition(pricingMethod=method))
    assert (early.id, early.name, early.price) == ("adult/o1", "Adult, Early", 2900)
    assert (late.id, late.name, late.price) == ("adult/o2", "Adult, Late", 4500)
    assert {(it.quantity, it.sold, it.available) for it in (early, late)} == {
        (None, None, None)
    }
    assert late.status is TicketTypeStatus.ON_SALE
    assert late.sale_ends_at == datetime(2026, 9, 5, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"saleStatus": "SALE_SCHEDULED"}, "scheduled"),
        ({"saleStatus": "SALE_ENDED"}, "closed"),
        ({"saleStatus": "A_NEW_WORD"}, "unknown"),
        ({"saleStatus": None}, "unknown"),
        ({"salesDetails": {"soldOut": True}}, "sold_out"),
        ({"hidden": True, "salesDetails": {"soldOut": True}}, "hidden"),
    ],
)
def test_the_status_is_one_of_ours(changes, status):
    (found,) = on_sale(definition(**changes))
    assert found.status == status


def test_without_a_limit_and_without_sales_the_counts_are_unknown():
    (found,) = on_sale(
        definition(actualLimit=None, salesDetails={"unsoldCount": None, "soldCount": 1})
    )
    assert (found.quantity, found.sold, found.available) == (None, 1, None)
    (found,) = on_sale(definition(salesDetails=None, salePeriod=None))
    assert (found.quantity, found.sold, found.available) == (80, None, None)
    assert (found.sale_starts_at, found.sale_ends_at) == (None, None)
    (found,) = on_sale(definition(actualLimit="many"))
    assert (found.quantity, found.sold, found.available) == (None, 2, 78)


def test_a_free_definition_without_a_currency_has_that_of_the_others():
    guest = definition(id="guest", pricingMethod={"free": True})
    _, found = on_sale(definition(), guest)
    assert (found.price, found.currency) == (0, "AUD")


@pytest.mark.parametrize(
    "odd",
    [
        definition(pricingMethod=None),
        definition(pricingMethod={"pricingOptions": {"optionDetails": ["text"]}}),
        definition(id=""),
    ],
)
def test_an_odd_definition_leaves_the_others_readable(odd):
    found = on_sale(odd, definition(id="child"))
    assert [it.id for it in found if it.price is not None] == ["child"]


# Asking for them


class Site:
    """
    A site that has so many definitions for each of its events, at these addresses.
    """

    def __init__(self, *paths, events=1, each=1, status=404):
        self.paths = paths
        self.status = status
        self.rows = [
            definition(id=f"{event}-{n}", eventId=f"E{event}")
            for event in range(events)
            for n in range(each)
        ]
        self.bodies = []
        self.asked = []
        api = ApiClient(
            "https://platform.example",
            account="a",
            platform="Wix Events",
            explain=Wix.spec.explain,
            transport=httpx.MockTransport(self._answer),
            wait_budget=WaitBudget(0.0),
        )
        self.provider = Wix(api, {})
        self.lost = 0

    def _answer(self, request):
        path = request.url.path
        self.asked.append(path)
        if path not in self.paths:
            return self._json({"message": "", "details": {}}, self.status)
        body = json.loads(request.content)
        self.bodies.append(body)
        paging = body["query"]["cursorPaging"]
        assert paging["limit"] <= 100
        if "cursor" in paging:
            assert "filter" not in body["query"]
            wanted, begin = json.loads(paging["cursor"])
        else:
            wanted, begin = body["query"]["filter"]["eventId"]["$in"], 0
        rows = [row for row in self.rows if row["eventId"] in wanted]
        page, end = rows[begin : begin + 100], begin + 100
        following = json.dumps([wanted, end]) if end < len(rows) else None
        metadata = {"count": len(page), "cursors": {"next": following, "prev": None}}
        shown = page[self.lost :]
        return self._json({"ticketDefinitions": shown, "metadata": metadata})

    def _json(self, value, status=200):
        kind = {"content-type": "application/json"}
        body = json.dumps(value).encode()
        return httpx.Response(status, content=iter([body]), headers=kind)

    def listed(self, *events):
        return {
            raw["id"]: [it["id"] for it in raw["definitions"]]
            for page in self.provider.fetch_ticket_types(events)
            for raw in page.records
        }


def test_each_event_that_was_asked_for_has_a_record():
    site = Site(FIRST, events=2, each=2)
    assert site.listed("E0", "E1", "E9") == {
        "E0": ["0-0", "0-1"],
        "E1": ["1-0", "1-1"],
        "E9": [],
    }
    assert site.asked == [FIRST]
    assert site.bodies[0]["fields"] == ["SALES_DETAILS"]


def test_a_hundred_events_at_once_and_a_hundred_definitions_a_page():
    site = Site(FIRST, events=120, each=2)
    found = site.listed(*(f"E{n}" for n in range(120)))
    assert len(found) == 120
    assert all(len(ids) == 2 for ids in found.values())
    sizes = [
        len(body["query"]["filter"]["eventId"]["$in"])
        for body in site.bodies
        if "filter" in body["query"]
    ]
    assert sizes == [100, 20]
    assert len(site.asked) == 3  # 200 definitions on two pages, 40 on one


def test_the_address_that_worked_is_kept():
    site = Site(SECOND)
    assert site.listed("E0") == {"E0": ["0-0"]}
    assert site.listed("E0") == {"E0": ["0-0"]}
    assert site.asked == [FIRST, SECOND, SECOND]


def test_where_neither_address_exists_the_error_says_so():
    site = Site()
    with pytest.raises(errors.InvalidResponse) as caught:
        site.listed("E0")
    assert caught.value.word == "endpoint-gone"
    assert site.asked == [FIRST, SECOND]


def test_a_missing_permission_is_not_tried_elsewhere():
    site = Site(status=403)
    with pytest.raises(errors.AuthenticationFailed):
        site.listed("E0")
    assert site.asked == [FIRST]


def test_a_page_with_fewer_definitions_than_it_says_is_not_believed():
    site = Site(FIRST, each=3)
    site.lost = 1
    with pytest.raises(errors.InvalidResponse) as caught:
        site.listed("E0")
    assert caught.value.word == "list-incomplete"


# Orders


def discounted(**discount):
    return {"invoice": {"discount": {"amount": money("5.00"), **discount}}}


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (discounted(discounts=[{"coupon": {"code": "FRIEND", "name": "N"}}]), "FRIEND"),
        (
            discounted(
                discounts=[
                    {"coupon": {"code": "A"}},
                    {"coupon": {"code": "B"}},
                    {"coupon": {"code": "A"}},
                ]
            ),
            "A, B",
        ),
        (discounted(discounts=[{"coupon": {"name": "Friends"}}]), "Friends"),
        (discounted(discounts=[{"paidPlan": {"name": "Gold"}}]), ""),
        (discounted(code="OLD", name="Old", discounts=[]), "OLD"),
        (discounted(code="OLD"), "OLD"),
        (discounted(discounts=["text", {"coupon": "text"}, {"coupon": None}]), ""),
        ({"invoice": {"discount": "text"}}, ""),
        ({"invoice": {}}, ""),
        ({"invoice": None}, ""),
        ({}, ""),
    ],
)
def test_the_codes_of_coupons_are_kept(order, code):
    assert promo_code_of(order) == code


@pytest.mark.parametrize(
    ("details", "label"),
    [
        (
            {"sectionLabel": "Stalls", "rowLabel": "B", "seatLabel": "12"},
            "Stalls, row B, seat 12",
        ),
        ({"rowLabel": "Row B", "seatLabel": "Seat 12"}, "Row B, Seat 12"),
        ({"areaLabel": "Lawn"}, "Lawn"),
        ({"tableLabel": "4", "seatLabel": "2"}, "table 4, seat 2"),
        ({"sectionLabel": " ", "rowLabel": None, "seatLabel": 7}, ""),
        ({"pricingOptionName": "Early"}, ""),
        ("text", ""),
        (None, ""),
    ],
)
def test_a_seat_is_labelled_by_the_parts_that_are_known(details, label):
    assert seat_of({"ticketDetails": details}) == label
    assert seat_of({}) == ""


def test_the_submissions_of_forms_are_never_stored():
    raw = {
        "order": {
            "checkoutFormSubmission": {"submissions": {"diet": "vegan"}},
            "tickets": [{"formSubmission": {"diet": "vegan"}, "name": "Adult"}],
        }
    }
    PROVIDER.spec.take_people_out(raw)
    assert "vegan" not in json.dumps(raw)
    assert "Adult" in json.dumps(raw)


def test_the_accounts_dashboard_is_the_sites():
    site = {"site_id": "5a1e0000-0000-4000-8000-000000000001"}
    assert PROVIDER.spec.dashboard_url_of(site) == (
        "https://manage.wix.com/dashboard/5a1e0000-0000-4000-8000-000000000001/events"
    )
    assert PROVIDER.spec.dashboard_url_of({}) == ""
