"""
Passes: a one-time link, the session it is exchanged for, a calendar feed's URL.

Only digests are stored, so that nobody who reads the database can sign in. A pass is
looked up by its digest, so that response times reveal nothing about a partly correct
token.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from ticketsync.core import clock, errors
from ticketsync.core.digest import token_digest
from ticketsync.core.redact import safe
from ticketsync.store import audit, query_results
from ticketsync.store.audit import Decision
from ticketsync.store.tables.visitors import passes
from ticketsync.visitors.limits import UNLIMITED, Limit

ROLES = ("viewer", "door", "manager")
LIFETIMES = {
    "link": timedelta(days=2),
    "session": timedelta(days=14),
    "calendar": timedelta(days=3650),
}
_RECORDED = {"link": "invite", "calendar": "create feed"}  # signing in is not a change
_TOKEN_BYTES = 32
_SCRYPT_COST = {"n": 2**14, "r": 8, "p": 1}


@dataclass(frozen=True, slots=True)
class Visitor:
    """
    The holder of a pass, and what the pass allows.
    """

    id: int
    kind: str
    role: str
    name: str
    created_at: datetime
    expires_at: datetime
    show_id: int | None = None
    evening: str | None = None
    ends_at: datetime | None = None

    @property
    def limit(self) -> Limit:
        return Limit(self.show_id, self.evening, self.ends_at)

    @property
    def is_manager(self) -> bool:
        return self.role == "manager"

    @property
    def can_read(self) -> bool:
        """
        Whether they may see figures. A door sees its guest list only.
        """
        return self.role in ("viewer", "manager")

    @property
    def can_admit(self) -> bool:
        """
        Whether they may check guests in.
        """
        return self.role in ("door", "manager")


def issue(
    connection: Connection,
    kind: str,
    role: str,
    name: str,
    now: datetime,
    limit: Limit = UNLIMITED,
) -> str:
    """
    Create a pass and return its token, which cannot be retrieved later. A limited one
    lasts until its limit ends, however far ahead that is.

    Raises: `UsageError` for an unknown role, for a limit of another role than a door,
    and for a limit that has ended.
    """
    _check_limit(role, limit, now)
    if role not in ROLES:
        raise errors.UsageError(
            f"There is no role {safe(role)!r}.", hint=f"Use {', '.join(ROLES)}."
        )
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    expires_at = limit.ends_at or now + LIFETIMES[kind]
    connection.execute(
        insert(passes).values(
            digest=token_digest(token),
            kind=kind,
            role=role,
            name=name[:100],
            created_at=now,
            expires_at=expires_at,
            show_id=limit.show_id,
            evening=limit.evening,
            ends_at=limit.ends_at,
        )
    )
    if kind in _RECORDED:
        subject = name or role
        after: dict[str, Any] = {"role": role, "expires_at": clock.iso(expires_at)}
        if limit.is_set:
            after |= {"show_id": limit.show_id, "evening": limit.evening}
        audit.record(
            connection, Decision(_RECORDED[kind], "visitor", subject, after=after)
        )
    return token


def _check_limit(role: str, limit: Limit, now: datetime) -> None:
    """
    Raises `UsageError` for a limit that this role cannot have, or that has ended.
    """
    if limit.is_set and role != "door":
        raise errors.UsageError(
            "Only a door's pass can be limited to a show or an evening.",
            hint="Add --role door.",
        )
    if limit.ends_at is not None and limit.ends_at <= now:
        raise errors.UsageError(
            "That evening is over.", hint="Give a later show or evening."
        )


def get_visitor(
    connection: Connection, kind: str, token: str, now: datetime
) -> Visitor | None:
    """
    The holder of this token, if it is of that kind and has not expired.
    """
    row = connection.execute(
        select(*query_results.named(query_results.field_names(Visitor), passes)).where(
            passes.c.digest == token_digest(token),
            passes.c.kind == kind,
            passes.c.expires_at > now,
        )
    ).first()
    return None if row is None else Visitor(**row._mapping)


def redeem(connection: Connection, token: str, now: datetime) -> str | None:
    """
    Exchange a link for a session and return its token; `None` if the link is unknown,
    expired or already used.
    """
    visitor = get_visitor(connection, "link", token, now)
    if visitor is None:
        return None
    result = connection.execute(delete(passes).where(passes.c.id == visitor.id))
    if result.rowcount != 1:
        return None
    return issue(connection, "session", visitor.role, visitor.name, now, visitor.limit)


def list_visitors(connection: Connection, now: datetime) -> list[Visitor]:
    """
    The holders of all passes that have not expired.
    """
    rows = connection.execute(
        select(*query_results.named(query_results.field_names(Visitor), passes))
        .where(passes.c.expires_at > now)
        .order_by(passes.c.id)
    )
    return [Visitor(**row._mapping) for row in rows]


def list_feeds(connection: Connection, now: datetime) -> list[Visitor]:
    """
    The calendar addresses that still open the calendar.
    """
    return [v for v in list_visitors(connection, now) if v.kind == "calendar"]


def revoke_feed(connection: Connection, pass_id: int, now: datetime) -> None:
    """
    Make a calendar address open nothing any more.

    Raises: `NotFound` if there is none with this id; other passes are not touched.
    """
    if pass_id not in {feed.id for feed in list_feeds(connection, now)}:
        raise errors.NotFound("There is no such calendar address.")
    revoke(connection, [pass_id], now)


def revoke(connection: Connection, ids: Sequence[int] | None, now: datetime) -> int:
    """
    Revoke these passes, or all; returns how many. Expired ones are deleted too.

    Raises: `NotFound` where one of them does not exist; then none is revoked.
    """
    connection.execute(delete(passes).where(passes.c.expires_at <= now))
    missing = sorted(set(ids or ()) - set(connection.scalars(select(passes.c.id))))
    if missing:
        raise errors.NotFound(
            f"There is no pass {', '.join(map(str, missing))}; none was revoked.",
            hint="See `ticketsync visitors list`.",
        )
    wanted = (
        delete(passes) if ids is None else delete(passes).where(passes.c.id.in_(ids))
    )
    number = int(connection.execute(wanted).rowcount)
    if number:
        subject = "all passes" if ids is None else "passes"
        audit.record(
            connection,
            Decision("revoke", "visitor", subject, before={"number": number}),
        )
    return number


def end_session(connection: Connection, token: str) -> None:
    """
    End a visitor's session.
    """
    connection.execute(delete(passes).where(passes.c.digest == token_digest(token)))


def hash_password(password: str) -> str:
    """
    The hash of a password for the settings.
    """
    salt = secrets.token_bytes(16)
    key = hashlib.scrypt(password.encode(), salt=salt, **_SCRYPT_COST)
    return f"scrypt:{_encode(salt)}:{_encode(key)}"


def matches(password: str, password_hash: str) -> bool:
    """
    Whether this is the password that `hash_password` made the hash of.
    """
    try:
        algorithm, salt, key = password_hash.split(":")
        expected = base64.urlsafe_b64decode(key)
        derived = hashlib.scrypt(
            password.encode(), salt=base64.urlsafe_b64decode(salt), **_SCRYPT_COST
        )
    except ValueError:
        return False
    return algorithm == "scrypt" and hmac.compare_digest(derived, expected)


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode()
