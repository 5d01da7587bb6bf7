"""
Hand-written listing records, and the ticket types that they have on sale.
"""

import copy
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from support import needs
from support.sandbox_providers import connected, fake_platform, raw_orders, read_dates

from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.records import TicketType, TicketTypeStatus
from ticketsync.net import exact_json
from ticketsync.providers import reading
from ticketsync.providers.humanitix import Humanitix
from ticketsync.providers.square import Square
from ticketsync.providers.ticket_tailor import TicketTailor
from ticketsync.sandbox.questions import true_answers

ON_SALE = TicketTypeStatus.ON_SALE
ODD = [None, 7, "a text", [], {}, {"name": "No id"}, {"id": 12}, {"_id": 12}]


def types_of(provider, raw):
    (first, *_) = reading.parsed(provider.parse_event, raw).occurrences
    return first.ticket_types


# Ticket Tailor


def tt_event(*types, **fields):
    start = {"unix": 1787871600, "date": "2026-08-28", "time": "09:00"}
    return {
        "object": "event",
        "id": "ev_1",
        "event_series_id": "es_1",
        "name": "Late Laughs",
        "currency": "aud",
        "timezone": "Australia/Sydney",
        "status": "published",
        "start": start,
        "max_tickets_sold_per_occurrence": 240,
        "ticket_types": list(types),
        **fields,
    }


def tt_type(**fields):
    return {
        "id": "tt_1",
        "name": "Adult",
        "price": 3900,
        "booking_fee": 150,
        "status": "on_sale",
        "quantity_total": 100,
        "quantity_issued": 30,
        "quantity_held": 2,
        "quantity": 68,
        **fields,
    }


def test_a_ticket_type_of_ticket_tailor():
    hidden = tt_type(hide_until=1787000000, hide_after="2026-08-01")
    assert types_of(TicketTailor, tt_event(hidden)) == (
        TicketType(
            id="tt_1",
            name="Adult",
            price=3900,
            currency="AUD",
            status=ON_SALE,
            quantity=100,
            sold=30,
            available=68,
        ),
    )


def test_prices_of_ticket_tailor_are_minor_units_of_any_currency():
    raw = tt_event(tt_type(price=4500), tt_type(id="tt_2", price=0), currency="jpy")
    first, second = types_of(TicketTailor, raw)
    assert (first.price, first.currency) == (4500, "JPY")
    assert (second.price, second.currency) == (0, "JPY")


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("on_sale", "on_sale"),
        ("ON_SALE", "on_sale"),
        ("members_only", "on_sale"),
        ("sold_out", "sold_out"),
        ("unavailable", "closed"),
        ("hidden", "hidden"),
        ("locked", "hidden"),
        ("admin_only", "hidden"),
        ("resold", "unknown"),
        (None, "unknown"),
        (["on_sale"], "unknown"),
    ],
)
def test_status_words_of_ticket_tailor(word, expected):
    (kind,) = types_of(TicketTailor, tt_event(tt_type(status=word)))
    assert kind.status.value == expected


@pytest.mark.parametrize("left", [0, -3])
def test_a_type_with_nothing_left_is_sold_out_though_it_is_called_on_sale(left):
    (kind,) = types_of(TicketTailor, tt_event(tt_type(quantity=left)))
    assert (kind.available, kind.status.value) == (0, "sold_out")


def test_unlimited_tickets_are_not_zero():
    unlimited = tt_type(quantity_total=None, quantity=None, quantity_issued=None)
    (kind,) = types_of(TicketTailor, tt_event(unlimited))
    assert (kind.quantity, kind.sold, kind.available) == (None, None, None)
    assert kind.status is ON_SALE


@pytest.mark.parametrize("price", [None, "3900", Decimal("39.5"), -1, True, [], {}])
def test_a_price_that_is_none_is_not_known(price):
    (kind,) = types_of(TicketTailor, tt_event(tt_type(price=price)))
    assert kind.price is None


