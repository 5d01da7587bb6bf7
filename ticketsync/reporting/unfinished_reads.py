"""
Accounts whose orders are being read, or whose last read was cut off: orders are saved
page by page, and figures are recomputed at the end. Until then lists of orders have
what figures lack, and whoever shows either says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select, union

from ticketsync.core import clock, moments
from ticketsync.core.plurals import number_of
from ticketsync.store import lease
from ticketsync.store.account_health_rules import (
    INTERRUPTED,
    RETIRED,
    STARTED,
    by_our_clock,
    from_newest_run,
    was_tried,
)
from ticketsync.store.business_zone import get_business_zone
from ticketsync.store.tables.accounts import accounts, sync_runs
from ticketsync.store.tables.sales import orders, tickets

_CUT_OFF: Final = (STARTED, INTERRUPTED)
_OWN_FAULTS: Final = (1, 9)  # exit codes of runs that may have recomputed nothing


@dataclass(frozen=True, slots=True)
class UnfinishedRead:
    """
    A read of an account that began at `since` and did not end, and how many orders were
    saved since. `is_running`: it is being read now.
    """

    account: str
    since: datetime
    orders: int
    is_running: bool
    zone: str

    @property
    def sentence(self) -> str:
        since = moments.with_zone(self.since, self.zone)
        saved = number_of(self.orders, "order")
        is_are = "is" if self.orders == 1 else "are"
        if self.is_running:
            return (
                f"{self.account} is being read since {since}: {saved} saved so far "
                f"{is_are} in lists of orders, and will be in figures once it is done."
            )
        return (
            f"Reading {self.account} was cut off; it began {since}. {saved} saved then "
            f"{is_are} in lists of orders, and may not be in figures until "
            f"`ticketsync sync {self.account}` has read it."
        )


def sentences(connection: Connection) -> list[str]:
    """
    What to say beside figures and lists of orders; nothing where all is read.
    """
    return [found.sentence for found in list_unfinished(connection)]


def list_unfinished(connection: Connection) -> list[UnfinishedRead]:
    """
    The accounts with orders that may not be in the figures yet, by name.
    """
    return [*_read_unfinished(connection)]


def _read_unfinished(connection: Connection) -> Iterator[UnfinishedRead]:
    for account in connection.execute(_NEWEST_RUNS).all():
        if not _is_cut_off(account):
            continue
        runs = connection.execute(_RUNS_OF_ACCOUNT, {"account": account.account_id})
        cut_off = [*takewhile(_is_cut_off, runs.all())]
        since = min(run.started_at for run in cut_off)
        number = _count_saved(connection, account.account_id, since)
        if number:
            yield UnfinishedRead(
                account=account.name,
                since=since,
                orders=number,
                is_running=_is_running(connection, cut_off[0]),
                zone=get_business_zone(connection),
            )


# The runs that read the orders of an account, the newest first.
_RUNS_OF_ACCOUNT = (
    select(*(sync_runs.c[n] for n in ("run_id", "outcome", "exit_code", "started_at")))
    .where(
        sync_runs.c.account_id == bindparam("account"),
        was_tried(sync_runs),
    )
    .order_by(sync_runs.c.started_at.desc(), sync_runs.c.id.desc())
)
_newest = sync_runs.alias("newest")
# The newest of them of every account that is read.
_NEWEST_RUNS = (
    select(
        accounts.c.id.label("account_id"),
        accounts.c.name,
        _newest.c.outcome,
        _newest.c.exit_code,
    )
    .select_from(accounts)
    .join(_newest, _newest.c.id == from_newest_run("id", was_tried, by_our_clock()))
    .where(accounts.c.state != RETIRED)
    .order_by(accounts.c.name)
)


def _is_cut_off(run: Any) -> bool:
    return run.outcome in _CUT_OFF or run.exit_code in _OWN_FAULTS


def _is_running(connection: Connection, run: Any) -> bool:
    """
    Whether the process of a run is alive: it extends its lease while it works.
    """
    return run.outcome == STARTED and lease.is_held(connection, run.run_id, clock.now())


def _count_saved(connection: Connection, account_id: int, since: datetime) -> int:
    of_orders = select(orders.c.id).where(
        orders.c.account_id == account_id, orders.c.known_from >= since
    )
    of_tickets = select(tickets.c.order_id).where(
        tickets.c.account_id == account_id,
        tickets.c.order_id.is_not(None),
        tickets.c.known_from >= since,
    )
    saved = union(of_orders, of_tickets).subquery()
    return int(connection.scalar(select(func.count()).select_from(saved)) or 0)
