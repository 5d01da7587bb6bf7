"""
Orders and refunds as lists: what the figures are made of, order by order.

A row is one order's part for one show, so that an order over two shows is two rows
whose amounts add up to it. Parts that do not count for their show are not listed; those
that are not linked to a show yet are, without a show. So are the vouchers that an order
sold, whatever it was placed for: `records.VOUCHERS_SOLD` stands for the production.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    func,
    or_,
    select,
    union_all,
)

from ticketsync.core import tables
from ticketsync.core.money import Money
from ticketsync.core.periods import ALWAYS
from ticketsync.core.tables import Column, Kind, Row, Table
from ticketsync.reporting import order_parts, refund_parts
from ticketsync.reporting.export_filter import EVERYTHING, ExportFilter
from ticketsync.reporting.figures_of_shows import GROSS_PARTS
from ticketsync.reporting.listed_parts import ListedPart, parts_by_order, title
from ticketsync.reporting.order_parts import SUMS, parts_of_orders
from ticketsync.store import counted, order_words, query_results
from ticketsync.store.purchaser import purchaser
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import productions, show_links, shows
from ticketsync.store.tables.sales import buyers, orders, refunds, tickets

BATCH = 500  # orders whose parts are read together

SALES = (
    Column("account"),
    Column("order_id"),
    Column("placed_at", Kind.INSTANT),
    Column("status"),
    Column("show_id", Kind.ID),
    Column("production"),
    Column("starts_at", Kind.INSTANT),
    Column("tickets", Kind.COUNT),
    Column("currency"),
    Column("total", Kind.MONEY, is_repeated=True),
    Column("charged", Kind.MONEY),
    Column("refunded", Kind.MONEY),
    Column("channel"),
    Column("payment_reference"),
    Column("doubt"),
    Column("platform"),
    Column("fees", Kind.MONEY),
    Column("net", Kind.MONEY),
    Column("purchaser"),
    Column("promo_code"),
    *GROSS_PARTS,
)
REFUND_PARTS = (
    Column("face", Kind.MONEY),
    Column("buyer_fee", Kind.MONEY),
    Column("tax", Kind.MONEY),
)
REFUNDS = (
    Column("account"),
    Column("order_id"),
    Column("placed_at", Kind.INSTANT),
    Column("show_id", Kind.ID),
    Column("production"),
    Column("starts_at", Kind.INSTANT),
    Column("currency"),
    Column("charged", Kind.MONEY, is_repeated=True),
    Column("amount", Kind.MONEY),
    Column("first_seen_at", Kind.INSTANT),
    Column("on_day", Kind.DAY),
    Column("basis"),
    Column("refunded_at", Kind.INSTANT),
    Column("refund_id"),
    Column("number", Kind.ID),
    Column("starts_local", Kind.LOCAL),
    Column("kind"),
    *REFUND_PARTS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """
    One order's part in one show. All amounts are the part's but `total`, which is the
    whole order's as its platform reports it. Fees are those that the platform reports;
    `None` where it does not, and `net` with them. What `charged` consists of beside
    ticket prices is `None` until it was parsed. `purchaser` is `None` where the account
    keeps no people.
    """

    account: str
    order_id: str
    placed_at: datetime
    status: str
    show_id: int | None
    production: str | None
    starts_at: datetime | None
    tickets: int
    currency: str
    total: Money
    charged: Money
    refunded: Money
    channel: str
    payment_reference: str | None
    doubt: str | None
    platform: str
    fees: Money | None
    net: Money | None
    purchaser: str | None
    promo_code: str | None
    buyer_fees: Money | None
    addons: Money | None
    donations: Money | None
    vouchers: Money | None
    tax_added: Money | None
    unexplained: Money | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundLine:
    """
    One refund movement, as far as it is for one show; negative where the money was not
    returned after all. With its day and the basis of that day. `face`, `buyer_fee` and
    `tax` are `None` where the platform does not report what was returned of them, or
    not for this one of several shows.
    """

    account: str
    order_id: str
    placed_at: datetime
    show_id: int | None
    production: str | None
    starts_at: datetime | None
    currency: str
    charged: Money
    amount: Money
    first_seen_at: datetime
    on_day: str
    basis: str
    refunded_at: datetime | None
    refund_id: str
    number: int
    starts_local: str | None
    kind: str
    face: Money | None
    buyer_fee: Money | None
    tax: Money | None


def list_sales(
    connection: Connection,
    *,
    show_id: int | None = None,
    account: str | None = None,
    order_id: str | None = None,
    limit: int | None = None,
) -> list[Sale]:
    """
    Orders, the newest first: of one show, of one account or of all; or the order with
    this id of the platform's.
    """
    query = _sales(connection, EVERYTHING, show_id, account, limit, order_id)
    return query_results.values(connection, Sale, SALES, query)


def sales_table(
    connection: Connection,
    *,
    show_id: int | None = None,
    account: str | None = None,
    limit: int | None = None,
    chosen: ExportFilter = EVERYTHING,
) -> Table:
    """
    Orders as a report, the newest first. The rows are read while they are used, before
    the connection closes.
    """
    query = _sales(connection, chosen, show_id, account, limit)
    return query_results.stream(connection, SALES, query)


def _sales(
    connection: Connection,
    chosen: ExportFilter,
    show_id: int | None,
    account: str | None,
    limit: int | None,
    order_id: str | None = None,
) -> Select[Any]:
    """
    The query over the rows of `SALES`: every part of the orders chosen that is listed.
    """
    own = select(accounts.c.id).where(accounts.c.name == account)
    of_orders = [
        *chosen.of_orders(),
        *([] if show_id is None else [is_of_show(show_id)]),
        *([] if account is None else [orders.c.account_id.in_(own)]),
        *([] if order_id is None else [orders.c.provider_id == order_id]),
    ]
    if limit is not None and chosen.shows == ALWAYS:
        of_orders += _newest(connection, of_orders, show_id, limit)
    parts = parts_of_orders(of_orders)
    query = (
        select(
            *query_results.named(
                query_results.column_names(SALES),
                orders,
                account=accounts.c.name,
                order_id=orders.c.provider_id,
                status=order_words.order_word(),
                platform=accounts.c.provider,
                purchaser=purchaser(),
                promo_code=func.nullif(orders.c.promo_code, ""),
                show_id=parts.c.show_id,
                production=title(parts),
                starts_at=shows.c.starts_at,
                **{name: parts.c[name] for name in SUMS},
            )
        )
        .select_from(parts)
        .join(orders, orders.c.id == parts.c.order_row)
        .join(accounts, accounts.c.id == orders.c.account_id)
        .outerjoin(buyers, buyers.c.order_id == orders.c.id)
        .outerjoin(shows, shows.c.id == parts.c.show_id)
        .outerjoin(productions, productions.c.id == shows.c.production_id)
        .where(*of_orders, parts.c.is_listed == 1, *chosen.of_shows())
        .order_by(orders.c.placed_at.desc(), orders.c.id.desc())
        .order_by(
            shows.c.starts_at.nulls_first(), parts.c.show_id, parts.c.is_voucher_sale
        )
        .limit(limit)
    )
    return query if show_id is None else query.where(parts.c.show_id == show_id)


def _newest(
    connection: Connection,
    of_orders: Sequence[ColumnElement[bool]],
    show_id: int | None,
    limit: int,
) -> list[ColumnElement[bool]]:
    """
    A condition on orders that holds for the newest of them, as many as have `limit`
    rows together; so that a short list does not read all orders.
    """
    batch = min(BATCH, limit)
    newest = select(orders.c.placed_at, orders.c.id).where(*of_orders)
    newest = newest.order_by(orders.c.placed_at.desc(), orders.c.id.desc())
    number = 0
    with connection.execute(newest.execution_options(yield_per=batch)) as result:
        for rows in result.partitions():
            parts = parts_by_order(connection, [row.id for row in rows])
            number += sum(
                bool(part.is_listed) and show_id in (None, part.show_id)
                for found in parts.values()
                for part in found
            )
            if number >= limit:
                placed_at, order_row = rows[-1]
                is_same = orders.c.placed_at == placed_at
                return [
                    or_(
                        orders.c.placed_at > placed_at,
                        and_(is_same, orders.c.id >= order_row),
                    )
                ]
    return []


def list_refunds(
    connection: Connection, *, account: str | None = None, order_id: str | None = None
) -> list[RefundLine]:
    """
    Refunds of all orders or of one, those seen last first.
    """
    found = refunds_table(connection, account=account, order_id=order_id)
    return [RefundLine(**row) for row in tables.by_name(found)]


def refunds_table(
    connection: Connection, *, account: str | None = None, order_id: str | None = None
) -> Table:
    """
    The same as a report, whose rows are read while they are used.
    """
    query = refunds_query()
    if account is not None:
        query = query.where(accounts.c.name == account)
    if order_id is not None:
        query = query.where(orders.c.provider_id == order_id)
    return Table(REFUNDS, refund_rows(connection, query))


def refunds_query() -> Select[Any]:
    """
    All refunds of all orders that count, those seen last first.
    """
    return (
        select(
            orders.c.id.label("order_row"),
            refunds.c.id.label("refund_row"),
            accounts.c.name.label("account"),
            orders.c.provider_id.label("order_id"),
            orders.c.placed_at,
            orders.c.currency,
            refunds.c.amount.label("whole_amount"),
            refunds.c.seen_at.label("first_seen_at"),
            refunds.c.on_day,
            refunds.c.basis,
            refunds.c.refunded_at,
            refunds.c.provider_id.label("refund_id"),
            refunds.c.number,
            refunds.c.kind,
            refunds.c.occurrence_id.label("of_occurrence"),
            *(refunds.c[name].label(f"whole_{name}") for name in _REFUND_PARTS),
        )
        .join(accounts, accounts.c.id == orders.c.account_id)
        .join(refunds, refunds.c.order_id == orders.c.id)
        .where(refunds_count())
        .order_by(refunds.c.seen_at.desc(), refunds.c.id.desc())
    )


def refunds_count() -> ColumnElement[bool]:
    """
    Whether refunds of an order count: what is pending counts nowhere, and neither do
    refunds that a platform reports of it.
    """
    return orders.c.status != "pending"


def refund_rows(
    connection: Connection,
    query: Select[Any],
    *,
    batch: int = BATCH,
    also: Sequence[str] = (),
) -> Iterator[Row]:
    """
    The rows of `REFUNDS` for a query over refunds like `refunds_query`: each movement
    once for every show that it counts for, with the show's part. A `batch` of movements
    is read at a time. `also` are fields of `ListedPart` to be added to each row.
    """
    stream = query.execution_options(yield_per=batch)
    names = [
        *query.selected_columns.keys(),
        *ListedPart._fields,
        "amount",
        *_REFUND_PARTS,
    ]
    wanted = [*(column.name for column in REFUNDS), *also]
    as_row = itemgetter(*map(names.index, wanted))
    with connection.execute(stream) as result:
        for rows in result.partitions():
            parts = parts_by_order(connection, {row.order_row for row in rows})
            shares = _refund_shares(connection, parts)
            for row in rows:
                amounts = shares.get(row.refund_row, [row.whole_amount])
                known = [row._mapping[f"whole_{name}"] for name in _REFUND_PARTS]
                is_for_one = len(amounts) == 1 or (
                    row.of_occurrence is not None
                    and amounts.count(0) == len(amounts) - 1
                )
                made_of = known if is_for_one else [None] * len(known)
                for part, amount in zip(parts[row.order_row], amounts, strict=True):
                    if part.is_listed and (amount or not row.whole_amount):
                        yield as_row((*row, *part, amount, *made_of))


_REFUND_PARTS = tuple(column.name for column in REFUND_PARTS)


def is_of_show(show_id: int) -> ColumnElement[bool]:
    """
    Whether an order has tickets that count for the show, or was placed for it.
    """
    of_show = show_links.c.show_id == show_id
    # By the orders of the show, which are few, and not by all orders, of which each
    # would be asked whether it is one of them.
    orders_there = orders.alias("orders_there")
    bought = select(tickets.c.order_id).select_from(counted.counted_tickets())
    sold_there = select(show_links.c.occurrence_id).select_from(counted.counted_links())
    placed = select(orders_there.c.id).where(
        orders_there.c.occurrence_id.in_(sold_there.where(of_show))
    )
    return orders.c.id.in_(union_all(bought.where(of_show), placed))


def _refund_shares(
    connection: Connection, parts: dict[int, list[ListedPart]]
) -> dict[int, list[int]]:
    """
    For orders over several shows, each refund divided among them, by our refund id.
    """
    several = [order_row for order_row, found in parts.items() if len(found) > 1]
    linked_shows = counted.links_and_shows()
    of_orders: dict[int, list[Any]] = {}
    for row in connection.execute(
        select(
            refunds.c.order_id,
            refunds.c.id,
            refunds.c.amount,
            refunds.c.occurrence_id,
            show_links.c.show_id,
            order_parts.is_listed().label("is_listed"),
        )
        .outerjoin(linked_shows, show_links.c.occurrence_id == refunds.c.occurrence_id)
        .where(refunds.c.order_id.in_(several))
        .order_by(refunds.c.id)
    ):
        of_orders.setdefault(row.order_id, []).append(row)
    found: dict[int, list[int]] = {}
    for order_row, rows in of_orders.items():
        own = parts[order_row]
        place_of = {
            (it.show_id, it.is_listed): n
            for n, it in enumerate(own)
            if not it.is_voucher_sale
        }
        shares = refund_parts.split_refunds(
            [row.amount for row in rows],
            [part.refunded for part in own],
            [part.charged for part in own],
            [
                None
                if row.occurrence_id is None
                else place_of.get((row.show_id, row.is_listed))
                for row in rows
            ],
        )
        found |= dict(zip((row.id for row in rows), shares, strict=True))
    return found
