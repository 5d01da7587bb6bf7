"""
Requests that other clients send to Square and the fake's responses: each filter is
honoured or refused, and each cursor is bound to its query.
"""

import json
from datetime import date

import pytest

from ticketsync.sandbox import square, world
from ticketsync.sandbox.fake_platform import ApiRequest, unix_seconds

TODAY = date(2026, 9, 1)


@pytest.fixture(scope="module")
def platform():
    built = world.build(seed=5, today=TODAY, orders=700, profile=square.PROFILE)
    return square.Square(built, caches_records=True)


def ask(platform, method, path, body=None, **query):
    headers = {"Authorization": f"Bearer {square.KEY}", "Square-Version": "2025-08-20"}
    answer = platform.respond(
        ApiRequest(method, path, tuple(query.items()), headers, body)
    )
    return answer.status, json.loads(answer.body)


def get(platform, path, **query):
    status, body = ask(platform, "GET", path, **query)
    assert status == 200, body
    return body


def search(platform, **body):
    status, found = ask(platform, "POST", "/v2/orders/search", body)
    assert status == 200, found
    return found


def refusal(platform, method, path, body=None, **query):
    status, found = ask(platform, method, path, body, **query)
    assert status == 400
    (error,) = found["errors"]
    assert error["category"] == "INVALID_REQUEST_ERROR"
    return error["code"]


def all_of(platform, path, key, **query):
    rows, more = [], {}
    while True:
        found = get(platform, path, **query, **more)
        rows += found.get(key, [])
        if "cursor" not in found:
            return rows
        more = {"cursor": found["cursor"]}


def test_a_search_needs_no_parameters(platform):
    for body in (None, {}):
        status, found = ask(platform, "POST", "/v2/orders/search", body)
        assert status == 200
        assert len(found["orders"]) == 500
        moments = [order["created_at"] for order in found["orders"]]
        assert moments == sorted(moments, reverse=True)
        assert "cursor" in found


def test_a_search_continues_only_with_its_own_cursor(platform):
    first = search(platform)
    rest = search(platform, cursor=first["cursor"])
    ids = [order["id"] for order in first["orders"] + rest["orders"]]
    assert len(ids) == len(set(ids))
    for other in (
        {"limit": 7},
        {"query": {"sort": {"sort_field": "CREATED_AT", "sort_order": "ASC"}}},
    ):
        wrong = {**other, "cursor": first["cursor"]}
        assert refusal(platform, "POST", "/v2/orders/search", wrong) == "INVALID_CURSOR"
    path, cursor = "/v2/payments", first["cursor"]
    assert refusal(platform, "GET", path, cursor=cursor) == "INVALID_CURSOR"
    assert refusal(platform, "GET", path, cursor="nonsense") == "INVALID_CURSOR"


def test_a_search_is_filtered(platform):
    whole = search(platform, limit=1000)["orders"]
    some = whole[300]
    edge = some["created_at"]

    def found(**filters):
        answer = search(platform, limit=1000, query={"filter": filters})
        return {order["id"] for order in answer.get("orders", ())}

    def wanted(test):
        return {order["id"] for order in whole if test(order)}

    assert found(date_time_filter={"created_at": {"end_at": edge}}) == wanted(
        lambda order: order["created_at"] < edge
    )
    assert found(state_filter={"states": ["OPEN"]}) == wanted(
        lambda order: order["state"] == "OPEN"
    )
    assert found(source_filter={"source_names": ["Square Online"]}) == wanted(
        lambda order: order.get("source", {}).get("name") == "Square Online"
    )
    assert found(source_filter={"source_names": ["Elsewhere"]}) == set()
    assert found(customer_filter={"customer_ids": [some.get("customer_id")]}) >= {
        some["id"]
    }
    picked_up = wanted(lambda order: "fulfillments" in order)
    assert 0 < len(picked_up) < len(whole)
    for name, value, ids in (
        ("fulfillment_types", "PICKUP", picked_up),
        ("fulfillment_types", "DELIVERY", set()),
        ("fulfillment_states", "COMPLETED", picked_up),
        ("fulfillment_states", "FAILED", set()),
    ):
        assert found(fulfillment_filter={name: [value]}) == ids
    closed = search(
        platform,
        limit=1000,
        query={
            "filter": {"date_time_filter": {"closed_at": {"start_at": edge}}},
            "sort": {"sort_field": "CLOSED_AT"},
        },
    )["orders"]
    assert closed
    assert all(order["closed_at"] >= edge for order in closed)
    one_place = search(platform, limit=1000, location_ids=[square.SECOND])["orders"]
    assert {order["location_id"] for order in one_place} == {square.SECOND}


