"""
The sandbox's Eventbrite, Humanitix and Ticket Tailor answer as the documents say: every
filter is honoured or refused, and every state of an order is there.
"""

import base64
import json
from datetime import date

import pytest
from support import needs

from ticketsync.sandbox import eventbrite, humanitix, server, ticket_tailor, world
from ticketsync.sandbox.fake_platform import ApiRequest

TODAY = date(2026, 9, 1)
ORG = f"/organizations/{eventbrite.ORGANISATION}"


@pytest.fixture(scope="module")
def eb():
    built = world.build(today=TODAY, orders=120, profile=eventbrite.PROFILE)
    return eventbrite.Eventbrite(built)


@pytest.fixture(scope="module")
def hx():
    built = world.build(today=TODAY, orders=120, profile=humanitix.PROFILE)
    return humanitix.Humanitix(built)


@pytest.fixture(scope="module")
def tt():
    return ticket_tailor.TicketTailor(world.build(today=TODAY, orders=200))


def headers_of(platform):
    basic = base64.b64encode(f"{platform.key}:".encode()).decode()
    return {
        "eventbrite": {"Authorization": f"Bearer {platform.key}"},
        "humanitix": {"x-api-key": platform.key},
        "ticket_tailor": {"Authorization": f"Basic {basic}"},
    }[platform.name]


def ask(platform, path, *, method="GET", body=None, headers=None, **query):
    """
    Status and decoded answer; a dot in a query name is written `__`.
    """
    pairs = tuple((k.replace("__", "."), str(v)) for k, v in query.items())
    sent_headers = headers_of(platform) if headers is None else headers
    found = platform.respond(ApiRequest(method, path, pairs, sent_headers, body))
    return found.status, json.loads(found.body)


def rows(platform, path, key, **query):
    status, found = ask(platform, path, **query)
    assert status == 200, found
    return found[key]


def refusal(platform, path, **query):
    status, found = ask(platform, path, **query)
    return status, found.get("error") or found.get("error_code")


# Eventbrite


def test_eventbrite_a_missing_slash_moves_to_the_address_with_one(eb):
    request = ApiRequest("GET", f"{ORG}/orders", (("status", "both"),), headers_of(eb))

    found = eb.respond(request)

    assert found.status == 301
    assert found.headers["Location"] == f"{eb.prefix}{ORG}/orders/?status=both"


def test_eventbrite_a_token_in_the_query_works(eb):
    assert ask(eb, "/users/me/", headers={}, token=eb.key)[0] == 200
    assert ask(eb, "/users/me/", headers={}, token="another")[0] == 401
    assert ask(eb, "/users/me/", headers={})[0] == 401


def every(eb, key, path, **query):
    found, number = [], 1
    while True:
        status, page = ask(eb, path, page=number, **query)
        assert status == 200, page
        found += page[key]
        if number >= page["pagination"]["page_count"]:
            return found
        number += 1


def test_eventbrite_orders_of_every_status_are_there_and_filtered(eb):
    both = every(eb, "orders", f"{ORG}/orders/", status="both", expand="attendees")
    statuses = {order["status"] for order in both}
    assert statuses == {"placed", "pending", "started", "abandoned"}
    unpaid = [o for o in both if any(a["status"] == "Unpaid" for a in o["attendees"])]
    assert {order["status"] for order in unpaid} == {"placed"}
    inactive = every(eb, "orders", f"{ORG}/orders/", status="inactive")
    assert {order["status"] for order in inactive} == {"abandoned"}
    active = every(eb, "orders", f"{ORG}/orders/", status="active")
    assert len(active) + len(inactive) == len(both)
    # 120 orders, and one in each of the four unpaid states
    assert len(both) == 124
    email = both[0]["email"]
    only = every(eb, "orders", f"{ORG}/orders/", only_emails=email)
    assert {order["email"] for order in only} == {email}


def test_eventbrite_a_refunded_order_says_so_and_one_given_up_does_not():
    built = world.build(today=TODAY, orders=60, profile=eventbrite.PROFILE)
    platform = eventbrite.Eventbrite(built)
    paid = next(p for p in built.purchases if p.total and p.state == "completed")
    unpaid = next(p for p in built.purchases if p.state == "unpaid")
    world.cancel(built, paid)
    world.expire_unpaid(built, unpaid)

    inactive = every(platform, "orders", f"{ORG}/orders/", status="inactive")

    statuses = {int(order["id"]): order["status"] for order in inactive}
    assert statuses[paid.id] == "refunded"
    assert statuses[unpaid.id] == "cancelled"


