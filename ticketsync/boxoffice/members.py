"""
Members: who may buy members' tickets.

They are people: their names are in no log and no audit entry, are deleted some time
after their membership, and are erased on request. What they bought stays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select, update

from ticketsync.boxoffice import refusals
from ticketsync.core.redact import safe
from ticketsync.store import audit, letter_case
from ticketsync.store.audit import Decision
from ticketsync.store.tables.members import members
from ticketsync.store.upsert import upsert

ADDED, CHANGED, UNCHANGED, ERASED = "added", "changed", "unchanged", "erased"


@dataclass(frozen=True, slots=True)
class NewMember:
    """
    Somebody as a list of members has them; the days are calendar days: `2026-11-27`.
    """

    number: str
    name: str
    email: str
    from_date: str
    until_date: str
    level: str


@dataclass(frozen=True, slots=True)
class Member:
    """
    Somebody who may buy members' tickets of shows between two calendar days.
    """

    id: int
    number: str
    name: str
    email: str
    from_date: str
    until_date: str
    level: str

    def is_valid_on(self, day: str) -> bool:
        return self.from_date <= day <= self.until_date


def find_member(connection: Connection, number: str) -> Member:
    """
    The member of that number.

    Raises: `SaleRefused` (`members-only`) where there is none.
    """
    query = select(members).where(
        members.c.number == number.strip(), members.c.erased_at.is_(None)
    )
    return _one(connection, query, number)


def get_member(connection: Connection, member_id: int) -> Member:
    """
    The member with that id of ours.

    Raises: `SaleRefused` (`members-only`) where it was erased.
    """
    query = select(members).where(
        members.c.id == member_id, members.c.erased_at.is_(None)
    )
    return _one(connection, query, "")


def _one(connection: Connection, query: Select[Any], number: str) -> Member:
    row = connection.execute(query).mappings().first()
    if row is None:
        raise refusals.refused(
            refusals.MEMBERS_ONLY,
            f"There is no member {safe(number, longest=40)!r}."
            if number
            else "The member is not known any more.",
            hint="Look at the number on the card.",
        )
    return Member(**{name: row[name] for name in Member.__dataclass_fields__})


def refuse_on_day(member: Member, day: str) -> None:
    """
    Raises: `SaleRefused` (`members-only`) where somebody is no member on the day of the
    show.
    """
    if not member.is_valid_on(day):
        raise refusals.refused(
            refusals.MEMBERS_ONLY,
            f"Member {safe(member.number)} is one from {member.from_date} until "
            f"{member.until_date}, and not on {day}, when the show plays.",
            hint="Choose another price.",
        )


# The list


def list_members(connection: Connection, text: str = "") -> list[Member]:
    """
    The members in the order of their numbers, without those who were erased: all, or
    those whose number, name or e-mail address contains this text.
    """
    query = select(members).where(members.c.erased_at.is_(None))
    if text:
        columns = (members.c.number, members.c.name, members.c.email)
        fits = (letter_case.contains(column, text.strip()) for column in columns)
        query = query.where(or_(*fits))
    return _read(connection, query)


def save(
    connection: Connection,
    listed: Sequence[NewMember],
    forgotten_before: str,
    *,
    dry_run: bool = False,
) -> Counter[str]:
    """
    Add these members, and change those whose numbers are known; returns how many were
    `added`, `changed`, are `unchanged`, or were `erased` and stay so. Of whoever has
    been no member since that calendar day no name or address is kept.
    """
    rows = {new.number: _row(new, forgotten_before) for new in listed}
    query = select(members).where(members.c.number.in_(list(rows)))
    held = {row["number"]: row for row in connection.execute(query).mappings()}
    outcomes = {number: _outcome(row, held.get(number)) for number, row in rows.items()}
    found = Counter(outcomes.values())
    changed = [
        rows[n] for n, outcome in outcomes.items() if outcome in (ADDED, CHANGED)
    ]
    if changed and not dry_run:
        # Whoever is erased concurrently stays erased.
        upsert(connection, members, changed, key=("number",), unless="erased_at")
        counts = {name: found[name] for name in (ADDED, CHANGED)}
        audit.record(connection, Decision("import", "person", "members", after=counts))
    return found


def _row(new: NewMember, forgotten_before: str) -> dict[str, Any]:
    row = {name: getattr(new, name) for name in NewMember.__dataclass_fields__}
    if new.until_date < forgotten_before:
        row |= {"name": "", "email": ""}
    return {**row, "erased_at": None}


def _outcome(row: dict[str, Any], held: Any) -> str:
    if held is None:
        return ADDED
    if held["erased_at"] is not None:
        return ERASED
    return UNCHANGED if all(held[name] == row[name] for name in row) else CHANGED


# People's rights


def find_kept(connection: Connection, who: str) -> list[Member]:
    """
    Members by their number, e-mail address or whole name. Not case-sensitive.
    """
    columns = (members.c.number, members.c.name, members.c.email)
    query = select(members).where(
        or_(*(letter_case.is_same(column, who.strip()) for column in columns)),
        members.c.erased_at.is_(None),
    )
    return _read(connection, query)


def erase(connection: Connection, ids: Collection[int], now: datetime) -> int:
    """
    Erase these members for good: no list brings them back. Their orders stay.
    """
    if not ids:
        return 0
    erased = connection.execute(
        update(members)
        .where(members.c.id.in_(list(ids)), members.c.erased_at.is_(None))
        .values(name="", email="", level="", erased_at=now)
    )
    counts = {"members": erased.rowcount}
    audit.record(connection, Decision("erase", "person", "a person", before=counts))
    return erased.rowcount


def count_expired(connection: Connection, before: str) -> int:
    """
    How many people are kept who have been no members since that calendar day.
    """
    query = select(func.count()).select_from(members).where(_is_expired(before))
    return connection.execute(query).scalar_one()


def forget_expired(connection: Connection, before: str) -> int:
    """
    Delete their names and addresses; returns of how many.
    """
    forgotten = connection.execute(
        update(members).where(_is_expired(before)).values(name="", email="")
    )
    return forgotten.rowcount


def _is_expired(before: str) -> ColumnElement[bool]:
    is_kept = or_(members.c.name != "", members.c.email != "")
    return is_kept & (members.c.until_date < before)


def _read(connection: Connection, query: Select[Any]) -> list[Member]:
    names = Member.__dataclass_fields__
    rows = connection.execute(query.order_by(members.c.number)).mappings()
    return [Member(**{name: row[name] for name in names}) for row in rows]
