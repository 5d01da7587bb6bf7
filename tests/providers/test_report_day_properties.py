"""
Generated reports with a row for each ticket, fee and return, over several nights and
days: what went back has the days of its rows, and each amount the night that its row
names, as in a model that never saw a file; or the order is set aside by name.
"""

import random
from collections import Counter
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.generated_reports import generated, new_folders
from support.report_folder import GALA, LATE

from ticketsync.sales.allocation import allocate

HEADING = "Order,Show,Starts,Type,Qty,Total,Kind,Day"
KIND = "kind: {sale: [Ticket], refund: [Refund], fee: [Fee]}"
SOLD_ON = "2026-10-01 10:12"
DAYS = ("", "2026-11-03", "2026-11-04", "2026-11-03 15:20")


@dataclass(frozen=True)
class Row:
    """
    One row of a report: a ticket, a fee, or what of them went back, in minor units.
    """

    night: str
    type: str
    amount: int
    kind: str
    day: str


@st.composite
def orders_with_rows(draw):
    """
    The rows of one order: tickets, fees of one night or of none, and returns of them;
    and money that went back without a ticket, of no night.
    """
    rows, backs = [], []
    kinds = st.tuples(st.sampled_from([GALA, LATE]), st.sampled_from("ABC"))
    for night, type_ in draw(st.lists(kinds, min_size=1, max_size=5, unique=True)):
        price = draw(st.integers(100, 9000))
        rows.append(Row(night, type_, price, "Ticket", SOLD_ON))
        if draw(st.booleans()):
            day = draw(st.sampled_from(DAYS))
            backs.append(Row(night, type_, -price, "Refund", day))
    nights = sorted({row.night for row in rows})
    for _ in range(draw(st.integers(0, 3))):
        night = draw(st.sampled_from([*nights, *nights, ","]))
        fee = Row(night, "", draw(st.integers(1, 900)), "Fee", SOLD_ON)
        rows.append(fee)
        if draw(st.booleans()):
            part = draw(st.integers(1, fee.amount))
            day = draw(st.sampled_from(DAYS))
            backs.append(Row(night, "", -part, "Fee", day))
    left = sum(row.amount for row in (*rows, *backs))
    for _ in range(draw(st.integers(0, 2)) if left else 0):
        part = draw(st.integers(1, left))
        backs.append(Row(",", "", -part, "Refund", draw(st.sampled_from(DAYS))))
        left -= part
        if not left:
            break
    return rows, backs


def by_day(backs):
    found = Counter()
    for row in backs:
        found[row.day[:10]] -= row.amount
    return dict(found)


def sums(amounts, place):
    """
    The sums by one part of their keys.
    """
    found = Counter()
    for key, amount in amounts.items():
        found[key[place]] += amount
    return dict(found)


def night_of(occurrence_id):
    if occurrence_id is None:
        return None
    return GALA if occurrence_id.startswith("Gala") else LATE


def by_night(rows):
    """
    The sums by night, and what is of no night.
    """
    found = Counter()
    for row in rows:
        found[row.night] += abs(row.amount)
    return found


def line(row):
    sign = "-" if row.amount < 0 else ""
    amount = f"{sign}{abs(row.amount) // 100}.{abs(row.amount) % 100:02d}"
    number = f"{sign}1" if row.type else ""
    return f"1,{row.night},{row.type},{number},{amount},{row.kind},{row.day}"


@pytest.fixture(scope="module")
def folders():
    with new_folders() as new:
        yield new


def is_about(found, exact, shared):
    """
    Whether sums by night are the exact ones and parts of what is shared by price.
    """
    assert sum(found.values()) == sum(exact.values()) + shared
    return all(0 <= found[night] - exact[night] <= shared for night in (GALA, LATE))


@generated
@given(entries=orders_with_rows(), seed=st.integers(0, 999), is_apart=st.booleans())
def test_days_and_nights_are_those_of_the_rows(folders, entries, seed, is_apart):
    rows, backs = entries
    folder = folders()
    says = (KIND, "repeated_rows: count", "per: {total: row}", "buyer_fee: kept")
    folder.recipe(*says, kind="Kind", placed="Day")
    chance = random.Random(seed)
    if is_apart and backs:
        folder.put("a.csv", HEADING, *map(line, chance.sample(rows, len(rows))))
        folder.put("b.csv", HEADING, *map(line, chance.sample(backs, len(backs))))
    else:
        both = [*rows, *backs]
        folder.put("a.csv", HEADING, *map(line, chance.sample(both, len(both))))
    order = folder.orders()["1"]
    assert not isinstance(order, str), order
    returned = Counter()
    for refund in order.refunds:
        day = refund.refunded_at.date().isoformat() if refund.refunded_at else ""
        returned[day, night_of(refund.occurrence_id)] += refund.amount
        if refund.refunded_at:
            assert refund.face + (refund.buyer_fee or 0) == refund.amount
    assert sums(returned, 0) == by_day(backs)
    charged, refunded = Counter(), Counter()
    for share in allocate(order, b"").shares:
        night = night_of(share.occurrence_id)
        charged[night] += share.charged
        refunded[night] += share.refunded
    assert all(refunded[night] <= charged[night] for night in charged)
    sold, back = by_night(rows), by_night(backs)
    assert is_about(charged, sold, sold.pop(",", 0))
    nights = {row.night for row in rows} - {","}
    if len(nights) > 1:
        assert is_about(refunded, back, back.pop(",", 0))
        assert sums(returned, 1) == +refunded
        for day in by_day(backs):
            of_day = by_night([row for row in backs if row.day[:10] == day])
            found = Counter({n: returned[day, n] for n in (GALA, LATE)})
            assert is_about(found, of_day, of_day.pop(",", 0))
