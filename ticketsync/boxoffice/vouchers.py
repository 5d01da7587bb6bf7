"""
Vouchers: money, or something off the price, that was given beforehand.

What is spent of one is changed by an UPDATE that names what was spent before it, so
that two who spend it at once cannot both have the last of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from ticketsync.boxoffice import codes, refusals, transitions
from ticketsync.core import errors
from ticketsync.store import row_locks
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


def find_all(
    connection: Connection, typed: Sequence[str], currency: str, now: datetime
) -> list[Voucher]:
    """
    The vouchers of these codes, to be spent now on something in that currency; each
    once, however often it was typed. They are locked until the transaction ends.

    Raises: `UsageError` for what is no code, `SaleRefused` (`voucher-invalid`) where
    there is none, it is of another currency or its time is over, (`voucher-spent`)
    where nothing is left of it.
    """
    if not typed:
        return []
    digests = list(dict.fromkeys(map(codes.voucher_digest, typed)))
    query = select(vouchers.c.id).where(vouchers.c.code.in_(digests))
    lock(connection, connection.scalars(query))
    return [_find(connection, code, currency, now) for code in digests]


def lock(connection: Connection, voucher_ids: Iterable[int]) -> None:
    """
    Lock these vouchers until the transaction ends: all that it changes at once, so that
    two orders with the same ones do not wait for each other.
    """
    row_locks.lock(connection, vouchers, voucher_ids)


def find(connection: Connection, typed: str, currency: str, now: datetime) -> Voucher:
    """
    One of them, to look at; the same refusals.
    """
    return _find(connection, codes.voucher_digest(typed), currency, now)


def _find(connection: Connection, code: bytes, currency: str, now: datetime) -> Voucher:
    query = select(vouchers).where(vouchers.c.code == code)
    row = connection.execute(query).mappings().first()
    names = Voucher.__dataclass_fields__
    found = Voucher(**{name: row[name] for name in names}) if row else None
    if found is None:
        raise _refused("There is no such voucher.", refusals.VOUCHER_INVALID)
    if found.currency != currency:
        raise _refused(
            f"The voucher is of {found.currency}, the show of {currency}.",
            refusals.VOUCHER_INVALID,
        )
    if found.valid_until is not None and found.valid_until <= now:
        raise _refused("The voucher is not valid any more.", refusals.VOUCHER_INVALID)
    if not found.left:
        raise _refused("Nothing is left of the voucher.", refusals.VOUCHER_SPENT)
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
        raise _refused(
            "The voucher was spent elsewhere at this moment.", refusals.VOUCHER_SPENT
        )


def give_back(connection: Connection, voucher_id: int, amount: int) -> None:
    """
    Put back on a voucher what was spent of it.
    """
    connection.execute(
        update(vouchers)
        .where(vouchers.c.id == voucher_id)
        .values(spent=vouchers.c.spent - amount)
    )


def _refused(message: str, word: str) -> errors.SaleRefused:
    return refusals.refused(word, message, hint="Take another way to pay.")
