"""
Adjustments by hand: closed lines, what the orders say now, and what is left with its
cause.
"""

from datetime import UTC, datetime

import pytest

from ticketsync.core import errors
from ticketsync.core.periods import parse_period
from ticketsync.financials import adjusting, frozen_lines, period_order
from ticketsync.financials.adjusting import CauseContext, OrderFacts
from ticketsync.financials.frozen_lines import FrozenLine

BEFORE = datetime(2026, 10, 5, tzinfo=UTC)
CLOSED = datetime(2026, 11, 2, tzinfo=UTC)
AFTER = datetime(2026, 11, 9, tzinfo=UTC)


def line(kind="sale", known_at=BEFORE, content="a", fees_source="reported", **amounts):
    """
    A line of order or_1 of period 7.
    """
    found = FrozenLine(
        origin_id=7,
        kind=kind,
        effective_on="2026-10-05",
        known_at=known_at,
        account_id=1,
        account="tt",
        provider="ticket_tailor",
        order_id="or_1",
        reference="" if kind == "sale" else "re_1#1",
        show_id=3,
        production="Gala",
        venue="The Lantern Room",
        starts_local="2026-11-28 19:30",
        currency="AUD",
        content=content,
        fees_source=fees_source,
    )
    values = {"face": amounts.get("charged", 0), **amounts}
    return frozen_lines.with_amounts(found, frozen_lines.as_amounts(values))


def adjusted(closed, present, *, first=BEFORE, known=BEFORE, content="a"):
    facts = {(1, "or_1"): OrderFacts(first, known, content)}
    since = CauseContext(closed_at=CLOSED, facts=facts, now=AFTER)
    found = adjusting.adjust(closed, present, since)
    return {item.cause: item.effect for item in found}


SOLD = line(charged=6000, fees=100)
TO_VOUCHER = """[["refund","voucher","outside","redeemed","",null,1,1000,null,null]]"""


@pytest.mark.parametrize(
    ("closed", "present", "facts", "expected"),
    [
        ([SOLD], [SOLD], {}, {}),
        ([], [], {}, {}),
        (
            [SOLD],
            [line(charged=5000, fees=100, known_at=AFTER, content="b")],
            {},
            {"order-edited": -1000},
        ),
        (
            [SOLD],
            [line(charged=5000, fees=100, known_at=AFTER)],
            {},
            {"reparsed": -1000},
        ),
        (
            [SOLD],
            [line(charged=6000, fees=35, known_at=AFTER, content="b")],
            {},
            {"fee-corrected": 65},
        ),
        (
            [SOLD],
            [line(charged=5000, fees=35, known_at=AFTER, content="b")],
            {},
            {"order-edited": -1000, "fee-corrected": 65},
        ),
        (
            [line(charged=6000, fees=30, fees_source="schedule")],
            [line(charged=6000, fees=50, fees_source="schedule")],
            {},
            {"rate-changed": -20},
        ),
        (
            [line(charged=6000, fees=60, fees_source="schedule")],
            [
                line(
                    *("sale", AFTER, "b", "schedule"),
                    charged=5000,
                    fees=50,
                )
            ],
            {},
            {"order-edited": -990},  # the fee follows the price
        ),
        ([SOLD], [], {}, {"occurrence-unlinked": -5900}),
        ([SOLD], [], {"known": AFTER, "content": "b"}, {"order-edited": -5900}),
        ([], [SOLD], {}, {"occurrence-linked": 5900}),
        ([], [SOLD], {"first": AFTER, "known": AFTER}, {"late-sale": 5900}),
        (
            [SOLD],
            [SOLD, line("refund", AFTER, refunded=6000)],
            {},
            {"refund-after-close": -6000},
        ),
        (
            [SOLD],
            [SOLD, line("refund", AFTER, refunded=-500)],
            {},
            {"refund-reversed": 500},
        ),
        (
            [SOLD],
            [SOLD, line("dispute", AFTER, refunded=6000)],
            {},
            {"chargeback": -6000},
        ),
        # It was there when its sale was closed, and is counted only now.
        (
            [SOLD],
            [SOLD, line("refund", refunded=6000)],
            {},
            {"reparsed": -6000},
        ),
        (
            [SOLD, line(charged=-6000, fees=-100)],
            [line("refund", refunded=6000)],
            {},
            {"occurrence-linked": -6000},
        ),
        # A voucher got back what it had paid: no money, but tax.
        (
            [SOLD],
            [SOLD, line("refund", AFTER)._replace(tax_lines=TO_VOUCHER)],
            {},
            {"refund-after-close": 0},
        ),
        # What an adjustment has brought in line already is not a difference.
        ([SOLD, line(charged=-1000)], [line(charged=5000, fees=100)], {}, {}),
        # Nor is what went and came back.
        ([SOLD, line(charged=-6000, fees=-100)], [], {}, {}),
    ],
)
def test_what_has_changed_has_its_cause(closed, present, facts, expected):
    assert adjusted(closed, present, **facts) == expected


def test_a_fee_that_becomes_known_takes_the_unknown_one_away():
    closed = line(charged=6000, fees_unknown=1, fees_source="unknown")
    now = line(charged=6000, fees=150, known_at=AFTER, content="b")
    facts = {(1, "or_1"): OrderFacts(BEFORE, AFTER, "b")}
    since = CauseContext(closed_at=CLOSED, facts=facts, now=AFTER)
    (found,) = adjusting.adjust([closed], [now], since)
    assert (found.cause, found.fees, found.fees_unknown) == ("fee-corrected", 150, -1)
    total = frozen_lines.sum_of([closed, found])
    assert total == now.amounts


def test_a_digest_is_the_same_on_every_machine():
    """
    Worked out once and written down: it must not change with a new version.
    """
    digest = frozen_lines.line_digest(1, 1, SOLD)
    assert digest == frozen_lines.line_digest(1, 1, tuple(SOLD))
    as_text = SOLD._replace(known_at="2026-10-05T00:00:00Z")
    assert digest == frozen_lines.line_digest(1, 1, as_text)
    assert digest != frozen_lines.line_digest(1, 2, SOLD)
    assert frozen_lines.fingerprint(bytes.fromhex("4f1c9be207aa55")) == "4f1c-9be2-07aa"
    # sha256 of `["a",1,null]`
    assert frozen_lines.digest_of(["a", 1, None]).hex() == (
        "0ae764bffd3a17b6454c8d9ebf712311d9b92efce67a4e4ea4f095fc05ed0122"
    )


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("2026-10", "2026-10"),
        ("2026-10-01..2026-10-31", "2026-10"),
        ("2026-q4", "2026-Q4"),
        ("2026-10..2026-12", "2026-Q4"),
        ("2026", "2026"),
        ("2026-02-28", "2026-02-28"),
        ("2026-10-01..2026-10-15", "2026-10-01..2026-10-15"),
        ("2026-11..2027-01", "2026-11-01..2027-01-31"),
    ],
)
def test_how_a_period_is_named(written, name):
    assert period_order.name_of(parse_period(written)) == name


def test_a_period_without_an_end_has_no_name():
    with pytest.raises(errors.UsageError):
        period_order.name_of(parse_period("2026-10.."))
