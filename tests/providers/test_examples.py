"""
Every documented payload of the other platforms, read with numbers written by hand
from the facts that come with them; what is not read has its reason.
"""

import json
from datetime import UTC, datetime

import httpx
import pytest
from support import needs

from ticketsync.core import errors
from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.records import OccurrenceStatus, OrderStatus, TicketStatus
from ticketsync.core.redact import Secret
from ticketsync.net import exact_json, oauth
from ticketsync.net.api_errors import Rejected
from ticketsync.net.client import ApiClient
from ticketsync.net.paging import by_cursor
from ticketsync.net.retry import WaitBudget
from ticketsync.providers import reading
from ticketsync.providers.base import OrderEstimate
from ticketsync.providers.eventbrite import Eventbrite
from ticketsync.providers.file_import.folder import preview_file
from ticketsync.providers.file_import.orders import parse
from ticketsync.providers.humanitix import Humanitix
from ticketsync.providers.square import Square
from ticketsync.providers.wix import Wix

pytestmark = needs.examples
SITE = "5a1e0000-0000-4000-8000-000000000001"
WEBHOOK = "a webhook; the receiver's matter, not this reader's"
READ = {
    "eventbrite": {
        *("attendees_list_docs.json", "error_401_invalid_auth.json"),
        *("error_401_no_auth.json", "error_404_event.json", "event_single_draft.json"),
        *("error_429_rate_limit_constructed.json", "order_docs.json"),
        *("oauth_token_response_constructed.json", "orders_list_simple.json"),
        *("organizations_list_docs.json", "pagination_continuation_docs.json"),
        *("ticket_class_docs_nested_cost.json", "ticket_classes_list_flat_cost.json"),
        "users_me_docs.json",
    },
    "humanitix": {
        *("error_400_unknown_query_parameter.json", "error_401_invalid_key.json"),
        *("events_list_docs.json", "events_list_empty_page.json"),
        *("order_paid_fee_passed_on.json", "orders_list_docs.json"),
        *("tickets_list_docs.json", "tickets_list_two_with_check_in.json"),
    },
    "wix_events": {
        *("error_app_not_installed_428.json", "error_application_404.json"),
        *("error_validation_400.json", "event_get.json", "events_query_page1.json"),
        *("events_query_page2.json", "guests_query.json", "order_get.json"),
        "orders_list_details_invoice_tickets.json",
        *("orders_list_without_fieldset.json", "orders_summary.json"),
        *("payments_transactions.json", "site_properties.json"),
        "ticket_definitions_query.json",
    },
    "square": {
        *("catalog_list_event_items.json", "error_401.json", "error_429.json"),
        *("orders_search_last_page.json", "orders_search_sale_and_return.json"),
        *("payments_fee_and_missing_fee.json", "refund_completed.json"),
        *("spec_locations.json", "spec_order_get.json", "spec_orders_batch.json"),
        *("spec_payments_list.json", "spec_token.json"),
    },
    "seat_engine": {"club_export_orderlines.csv", "inbound_row.json"},
    "ticketmaster": {"archtics_style_extract.csv"},
}
NOT_READ = {
    "eventbrite": {
        "INDEX.md": "the list of the examples",
        "discounts_list_constructed.json": "discounts show in the orders' costs",
        "eventbrite-v3-blueprint-index.json": "an index of fields, no payload",
        "sales_report_docs.json": "reports are not read: they disagree with the docs",
        "webhook_body_order_placed_docs.json": WEBHOOK,
        "webhook_registration.json": WEBHOOK,
        "webhooks_list.json": WEBHOOK,
    },
    "humanitix": {
        "INDEX.md": "the list of the examples",
        "check_in_count_docs.json": "tickets carry their own check-in state",
        "humanitix-openapi-1.21.0.json": "a specification, no payload",
    },
    "wix_events": {
        "README.md": "what the examples come to; its numbers are expected below",
        "orders_summary_empty.json": "a checksum that is not read; nothing in it",
        "refunds_query.json": "refunds are read from the transactions",
        "webhook_jwt_invalid_alg_none.json": WEBHOOK,
        "webhook_jwt_valid_order_confirmed.json": WEBHOOK,
        "webhook_order_confirmed_decoded.json": WEBHOOK,
        "wire_types.json": "a list of types, no payload",
    },
    "square": {
        "README.md": "what the examples come to; its numbers are expected below",
        "openapi_subset.json": "a specification, no payload",
        "spec_catalog_items_search.json": "another way to the catalogue; list is used",
        "spec_payout_entries.json": "payouts are reconciliation's matter",
        "spec_token_status.json": "tokens are tried by reading the merchant",
        "spec_webhook_order_updated.json": WEBHOOK,
        "spec_webhook_payment_updated.json": WEBHOOK,
        "webhook_signature_invalid.json": WEBHOOK,
        "webhook_signature_published_vector.json": WEBHOOK,
    },
    "seat_engine": {
        "README.md": "what the examples are",
        "bpt_orderlist.xml": "tells no amounts",
        "bpt_pricelist.xml": "the legacy interface is not read",
        "club_export_orders.csv": "orders without their lines: no tickets, no show",
        "private_events.json": "a private interface without documents or keys",
        "private_show.json": "a private interface without documents or keys",
        "private_willcall.json": "a private interface without documents or keys",
        "public_shows.json": "what is on sale, not what was sold",
    },
    "ticketmaster": {
        "README.md": "what the examples are",
        "docs_events_search.json": "public listings, not sales",
        "error_invalid_key_401.json": "the public interface has no sales",
        "event_au_local_time_only.json": "public listings, not sales",
        "events_search_no_results.json": "public listings, not sales",
    },
}


