"""
Commands of the box office in any order, beside platform sales and a moving clock: after
each of them its state is that of an independent model.
"""

from contextlib import ExitStack
from datetime import timedelta

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text
from support.box_office_model import CHANGES, LIMITS, PRICES, SEATS, Model, Voucher
from support.own_box_office import NOW, put_on_sale
from support.saved_orders import order as platform_order
from support.saved_orders import prepare, ticket

from ticketsync.catalogue import occurrences
from ticketsync.core import clock, errors
from ticketsync.core.records import TicketStatus
from ticketsync.sales import saving
from ticketsync.sales.allocation import allocate
from ticketsync.store import engine
from ticketsync.store.business_zone import get_business_zone
from ticketsync.workflows import recompute_figures
from ticketsync.workflows.boxoffice import (
    availability,
    cancel_and_refund,
    save_own_orders,
    sell,
    sell_vouchers,
)
from ticketsync.workflows.boxoffice.cancel_and_refund import Refund
from ticketsync.workflows.boxoffice.sell import Tender
from ticketsync.workflows.door import checkin

SHOW = 3  # beside the two of the platform's account
WANTED = st.sampled_from(
    [
        *({"Adult": 1}, {"Child": 1}, {"Adult": 3}, {"Adult": 1, "Child": 1}),
        *({"Adult": 2, "Child": 3}, {"Child": 4}, {"Adult": 6}),
    ]
)
METHOD = st.sampled_from(["cash", "card", "cash", ""])
ANY = st.integers(min_value=0, max_value=40)
STATES = {
    "order": "boxoffice_orders",
    "ticket": "boxoffice_tickets",
    "payment": "payments",
    "refund": "payment_refunds",
}
FIGURES = """SELECT tickets_sold, gross, refunded FROM show_financials
    WHERE account_id = (SELECT id FROM accounts WHERE provider = 'boxoffice')"""


