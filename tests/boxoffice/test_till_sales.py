"""
A basket at a till: a held order that changes with every key, and a till that does what
the keys ask for.
"""

from datetime import timedelta

import pytest
from sqlalchemy import insert
from support.own_box_office import ADULT, CHILD, NOW, SHOW, put_on_sale

from ticketsync.boxoffice import placed_orders, tills, vouchers
from ticketsync.boxoffice.price_tiers import NewTier
from ticketsync.cli import till_session
from ticketsync.cli.till_keys import ENTER, ESCAPE, Mode
from ticketsync.core import errors
from ticketsync.door import attendees
from ticketsync.reporting import figures_of_shows
from ticketsync.store import schema
from ticketsync.store.tables.members import members
from ticketsync.workflows import integrity_check
from ticketsync.workflows.boxoffice import (
    cancel_and_refund,
    sell,
    till_sales,
    till_view,
)
from ticketsync.workflows.boxoffice.cancel_and_refund import Refund
from ticketsync.workflows.boxoffice.sell import Tender
from ticketsync.workflows.door import checkin

MEMBER = NewTier("Member", 3500, members_only=True, max_quantity=2)
WITH_FEE = NewTier(
    "Seat", 10000, buyer_fee=300, tax_rate_ppm=100_000, tax_inclusive=False
)
CASH = Tender("cash")

pytestmark = pytest.mark.usefixtures("evening")


@pytest.fixture
def office(office_of, evening):
    return office_of(ADULT, CHILD, MEMBER, then=add_members)


def add_members(office):
    with office.database.write() as connection:
        for number in ("17", "18"):
            connection.execute(
                insert(members).values(
                    number=number,
                    name=f"Member {number}",
                    email="",
                    from_date="2026-01-01",
                    until_date="2026-12-31",
                    level="",
                )
            )


@pytest.fixture
def till(office):
    """
    Till 1 with a float of 200.00; `printed` is what it printed.
    """
    return opened(office)


def opened(office, name="1"):
    printed = []

    def print_order(*what):
        printed.append(what)
        return True

    made = till_session.start(office, SHOW, name, "Mia", print_order)
    if made.state.mode is Mode.FLOAT:
        type_keys(made, "200", ENTER)
    return made, printed


def type_keys(till, *keys):
    for key in keys:
        for single in [key] if key in (ENTER, ESCAPE, "backspace") else key:
            till.press(single)
    return till.state


def order_of(office, reference):
    with office.database.read() as connection:
        return placed_orders.get_order(connection, reference)


def count(office):
    with office.database.read() as connection:
        return attendees.count_guests(connection, SHOW).expected


def refusal(function, *arguments, **options):
    with pytest.raises(errors.SaleRefused) as caught:
        function(*arguments, **options)
    return caught.value


def is_sound(office):
    found = integrity_check.check(office.database, office.settings, deep=True)
    assert (found.schema, found.rows) == (schema.PRESENT, ())
    return found.is_sound


# Baskets


def test_a_basket_may_change_until_it_is_paid(office):
    reference = sell.hold(office, SHOW, {"Adult": 1}).reference
    till_sales.change_basket(office, reference, {"Adult": 3})
    held = till_sales.change_basket(office, reference, {"Adult": 1, "Child": 2})
    assert (held.wanted, held.total) == ({1: 1, 2: 2}, 5500 + 4000)
    full = refusal(till_sales.change_basket, office, reference, {"Child": 7})
    assert (full.word, full.left["Child"]) == ("tier-full", 6)
    assert full.message == "6 of 'Child' left, those in the basket included."
    assert order_of(office, reference).wanted == {1: 1, 2: 2}
    sold = sell.pay(office, reference, CASH)
    assert sold.order.received == 9500
    assert sorted(sold.codes) == [1, 4, 5]
    with office.database.read() as connection:
        (shown,) = figures_of_shows.figures(connection, SHOW)
    assert shown.as_json()["gross"] == "95.00"
    assert is_sound(office)


def test_a_changed_basket_stays_the_members(office):
    held = sell.hold(office, SHOW, {"Member": 1}, member="17")
    changed = till_sales.change_basket(
        office, held.reference, {"Member": 1, "Adult": 1}
    )
    assert changed.member_id == held.member_id
    changed = till_sales.change_basket(office, held.reference, {"Member": 2})
    too_many = refusal(till_sales.change_basket, office, held.reference, {"Member": 3})
    assert too_many.word == "too-many"
    sell.pay(office, held.reference, CASH)
    again = sell.hold(office, SHOW, {"Adult": 1}).reference
    more = {"Adult": 1, "Member": 1}
    no_member = refusal(till_sales.change_basket, office, again, more)
    assert no_member.word == "members-only"
    has_two = refusal(till_sales.change_basket, office, again, more, member="17")
    assert has_two.word == "too-many"
    other = till_sales.change_basket(office, again, more, member="18")
    assert other.wanted == {1: 1, 3: 1}
    assert other.member_id != held.member_id