@pytest.mark.parametrize("folder", READ)
def test_every_example_is_read_or_has_a_reason(folder):
    there = {file.name for file in (needs.EXAMPLES / folder).iterdir()}
    assert there == READ[folder] | set(NOT_READ[folder])


def text(folder, name):
    return (needs.EXAMPLES / folder / name).read_text(encoding="utf-8")


def example(folder, name):
    return exact_json.decode(text(folder, name).encode())


def api_for(spec, answers):
    """
    A client whose platform responds with `answers[path]`: a body, or status and body.
    """

    def answer(request):
        path = request.url.path
        response = answers[path]
        if isinstance(response, list):
            response = response.pop(0)
        status, body = response if isinstance(response, tuple) else (200, response)
        kind = {"content-type": "application/json"}
        return httpx.Response(status, content=iter([body.encode()]), headers=kind)

    return ApiClient(
        "https://platform.example",
        account="a",
        platform=spec.title,
        explain=spec.explain,
        transport=httpx.MockTransport(answer),
        wait_budget=WaitBudget(0.0),
    )


def provider_for(kind, answers, options=None):
    return kind(api_for(kind.spec, answers), options or {})


def refusal(kind, name_of_example, status, folder):
    """
    What an example of an error is turned into.
    """
    api = api_for(kind.spec, {"/x": (status, text(folder, name_of_example))})
    with pytest.raises(errors.TicketsyncError) as caught:
        api.get("/x")
    return caught.value


# Eventbrite


def test_eventbrite_names_its_organisation_as_identity():
    found = provider_for(
        Eventbrite,
        {
            "/users/me/": text("eventbrite", "users_me_docs.json"),
            "/users/me/organizations/": text(
                "eventbrite", "organizations_list_docs.json"
            ),
        },
    ).identify()
    assert (found.id, found.name) == ("163054428874", "Awesome Org")


def test_eventbrite_a_real_order_adds_up():
    # 2.00 + 1.24 + 0.06 + 0.00 = 3.30
    raw = example("eventbrite", "orders_list_simple.json")["orders"][0]
    (attendee,) = example("eventbrite", "attendees_list_docs.json")["attendees"]
    attendee["costs"] = raw["costs"]
    order = Eventbrite(None, {}).parse_order({**raw, "attendees": [attendee]})
    assert (order.id, order.occurrence_id) == ("541330199", "24967032065")
    assert (order.status, order.currency) == (OrderStatus.PAID, "USD")
    assert (order.charged, order.tax) == (330, 0)
    assert [(f.name, f.amount) for f in order.fees] == [
        ("Eventbrite fee", 124),
        ("Payment fee", 6),
    ]
    assert order.placed_at == datetime(2016, 8, 16, 23, 13, 48, tzinfo=UTC)