class Machine(RuleBasedStateMachine):
    """
    The box office and its model, side by side.
    """

    templates = kind = None

    def __init__(self):
        super().__init__()
        self.now = NOW
        self.model = Model()
        self.stack = ExitStack()
        patch = self.stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(clock, "_now", lambda: self.now)
        place = self.stack.enter_context(self.templates.copied(self.kind, "empty"))
        self.database = engine.open_database(place)
        self.stack.callback(self.database.close)
        prepare(self.database)
        self.office = put_on_sale(self.database)
        with self.database.write() as connection:
            connection.execute(
                text(f"UPDATE show_links SET show_id = {SHOW} WHERE occurrence_id = 1")
            )
            recompute_figures.recompute(connection, self.office.settings, {1, SHOW})
        self.door = checkin.find_scan_point(self.database, SHOW)
        self.sold_elsewhere = {}

    def teardown(self):
        self.stack.close()

    def refused(self, function, *arguments, **options):
        """
        The word of the refusal, and what was returned where there was none.
        """
        try:
            return "", function(self.office, *arguments, **options)
        except errors.SaleRefused as refused:
            return refused.word, None

    def order(self, number):
        return self.model.orders[number % len(self.model.orders)]

    def vouchers(self, numbers):
        found = [
            self.model.vouchers[number % len(self.model.vouchers)]
            for number in numbers
            if self.model.vouchers
        ]
        return list({voucher.code: voucher for voucher in found}.values())

    @rule(minutes=st.sampled_from([1, 5, 14, 15, 61]))
    def wait(self, minutes):
        self.now += timedelta(minutes=minutes)

    @rule(amount=st.sampled_from([1000, 2000, 6000, 20000]))
    def issue_voucher(self, amount):
        code = sell.issue_voucher(self.office, "gift", amount, "AUD")
        self.model.vouchers.append(Voucher(code, amount))

    @rule(
        amount=st.sampled_from([1000, 6000]), method=st.sampled_from(["cash", "card"])
    )
    def sell_voucher(self, amount, method):
        sold = sell_vouchers.sell_voucher(self.office, amount, "AUD", Tender(method))
        made = Voucher(sold.code, amount, 0, sold.order.reference, method)
        self.model.vouchers.append(made)

    @precondition(lambda self: self.model.sold_vouchers)
    @rule(number=ANY)
    def return_voucher(self, number):
        found = self.model.sold_vouchers
        voucher = found[number % len(found)]
        expected = self.model.return_voucher(voucher)
        word, _ = self.refused(
            cancel_and_refund.refund, voucher.reference, Refund(), "back"
        )
        assert word == expected

    @rule(wanted=WANTED)
    def hold(self, wanted):
        expected = self.model.refuse_full(self.now, wanted)
        word, held = self.refused(sell.hold, SHOW, wanted)
        assert word == expected
        if held:
            self.model.add_order(held.reference, self.now, wanted)

    @rule(wanted=WANTED, method=METHOD, of=st.lists(ANY, max_size=2))
    def sell(self, wanted, method, of):
        vouchers = self.vouchers(of)
        total = sum(PRICES[tier] * number for tier, number in wanted.items())
        expected = self.model.refuse_full(self.now, wanted) or self.model.refuse_tender(
            total, method, vouchers
        )
        tender = Tender(method, vouchers=[voucher.code for voucher in vouchers])
        word, sold = self.refused(sell.sell, SHOW, wanted, tender)
        assert word == expected
        if sold:
            order = self.model.add_order(sold.order.reference, self.now, wanted)
            self.model.pay(order, method, vouchers, sold.codes)

    @rule(wanted=WANTED)
    def comp(self, wanted):
        expected = self.model.refuse_full(self.now, wanted)
        word, given = self.refused(sell.comp, SHOW, wanted)
        assert word == expected
        if given:
            order = self.model.add_order(
                given.order.reference, self.now, wanted, is_free=True
            )
            self.model.pay(order, "", [], given.codes)

    @precondition(lambda self: self.model.orders)
    @rule(number=ANY, method=METHOD, of=st.lists(ANY, max_size=2))
    def pay(self, number, method, of):
        order, vouchers = self.order(number), self.vouchers(of)
        expected = self.model.refuse_payment(order, self.now, method, vouchers)
        tender = Tender(method, vouchers=[voucher.code for voucher in vouchers])
        word, sold = self.refused(sell.pay, order.reference, tender)
        assert word == expected
        if sold:
            self.model.pay(order, method, vouchers, sold.codes)

    @precondition(lambda self: self.model.orders)
    @rule(number=ANY)
    def extend(self, number):
        order = self.order(number)
        word, _ = self.refused(sell.extend, order.reference)
        assert word == self.model.extend(order, self.now)

    @precondition(lambda self: self.model.orders)
    @rule(number=ANY)
    def cancel(self, number):
        order = self.order(number)
        word, _ = self.refused(cancel_and_refund.cancel, order.reference, "changed")
        assert word == self.model.cancel(order)

    @rule()
    def expire(self):
        assert set(cancel_and_refund.expire(self.office)) == self.model.expire(self.now)

    @precondition(lambda self: self.model.orders)
    @rule(number=ANY)
    def refund(self, number):
        order = self.order(number)
        word, _ = self.refused(
            cancel_and_refund.refund, order.reference, Refund(), "ill"
        )
        assert word == self.model.refund(order, order.valid, order.kept)

    @precondition(lambda self: self.model.orders)
    @rule(number=ANY, of=ANY)
    def refund_a_ticket(self, number, of):
        order = self.order(number)
        place = of % len(order.tickets)
        if order.state == "paid" and order.tickets[place].is_void:
            return
        wanted = Refund(tickets=[place + 1])
        word, _ = self.refused(cancel_and_refund.refund, order.reference, wanted, "ill")
        chosen = order.tickets[place]
        amount = min(order.kept, chosen.price)
        assert word == self.model.refund(order, [chosen], amount)

    @precondition(lambda self: self.model.orders)
    @rule(number=ANY, amount=st.sampled_from([1, 500, 5500]))
    def return_money(self, number, amount):
        order = self.order(number)
        if order.state == "paid" and not order.kept:
            return
        amount = min(amount, order.kept or amount)
        wanted = Refund(amount=amount, keeps_tickets=True)
        word, _ = self.refused(
            cancel_and_refund.refund, order.reference, wanted, "bad seat"
        )
        assert word == self.model.refund(order, [], amount, keeps_tickets=True)

    @rule(number=ANY)
    def scan(self, number):
        issued = [it for order in self.model.orders for it in order.tickets if it.code]
        if issued:
            chosen = issued[number % len(issued)]
            found = checkin.admit(self.database, self.door, chosen.code)
            assert found.outcome == self.model.scan(chosen)

    @rule(number=st.integers(min_value=1, max_value=3))
    def sell_elsewhere(self, number):
        place = len(self.sold_elsewhere)
        self.sold_elsewhere[f"or_{place}"] = [(place, n) for n in range(number)]
        self.save_elsewhere(f"or_{place}")
        self.model.elsewhere += number

    @precondition(lambda self: self.model.elsewhere)
    @rule(number=ANY)
    def void_elsewhere(self, number):
        found = [id_ for id_, tickets in self.sold_elsewhere.items() if tickets]
        id_ = found[number % len(found)]
        self.save_elsewhere(id_, status=TicketStatus.VOID)
        self.model.elsewhere -= len(self.sold_elsewhere[id_])
        self.sold_elsewhere[id_] = []

    def save_elsewhere(self, id_, **more):
        """
        Save an order of the platform, as a sync does.
        """
        tickets = []
        for place, n in self.sold_elsewhere[id_]:
            one = ticket(place * 10 + n, 2000)
            tickets.append(type(one)(**{**fields_of(one), **more}))
        saved = allocate(platform_order(*tickets, id_=id_), f"{id_}{more}".encode())
        with self.database.write() as connection:
            saving.save_orders(
                *(connection, 1, [saved]),
                occurrences.get_occurrence_ids(connection, 1),
                self.now,
                zone=get_business_zone(connection),
            )
            recompute_figures.recompute(connection, self.office.settings, {SHOW})

    def rows(self, query):
        with self.database.read() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    @invariant()
    def i01_figures_are_those_of_the_model_and_of_a_recomputation(self):
        found = self.rows(FIGURES) or [(0, 0, 0)]
        assert found == [self.model.figures()]
        with self.database.read() as connection:
            account = save_own_orders.find_account(connection)
            assert save_own_orders.find_differing(connection, account) == []
        with self.database.write() as connection:
            settings = self.office.settings
            assert recompute_figures.recompute(connection, settings, {SHOW}) == 0

    @invariant()
    def i06_seats_sold_and_held_are_those_of_the_model(self):
        with self.database.read() as connection:
            found = availability.get_availability(connection, SHOW)
        taken, names = found.taken, {it.tier.id: it.tier.name for it in found.tiers}
        for id_, name in names.items():
            number = taken.of_tier(id_)
            assert number == self.model.taken(self.now, name) <= LIMITS[name]
        own = self.model.taken(self.now)
        assert taken.elsewhere == self.model.elsewhere
        assert taken.total == own + self.model.elsewhere
        assert own <= SEATS
        assert found.left == max(0, SEATS - own - self.model.elsewhere)

    @invariant()
    def i16_states_change_only_as_they_may(self):
        now = {}
        for kind, row_id, old, new in self.rows(
            "SELECT kind, row_id, from_state, to_state FROM boxoffice_history"
            " ORDER BY id"
        ):
            assert (old, new) in CHANGES[kind]
            assert now.get((kind, row_id), "") == old
            now[kind, row_id] = new
        for kind, table in STATES.items():
            states = dict(self.rows(f"SELECT id, state FROM {table}"))
            assert states == {id_: now[k, id_] for k, id_ in now if k == kind}
        states = dict(self.rows("SELECT reference, state FROM boxoffice_orders"))
        placed = [*self.model.orders, *self.model.sold_vouchers]
        assert states == {it.reference: it.state for it in placed}

    @invariant()
    def i17_every_payment_is_of_one_order_that_was_paid(self):
        paid = {}
        for reference, method, amount, returned in self.rows(
            "SELECT o.reference, p.method, p.amount, (SELECT COALESCE(SUM(r.amount), 0)"
            " FROM payment_refunds r WHERE r.payment_id = p.id)"
            " FROM payments p JOIN boxoffice_orders o ON o.id = p.order_id"
            " WHERE p.method <> 'complimentary' ORDER BY p.id"
        ):
            paid.setdefault(reference, []).append((method, amount, returned))
        assert paid == {
            order.reference: [(p.method, p.amount, p.returned) for p in order.payments]
            for order in self.model.orders
            if order.payments
        } | {
            it.reference: [(it.method, it.amount, it.returned)]
            for it in self.model.sold_vouchers
        }
        for order in self.model.orders:
            received = sum(payment.amount for payment in order.payments)
            is_sold = order.state in ("paid", "refunded")
            assert received == (order.total if is_sold else 0)
        found = self.rows("SELECT spent, returned FROM vouchers ORDER BY id")
        assert found == [(it.spent, it.returned) for it in self.model.vouchers]

    @invariant()
    def f50_what_vouchers_were_sold_for_is_apart_among_all_orders(self):
        found = self.rows(
            "SELECT o.provider_id, t.charged, t.refunded FROM tickets t JOIN orders o"
            " ON o.id = t.order_id WHERE t.kind = 'voucher-sale' ORDER BY t.id"
        )
        assert found == [
            (it.reference, it.amount, it.returned) for it in self.model.sold_vouchers
        ]


def fields_of(value):
    return {name: getattr(value, name) for name in value.__struct_fields__}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize(
    ("examples", "steps"), [(5, 20), pytest.param(150, 60, marks=pytest.mark.drill)]
)
def test_f94_f95_f97_the_box_office_does_what_its_model_does(
    templates, kind, examples, steps
):
    class OfKind(Machine):
        pass

    OfKind.templates, OfKind.kind = templates, kind
    run_state_machine_as_test(
        OfKind,
        settings=hypothesis.settings(
            max_examples=examples,
            stateful_step_count=steps,
            suppress_health_check=list(hypothesis.HealthCheck),
        ),
    )