def test_an_event_of_ticket_tailor_that_reports_no_types():
    for raw in (tt_event(ticket_types=None), tt_event(ticket_types="none")):
        assert types_of(TicketTailor, raw) is None
    raw = tt_event()
    assert types_of(TicketTailor, raw) == ()
    del raw["ticket_types"]
    assert types_of(TicketTailor, raw) is None


def test_a_series_has_no_dates_and_no_types():
    raw = {"object": "event_series", "id": "es_1", "name": "Late Laughs"}
    assert TicketTailor.parse_event(raw).occurrences == ()


def test_odd_types_are_known_by_name_at_most_and_the_event_is_read():
    """
    Neither does one of them take part in the event's counts.
    """
    odd = [*ODD, tt_type(quantity_issued="many"), tt_type(id="tt_2", price=10**30)]
    event = TicketTailor.parse_event(tt_event(*odd, tt_type(id="tt_3")))
    (date,) = event.occurrences
    first, second, third = date.ticket_types
    assert [(it.id, it.price) for it in (first, third)] == [
        ("tt_1", 3900),
        ("tt_3", 3900),
    ]
    assert second == TicketType("tt_2", "Adult", None, None, TicketTypeStatus.UNKNOWN)
    assert date.capacity == 240


def test_a_type_of_unknown_size_leaves_the_capacity_open():
    raw = tt_event(tt_type(), tt_type(id="tt_2", quantity_total="many"))
    raw["max_tickets_sold_per_occurrence"] = None
    (date,) = TicketTailor.parse_event(raw).occurrences
    assert date.capacity is None


def test_ticket_tailor_without_a_currency_has_no_prices():
    (kind,) = types_of(TicketTailor, tt_event(tt_type(), currency=None))
    assert (kind.price, kind.currency) == (None, None)


def test_ticket_tailor_names_no_time_of_change():
    (date,) = TicketTailor.parse_event(tt_event(tt_type())).occurrences
    assert date.changed_at is None


# Humanitix


def hx_event(*types, dates=1, **fields):
    return {
        "_id": "e1",
        "name": "Glass Harbour",
        "currency": "AUD",
        "timezone": "Australia/Sydney",
        "published": True,
        "totalCapacity": 320,
        "updatedAt": "2026-07-31T08:30:00.000Z",
        "ticketTypes": list(types),
        "dates": [
            {"_id": f"d{n}", "startDate": f"2026-09-0{n}T09:30:00.000Z"}
            for n in range(1, dates + 1)
        ],
        **fields,
    }


def hx_type(**fields):
    return {
        "_id": "t1",
        "name": "Adult",
        "price": Decimal("37.5"),
        "priceRange": {"enabled": False, "min": 10, "max": 100},
        "priceOptions": {"enabled": False, "options": [{"value": "50"}]},
        "quantity": 120,
        "disabled": False,
        "deleted": False,
        "isDonation": False,
        **fields,
    }


def test_a_ticket_type_of_humanitix():
    expected = TicketType(
        id="t1",
        name="Adult",
        price=3750,
        currency="AUD",
        status=ON_SALE,
        quantity=120,
    )
    assert types_of(Humanitix, hx_event(hx_type())) == (expected,)


def test_types_of_humanitix_belong_to_each_date_of_the_event():
    """
    Nobody says whether their number is per date, so it is believed for one date only.
    """
    event = Humanitix.parse_event(hx_event(hx_type(), dates=2))
    assert [it.ticket_types[0].id for it in event.occurrences] == ["t1", "t1"]
    assert {it.ticket_types[0].quantity for it in event.occurrences} == {None}
    gone = hx_event(hx_type(), dates=2)
    gone["dates"][1]["deleted"] = True
    assert types_of(Humanitix, gone)[0].quantity == 120