def test_eventbrite_an_order_that_does_not_add_up_is_kept_and_marked():
    # The docs' sample has 4.32 in every place: 4.32 is not 4 × 4.32.
    raw = example("eventbrite", "order_docs.json")
    attendees = example("eventbrite", "attendees_list_docs.json")["attendees"]
    order = Eventbrite(None, {}).parse_order({**raw, "attendees": attendees})
    assert order.charged == 432
    assert "do not add up" in order.doubt
    (ticket,) = order.tickets
    assert (ticket.id, ticket.type_name) == ("1", "General Admission")
    assert (ticket.status, ticket.checked_in) == (TicketStatus.VALID, False)


def test_eventbrite_a_draft_is_listed_with_its_instant():
    raw = example("eventbrite", "event_single_draft.json")
    (date,) = Eventbrite(None, {}).parse_event(raw).occurrences
    assert date.starts_at == datetime(2016, 6, 6, 2, 0, tzinfo=UTC)
    assert (date.timezone, date.status) == (
        "America/Los_Angeles",
        OccurrenceStatus.DRAFT,
    )
    assert (date.capacity, date.currency) == (10000, "USD")


def eventbrite_ticket_types(*classes):
    raw = example("eventbrite", "event_single_draft.json")
    raw["ticket_classes"] = list(classes)
    (date,) = Eventbrite(None, {}).parse_event(raw).occurrences
    return date.ticket_types


def test_eventbrite_a_real_ticket_class_is_read():
    # 10,000 in all, 2 of them sold
    rows = example("eventbrite", "ticket_classes_list_flat_cost.json")
    (found,) = eventbrite_ticket_types(*rows["ticket_classes"])
    assert (found.id, found.name, found.status) == ("53546442", "Not GA", "on_sale")
    assert (found.price, found.currency) == (120, "USD")
    assert (found.quantity, found.sold, found.available) == (10000, 2, 9998)
    assert found.sale_starts_at == datetime(2016, 8, 16, 23, 10, tzinfo=UTC)
    assert found.sale_ends_at == datetime(2017, 3, 14, 1, tzinfo=UTC)


def test_eventbrite_the_ticket_class_of_the_docs_is_read():
    # It has no id, and its sale has no times; 1000 in all, 20 of them sold.
    raw = example("eventbrite", "ticket_class_docs_nested_cost.json")
    (found,) = eventbrite_ticket_types({**raw, "id": "1"})
    assert (found.name, found.price, found.currency) == ("GA", 432, "USD")
    assert (found.quantity, found.sold, found.available) == (1000, 20, 980)
    assert (found.sale_starts_at, found.status) == (None, "unknown")


def test_eventbrite_the_answer_of_the_docs_is_read():
    attendees = example("eventbrite", "attendees_list_docs.json")["attendees"]
    people = Eventbrite(None, {}).parse_people({"attendees": attendees})
    assert people.answers == {"1": {"What's your question?": "This is my answer"}}


def test_f01_eventbrite_a_token_with_the_last_page_does_not_go_on():
    # has_more_items is false, and a continuation is sent all the same
    pages = provider_for(
        Eventbrite,
        {"/events/1/attendees/": [text("eventbrite", "attendees_list_docs.json")]},
    )._attendees_by_order("1")
    assert list(pages) == ["1"]


def test_f02_eventbrite_more_items_are_asked_for_and_an_empty_page_ends():
    promised = text("eventbrite", "pagination_continuation_docs.json")
    provider = provider_for(Eventbrite, {"/x/": [promised]})
    request_page = provider._page_request("/x/", "events", {})
    pages = by_cursor(provider.api, "/x/", request_page)
    assert [page.rows for page in pages] == [[]]


def test_f02_eventbrite_a_list_shorter_than_its_object_count_is_refused():
    promised = text(
        "eventbrite", "pagination_continuation_docs.json"
    )  # 13, and sends 0
    provider = provider_for(Eventbrite, {"/x/": [promised] * 2})
    with pytest.raises(errors.InvalidResponse, match="promised 13 rows") as caught:
        list(provider._pages("/x/", "events", {}))
    assert caught.value.word == "list-incomplete"


