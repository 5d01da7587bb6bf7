"""
Members: who may buy members' tickets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, select

from ticketsync.boxoffice import refusals
from ticketsync.core.redact import safe
from ticketsync.store.tables.boxoffice import members


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
            hint="Sell another price.",
        )
