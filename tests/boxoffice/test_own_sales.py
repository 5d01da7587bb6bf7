"""
Selling at our own box office: what is sold is in the orders, the figures and at the
door, in the same transaction; what is refused is refused by name.
"""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, event
from support.own_box_office import NOW, SHOW, put_on_sale

from ticketsync.boxoffice import placed_orders
from ticketsync.boxoffice.price_tiers import NewTier
from ticketsync.boxoffice.shows_on_sale import Terms
from ticketsync.core import clock, errors
from ticketsync.core.records import Person
from ticketsync.core.settings.config import BoxofficeSettings, Settings
from ticketsync.door import attendees
from ticketsync.reporting import figures_of_shows
from ticketsync.reporting import sales as sales_lists
from ticketsync.store import schema
from ticketsync.workflows import integrity_check
from ticketsync.workflows.boxoffice import cancel_and_refund, sell
from ticketsync.workflows.boxoffice.cancel_and_refund import Refund
from ticketsync.workflows.boxoffice.sell import Tender
from ticketsync.workflows.door import checkin

CASH = Tender("cash")

pytestmark = pytest.mark.usefixtures("evening")


def refusal(function, *arguments, **options):
    with pytest.raises(errors.SaleRefused) as caught:
        function(*arguments, **options)
    return caught.value


def figures(office):
    with office.database.read() as connection:
        (found,) = figures_of_shows.figures(connection, SHOW)
    return found.as_json()


def order_of(office, reference):
    with office.database.read() as connection:
        return placed_orders.get_order(connection, reference)


def is_sound(office):
    found = integrity_check.check(office.database, office.settings, deep=True)
    assert (found.schema, found.rows) == (schema.PRESENT, ())
    return found.is_sound


def test_a_sale_is_in_the_orders_the_figures_and_at_the_door(office):
    sold = sell.sell(office, SHOW, {"Adult": 2, "Child": 1}, CASH)
    assert sold.order.state == "paid"
    assert sold.order.total == 2 * 5500 + 2000
    assert sorted(sold.codes) == [1, 2, 3]
    shown = figures(office)
    assert (shown["tickets_sold"], shown["gross"], shown["net"]) == (
        *(3, "130.00", "130.00"),
    )
    assert (shown["fees"], shown["fees_source"]) == ("0.00", "reported")
    with office.database.read() as connection:
        assert len([*sales_lists.sales_table(connection, show_id=SHOW).rows]) == 1
    at = checkin.find_scan_point(office.database, SHOW)
    assert checkin.admit(office.database, at, sold.codes[1]).outcome == "admitted"
    assert checkin.admit(office.database, at, sold.codes[1]).outcome == "already-in"
    with office.database.read() as connection:
        assert attendees.count_guests(connection, SHOW).expected == 3
    assert is_sound(office)


def test_a_sale_is_one_transaction(office):
    """
    To hold and to pay are one commit: what takes long is to wait for the disk.
    """
    assert office.key.reveal()
    assert office.account.id
    commits = []

    def note(connection):
        commits.append(connection)

    event.listen(Engine, "commit", note)
    sell.sell(office, SHOW, {"Adult": 2, "Child": 1}, CASH)
    event.remove(Engine, "commit", note)
    assert len(commits) == 1


def test_a_held_order_is_there_and_counts_nowhere(office):
    held = sell.hold(office, SHOW, {"adult": 1})
    assert held.held_until == NOW + timedelta(minutes=15)
    with office.database.read() as connection:
        assert [
            f.as_json()["tickets_sold"] for f in figures_of_shows.figures(connection)
        ] in (
            [],
            [0],
        )
    assert is_sound(office)
    sold = sell.pay(office, held.reference, CASH)
    assert figures(office)["tickets_sold"] == 1
    assert refusal(sell.pay, office, held.reference, CASH).word == "wrong-state"
    assert sold.order.paid_at == NOW
    assert is_sound(office)


