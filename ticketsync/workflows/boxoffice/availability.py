"""
What is left of a show that we sell ourselves, and how fresh what we know of other
platforms is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from ticketsync.boxoffice import price_tiers, seats, shows_on_sale
from ticketsync.boxoffice.price_tiers import Tier
from ticketsync.boxoffice.seats import Taken
from ticketsync.boxoffice.shows_on_sale import ShowOnSale
from ticketsync.catalogue import link_reads, occurrences
from ticketsync.core import clock


@dataclass(frozen=True, slots=True)
class TierLeft:
    """
    A tier, how many of it can be sold (`None` without a limit), and whether it is open.
    """

    tier: Tier
    left: int | None
    is_open: bool


@dataclass(frozen=True, slots=True)
class PlatformRead:
    """
    When another account's orders of the show were last read: of several listings the
    one that was read longest ago. `None`: never.
    """

    account: str
    last_read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Availability:
    """
    The seats of a show. `left` can be sold here, `None` without a capacity.
    """

    show: ShowOnSale
    taken: Taken
    left: int | None
    tiers: Sequence[TierLeft]
    platforms: Sequence[PlatformRead]
    is_open: bool


def get_availability(connection: Connection, show_id: int) -> Availability:
    """
    Raises: `SaleRefused` (`not-on-sale`) where we do not sell the show.
    """
    now = clock.now()
    show = shows_on_sale.get_show(connection, show_id)
    taken = seats.count_taken(connection, show, now)
    tiers = [
        TierLeft(tier, seats.left_of(show, tier, taken), tier.is_open(now))
        for tier in price_tiers.list_tiers(connection, show_id)
        if tier.retired_at is None
    ]
    return Availability(
        show,
        taken,
        seats.seats_left(show, taken),
        tiers,
        _platforms(connection, show),
        show.is_open(now),
    )


def _platforms(connection: Connection, show: ShowOnSale) -> list[PlatformRead]:
    others = [
        occurrence
        for occurrence in occurrences.list_occurrences(connection, show_id=show.show_id)
        if occurrence.account_id != show.account_id
    ]
    reads = link_reads.list_last_reads(connection, others)
    by_account: dict[str, list[datetime | None]] = {}
    for other in others:
        by_account.setdefault(other.account, []).append(reads[other.id])
    return [
        PlatformRead(account, _longest_ago(found))
        for account, found in by_account.items()
    ]


def _longest_ago(reads: Sequence[datetime | None]) -> datetime | None:
    known = [read_at for read_at in reads if read_at is not None]
    return min(known) if len(known) == len(reads) else None
