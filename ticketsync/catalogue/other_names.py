"""
The other names of our productions and venues: those they had, and those of lists that a
person confirmed, so that a list is not taken for one of other shows.

A present name counts before another one: whoever gets a name takes it from whatever had
it before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sqlalchemy import Column, Connection, Table, delete, insert, select, update

from ticketsync.catalogue.known_names import Kind, Origin, OtherName, same_name
from ticketsync.core import clock, errors
from ticketsync.core.redact import safe
from ticketsync.store import audit
from ticketsync.store.audit import Decision
from ticketsync.store.tables.catalogue import productions, venues
from ticketsync.store.tables.names import production_names, venue_names


@dataclass(frozen=True, slots=True)
class _Tables:
    """
    Where the names of a kind are: its own table with its name, and that of its others.
    """

    own: Table
    name: Column[str]
    others: Table
    own_id: Column[int]


_TABLES: Mapping[Kind, _Tables] = MappingProxyType(
    {
        "production": _Tables(
            *(productions, productions.c.title),
            *(production_names, production_names.c.production_id),
        ),
        "venue": _Tables(
            *(venues, venues.c.name), *(venue_names, venue_names.c.venue_id)
        ),
    }
)


def list_names(connection: Connection, kind: Kind) -> list[OtherName]:
    """
    The other names of all productions, or of all venues, with the present ones.
    """
    of = _TABLES[kind]
    query = (
        select(of.others.c.name, of.name, of.others.c.origin)
        .join(of.own, of.own.c.id == of.own_id)
        .order_by(of.others.c.name)
    )
    return [OtherName(*row) for row in connection.execute(query)]


def find_present(
    connection: Connection, kind: Kind, names: Collection[str]
) -> dict[str, str]:
    """
    What we call those of these names that are another name of ours, by the name.
    """
    if not names:
        return {}
    others = {other.name: other.known for other in list_names(connection, kind)}
    spelled = {name: same_name(name, list(others)) for name in names}
    return {name: others[known] for name, known in spelled.items() if known}


def add_name(
    connection: Connection, kind: Kind, name: str, own_id: int, origin: Origin
) -> None:
    """
    Give a production or a venue, by our id, another name; it is taken from others.
    """
    forget_names(connection, kind, [name])
    of = _TABLES[kind]
    row = {
        "name": name,
        of.own_id.name: own_id,
        "origin": origin,
        "added_at": clock.now(),
    }
    connection.execute(insert(of.others).values(row))


def follow_rename(
    connection: Connection, kind: Kind, own_id: int, name: str, new_name: str
) -> None:
    """
    Keep the name that a production or venue, by our id, had until now.
    """
    forget_names(connection, kind, [new_name])
    if same_name(name, [new_name]) is None:
        add_name(connection, kind, name, own_id, "former")


def follow_merge(
    connection: Connection, kind: Kind, source: int, name: str, target: int
) -> None:
    """
    Give the names of the first of two, by our ids, to the one that stays.
    """
    of = _TABLES[kind]
    connection.execute(
        update(of.others).where(of.own_id == source).values({of.own_id.name: target})
    )
    add_name(connection, kind, name, target, "former")


def forget_names(
    connection: Connection, kind: Kind, names: Iterable[str]
) -> list[OtherName]:
    """
    Let these be no other names any more, however they are spelled; returns those that
    were.
    """
    known = list_names(connection, kind)
    spelled = [other.name for other in known]
    gone = {found for name in names if (found := same_name(name, spelled)) is not None}
    if gone:
        others = _TABLES[kind].others
        connection.execute(delete(others).where(others.c.name.in_(gone)))
    return [other for other in known if other.name in gone]


def confirm_name(connection: Connection, kind: Kind, other: OtherName) -> None:
    """
    Keep what a person said about a name of a list, and record it; nothing is kept where
    there is no production or venue of the known name.
    """
    own_id = _own_id(connection, kind, other.known)
    if own_id is None:
        return
    add_name(connection, kind, other.name, own_id, other.origin)
    after = {"other_name": other.name}
    audit.record(
        connection, Decision("add name", kind, other.known, own_id, after=after)
    )


def _own_id(connection: Connection, kind: Kind, name: str) -> int | None:
    of = _TABLES[kind]
    found: int | None = connection.scalar(select(of.own.c.id).where(of.name == name))
    return found


def forget_name(connection: Connection, kind: Kind, name: str) -> OtherName:
    """
    Let a name be that of nothing any more, and record it; returns what it was.

    Raises: `NotFound`.
    """
    gone = forget_names(connection, kind, [name])
    if not gone:
        raise errors.NotFound(
            f"{safe(name)!r} is not another name of a {kind}.",
            hint=f"See `ticketsync {kind}s list`.",
        )
    (other,) = gone
    own_id = _own_id(connection, kind, other.known)
    before = {"other_name": other.name}
    audit.record(
        connection, Decision("forget name", kind, other.known, own_id, before=before)
    )
    return other
