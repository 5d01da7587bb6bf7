"""
What is on sale: the shows that we sell ourselves, and their price tiers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select, update

from ticketsync.boxoffice import refusals
from ticketsync.core import clock, errors
from ticketsync.core.redact import safe
from ticketsync.store import audit
from ticketsync.store.audit import Decision
from ticketsync.store.tables.boxoffice import (
    boxoffice_order_lines,
    price_tiers,
)
from ticketsync.store.tables.boxoffice_shows import boxoffice_shows
from ticketsync.store.tables.catalogue import occurrences, productions, shows
from ticketsync.store.upsert import upsert

LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Terms:
    """
    How a show is sold; what is `None` stays as it is, or is the default for a new one.
    """

    capacity: int | None = None
    held_back: int | None = None
    counts_other_platforms: bool | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    hold_minutes: int | None = None
    max_per_order: int | None = None
    one_pending_per_buyer: bool | None = None


@dataclass(frozen=True, slots=True)
class ShowOnSale:
    """
    A show that we sell ourselves. `capacity` is the box office's own or the show's, by
    whatever is set; `provider_occurrence_id` the id under which its orders are kept.
    """

    show_id: int
    production: str
    starts_local: str
    timezone: str
    currency: str
    account_id: int
    occurrence_id: int
    provider_occurrence_id: str
    capacity: int | None
    held_back: int
    counts_other_platforms: bool
    opens_at: datetime | None
    closes_at: datetime | None
    hold_minutes: int
    max_per_order: int
    one_pending_per_buyer: bool

    @property
    def name(self) -> str:
        return f"{self.production} {self.starts_local}"

    @property
    def day(self) -> str:
        """
        The calendar day on which it plays: `2026-11-27`.
        """
        return self.starts_local[:10]

    @property
    def hold(self) -> timedelta:
        return timedelta(minutes=self.hold_minutes)

    def is_open(self, now: datetime) -> bool:
        return _is_within(now, self.opens_at, self.closes_at)


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
        return is_there and _is_within(now, self.opens_at, self.closes_at)


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


def _is_within(now: datetime, start: datetime | None, end: datetime | None) -> bool:
    return (start is None or start <= now) and (end is None or now < end)


def get_show(connection: Connection, show_id: int) -> ShowOnSale:
    """
    The show as it is sold here.

    Raises: `SaleRefused` (`not-on-sale`) where we do not sell it.
    """
    for found in _shows(connection, _query().where(shows.c.id == show_id)):
        return found
    raise refusals.refused(
        refusals.NOT_ON_SALE,
        "Your box office does not sell that show.",
        hint=f"Run `ticketsync boxoffice open {show_id}`.",
    )


def list_shows(connection: Connection) -> list[ShowOnSale]:
    """
    All shows that we sell or sold ourselves, in the order they play.
    """
    return list(_shows(connection, _query().order_by(shows.c.starts_at, shows.c.id)))


def _query() -> Select[Any]:
    own = ("account_id", "occurrence_id", "held_back", "counts_other_platforms")
    more = ("opens_at", "closes_at", "hold_minutes", "max_per_order")
    return (
        select(
            shows.c.id.label("show_id"),
            productions.c.title.label("production"),
            shows.c.starts_local,
            shows.c.timezone,
            shows.c.currency,
            occurrences.c.provider_id.label("provider_occurrence_id"),
            func.coalesce(boxoffice_shows.c.capacity, shows.c.capacity).label(
                "capacity"
            ),
            *(boxoffice_shows.c[name] for name in (*own, *more)),
            boxoffice_shows.c.one_pending_per_buyer,
        )
        .join(shows, shows.c.id == boxoffice_shows.c.show_id)
        .join(productions, productions.c.id == shows.c.production_id)
        .join(occurrences, occurrences.c.id == boxoffice_shows.c.occurrence_id)
    )


def _shows(connection: Connection, query: Select[Any]) -> Iterable[ShowOnSale]:
    return (ShowOnSale(**row._mapping) for row in connection.execute(query))


def put_on_sale(
    connection: Connection,
    show_id: int,
    account_id: int,
    occurrence_id: int,
    terms: Terms,
) -> None:
    """
    Put a show on sale on these terms, or change those of one that is. One that was
    closed is open again.
    """
    query = select(boxoffice_shows).where(boxoffice_shows.c.show_id == show_id)
    held = connection.execute(query).mappings().first()
    given = {
        name: value
        for name in Terms.__dataclass_fields__
        if (value := getattr(terms, name)) is not None
    }
    row: dict[str, Any] = dict(held) if held else {"show_id": show_id}
    row |= {"account_id": account_id, "occurrence_id": occurrence_id}
    if held and held["closes_at"] is not None and held["closes_at"] <= clock.now():
        row["closes_at"] = None
    row |= given
    if held:
        changed = {name: value for name, value in row.items() if value != held[name]}
        if changed:
            connection.execute(
                update(boxoffice_shows)
                .where(boxoffice_shows.c.show_id == show_id)
                .values(**changed)
            )
    else:
        connection.execute(insert(boxoffice_shows).values(**row))
    _record(connection, "open", show_id, given)


def close_sale(connection: Connection, show_id: int, now: datetime) -> None:
    """
    Stop selling a show; what was sold stays, and holds may still be paid.
    """
    connection.execute(
        update(boxoffice_shows)
        .where(boxoffice_shows.c.show_id == show_id)
        .values(closes_at=now)
    )
    _record(connection, "close", show_id, {"closes_at": now})


def _record(
    connection: Connection, action: str, show_id: int, values: dict[str, Any]
) -> None:
    show = get_show(connection, show_id)
    decision = Decision(f"sale-{action}", "show", show.name, show_id, after=values)
    audit.record(connection, decision)


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