@pytest.mark.parametrize(
    ("name", "status", "error", "words"),
    [
        ("error_401_invalid_auth.json", 401, errors.AuthenticationFailed, "private"),
        ("error_401_no_auth.json", 401, errors.AuthenticationFailed, "private"),
        ("error_404_event.json", 404, errors.InvalidResponse, "does not know"),
        (
            *("error_429_rate_limit_constructed.json", 429),
            *(errors.ProviderUnavailable, "asks us to wait"),
        ),
    ],
)
def test_eventbrite_errors_say_what_to_do(name, status, error, words):
    found = refusal(Eventbrite, name, status, "eventbrite")
    assert isinstance(found, error)
    assert words in found.message + found.hint


def test_eventbrite_tokens_without_an_end_are_kept_as_they_are(monkeypatch):
    payload = json.loads(text("eventbrite", "oauth_token_response_constructed.json"))
    tokens = tokens_for(Eventbrite, payload, monkeypatch)
    assert tokens == oauth.Tokens(Secret("EXAMPLETOKEN"), None, None)


def tokens_for(kind, payload, monkeypatch):
    class Client(httpx.Client):
        def __init__(self, **options):
            answer = httpx.Response(
                200,
                headers={"content-type": "application/json"},
                content=iter([json.dumps(payload).encode()]),
            )
            super().__init__(transport=httpx.MockTransport(lambda _: answer))

    monkeypatch.setattr(httpx, "Client", Client)
    app = oauth.App(kind.spec.oauth(), "id", Secret("s"), "a", kind.spec.title)
    return oauth.exchange(app, oauth.ask_consent(app, "http://127.0.0.1/callback"), "c")


# Humanitix


def humanitix_order(orders, tickets):
    provider = provider_for(
        Humanitix, {"/v1/events/e/orders": orders, "/v1/events/e/tickets": tickets}
    )
    (page,) = provider.fetch_orders("e", None)
    return provider, page


def test_humanitix_the_documented_order():
    provider, page = humanitix_order(
        text("humanitix", "orders_list_docs.json"),
        text("humanitix", "tickets_list_docs.json"),
    )
    order = provider.parse_order(page.records[0])
    # subtotal 50, fee 3.98 on top: 53.98; 53.98 - 3.98 - 0 = net sales 50
    assert (order.charged, order.currency, order.doubt) == (5398, "AUD", None)
    assert [(f.name, f.amount) for f in order.fees] == [("Humanitix booking fee", 398)]
    (ticket,) = order.tickets
    assert (ticket.face, ticket.fee) == (3750, 249)
    assert order.occurrence_id == "5ac598ccd8fe7c0c0f212e2a/5ac598ccd8fe7c0c0f212e2c"


def test_humanitix_two_tickets_one_checked_in():
    order = text("humanitix", "order_paid_fee_passed_on.json")
    listed = f'{{"total":1,"page":1,"pageSize":100,"orders":[{order}]}}'
    provider, page = humanitix_order(
        listed, text("humanitix", "tickets_list_two_with_check_in.json")
    )
    found = provider.parse_order(page.records[0])
    # 2 × (40.00 + 3.80)
    assert found.charged == 8760
    assert [(t.face, t.fee, t.checked_in) for t in found.tickets] == [
        (4000, 380, True),
        (4000, 380, False),
    ]
    assert sum(fee.amount for fee in found.fees) == 760


def test_humanitix_a_date_of_an_event_takes_the_events_zone():
    raw = example("humanitix", "events_list_docs.json")["events"][0]
    event = Humanitix(None, {}).parse_event(raw)
    (date,) = event.occurrences
    assert date.timezone == "Pacific/Auckland"
    assert date.starts_at == datetime(2021, 2, 1, 23, 26, 13, 485000, tzinfo=UTC)
    assert date.url == "https://events.humanitix.com/hobbit-dance-off"
    assert date.capacity == 1000