@pytest.mark.parametrize(
    ("fields", "price", "is_minimum"),
    [
        ({"price": 100}, 10000, False),
        ({"price": 0}, 0, False),
        ({"price": "12.34"}, 1234, False),
        ({"price": Decimal("12.345")}, None, False),
        ({"price": Decimal("259.85000000000002")}, 25985, False),
        ({"price": -5}, None, False),
        ({"price": "free"}, None, False),
        ({"price": None}, None, False),
        ({"priceRange": {"enabled": True, "min": 10, "max": 100}}, 1000, True),
        ({"priceRange": {"enabled": True}}, None, False),
        ({"priceRange": "from 10"}, 3750, False),
        (
            {
                "priceOptions": {
                    "enabled": True,
                    "options": [{"value": "50"}, {"value": "20.50"}, {"value": "?"}, 3],
                }
            },
            2050,
            True,
        ),
        ({"priceOptions": {"enabled": True, "options": None}}, None, False),
        ({"isDonation": True}, None, False),
    ],
)
def test_prices_of_humanitix(fields, price, is_minimum):
    (kind,) = types_of(Humanitix, hx_event(hx_type(**fields)))
    assert (kind.price, kind.is_minimum) == (price, is_minimum)


@pytest.mark.parametrize(
    ("currency", "given", "price"),
    [("JPY", 4500, 4500), ("KWD", Decimal("4.505"), 4505), ("AUD", 45, 4500)],
)
def test_prices_of_humanitix_in_other_currencies(currency, given, price):
    (kind,) = types_of(Humanitix, hx_event(hx_type(price=given), currency=currency))
    assert (kind.price, kind.currency) == (price, currency)


def test_disabled_deleted_and_hidden_types_of_humanitix():
    raw = hx_event(
        hx_type(_id="t1", deleted=True),
        hx_type(_id="t2", disabled=True),
        hx_type(_id="t3", hiddenOptions={"hidden": True, "when": "always"}),
        hx_type(_id="t4", hiddenOptions={"hidden": True, "when": "soldOut"}),
        hx_type(_id="t5", hiddenOptions={"hidden": False, "when": "always"}),
        hx_type(_id="t6", hiddenOptions="always"),
    )
    assert {kind.id: kind.status.value for kind in types_of(Humanitix, raw)} == {
        "t2": "closed",
        "t3": "hidden",
        "t4": "on_sale",
        "t5": "on_sale",
        "t6": "on_sale",
    }


def test_a_package_is_a_type_of_its_own():
    family = {
        "_id": "p1",
        "name": "Family ticket",
        "price": 120,
        "quantity": 125,
        "tickets": [{"ticketTypeId": "t1", "quantity": 4}],
    }
    gone = {**family, "_id": "p2", "deleted": True}
    raw = hx_event(hx_type(), packagedTickets=[family, gone])
    _, package = types_of(Humanitix, raw)
    assert (package.id, package.name) == ("p1", "Family ticket")
    assert (package.price, package.quantity) == (12000, 125)


def test_odd_types_of_humanitix_are_known_by_name_at_most():
    raw = hx_event(*ODD, hx_type(price=10**20), hx_type(_id="t2", quantity="many"))
    named, kind = types_of(Humanitix, raw)
    assert (named.price, named.status) == (None, TicketTypeStatus.UNKNOWN)
    assert (kind.id, kind.quantity) == ("t2", None)
    for odd in (None, "none", {"a": 1}):
        odd_lists = hx_event(ticketTypes=odd, packagedTickets=odd)
        assert types_of(Humanitix, odd_lists) is None
        assert types_of(Humanitix, hx_event(hx_type(), packagedTickets=odd)) != ()


def test_when_humanitix_changed_an_event():
    def changed_at(**fields):
        (date,) = Humanitix.parse_event(hx_event(**fields)).occurrences
        return date.changed_at

    assert changed_at() == datetime(2026, 7, 31, 8, 30, tzinfo=UTC)
    assert changed_at(updatedAt=None) is changed_at(updatedAt="yesterday") is None


