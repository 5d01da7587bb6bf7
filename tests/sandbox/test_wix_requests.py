"""
Requests that other clients send to Wix Events and the fake's responses: each filter is
honoured or refused.
"""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from ticketsync.sandbox import wix, wix_records, world
from ticketsync.sandbox.fake_platform import ApiRequest, unix_seconds

TODAY = date(2026, 9, 1)


@pytest.fixture(scope="module")
def platform():
    built = world.build(seed=4, today=TODAY, orders=400, profile=wix.PROFILE)
    return wix.Wix(built)


def ask(platform, method, path, body=None, query=()):
    headers = {"Authorization": wix.KEY, "wix-site-id": wix.SITE}
    answer = platform.respond(ApiRequest(method, path, tuple(query), headers, body))
    return answer.status, json.loads(answer.body)


def get(platform, path, *query):
    status, found = ask(platform, "GET", path, query=query)
    assert status == 200, found
    return found


def post(platform, path, body):
    status, found = ask(platform, "POST", path, body)
    assert status == 200, found
    return found


def refusal(platform, method, path, body=None, query=()):
    status, found = ask(platform, method, path, body, query)
    assert status == 400
    (violation,) = found["details"]["validationError"]["fieldViolations"]
    return violation["field"]


def events(platform, filters=None, **query):
    event_query = {"filter": filters or {}, "paging": {"limit": 1000}, **query}
    body = {"query": event_query, "fields": ["REGISTRATION"]}
    return post(platform, "/events/v3/events/query", body)["events"]


def orders(platform, *query):
    found = get(platform, "/events/v1/orders", ("fieldset", "DETAILS"), *query)
    return found["orders"], found["total"]


# Events


def test_events_are_filtered(platform):
    whole = events(platform)
    ended = events(platform, {"status": "ENDED"})
    assert 0 < len(ended) < len(whole)
    assert ended == [row for row in whole if row["status"] == "ENDED"]
    some = whole[5]
    edge = some["updatedDate"]
    for name, test in (
        ("$gte", lambda moment: moment >= unix_seconds(edge)),
        ("$lt", lambda moment: moment < unix_seconds(edge)),
    ):
        found = events(platform, {"updatedDate": {name: edge}})
        wanted = [row for row in whole if test(unix_seconds(row["updatedDate"]))]
        assert found == wanted
    assert events(platform, {"id": {"$in": [some["id"]]}}) == [some]
    assert events(platform, {"slug": {"$ne": some["slug"]}}) == [
        row for row in whole if row is not some
    ]
    sort = [{"fieldName": "dateAndTimeSettings.startDate", "order": "DESC"}]
    starts = [
        row["dateAndTimeSettings"]["startDate"] for row in events(platform, sort=sort)
    ]
    assert starts == sorted(starts, reverse=True)
    assert len(post(platform, "/events/v3/events/query", {})["events"]) <= 50


def test_events_have_the_requested_parts(platform):
    parts = {
        "DETAILS": "shortDescription",
        "TEXTS": "description",
        "REGISTRATION": "registration",
        "URLS": "eventPageUrl",
        "FORM": "form",
        "DASHBOARD": "summaries",
        "FEED": "feed",
        "ONLINE_CONFERENCING_SESSION": "onlineConferencing",
        "SEO_SETTINGS": "seoSettings",
        "AGENDA": "agendaSettings",
        "CATEGORIES": "categories",
    }
    path = "/events/v3/events/query"
    for field, key in parts.items():
        (event, *_) = post(platform, path, {"fields": [field]})["events"]
        assert set(event) & set(parts.values()) == {key}
    assert refusal(platform, "POST", path, {"fields": ["COLOUR"]}) == "fields"


def test_events_without_tickets_are_listed(platform):
    kinds = {row["registration"]["type"] for row in events(platform)}
    assert kinds == {"TICKETING", "RSVP", "EXTERNAL"}
    (rsvp,) = events(platform, {"registration.initialType": {"$eq": "RSVP"}})
    assert "tickets" not in rsvp["registration"]