def test_humanitix_an_empty_page_ends_a_list():
    first = text("humanitix", "events_list_docs.json").replace(
        '"total": 1', '"total": 2'
    )
    empty = text("humanitix", "events_list_empty_page.json")
    provider = provider_for(Humanitix, {"/v1/events": [first, empty, first, empty]})
    pages = list(provider.fetch_events())
    assert sum(len(page.records) for page in pages) == 1


def test_humanitix_errors_say_what_to_do():
    found = refusal(Humanitix, "error_401_invalid_key.json", 401, "humanitix")
    assert isinstance(found, errors.AuthenticationFailed)
    assert "console.humanitix.com" in found.hint
    name = "error_400_unknown_query_parameter.json"
    found = refusal(Humanitix, name, 400, "humanitix")
    assert isinstance(found, Rejected)


# Wix Events


def wix(**answers):
    defaults = {
        "/payments/v2/transactions": text("wix_events", "payments_transactions.json"),
        "/events/v1/orders": text(
            "wix_events", "orders_list_details_invoice_tickets.json"
        ),
        "/events/v3/events/query": [
            text("wix_events", "events_query_page1.json"),
            text("wix_events", "events_query_page2.json"),
        ],
        "/site-properties/v4/properties": text("wix_events", "site_properties.json"),
        "/events/v2/guests/query": text("wix_events", "guests_query.json"),
    }
    return provider_for(Wix, {**defaults, **answers}, {"site_id": SITE})


def test_wix_two_dates_come_to_what_the_examples_say():
    provider = wix()
    page, compared = provider.fetch_all_orders(None, OrderEstimate(0), workers=1)
    assert [check.missing for check in compared.cross_checks] == [0]
    orders = [provider.parse_order(raw) for raw in page.records]
    by_date = {}
    for order in orders:
        by_date.setdefault(order.occurrence_id, []).append(order)
    first, second = by_date.values()
    # 'Friday Late Show': 2 orders, 3 tickets, gross 97.38, tax inside 8.63
    assert [len(order.tickets) for order in first] == [2, 1]
    assert sum(order.charged for order in first) == 9738
    assert sum(order.tax for order in first) == 863
    assert not any(order.tax_on_top for order in first)
    # what the buyers paid Wix on top: 1.75 and 0.63, so 95.00 are the tickets
    assert sum(order.buyer_fees for order in first) == 238
    assert sum(t.face for order in first for t in order.tickets) == 9500
    # Wix keeps 1.75 and 0.63; what the card processor keeps is not reported
    assert [
        [(fee.name, fee.amount) for fee in order.fees or ()] for order in first
    ] == [
        [("Wix service fee", 175), ("Card processing", None)],
        [("Wix service fee", 63), ("Card processing", None)],
    ]
    assert [order.total_fees for order in first] == [None, None]
    # refunded 35.88 on the first order
    assert [r.amount for order in first for r in order.refunds] == [3588]
    assert [t.checked_in for t in first[0].tickets] == [False, True]
    free, unpaid = second
    assert (free.status, free.charged, free.discounts) == (OrderStatus.PAID, 0, 3500)
    assert [t.face for t in free.tickets] == [0]
    assert (unpaid.status, unpaid.total, unpaid.charged) == (
        *(OrderStatus.PENDING, 14350, 0),
    )
    assert len(unpaid.tickets) == 4
    assert [order.doubt for order in orders] == [None] * 4


def test_wix_the_orders_agree_with_the_sites_own_summary():
    summary = example("wix_events", "orders_summary.json")["sales"][0]
    provider = wix()
    page, compared = provider.fetch_all_orders(None, OrderEstimate(0), workers=1)
    assert [check.missing for check in compared.cross_checks] == [0]
    orders = [provider.parse_order(raw) for raw in page.records]
    event = orders[0].occurrence_id
    paid = [o for o in orders if o.occurrence_id == event]
    assert (len(paid), sum(len(o.tickets) for o in paid)) == (
        summary["totalOrders"],
        summary["totalTickets"],
    )
    assert reading.amount(summary["total"], "value", "AUD") == sum(
        o.charged for o in paid
    )


