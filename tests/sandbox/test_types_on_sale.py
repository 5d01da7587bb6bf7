"""
What the sandbox's Eventbrite and Wix have on sale: it adds up with what they sold, and
a price that changes leaves earlier sales as they were.
"""

import json
from datetime import date

import pytest

from ticketsync.sandbox import eventbrite, wix, wix_records, world
from ticketsync.sandbox.fake_platform import ApiRequest
from ticketsync.sandbox.types_on_sale import change_price

TODAY = date(2026, 9, 1)
ORG = f"/organizations/{eventbrite.ORGANISATION}"
DEFINITIONS = "/events/v3/ticket-definitions/query"
OTHER_ADDRESS = "/events-ticket-definitions/v3/ticket-definitions/query"


@pytest.fixture
def eb():
    built = world.build(today=TODAY, orders=120, profile=eventbrite.PROFILE)
    return eventbrite.Eventbrite(built)


@pytest.fixture
def wx():
    return wix.Wix(world.build(today=TODAY, orders=120, profile=wix.PROFILE))


def ask(platform, path, body=None, **query):
    headers = {"Authorization": f"Bearer {platform.key}"}
    if platform.name == "wix":
        headers = {"Authorization": platform.key, "wix-site-id": wix.SITE}
    request = ApiRequest(
        "GET" if body is None else "POST", path, tuple(query.items()), headers, body
    )
    answer = platform.respond(request)
    return answer.status, json.loads(answer.body)


def events(platform, **query):
    status, found = ask(platform, f"{ORG}/events/", status="all", **query)
    assert status == 200, found
    return found["events"]


def definitions(platform, path=DEFINITIONS):
    body = {"query": {"cursorPaging": {"limit": 100}}, "fields": ["SALES_DETAILS"]}
    status, found = ask(platform, path, body)
    assert status == 200, found
    return found["ticketDefinitions"]


def seats_of(platform):
    """
    Every paid ticket that still admits somebody.
    """
    return [
        (purchase, seat)
        for purchase in platform.world.purchases
        if purchase.was_paid
        for seat in purchase.seats
        if not seat.is_void
    ]


def test_eventbrite_lists_ticket_classes_only_where_asked(eb):
    assert not any("ticket_classes" in row for row in events(eb))
    assert not any("ticket_classes" in row for row in events(eb, expand="venue"))
    rows = events(eb, expand="venue,ticket_classes")
    assert all(len(row["ticket_classes"]) == 3 for row in rows)
    one = rows[0]["ticket_classes"]
    alone = ask(eb, f"/events/{rows[0]['id']}/ticket_classes/")[1]["ticket_classes"]
    assert one == alone
    with_it = ask(eb, f"/events/{rows[0]['id']}/", expand="ticket_classes")[1]
    assert with_it["ticket_classes"] == one


def test_the_ticket_classes_add_up_to_what_was_sold(eb):
    rows = events(eb, expand="ticket_classes")
    classes = [it for row in rows for it in row["ticket_classes"]]
    assert sum(it["quantity_sold"] for it in classes) == len(seats_of(eb))
    assert all(0 <= it["quantity_sold"] <= it["quantity_total"] for it in classes)


def test_an_expansion_can_fail(eb):
    eb.failing_expansions = ("ticket_classes",)
    status, found = ask(eb, f"{ORG}/events/", expand="venue,ticket_classes")
    assert (status, found["error"]) == (500, "EXPANSION_FAILED")
    assert ask(eb, f"{ORG}/events/", expand="venue")[0] == 200


def test_the_definitions_add_up_to_what_was_sold(wx):
    found = definitions(wx)
    assert len({row["id"] for row in found}) == len(found)
    details = [row["salesDetails"] for row in found]
    assert sum(it["soldCount"] for it in details) == len(seats_of(wx))
    for row, it in zip(found, details, strict=True):
        if row["limited"]:
            assert it["soldCount"] + it["unsoldCount"] == row["actualLimit"]
        else:
            assert (it["unsoldCount"], row["actualLimit"]) == (None, None)
    assert {row["limited"] for row in found} == {True, False}


def test_definitions_are_at_one_address_and_need_a_permission(wx):
    body = {"query": {"cursorPaging": {"limit": 100}}}
    assert ask(wx, OTHER_ADDRESS, body)[0] == 404
    wx.definitions_at = ("events-ticket-definitions",)
    assert ask(wx, DEFINITIONS, body)[0] == 404
    assert definitions(wx, OTHER_ADDRESS)
    wx.may_read_definitions = False
    assert ask(wx, OTHER_ADDRESS, body)[0] == 403


def test_a_definition_has_the_id_that_tickets_name(wx):
    ids = {(row["id"], row["eventId"]) for row in definitions(wx)}
    for purchase, _ in seats_of(wx):
        event = wix_records.event_id(purchase.performance)
        for ticket in wix_records.tickets(purchase):
            assert (ticket["ticketDefinitionId"], event) in ids


def test_a_changed_price_holds_for_later_sales_only(eb):
    performance = next(
        p
        for p in eb.world.performances
        if p.production.id == 3001 and p.starts_at.timestamp() > eb.world.now
    )
    other = [p for p in eb.world.performances if p.production.id == 3003]
    earlier = [(p.id, p.total, p.tax) for p in eb.world.purchases]
    before = eventbrite._order_costs(eb.world.purchases[0])
    eb.world.now += 600
    change_price(eb.world, 7001, 4400)
    assert [(p.id, p.total, p.tax) for p in eb.world.purchases] == earlier
    assert eventbrite._order_costs(eb.world.purchases[0]) == before
    prices = {
        row["id"]: [it["cost"] and it["cost"]["value"] for it in row["ticket_classes"]]
        for row in events(eb, expand="ticket_classes")
    }
    assert prices[f"88{performance.id}"] == [4400, 2900, None]
    assert prices[f"88{other[0].id}"] == [3900, 2900, None]
    for _ in range(20):
        world.add_sale(eb.world, performance, between=(eb.world.now, eb.world.now + 60))
    new = eb.world.purchases[-20:]
    listed = {
        (seat.ticket_type.id, seat.ticket_type.price) for p in new for seat in p.seats
    }
    assert (7001, 4400) in listed
    assert (7001, 3900) not in listed


def test_orders_name_their_code(eb, wx):
    coded = {str(p.id): p.code for p in eb.world.purchases if p.code}
    assert set(coded.values()) == {"LANTERN20", "FIVEOFF"}
    for purchase in eb.world.purchases:
        order = ask(eb, f"/orders/{purchase.id}/")[1]
        assert order.get("promo_code") == purchase.code
    for purchase in wx.world.purchases:
        invoice = wix_records.order(purchase, ["INVOICE"])["invoice"]
        discounts = invoice.get("discount", {}).get("discounts", [])
        codes = [it["coupon"]["code"] for it in discounts]
        assert codes == ([purchase.code] if purchase.code else [])


def test_one_production_of_wix_has_reserved_seats(wx):
    labels = {True: set(), False: set()}
    for purchase, _ in seats_of(wx):
        is_seated = purchase.performance.production.id == wix_records.SEATED
        for ticket in wix_records.tickets(purchase):
            labels[is_seated].add(json.dumps(ticket.get("ticketDetails")))
    assert labels[False] == {"null"}
    assert len(labels[True]) > 20
    assert "null" not in labels[True]