def test_the_dashboard_totals_equal_the_summary(platform):
    body = {"query": {"paging": {"limit": 1000}}, "fields": ["DASHBOARD"]}
    rows = post(platform, "/events/v3/events/query", body)["events"]
    assert not any("registration" in row for row in rows)
    sold = [row["summaries"]["tickets"] for row in rows]
    (sales,) = get(platform, "/events/v1/orders/summary")["sales"]
    assert sum(it["totalOrders"] for it in sold) == sales["totalOrders"]
    assert sum(Decimal(it["revenue"]["value"]) for it in sold) == Decimal(
        sales["revenue"]["value"]
    )


def test_single_events_and_counts(platform):
    some = events(platform)[3]
    path = "/events/v3/events"
    one = get(platform, f"{path}/{some['id']}", ("fields", "REGISTRATION"))["event"]
    assert one == some
    by_slug = get(platform, f"{path}/slug/{some['slug']}", ("fields", "REGISTRATION"))
    assert by_slug["event"] == some
    category = some["dateAndTimeSettings"]["recurringEvents"]["categoryId"]
    siblings = get(platform, f"{path}/category/{category}")["events"]
    assert some["id"] in {row["id"] for row in siblings}
    counts = post(platform, f"{path}/count-by-status", {})["items"]
    assert sum(item["count"] for item in counts) == len(events(platform))
    status, found = ask(platform, "GET", f"{path}/{wix_records.guid(1, 1)}")
    assert status == 404
    assert found["details"]["applicationError"]["code"] == "EVENT_NOT_FOUND"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"filter": {"colour": "red"}}, "query.filter.colour"),
        ({"filter": {"status": {"$near": "ENDED"}}}, "query.filter.status"),
        ({"sort": [{"fieldName": "colour"}]}, "query.sort"),
        ({"paging": {"limit": 1001}}, "query.paging.limit"),
        ({"cursorPaging": {}}, "cursorPaging"),
    ],
)
def test_an_invalid_event_query_is_refused(platform, query, field):
    path = "/events/v3/events/query"
    assert refusal(platform, "POST", path, {"query": query}) == field


def test_ticket_definitions_are_paged_by_cursor(platform):
    services = ("events", "events-ticket-definitions")
    platform = replace(platform, definitions_at=services)
    for service in services:
        path = f"/{service}/v3/ticket-definitions/query"
        event = events(platform, {"registration.initialType": "TICKETING"})[0]["id"]
        query = {"filter": {"eventId": {"$in": [event]}}, "cursorPaging": {"limit": 2}}
        body = {"query": query, "fields": ["SALES_DETAILS"]}
        first = post(platform, path, body)
        assert len(first["ticketDefinitions"]) == first["metadata"]["count"] == 2
        cursor = first["metadata"]["cursors"]["next"]
        more = {"query": {"cursorPaging": {"cursor": cursor, "limit": 2}}}
        rest = post(platform, path, {**more, "fields": ["SALES_DETAILS"]})
        names = [
            row["name"]
            for row in first["ticketDefinitions"] + rest["ticketDefinitions"]
        ]
        assert names == ["Adult", "Concession", "Guest"]
        assert not rest["metadata"]["cursors"]["next"]
        limit = {"query": {"cursorPaging": {"limit": 101}}}
        assert refusal(platform, "POST", path, limit) == "query.cursorPaging.limit"


# Orders and tickets


def test_orders_are_filtered_by_status_and_tag(platform):
    whole, total = orders(platform, ("limit", "100"))
    assert total == len(platform.world.purchases)
    for status in ("PAID", "FREE", "OFFLINE_PENDING", "PENDING", "DECLINED"):
        found, _ = orders(platform, ("status", status), ("limit", "100"))
        assert found
        assert {order["status"] for order in found} == {status}
    _, paid = orders(platform, ("status", "PAID"))
    _, free = orders(platform, ("status", "FREE"))
    assert orders(platform, ("status", "PAID"), ("status", "FREE"))[1] == paid + free
    archived, number = orders(platform, ("tag", "ARCHIVED"))
    assert number
    assert all(order["archived"] for order in archived)
    _, others = orders(platform, ("tag", "NON_ARCHIVED"))
    assert others == total - number
    _, confirmed = orders(platform, ("tag", "CONFIRMED"))
    _, unconfirmed = orders(platform, ("tag", "UNCONFIRMED"))
    assert confirmed + unconfirmed == total
    some = whole[7]
    assert orders(platform, ("contactId", some["contactId"]))[0] == [some]
    assert orders(platform, ("searchPhrase", some["orderNumber"]))[0] == [some]
    assert orders(platform, ("memberId", "nobody")) == ([], 0)
    newest, _ = orders(platform, ("sort", "created:desc"))
    assert newest[0]["created"] >= newest[-1]["created"]