@needs.examples
def test_the_documented_event_of_humanitix():
    file = needs.EXAMPLES / "humanitix" / "events_list_docs.json"
    (raw,) = exact_json.decode(file.read_bytes())["events"]
    (kind,) = types_of(Humanitix, raw)
    assert (kind.name, kind.price, kind.quantity) == ("Adult", 10000, 500)
    assert not kind.is_minimum


@needs.examples
def test_the_documented_event_of_ticket_tailor():
    file = needs.EXAMPLES / "ticket_tailor" / "event_single_observed_fields.json"
    stalls, balcony = types_of(TicketTailor, exact_json.decode(file.read_bytes()))
    assert (stalls.name, stalls.price, stalls.currency) == ("Stalls", 0, "USD")
    assert (stalls.quantity, stalls.sold, stalls.available) == (100, 0, 100)
    assert (balcony.id, balcony.quantity) == ("tt_6684724", 50)


# Square


def sq_item(*variations, **fields):
    item = {
        "id": "I1",
        "updated_at": "2026-01-05T01:00:00.000Z",
        "item_data": {"name": "Late Laughs", "variations": list(variations)},
        **fields,
    }
    zone = {"timezone": "Australia/Sydney", "currency": "AUD"}
    return {"id": "I1", "item": item, **zone}


def sq_variation(id_="V1", **fields):
    data = {
        "name": "6 Mar 2026 7:30pm – GA",
        "pricing_type": "FIXED_PRICING",
        "price_money": {"amount": 3500, "currency": "AUD"},
        **fields,
    }
    return {"type": "ITEM_VARIATION", "id": id_, "item_variation_data": data}


def test_a_variation_of_square_is_a_ticket_type_of_its_own():
    event = Square.parse_event(sq_item(sq_variation(), sq_variation("V2", name=None)))
    dated, undated = (date.ticket_types for date in event.occurrences)
    assert dated == (
        TicketType(
            id="V1",
            name="6 Mar 2026 7:30pm – GA",
            price=3500,
            currency="AUD",
            status=ON_SALE,
        ),
    )
    assert [(kind.id, kind.name) for kind in undated] == [("V2", "Late Laughs")]


@pytest.mark.parametrize(
    ("fields", "price"),
    [
        ({"pricing_type": "VARIABLE_PRICING"}, None),
        ({"pricing_type": "VARIABLE_PRICING", "price_money": None}, None),
        ({"pricing_type": None}, 3500),
        ({"pricing_type": "ANOTHER"}, None),
        ({"price_money": None}, None),
        ({"price_money": "35.00"}, None),
        ({"price_money": {"amount": "3500", "currency": "AUD"}}, None),
        ({"price_money": {"amount": 3500}}, 3500),  # the merchant's currency
        ({"price_money": {"amount": 3500, "currency": "JPY"}}, 3500),
    ],
)
def test_prices_of_square(fields, price):
    (kind,) = types_of(Square, sq_item(sq_variation(**fields)))
    assert kind.price == price


def test_a_number_that_no_database_holds_leaves_a_type_without_its_price():
    odd = {"amount": 10**30, "currency": "AUD"}
    (kind,) = types_of(Square, sq_item(sq_variation(price_money=odd)))
    assert (kind.price, kind.currency, kind.status) == (
        *(None, None),
        TicketTypeStatus.UNKNOWN,
    )


def test_when_square_changed_an_item():
    def changed_at(**fields):
        variation = {**sq_variation(), **fields}
        (date,) = Square.parse_event(sq_item(variation)).occurrences
        return date.changed_at

    assert changed_at() == datetime(2026, 1, 5, 1, tzinfo=UTC)
    later = changed_at(updated_at="2026-01-06T01:00:00Z")
    assert later == datetime(2026, 1, 6, 1, tzinfo=UTC)
    assert changed_at(updated_at=17) == changed_at()


