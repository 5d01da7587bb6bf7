"""
Generated orders whose fee, tax, discount, total and refund stand on each of their rows,
over several nights, types, files, cancelled rows and rows that take back: the figures
equal those of a model that never saw a file, in every sequence of the rows, or the
order is set aside where a person could not say it either.
"""

import itertools
import random
from dataclasses import dataclass
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.generated_reports import generated, new_folders
from support.report_folder import GALA, LATE, money

STATUS = "status: {paid: [Sold], cancelled: [Stopped], refunded: [Returned]}"
START = "Order,Show,Starts,Type,Qty"


@dataclass(frozen=True)
class Row:
    """
    `quantity` tickets at `price` in minor units, of which `back` went back.
    """

    night: str
    type: str
    quantity: int
    price: int
    status: str
    back: int
    file: str

    @property
    def cost(self):
        return self.quantity * self.price


@dataclass(frozen=True)
class Order:
    """
    Its amounts in minor units; those that end in `back` went back with its rows.
    """

    number: str
    rows: tuple[Row, ...]
    fee: int
    fee_back: int
    kept: int
    kept_back: int
    discount: int

    @property
    def charged(self):
        """
        The rows that were paid; of an order that never was, all of them.
        """
        return [row for row in self.rows if row.status != "Stopped"] or [*self.rows]

    @property
    def is_paid(self):
        return any(row.status != "Stopped" for row in self.rows)

    @property
    def price(self):
        return sum(row.cost for row in self.charged)

    @property
    def tax(self):
        return self.price // 10

    @property
    def price_back(self):
        return sum(row.back * row.price for row in self.rows)

    @property
    def tax_back(self):
        return self.price_back // 10

    @property
    def has_returns(self):
        return any(row.back for row in self.rows)


@st.composite
def orders(draw, states=("Sold", "Sold", "Sold", "Stopped", "Returned")):
    found = []
    for number in range(draw(st.integers(1, 4))):
        kinds = st.tuples(st.sampled_from([GALA, LATE]), st.sampled_from("AB"))
        status = st.sampled_from(states)
        rows = []
        for n, (night, type_) in enumerate(
            draw(st.lists(kinds, min_size=1, max_size=4, unique=True))
        ):
            state, quantity = draw(status), draw(st.integers(1, 3))
            price = draw(st.integers(5, 90)) * 100 + n  # no two rows cost the same
            file = draw(st.sampled_from("ab"))
            rows.append(Row(night, type_, quantity, price, state, 0, file))
        if all(row.status != "Returned" for row in rows):
            rows = [
                Row(**{**vars_of(row), "back": draw(st.integers(0, row.quantity))})
                if row.status == "Sold"
                else row
                for row in rows
            ]
        fee = draw(st.sampled_from([0, 1, 50, 500]))
        kept = draw(st.sampled_from([0, 7, 300]))
        parts = (
            *(fee, draw(st.integers(0, fee)), kept, draw(st.integers(0, kept))),
            draw(st.integers(0, 300)),
        )
        found.append(Order(f"N{number}", tuple(rows), *parts))
    return found


def vars_of(row):
    return {name: getattr(row, name) for name in Row.__dataclass_fields__}


def amount(minor):
    return f"{'-' if minor < 0 else ''}{abs(minor) // 100}.{abs(minor) % 100:02d}"


@pytest.fixture(scope="module")
def folders():
    with new_folders() as new:
        yield new


def by_night(order):
    found = {}
    for ticket in order.tickets:
        name = ticket.occurrence_id.split(" @ ")[0]
        found[name] = found.get(name, 0) + ticket.face + ticket.fee
    return found


def back_by_night(order):
    return sums_by_night(order, "refunded")


def taxes_by_night(order):
    return sums_by_night(order, "tax_added")


def sums_by_night(order, name):
    found = {}
    for ticket in order.tickets:
        night = ticket.occurrence_id.split(" @ ")[0]
        found[night] = found.get(night, 0) + (getattr(ticket, name) or 0)
    return found


def read(folders, chance, lines, says, columns, heading):
    """
    The orders of these lines by file, in two sequences that give the same.
    """
    results = []
    for _ in range(2):
        folder = folders()
        folder.recipe(*says, drop=() if "total" in columns else ("total",), **columns)
        names = sorted({file for file, _ in lines})
        for name in chance.sample(names, len(names)):
            own = [line for file, line in lines if file == name]
            folder.put(f"{name}.csv", heading, *chance.sample(own, len(own)))
        results.append(folder.orders())
    one, two = (
        {
            id_: "aside"
            if isinstance(order, str)
            else (money(order), by_night(order), order.total_fees, order.tax)
            for id_, order in found.items()
        }
        for found in results
    )
    assert one == two
    return results[0]


def start(order, row, quantity):
    return f"{order.number},{row.night},{row.type},{quantity}"