def test_orders_are_counted_by_facet(platform):
    found = get(
        platform, "/events/v1/orders", ("facet", "status"), ("facet", "eventId")
    )
    counts = found["facets"]["status"]["counts"]
    for status, number in counts.items():
        assert orders(platform, ("status", status))[1] == number
    assert sum(counts.values()) == len(platform.world.purchases)
    of_events = found["orderFacets"]["facets"]["eventId"]["counts"]
    assert sum(row["count"] for row in of_events.values()) == found["total"]
    event, row = next(iter(of_events.items()))
    details = ("fieldset", "TICKET_DETAILS"), ("eventId", event)
    tickets = get(platform, "/events/v1/tickets", *details)["total"]
    inside = get(platform, "/events/v1/tickets", *details, ("state", "CHECKED_IN"))
    assert (row["tickets"], row["ticketsCheckIn"]) == (tickets, inside["total"])
    assert "orderFacets" not in get(platform, "/events/v1/orders")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ([("status", "REFUNDED")], "status"),
        ([("facet", "colour")], "facet"),
        ([("tag", "OLD")], "tag"),
        ([("sort", "name:asc")], "sort"),
        ([("limit", "101")], "limit"),
        ([("colour", "red")], "colour"),
        ([("orderNumber", str(n)) for n in range(501)], "orderNumber"),
    ],
)
def test_invalid_order_queries_are_refused(platform, query, field):
    assert refusal(platform, "GET", "/events/v1/orders", query=query) == field


def test_the_summary_has_paid_orders_that_are_not_archived(platform):
    (sales,) = get(platform, "/events/v1/orders/summary")["sales"]
    paid = [p for p in platform.world.purchases if p.was_paid and p.total]
    shown = [p for p in paid if p.rare_state != "ARCHIVED"]
    assert 0 < len(shown) < len(paid)
    assert sales["totalOrders"] == len(shown)
    assert Decimal(sales["total"]["value"]) * 100 == sum(p.total for p in shown)
    rsvp = events(platform, {"registration.initialType": "RSVP"})[0]["id"]
    found = get(platform, "/events/v1/orders/summary", ("eventId", rsvp))
    assert found == {"sales": []}


def test_tickets_need_a_fieldset_and_are_filtered(platform):
    path = "/events/v1/tickets"
    details = ("fieldset", "TICKET_DETAILS")
    bare = get(platform, path)["tickets"]
    assert {value for row in bare for value in row.values()} == {""}
    whole = get(platform, path, details, ("limit", "100"))
    numbers = [row["ticketNumber"] for row in whole["tickets"]]
    assert numbers == sorted(numbers)
    some = whole["tickets"][0]
    found = get(platform, path, details, ("orderNumber", some["orderNumber"]))
    assert {row["orderNumber"] for row in found["tickets"]} == {some["orderNumber"]}
    for state, test in (
        ("CHECKED_IN", lambda row: "checkIn" in row),
        ("TICKET_ARCHIVED", lambda row: row["archived"]),
        ("FREE", lambda row: row["free"]),
    ):
        found = get(platform, path, details, ("state", state))
        assert found["tickets"]
        assert all(map(test, found["tickets"]))
    one = get(platform, f"{path}/{some['ticketNumber']}")["ticket"]
    assert one == some
    many = [("orderNumber", str(n)) for n in range(21)]
    assert refusal(platform, "GET", path, query=many) == "orderNumber"


# Money and people


def test_the_refund_list_has_each_refund_once(platform):
    path = "/payments/refunds/v1/refunds/query"
    found = post(platform, path, {"query": {"cursorPaging": {"limit": 1000}}})
    rows = found["refunds"]
    assert len({row["id"] for row in rows}) == len(rows)
    assert {row["status"] for row in rows} == {
        *("PENDING", "SUCCEEDED", "FAILED", "REVERSED"),
    }
    assert found["pagingMetadata"]["hasNext"] is False
    charge = rows[0]["chargeId"]
    query = {"filter": {"chargeId": {"$eq": charge}}}
    some = post(platform, path, {"query": query})["refunds"]
    assert {row["chargeId"] for row in some} == {charge}
    body = {"query": {"filter": {"amount": "1"}}}
    assert refusal(platform, "POST", path, body) == "query.filter.amount"


