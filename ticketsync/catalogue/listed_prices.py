"""
Prices: what each occurrence has on sale, and which prices that had before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from ticketsync.catalogue import ticket_types
from ticketsync.catalogue.ticket_types import ListedTicketType
from ticketsync.core import tables
from ticketsync.core.money import Money
from ticketsync.core.tables import Column, Kind, Table

PRICES = (
    Column("account"),
    Column("occurrence_id"),
    Column("date_id", Kind.ID),
    Column("show_id", Kind.ID),
    Column("name"),
    Column("starts_local", Kind.LOCAL),
    Column("ticket_type_id"),
    Column("ticket_type"),
    Column("price", Kind.MONEY),
    Column("currency"),
    Column("is_minimum", Kind.FLAG),
    Column("quantity", Kind.NUMBER),
    Column("sold", Kind.NUMBER),
    Column("available", Kind.NUMBER),
    Column("status"),
    Column("sale_starts_at", Kind.INSTANT),
    Column("sale_ends_at", Kind.INSTANT),
)
PRICE_STEPS = (
    *(column for column in PRICES if column.name not in ("sold", "available")),
    Column("seen_at", Kind.INSTANT),
)
_STEP = (
    Column("seen_at", Kind.INSTANT),
    Column("price", Kind.MONEY),
    Column("currency"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceStep:
    """
    A price, and when we first saw it; `None` where the platform reports none.
    """

    seen_at: datetime
    price: Money | None
    currency: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketPrice:
    """
    One ticket type of one occurrence. `occurrence_id` and `ticket_type_id` are the
    platform's, `date_id` and `show_id` ours. `steps` are all its prices, the first one
    first; `status` is `gone` where the platform no longer lists it or its occurrence.
    """

    account: str
    occurrence_id: str
    date_id: int
    show_id: int | None
    name: str
    starts_local: str | None
    ticket_type_id: str
    ticket_type: str
    price: Money | None
    currency: str | None
    is_minimum: bool
    quantity: int | None
    sold: int | None
    available: int | None
    status: str
    sale_starts_at: datetime | None
    sale_ends_at: datetime | None
    steps: tuple[PriceStep, ...]

    @property
    def earlier(self) -> tuple[PriceStep, ...]:
        """
        The prices it had before the present one.
        """
        return self.steps[:-1]


def list_prices(
    connection: Connection,
    *,
    show_id: int | None = None,
    account: str | None = None,
) -> list[TicketPrice]:
    """
    Ticket types by the start of their occurrence: all, or those of one show or account.
    """
    found = ticket_types.list_ticket_types(connection, show_id=show_id, account=account)
    return [_price(kind) for kind in found]


def prices_table(prices: Iterable[TicketPrice]) -> Table:
    """
    One row for each ticket type, at its present price.
    """
    return tables.of_values(PRICES, prices)


def steps_table(prices: Iterable[TicketPrice]) -> Table:
    """
    One row for each price that a ticket type has or had.
    """
    same = [column.name for column in PRICES]
    rows = []
    for item in prices:
        of_type = dict(
            zip(same, next(iter(tables.of_values(PRICES, [item]).rows)), strict=True)
        )
        for step in item.steps:
            minor = None if step.price is None else step.price.minor
            of_step = {
                "price": minor,
                "currency": step.currency,
                "seen_at": step.seen_at,
            }
            values = {**of_type, **of_step}
            rows.append(tuple(values[column.name] for column in PRICE_STEPS))
    return Table(PRICE_STEPS, rows)


def as_json(prices: Sequence[TicketPrice]) -> list[dict[str, Any]]:
    """
    The stable JSON shape: each ticket type with all its prices.
    """
    rows = tables.records(prices_table(prices))
    return [
        {**row, "prices": [tables.record(_STEP, step) for step in item.steps]}
        for row, item in zip(rows, prices, strict=True)
    ]


def _price(kind: ListedTicketType) -> TicketPrice:
    return TicketPrice(
        account=kind.account,
        occurrence_id=kind.provider_occurrence_id,
        date_id=kind.occurrence_id,
        show_id=kind.show_id,
        name=kind.occurrence,
        starts_local=kind.starts_local if kind.is_dated else None,
        ticket_type_id=kind.provider_id,
        ticket_type=kind.name,
        price=_money(kind.price, kind.currency),
        currency=kind.currency,
        is_minimum=kind.is_minimum,
        quantity=kind.quantity,
        sold=kind.sold,
        available=kind.available,
        status=_status(kind),
        sale_starts_at=kind.sale_starts_at,
        sale_ends_at=kind.sale_ends_at,
        steps=tuple(
            PriceStep(
                seen_at=step.seen_at,
                price=_money(step.price, step.currency),
                currency=step.currency,
            )
            for step in kind.prices
        ),
    )


def _status(kind: ListedTicketType) -> str:
    is_gone = kind.gone_since is not None or kind.occurrence_gone_since is not None
    return "gone" if is_gone else kind.status


def _money(minor: int | None, currency: str | None) -> Money | None:
    return None if minor is None or currency is None else Money(minor, currency)
