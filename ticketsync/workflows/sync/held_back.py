"""
What is not saved of a report's orders although each can be read: what another account
has stored, and more tickets than a show has seats.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import Connection

from ticketsync.accounts import edits
from ticketsync.catalogue import occurrences
from ticketsync.core import clock
from ticketsync.core.records import Unread
from ticketsync.providers.base import Provider
from ticketsync.providers.report_folder import ReadsReports
from ticketsync.sales import compressed_records, orders_elsewhere
from ticketsync.sales.allocation import AllocatedOrder
from ticketsync.store.engine import Database
from ticketsync.workflows.accounts.account_run import AccountRun
from ticketsync.workflows.sync import beyond_capacity, sold_elsewhere
from ticketsync.workflows.sync.parse import ParsedPage

_AT_ONCE = 200  # orders of one statement


@dataclass(frozen=True, slots=True)
class Kept:
    """
    The pages without the orders that are not to be saved: those are set aside, or left
    out as the recipe says (their ids).
    """

    pages: Sequence[ParsedPage]
    set_aside: Sequence[Unread] = ()
    left_out: Collection[str] = ()


def keep_back(
    connection: Connection,
    run: AccountRun,
    pages: Sequence[ParsedPage],
    occurrence_ids: Mapping[str, int],
) -> Kept:
    """
    What is to be saved of these pages; those of a platform stay as they are.
    """
    provider = run.provider
    orders = [order for page in pages for order in page.orders]
    if not orders or not isinstance(provider, ReadsReports):
        return Kept(pages)
    duplicates: dict[str, str] = {}
    if run.has_siblings:
        edits.lock_platform(connection, run.account.provider)
        duplicates = sold_elsewhere.find_duplicates_of(
            connection, run.account.id, provider, orders, occurrence_ids
        )
    beyond = beyond_capacity.find_beyond(connection, provider, orders, occurrence_ids)
    if not duplicates and not beyond:
        return Kept(pages)
    reasons = dict.fromkeys(beyond, beyond_capacity.WORD)
    left_out, waiting = _answered(connection, run.account.id, provider, duplicates)
    reasons |= dict.fromkeys(waiting, sold_elsewhere.WORD)
    said = {**beyond, **waiting}
    unread = [item for page in pages for item in _unread(page, reasons, said)]
    gone = {*reasons, *left_out}
    return Kept(
        [_without(page, gone) for page in pages],
        [item for item in unread if item.provider_id not in left_out],
        left_out,
    )


@dataclass(frozen=True, slots=True)
class Previewed:
    """
    What the next run does not save of orders that were not saved yet: why, by their
    ids, and what it leaves out as the recipe says.
    """

    reasons: Mapping[str, str] = field(default_factory=dict)
    left_out: Collection[str] = ()


def preview(
    database: Database,
    account_id: int,
    provider: Provider,
    orders: Sequence[AllocatedOrder],
    named: Mapping[str, Mapping[str, Any]],
) -> Previewed:
    """
    What `keep_back` would keep back of these orders; `named` are the raw performances
    by id.
    """
    assert isinstance(provider, ReadsReports)
    sales = sold_elsewhere.sales_of(
        orders,
        {
            id_: (raw["name"], clock.from_iso(raw["starts_at"]), raw["timezone"])
            for id_, raw in named.items()
        },
    )
    duplicates: dict[str, str] = {}
    with database.read() as connection:
        for begin in range(0, len(sales), _AT_ONCE):
            some = sales[begin : begin + _AT_ONCE]
            duplicates |= sold_elsewhere.find_duplicates(
                connection, account_id, provider, some
            )
        ids = occurrences.get_occurrence_ids(connection, account_id)
        beyond = beyond_capacity.find_beyond(connection, provider, orders, ids)
        left_out, waiting = _answered(connection, account_id, provider, duplicates)
    reasons = {**beyond, **waiting}
    return Previewed(
        {k: why for k, why in reasons.items() if k not in left_out}, left_out
    )


def preview_nothing(*_: object) -> Previewed:
    """
    Where no account is looked at.
    """
    return Previewed()


def _answered(
    connection: Connection,
    account_id: int,
    provider: ReadsReports,
    duplicates: dict[str, str],
) -> tuple[set[str], dict[str, str]]:
    """
    What the recipe says of orders that another account has: those that are left out,
    and why the others wait. What this account has stored counts already, and cannot be
    left out.
    """
    stored = orders_elsewhere.get_rows(connection, account_id, duplicates)
    if provider.shared_orders() != sold_elsewhere.ONCE:
        return set(), duplicates | dict.fromkeys(stored, sold_elsewhere.UNSAID)
    return duplicates.keys() - stored, dict.fromkeys(stored, sold_elsewhere.STAYS)


def _without(page: ParsedPage, ids: Collection[str]) -> ParsedPage:
    kept = [
        it
        for it in compressed_records.unpack(page.versions)
        if it.provider_id not in ids
    ]
    return msgspec.structs.replace(
        page,
        orders=[item for item in page.orders if item.order.id not in ids],
        versions=compressed_records.pack(kept),
    )


def _unread(
    page: ParsedPage, words: Mapping[str, str], reasons: Mapping[str, str]
) -> list[Unread]:
    """
    Those of the page's orders that are set aside, with the word for why and the reason.
    """
    events = {id_: occurrence for occurrence, id_ in page.seen}
    return [
        Unread(
            *("order", item.provider_id, events[item.provider_id], item.data),
            *(words[item.provider_id], reasons[item.provider_id]),
        )
        for item in compressed_records.unpack(page.versions)
        if item.provider_id in words
    ]
