"""
The raw records of an order, as its platform sent them, without people: to look at.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from ticketsync.accounts import state
from ticketsync.accounts.state import AccountState
from ticketsync.core import errors
from ticketsync.core.redact import safe, take_people_out
from ticketsync.providers import registry
from ticketsync.sales import raw_records


@dataclass(frozen=True, slots=True)
class RawVersion:
    """
    One stored version of an order's raw record; `fetched_at` is when it was last read
    as a new one. `order_id` is the platform's.
    """

    account: str
    platform: str
    order_id: str
    fetched_at: datetime
    record: Any


def list_raw_versions(
    connection: Connection, order_id: str, account: str = ""
) -> list[RawVersion]:
    """
    Every stored version of an order's raw record by the platform's id, the newest last.

    Raises: `NotFound` where nothing is stored for it, `UsageError` where several
    accounts have an order of that id and none of them is named.
    """
    owner = _owner(connection, order_id, account)
    spec = registry.provider(owner.provider).spec
    found = []
    for at, data in raw_records.read_dated(connection, owner.id, "order", order_id):
        record = json.loads(data)
        # It was stored without people; by now more of its fields may count as personal.
        take_people_out(record, spec.personal_fields, spec.personal_beside_email)
        found.append(RawVersion(owner.name, owner.provider, order_id, at, record))
    return found


def _owner(connection: Connection, order_id: str, account: str) -> AccountState:
    ids = raw_records.find_accounts(connection, "order", order_id)
    if account:
        wanted = state.get_account(connection, account)
        ids = [id_ for id_ in ids if id_ == wanted.id]
    if not ids:
        where = f" of account {safe(account)!r}" if account else ""
        raise errors.NotFound(
            f"There is no raw record of an order {safe(order_id)!r}{where}.",
            hint="See `ticketsync sales list` for the orders.",
        )
    if len(ids) > 1:
        names = state.get_account_names(connection)
        owners = ", ".join(safe(names[id_]) for id_ in ids)
        raise errors.UsageError(
            f"Several accounts have an order {safe(order_id)!r}: {owners}.",
            hint="Choose one with --account.",
        )
    return state.get_account_by_id(connection, ids[0])