def test_eventbrite_attendees_are_filtered_by_status(eb):
    unpaid = next(p for p in eb.world.purchases if p.state == "unpaid")
    event = eventbrite.PROFILE.provider_occurrence_id(unpaid.performance)
    found = every(eb, "attendees", f"/events/{event}/attendees/", status="unpaid")
    assert len(found) == len(unpaid.seats)
    attending = every(eb, "attendees", f"{ORG}/attendees/", status="attending")
    assert {row["status"] for row in attending} == {"Attending", "Checked In"}
    assert every(eb, "attendees", f"{ORG}/attendees/", status="not_attending") == []
    one = found[0]["id"]
    alone = every(eb, "attendees", f"/events/{event}/attendees/", attendee_ids=one)
    assert [row["id"] for row in alone] == [one]


def test_eventbrite_attendees_have_ids_of_both_kinds_and_fees_of_both(eb):
    found = every(eb, "attendees", f"{ORG}/attendees/")
    ids = [row["id"] for row in found]
    assert len(set(ids)) == len(ids)
    assert {"-" in id_ for id_ in ids} == {True, False}
    paid = [row for row in found if row["costs"]["payment_fee"]["value"]]
    assert paid
    for row in found:
        parts = ("base_price", "eventbrite_fee", "payment_fee", "tax")
        sums = sum(row["costs"][name]["value"] for name in parts)
        assert sums == row["costs"]["gross"]["value"]


@pytest.mark.parametrize(
    ("path", "query", "error"),
    [
        (f"{ORG}/orders/", {"status": "placed"}, "ARGUMENTS_ERROR"),
        (f"{ORG}/orders/", {"colour": "red"}, "ARGUMENTS_ERROR"),
        (f"{ORG}/attendees/", {"status": "unpaid"}, "ARGUMENTS_ERROR"),
        (f"{ORG}/events/", {"status": "sold"}, "ARGUMENTS_ERROR"),
        (f"{ORG}/events/", {"time_filter": "soon"}, "ARGUMENTS_ERROR"),
        (f"{ORG}/events/", {"order_by": "price_asc"}, "ARGUMENTS_ERROR"),
        (f"{ORG}/events/", {"page_size": "none"}, "ARGUMENTS_ERROR"),
        (f"{ORG}/discounts/", {}, "ARGUMENTS_ERROR"),
        (f"{ORG}/orders/", {"page": "9999"}, "BAD_PAGE"),
        (f"{ORG}/orders/", {"page": "0"}, "BAD_PAGE"),
        (f"{ORG}/orders/", {"continuation": "bm8="}, "BAD_CONTINUATION_TOKEN"),
    ],
)
def test_eventbrite_refuses_what_it_does_not_know(eb, path, query, error):
    assert refusal(eb, path, **query) == (400, error)


def test_eventbrite_a_continuation_belongs_to_its_list(eb):
    status, first = ask(eb, f"{ORG}/orders/", status="both")
    token = first["pagination"]["continuation"]
    assert ask(eb, f"{ORG}/orders/", status="both", continuation=token)[0] == 200
    for path, query in ((f"{ORG}/attendees/", {}), (f"{ORG}/orders/", {})):
        refused = refusal(eb, path, continuation=token, **query)
        assert refused == (400, "BAD_CONTINUATION_TOKEN")
    assert status == 200


def test_eventbrite_events_by_status_time_and_order(eb):
    path = f"{ORG}/events/"
    everything = every(eb, "events", path, status="all")
    live = every(eb, "events", path)
    past = every(eb, "events", path, status="all", time_filter="past")
    assert {event["status"] for event in live} == {"live"}
    assert len(live) + len(past) == len(everything) == len(eb.world.performances)
    late = every(eb, "events", path, status="all", order_by="start_desc", page_size=7)
    starts = [event["start"]["utc"] for event in late]
    assert starts == sorted(starts, reverse=True)
    parents = every(eb, "events", path, status="all", show_series_parent="true")
    assert sum(event["is_series_parent"] for event in parents) == 2