def test_wix_an_order_without_its_fieldsets_is_not_believed():
    raw = example("wix_events", "orders_list_without_fieldset.json")["orders"][0]
    with pytest.raises(UnreadableRecord) as caught:
        Wix(None, {}).parse_order({"id": "x", "order": raw, "refunds": []})
    assert caught.value.word == "details-missing"


def test_wix_dates_of_one_category_are_one_event():
    pages = list(wix().fetch_events())
    events = [
        Wix(None, {"site_id": SITE}).parse_event(r) for p in pages for r in p.records
    ]
    assert [e.name for e in events] == [
        *("Friday Late Show", "Friday Late Show", "New Material Night"),
    ]
    assert events[0].id == events[1].id == "0a5d5093-72a4-48a5-8614-c4dff524eb2b"
    (date,) = events[0].occurrences
    assert date.starts_at == datetime(2026, 3, 6, 9, 30, tzinfo=UTC)
    assert date.url == "https://www.example.com/event-details/friday-late-show"
    assert date.dashboard_url == f"https://manage.wix.com/dashboard/{SITE}/events"
    single = example("wix_events", "event_get.json")["event"]
    assert Wix(None, {}).parse_event(single).occurrences[0].id == date.id


def test_wix_one_order_alone_is_the_same():
    path = "/events/v1/events/25bd0c80-0af5-4dcf-8857-1c28b15d4098/orders/2XM4-WCJM-VR7"
    provider = wix(**{path: text("wix_events", "order_get.json")})
    alone = provider.parse_order(
        provider.fetch_order("2XM4-WCJM-VR7", path.split("/")[4])
    )
    assert (alone.charged, [r.amount for r in alone.refunds]) == (7175, [3588])


def test_wix_ticket_definitions_are_ticket_types():
    # A fixed price with a limit, one without, and one the guest sets from 5.00.
    friday = "25bd0c80-0af5-4dcf-8857-1c28b15d4098"
    other = "85c97bb8-2059-41f3-8e84-4a0b52aade58"
    path = "/events/v3/ticket-definitions/query"
    provider = wix(**{path: text("wix_events", "ticket_definitions_query.json")})
    (page,) = provider.fetch_ticket_types([friday, other])
    found = {raw["id"]: provider.parse_ticket_types(raw) for raw in page.records}
    assert [
        (it.name, it.price, it.quantity, it.sold, it.available) for it in found[friday]
    ] == [("General Admission", 3500, 80, 2, 78), ("Concession", 2500, None, 1, None)]
    (guests,) = found[other]
    assert (guests.name, guests.price, guests.currency) == (
        *("Pay what you like", 500, "AUD"),
    )
    assert (guests.is_minimum, guests.status) == (True, "scheduled")


def test_wix_the_coupon_of_the_example_is_kept():
    rows = example("wix_events", "orders_list_details_invoice_tickets.json")["orders"]
    provider = wix()
    codes = {
        row["orderNumber"]: provider.parse_order(
            {"id": row["orderNumber"], "order": row, "refunds": []}
        ).promo_code
        for row in rows
    }
    assert codes == {
        "2XM4-WCJM-VR7": "",
        "30CS-1G2K-1NH": "",
        "2Z4T-98RG-RNZ": "FRIEND100",
        "35HH-0PQA-7KD": "",
    }


def test_wix_guests_name_each_order_that_changed():
    provider = wix(
        **{"/events/v2/guests/query": text("wix_events", "guests_query.json")}
    )
    guests = provider._guests.changed(datetime(2026, 2, 1, tzinfo=UTC))
    numbers = {guest["orderNumber"] for guest in guests}
    assert numbers == {"2XM4-WCJM-VR7"}


def test_wix_identity_is_the_sites_name_and_currency():
    found = wix().identify()
    assert (found.id, found.name, found.currency) == (SITE, "The Example Cellar", "AUD")


@pytest.mark.parametrize(
    ("name", "status", "error", "words"),
    [
        (
            *("error_app_not_installed_428.json", 428),
            *(errors.AuthenticationFailed, "Install Wix Events"),
        ),
        ("error_application_404.json", 404, errors.InvalidResponse, "does not know"),
        ("error_validation_400.json", 400, Rejected, "less than or equal"),
    ],
)
def test_wix_errors_say_what_to_do(name, status, error, words):
    found = refusal(Wix, name, status, "wix_events")
    assert isinstance(found, error)
    assert words in found.message + found.hint