def test_all_rare_states_occur(platform):
    rows = get(
        platform, "/payments/v2/transactions", ("limit", "1000"), ("order", "date:asc")
    )["transactions"]
    refunds = [refund for row in rows for refund in row["refunds"]]
    ids = [refund["refundId"] for refund in refunds]
    assert len(ids) > len(set(ids))
    assert {refund["status"] for refund in refunds} == {
        *("PENDING", "SUCCEEDED", "FAILED", "REVERSED"),
    }
    assert {row["status"] for row in rows} >= {"OFFLINE", "DECLINED", "PENDING"}
    fieldsets = [("fieldset", name) for name in ("DETAILS", "INVOICE", "TICKETS")]
    found = []
    for offset in range(0, len(platform.world.purchases), 100):
        paging = ("offset", str(offset)), ("limit", "100")
        found += get(platform, "/events/v1/orders", *fieldsets, *paging)["orders"]
    assert any(order["giftCardPaymentDetails"] for order in found)
    assert any(order["channel"] == "OFFLINE_POS" for order in found)
    assert all("invoice" in order for order in found)
    bare = wix.Wix(platform.world, lacks_invoices=True)
    some = get(bare, "/events/v1/orders", *fieldsets, ("limit", "100"))["orders"]
    assert any("invoice" not in order for order in some)


def test_transactions_are_filtered_by_time(platform):
    path = "/payments/v2/transactions"
    limit = ("limit", "1000")
    rows = get(platform, path, limit, ("order", "date:asc"))["transactions"]
    edge = rows[50]["createdAt"]
    early = get(platform, path, limit, ("order", "date:asc"), ("to", edge))
    assert early["transactions"] == rows[:51]
    late = get(platform, path, limit, ("order", "date:asc"), ("from", edge))
    assert late["transactions"] == rows[50:]
    newest = get(platform, path, limit)["transactions"]
    assert newest == rows[::-1]
    bare = get(platform, path, ("includeRefunds", "false"))["transactions"]
    assert not any("refunds" in row for row in bare)
    assert "total" not in get(platform, path, ("ignoreTotals", "true"))["pagination"]


def test_guests_are_filtered(platform):
    path = "/events/v2/guests/query"

    def guests(filters, **paging):
        query = {"filter": filters, **(paging or {"paging": {"limit": 1000}})}
        body = {"query": query, "fields": ["GUEST_DETAILS"]}
        return post(platform, path, body)["guests"]

    purchase = platform.world.purchases[0]
    number = wix_records.number_of(purchase)
    found = guests({"orderNumber": number})
    assert len(found) == 1 + len(purchase.seats)
    event = wix_records.event_id(purchase.performance)
    assert {row["eventId"] for row in guests({"eventId": event})} == {event}
    rsvp = guests({"guestType": "RSVP"})
    assert rsvp
    assert not any("orderNumber" in row for row in rsvp)
    by_cursor = guests({"guestType": "RSVP"}, cursorPaging={"limit": 2})
    assert by_cursor == rsvp[:2]
    bare = post(platform, path, {"query": {"paging": {"limit": 5}}})
    assert not any("guestDetails" in row for row in bare["guests"])
    assert bare["pagingMetadata"]["total"] > 5
    wrong = {"query": {"filter": {"shoeSize": 9}}}
    assert refusal(platform, "POST", path, wrong) == "query.filter.shoeSize"


def test_a_cursor_is_only_valid_for_its_own_list(platform):
    path = "/events/v2/guests/query"
    first = post(platform, path, {"query": {"cursorPaging": {"limit": 2}}})
    cursor = first["pagingMetadata"]["cursors"]["next"]
    body = {"query": {"cursorPaging": {"cursor": cursor}}}
    other = "/events/v3/ticket-definitions/query"
    assert refusal(platform, "POST", other, body) == "query.cursorPaging.cursor"
    body["query"]["filter"] = {"guestType": "RSVP"}
    assert refusal(platform, "POST", path, body) == "query.filter"


def test_a_body_of_another_shape_is_refused_with_wixs_error(platform):
    for path in ("/events/v2/guests/query", "/events/v3/events/query"):
        status, found = ask(platform, "POST", path, {"query": "text"})
        assert status == 400
        assert "validationError" in found["details"]
