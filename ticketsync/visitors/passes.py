"""
Passes: a link that opens once, the session it becomes, a calendar's address.

Only digests are kept, so that whoever reads the database cannot walk in; a pass is
looked up by its digest, so that no comparison tells how much of a guess fits.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlmodel import Session

from ticketsync.core import errors
from ticketsync.core.redact import safe
from ticketsync.store import audit, reports
from ticketsync.store.audit import Decision
from ticketsync.store.tables.visitors import PassRow
from ticketsync.store.upsert import table_of

ROLES = ("viewer", "door", "manager")
LASTS = {
    "link": timedelta(days=2),
    "session": timedelta(days=14),
    "calendar": timedelta(days=3650),
}
_BYTES = 32
_COST = {"n": 2**14, "r": 8, "p": 1}


@dataclass(frozen=True, slots=True)
class Visitor:
    """
    Who holds a pass, and what it lets them do.
    """

    id: int
    kind: str
    role: str
    name: str
    created_at: datetime
    expires_at: datetime

    @property
    def is_manager(self) -> bool:
        return self.role == "manager"

    @property
    def reads(self) -> bool:
        """
        Whether they may see figures; a door sees its list and nothing else.
        """
        return self.role in ("viewer", "manager")

    @property
    def admits(self) -> bool:
        return self.role in ("door", "manager")


def issue(session: Session, kind: str, role: str, name: str, now: datetime) -> str:
    """
    A new pass; the token is told here and never again.
    """
    if role not in ROLES:
        raise errors.UsageError(
            f"There is no role {safe(role)!r}.", hint=f"Use {', '.join(ROLES)}."
        )
    token = secrets.token_urlsafe(_BYTES)
    session.add(
        PassRow(
            digest=_digest(token),
            kind=kind,
            role=role,
            name=name[:100],
            created_at=now,
            expires_at=now + LASTS[kind],
        )
    )
    session.flush()
    return token


def get_visitor(
    session: Session, kind: str, token: str, now: datetime
) -> Visitor | None:
    """
    Whose pass this is, if it is one of that kind and still good.
    """
    table = table_of(PassRow)
    row = (
        session.connection()
        .execute(
            select(*reports.named(reports.field_names(Visitor), table)).where(
                table.c.digest == _digest(token),
                table.c.kind == kind,
                table.c.expires_at > now,
            )
        )
        .first()
    )
    return None if row is None else Visitor(**row._mapping)


def redeem(session: Session, token: str, now: datetime) -> str | None:
    """
    Exchange a link for a session; the second time there is nothing to exchange.
    """
    table = table_of(PassRow)
    found = get_visitor(session, "link", token, now)
    if found is None:
        return None
    gone = session.connection().execute(delete(table).where(table.c.id == found.id))
    if gone.rowcount != 1:
        return None
    return issue(session, "session", found.role, found.name, now)


def list_visitors(session: Session, now: datetime) -> list[Visitor]:
    """
    Every pass that is still good.
    """
    table = table_of(PassRow)
    rows = session.connection().execute(
        select(*reports.named(reports.field_names(Visitor), table))
        .where(table.c.expires_at > now)
        .order_by(table.c.id)
    )
    return [Visitor(**row._mapping) for row in rows]


def revoke(session: Session, ids: list[int] | None, now: datetime) -> int:
    """
    Take back these passes, or all; returns how many. Expired ones go with them.
    """
    table = table_of(PassRow)
    connection = session.connection()
    connection.execute(delete(table).where(table.c.expires_at <= now))
    wanted = delete(table) if ids is None else delete(table).where(table.c.id.in_(ids))
    number = int(connection.execute(wanted).rowcount)
    if number:
        passes = "all passes" if ids is None else "passes"
        audit.record(
            session, Decision("revoke", "visitor", passes, before={"number": number})
        )
    return number


def end(session: Session, token: str) -> None:
    """
    End a session.
    """
    table = table_of(PassRow)
    session.connection().execute(delete(table).where(table.c.digest == _digest(token)))


def hashed(password: str) -> str:
    """
    What stands for a password in the settings.
    """
    salt = secrets.token_bytes(16)
    key = hashlib.scrypt(password.encode(), salt=salt, **_COST)
    return f"scrypt:{_text(salt)}:{_text(key)}"


def fits(password: str, told: str) -> bool:
    """
    Whether a password is the one that `hashed` made this of.
    """
    try:
        name, salt, key = told.split(":")
        expected = base64.urlsafe_b64decode(key)
        found = hashlib.scrypt(
            password.encode(), salt=base64.urlsafe_b64decode(salt), **_COST
        )
    except ValueError:
        return False
    return name == "scrypt" and hmac.compare_digest(found, expected)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode()
