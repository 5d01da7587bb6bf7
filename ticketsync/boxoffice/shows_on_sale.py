"""
What is on sale: the shows that we sell ourselves, and on what terms.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select, update

from ticketsync.boxoffice import refusals
from ticketsync.core import clock
from ticketsync.store import audit
from ticketsync.store.audit import Decision
from ticketsync.store.tables.boxoffice_shows import boxoffice_shows
from ticketsync.store.tables.catalogue import occurrences, productions, shows


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
        return is_within(now, self.opens_at, self.closes_at)


def is_within(now: datetime, start: datetime | None, end: datetime | None) -> bool:
    """
    Whether a sale with these limits is open: the start is within it, the end is not.
    """
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