def test_eventbrite_single_objects(eb):
    purchase = eb.world.purchases[0]
    event = eventbrite.PROFILE.provider_occurrence_id(purchase.performance)
    series = f"99{purchase.performance.production.id}"
    assert ask(eb, f"/events/{event}/")[1]["id"] == event
    assert ask(eb, f"/series/{series}/")[1]["is_series_parent"] is True
    nights = every(eb, "events", f"/series/{series}/events/")
    assert {night["series_id"] for night in nights} == {series}
    kinds = every(eb, "ticket_classes", f"/events/{event}/ticket_classes/")
    one = kinds[0]["id"]
    assert ask(eb, f"/events/{event}/ticket_classes/{one}/")[1]["id"] == one
    (attendee, *_) = every(eb, "attendees", f"/events/{event}/attendees/")
    path = f"/events/{event}/attendees/{attendee['id']}/"
    assert ask(eb, path)[1] == attendee
    assert [v["id"] for v in every(eb, "venues", f"{ORG}/venues/")] == ["66001"]
    assert ask(eb, "/venues/66001/")[0] == 200
    codes = every(eb, "discounts", f"{ORG}/discounts/", scope="user")
    assert [row["code"] for row in codes] == ["LANTERN20", "FIVEOFF"]
    assert ask(eb, "/events/1/")[0] == 404


def test_eventbrite_the_sales_report_is_the_truth(eb):
    status, found = ask(eb, f"{ORG}/reports/sales/", event_status="all")
    truth = world.truth(eb.world)
    assert status == 200
    gross = sum(it.gross - it.refunded for it in truth)
    assert found["totals"]["gross"] == f"{gross // 100}.{gross % 100:02d}"
    assert found["totals"]["quantity"] == sum(it.tickets_sold for it in truth)
    assert sum(day["totals"]["quantity"] for day in found["data"]) == sum(
        it.tickets_sold for it in truth
    )


def test_eventbrite_webhooks_are_listed_made_and_taken_away():
    built = world.build(today=TODAY, orders=10, profile=eventbrite.PROFILE)
    platform = eventbrite.Eventbrite(built)
    path = f"{ORG}/webhooks/"
    assert every(platform, "webhooks", path) == []
    made = {"endpoint_url": "https://a.example/h", "actions": "order.placed"}
    _, hook = ask(platform, path, method="POST", body=made)
    assert every(platform, "webhooks", path) == [hook]
    assert ask(platform, f"/webhooks/{hook['id']}/", method="DELETE")[0] == 200
    assert every(platform, "webhooks", path) == []


# Humanitix


def test_humanitix_tickets_by_status_date_and_change(hx):
    path = f"/v1/events/{3001:024x}/tickets"
    everything = rows(hx, path, "tickets", page=1)
    cancelled = rows(hx, path, "tickets", page=1, status="cancelled")
    left = rows(hx, path, "tickets", page=1, status="complete")
    assert cancelled
    assert {row["status"] for row in cancelled} == {"cancelled"}
    assert all("cancelledAt" in row for row in cancelled)
    _, envelope = ask(hx, path, page=1)
    assert envelope["total"] == sum(
        ask(hx, path, page=1, status=status)[1]["total"]
        for status in ("complete", "cancelled")
    )
    night = everything[0]["eventDateId"]
    some = rows(hx, path, "tickets", page=1, eventDateId=night)
    assert {row["eventDateId"] for row in some} == {night}
    orders = rows(hx, path.replace("tickets", "orders"), "orders", page=1)
    mine = rows(
        *(hx, path.replace("tickets", "orders"), "orders"), page=1, eventDateId=night
    )
    assert {row["eventDateId"] for row in mine} == {night}
    assert 0 < len(mine) < len(orders)
    late = rows(hx, path, "tickets", page=1, since="2999-01-01T00:00:00.000Z")
    assert late == []
    assert left


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (f"/v1/events/{3001:024x}/tickets", {"page": 1, "status": "void"}),
        (f"/v1/events/{3001:024x}/orders", {"page": 1, "status": "complete"}),
        (f"/v1/events/{3001:024x}/orders", {"page": 0}),
        (f"/v1/events/{3001:024x}/orders", {}),
        (f"/v1/events/{3001:024x}", {"page": 1}),
        (f"/v1/events/{3001:024x}/check-in-count", {}),
        ("/v1/events", {"page": 1, "inFutureOnly": "perhaps"}),
        ("/v1/events", {"page": 1, "pageSize": 101}),
    ],
)
def test_humanitix_refuses_what_it_does_not_know(hx, path, query):
    assert refusal(hx, path, **query) == (400, "Bad Request")


