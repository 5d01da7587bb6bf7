"""
Whether seats may become fewer: never fewer than what is sold or held of them.

Who changes the capacity of a show or of a tier, or the reserve, does it inside
`refusing`, which compares before and after; a preview asks `refuse_planned`. What a
platform sold beyond the capacity is no change of ours: it is reported as oversold. What
a platform lists is none either: it leaves the seats of `lock_on_sale` as they are.
Both keep out whoever puts a show on sale: its seats could be sold meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from sqlalchemy import Connection, select

from ticketsync.boxoffice import price_tiers, seats, shows_on_sale
from ticketsync.boxoffice.shows_on_sale import ShowOnSale
from ticketsync.core import clock, errors
from ticketsync.core.plurals import number_of
from ticketsync.core.redact import safe
from ticketsync.store.tables.boxoffice_shows import boxoffice_shows
from ticketsync.store.tables.catalogue import shows

SEATS_TAKEN = "seats-taken"


@dataclass(frozen=True, slots=True)
class _Limits:
    """
    The seats of a show without its reserve, and those of each tier by its id; `None`
    without a limit.
    """

    of_show: int | None
    of_tiers: dict[int, int | None]


@contextmanager
def refusing(
    connection: Connection, show_ids: Collection[int] | None = None
) -> Iterator[None]:
    """
    Refuse what is done inside to these shows, or to all that we sell, if it leaves
    fewer seats than are sold or held.

    Raises: `GuardRefused` (`seats-taken`).
    """
    seats.lock_openings(connection)
    if show_ids is None:
        show_ids = [show.show_id for show in shows_on_sale.list_shows(connection)]
    seats.lock_shows(connection, show_ids)
    before = _read_limits(connection, show_ids)
    yield
    for show in shows_on_sale.list_shows(connection):
        if show.show_id in before:
            _refuse_fewer(connection, show, before[show.show_id])


def refuse_planned(connection: Connection, planned: Mapping[int, int | None]) -> None:
    """
    Refuse the capacities that shows would get, by their ids, as `refusing` will when
    they get them; nothing is written.

    Raises: `GuardRefused` (`seats-taken`).
    """
    own = select(boxoffice_shows.c.show_id).where(boxoffice_shows.c.capacity.is_(None))
    of_show = set(connection.execute(own).scalars())
    before = _read_limits(connection, planned)
    for show in shows_on_sale.list_shows(connection):
        if show.show_id in of_show & set(planned):
            after = replace(show, capacity=planned[show.show_id])
            _refuse_fewer(connection, after, before[show.show_id])


def lock_on_sale(connection: Connection) -> set[int]:
    """
    The shows that we sell, whose seats a listing of a platform does not change. No show
    is put on sale until the transaction ends; called before any row is locked.
    """
    seats.lock_openings(connection)
    return {show.show_id for show in shows_on_sale.list_shows(connection)}


def _read_limits(
    connection: Connection, show_ids: Collection[int]
) -> dict[int, _Limits]:
    """
    The limits of shows by their ids; of one that is not on sale yet its own capacity.
    """
    own = select(shows.c.id, shows.c.capacity).where(shows.c.id.in_(show_ids))
    found = {id_: _Limits(capacity, {}) for id_, capacity in connection.execute(own)}
    for show in shows_on_sale.list_shows(connection):
        if show.show_id in found:
            tiers = price_tiers.list_tiers(connection, show.show_id)
            of_tiers = {tier.id: tier.capacity for tier in tiers}
            found[show.show_id] = _Limits(_room(show), of_tiers)
    return found


def _room(show: ShowOnSale) -> int | None:
    return None if show.capacity is None else show.capacity - show.held_back


def _refuse_fewer(connection: Connection, show: ShowOnSale, before: _Limits) -> None:
    taken = seats.count_taken(connection, show, clock.now())
    room = _room(show)
    if room is not None and _is_lower(room, before.of_show) and room < taken.total:
        beside = " beside those in reserve" if show.held_back else ""
        raise _refused(show, taken.total, safe(show.name), room, beside)
    for tier in price_tiers.list_tiers(connection, show.show_id):
        number, limit = taken.of_tier(tier.id), tier.capacity
        if limit is not None and tier.id in before.of_tiers:
            is_lower = _is_lower(limit, before.of_tiers[tier.id])
            if is_lower and limit < number:
                raise _refused(show, number, repr(safe(tier.name)), limit)


def _is_lower(after: int, before: int | None) -> bool:
    return before is None or after < before


def _refused(
    show: ShowOnSale, taken: int, what: str, room: int, beside: str = ""
) -> errors.GuardRefused:
    return errors.GuardRefused(
        f"{number_of(taken, 'seat is', 'seats are')} sold or held of {what}: "
        f"{number_of(max(0, room), 'seat')}{beside} would be too few.",
        hint="Take tickets back first, or stop the sale with "
        f"`ticketsync boxoffice close {show.show_id}`.",
        word=SEATS_TAKEN,
    )
