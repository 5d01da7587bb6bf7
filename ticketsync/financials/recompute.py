"""
Recomputing `show_financials` from the stored tickets.

Always from scratch: adding differences would need to know what was added already.
The only writer of `show_financials`, `ticket_fees` and `show_ticket_types`. The shows
are locked first, so that of two that recompute one show the second one sees what the
first one counted.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    Connection,
    Join,
    Select,
    Table,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    select,
    update,
)

from ticketsync.core.net_formula import net, net_before_fees
from ticketsync.financials import fee_lines, show_fees
from ticketsync.financials.fees import Schedules
from ticketsync.store import counted, row_locks, totals
from ticketsync.store.tables.catalogue import (
    occurrences,
    production_links,
    show_links,
    shows,
)
from ticketsync.store.tables.financials import (
    show_financials,
    show_ticket_types,
    ticket_fees,
)
from ticketsync.store.tables.sales import tickets
from ticketsync.store.types import sum_or_zero
from ticketsync.store.upsert import upsert

Key = tuple[int, int, str]  # show, account, currency
Row = dict[str, Any]

_SHOW = ("show_id", "account_id", "currency")
_TYPE_SUMS = (
    *("tickets_sold", "tickets_comp", "tickets_refunded"),
    *("face", "discounts", "gross", "refunded"),
)
_SUMS = (
    *_TYPE_SUMS,
    *("checked_in", "tax", "untaxed", "tax_remitted"),
    *show_fees.SUMS,
    *(*totals.GROSS_PARTS, "without_parts"),
)

# What is not zero where anything was sold.
_SOLD = ("tickets_sold", "tickets_refunded", "gross", "refunded", "amount")
_FEW = 200  # shows from which it is cheaper to sum up everything and filter


def recompute_shows(
    connection: Connection,
    show_ids: Iterable[int],
    schedules: Schedules,
    now: datetime,
) -> int:
    """
    Recompute these shows; returns how many of them have other figures than before.

    `schedules` are the venue's own rates by account, where the platform reports none;
    those of the day of a sale count.
    """
    changed = recompute_by_account(connection, show_ids, schedules, now)
    return len({show for show, _ in changed})


def recompute_by_account(
    connection: Connection,
    show_ids: Iterable[int],
    schedules: Schedules,
    now: datetime,
) -> set[tuple[int, int]]:
    """
    Recompute these shows; returns which of them have other figures than before, each
    with the account whose figures these are.
    """
    wanted = sorted(set(show_ids))
    if not wanted:
        return set()
    row_locks.lock(connection, shows, wanted)
    fresh = compute_figures(connection, wanted, schedules)
    changed = _replace(connection, show_financials, wanted, fresh[show_financials], now)
    changed |= _replace(connection, ticket_fees, wanted, fresh[ticket_fees], None)
    changed |= _replace(
        connection, show_ticket_types, wanted, fresh[show_ticket_types], None
    )
    return changed


def compute_figures(
    connection: Connection,
    show_ids: Iterable[int],
    schedules: Schedules,
) -> dict[Table, list[Row]]:
    """
    The rows that the tables of figures should have for these shows; writes nothing.
    """
    wanted = sorted(set(show_ids))
    if not wanted:
        return {}
    sources = _read_sources(connection, wanted)
    parts = _by_type(connection, wanted, sources)
    fresh = _sum_by_show(parts, sources)
    lines = _fee_lines(connection, wanted, fresh, schedules)
    return {
        show_financials: list(fresh.values()),
        ticket_fees: lines,
        show_ticket_types: _sum_by_ticket_type(connection, parts),
    }


def fill_figures(
    connection: Connection,
    schedules: Schedules,
    moment: datetime,
    *,
    only_sold: bool = False,
) -> None:
    """
    Fill the empty tables of figures of `Database.as_of`, from what was known at that
    instant. How many guests were in is not kept, and empty. With `only_sold` a show of
    which nothing was sold has no figures.
    """
    figures = compute_figures(connection, linked_shows(connection), schedules)
    stamp = {"checked_in": None, "updated_at": moment}
    for table, found in figures.items():
        rows = [r for r in found if not only_sold or _is_of_sales(r)]
        more = stamp if table is show_financials else {}
        if rows:
            connection.execute(insert(table), [{**row, **more} for row in rows])


def recount_checked_in(
    connection: Connection, show_ids: Iterable[int], now: datetime
) -> None:
    """
    Bring `checked_in` of these shows up to date after a scan, and nothing else.

    To be called in the scan's own transaction, after the tickets were written: tickets
    are always locked before shows.
    """
    wanted = sorted(set(show_ids))
    if not wanted:
        return
    row_locks.lock(connection, shows, wanted)
    joined, these = _counted_tickets_of(wanted)
    group = (show_links.c.show_id, tickets.c.account_id, tickets.c.currency)
    counts = (
        select(*group, sum_or_zero(counted.is_admitted()).label("checked_in"))
        .select_from(counted.with_admissions(joined))
        .where(these)
        .group_by(*group)
        .subquery("counts")
    )
    connection.execute(
        update(show_financials)
        .where(
            *(show_financials.c[name] == counts.c[name] for name in _SHOW),
            show_financials.c.checked_in != counts.c.checked_in,
        )
        .values(checked_in=counts.c.checked_in, updated_at=now)
    )


def linked_shows(connection: Connection) -> set[int]:
    """
    All shows that have, or should have, figures.
    """
    shows = connection.execute(select(show_links.c.show_id)).scalars()
    held = connection.execute(select(show_financials.c.show_id)).scalars()
    return {*shows, *held}


def _count(condition: Any) -> Any:
    """
    How many rows meet a condition.
    """
    return sum_or_zero(case((condition, 1), else_=0))


def _counted_tickets_of(show_ids: list[int]) -> tuple[Join, Any]:
    """
    Tickets joined to the shows they are linked to, and the restriction to these shows.
    """
    return counted.counted_tickets(), _among(show_links.c.show_id, show_ids)


def _among(column: Any, show_ids: list[int]) -> Any:
    if len(show_ids) > _FEW:
        return and_(column >= show_ids[0], column <= show_ids[-1])
    return column.in_(show_ids)


def _by_type(
    connection: Connection, show_ids: list[int], sources: Mapping[int, Row]
) -> list[Row]:
    """
    The tickets of these shows, summed per occurrence, currency and ticket type, the
    finest grouping that is needed here. Each with its show, account and event.
    """
    are_few = len(show_ids) <= _FEW
    span = {"first": show_ids[0], "last": show_ids[-1]}
    values = {"shows": show_ids} if are_few else span
    found = connection.execute(_sums_by_type(are_few=are_few), values)
    return [
        {**sources[row.occurrence_id], **row._mapping}
        for row in found
        if row.occurrence_id in sources
    ]


@cache
def _sums_by_type(*, are_few: bool) -> Select[Any]:
    """
    The query of `_by_type`, for the bound `shows`, or for all from `first` to `last`.
    It is made once: that takes as long as to sum up a show.
    """
    show_id = show_links.c.show_id
    these = (
        show_id.in_(bindparam("shows", expanding=True))
        if are_few
        else show_id.between(bindparam("first"), bindparam("last"))
    )
    # An occurrence has one show, account and event: grouping by it alone is cheaper.
    group = (tickets.c.occurrence_id, tickets.c.currency, tickets.c.type_name)
    is_paid = tickets.c.charged != 0
    return (
        select(
            *group,
            sum_or_zero(tickets.c.is_sold).label("tickets_sold"),
            sum_or_zero(tickets.c.is_comp).label("tickets_comp"),
            sum_or_zero(tickets.c.is_refunded).label("tickets_refunded"),
            sum_or_zero(counted.is_admitted()).label("checked_in"),
            sum_or_zero(tickets.c.face).label("face"),
            sum_or_zero(tickets.c.discount).label("discounts"),
            sum_or_zero(tickets.c.charged).label("gross"),
            sum_or_zero(tickets.c.refunded).label("refunded"),
            sum_or_zero(tickets.c.tax).label("tax"),
            sum_or_zero(tickets.c.tax_remitted).label("tax_remitted"),
            sum_or_zero(tickets.c.fees).label("reported_fees"),
            _count(totals.lacks_fees()).label("unreported"),
            _count(is_paid & tickets.c.fees.is_not(None)).label("reported_paid"),
            _count(is_paid & tickets.c.tax.is_(None)).label("untaxed"),
            func.count(tickets.c.fees).label("reported"),
            *(
                sum_or_zero(tickets.c[c]).label(n)
                for n, c in totals.GROSS_PARTS.items()
            ),
            _count(tickets.c.unexplained.is_(None)).label("without_parts"),
        )
        .select_from(counted.with_admissions(counted.counted_tickets()))
        .where(these)
        .group_by(*group)
    )


def _sum_by(
    rows: Iterable[Row], names: Sequence[str], by: Sequence[str]
) -> dict[Any, Row]:
    """
    The sums of these columns over the rows with equal values in `by`.
    """
    found: dict[Any, Row] = {}
    for row in rows:
        key = tuple(row[name] for name in by)
        if key not in found:
            found[key] = _zero(by, key, names)
        into = found[key]
        for name in names:
            into[name] += row[name]
    return found


def _zero(by: Sequence[str], key: Sequence[Any], names: Sequence[str]) -> Row:
    return dict(zip(by, key, strict=True)) | dict.fromkeys(names, 0)


def _sum_by_show(parts: list[Row], sources: Mapping[int, Row]) -> dict[Key, Row]:
    """
    The sums per show, account and currency, also where nothing was sold.
    """
    found = _sum_by(parts, _SUMS, _SHOW)
    with_sales = {key[:2] for key in found}
    for source in sources.values():
        key = (source["show_id"], source["account_id"], source["currency"])
        if key[:2] not in with_sales:
            found[key] = _zero(_SHOW, key, _SUMS)
            with_sales.add(key[:2])
    return found


def _read_sources(connection: Connection, show_ids: list[int]) -> dict[int, Row]:
    """
    Every occurrence (by our id) whose sales count for these shows, with its show,
    account and event, and the listing's currency.
    """
    query = (
        select(
            show_links.c.occurrence_id,
            show_links.c.show_id,
            occurrences.c.account_id,
            occurrences.c.event_id,
            func.coalesce(occurrences.c.currency, shows.c.currency).label("currency"),
        )
        .select_from(counted.counted_links())
        .join(occurrences, occurrences.c.id == show_links.c.occurrence_id)
        .where(_among(show_links.c.show_id, show_ids))
        .order_by(show_links.c.id)
    )
    wanted = set(show_ids)
    return {
        row.occurrence_id: dict(row._mapping)
        for row in connection.execute(query)
        if row.show_id in wanted
    }


def _fee_lines(
    connection: Connection,
    show_ids: list[int],
    fresh: dict[Key, Row],
    schedules: Schedules,
) -> list[Row]:
    """
    The named fee lines; also adds the fees, and what follows from them, to each row.
    """
    these = _among(show_links.c.show_id, show_ids)
    reported = fee_lines.reported(connection, these, schedules)
    by_rate = fee_lines.scheduled(connection, these, schedules)
    uncovered = fee_lines.uncovered(connection, these, schedules)
    lines: list[Row] = []
    for key, row in fresh.items():
        known = reported.get(key, fee_lines.ReportedLines())
        has_rate = key[1] in schedules and key not in uncovered
        sums = show_fees.Sums(*(row.pop(name) for name in show_fees.SUMS))
        found = show_fees.fees_of(sums, known, by_rate.get(key, {}), has_rate)
        amounts = row["gross"], row["refunded"], row["tax_remitted"]
        row |= {
            "fees": found.total,
            "fees_source": found.source,
            "net": net(*amounts, found.total),
            "net_before_fees": net_before_fees(*amounts),
        }
        if row.pop("untaxed"):
            row["tax"] = None
        if row.pop("without_parts"):
            row |= dict.fromkeys(totals.GROSS_PARTS)
        of_show = dict(zip(_SHOW, key, strict=True))
        lines += [{**of_show, **line} for line in found.rows()]
    return lines


def _sum_by_ticket_type(connection: Connection, parts: list[Row]) -> list[Row]:
    """
    The breakdown per ticket type, under the venue's own names where it has some.
    """
    ours = _type_maps(connection)
    named = []
    for part in parts:
        name = part["type_name"]
        name = ours.get(part["event_id"], {}).get(name, name)
        named.append({**part, "type_name": name})
    return list(_sum_by(named, _TYPE_SUMS, (*_SHOW, "type_name")).values())


def _type_maps(connection: Connection) -> dict[int, dict[str, str]]:
    rows = connection.execute(
        select(production_links.c.event_id, production_links.c.type_map).where(
            production_links.c.type_map != "{}"
        )
    )
    return {row.event_id: json.loads(row.type_map) for row in rows}


def _replace(
    connection: Connection,
    table: Table,
    show_ids: list[int],
    fresh: list[Row],
    now: datetime | None,
) -> set[tuple[int, int]]:
    """
    Replace the rows of these shows by `fresh`; returns the shows that differed, each
    with the account of the row. A first row of which nothing was sold is no difference.
    """
    key = [column.name for column in table.primary_key]
    wanted = set(show_ids)
    stored = {
        tuple(row._mapping[name] for name in key): row._mapping
        for row in connection.execute(
            select(table).where(_among(table.c.show_id, show_ids))
        )
        if row.show_id in wanted
    }
    wanted_rows = {tuple(row[name] for name in key): row for row in fresh}
    different = [
        row
        for row_key, row in wanted_rows.items()
        if row_key not in stored or any(stored[row_key][k] != v for k, v in row.items())
    ]
    removed = stored.keys() - wanted_rows.keys()
    for row_key in removed:
        same = [
            table.c[name] == value for name, value in zip(key, row_key, strict=True)
        ]
        connection.execute(delete(table).where(*same))
    stamp = {} if now is None else {"updated_at": now}
    upsert(connection, table, [{**row, **stamp} for row in different], key=key)
    show, account = key.index("show_id"), key.index("account_id")
    return {
        (row["show_id"], row["account_id"])
        for row in different
        if tuple(row[name] for name in key) in stored or _is_of_sales(row)
    } | {(row_key[show], row_key[account]) for row_key in removed}


def _is_of_sales(row: Row) -> bool:
    return any(row.get(name) for name in _SOLD)