def test_a_full_show_says_what_is_left(office):
    sell.hold(office, SHOW, {"Adult": 6, "Child": 2})
    refused = refusal(sell.hold, office, SHOW, {"Adult": 1, "Child": 2})
    assert (refused.word, refused.left) == ("event-full", {"Adult": 1, "Child": 2})
    refused = refusal(sell.hold, office, SHOW, {"Adult": 2})
    assert (refused.word, refused.left) == ("tier-full", {"Adult": 1, "Child": 2})
    assert refused.exit_code == 7
    sell.hold(office, SHOW, {"Adult": 1, "Child": 1})
    assert refusal(sell.hold, office, SHOW, {"Child": 1}).word == "event-full"


def test_f100_several_tiers_are_all_sold_or_none(office):
    sell.hold(office, SHOW, {"Adult": 6})
    refusal(sell.hold, office, SHOW, {"Child": 1, "Adult": 2})
    with office.database.read() as connection:
        assert len(placed_orders.read_orders(connection)) == 1


def test_f95_after_its_time_every_seat_sells_again_without_any_command(office, evening):
    sell.hold(office, SHOW, {"Adult": 7, "Child": 3})
    assert refusal(sell.hold, office, SHOW, {"Child": 1}).word == "event-full"
    evening(NOW + timedelta(minutes=15))
    sell.sell(office, SHOW, {"Adult": 7, "Child": 3}, CASH)
    assert figures(office)["tickets_sold"] == 10
    assert is_sound(office)


def test_f97_expiry_and_payment_have_one_winner(office, evening):
    first = sell.hold(office, SHOW, {"Adult": 1}).reference
    second = sell.hold(office, SHOW, {"Adult": 1}).reference
    evening(NOW + timedelta(minutes=15))
    assert sell.pay(office, first, CASH).order.state == "paid"
    assert cancel_and_refund.expire(office) == [second]
    assert cancel_and_refund.expire(office) == []
    assert refusal(sell.pay, office, second, CASH).word == "hold-expired"
    assert order_of(office, first).state == "paid"
    assert order_of(office, second).state == "expired"
    assert is_sound(office)


def test_paid_late_when_the_seats_are_gone_is_refused(office, evening):
    late = sell.hold(office, SHOW, {"Adult": 7}).reference
    evening(NOW + timedelta(minutes=15))
    sell.sell(office, SHOW, {"Adult": 1}, CASH)
    refused = refusal(sell.pay, office, late, CASH)
    assert (refused.word, refused.left) == ("hold-expired", {"Adult": 6, "Child": 6})
    assert order_of(office, late).state == "pending"


def test_a_hold_is_extended_four_times_its_length_at_most(office, evening):
    reference = sell.hold(office, SHOW, {"Adult": 1}).reference
    for minutes in (10, 20, 30, 40):
        evening(NOW + timedelta(minutes=minutes))
        held = sell.extend(office, reference)
        assert held.held_until == NOW + timedelta(minutes=minutes + 15)
    evening(NOW + timedelta(minutes=50))
    assert sell.extend(office, reference).held_until == NOW + timedelta(minutes=60)
    assert refusal(sell.extend, office, reference).word == "hold-expired"
    evening(NOW + timedelta(minutes=60))
    assert refusal(sell.extend, office, reference).word == "hold-expired"


def test_money_that_is_not_what_is_due_is_refused(office):
    reference = sell.hold(office, SHOW, {"Adult": 1}).reference
    for tender in (Tender("cash", 5000), Tender("cash", 6000), Tender()):
        refused = refusal(sell.pay, office, reference, tender)
        assert refused.word == "amount-mismatch"
        assert refused.message == "55.00 AUD is due; nothing was sold."
    assert sell.pay(office, reference, Tender("cash", 5500)).order.state == "paid"


def test_a_sale_that_is_refused_names_no_order(office):
    """
    The order was made in the same transaction and is gone with it.
    """
    for tender in (Tender("cash", 5000), Tender()):
        refused = refusal(sell.sell, office, SHOW, {"Adult": 1}, tender)
        assert refused.word == "amount-mismatch"
        assert refused.message == "55.00 AUD is due; nothing was sold."