def test_what_only_orders_name_reports_no_types():
    line = {"name": "Cloak room", "quantity": "1"}
    total = {"amount": 300, "currency": "AUD"}
    (event,) = Square.events_in({"order": {"line_items": [line], "total_money": total}})
    assert event.occurrences[0].ticket_types is None


# All of them


@pytest.mark.parametrize("code", [None, "", "xyz", "AU$", "XTS", 36])
def test_no_price_without_a_currency_of_iso_4217(code):
    def parse(raw):
        return TicketType("t", "T", 5, code, ON_SALE, quantity=9)

    (kind,) = reading.ticket_types([{}], parse)
    assert (kind.price, kind.currency, kind.quantity) == (None, None, 9)
    assert reading.currency_or_none(code) is None


def test_of_a_type_that_cannot_be_read_its_name_is_known():
    """
    Else it would look as if the platform no longer listed it.
    """

    def parse(raw):
        if raw["id"] == "b":
            raise UnreadableRecord("it is odd")
        return TicketType(raw["id"], "A", 1 // raw.get("n", 1), "AUD", ON_SALE)

    raws = [{"id": "a"}, {"id": "b", "name": "B"}, {}, {"id": "c", "n": 0}, {"id": "d"}]
    found = reading.ticket_types(raws, parse)
    assert [(kind.id, kind.name, kind.price) for kind in found] == [
        ("a", "A", 1),
        ("b", "B", None),
        ("c", "Ticket", None),
        ("d", "A", 1),
    ]
    assert reading.ticket_types(None, parse) == ()


# What orders name: promo codes, seats, answers


@pytest.mark.parametrize(
    ("discounts", "expected"),
    [
        ({"discountCode": {"code": "LANTERN20", "discountAmount": 20}}, "LANTERN20"),
        ({"autoDiscount": {"discountAmount": 5}}, ""),
        ({"discountCode": {"code": None}}, ""),
        ({"discountCode": {"code": 7}}, ""),
        ({"discountCode": "LANTERN20"}, ""),
        (None, ""),
        ([], ""),
    ],
)
def test_the_promo_code_of_an_order_of_humanitix(discounts, expected):
    raw = copy.deepcopy(an_order("humanitix"))
    raw["order"]["discounts"] = discounts
    assert Humanitix.parse_order(raw).promo_code == expected


@pytest.mark.parametrize(
    ("discounts", "expected"),
    [
        ([{"name": "Early bird"}, {"name": "Staff"}], "Early bird, Staff"),
        ([{"name": "Staff"}, {"name": "Staff"}, {"uid": "d"}], "Staff"),
        ([{"name": 7}, None, "Staff", {"name": " "}], ""),
        (None, ""),
        ("Staff", ""),
    ],
)
def test_the_discounts_of_an_order_of_square(discounts, expected):
    raw = copy.deepcopy(an_order("square"))
    raw["order"]["discounts"] = discounts
    assert Square.parse_order(raw).promo_code == expected


@pytest.mark.parametrize(
    ("reservation", "seat"),
    [("23-3", "23-3"), (" B 7 ", "B 7"), (12, "12"), (None, ""), ({}, ""), (True, "")],
)
def test_the_seat_of_a_ticket_of_ticket_tailor(reservation, seat):
    raw = copy.deepcopy(an_order("ticket_tailor"))
    for ticket in raw["issued_tickets"]:
        ticket["reservation"] = reservation
    assert {t.seat for t in TicketTailor.parse_order(raw).tickets} == {seat}
    loose = {**raw["issued_tickets"][0], "order_id": None}
    assert TicketTailor.parse_loose_ticket(loose).ticket.seat == seat


@pytest.mark.parametrize(
    ("location", "seat"),
    [
        ({"name": "Section C Table 49 Seat 10"}, "Section C Table 49 Seat 10"),
        ({"name": "A 1", "seat": {"id": "b60f"}, "note": "Door 2"}, "A 1"),
        ({"seat": {"id": "b60f"}}, ""),
        ("Row 3", "Row 3"),
        ({"name": 3}, ""),
        (None, ""),
    ],
)
def test_the_seat_of_a_ticket_of_humanitix(location, seat):
    raw = copy.deepcopy(an_order("humanitix"))
    for ticket in raw["tickets"]:
        ticket["seatingLocation"] = location
    assert {t.seat for t in Humanitix.parse_order(raw).tickets} == {seat}


def test_answers_of_ticket_tailor():
    raw = {
        "buyer_details": {
            "name": "Ana",
            "custom_questions": [
                {"question": "Source", "answer": "A friend"},
                {"question": "Diet", "answer": "None"},
            ],
        },
        "issued_tickets": [
            {"id": "it_1", "custom_questions": [{"question": "Diet", "answer": "Vg"}]},
            {"id": "it_2", "custom_questions": []},
            {"id": "it_3", "custom_questions": [{"question": "Diet"}, None, 3]},
        ],
    }
    of_order = {"Source": "A friend", "Diet": "None"}
    assert TicketTailor.parse_people(raw).answers == {
        "it_1": {"Source": "A friend", "Diet": "Vg"},
        "it_2": of_order,
        "it_3": of_order,
    }
    raw["buyer_details"]["custom_questions"] = "odd"
    assert TicketTailor.parse_people(raw).answers == {"it_1": {"Diet": "Vg"}}


def test_answers_of_humanitix_by_the_text_of_their_question():
    raw = {
        "order": {"additionalFields": [{"question": "Source", "value": "A friend"}]},
        "tickets": [
            {"_id": "1", "additionalFields": [{"question": "Diet", "value": "Vg"}]},
            {"_id": "2"},
        ],
    }
    assert Humanitix.parse_people(raw).answers == {
        "1": {"Source": "A friend", "Diet": "Vg"},
        "2": {"Source": "A friend"},
    }


@pytest.mark.parametrize("name", ["ticket_tailor", "humanitix"])
def test_answers_are_those_of_the_guests_and_never_stored(name):
    platform = fake_platform(name, 120)
    with connected(platform) as provider:
        raws = raw_orders(provider, read_dates(provider))
    found = {
        ticket_id: given
        for raw in raws
        for ticket_id, given in provider.parse_people(raw).answers.items()
    }
    form = {"ticket_tailor": "it_{}", "humanitix": "{:024x}"}[name]
    expected = {
        form.format(seat.id): true_answers(purchase, seat)
        for purchase in platform.world.purchases
        for seat in purchase.seats
    }
    assert found == {id_: given for id_, given in expected.items() if given}
    assert any(len(given) == 2 for given in found.values())
    for raw in raws:
        provider.spec.take_people_out(raw)
    stored = json.dumps(raws, default=str)
    assert not any(word in stored for word in ("Vegetarian", "From a"))


def test_a_question_of_humanitix_that_no_event_lists_is_named_by_its_id():
    platform = fake_platform("humanitix")
    with connected(platform) as provider:
        event_id = platform.world.productions[0].id
        pages = provider.fetch_orders(f"{event_id:024x}", None)
        people = [provider.parse_people(raw) for page in pages for raw in page.records]
    asked = {q for who in people for given in who.answers.values() for q in given}
    assert asked <= {f"{801:024x}", f"{802:024x}"}
    assert asked


_orders = {}


def an_order(name):
    """
    A raw order with tickets, as it is received from the fake platform.
    """
    if name not in _orders:
        with connected(fake_platform(name, 20)) as provider:
            raws = raw_orders(provider, read_dates(provider))
            _orders[name] = next(
                raw
                for raw in raws
                if "unlinked" not in raw and provider.parse_order(raw).tickets
            )
    return _orders[name]
