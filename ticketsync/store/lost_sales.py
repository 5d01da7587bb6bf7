"""
Which sales of our own box office a backup lacks, that the database has which it is
about to replace: no platform has them, so no sync brings them back.

Both files are read by plain SQL, whatever schema they have.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ticketsync.core.money import Money, MoneyError
from ticketsync.core.plurals import number_of
from ticketsync.core.redact import safe
from ticketsync.store import untrusted_files

MOST_NAMED: Final = 20
_PAID_ORDERS = (
    "SELECT o.reference, o.total, o.currency, (SELECT coalesce(sum(r.amount), 0)"
    " FROM payments p JOIN payment_refunds r ON r.payment_id = p.id"
    " WHERE p.order_id = o.id AND r.state = 'succeeded'),"
    " (SELECT count(*) FROM boxoffice_tickets t"
    " WHERE t.order_id = o.id AND t.state = 'void')"
    " FROM boxoffice_orders o WHERE o.paid_at IS NOT NULL ORDER BY o.id"
)
# Whatever else stands there is no database of ours.
_UNREADABLE = (sqlite3.DatabaseError, UnicodeDecodeError, MoneyError, TypeError)


@dataclass(frozen=True, slots=True)
class _Order:
    """
    A paid order: what it came to, and what was taken back of it, in minor units and in
    tickets.
    """

    total: Money
    returned: int
    void: int

    def has_lost(self, before: _Order) -> bool:
        """
        Whether more of it was taken back than there was `before`.
        """
        return self.returned > before.returned or self.void > before.void


@dataclass(frozen=True, slots=True)
class LostSales:
    """
    The references of paid orders that a backup lacks, `total` what they came to, and of
    those that it has as they were before something of them was taken back.
    """

    missing: Sequence[str] = ()
    total: Sequence[Money] = ()
    changed: Sequence[str] = ()

    def __bool__(self) -> bool:
        return bool(self.missing or self.changed)

    @property
    def lines(self) -> list[str]:
        """
        What is lost, a sentence for each kind.
        """
        found = []
        if self.missing:
            sums = ", ".join(map(str, self.total))
            found.append(
                f"The backup lacks {number_of(len(self.missing), 'paid order')} of "
                f"your box office, of {sums}: {_named(self.missing)}."
            )
        if self.changed:
            found.append(
                f"Of {number_of(len(self.changed), 'order')} of your box office the "
                "backup does not have what was taken back since: "
                f"{_named(self.changed)}."
            )
        return found

    def as_json(self) -> dict[str, Any]:
        """
        The same for the audit trail; empty where nothing is lost.
        """
        if not self:
            return {}
        return {
            "lost_orders": len(self.missing),
            "lost": [str(it) for it in self.total],
            "lost_returns": len(self.changed),
            "references": [*self.missing, *self.changed][:MOST_NAMED],
        }


def find_lost(backup: Path, present: Path) -> LostSales:
    """
    What of `present`, which may be missing or unreadable, is not in `backup`.
    """
    before, now = _read(backup), _read(present)
    missing = [name for name in now if name not in before]
    sums: dict[str, Money] = {}
    for total in (now[name].total for name in missing):
        before_it = sums.get(total.currency, Money(0, total.currency))
        sums[total.currency] = before_it + total
    return LostSales(
        missing,
        [sums[currency] for currency in sorted(sums)],
        [it for it in now if it in before and now[it].has_lost(before[it])],
    )


def _read(file: Path) -> Mapping[str, _Order]:
    """
    The paid orders of a file by their references; none where it has none to be read.
    """
    if not file.exists():
        return {}
    try:
        with closing(untrusted_files.open_to_read(file)) as connection:
            return {
                str(reference): _Order(Money(total, currency), returned, void)
                for reference, total, currency, returned, void in connection.execute(
                    _PAID_ORDERS
                )
            }
    except _UNREADABLE:
        return {}  # or an earlier schema, without a box office


def _named(references: Sequence[str]) -> str:
    more = len(references) - MOST_NAMED
    named = ", ".join(safe(it) for it in references[:MOST_NAMED])
    return f"{named} and {more:,} more" if more > 0 else named
