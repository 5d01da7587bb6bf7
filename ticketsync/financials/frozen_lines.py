"""
The lines of a closed period, as values that add up. Pure.

Every amount of a line is a whole number, so that a period is the sum of its lines and
of those that adjust it later. What is unknown is counted: fees that nobody knows yet
are 0 and one unknown, and the line that makes them known takes the unknown one away.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple, cast

from ticketsync.core import clock
from ticketsync.core.net_formula import net_before_fees

SALE: Final = "sale"
VOUCHER_SALE: Final = "voucher-sale"
SOLD: Final = (SALE, VOUCHER_SALE)
REFUND: Final = "refund"
DISPUTE: Final = "dispute"

Amounts = tuple[int, ...]  # in the order of `AMOUNTS`
Key = tuple[str, int, str, str, int, str]
Bucket = tuple[str, str, str, str, str, int | None]
# How many lines, their amount, the tax in it, the tax that was added to prices.
Taxed = tuple[int, int, int | None, int | None]
Taxes = dict[Bucket, Taxed]


class FrozenLine(NamedTuple):
    """
    A line as it is stored, without its place. See `store.tables.periods`.
    """

    origin_id: int
    kind: str
    effective_on: str
    known_at: datetime
    account_id: int
    account: str
    provider: str
    order_id: str
    reference: str
    show_id: int
    production: str
    venue: str
    starts_local: str
    currency: str
    tickets: int = 0
    comps: int = 0
    face: int = 0
    discount: int = 0
    buyer_fee: int = 0
    addons: int = 0
    donation: int = 0
    voucher: int = 0
    tax_added: int = 0
    unexplained: int = 0
    parts_unknown: int = 0
    charged: int = 0
    refunded: int = 0
    tax: int = 0
    tax_unknown: int = 0
    tax_remitted: int = 0
    fees: int = 0
    fees_unknown: int = 0
    fee_tax: int = 0
    fee_tax_unknown: int = 0
    fees_source: str = ""
    tax_lines: str = "[]"
    content: str = ""
    cause: str = ""
    note: str = ""

    @property
    def key(self) -> Key:
        """
        What the line is of, over all periods: kind, account, order, refund, show,
        currency.
        """
        return (
            *(self.kind, self.account_id, self.order_id, self.reference),
            *(self.show_id, self.currency),
        )

    @property
    def amounts(self) -> Amounts:
        return cast(Amounts, self[_FIRST : _LAST + 1])

    @property
    def effect(self) -> int:
        """
        What the line adds to the net, as far as fees are known.
        """
        amounts = self.charged, self.refunded, self.tax_remitted
        kept: int = net_before_fees(*amounts)
        return kept - self.fees


NAMES: Final = FrozenLine._fields
_FIRST: Final = NAMES.index("tickets")
_LAST: Final = NAMES.index("fee_tax_unknown")
AMOUNTS: Final = NAMES[_FIRST : _LAST + 1]
NOTHING: Final[Amounts] = (0,) * len(AMOUNTS)
FEE_AMOUNTS: Final = ("fees", "fees_unknown", "fee_tax", "fee_tax_unknown")
_KNOWN_AT: Final = NAMES.index("known_at")
# One for all: making it takes longer than a line.
_encode: Final = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode


def added(one: Amounts, other: Amounts) -> Amounts:
    return tuple([a + b for a, b in zip(one, other, strict=True)])


def less(one: Amounts, other: Amounts) -> Amounts:
    """
    What is to be added to the other to get the one.
    """
    return tuple([a - b for a, b in zip(one, other, strict=True)])


def by_key(lines: Iterable[FrozenLine]) -> dict[Key, list[FrozenLine]]:
    found: dict[Key, list[FrozenLine]] = {}
    for line in lines:
        found.setdefault(line.key, []).append(line)
    return found


def sum_of(lines: Iterable[FrozenLine]) -> Amounts:
    total = NOTHING
    for line in lines:
        total = added(total, line.amounts)
    return total


def as_amounts(values: Mapping[str, int]) -> Amounts:
    """
    Amounts by name; those that are not named are 0.
    """
    return tuple(map(values.get, AMOUNTS, NOTHING))


def with_amounts(line: FrozenLine, amounts: Amounts) -> FrozenLine:
    return FrozenLine._make((*line[:_FIRST], *amounts, *line[_LAST + 1 :]))


# How the amounts of a line are taxed


def tax_text(taxes: Taxes) -> str:
    """
    Tax lines as they are stored.
    """
    rows = [[*bucket, *amounts] for bucket, amounts in taxes.items()]
    if len(rows) > 1:
        rows.sort(key=lambda row: [str(part) for part in row])
    return _encode(rows)


def taxes_of(text: str) -> Taxes:
    """
    The tax lines of a stored text.
    """
    found: Taxes = {}
    for flow, kinds, state, words, code, rate, *values in json.loads(text):
        found[flow, kinds, state, words, code, rate] = tuple(values)
    return found


def add_taxes(one: Taxes, other: Taxes, sign: int = 1) -> Taxes:
    """
    The tax lines of both, or of the first without the other where `sign` is -1.
    """
    found = dict(one)
    for bucket, (count, amount, tax, more) in other.items():
        held = found.get(bucket, (0, 0, None, None))
        found[bucket] = (
            held[0] + sign * count,
            held[1] + sign * amount,
            _sum(held[2], tax, sign),
            _sum(held[3], more, sign),
        )
    return {bucket: values for bucket, values in found.items() if any(values)}


def taxes_in(lines: Iterable[FrozenLine]) -> Taxes:
    total: Taxes = {}
    for line in lines:
        if line.tax_lines != "[]":
            total = add_taxes(total, taxes_of(line.tax_lines))
    return total


def _sum(one: int | None, other: int | None, sign: int) -> int | None:
    if one is None and other is None:
        return None
    return (one or 0) + sign * (other or 0)


# Digests


def digest_of(values: Iterable[Any]) -> bytes:
    """
    The digest of values in their order; the same on every machine and database.
    """
    return hashlib.sha256(_encode([*values]).encode()).digest()


def line_digest(period_id: int, number: int, line: tuple[Any, ...]) -> bytes:
    """
    The digest of a line in its place; its instant may be as SQLite stores it.
    """
    values = [period_id, number, *line]
    values[_KNOWN_AT + 2] = as_stored(line[_KNOWN_AT])
    return digest_of(values)


def as_stored(moment: datetime | str) -> str:
    """
    An instant as SQLite stores it.
    """
    return moment if isinstance(moment, str) else str(clock.iso(moment))


def chained(chain: bytes, digest: bytes) -> bytes:
    """
    The next digest of a chain.
    """
    return hashlib.sha256(chain + digest).digest()


def fingerprint(chain: bytes) -> str:
    """
    The beginning of a chain for people: `4f1c-9be2-07aa`.
    """
    digits = chain.hex()
    return "-".join(digits[start : start + 4] for start in (0, 4, 8))
