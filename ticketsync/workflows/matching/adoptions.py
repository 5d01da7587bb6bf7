"""
What adopting makes: shows of what is on sale, unless that may be a show that we have.
And undoing it: its links go, and with them the shows that it made and nothing else
is linked to. Orders stay stored; they count again when their occurrences are linked.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from ticketsync.boxoffice import seats
from ticketsync.catalogue import (
    adopted_batches,
    adopting,
    dependents,
    near_shows,
    occurrences,
    show_edits,
    shows,
)
from ticketsync.catalogue.adopted_batches import PREFIX, AdoptedBatch
from ticketsync.catalogue.adopting import PlannedAdoption
from ticketsync.catalogue.matching_rules.candidates import Tolerance
from ticketsync.catalogue.near_shows import NearShow
from ticketsync.catalogue.occurrences import LinkedOccurrence
from ticketsync.core import clock
from ticketsync.core.money import Money
from ticketsync.core.settings.config import Settings
from ticketsync.financials import sales_notices
from ticketsync.reporting import figures_of_shows
from ticketsync.store.engine import Database
from ticketsync.workflows import recompute_figures


@dataclass(frozen=True, slots=True)
class UndoneAdoption:
    """
    How many links and shows an undo removes, and how many shows stay because guests of
    theirs were scanned. `orders` leave the figures, and with them what they have in
    gross, one amount for each currency.
    """

    batch: str
    links: int
    shows: int
    scanned: int
    orders: int = 0
    gross: tuple[Money, ...] = ()


@dataclass(frozen=True, slots=True)
class AdoptionPlan:
    """
    The occurrences that are adopted, and those that are left to a person because they
    may be a show that starts at another minute.
    """

    items: tuple[PlannedAdoption, ...]
    near: tuple[NearShow, ...]

    @property
    def new_shows(self) -> int:
        """
        How many shows would be made.
        """
        new = {
            (item.new.production, item.new.venue, item.new.starts_at)
            for item in self.items
            if item.show_id is None
        }
        return len(new)


def plan_adoption(
    connection: Connection,
    settings: Settings,
    unlinked: Iterable[LinkedOccurrence],
    *,
    near_are_new: bool = False,
) -> AdoptionPlan:
    """
    What adopting these unlinked occurrences would make; `near_are_new` where a person
    said that none of them is a show that we have.

    Raises: `ConfigurationError` where there is no venue yet.
    """
    ours = shows.list_shows(connection)
    plan = adopting.plan_adoption(connection, unlinked, ours)
    if near_are_new:
        return AdoptionPlan(tuple(plan), ())
    tolerance = Tolerance(settings.match_tolerance, settings.match_tolerances)
    near = near_shows.find_near(connection, plan, ours, tolerance)
    left = {found.item.occurrence.id for found in near}
    return AdoptionPlan(
        tuple(item for item in plan if item.occurrence.id not in left), tuple(near)
    )


def new_batch() -> str:
    """
    The name of an adoption, by which it can be undone.
    """
    return f"{PREFIX}{clock.now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def preview_undo(connection: Connection, batch: str = "") -> UndoneAdoption:
    """
    What undoing an adoption, or the last one, would remove; shows that something else
    is linked to by then stay.

    Raises: `NotFound` where there is none.
    """
    adopted = adopted_batches.get_batch(connection, batch)
    return UndoneAdoption(
        adopted.batch,
        len(adopted.occurrence_ids),
        len(adopted.made - adopted.scanned),
        len(adopted.scanned),
        dependents.count_orders(connection, adopted.occurrence_ids),
        _gross(connection, adopted),
    )


def _gross(connection: Connection, adopted: AdoptedBatch) -> tuple[Money, ...]:
    """
    The gross of what an adoption linked: of each show and account that has no other
    link.
    """
    linked = occurrences.list_occurrences(connection)
    wanted = {(o.show_id, o.account) for o in linked if o.id in adopted.occurrence_ids}
    others = {
        (o.show_id, o.account) for o in linked if o.id not in adopted.occurrence_ids
    }
    sums: dict[str, Money] = {}
    for item in figures_of_shows.figures(connection):
        if (item.show_id, item.account) in wanted - others:
            known = sums.get(item.currency)
            sums[item.currency] = item.gross if known is None else known + item.gross
    return tuple(sums[currency] for currency in sorted(sums))


def undo(database: Database, settings: Settings, batch: str) -> UndoneAdoption:
    """
    Undo the adoption of that name.

    Raises: `NotFound` where there is none.
    """
    with database.write() as connection:
        seats.lock_openings(connection)
        adopted = adopted_batches.get_batch(connection, batch)
        show_edits.lock_shows(connection, sorted(adopted.show_ids))
        count = dependents.count_orders(connection, adopted.occurrence_ids)
        gross = _gross(connection, adopted)
        left_alone = adopted_batches.unlink(connection, adopted)
        recompute_figures.recompute(connection, settings, adopted.show_ids)
        removed = [shows.get_show(connection, show_id) for show_id in left_alone]
        show_edits.unlink_shows(connection, left_alone)
        sales_notices.forget_shows(connection, left_alone)
        show_edits.remove_shows(connection, removed)
        adopted_batches.remove_empty_productions(
            connection, (show.production for show in removed)
        )
    return UndoneAdoption(
        adopted.batch,
        len(adopted.occurrence_ids),
        len(removed),
        len(adopted.scanned),
        count,
        gross,
    )
