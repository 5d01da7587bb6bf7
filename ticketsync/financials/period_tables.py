"""
The lines of a closed period as reports. Pure: they are made of the lines and of nothing
else, so that the same lines give the same report for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ticketsync.core import tables
from ticketsync.core.tables import Column, Kind, Row, Table
from ticketsync.financials import frozen_lines
from ticketsync.financials.frozen_lines import AMOUNTS, SOLD, FrozenLine

_NUMBERS: Final = {
    *("parts_unknown", "tax_unknown", "fees_unknown", "fee_tax_unknown"),
}
_COUNTS: Final = {"tickets", "comps"}
_PARTS: Final = AMOUNTS[AMOUNTS.index("buyer_fee") : AMOUNTS.index("parts_unknown")]
# What is unknown where that many of it are.
_UNKNOWN: Final = {
    **{name: f"{name}_unknown" for name in AMOUNTS if f"{name}_unknown" in AMOUNTS},
    **dict.fromkeys(_PARTS, "parts_unknown"),
}
_KINDS: Final = {
    "effective_on": Kind.DAY,
    "known_at": Kind.INSTANT,
    "starts_local": Kind.LOCAL,
    **dict.fromkeys(("number", "account_id", "show_id", *_NUMBERS), Kind.NUMBER),
    **dict.fromkeys(_COUNTS, Kind.COUNT),
}
_MONEY: Final = {*AMOUNTS} - _NUMBERS - _COUNTS


def _column(name: str) -> Column:
    return Column(name, Kind.MONEY if name in _MONEY else _KINDS.get(name, Kind.TEXT))


_ORDER: Final = ("effective_on", "account", "provider", "order_id")
_SHOW: Final = ("show_id", "production", "venue", "starts_local")
_SOLD: Final = (
    *("tickets", "comps", "currency"),
    *(name for name in AMOUNTS if name in _MONEY - {"refunded"}),
)
LINES: Final = (
    Column("number", Kind.NUMBER),
    Column("origin"),
    *(_column(name) for name in frozen_lines.NAMES if name != "origin_id"),
)
SALES: Final = tuple(map(_column, (*_ORDER, *_SHOW, *_SOLD, "fees_source")))
REFUNDS: Final = tuple(
    map(_column, (*_ORDER, "reference", "kind", *_SHOW, "currency", "refunded"))
)
ADJUSTMENTS: Final = (
    Column("origin"),
    Column("cause"),
    *map(_column, (*_ORDER, "reference", "known_at", *_SHOW, "currency")),
    Column("effect", Kind.MONEY),
    *(_column(name) for name in AMOUNTS if name in _MONEY),
    *map(_column, ("tickets", "comps", "note")),
)
_NOT_SUMMED: Final = {*_PARTS, *_NUMBERS, "fee_tax"}
_SUMS: Final = tuple(name for name in AMOUNTS if name not in _NOT_SUMMED)
SHOWS: Final = (
    *map(_column, (*_SHOW, "account", "provider", "currency", *_SUMS)),
    Column("net", Kind.MONEY),
)
ACCOUNTS: Final = (
    Column("part"),
    *map(_column, ("account", "provider", "currency", *_SUMS)),
    Column("net", Kind.MONEY),
)
_OF_FEES: Final = ("charged", *frozen_lines.FEE_AMOUNTS)
FEES: Final = (
    *map(_column, (*_SHOW, "account", "provider", "fees_source")),
    Column("orders", Kind.COUNT),
    *map(_column, ("currency", *_OF_FEES)),
)
CAUSES: Final = (
    Column("origin"),
    Column("cause"),
    Column("lines", Kind.COUNT),
    Column("currency"),
    Column("effect", Kind.MONEY),
)
OWN: Final = "own"
ADJUSTED: Final = "adjustments"

Names = Mapping[int, str]  # of periods by our id


def lines_table(lines: Sequence[FrozenLine], names: Names) -> Table:
    """
    Every line with everything that is frozen of it, in its place.
    """
    rows = [
        (number, names.get(line.origin_id, ""), *line[1:])
        for number, line in enumerate(lines, start=1)
    ]
    return Table(LINES, rows)


def sales_table(lines: Iterable[FrozenLine]) -> Table:
    """
    What was sold in the period: an order's part for one show in each row, or the
    vouchers it sold, which are no show's.
    """
    return _table(SALES, [ln for ln in lines if not ln.cause and ln.kind in SOLD])


def refunds_table(lines: Iterable[FrozenLine]) -> Table:
    """
    What money went back in the period.
    """
    is_refund = (ln for ln in lines if not ln.cause and ln.kind not in SOLD)
    return _table(REFUNDS, [ln for ln in is_refund if ln.refunded])


def adjustments_table(lines: Iterable[FrozenLine], names: Names) -> Table:
    """
    What changes earlier periods. `effect` is what it adds to the net.
    """
    columns = [column.name for column in ADJUSTMENTS]
    rows = []
    for line in lines:
        if line.cause:
            values = _values(line) | {
                "origin": names.get(line.origin_id, ""),
                "effect": line.effect,
            }
            rows.append(tuple([values[name] for name in columns]))
    return Table(ADJUSTMENTS, rows)


def causes_table(lines: Iterable[FrozenLine], names: Names) -> Table:
    """
    The same summed up by origin, cause and currency.
    """
    rows = [
        (names.get(line.origin_id, ""), line.cause, 1, line.currency, line.effect)
        for line in lines
        if line.cause
    ]
    return tables.grouped(Table(CAUSES, rows), ["origin", "cause"])


def shows_table(lines: Iterable[FrozenLine]) -> Table:
    """
    What the lines of the period come to for each show, account and currency, without
    what adjusts earlier periods.
    """
    keys = (*_SHOW, "account", "provider")
    own = [line for line in lines if not line.cause]
    return _summed(SHOWS, [([getattr(line, k) for k in keys], line) for line in own])


def fees_table(lines: Iterable[FrozenLine]) -> Table:
    """
    What was kept of the sales of the period, for each show and account, by where it is
    known from; empty where it is not known of one order, and then of how many.
    """
    groups: dict[tuple[Any, ...], list[FrozenLine]] = {}
    for line in lines:
        if not line.cause and line.kind in SOLD and (line.charged or line.fees):
            keys = (*_SHOW, "account", "provider", "fees_source", "currency")
            groups.setdefault(tuple(getattr(line, k) for k in keys), []).append(line)
    rows = []
    for group in sorted(groups):
        total = frozen_lines.sum_of(groups[group])
        sums = _with_unknown(dict(zip(AMOUNTS, total, strict=True)))
        *named, currency = group
        amounts = [sums[name] for name in _OF_FEES]
        rows.append((*named, len(groups[group]), currency, *amounts))
    return Table(FEES, rows)


def accounts_table(lines: Iterable[FrozenLine]) -> Table:
    """
    What the period comes to for each account and currency; what adjusts earlier periods
    is apart.
    """
    keyed = [
        ([ADJUSTED if line.cause else OWN, line.account, line.provider], line)
        for line in lines
    ]
    keyed.sort(key=lambda item: item[0][0], reverse=True)
    return _summed(ACCOUNTS, keyed)


def _table(columns: Sequence[Column], lines: Iterable[FrozenLine]) -> Table:
    names = [column.name for column in columns]
    rows: list[Row] = []
    for line in lines:
        values = _values(line)
        rows.append(tuple([values[name] for name in names]))
    return Table(columns, rows)


def _values(line: FrozenLine) -> dict[str, Any]:
    """
    A line by name, with what is unknown empty.
    """
    return _with_unknown(line._asdict())


def _with_unknown(values: dict[str, Any]) -> dict[str, Any]:
    for name, count in _UNKNOWN.items():
        if values[count] > 0:
            values[name] = None
    return values


def _summed(
    columns: Sequence[Column], keyed: Iterable[tuple[list[Any], FrozenLine]]
) -> Table:
    """
    The sums of lines with equal keys and currency, in the order of these; a sum with an
    unknown part is unknown.
    """
    groups: dict[tuple[Any, ...], list[FrozenLine]] = {}
    for key, line in keyed:
        groups.setdefault((*key, line.currency), []).append(line)
    rows = []
    for group in sorted(groups, key=_comparable):
        total = frozen_lines.sum_of(groups[group])
        sums = _with_unknown(dict(zip(AMOUNTS, total, strict=True)))
        fees, net = sums["fees"], None
        if fees is not None:
            net = sum(line.effect for line in groups[group])
        rows.append((*group, *(sums[name] for name in _SUMS), net))
    return Table(columns, rows)


def _comparable(group: tuple[Any, ...]) -> tuple[Any, ...]:
    # Own lines before adjustments.
    return tuple(["" if part == OWN else part for part in group])
