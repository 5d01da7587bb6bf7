"""
The price tiers of a show on sale: what one ticket costs, for whom and until when.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from ticketsync.boxoffice.shows_on_sale import ShowOnSale, is_within
from ticketsync.core import errors
from ticketsync.core.redact import safe
from ticketsync.store import audit
from ticketsync.store.audit import Decision
from ticketsync.store.tables.boxoffice import (
    boxoffice_order_lines,
    price_tiers,
)
from ticketsync.store.upsert import upsert

LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Tier:
    """
    A price tier; amounts in minor units. `tax_rate_ppm` is `None` where the venue has
    not said it.
    """

    id: int
    show_id: int
    name: str
    price: int
    currency: str
    capacity: int | None
    min_quantity: int
    max_quantity: int
    opens_at: datetime | None
    closes_at: datetime | None
    members_only: bool
    tax_rate_ppm: int | None
    tax_inclusive: bool
    buyer_fee: int
    position: int
    retired_at: datetime | None

    def is_open(self, now: datetime) -> bool:
        is_there = self.retired_at is None
        return is_there and is_within(now, self.opens_at, self.closes_at)


@dataclass(frozen=True, slots=True)
class NewTier:
    """
    A tier to be put on sale, in minor units of the show's currency.
    """

    name: str
    price: int
    capacity: int | None = None
    min_quantity: int = 1
    max_quantity: int = 20
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    members_only: bool = False
    tax_rate_ppm: int | None = None
    tax_inclusive: bool = True
    buyer_fee: int = 0


def list_tiers(connection: Connection, show_id: int) -> list[Tier]:
    """
    The tiers of a show in the order in which they are offered, retired ones included.
    """
    query = (
        select(price_tiers)
        .where(price_tiers.c.show_id == show_id)
        .order_by(price_tiers.c.position, price_tiers.c.id)
    )
    return [Tier(**row._mapping) for row in connection.execute(query)]


def add_tiers(
    connection: Connection, show: ShowOnSale, added: Sequence[NewTier]
) -> None:
    """
    Put these tiers on sale. One of that name is changed, as long as nobody has ordered
    it: the price of what was sold, its fee and its tax never change.

    Raises: `UsageError` for names or numbers that cannot be, `GuardRefused`
    (`tier-sold`) where it was ordered already at another price, fee or tax.
    """
    refuse_impossible(added)
    held = {_known_as(tier): tier for tier in list_tiers(connection, show.show_id)}
    rows = []
    for number, new in enumerate(added, len(held) + 1):
        old = held.get(_known_as(new))
        if old is not None and _money_of(old) != _money_of(new):
            _refuse_sold(connection, old)
        rows.append(
            {
                "show_id": show.show_id,
                "currency": show.currency,
                "position": old.position if old else number,
                "retired_at": None,
                **{name: getattr(new, name) for name in NewTier.__dataclass_fields__},
                "name": old.name if old else new.name.strip(),
            }
        )
        values = {"price": new.price, "currency": show.currency, "name": new.name}
        audit.record(
            connection,
            Decision("add-tier", "show", show.name, show.show_id, after=values),
        )
    upsert(connection, price_tiers, rows, key=("show_id", "name"), keep=("position",))


def _known_as(tier: Tier | NewTier) -> str:
    """
    The name of a tier as it is compared: nobody tells `Adult` from `adult`.
    """
    return tier.name.strip().casefold()


def refuse_impossible(added: Sequence[NewTier]) -> None:
    """
    Raises: `UsageError` for names or numbers that cannot be, and for a tier that is
    named twice.
    """
    for new in added:
        _refuse_impossible(new)
    known = Counter(map(_known_as, added))
    for new in added:
        if known[_known_as(new)] > 1:
            raise errors.UsageError(
                f"{safe(new.name.strip())!r} is named twice.",
                hint="Name each price once.",
            )


def _refuse_impossible(new: NewTier) -> None:
    is_number = 1 <= new.min_quantity <= new.max_quantity
    if not is_number or new.price < 0 or new.buyer_fee < 0 or (new.capacity or 0) < 0:
        raise errors.UsageError(
            f"{safe(new.name)!r}: prices and seats are not negative, and of a tier "
            "between its least and its most are sold at once.",
            hint="See `ticketsync boxoffice tiers add --help`.",
        )
    if not new.name.strip() or len(new.name) > LONGEST_NAME:
        raise errors.UsageError(
            f"The name of a tier has 1 to {LONGEST_NAME} characters.",
            hint='For example `--tier "Adult=55.00"`.',
        )


def _money_of(tier: Tier | NewTier) -> tuple[int, int, int | None, bool]:
    """
    What the orders of a tier are computed from, whenever they are read.
    """
    return (tier.price, tier.buyer_fee, tier.tax_rate_ppm, tier.tax_inclusive)


def _refuse_sold(connection: Connection, tier: Tier) -> None:
    query = select(boxoffice_order_lines.c.order_id).where(
        boxoffice_order_lines.c.tier_id == tier.id
    )
    if connection.execute(query.limit(1)).first() is not None:
        raise errors.GuardRefused(
            f"{safe(tier.name)!r} was ordered already: its price, fee and tax never "
            "change.",
            hint="Give them as they are, or add a tier of another name.",
            word="tier-sold",
        )