def test_humanitix_regions_and_events_that_are_over(hx):
    assert len(rows(hx, "/v1/events", "events", page=1)) == 2
    (mine,) = rows(hx, "/v1/events", "events", page=1, overrideLocation="NZ")
    assert (mine["location"], mine["currency"]) == ("NZ", "NZD")
    path = f"/v1/events/{mine['_id']}/orders"
    assert ask(hx, path, page=1, overrideLocation="AU")[0] == 404
    ends = [row["endDate"] for row in rows(hx, "/v1/events", "events", page=1)]
    later = rows(hx, "/v1/events", "events", page=1, inFutureOnly="true")
    assert len(later) == len([end for end in ends if end > "2026-08-31T23:00:00"])


def test_humanitix_single_objects_and_how_many_are_in(hx):
    event = f"{3001:024x}"
    assert ask(hx, f"/v1/events/{event}")[1]["_id"] == event
    ticket = rows(hx, f"/v1/events/{event}/tickets", "tickets", page=1)[0]
    assert ask(hx, f"/v1/events/{event}/tickets/{ticket['_id']}")[1] == ticket
    night = ticket["eventDateId"]
    path = f"/v1/events/{event}/check-in-count"
    _, count = ask(hx, path, eventDateId=night)
    (truth,) = [it for it in world.truth(hx.world) if it.event_id == f"{event}/{night}"]
    assert count["checkedIn"] == truth.checked_in > 0
    assert sum(k["checkedIn"] for k in count["ticketTypes"]) == count["checkedIn"]
    (tag,) = rows(hx, "/v1/tags", "tags", page=1)
    assert ask(hx, f"/v1/tags/{tag['_id']}")[1] == tag


@needs.examples
def test_humanitix_records_have_what_the_openapi_requires(hx):
    """
    Names and kinds of every required field, at any depth, by the official document.
    """
    file = needs.EXAMPLES / "humanitix" / "humanitix-openapi-1.21.0.json"
    schemas = json.loads(file.read_text())["components"]["schemas"]
    for name, key in (("Event", ""), ("Order", "/orders"), ("Ticket", "/tickets")):
        path = f"/v1/events/{3001:024x}{key}" if key else "/v1/events"
        for row in rows(hx, path, f"{name.lower()}s", page=1):
            assert list(faults(schemas, schemas[name], row, name)) == []


KINDS = {
    "string": str,
    "object": dict,
    "array": list,
    "boolean": bool,
    "number": (int, float),
    "integer": int,
}


def faults(schemas, schema, value, where):
    while "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    kind = KINDS.get(schema.get("type"), object)
    if not isinstance(value, kind):
        yield f"{where} is {value!r}"
        return
    known = [*schema.get("enum", [value]), "boxOffice"]  # seen live, in no document
    if value not in known:
        yield f"{where} is {value!r}"
    for name in schema.get("required", ()) if isinstance(value, dict) else ():
        if name not in value:
            yield f"{where}.{name} is missing"
    for name, inner in (schema.get("properties") or {}).items():
        if isinstance(value, dict) and name in value:
            yield from faults(schemas, inner, value[name], f"{where}.{name}")
    if isinstance(value, list) and "items" in schema:
        for row in value:
            yield from faults(schemas, schema["items"], row, f"{where}[]")


# Ticket Tailor


def test_ticket_tailor_orders_by_every_filter(tt):
    everything = tt.world.purchases
    for state in ("completed", "pending", "cancelled"):
        found = rows(tt, "/orders", "data", status=state)
        wanted = [p for p in everything if p.state == state]
        assert len(found) == min(100, len(wanted)) > 0
        assert {row["status"] for row in found} == {state}
    purchase = next(p for p in everything if p.was_paid and p.total)
    email = f"guest{purchase.buyer}@example.com"
    for query in (
        {"email": email},
        {"txn_id": f"pi_{purchase.id}"},
        {"barcode": f"bc{purchase.seats[0].id}"},
        {"created_at": purchase.placed_at},
    ):
        found = rows(tt, "/orders", "data", **query)
        assert f"or_{purchase.id}" in [row["id"] for row in found], query
        assert len(found) < 5, query
    series = f"es_{purchase.performance.production.id}"
    found = rows(tt, "/orders", "data", event_series_id=series)
    assert {row["event_summary"]["event_series_id"] for row in found} == {series}


