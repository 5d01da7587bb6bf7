"""
Vouchers: money, or something off the price, that was given beforehand.

What is spent of one is changed by an UPDATE that names what was spent before it, so
that two who spend it at once cannot both have the last of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from ticketsync.boxoffice import codes, refusals, transitions
from ticketsync.core import errors
from ticketsync.store.boxoffice_states import VOUCHER
from ticketsync.store.tables.boxoffice import vouchers

GIFT, DISCOUNT, COMP = "gift", "discount", "comp"
KINDS = (GIFT, DISCOUNT, COMP)


@dataclass(frozen=True, slots=True)
class Voucher:
    """
    A voucher, without its code; amounts in minor units.
    """

    id: int
    kind: str
    amount: int
    currency: str
    spent: int
    valid_until: datetime | None

    @property
    def left(self) -> int:
        return self.amount - self.spent


def issue(
    connection: Connection,
    kind: str,
    amount: int,
    currency: str,
    valid_until: datetime | None,
    now: datetime,
) -> str:
    """
    Make a voucher; returns its code, which is stored nowhere.

    Raises: `UsageError` for a kind or an amount that cannot be.
    """
    if kind not in KINDS or amount <= 0:
        raise errors.UsageError(
            f"A voucher is one of {', '.join(KINDS)}, and of more than nothing.",
            hint="For example `ticketsync boxoffice voucher 50.00`.",
        )
    code = codes.new_voucher_code()
    row = insert(vouchers).values(
        code=codes.voucher_digest(code),
        kind=kind,
        amount=amount,
        currency=currency,
        valid_until=valid_until,
        created_at=now,
    )
    voucher_id = connection.scalars(row.returning(vouchers.c.id)).one()
    transitions.record(connection, VOUCHER, voucher_id, "", "open", now, reason=kind)
    return code


def find(connection: Connection, code: str, currency: str, now: datetime) -> Voucher:
    """
    The voucher of that code, to be spent now on something in that currency.

    Raises: `UsageError` for what is no code, `SaleRefused` (`voucher-spent`) where
    there is none, nothing is left of it or its time is over.
    """
    query = select(vouchers).where(vouchers.c.code == codes.voucher_digest(code))
    row = connection.execute(query).mappings().first()
    names = Voucher.__dataclass_fields__
    found = Voucher(**{name: row[name] for name in names}) if row else None
    if found is None:
        raise _refused("There is no such voucher.")
    if found.currency != currency:
        raise _refused(f"The voucher is of {found.currency}, the show of {currency}.")
    if found.valid_until is not None and found.valid_until <= now:
        raise _refused("The voucher is not valid any more.")
    if not found.left:
        raise _refused("Nothing is left of the voucher.")
    return found


def spend(connection: Connection, voucher: Voucher, amount: int) -> None:
    """
    Raises: `SaleRefused` (`voucher-spent`) where somebody else has spent of it since.
    """
    changed = connection.execute(
        update(vouchers)
        .where(
            vouchers.c.id == voucher.id,
            vouchers.c.spent == voucher.spent,
            vouchers.c.amount >= voucher.spent + amount,
        )
        .values(spent=voucher.spent + amount)
    )
    if changed.rowcount != 1:
        raise _refused("The voucher was spent elsewhere at this moment.")


def give_back(connection: Connection, voucher_id: int, amount: int) -> None:
    """
    Put back on a voucher what was spent of it.
    """
    connection.execute(
        update(vouchers)
        .where(vouchers.c.id == voucher_id)
        .values(spent=vouchers.c.spent - amount)
    )


def _refused(message: str) -> errors.SaleRefused:
    return refusals.refused(
        refusals.VOUCHER_SPENT, message, hint="Take another way to pay."
    )