def test_a_member_named_later_has_one_basket_as_one_named_first(office):
    sell.hold(office, SHOW, {"Member": 1}, member="17")
    later = sell.hold(office, SHOW, {"Adult": 1}).reference
    second = refusal(till_sales.change_basket, office, later, {"Adult": 1}, member="17")
    assert second.word == "already-pending"


def test_each_change_holds_the_seats_anew_and_ends_with_the_hold(office, evening):
    reference = sell.hold(office, SHOW, {"Adult": 1}).reference
    evening(NOW + timedelta(minutes=10))
    held = till_sales.change_basket(office, reference, {"Adult": 2})
    assert held.held_until == NOW + timedelta(minutes=25)
    evening(NOW + timedelta(minutes=25))
    late = refusal(till_sales.change_basket, office, reference, {"Adult": 1})
    assert late.word == "hold-expired"


def test_what_is_due_with_vouchers_is_what_is_taken(database):
    office = put_on_sale(database, WITH_FEE)
    codes = [
        sell.issue_voucher(office, kind, amount, "AUD")
        for kind, amount in (
            *((vouchers.DISCOUNT, 1000), (vouchers.GIFT, 5000)),
            (vouchers.DISCOUNT, 500),
        )
    ]
    held = sell.hold(office, SHOW, {"Seat": 2})
    found = [till_sales.find_voucher(office, code, "AUD") for code in codes]
    # 200.00 less 15.00, the fees of 6.00, 10 % of 191.00: 210.10; less 50.00.
    assert till_sales.amount_due(held, []) == 22660
    assert till_sales.amount_due(held, found) == 16010
    tender = Tender("card", amount=16010, vouchers=codes)
    assert sell.pay(office, held.reference, tender).order.total == 21010
    assert is_sound(office)


# The till


def test_a_sale_is_there_before_anything_is_printed(office):
    """
    Whatever becomes of the printer, and of the till.
    """
    found = []

    def print_order(reference, cash_given):
        found.append(order_of(office, reference).state)
        raise KeyboardInterrupt

    till = till_session.start(office, SHOW, "1", "", print_order)
    with pytest.raises(KeyboardInterrupt):
        type_keys(till, ENTER, "1e")
    assert found == ["paid"]


def test_three_tickets_for_exact_cash_are_four_keys(office, till):
    till, printed = till
    type_keys(till, "111")
    assert till.picture().due == 16500
    type_keys(till, "e")
    order = till.view.last
    assert (order.state, order.received, len(order.tickets)) == ("paid", 16500, 3)
    assert till.state.message == f"Sold {order.reference}: 3 tickets, 165.00 cash."
    assert till.state.lines == ()
    assert printed == [(order.reference, None)]
    type_keys(till, "p")
    assert printed == [(order.reference, None)] * 2
    assert till.view.drawer.expected == 20000 + 16500
    assert count(office) == 3
    assert is_sound(office)


def test_seats_are_taken_at_the_first_key_and_freed_with_the_basket(office, till):
    till, _ = till
    type_keys(till, "1")
    assert refusal(sell.hold, office, SHOW, {"Adult": 7}).word == "tier-full"
    type_keys(till, "2", "-", "-")
    assert till.state.lines == ()
    sell.hold(office, SHOW, {"Adult": 7})
    type_keys(till, "1")
    assert till.state.is_error
    assert till.state.message.startswith("tier-full: 0 of 'Adult' left.")
    assert (till.basket, till.state.lines) == (None, ())
    type_keys(till, "22", ESCAPE)
    assert (till.basket, till.view.basket) == (None, None)
    assert till.state.message == "The basket was dropped."
    sell.hold(office, SHOW, {"Child": 3})


def test_sold_out_during_a_basket_leaves_the_basket_as_it_was(office, till):
    till, _ = till
    type_keys(till, "12")
    sell.hold(office, SHOW, {"Adult": 4, "Child": 4})
    before = till.state.lines
    type_keys(till, "1")
    assert till.state.message.startswith("event-full: 2 seats left")
    assert till.state.lines == before == (("Adult", 1), ("Child", 1))
    type_keys(till, "e")
    assert till.view.last.received == 7500
    assert count(office) == 2


