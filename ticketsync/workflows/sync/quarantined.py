"""
Orders that could not be parsed: tried again by each run, before anything else is read.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Sequence

from ticketsync.accounts import dismissals
from ticketsync.core import errors
from ticketsync.core.records import Unread
from ticketsync.core.redact import safe
from ticketsync.net import exact_json
from ticketsync.providers import reading
from ticketsync.providers.base import Page, Raw, has_change_feed
from ticketsync.reporting.waiting_kinds import QUARANTINE
from ticketsync.sales import quarantine
from ticketsync.workflows.accounts.account_run import AccountRun
from ticketsync.workflows.quarantined_sales import list_quarantined
from ticketsync.workflows.sync import cross_checks
from ticketsync.workflows.sync.drift import REFUSED
from ticketsync.workflows.sync.orders import parse_with_known
from ticketsync.workflows.sync.parse import order_ids
from ticketsync.workflows.sync.progress import OrdersRead
from ticketsync.workflows.sync.save_page import OrderStore

MOST_AGAIN = 100  # orders that one run asks for one by one


def retry_orders(run: AccountRun, store: OrderStore) -> set[str]:
    """
    Try the quarantined orders once more; returns the platform's ids of occurrences
    that still have one. Where a platform shows again what it lacked, and more waits
    than is asked for one by one, this run reads everything.
    """
    waiting = _orders(run)
    if not waiting:
        return set()
    again = Page("order", _fetch_again(run, waiting))
    fetched = set(order_ids(again))
    held = [i.data for i in waiting if i.provider_id not in fetched]
    stored = Page("order", [exact_json.decode(data) for data in held])
    parsed = [
        parse_with_known(run, store, stored, is_clean=True),
        parse_with_known(run, store, again),
    ]
    store.save(parsed, is_retry=True)
    left = _orders(run)
    released = fetched.difference(item.provider_id for item in left)
    has_more = len(_contradictory(waiting)) > MOST_AGAIN
    if released and has_more and has_change_feed(run.provider):
        cross_checks.read_everything_next(run)  # which is what this run plans from
    return {item.event_id for item in left}


def release_gone(
    run: AccountRun, read: OrdersRead, read_whole: Collection[str] | None
) -> None:
    """
    Release what a read of all orders did not show, and what the platform does not know
    by itself either, or has made a part of another order: nothing would bring it again.
    `read_whole` are the platform's ids of the occurrences of which all orders were
    read, `None` where all of the account were.

    What the platform does not answer about waits for the next such read.
    """
    seen = set[str]().union(*read.seen.values())
    unseen = [
        item
        for item in _orders(run)
        if item.provider_id not in seen
        and (read_whole is None or item.event_id in read_whole)
    ]
    gone = list(_find_gone(run, unseen[:MOST_AGAIN]))
    if gone:
        with run.transaction() as connection:
            quarantine.release(connection, run.account.id, "order", gone)


def _find_gone(run: AccountRun, unseen: Sequence[Unread]) -> Iterator[str]:
    with contextlib.suppress(errors.ProviderUnavailable):
        for item in unseen:
            if _is_gone(run, item):
                yield item.provider_id


def _is_gone(run: AccountRun, item: Unread) -> bool:
    try:
        raw = _fetch(run, item)
    except errors.UnknownResource:
        return True
    except (errors.InvalidResponse, errors.Forbidden, errors.NotFound):
        return False
    return str(raw["id"]) != item.provider_id


def _fetch(run: AccountRun, item: Unread) -> Raw:
    """
    An order by its id. Raises: what `fetch_order` raises; `InvalidResponse` for an
    answer that is no order.
    """

    def fetch(id_: str) -> Raw:
        raw = run.provider.fetch_order(id_, item.event_id)
        return {**raw, "id": raw["id"]}

    try:
        return reading.parsed(fetch, item.provider_id)
    except errors.UnreadableRecord as odd:
        raise errors.InvalidResponse(
            f"Account {run.account.name!r}: the order {safe(item.provider_id)} cannot "
            f"be read: {odd.reason}.",
            hint="It is asked for again with the next run.",
        ) from None


def note_waiting(run: AccountRun) -> None:
    """
    A record that still waits makes this run partial, whether it met the record or not;
    none does where a person has dismissed all that waits.
    """
    run.counts.quarantined = max(run.counts.quarantined, len(_orders(run)))
    leave_out_dismissed(run)


def leave_out_dismissed(run: AccountRun) -> None:
    """
    Where a person has dismissed all records of the account that wait, those that this
    run met do not make it partial.
    """
    if run.counts.quarantined and _is_dismissed(run):
        run.counts.quarantined = 0


def _is_dismissed(run: AccountRun) -> bool:
    name = run.account.name
    with run.database.read() as connection:
        version = dismissals.get_dismissed_version(connection, (QUARANTINE, name))
        return version is not None and any(
            item.key == name and item.is_known_from(version)
            for item in list_quarantined(connection)
        )


def list_occurrences(run: AccountRun) -> set[str]:
    """
    The platform's ids of occurrences with a record of any kind in quarantine.
    """
    return {item.event_id for item in _records(run)}


def _orders(run: AccountRun) -> list[Unread]:
    return [item for item in _records(run) if item.kind == "order"]


def _records(run: AccountRun) -> list[Unread]:
    with run.database.read() as connection:
        return quarantine.list_unread(connection, run.account.id)


def _fetch_again(run: AccountRun, waiting: Sequence[Unread]) -> list[Raw]:
    """
    Orders that contradicted themselves, because a list was not whole when they were
    read or was refused: nothing else would bring them again before the next sweep.
    """
    contradictory = _contradictory(waiting)
    found: list[Raw] = []
    for item in contradictory[:MOST_AGAIN]:
        # It stays quarantined.
        with contextlib.suppress(errors.InvalidResponse, errors.Forbidden):
            found.append(_fetch(run, item))
    wanted = {item.provider_id for item in contradictory}
    return [raw for raw in found if str(raw["id"]) in wanted]


def _contradictory(waiting: Sequence[Unread]) -> list[Unread]:
    return [item for item in waiting if item.word in (errors.CONTRADICTION, REFUSED)]
