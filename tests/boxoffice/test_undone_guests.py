"""
Taking back a sale whose guests are in already, or that is another one than somebody
thinks: it is said before, and nothing else is undone than what was asked about.
"""

import json
from datetime import timedelta

import pytest
from support.expected_codes import run
from support.own_box_office import SHOW, STARTS, put_another_on_sale

from ticketsync.boxoffice import members, placed_orders
from ticketsync.cli import till_layout, till_session
from ticketsync.cli.till_keys import ENTER, Mode
from ticketsync.core import errors
from ticketsync.workflows.boxoffice import cancel_and_refund, sell
from ticketsync.workflows.boxoffice.cancel_and_refund import Refund
from ticketsync.workflows.boxoffice.sell import Tender
from ticketsync.workflows.door import checkin

pytestmark = pytest.mark.usefixtures("evening")


def begin(office, show=SHOW, printer=True):
    printed = []

    def print_order(*what):
        printed.append(what)
        return printer

    till = till_session.start(office, show, "1", "Mia", print_order)
    if till.state.mode is Mode.FLOAT:
        press(till, "200", ENTER)
    return till


def press(till, *keys):
    for key in keys:
        for single in [key] if key == ENTER else key:
            till.press(single)
    return till.state.message


def shown(till, columns=80):
    lines = till_layout.draw(till.picture(), columns, 24)
    return " ".join(till_layout.as_text(lines).split())


def let_in(office, reference, *numbers, show=SHOW):
    with office.database.read() as connection:
        order = placed_orders.get_order(connection, reference)
    codes = sell.codes_of(office, order)
    at = checkin.find_scan_point(office.database, show)
    for number in numbers:
        assert checkin.admit(office.database, at, codes[number]).outcome == "admitted"


def state_of(office, reference):
    with office.database.read() as connection:
        return placed_orders.get_order(connection, reference).state


@pytest.mark.parametrize("columns", [80, 40])
def test_undo_says_who_is_in_before_it_does_anything(office, columns):
    till = begin(office)
    press(till, "111e")
    reference = till.view.last.reference
    press(till, "u")
    assert "Stop" not in shown(till, columns)
    press(till, "x")
    let_in(office, reference, 2)
    till.refresh()
    press(till, "u")
    assert "Stop: 1 of 3 guests is already in." in shown(till, columns)
    assert state_of(office, reference) == "paid"
    said = press(till, "u")
    assert said.endswith("Give back 165.00 cash. 1 of 3 guests is already in.")
    assert state_of(office, reference) == "refunded"


def test_a_guest_who_comes_in_behind_the_question_is_asked_about_anew(office):
    """
    Whether the screen has noticed it by then, or not.
    """
    till = begin(office)
    press(till, "11e", "u")
    reference = till.view.last.reference
    let_in(office, reference, 1)
    till.refresh()
    assert till.state.mode is Mode.SELL
    assert "The last sale has changed" in till.state.message
    press(till, "u")
    let_in(office, reference, 2)
    said = press(till, "u")
    assert said.startswith(f"wrong-state: 1 guest of order {reference} came in mean")
    assert state_of(office, reference) == "paid"
    assert press(till, "uu").endswith("2 of 2 guests are already in.")


def test_what_was_asked_about_is_undone_and_not_a_later_sale(office):
    till = begin(office)
    press(till, "1e", "u")
    first = till.view.last.reference
    later = sell.sell(office, SHOW, {"Child": 1}, Tender("cash", till_id=1)).order
    said = press(till, "u")
    assert said.startswith(f"wrong-state: Order {first} is not the last")
    assert (state_of(office, first), state_of(office, later.reference)) == (
        *("paid", "paid"),
    )
    press(till, "u")
    assert f"Undo {later.reference}," in shown(till)


@pytest.mark.parametrize("columns", [80, 40])
def test_a_sale_of_another_show_is_named_with_its_show(office, columns):
    gala = put_another_on_sale(office, "Gala", STARTS + timedelta(days=1))
    before = begin(office)
    press(before, "11e")
    reference = before.view.last.reference
    assert "Late Laughs" not in shown(before).partition("LAST")[2]
    till = begin(office, gala, printer=False)
    assert f"LAST {reference} Late Laughs Fri 27 Nov 19:30 2 tickets" in (
        shown(till, columns)
    )
    press(till, "u")
    assert (
        f"Undo {reference}, Late Laughs Fri 27 Nov 19:30, 2 tickets, 110.00 cash?"
        in shown(till, columns)
    )
    press(till, "x")
    assert f"boxoffice print {reference}`" in press(till, "p")
    let_in(office, reference, 1)
    till.refresh()
    press(till, "u")
    assert "Stop: 1 of 2 guests is already in." in shown(till, columns)
    assert press(till, "u").startswith(
        f"Undone: {reference}, Late Laughs Fri 27 Nov 19:30, 2 tickets, 110.00 cash."
    )


