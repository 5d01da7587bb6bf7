"""
The offsets that matching uses: those that a person has confirmed, and those that the
confirmed pairs suggest.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from ticketsync.catalogue.matching_input import MADE_FROM_OCCURRENCE
from ticketsync.catalogue.matching_rules.offsets import ConfirmedPair, Offset, learn
from ticketsync.core import errors
from ticketsync.core.redact import safe
from ticketsync.store import audit
from ticketsync.store.audit import Decision
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import (
    confirmed_offsets,
    occurrences,
    productions,
    show_links,
    shows,
)


def list_offsets(connection: Connection) -> list[Offset]:
    """
    The confirmed offsets, and the learnt ones of other accounts and productions.
    """
    learnt = {offset.key: offset for offset in learn(_list_pairs(connection))}
    confirmed = {offset.key: offset for offset in _list_confirmed(connection)}
    for key, offset in confirmed.items():
        known = learnt.get(key)
        if known is not None and known.minutes == offset.minutes:
            confirmed[key] = replace(offset, pairs=known.pairs)
    return [found for _, found in sorted({**learnt, **confirmed}.items())]


def get_offset(connection: Connection, account: str, production: str) -> Offset:
    """
    The offset of an account and a production, confirmed or learnt.

    Raises: `NotFound` where there is none.
    """
    for offset in list_offsets(connection):
        if offset.key == (account, production):
            return offset
    raise errors.NotFound(
        f"No offset is known of {safe(production)!r} on {safe(account)!r}.",
        hint="Run `ticketsync link offsets` to see those that are.",
    )


def confirm_offset(connection: Connection, offset: Offset, now: datetime) -> None:
    """
    Let matching link by this offset without asking; replaces another one of the same
    account and production.
    """
    account_id, production_id = _ids(connection, offset)
    before = _confirmed_minutes(connection, account_id, production_id)
    if before == offset.minutes:
        return
    _delete(connection, account_id, production_id)
    row = {
        "account_id": account_id,
        "production_id": production_id,
        "minutes": offset.minutes,
        "confirmed_at": now,
    }
    connection.execute(insert(confirmed_offsets).values(row))
    _record(connection, "confirm", offset, production_id, before, offset.minutes)


def forget_offset(connection: Connection, offset: Offset) -> bool:
    """
    Ask again before matching links by this offset; whether it was confirmed. Links
    that were made by it stay.
    """
    account_id, production_id = _ids(connection, offset)
    before = _confirmed_minutes(connection, account_id, production_id)
    if before is None:
        return False
    _delete(connection, account_id, production_id)
    _record(connection, "take back", offset, production_id, before, None)
    return True


def move_offsets(connection: Connection, source: int, target: int) -> None:
    """
    Make the offsets of one production (our ids) those of another one, for accounts
    where that one has none.
    """
    of_target = select(confirmed_offsets.c.account_id).where(
        confirmed_offsets.c.production_id == target
    )
    connection.execute(
        update(confirmed_offsets)
        .where(
            confirmed_offsets.c.production_id == source,
            confirmed_offsets.c.account_id.not_in(of_target),
        )
        .values(production_id=target)
    )


def _list_pairs(connection: Connection) -> list[ConfirmedPair]:
    """
    The pairs that a person confirmed and that still stand as they were confirmed. The
    parts of a date are one pair: a single night is not a habit.
    """
    query = (
        select(
            accounts.c.name,
            accounts.c.provider,
            productions.c.title,
            show_links.c.starts_at,
            shows.c.starts_at.label("show_starts_at"),
            occurrences.c.event_id,
            show_links.c.show_id,
        )
        .distinct()
        .select_from(show_links)
        .join(occurrences, occurrences.c.id == show_links.c.occurrence_id)
        .join(accounts, accounts.c.id == occurrences.c.account_id)
        .join(shows, shows.c.id == show_links.c.show_id)
        .join(productions, productions.c.id == shows.c.production_id)
        .where(
            show_links.c.decided_by == "person",
            show_links.c.status != "conflict",
            show_links.c.reason != MADE_FROM_OCCURRENCE,
            occurrences.c.is_dated,
        )
    )
    return [
        ConfirmedPair(
            str(name),
            str(provider),
            str(title),
            round((theirs - ours).total_seconds() / 60),
        )
        for name, provider, title, theirs, ours, *_ in connection.execute(query)
    ]


def _list_confirmed(connection: Connection) -> list[Offset]:
    query = (
        select(
            accounts.c.name,
            accounts.c.provider,
            productions.c.title,
            confirmed_offsets.c.minutes,
        )
        .select_from(confirmed_offsets)
        .join(accounts, accounts.c.id == confirmed_offsets.c.account_id)
        .join(productions, productions.c.id == confirmed_offsets.c.production_id)
    )
    return [
        Offset(str(name), str(provider), str(title), int(minutes), is_confirmed=True)
        for name, provider, title, minutes in connection.execute(query)
    ]


def _ids(connection: Connection, offset: Offset) -> tuple[int, int]:
    account = select(accounts.c.id).where(accounts.c.name == offset.account)
    production = select(productions.c.id).where(
        productions.c.title == offset.production
    )
    return (
        int(connection.execute(account).scalar_one()),
        int(connection.execute(production).scalar_one()),
    )


def _confirmed_minutes(
    connection: Connection, account_id: int, production_id: int
) -> int | None:
    query = select(confirmed_offsets.c.minutes).where(
        confirmed_offsets.c.account_id == account_id,
        confirmed_offsets.c.production_id == production_id,
    )
    found: int | None = connection.scalar(query)
    return found


def _delete(connection: Connection, account_id: int, production_id: int) -> None:
    connection.execute(
        delete(confirmed_offsets).where(
            confirmed_offsets.c.account_id == account_id,
            confirmed_offsets.c.production_id == production_id,
        )
    )


def _record(
    connection: Connection,
    action: str,
    offset: Offset,
    production_id: int,
    before: int | None,
    after: int | None,
) -> None:
    name = f"minutes on {offset.account}"
    audit.record(
        connection,
        Decision(
            f"{action} offset",
            "production",
            offset.production,
            production_id,
            before={} if before is None else {name: before},
            after={} if after is None else {name: after},
        ),
    )
