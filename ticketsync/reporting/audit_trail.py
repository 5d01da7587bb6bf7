"""
The audit trail: who decided what, newest first.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    case,
    func,
    or_,
    select,
)

from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.audit import audit
from ticketsync.store.tables.catalogue import events, occurrences, show_links, shows

# What people call a kind of subject, where they do not use our word or need none.
_KINDS = {"occurrence": "date", "system": "", "person": ""}


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """
    One decision; `subject_id` is ours and may have been deleted.
    """

    at: datetime
    who: str
    action: str
    kind: str
    subject_id: int | None
    subject: str
    before: dict[str, Any]
    after: dict[str, Any]
    account: str  # that it is about; `""` if about none, or none that is still there

    @property
    def topic(self) -> str:
        """
        What it is about, for people: `event Late Laughs (tt)`, `production Gala`.
        """
        kind = _KINDS.get(self.kind, self.kind)
        of = f" ({self.account})" if self.account not in ("", self.subject) else ""
        return f"{kind} {self.subject}{of}".strip()

    @property
    def change(self) -> str:
        """
        What changed, in one line: `is_excluded false → true`.
        """
        names = [
            *self.before,
            *(name for name in self.after if name not in self.before),
        ]
        return ", ".join(
            f"{name.replace('_', ' ')} {self._values(name)}" for name in names
        )

    def _values(self, name: str) -> str:
        before, after = (
            _shown(values[name]) if name in values else None
            for values in (self.before, self.after)
        )
        if before is None:
            return after or "nothing"
        return f"{before} → {'nothing' if after is None else after}"


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """
    Which decisions: all, or those about one kind of subject, one account or one show
    (our ids): with decisions about the events and occurrences of the account, and about
    those that are linked to the show, or were, and its production. `who` is part of a
    name; `what` is an action, a kind of subject or part of a subject's name; `until` is
    the first instant that is no longer included.
    """

    kind: str | None = None
    account_id: int | None = None
    show_id: int | None = None
    who: str = ""
    what: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        if self.kind is not None:
            yield audit.c.kind == self.kind
        if self.account_id is not None:
            yield _is_about_account(self.account_id)
        if self.show_id is not None:
            yield _is_about_show(audit, self.show_id)
        if self.who:
            yield audit.c.who.icontains(self.who, autoescape=True)
        if self.what:
            wanted = self.what.casefold()
            yield or_(
                audit.c.action == wanted,
                audit.c.kind == wanted,
                audit.c.subject.icontains(self.what, autoescape=True),
            )
        if self.since is not None:
            yield audit.c.at >= self.since
        if self.until is not None:
            yield audit.c.at < self.until


EVERYTHING = AuditFilter()


def count_entries(connection: Connection, chosen: AuditFilter) -> int:
    """
    How many decisions there are.
    """
    query = select(func.count()).select_from(audit).where(*chosen.conditions())
    return int(connection.scalar(query) or 0)


def list_entries(
    connection: Connection,
    chosen: AuditFilter = EVERYTHING,
    *,
    limit: int | None = 50,
) -> list[AuditEntry]:
    """
    The latest decisions, the newest first; all of them where there is no limit.
    """
    query = (
        _with_account()
        .where(*chosen.conditions())
        .order_by(audit.c.at.desc(), audit.c.id.desc())
        .limit(limit)
    )
    return [
        AuditEntry(
            at=row.at,
            who=row.who,
            action=row.action,
            kind=row.kind,
            subject_id=row.subject_id,
            subject=row.subject,
            before=json.loads(row.before),
            after=json.loads(row.after),
            account=row.account or "",
        )
        for row in connection.execute(query)
    ]


def _shown(value: Any) -> str:
    """
    A value in plain words: `yes`, `nothing`, `GA: Adult; Kid: Child`.
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        pairs = (f"{name}: {_shown(item)}" for name, item in value.items())
        return "; ".join(pairs) or "nothing"
    if isinstance(value, list):
        return "; ".join(map(_shown, value)) or "nothing"
    return "nothing" if value in (None, "") else str(value)


def _with_account() -> Select[Any]:
    """
    All columns of the trail, and the name of the `account` that an entry is about.
    """

    def is_of(kind: str, table: Table) -> ColumnElement[bool]:
        return and_(audit.c.kind == kind, table.c.id == audit.c.subject_id)

    account_id = case(
        (audit.c.kind.in_(("account", "webhook")), audit.c.subject_id),
        else_=func.coalesce(events.c.account_id, occurrences.c.account_id),
    )
    return (
        select(audit, accounts.c.name.label("account"))
        .select_from(audit)
        .outerjoin(events, is_of("event", events))
        .outerjoin(occurrences, is_of("occurrence", occurrences))
        .outerjoin(accounts, accounts.c.id == account_id)
    )


def _is_about(kind: str, ids: Any) -> ColumnElement[bool]:
    return and_(audit.c.kind == kind, audit.c.subject_id.in_(ids))


def _is_about_account(account_id: int) -> ColumnElement[bool]:
    of_account = [
        (kind, select(table.c.id).where(table.c.account_id == account_id))
        for kind, table in (("event", events), ("occurrence", occurrences))
    ]
    itself = [("account", [account_id]), ("webhook", [account_id])]
    return or_(*(_is_about(kind, ids) for kind, ids in [*itself, *of_account]))


def _is_about_show(table: Table, show_id: int) -> ColumnElement[bool]:
    linked = select(show_links.c.occurrence_id).where(show_links.c.show_id == show_id)
    # The values are JSON objects, as `store.audit` writes them.
    named = [f'%"show_id": {show_id}{end}%' for end in (",", "}")]
    production = select(shows.c.production_id).where(shows.c.id == show_id)
    their_events = select(occurrences.c.event_id).where(occurrences.c.id.in_(linked))
    return or_(
        _is_about("show", [show_id]),
        _is_about("production", production),
        _is_about("event", their_events),
        and_(
            table.c.kind == "occurrence",
            or_(
                table.c.subject_id.in_(linked),
                *(
                    column.like(text)
                    for column in (table.c.before, table.c.after)
                    for text in named
                ),
            ),
        ),
    )
