"""
Sums of the figures of shows: of one show over its accounts, and of any group of shows
or accounts. Views and reports group here, so that a total is the sum of its parts by
construction.

Every sum is in one currency. A sum with an unknown part is unknown (null), never too
low.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    and_,
    case,
    cast,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Text

from ticketsync.core.net_formula import net_before_fees
from ticketsync.core.periods import Period
from ticketsync.store import capacity
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import productions, shows, venues
from ticketsync.store.tables.financials import show_financials
from ticketsync.store.tables.sales import tickets
from ticketsync.store.types import WHOLE, whole_sum

COUNTS: Final = ("tickets_sold", "tickets_comp", "tickets_refunded", "checked_in")
SUMMED: Final = (
    *COUNTS,
    *("face", "discounts", "gross", "fees", "refunded", "tax", "tax_remitted"),
    *("net", "net_before_fees"),
)
# What gross consists of beside `face`: each figure and the column of a ticket that it
# is the sum of. `vouchers` are taken off.
GROSS_PARTS: Final = {
    "buyer_fees": "buyer_fee",
    "addons": "addons",
    "donations": "donation",
    "vouchers": "voucher",
    "tax_added": "tax_added",
    "unexplained": "unexplained",
}
MAY_BE_UNKNOWN: Final = ("fees", "tax", "net")
PARTS: Final = (
    *("figures", "fees_unknown", "tax_unknown"),
    *("fees_known", "tax_known", "net_known"),
)


class MondayOf(FunctionElement[Any]):
    """
    The Monday of the week of a day, both as text: `2026-11-23`.
    """

    type = Text()
    inherit_cache = True


class JoinedTexts(FunctionElement[Any]):
    """
    The texts of a group in one, in their order: `eventbrite, ticket_tailor`. On SQLite
    the rows must come in that order.
    """

    type = Text()
    inherit_cache = True


def known_sum(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """
    A sum, null as soon as one value is unknown.
    """
    return case((func.count(column) == func.count(), whole_sum(column)))


def sums(source: FromClause) -> list[ColumnElement[Any]]:
    """
    The sums of the figures in a selectable that has columns of these names.
    """
    may_be_unknown = (*MAY_BE_UNKNOWN, *GROSS_PARTS)
    return [
        (known_sum if name in may_be_unknown else whole_sum)(source.c[name]).label(name)
        for name in (*SUMMED, *GROSS_PARTS)
    ]


def known_parts(source: FromClause) -> list[ColumnElement[Any]]:
    """
    How many figures a sum consists of, in how many fees (and net with them) and tax are
    unknown, and the sums of those that are known.
    """
    fees, tax = source.c.fees, source.c.tax
    return [
        func.count().label("figures"),
        (func.count() - func.count(fees)).label("fees_unknown"),
        (func.count() - func.count(tax)).label("tax_unknown"),
        *(
            func.coalesce(whole_sum(source.c[name]), 0).label(f"{name}_known")
            for name in MAY_BE_UNKNOWN
        ),
    ]


def lacks_fees() -> ColumnElement[bool]:
    """
    Whether a ticket was paid for and its fees are not completely reported: every sum of
    fees that contains it is unknown.
    """
    return and_(tickets.c.fees.is_(None), tickets.c.charged != 0)


def ticket_fees() -> ColumnElement[Any]:
    """
    The reported fees of a group of tickets, null as soon as those of one are unknown.
    """
    unknown = func.sum(case((lacks_fees(), 1), else_=0))
    return case((unknown == 0, func.coalesce(whole_sum(tickets.c.fees), 0)))


def ticket_net() -> ColumnElement[Any]:
    """
    What a group of tickets should bring to the bank: null while a fee is unknown.
    """
    amounts = tickets.c.charged, tickets.c.refunded, tickets.c.tax_remitted
    return whole_sum(net_before_fees(*amounts)) - ticket_fees()


def show_totals(*only: ColumnElement[bool], with_parts: bool = False) -> Select[Any]:
    """
    The figures of each show over all its accounts, one row for each currency. `only`
    are conditions on figures, shows, productions and venues; here and below,
    `with_parts` adds the `known_parts`.
    """
    keys = {
        "show_id": shows.c.id,
        "production": productions.c.title,
        "starts_at": shows.c.starts_at,
        "starts_local": shows.c.starts_local,
        "venue": venues.c.name,
    }
    return _by_show(keys, only, with_parts=with_parts)


def production_totals(
    *only: ColumnElement[bool], with_parts: bool = False
) -> Select[Any]:
    """
    The figures of each production over all its shows, one row for each currency;
    `platforms` are those that sell it in that currency.
    """
    keys = {"production_id": productions.c.id, "production": productions.c.title}
    grouped = by_shows(keys, *only, with_parts=with_parts).subquery("grouped")
    selling = _platforms(only).subquery("selling")
    same = and_(
        selling.c.production_id == grouped.c.production_id,
        selling.c.currency == grouped.c.currency,
    )
    own = [column for column in grouped.c if column.name not in GROSS_PARTS]
    parts = (grouped.c[name] for name in GROSS_PARTS)
    return select(*own, selling.c.platforms, *parts).join(selling, same)


def by_shows(
    keys: Mapping[str, ColumnElement[Any]],
    *only: ColumnElement[bool],
    with_parts: bool = False,
) -> Select[Any]:
    """
    The figures of all shows with equal keys, which are values of a show, its production
    or venue: `shows` with figures, their `capacity` together, the sums. One row for
    each currency.
    """
    of_shows = _by_show(
        {"show_id": shows.c.id, **keys}, only, with_parts=with_parts
    ).subquery("of_shows")
    group = [of_shows.c[name] for name in keys] + [of_shows.c.currency]
    return (
        select(
            *group,
            func.count().label("shows"),
            known_sum(of_shows.c.capacity).label("capacity"),
            *sums(of_shows),
            *(whole_sum(of_shows.c[name]).label(name) for name in PARTS if with_parts),
        )
        .select_from(of_shows)
        .group_by(*group)
    )


def by_accounts(
    keys: Mapping[str, ColumnElement[Any]],
    *only: ColumnElement[bool],
    with_parts: bool = False,
) -> Select[Any]:
    """
    The same for keys that are values of an account, over all its shows. There is no
    capacity: the seats of a show are for all that sell it.
    """
    group = [column.label(name) for name, column in keys.items()]
    return (
        select(
            *group,
            show_financials.c.currency,
            func.count(show_financials.c.show_id.distinct()).label("shows"),
            cast(None, WHOLE).label("capacity"),
            *sums(show_financials),
            *(known_parts(show_financials) if with_parts else []),
        )
        .select_from(figures_of_shows())
        .join(accounts, accounts.c.id == show_financials.c.account_id)
        .where(*only)
        .group_by(*keys.values(), show_financials.c.currency)
    )


def day() -> ColumnElement[Any]:
    """
    The local day of a show, as text.
    """
    return _first_characters(10)


def month() -> ColumnElement[Any]:
    """
    The local month of a show: `2026-11`.
    """
    return _first_characters(7)


def starts_within(period: Period) -> ColumnElement[bool]:
    """
    Whether a show's local start is in a period.
    """
    begin, end = period.local_starts
    return and_(
        true(),
        *([] if begin is None else [shows.c.starts_local >= begin]),
        *([] if end is None else [shows.c.starts_local < end]),
    )


def _first_characters(number: int) -> ColumnElement[Any]:
    # Not bound, so that PostgreSQL sees that it is the same where it groups.
    first: ColumnElement[Any] = literal_column("1")
    last: ColumnElement[Any] = literal_column(str(number))
    return func.substr(shows.c.starts_local, first, last)


def _by_show(
    keys: Mapping[str, ColumnElement[Any]],
    only: Sequence[ColumnElement[bool]],
    *,
    with_parts: bool,
) -> Select[Any]:
    seats = capacity.show_seats().subquery("seats")
    return (
        select(
            *(column.label(name) for name, column in keys.items()),
            show_financials.c.currency,
            seats.c.capacity,
            *sums(show_financials),
            *(known_parts(show_financials) if with_parts else []),
        )
        .select_from(figures_of_shows())
        .join(seats, seats.c.show_id == shows.c.id)
        .where(*only)
        .group_by(*keys.values(), show_financials.c.currency, seats.c.capacity)
    )


def figures_of_shows() -> FromClause:
    """
    The figures with their shows, productions and venues.
    """
    return (
        show_financials.join(shows, shows.c.id == show_financials.c.show_id)
        .join(productions, productions.c.id == shows.c.production_id)
        .join(venues, venues.c.id == shows.c.venue_id)
    )


def _platforms(only: Sequence[ColumnElement[bool]]) -> Select[Any]:
    selling = (
        select(shows.c.production_id, show_financials.c.currency, accounts.c.provider)
        .select_from(figures_of_shows())
        .join(accounts, accounts.c.id == show_financials.c.account_id)
        .where(*only)
        .distinct()
        .order_by(
            shows.c.production_id, show_financials.c.currency, accounts.c.provider
        )
        .subquery("each_platform")
    )
    group = (selling.c.production_id, selling.c.currency)
    return select(*group, JoinedTexts(selling.c.provider).label("platforms")).group_by(
        *group
    )


@compiles(MondayOf, "sqlite")
def _monday_on_sqlite(element: MondayOf, compiler: Any, **options: Any) -> str:
    (text,) = (compiler.process(part, **options) for part in element.clauses)
    return f"date({text}, 'weekday 0', '-6 days')"


@compiles(MondayOf, "postgresql")
def _monday_on_postgresql(element: MondayOf, compiler: Any, **options: Any) -> str:
    (text,) = (compiler.process(part, **options) for part in element.clauses)
    return f"to_char(date_trunc('week', CAST({text} AS DATE)), 'YYYY-MM-DD')"


@compiles(JoinedTexts, "sqlite")
def _listed_on_sqlite(element: JoinedTexts, compiler: Any, **options: Any) -> str:
    (text,) = (compiler.process(part, **options) for part in element.clauses)
    return f"group_concat({text}, ', ')"


@compiles(JoinedTexts, "postgresql")
def _listed_on_postgresql(element: JoinedTexts, compiler: Any, **options: Any) -> str:
    (text,) = (compiler.process(part, **options) for part in element.clauses)
    return f"string_agg({text}, ', ' ORDER BY {text})"