def test_cash_that_was_given_is_given_back_in_part(till):
    till, printed = till
    type_keys(till, "13", "m17", ENTER)
    assert till.state.lines == (("Adult", 1),)  # no member yet: refused
    type_keys(till, "3", "c50", ENTER)
    assert till.state.message == "That is less than what is due. Take more."
    assert till.view.last is None
    type_keys(till, "backspace", "backspace", "100", ENTER)
    order = till.view.last
    assert order.total == 9000
    assert till.state.message.endswith("90.00 cash. Give back AUD 10.00.")
    assert printed == [(order.reference, 10000)]
    assert till.state.member == ""


def test_card_voucher_free_and_name(office, till):
    till, _ = till
    code = sell.issue_voucher(office, vouchers.GIFT, 3000, "AUD")
    type_keys(till, "1", "v", code, ENTER)
    assert till.picture().due == 2500
    type_keys(till, "v", code, ENTER)
    assert till.state.message.startswith("usage: That voucher is in the basket")
    type_keys(till, "nMia Chen", ENTER, "k4711", ENTER)
    card = till.view.last
    assert [(it.method, it.amount) for it in card.payments] == [
        *(("voucher", 3000), ("card", 2500)),
    ]
    assert card.payments[1].reference == "4711"
    with office.database.read() as connection:
        assert [it.reference for it in placed_orders.search(connection, buyer="chen")]
    type_keys(till, "22", "fThe Gazette", ENTER)
    free = till.view.last
    assert (free.total, free.channel, free.note) == (0, "guest-list", "The Gazette")
    assert len(free.basket) == 2
    assert till.view.drawer.expected == 20000
    assert count(office) == 3
    assert is_sound(office)


def test_a_voucher_that_another_till_took_leaves_the_basket(office, till):
    """
    The basket stays, and what is due is what has to be taken now.
    """
    till, _ = till
    code = sell.issue_voucher(office, vouchers.GIFT, 3000, "AUD")
    type_keys(till, "1", "v", code, ENTER)
    assert till.picture().due == 2500
    sell.sell(office, SHOW, {"Child": 1}, Tender("cash", vouchers=[code]))
    type_keys(till, "e")
    assert till.state.message.startswith("amount-mismatch: The vouchers pay 10.00 AUD")
    assert till.state.lines == (("Adult", 1),)
    assert till.picture().due == 4500
    sell.sell(office, SHOW, {"Child": 1}, Tender("cash", vouchers=[code]))
    type_keys(till, "e")
    assert till.state.message.startswith("voucher-spent: ")
    assert till.picture().due == 5500
    type_keys(till, "e")
    assert [(it.method, it.amount) for it in till.view.last.payments] == [
        ("cash", 5500)
    ]
    assert till.view.drawer.expected == 25500
    assert is_sound(office)


def test_what_is_given_away_is_one_order(office, till):
    till, _ = till
    type_keys(till, "11", "fThe Gazette", ENTER)
    with office.database.read() as connection:
        found = placed_orders.search(connection)
    assert [(it.state, it.total, len(it.basket)) for it in found] == [("paid", 0, 2)]
    assert is_sound(office)


@pytest.mark.parametrize(
    ("count", "why"),
    [
        ("999999999x9999999999999", "is not an amount"),
        ("9" * 60 + "x1", "is not a sum of cash"),
    ],
)
def test_more_cash_than_there_is_is_no_count(till, count, why):
    till, _ = till
    type_keys(till, "q", count, ENTER)
    assert why in till.state.message
    assert till.state.mode is Mode.COUNT
    type_keys(till, ESCAPE, "q200", ENTER, ENTER)
    assert till.closed[1].expected == 20000


def test_a_voucher_may_pay_all(office, till):
    till, _ = till
    code = sell.issue_voucher(office, vouchers.GIFT, 6000, "AUD")
    type_keys(till, "1", "v", code, ENTER, "e")
    assert [it.method for it in till.view.last.payments] == ["voucher"]
    assert till.view.drawer.expected == 20000