def test_entries_are_returned_instead_of_orders(platform):
    found = search(platform, return_entries=True, limit=3)
    assert "orders" not in found
    assert set(found["order_entries"][0]) == {"order_id", "version", "location_id"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"limit": 1001}, "VALUE_TOO_HIGH"),
        ({"limit": 0}, "VALUE_TOO_LOW"),
        ({"location_ids": [str(n) for n in range(11)]}, "ARRAY_LENGTH_TOO_LONG"),
        (
            {"query": {"filter": {"date_time_filter": {"updated_at": {}}}}},
            "CONFLICTING_PARAMETERS",
        ),
        (
            {"query": {"filter": {"state_filter": {"states": ["PAID"]}}}},
            "INVALID_ENUM_VALUE",
        ),
        (
            {
                "query": {
                    "filter": {"fulfillment_filter": {"fulfillment_types": ["POST"]}}
                }
            },
            "INVALID_ENUM_VALUE",
        ),
        (
            {"query": {"filter": {"weather_filter": {}}}},
            "UNKNOWN_QUERY_PARAMETER",
        ),
        (
            {
                "query": {
                    "filter": {"date_time_filter": {"created_at": {"end_at": "?"}}}
                }
            },
            "INVALID_TIME",
        ),
        ({"limit": "many"}, "BAD_REQUEST"),
    ],
)
def test_an_invalid_search_is_refused(platform, body, code):
    assert refusal(platform, "POST", "/v2/orders/search", body) == code


def test_at_most_a_hundred_orders_are_fetched_at_once(platform):
    path = "/v2/orders/batch-retrieve"
    ids = [f"O{n}" for n in range(101)]
    code = refusal(platform, "POST", path, {"order_ids": ids})
    assert code == "ARRAY_LENGTH_TOO_LONG"
    known = search(platform, limit=2)["orders"]
    status, found = ask(
        platform, "POST", path, {"order_ids": [order["id"] for order in known]}
    )
    assert (status, found["orders"]) == (200, known)


def test_payments_default_to_the_main_location_and_one_year(platform):
    rows = all_of(platform, "/v2/payments", "payments")
    assert {row["location_id"] for row in rows} == {square.MAIN}
    moments = [row["created_at"] for row in rows]
    assert moments == sorted(moments, reverse=True)
    assert min(map(unix_seconds, moments)) >= platform.world.now - square.YEAR


def test_payments_are_filtered(platform):
    begin = {"begin_time": "2009-01-01T00:00:00Z", "sort_order": "ASC"}
    rows = all_of(platform, "/v2/payments", "payments", **begin)
    assert [r["created_at"] for r in rows] == sorted(r["created_at"] for r in rows)
    edge = rows[40]["created_at"]
    early = all_of(platform, "/v2/payments", "payments", **begin, end_time=edge)
    assert early == [row for row in rows if row["created_at"] < edge]
    late = all_of(
        platform,
        *("/v2/payments", "payments"),
        **begin,
        sort_field="UPDATED_AT",
        updated_at_end_time=edge,
    )
    assert late
    assert all(row["updated_at"] < edge for row in late)
    assert len(get(platform, "/v2/payments", limit="3")["payments"]) == 3
    gift = all_of(
        platform, "/v2/payments", "payments", **begin, card_brand="SQUARE_GIFT_CARD"
    )
    assert gift
    assert not any("processing_fee" in row for row in gift)
    assert refusal(platform, "GET", "/v2/payments", limit="101") == "VALUE_TOO_HIGH"
    assert refusal(platform, "GET", "/v2/payments", sort_order="up") == (
        "INVALID_ENUM_VALUE"
    )
    assert refusal(platform, "GET", "/v2/payments", colour="red") == (
        "UNKNOWN_QUERY_PARAMETER"
    )


def test_refunds_default_to_all_locations(platform):
    begin = {"begin_time": "2009-01-01T00:00:00Z"}
    rows = all_of(platform, "/v2/refunds", "refunds", **begin)
    assert {row["location_id"] for row in rows} == {square.MAIN, square.SECOND}
    for status in ("PENDING", "COMPLETED", "REJECTED", "FAILED"):
        some = all_of(platform, "/v2/refunds", "refunds", **begin, status=status)
        assert some == [row for row in rows if row["status"] == status]
        assert some
    main = all_of(platform, "/v2/refunds", "refunds", **begin, location_id=square.MAIN)
    assert {row["location_id"] for row in main} == {square.MAIN}
    cash = all_of(platform, "/v2/refunds", "refunds", **begin, source_type="CASH")
    assert 0 < len(cash) < len(rows)
    assert (
        refusal(platform, "GET", "/v2/refunds", status="DONE") == "INVALID_ENUM_VALUE"
    )