def test_ticket_tailor_tickets_by_every_filter(tt):
    purchase = next(p for p in tt.world.purchases if len(p.seats) > 1)
    found = rows(tt, "/issued_tickets", "data", order_id=f"or_{purchase.id}")
    assert {row["id"] for row in found} == {f"it_{s.id}" for s in purchase.seats}
    made = purchase.placed_at
    same = rows(
        *(tt, "/issued_tickets", "data"), created_at__gte=made, created_at__lte=made
    )
    assert {row["id"] for row in same} >= {f"it_{s.id}" for s in purchase.seats}
    assert {row["created_at"] for row in same} == {made}
    void = rows(tt, "/issued_tickets", "data", status="voided")
    assert {row["status"] for row in void} == {"voided"}


def test_ticket_tailor_ending_before_goes_back(tt):
    first = rows(tt, "/orders", "data", limit=5)
    second = rows(tt, "/orders", "data", limit=5, starting_after=first[-1]["id"])
    _, back = ask(tt, "/orders", limit=5, ending_before=second[0]["id"])
    assert back["data"] == first
    assert back["links"]["previous"] is None
    assert back["links"]["next"].startswith("/orders?starting_after=")
    both = {"starting_after": second[-1]["id"], "ending_before": second[0]["id"]}
    assert rows(tt, "/orders", "data", limit=5, **both) == first


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/orders", {"limit": 500}),
        ("/orders", {"limit": 0}),
        ("/events", {"limit": 101}),
        ("/orders", {"limit": "many"}),
        ("/orders", {"status": "paid"}),
        ("/issued_tickets", {"status": "void"}),
        ("/orders", {"colour": "red"}),
        ("/events", {"start_at_gt": 1}),
        ("/orders", {"created_at__gte": "yesterday"}),
        ("/orders", {"starting_after": "or_0"}),
    ],
)
def test_ticket_tailor_refuses_what_it_does_not_know(tt, path, query):
    assert refusal(tt, path, **query) == (400, "VALIDATION_ERROR")


def test_ticket_tailor_single_objects_and_the_rest(tt):
    production = tt.world.productions[0]
    series = f"es_{production.id}"
    assert ask(tt, f"/event_series/{series}")[1]["id"] == series
    nights = rows(tt, f"/event_series/{series}/events", "data")
    assert {night["event_series_id"] for night in nights} == {series}
    night = nights[0]["id"]
    assert ask(tt, f"/events/{night}")[1]["id"] == night
    ticket = f"it_{tt.world.purchases[0].seats[0].id}"
    assert ask(tt, f"/issued_tickets/{ticket}")[1]["id"] == ticket
    for kind in ("products", "discounts", "vouchers"):
        (first, *_) = rows(tt, f"/{kind}", "data")
        assert ask(tt, f"/{kind}/{first['id']}")[1] == first
    (voucher,) = rows(tt, "/vouchers", "data")
    assert rows(tt, f"/vouchers/{voucher['id']}/codes", "data")
    for path in ("/event_series/es_1", "/event_series/es_1/events", "/events/ev_1"):
        assert ask(tt, path)[0] == 404


# The world


def test_states_that_nobody_paid_move_nothing_else():
    """
    The same orders with the same numbers as without them; the truth is the same, too.
    """
    from dataclasses import replace

    plain = replace(eventbrite.PROFILE, unpaid_states=())
    with_them = world.build(today=TODAY, orders=200, profile=eventbrite.PROFILE)
    without = world.build(today=TODAY, orders=200, profile=plain)

    assert world.truth(with_them) == world.truth(without)
    shown = [(p.id, p.total, p.state) for p in with_them.purchases if p.was_paid]
    assert shown == [(p.id, p.total, p.state) for p in without.purchases]


def test_the_server_follows_its_own_address_with_a_slash(eb):
    """
    Over HTTP, as a client library does it: it follows, and reads everything.
    """
    import httpx

    sandbox = server.Sandbox(world.build(today=TODAY, orders=10), others=(eb,))
    with server.serving(sandbox) as url:
        base = sandbox.url(url, "eventbrite")
        headers = {"Authorization": f"Bearer {eb.key}"}
        with httpx.Client(follow_redirects=True, trust_env=False) as client:
            found = client.get(f"{base}{ORG}/orders", headers=headers)
    assert found.status_code == 200
    assert found.json()["orders"]
