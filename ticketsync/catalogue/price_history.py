"""
Ticket types and prices as the stored records of a listing know them, brought into a
database that does not: an earlier version did not keep them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select

from ticketsync.store.tables.catalogue import (
    occurrences,
    ticket_type_prices,
    ticket_types,
)
from ticketsync.store.upsert import insert_all_new

_Key = tuple[int, str]  # our id of the occurrence, the platform's of the ticket type
_Step = tuple[Any, ...]  # first seen, price, currency


def bring_in(connection: Connection, again: Connection, account_id: int) -> int:
    """
    Add the ticket types and earlier prices of an account that only the other database
    has, in which occurrences have the same ids; returns how many ticket types changed.
    What is held of a ticket type stays as it is.
    """
    found = _read_types(again, account_id)
    held = _read_types(connection, account_id)
    missing = [_without_id(row) for key, row in found.items() if key not in held]
    insert_all_new(connection, ticket_types, missing)
    ids = {key: row["id"] for key, row in _read_types(connection, account_id).items()}
    steps = _read_steps(again, account_id)
    held_steps = _read_steps(connection, account_id)
    changed = {
        ids[key]: merged
        for key in found
        if (merged := _merged([*steps.get(key, ()), *held_steps.get(key, ())]))
        != held_steps.get(key, [])
    }
    _replace_steps(connection, changed)
    return len(changed)


def _merged(steps: Iterable[_Step]) -> list[_Step]:
    """
    Steps in the order of their time, without those at which the price stayed the same.
    """
    merged: list[_Step] = []
    for step in sorted(set(steps), key=lambda step: step[0]):
        if not merged or merged[-1][1:] != step[1:]:
            merged.append(step)
    return merged


def _read_types(connection: Connection, account_id: int) -> dict[_Key, dict[str, Any]]:
    query = (
        select(ticket_types)
        .join(occurrences, occurrences.c.id == ticket_types.c.occurrence_id)
        .where(occurrences.c.account_id == account_id)
    )
    return {
        (row.occurrence_id, row.provider_id): dict(row._mapping)
        for row in connection.execute(query)
    }


def _without_id(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "id"}


def _read_steps(connection: Connection, account_id: int) -> dict[_Key, list[_Step]]:
    query = (
        select(
            ticket_types.c.occurrence_id,
            ticket_types.c.provider_id,
            ticket_type_prices.c.seen_at,
            ticket_type_prices.c.price,
            ticket_type_prices.c.currency,
        )
        .join(ticket_types, ticket_types.c.id == ticket_type_prices.c.ticket_type_id)
        .join(occurrences, occurrences.c.id == ticket_types.c.occurrence_id)
        .where(occurrences.c.account_id == account_id)
        .order_by(ticket_type_prices.c.seen_at)
    )
    found: dict[_Key, list[_Step]] = {}
    for occurrence_id, type_id, *step in connection.execute(query):
        seen_at, price, currency = step
        found.setdefault((occurrence_id, type_id), []).append(
            (seen_at, price, currency)
        )
    return found


def _replace_steps(
    connection: Connection, changed: Mapping[int, Iterable[_Step]]
) -> None:
    if not changed:
        return
    of_type = ticket_type_prices.c.ticket_type_id == bindparam("b_type")
    connection.execute(
        delete(ticket_type_prices).where(of_type),
        [{"b_type": type_id} for type_id in changed],
    )
    connection.execute(
        insert(ticket_type_prices),
        [
            {
                "ticket_type_id": type_id,
                "seen_at": seen_at,
                "price": price,
                "currency": currency,
            }
            for type_id, steps in changed.items()
            for seen_at, price, currency in steps
        ],
    )