def test_what_a_card_terminal_keeps_is_unknown(office):
    sell.sell(office, SHOW, {"Adult": 1}, Tender("card", reference="slip 7"))
    assert (figures(office)["fees"], figures(office)["net"]) == (None, None)


def test_complimentary_tickets_take_seats_and_cost_nothing(office):
    given = sell.comp(office, SHOW, {"Adult": 2}, buyer=Person("Mia"))
    assert given.order.payments[0].method == "complimentary"
    shown = figures(office)
    assert (shown["tickets_sold"], shown["tickets_comp"], shown["gross"]) == (
        *(2, 2, "0.00"),
    )
    assert shown["discounts"] == "0.00"
    assert is_sound(office)


def test_a_gift_voucher_pays_and_is_spent_once(office):
    code = sell.issue_voucher(office, "gift", 7000, "AUD")
    first = sell.sell(office, SHOW, {"Adult": 1}, Tender(vouchers=[code]))
    assert [(p.method, p.amount) for p in first.order.payments] == [("voucher", 5500)]
    second = sell.sell(office, SHOW, {"Child": 1}, Tender("cash", 500, [code.lower()]))
    assert [p.amount for p in second.order.payments] == [1500, 500]
    spent = refusal(sell.sell, office, SHOW, {"Child": 1}, Tender("cash", None, [code]))
    assert spent.word == "voucher-spent"
    assert figures(office)["gross"] == "5.00"
    assert is_sound(office)


def test_a_discount_voucher_lowers_the_price(office):
    code = sell.issue_voucher(office, "discount", 1001, "AUD")
    tender = Tender("cash", vouchers=[code])
    sold = sell.sell(office, SHOW, {"Adult": 2}, tender)
    assert [t.price for t in sold.order.tickets] == [4999, 5000]
    shown = figures(office)
    assert (shown["gross"], shown["discounts"]) == ("99.99", "10.01")
    assert is_sound(office)


def test_a_refund_voids_returns_and_frees_the_seats(office):
    sold = sell.sell(office, SHOW, {"Adult": 7}, CASH).order.reference
    after = cancel_and_refund.refund(office, sold, Refund(tickets=[2, 3]), "ill")
    assert (after.state, after.returned) == ("paid", 11000)
    shown = figures(office)
    assert (shown["tickets_sold"], shown["gross"], shown["refunded"]) == (
        *(5, "385.00", "110.00"),
    )
    sell.hold(office, SHOW, {"Adult": 2})
    assert cancel_and_refund.refund(office, sold, Refund(), "ill").state == "refunded"
    shown = figures(office)
    assert (shown["tickets_sold"], shown["net"]) == (0, "0.00")
    again = refusal(cancel_and_refund.refund, office, sold, Refund(), "ill")
    assert again.word == "wrong-state"
    assert is_sound(office)


def test_void_and_money_are_two_things(office):
    sold = sell.sell(office, SHOW, {"Adult": 2}, CASH)
    reference = sold.order.reference
    refund = Refund(tickets=[1], amount=1000, keeps_tickets=True)
    cancel_and_refund.refund(office, reference, refund, "bad seat")
    at = checkin.find_scan_point(office.database, SHOW)
    assert checkin.admit(office.database, at, sold.codes[1]).outcome == "admitted"
    cancel_and_refund.refund(
        office, reference, Refund(tickets=[2], amount=0), "no show"
    )
    assert checkin.admit(office.database, at, sold.codes[2]).outcome == "not-valid"
    order = order_of(office, reference)
    assert (order.state, order.returned) == ("paid", 1000)
    too_much = Refund(tickets=[1], amount=10001)
    assert (
        refusal(cancel_and_refund.refund, office, reference, too_much, "").word
        == "amount-mismatch"
    )
    assert is_sound(office)


def test_what_was_paid_by_voucher_goes_back_to_it(office):
    code = sell.issue_voucher(office, "gift", 3000, "AUD")
    sold = sell.sell(office, SHOW, {"Adult": 1}, Tender("cash", vouchers=[code]))
    cancel_and_refund.refund(office, sold.order.reference, Refund(), "ill")
    shown = figures(office)
    assert (shown["gross"], shown["refunded"]) == ("25.00", "25.00")
    again = sell.sell(office, SHOW, {"Adult": 1}, Tender("cash", vouchers=[code]))
    assert [p.amount for p in again.order.payments] == [3000, 2500]
    assert is_sound(office)


