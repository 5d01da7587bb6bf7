"""
Vouchers: money, or something off the price, that was given beforehand.

What is spent of one is changed by an UPDATE that names what was spent before it, so
that two who spend it at once cannot both have the last of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, insert, or_, select, update

from ticketsync.boxoffice import codes, refusals, transitions
from ticketsync.core import errors
from ticketsync.core.money import Money
from ticketsync.store import row_locks
from ticketsync.store.boxoffice_states import VOUCHER
from ticketsync.store.tables.boxoffice import boxoffice_orders, vouchers
from ticketsync.store.upsert import rows_among

GIFT, DISCOUNT, COMP = "gift", "discount", "comp"
KINDS = (GIFT, DISCOUNT, COMP)
OPEN, SPENT, EXPIRED, RETURNED = "open", "spent", "expired", "returned"


@dataclass(frozen=True, slots=True)
class Voucher:
    """
    A voucher, without its code; amounts in minor units. `returned` went back to whoever
    bought it, or is to go back; `order_id` is our id of the order that sold it: `None`
    where nobody recorded what was paid for it.
    """

    id: int
    kind: str
    amount: int
    currency: str
    spent: int
    valid_until: datetime | None
    created_at: datetime
    returned: int
    order_id: int | None

    @property
    def left(self) -> int:
        return self.amount - self.spent - self.returned

    def is_expired(self, now: datetime) -> bool:
        return self.valid_until is not None and self.valid_until <= now

    def state(self, now: datetime) -> str:
        """
        `open`, or why nothing can be paid with it.
        """
        if not self.left:
            return RETURNED if self.returned else SPENT
        return EXPIRED if self.is_expired(now) else OPEN

    def owed(self, now: datetime) -> int:
        """
        What its holder may still demand: of money that was given beforehand.
        """
        return self.left if self.kind == GIFT and not self.is_expired(now) else 0


# A sale reads its order several times: built once.
_VOUCHERS = select(*(vouchers.c[name] for name in Voucher.__dataclass_fields__))
_LEFT = vouchers.c.amount - vouchers.c.spent - vouchers.c.returned


def list_all(connection: Connection, limit: int | None = None) -> list[Voucher]:
    """
    All vouchers, the newest first.
    """
    query = _VOUCHERS.order_by(vouchers.c.id.desc()).limit(limit)
    return [Voucher(**row._mapping) for row in connection.execute(query)]


def read_sold(
    connection: Connection, order_ids: Iterable[int]
) -> Mapping[int, Voucher]:
    """
    The vouchers that these orders sold, by our ids of the orders.
    """
    rows = rows_among(connection, _VOUCHERS, vouchers.c.order_id, order_ids)
    return {row.order_id: Voucher(**row._mapping) for row in rows}


def list_references(
    connection: Connection, listed: Iterable[Voucher]
) -> Mapping[int, str]:
    """
    The references of the orders that sold these, by our ids of them.
    """
    ids = [it.order_id for it in listed if it.order_id is not None]
    query = select(boxoffice_orders.c.id, boxoffice_orders.c.reference)
    rows = rows_among(connection, query, boxoffice_orders.c.id, ids)
    return {row.id: row.reference for row in rows}


def sum_owed(connection: Connection, now: datetime) -> list[Money]:
    """
    What `Voucher.owed` of all vouchers comes to, one amount for each currency.
    """
    is_valid = or_(vouchers.c.valid_until.is_(None), vouchers.c.valid_until > now)
    query = (
        select(vouchers.c.currency, func.sum(_LEFT))
        .where(and_(vouchers.c.kind == GIFT, _LEFT > 0, is_valid))
        .group_by(vouchers.c.currency)
        .order_by(vouchers.c.currency)
    )
    return [Money(int(left), currency) for currency, left in connection.execute(query)]


def has_unsold(connection: Connection) -> bool:
    """
    Whether gift vouchers have paid that no order sold: nobody recorded their money.
    """
    query = select(vouchers.c.id).where(
        vouchers.c.kind == GIFT, vouchers.c.order_id.is_(None), vouchers.c.spent > 0
    )
    return connection.scalar(query.limit(1)) is not None


def issue(
    connection: Connection,
    kind: str,
    amount: int,
    currency: str,
    valid_until: datetime | None,
    now: datetime,
    *,
    order_id: int | None = None,
) -> str:
    """
    Make a voucher, that an order (our id) sells; returns its code, which is stored
    nowhere.

    Raises: what `refuse_impossible` raises; `UsageError` where its time is over before
    it begins: whoever bought it could pay nothing with it.
    """
    refuse_impossible(kind, amount)
    if valid_until is not None and valid_until <= now:
        raise errors.UsageError(
            "The voucher would be over already: nothing could be paid with it.",
            hint="--until is when it ends, in local time; leave it out for a voucher "
            "that does not end.",
        )
    code = codes.new_voucher_code()
    row = insert(vouchers).values(
        code=codes.voucher_digest(code),
        kind=kind,
        amount=amount,
        currency=currency,
        valid_until=valid_until,
        created_at=now,
        order_id=order_id,
    )
    voucher_id = connection.scalars(row.returning(vouchers.c.id)).one()
    transitions.record(connection, VOUCHER, voucher_id, "", OPEN, now, reason=kind)
    return code


def refuse_impossible(kind: str, amount: int) -> None:
    """
    Raises: `UsageError` for a kind or an amount that cannot be.
    """
    example = "For example `ticketsync boxoffice voucher 50.00 --cash`."
    if kind not in KINDS:
        raise errors.UsageError(
            f"A voucher is one of {', '.join(KINDS)}.", hint=example
        )
    if amount <= 0:
        raise errors.UsageError("The amount must be more than 0.", hint=example)


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


def find_number(connection: Connection, typed: str) -> int:
    """
    The number of the voucher with that code.
    """
    query = select(vouchers.c.id).where(vouchers.c.code == codes.voucher_digest(typed))
    return int(connection.scalars(query).one())


def find(connection: Connection, typed: str, currency: str, now: datetime) -> Voucher:
    """
    One of them, to look at; the same refusals.
    """
    return _find(connection, codes.voucher_digest(typed), currency, now)


def _find(connection: Connection, code: bytes, currency: str, now: datetime) -> Voucher:
    query = _VOUCHERS.where(vouchers.c.code == code)
    row = connection.execute(query).first()
    found = Voucher(**row._mapping) if row else None
    if found is None:
        raise _refused("There is no such voucher.", refusals.VOUCHER_INVALID)
    if found.currency != currency:
        raise _refused(
            f"The voucher is of {found.currency}, the show of {currency}.",
            refusals.VOUCHER_INVALID,
        )
    if found.is_expired(now):
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
            amount <= _LEFT,
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


def take_back(connection: Connection, voucher_id: int, amount: int) -> None:
    """
    Take so much of a voucher that was sold back from whoever has it.

    Raises: `SaleRefused` (`amount-mismatch`) where less is left of it.
    """
    changed = connection.execute(
        update(vouchers)
        .where(vouchers.c.id == voucher_id, amount <= _LEFT)
        .values(returned=vouchers.c.returned + amount)
    )
    if changed.rowcount != 1:
        raise refusals.refused(
            refusals.AMOUNT_MISMATCH,
            f"Less than that is left of voucher {voucher_id}.",
            hint="Leave the amount out to return what is left of it.",
        )


def _refused(message: str, word: str) -> errors.SaleRefused:
    return refusals.refused(word, message, hint="Take another way to pay.")