def test_all_rare_states_occur(platform):
    begin = {"begin_time": "2009-01-01T00:00:00Z"}
    payments = []
    for location_id in (square.MAIN, square.SECOND):
        query = {**begin, "location_id": location_id}
        payments += all_of(platform, "/v2/payments", "payments", **query)
    assert {payment["status"] for payment in payments} == {
        *("APPROVED", "PENDING", "COMPLETED", "CANCELED", "FAILED"),
    }
    refunds = all_of(platform, "/v2/refunds", "refunds", **begin)
    assert any(refund.get("unlinked") for refund in refunds)
    whole = search(platform, limit=1000)
    orders = whole["orders"]
    assert "cursor" not in whole
    lines = [line for order in orders for line in order.get("line_items", ())]
    assert any("uid" not in line for line in lines)
    assert any(line["quantity"] == "0" for line in lines)
    assert any(order.get("service_charges") for order in orders)
    assert any("closed_at" in order for order in orders)
    assert all("net_amounts" in order for order in orders if order["id"][0] == "O")
    tenders = [tender for order in orders for tender in order.get("tenders", ())]
    assert {tender["type"] for tender in tenders} >= {"SQUARE_GIFT_CARD", "CARD"}
    returned = [
        line
        for order in orders
        for part in order.get("returns", ())
        for line in part.get("return_line_items", ())
    ]
    assert any(line["total_tax_money"]["amount"] for line in returned)


def test_the_catalogue_is_listed_by_type(platform):
    items = all_of(platform, "/v2/catalog/list", "objects", types="ITEM")
    assert {it["type"] for it in items} == {"ITEM"}
    both = all_of(platform, "/v2/catalog/list", "objects")
    assert {it["type"] for it in both} == {"ITEM", "ITEM_VARIATION"}
    assert "objects" not in get(platform, "/v2/catalog/list", types="CATEGORY")
    assert refusal(platform, "GET", "/v2/catalog/list", types="SEAT") == (
        "INVALID_ENUM_VALUE"
    )
    variation = next(it for it in both if it["type"] == "ITEM_VARIATION")
    found = get(platform, f"/v2/catalog/object/{variation['id']}")
    assert found["object"] == variation
    _, found = ask(
        platform,
        *("POST", "/v2/catalog/batch-retrieve"),
        {"object_ids": [variation["id"]], "include_related_objects": True},
    )
    parent = variation["item_variation_data"]["item_id"]
    assert [it["id"] for it in found["related_objects"]] == [parent]
    _, found = ask(platform, "POST", "/v2/catalog/search", {"object_types": ["ITEM"]})
    assert found["objects"] == items[:100]
    _, found = ask(
        platform,
        *("POST", "/v2/catalog/search-catalog-items"),
        {"product_types": ["EVENT"], "text_filter": "late laughs"},
    )
    assert {it["item_data"]["name"] for it in found["items"]} == {"Late Laughs"}


def test_single_objects_are_found_by_their_ids(platform):
    (merchant,) = get(platform, "/v2/merchants")["merchant"]
    for id_ in ("me", merchant["id"]):
        assert get(platform, f"/v2/merchants/{id_}")["merchant"] == merchant
    for id_ in ("main", square.MAIN):
        location = get(platform, f"/v2/locations/{id_}")["location"]
        assert location["id"] == square.MAIN
    order = search(platform, limit=1)["orders"][0]
    assert get(platform, f"/v2/orders/{order['id']}")["order"] == order
    customer = next(
        it["customer_id"] for it in search(platform)["orders"] if "customer_id" in it
    )
    assert get(platform, f"/v2/customers/{customer}")["customer"]["id"] == customer
    for path in ("/v2/merchants/M2", "/v2/orders/none", "/v2/payouts/none", "/v2/x"):
        status, found = ask(platform, "GET", path)
        assert (status, found["errors"][0]["code"]) == (404, "NOT_FOUND")


@pytest.mark.thorough
def test_payouts_are_charges_less_refunds_and_fees(platform):
    begin = {"begin_time": "2009-01-01T00:00:00Z"}
    paid = 0
    for location_id in (square.MAIN, square.SECOND):
        rows = all_of(
            platform, "/v2/payouts", "payouts", **begin, location_id=location_id
        )
        for payout in rows:
            entries = all_of(
                platform, f"/v2/payouts/{payout['id']}/payout-entries", "payout_entries"
            )
            net = sum(entry["net_amount_money"]["amount"] for entry in entries)
            assert payout["amount_money"]["amount"] == net
            paid += net
    cards = [
        purchase
        for purchase in platform.world.purchases
        if purchase.was_paid and purchase.channel not in ("operator", "no_cost")
    ]
    assert paid == sum(
        p.total - p.refunded - square.PROFILE.kept_fees(p) for p in cards
    )


def test_events_must_be_enabled(platform):
    status, _ = ask(platform, "POST", "/v2/events", {})
    assert status == 403
    assert ask(platform, "PUT", "/v2/events/enable")[0] == 200
    status, found = ask(platform, "POST", "/v2/events", {"limit": 5})
    assert (status, len(found["events"])) == (200, 5)
    assert found["events"][0]["type"] == "order.updated"