def test_who_is_in_is_what_the_door_counts(office, till):
    till, _ = till
    at = checkin.find_scan_point(office.database, SHOW)
    sold = sell.sell(office, SHOW, {"Adult": 4}, CASH)
    for number in (1, 2, 3):
        checkin.admit(office.database, at, sold.codes[number])
    taken = Refund(tickets=[3, 4])
    cancel_and_refund.refund(office, sold.order.reference, taken, "ill")
    sell.hold(office, SHOW, {"Child": 1})
    till.refresh()
    assert (till.view.admitted, till.view.expected) == (2, 2)
    with office.database.read() as connection:
        door = attendees.count_guests(connection, SHOW)
    assert (door.admitted, door.expected) == (2, 2)


def test_undo_takes_back_the_last_order_of_this_till(office, till):
    till, _ = till
    type_keys(till, "1e", "22e")
    first, second = till.view.last.reference, None
    other, _ = opened(office, "2")
    type_keys(other, "1e")
    type_keys(till, "u")
    assert till.state.mode is Mode.UNDO
    type_keys(till, "x")
    assert till.state.message == "Nothing was undone."
    type_keys(till, "uu")
    assert till.state.message == (
        f"Undone: {first}, Late Laughs Fri 27 Nov 19:30, 2 tickets, 40.00 cash."
        " Give back 40.00 cash."
    )
    assert order_of(office, first).state == "refunded"
    second = till.view.last.reference
    assert second != other.view.last.reference
    assert till.view.drawer.expected == 20000 + 5500
    type_keys(till, "uu")
    assert order_of(office, second).state == "refunded"
    assert till.view.last is None
    assert till.view.drawer.expected == 20000
    assert count(office) == 1
    assert is_sound(office)


def test_the_drawer_is_counted_at_the_end(office, till):
    till, _ = till
    type_keys(till, "1e", "1", "q")
    assert till.state.message == "Sell the basket first, or drop it: Esc."
    type_keys(till, ESCAPE, "q", "5x50 0.50", ENTER)
    assert (till.state.mode, till.state.counted) == (Mode.CLOSE, 25050)
    type_keys(till, ESCAPE, "250", ENTER, ENTER)
    assert till.has_ended
    session, drawer = till.closed
    assert (session.state, session.difference) == ("closed", -500)
    assert drawer.expected == 25500


def test_a_till_that_was_killed_loses_nothing(office, till, evening):
    till, _ = till
    type_keys(till, "1e", "11")
    held = till.basket
    again, _ = opened(office)  # the other one is gone without a word
    assert again.state.message.startswith(f"{held} was not paid")
    assert again.view.last.received == 5500
    assert again.view.drawer.expected == 25500
    evening(NOW + timedelta(minutes=15))
    assert again.is_stale()
    again.refresh()
    assert [item.left for item in again.view.left.tiers] == [6, 6, 9]
    assert not again.is_stale()


def test_a_hold_that_is_over_is_held_again_or_refused(office, till, evening):
    till, _ = till
    type_keys(till, "11")
    first = till.basket
    evening(NOW + timedelta(minutes=15))
    cancel_and_refund.expire(office)
    type_keys(till, "e")
    assert till.state.message.startswith("The hold was over.")
    assert till.view.last is None
    assert till.basket != first
    type_keys(till, "e")
    assert till.view.last.received == 11000
    type_keys(till, "1")
    evening(NOW + timedelta(minutes=30))
    sell.hold(office, SHOW, {"Adult": 5, "Child": 3})
    type_keys(till, "e")
    assert till.state.message.startswith("event-full:")
    assert till.view.last.received == 11000


def test_a_basket_that_somebody_else_has_paid_is_not_sold_again(office, till):
    till, _ = till
    type_keys(till, "1")
    reference = till.basket
    sell.pay(office, reference, CASH)
    type_keys(till, "e")
    assert (till.state.lines, till.basket) == ((), None)
    assert till.state.message.startswith("wrong-state:")
    assert count(office) == 1
    till.refresh()
    assert till.view.drawer.expected == 20000


def test_a_till_that_was_closed_elsewhere_asks_to_be_opened(office, till):
    till, _ = till
    type_keys(till, "1")
    till_view.close_session(office, till.view.session, 20000)
    type_keys(till, "1")
    assert (till.state.mode, till.state.lines) == (Mode.FLOAT, (("Adult", 2),))
    type_keys(till, "50", ENTER, "e")
    assert till.view.drawer.expected == 5000 + 11000


def test_a_till_of_another_currency_is_refused(office):
    with office.database.write() as connection:
        tills.open_till(connection, "1", "NZD", NOW)
    with pytest.raises(errors.GuardRefused) as refused:
        opened(office)
    assert refused.value.word == "till-currency"