def test_a_cancelled_night_plans_its_refunds(office):
    paid = sell.sell(office, SHOW, {"Adult": 2}, CASH)
    held = sell.hold(office, SHOW, {"Child": 1}).reference
    done = cancel_and_refund.cancel_show(office, SHOW, "no power")
    assert (done.held, done.paid, done.planned) == (1, 1, 11000)
    assert order_of(office, held).state == "cancelled"
    order = order_of(office, paid.order.reference)
    assert (order.state, order.returned) == ("paid", 0)
    shown = figures(office)
    assert (shown["tickets_sold"], shown["gross"], shown["refunded"]) == (
        *(0, "110.00", "0.00"),
    )
    assert refusal(sell.hold, office, SHOW, {"Child": 1}).word == "sale-closed"
    after = cancel_and_refund.refund(office, paid.order.reference, Refund(), "no power")
    assert (after.state, after.returned) == ("refunded", 11000)
    assert figures(office)["refunded"] == "110.00"
    assert is_sound(office)


def test_a_cancelled_hold_frees_its_seats(office):
    held = sell.hold(office, SHOW, {"Adult": 7}).reference
    assert (
        cancel_and_refund.cancel(office, held, "changed their mind").state
        == "cancelled"
    )
    sell.hold(office, SHOW, {"Adult": 7})
    assert refusal(cancel_and_refund.cancel, office, held, "").word == "wrong-state"
    sold = sell.sell(office, SHOW, {"Child": 1}, CASH).order.reference
    assert refusal(cancel_and_refund.cancel, office, sold, "").word == "wrong-state"
    assert is_sound(office)


def test_a_buyer_holds_once(office, evening):
    mia = Person("Mia", "Mia@example.org")
    first = sell.hold(office, SHOW, {"Adult": 1}, buyer=mia)
    same = Person(email=" mia@EXAMPLE.org")
    refused = refusal(sell.hold, office, SHOW, {"Child": 1}, buyer=same)
    assert refused.word == "already-pending"
    assert first.reference in refused.message
    sell.hold(office, SHOW, {"Child": 1}, buyer=Person("Ben"))
    evening(NOW + timedelta(minutes=15))
    second = sell.hold(office, SHOW, {"Child": 1}, buyer=same)
    assert order_of(office, first.reference).state == "expired"
    sell.pay(office, second.reference, CASH)
    sell.hold(office, SHOW, {"Child": 1}, buyer=mia)
    assert is_sound(office)


def test_a_buyer_may_hold_twice_where_the_venue_says_so(database):
    settings = Settings(boxoffice=BoxofficeSettings(one_pending_per_buyer=False))
    office = put_on_sale(database, settings=settings)
    for _ in range(2):
        sell.hold(office, SHOW, {"Adult": 1}, buyer=Person("Mia"))


def test_limits_of_numbers_and_times_are_refused_by_name(database, evening):
    office = put_on_sale(
        database,
        NewTier("Pair", 4000, min_quantity=2, max_quantity=4),
        NewTier("Late", 1000, opens_at=NOW + timedelta(minutes=1)),
        terms=Terms(max_per_order=5, closes_at=NOW + timedelta(minutes=2)),
    )
    assert refusal(sell.hold, office, SHOW, {"Pair": 1}).word == "too-few"
    assert refusal(sell.hold, office, SHOW, {}).word == "too-few"
    assert refusal(sell.hold, office, SHOW, {"Pair": 5}).word == "too-many"
    assert refusal(sell.hold, office, SHOW, {"Late": 1}).word == "sale-closed"
    evening(NOW + timedelta(minutes=1))
    refused = refusal(sell.hold, office, SHOW, {"Late": 2, "Pair": 4})
    assert refused.word == "too-many"
    sell.hold(office, SHOW, {"Late": 1})
    evening(NOW + timedelta(minutes=2))
    assert refusal(sell.hold, office, SHOW, {"Late": 1}).word == "sale-closed"
    assert refusal(sell.hold, office, SHOW + 1, {"Late": 1}).word == "not-on-sale"
    with pytest.raises(errors.NotFound, match="no price 'Adult'"):
        sell.hold(office, SHOW, {"Adult": 1})