# Square


def square():
    payments = example("square", "payments_fee_and_missing_fee.json")["payments"]
    refund = example("square", "refund_completed.json")["refund"]
    locations = json.dumps(
        {"locations": [{"id": "LEXAMPLE00001", "timezone": "Australia/Sydney"}]}
    )
    return provider_for(
        Square,
        {
            "/v2/locations": locations,
            "/v2/payments": json.dumps({"payments": payments}),
            "/v2/refunds": json.dumps({"refunds": [refund]}),
            "/v2/orders/search": newest_first(),
            "/v2/catalog/list": text("square", "catalog_list_event_items.json"),
        },
    )


def newest_first():
    page = example("square", "orders_search_sale_and_return.json")
    page.pop("cursor", None)  # of a page that is not among the examples
    page["orders"].sort(key=lambda order: order["created_at"], reverse=True)
    return json.dumps(page)


def test_square_a_sale_and_its_return_come_to_what_the_examples_say():
    provider = square()
    page, compared = provider.fetch_all_orders(None, OrderEstimate(0), workers=1)
    assert [check.missing for check in compared.cross_checks] == [0]
    orders = {raw["id"]: provider.parse_order(raw) for raw in page.records}
    assert set(orders) == {"ORD_A", "ORD_B"}  # the return is not a sale
    a, b = orders["ORD_A"], orders["ORD_B"]
    assert (a.charged, b.charged) == (7000, 3200)  # gross 102.00
    assert [r.amount for r in a.refunds] == [3500]
    assert [t.status for t in a.tickets] == [TicketStatus.VALID, TicketStatus.VOID]
    assert [t.face for t in b.tickets] == [2000, 1200]  # 25.00 - 5.00, custom 12.00
    assert [t.occurrence_id for t in b.tickets] == ["VAR_CON", "custom:Custom Amount"]
    assert b.discounts == 500
    # 1.54 - 0.77; the other payment does not report its fee yet
    assert [(f.name, f.amount) for f in a.fees] == [("Square processing", 77)]
    assert b.fees is None


def test_square_a_date_written_in_a_name_is_its_time():
    (page,) = square().fetch_events()
    event = square().parse_event(page.records[0])
    ga, concession = event.occurrences
    # 7:30 pm on 6 March in Sydney, summer time
    assert ga.starts_at == datetime(2026, 3, 6, 8, 30, tzinfo=UTC)
    assert (ga.id, concession.id) == ("VAR_GA", "VAR_CON")
    assert ga.is_dated


def test_square_the_specifications_own_orders():
    raw = example("square", "spec_orders_batch.json")["orders"][0]
    raw = {"id": raw["id"], "order": {**raw, "state": "OPEN"}}
    raw |= {"payments": [], "refunds": [], "returns": []}
    raw["order"]["created_at"] = "2026-01-01T00:00:00Z"  # the sample leaves it out
    order = Square(None, {}).parse_order(raw)
    assert (order.status, order.total, order.charged) == (OrderStatus.PENDING, 7599, 0)
    assert len(order.tickets) == 4
    raw = example("square", "spec_order_get.json")["order"]
    raw = {"id": raw["id"], "order": raw, "payments": [], "refunds": [], "returns": []}
    order = reading.parsed(Square(None, {}).parse_order, raw)
    # Two things at 5.00 and 6.00, half off
    assert (order.total, order.discounts) == (550, 550)


def test_square_payments_of_the_specification_are_slimmed_to_money():
    provider = provider_for(
        Square,
        {
            "/v2/locations": text("square", "spec_locations.json"),
            "/v2/payments": text("square", "spec_payments_list.json"),
        },
    )
    first = next(provider._payments({}))
    assert first["amount_money"] == {"amount": 555, "currency": "USD"}
    assert "card_details" not in first


