"""
Closed periods: what was true of a month when it was closed, kept for ever. Written only
by `financials.closed_periods`, and never changed: triggers refuse it
(`store.triggers`).
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint

from ticketsync.store.tables.base import Row, not_negative, one_of, table
from ticketsync.store.types import blob, instant, key, points_to, text, whole


class PeriodRow(Row):
    """
    One closing of a period, or that it was reopened: a row is written for each, so that
    nothing is ever overwritten. A reopened period is closed again as the next version.

    `starts_on` and `ends_on` are days by the calendar of `zone`; `basis` says which day
    decides: that of the sale or of the show. `rules` are the tax rules and fee rates
    that were used, `checklist` what was open, both JSON objects. `program` is the
    version of ticketsync. `digest` is of this row and its lines, `chain` of that and
    all rows before.
    """

    __tablename__ = "periods"
    __table_args__ = table(
        UniqueConstraint("name", "version", "state"),
        one_of("state", "closed", "reopened"),
        one_of("basis", "sale", "show"),
        CheckConstraint("length(starts_on) = 10", "starts_on"),
        CheckConstraint("length(ends_on) = 10", "ends_on"),
        CheckConstraint("starts_on <= ends_on", "days"),
        CheckConstraint("version >= 1", "version"),
        not_negative("line_count"),
    )

    id: int | None = key()
    name: str = text()
    version: int = whole()
    state: str = text()
    starts_on: str = text()
    ends_on: str = text()
    zone: str = text()
    basis: str = text()
    closed_at: datetime = instant()
    closed_by: str = text()
    reason: str = text()
    program: str = text()
    rules: str = text()
    checklist: str = text()
    line_count: int = whole()
    digest: bytes = blob()
    chain: bytes = blob()


class PeriodLineRow(Row):
    """
    One line of a closed period: an order's part for one show, the vouchers it sold
    (voucher-sale, with 0 in `show_id`), or one refund movement of it. Names, days and
    rates are copies, because what they stand for may change.

    A line with a `cause` is an adjustment: what has changed of the period `origin_id`
    since that was closed. `order_id` and `reference` (of a refund) are the platform's;
    `account_id` and `show_id` are ours, without a reference, because these may be
    removed. Amounts are minor units. Instead of an empty amount there is 0 and a count
    of unknown ones, so that lines add up: `fees_unknown`, `tax_unknown` (the tax that
    the platform reports), `fee_tax_unknown`, `parts_unknown`. `tax_lines` is JSON: how
    the amounts are taxed by the rules of that day. `content` identifies the version of
    the order's record in hexadecimal digits.
    """

    __tablename__ = "period_lines"
    __table_args__ = table(
        one_of("kind", "sale", "voucher-sale", "refund", "dispute"),
        one_of(
            "cause",
            *("", "refund-after-close", "refund-reversed", "fee-corrected"),
            *("order-edited", "chargeback", "late-sale", "occurrence-linked"),
            *("occurrence-unlinked", "rule-changed", "rate-changed", "reparsed"),
        ),
        CheckConstraint("(cause = '') = (origin_id = period_id)", "origin"),
        CheckConstraint("number >= 1", "number"),
        CheckConstraint("length(effective_on) = 10", "effective_on"),
        CheckConstraint(
            "parts_unknown <> 0 OR charged = face + buyer_fee + addons + donation"
            " - voucher + tax_added + unexplained",
            name="parts",
        ),
        Index(None, "origin_id"),
    )

    period_id: int = points_to("periods.id", primary_key=True)
    number: int = whole(primary_key=True)
    origin_id: int = points_to("periods.id")
    kind: str = text()
    effective_on: str = text()
    known_at: datetime = instant()
    account_id: int = whole()
    account: str = text()
    provider: str = text()
    order_id: str = text()
    reference: str = text()
    show_id: int = whole()
    production: str = text()
    venue: str = text()
    starts_local: str = text()
    currency: str = text()
    tickets: int = whole()
    comps: int = whole()
    face: int = whole()
    discount: int = whole()
    buyer_fee: int = whole()
    addons: int = whole()
    donation: int = whole()
    voucher: int = whole()
    tax_added: int = whole()
    unexplained: int = whole()
    parts_unknown: int = whole()
    charged: int = whole()
    refunded: int = whole()
    tax: int = whole()
    tax_unknown: int = whole()
    tax_remitted: int = whole()
    fees: int = whole()
    fees_unknown: int = whole()
    fee_tax: int = whole()
    fee_tax_unknown: int = whole()
    fees_source: str = text()
    tax_lines: str = text()
    content: str = text()
    cause: str = text()
    note: str = text()
    digest: bytes = blob()


class DigestRow(Row):
    """
    A chain of digests beside what it is of, so that a row which was removed is missed.
    `number` counts from 1; `chain` is of the digest and the chain before.
    """

    __tablename__ = "digests"
    __table_args__ = table(CheckConstraint("number >= 1", "number"))

    name: str = text(primary_key=True)
    number: int = whole(primary_key=True)
    digest: bytes = blob()
    chain: bytes = blob()
    at: datetime = instant()


periods = PeriodRow.__table__
period_lines = PeriodLineRow.__table__
digests = DigestRow.__table__