def test_an_order_of_a_whole_school_is_sold_and_taken_back(database):
    """
    SQLite combines no more than 500 queries in one.
    """
    office = put_on_sale(
        *(database, NewTier("Pupil", 500, max_quantity=600), NewTier("Teacher", 0)),
        capacity=1000,
        terms=Terms(max_per_order=700),
    )
    sold = sell.sell(office, SHOW, {"Pupil": 600, "Teacher": 20}, CASH)
    assert (sold.order.total, len(sold.codes)) == (300_000, 620)
    assert refusal(sell.sell, office, SHOW, {"Pupil": 381}, CASH).left["Pupil"] == 380
    after = cancel_and_refund.refund(office, sold.order.reference, Refund(), "rain")
    assert (after.state, after.returned) == ("refunded", 300_000)
    assert is_sound(office)


def test_seats_in_reserve_are_not_sold(database):
    office = put_on_sale(database, terms=Terms(held_back=2))
    refused = refusal(sell.hold, office, SHOW, {"Adult": 5, "Child": 4})
    assert (refused.word, refused.left) == ("event-full", {"Adult": 7, "Child": 6})


def test_tax_and_fees_of_a_tier_are_parts_of_the_order(database):
    office = put_on_sale(
        database,
        NewTier("Inside", 5500, tax_rate_ppm=100_000, buyer_fee=110),
        NewTier("On top", 1000, tax_rate_ppm=100_000, tax_inclusive=False),
    )
    sold = sell.sell(office, SHOW, {"Inside": 1, "On top": 2}, CASH)
    assert sold.order.total == 5610 + 2 * 1100
    shown = figures(office)
    assert (shown["gross"], shown["face"], shown["tax"]) == ("78.10", "75.00", "7.10")
    assert is_sound(office)


def test_orders_of_members_are_checked_when_held_and_when_paid(database, evening):
    office = put_on_sale(
        database, NewTier("Member", 3500, members_only=True, max_quantity=2)
    )
    with database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO members (number, name, email, from_date, until_date, level)"
            " VALUES ('M1', 'Mia', '', '2026-01-01', '2026-11-27', ''),"
            " ('M2', 'Ben', '', '2026-01-01', '2026-11-26', '')"
        )
    for member in ("", "M2", "M3"):
        refused = refusal(sell.hold, office, SHOW, {"Member": 1}, member=member)
        assert refused.word == "members-only"
    sell.sell(office, SHOW, {"Member": 1}, CASH, member="M1")
    refused = refusal(sell.hold, office, SHOW, {"Member": 2}, member="M1")
    assert refused.word == "too-many"
    held = sell.hold(office, SHOW, {"Member": 1}, member="M1").reference
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE members SET until_date = '2026-11-26'")
    assert refusal(sell.pay, office, held, CASH).word == "members-only"


def test_tickets_of_other_platforms_take_seats(database, evening):
    from support.saved_orders import order, prepare, save, ticket

    prepare(database)
    office = put_on_sale(database)
    with database.read() as connection:
        show = next(
            s for s in _shows(connection) if s.starts_local.startswith("2026-11-27")
        )
    with database.write() as connection:
        connection.exec_driver_sql(
            f"UPDATE show_links SET show_id = {show.id} WHERE occurrence_id = 1"
        )
    save(database, order(*(ticket(n, 2000) for n in range(1, 5))), at=clock.now())
    refused = refusal(sell.hold, office, show.id, {"Adult": 7})
    assert (refused.word, refused.left) == ("event-full", {"Adult": 6, "Child": 6})
    sell.hold(office, show.id, {"Adult": 6})


def _shows(connection):
    from ticketsync.catalogue import shows

    return shows.list_shows(connection)