def test_square_a_last_page_has_no_cursor():
    provider = provider_for(
        Square,
        {
            "/v2/locations": text("square", "spec_locations.json"),
            "/v2/orders/search": text("square", "orders_search_last_page.json"),
        },
    )
    assert list(provider._search("updated_at", "UPDATED_AT", "2026-01-01", "ASC")) == [
        []
    ]


def test_square_errors_and_tokens(monkeypatch):
    found = refusal(Square, "error_401.json", 401, "square")
    assert isinstance(found, errors.AuthenticationFailed)
    found = refusal(Square, "error_429.json", 429, "square")
    assert isinstance(found, errors.ProviderUnavailable)
    payload = json.loads(text("square", "spec_token.json"))
    tokens = tokens_for(Square, payload, monkeypatch)
    assert tokens.expires_at == datetime(2025, 4, 3, 18, 31, 6, tzinfo=UTC)
    assert tokens.refresh == Secret("EXAMPLE_TOKEN")


# Reports in files

SYDNEY = {"timezone": "Australia/Sydney", "currency": "AUD"}


def test_ticketmaster_blocks_come_to_what_the_example_says():
    file = needs.EXAMPLES / "ticketmaster" / "archtics_style_extract.csv"
    reports = preview_file({**SYDNEY, "recipe": "ticketmaster"}, file)
    orders = [parse.parse_order(raw) for raw in reports.orders]
    # COM0306 = 7 tickets (1 comp), gross 286.00, tax inside 26.00
    assert sum(len(order.tickets) for order in orders) == 7
    assert sum(not t.face for order in orders for t in order.tickets) == 1
    assert sum(order.charged for order in orders) == 28600
    assert sum(order.tax for order in orders) == 2600
    # discounts from full price 44.00, and the comp 55.00
    assert sum(order.discounts for order in orders) == 4400 + 5500
    assert [order.fees for order in orders] == [None, None, ()]
    assert {order.occurrence_id for order in orders} == {
        "1201 @ 2026-03-06T08:30:00Z"  # 19:30 in Sydney, summer time
    }


def test_seat_engine_lines_alone_do_not_say_their_show():
    file = needs.EXAMPLES / "seat_engine" / "club_export_orderlines.csv"
    with pytest.raises(errors.BadFile, match="event_name"):
        preview_file({**SYDNEY, "recipe": "seat_engine"}, file)


def test_seat_engine_lines_with_their_show_are_read(tmp_path):
    lines = text("seat_engine", "club_export_orderlines.csv").splitlines()
    rows = [f"{lines[0]},event_name,show_start"]
    rows += [f"{line},Headliner Weekend,2026-03-06 19:30" for line in lines[1:]]
    file = tmp_path / "joined.csv"
    file.write_text("\n".join(rows))
    options = {"recipe": "seat_engine", "timezone": "America/New_York"}
    reports = preview_file({**options, "currency": "USD"}, file)
    orders = [parse.parse_order(raw) for raw in reports.orders]
    # 95.00 + 25.00, five tickets, one checked in, fees unknown
    assert [order.charged for order in orders] == [9500, 2500]
    assert [len(order.tickets) for order in orders] == [3, 2]
    assert sum(t.checked_in for order in orders for t in order.tickets) == 1
    assert [order.fees for order in orders] == [None, None]


def test_the_row_that_we_ask_of_others_is_read(tmp_path):
    row = {k: v for k, v in example("seat_engine", "inbound_row.json").items() if v}
    row |= {"line": "1", "discount": "", "tax": "", "refunded_amount": ""}
    row["checked_in"] = ""
    file = tmp_path / "inbound.csv"
    heading = [name for name in row if name not in ("provider", "refunded_at")]
    file.write_text(
        ",".join(heading) + "\n" + ",".join(str(row[name]) for name in heading)
    )
    options = {"recipe": "ticketsync", "timezone": "America/New_York"}
    (raw,) = preview_file(options, file).orders
    order = parse.parse_order(raw)
    # 2 × 25.00 and a service fee of 6.00
    assert (order.charged, order.currency, order.doubt) == (5600, "USD", None)
    assert order.occurrence_id == "5001"
    assert order.placed_at == datetime(2026, 2, 20, 19, 5, tzinfo=UTC)
    assert order.fees is None