@generated
@given(made=orders(), seed=st.integers(0, 999), in_files=st.booleans())
@pytest.mark.thorough
def test_fee_tax_and_kept_of_the_order(folders, made, seed, in_files):
    lines = []
    for order in made:
        of_order = ",".join(map(amount, (order.fee, order.tax, order.kept)))
        back = ",".join(
            map(amount, (-order.fee_back, -order.tax_back, -order.kept_back))
        )
        for row in order.rows:
            sold = f"{start(order, row, row.quantity)},{amount(row.cost)},{of_order}"
            lines.append((row.file if in_files else "a", f"{sold},{row.status}"))
            if row.back:
                price = amount(-row.back * row.price)
                line = f"{start(order, row, -row.back)},{price},{back},Sold"
                lines.append(("z" if in_files else "a", line))
    says = (
        *(STATUS, "tax: 'on top'", "order_numbers: folder", "signs: {kept: plus}"),
        "per: {total: row, fee: order, tax: order, kept: order}",
    )
    columns = {"total": "Total", "fee": "Fee", "tax": "Tax", "kept": "Kept"}
    heading = f"{START},Total,Fee,Tax,Kept,State"
    found = read(
        folders,
        random.Random(seed),
        lines,
        says,
        {**columns, "status": "State"},
        heading,
    )
    for order in made:
        check_fees(order, found[order.number])


def check_fees(order, found):
    back = [row for row in order.charged if row.status == "Returned"]
    if back and len(back) < len(order.charged) and (order.fee or order.tax):
        assert isinstance(found, str)  # how much of the fee and the tax went back
        return
    assert not isinstance(found, str), found
    valid = sum(row.quantity - row.back for row in order.rows if row.status == "Sold")
    paid = order.price + order.fee + order.tax
    if not order.is_paid:
        assert money(found) == (0, 0, 0)
        return
    refunded = paid if back else 0
    if order.has_returns:
        refunded = order.price_back + order.fee_back + order.tax_back
    assert money(found) == (valid, paid, refunded)
    assert found.tax == order.tax
    if order.is_paid and refunded <= paid:
        for name, back in back_by_night(found).items():
            assert back <= by_night(found)[name] + taxes_by_night(found)[name]
    assert found.total_fees == order.kept - order.kept_back * order.has_returns
    shares = {}
    for row in order.charged:
        name = row.night.split(",")[0]
        share = row.cost + Fraction(order.fee * row.cost, order.price)
        shares[name] = shares.get(name, 0) + share
    for name, share in shares.items():
        assert abs(by_night(found)[name] - share) <= len(order.rows)


@generated
@given(made=orders(states=("Sold", "Sold", "Stopped")), seed=st.integers(0, 999))
@pytest.mark.thorough
def test_a_discount_and_a_refund_of_the_order(folders, made, seed):
    """
    What went back stands on each row, and is never more than was paid.
    """
    lines, chance = [], random.Random(seed)
    refunds = {
        order.number: chance.choice([0, 1, order.price - order.discount])
        for order in made
    }
    for order in made:
        for row in order.rows:
            of_order = f"{amount(order.discount)},{amount(refunds[order.number])}"
            sold = f"{start(order, row, row.quantity)},{amount(row.price)},{of_order}"
            lines.append((row.file, f"{sold},{row.status}"))
    says = (
        *(STATUS, "order_numbers: folder"),
        # Two prices may be as those of rows by chance.
        "per: {discount: order, refunded: order, price: ticket}",
    )
    columns = {"price": "Each", "discount": "Less", "refunded": "Back"}
    heading = f"{START},Each,Less,Back,State"
    found = read(
        folders,
        random.Random(seed),
        lines,
        says,
        {**columns, "status": "State"},
        heading,
    )
    for order in made:
        is_stopped = any(row.status == "Stopped" for row in order.rows)
        got = found[order.number]
        if is_stopped and refunds[order.number]:
            continue  # whether it was paid then follows from its share
        assert not isinstance(got, str), got
        valid = sum(row.quantity for row in order.rows if row.status == "Sold")
        paid = order.price - order.discount if order.is_paid else 0
        assert money(got) == (valid, paid, refunds[order.number])
        if order.is_paid:
            for name in {row.night.split(",")[0] for row in order.charged}:
                costs = sum(r.cost for r in order.charged if r.night.startswith(name))
                share = costs - Fraction(order.discount * costs, order.price)
                assert abs(by_night(got)[name] - share) <= len(order.rows)


def may_be_renamed(order):
    """
    Whether two files have as many tickets for one night under two types, at one total.
    """
    return any(
        one.file != other.file
        and (one.night, one.quantity) == (other.night, other.quantity)
        for one, other in itertools.combinations(order.rows, 2)
    )


@generated
@given(made=orders(states=("Sold",)), seed=st.integers(0, 999))
@pytest.mark.thorough
def test_a_total_of_the_order_and_what_went_back_of_it(folders, made, seed):
    lines = []
    for order in made:
        for row in order.rows:
            sold = f"{start(order, row, row.quantity)},{amount(order.price)}"
            lines.append((row.file, sold))
            if row.back:
                back = f"{start(order, row, -row.back)},{amount(-order.price_back)}"
                lines.append(("z", back))
    says = ("order_numbers: folder", "per: {total: order}")
    found = read(
        folders, random.Random(seed), lines, says, {"total": "Total"}, f"{START},Total"
    )
    for order in made:
        valid = sum(row.quantity - row.back for row in order.rows)
        figures = (valid, order.price, order.price_back)
        got = found[order.number]
        nights = {row.night for row in order.rows}
        if len(nights) > 1:  # nothing says what each of them cost
            assert isinstance(got, str)
            continue
        if may_be_renamed(order):
            assert isinstance(got, str) or money(got) == figures
            continue
        assert not isinstance(got, str), got
        assert money(got) == figures
        assert by_night(got) == {nights.pop().split(",")[0]: order.price}