def test_undo_says_what_goes_back_now_and_not_what_went_back_before(office):
    """
    One of three tickets was returned an hour ago; its guest had been in.
    """
    till = begin(office)
    code = sell.issue_voucher(office, "gift", 3000, "AUD")
    press(till, "111v", code, ENTER, "e")
    reference = till.view.last.reference
    assert till.state.message == (
        f"Sold {reference}: 3 tickets, 30.00 voucher + 135.00 cash."
    )
    let_in(office, reference, 1)
    cancel_and_refund.refund(office, reference, Refund(tickets=[1], till_id=1), "ill")
    till.refresh()
    assert f"LAST {reference} 2 tickets 30.00 voucher + 80.00 cash" in shown(till)
    press(till, "u")
    assert "Stop" not in shown(till)
    said = press(till, "u")
    assert said.endswith("Give back 30.00 voucher and 80.00 cash.")
    assert till.view.drawer.expected == 20000


def test_what_to_give_back_stays_said_whatever_means_nothing_is_pressed(office):
    till = begin(office)
    said = press(till, "1c60", ENTER)
    assert said.endswith("Give back AUD 5.00.")
    assert press(till, ENTER, "x ") == said
    assert press(till, "ek+") == said  # pressed twice
    assert press(till, "1") == ""
    assert press(till, "-", "e").startswith("The basket is empty")


def test_what_is_printed_again_is_named(office):
    till = begin(office)
    press(till, "1e")
    assert press(till, "p") == (
        f"{till.view.last.reference}, Late Laughs Fri 27 Nov 19:30, 1 ticket, 55.00"
        " cash goes to the printer."
    )


def test_seats_that_are_held_for_another_show_are_named_with_it(office):
    gala = put_another_on_sale(office, "Gala", STARTS + timedelta(days=1))
    before = begin(office)
    press(before, "1")
    held = before.basket
    assert begin(office).state.message.startswith(f"{held} was not paid")
    said = begin(office, gala).state.message
    assert said.startswith(f"{held} of Late Laughs Fri 27 Nov 19:30 was not paid")


# A refund by command


def test_a_refund_that_knows_of_fewer_guests_is_refused(office):
    sold = sell.sell(office, SHOW, {"Adult": 2}, Tender("card")).order.reference
    let_in(office, sold, 1, 2)
    with pytest.raises(errors.SaleRefused) as refused:
        cancel_and_refund.refund(office, sold, Refund(most_admitted=1), "ill")
    assert refused.value.word == "wrong-state"
    after = cancel_and_refund.refund(office, sold, Refund(most_admitted=2), "ill")
    assert after.state == "refunded"
    with office.database.read() as connection:
        void = cancel_and_refund.admitted_of(connection, [after], placed_orders.VOID)
    assert void == {sold: [1, 2]}


@pytest.fixture
def entered(on_sale):
    """
    The order of three guests, two of whom are in.
    """
    words = ("boxoffice", "sell", "1", "--tier", "Adult=3", "--card", "--json")
    sold = json.loads(run(*words).stdout)
    for ticket in sold["tickets"][:2]:
        run("checkin", "in", "1", ticket["code"])
    return sold["reference"]


def test_the_command_says_who_is_in_with_a_ticket_that_is_void_now(entered):
    refund = ("boxoffice", "refund", entered, "--ticket")
    money_only = run(*refund[:-1], "--amount", "5", "--keep-tickets", "--json")
    assert json.loads(money_only.stdout)["admitted"] == []
    done = run(*refund, "2", "--ticket", "3")
    assert done.stderr == (
        f"1 of 2 guests is already in, with a ticket that is void now: {entered}-2.\n"
    )
    found = json.loads(run(*refund, "1", "--json").stdout)
    assert found["admitted"] == [1]
    assert [*found][-1] == "admitted"


def test_a_cancelled_night_says_how_many_are_in(entered):
    cancel = ("boxoffice", "orders", "cancel", "--show", "1", "--yes", "--json")
    assert json.loads(run(*cancel).stdout)["admitted"] == 2


# Members


def test_a_number_that_is_no_members_is_refused_at_once(office):
    till = begin(office)
    with office.database.write() as connection:
        for number, until in (("17", "2026-11-27"), ("18", "2026-11-26")):
            row = members.NewMember(number, "", "", "2026-01-01", until, "")
            members.save(connection, [row], "2020-01-01")
    said = press(till, "m4711", ENTER)
    assert said.startswith("members-only: There is no member '4711'.")
    assert till.state.member == ""
    press(till, "1", "m4711", ENTER)
    assert (till.state.member, till.state.lines) == ("", (("Adult", 1),))
    past = press(till, "m18", ENTER)
    assert "is one from 2026-01-01 until 2026-11-26, and not on 2026-11-27" in past
    press(till, "m17", ENTER)
    assert (till.state.member, till.state.is_error) == ("17", False)
