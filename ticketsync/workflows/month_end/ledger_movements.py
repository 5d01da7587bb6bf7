"""
What an order moves for a show, as the ledger wants it, of its tax lines.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from ticketsync.financials.taxing import (
    SUPPLIED,
    TAXED,
    VOUCHER,
    VOUCHER_SOLD,
    TaxLine,
)
from ticketsync.ledger.projection import Movement


@dataclass(frozen=True, slots=True)
class Place:
    """
    Whose movement it is: a show is our id, an order the platform's.
    """

    account: str
    show_id: int
    currency: str
    order_id: str = ""


def make_movement(
    kind: str,
    place: Place,
    day: date,
    amount: int,
    lines: Sequence[TaxLine],
    kept: int = 0,
) -> Movement:
    """
    A movement of minor units, with what its tax lines say of it.
    """
    taxes: dict[str, int] = defaultdict(int)
    for line in lines:
        if line.state == TAXED and line.tax:
            taxes[line.code] += line.tax
    return Movement(
        kind=kind,
        account=place.account,
        day=day,
        show_id=place.show_id,
        currency=place.currency,
        order_id=place.order_id,
        amount=amount,
        voucher=-sum(line.amount for line in lines if line.kinds == (VOUCHER,))
        - sum(_owed_for(line) for line in lines if line.kinds == (VOUCHER_SOLD,)),
        collected=sum(line.amount for line in lines if line.words.startswith(SUPPLIED)),
        kept=kept,
        taxes=taxes,
    )


def _owed_for(line: TaxLine) -> int:
    """
    What is owed for vouchers that were sold: their price without the tax in it.
    """
    return line.amount - (line.tax or 0 if line.state == TAXED else 0)
