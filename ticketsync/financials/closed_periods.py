"""
Writing and reading closed periods. The only writer of `periods`, `period_lines` and
`digests`; it only ever adds rows.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, func, insert, or_, select

from ticketsync.core import clock
from ticketsync.financials import frozen_lines
from ticketsync.financials.frozen_lines import FrozenLine
from ticketsync.financials.period_order import CLOSED, REOPENED, PeriodEvent
from ticketsync.store import audit
from ticketsync.store.tables.periods import digests, period_lines, periods

CHAIN: Final = "periods"
_BATCH: Final = 5000
_DIGESTS: Final = ("digest", "chain")
_START: Final = b""  # of the chain


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """
    A period to be closed, without what follows from its lines. `rules` and `checklist`
    are JSON objects.
    """

    name: str
    version: int
    first: date
    last: date
    zone: str
    basis: str
    closed_at: datetime
    closed_by: str
    program: str
    rules: str
    checklist: str


def list_events(connection: Connection) -> list[PeriodEvent]:
    """
    Every closing and reopening, the oldest first.
    """
    rows = connection.execute(select(periods).order_by(periods.c.id))
    return [as_event(row) for row in rows]


def as_event(row: Row[Any], closed_at: datetime | None = None) -> PeriodEvent:
    """
    A row of `periods`; with its instant where that was read as it is stored.

    Raises: `ValueError` for a day that is none.
    """
    values = dict(row._mapping)
    first, last = values.pop("starts_on"), values.pop("ends_on")
    return PeriodEvent(
        first=date.fromisoformat(first),
        last=date.fromisoformat(last),
        **{**values, "closed_at": closed_at or values["closed_at"]},
    )


def next_id(connection: Connection) -> int:
    """
    Our id of the next row of `periods`, which is its place in the chain.
    """
    last = connection.scalar(select(func.max(periods.c.id)))
    return 1 + (last or 0)


def close(
    connection: Connection, closing: Closing, lines: Sequence[FrozenLine]
) -> PeriodEvent:
    """
    Write a closed period with its lines, in the order of their columns.
    """
    before = _last_state(connection, closing.name)
    period_id = next_id(connection)
    ordered = sorted(lines, key=place_of)
    of_lines = [
        frozen_lines.line_digest(period_id, number, line)
        for number, line in enumerate(ordered, start=1)
    ]
    event = _append(connection, period_id, closing, CLOSED, "", of_lines)
    _insert_lines(connection, period_id, ordered, of_lines)
    _record(connection, event, "close", before)
    return event


def place_of(line: FrozenLine) -> tuple[Any, ...]:
    """
    Where a line stands in its period: its own sales and refunds by day, then what
    adjusts earlier periods.
    """
    return (
        *(line.cause != "", line.origin_id, line.effective_on, line.account),
        *(line.order_id, line.kind, line.reference, line.show_id, line.currency),
        *(line.cause, line.account_id),
    )


def reopen(
    connection: Connection, event: PeriodEvent, reason: str, by: str
) -> PeriodEvent:
    """
    Note that a closed period was reopened; its lines stay.
    """
    closing = Closing(
        closed_at=clock.now(),
        closed_by=by,
        **{
            field.name: getattr(event, field.name)
            for field in fields(Closing)
            if field.name not in ("closed_at", "closed_by")
        },
    )
    period_id = next_id(connection)
    reopened = _append(connection, period_id, closing, REOPENED, reason, [])
    _record(connection, reopened, "reopen", event.state)
    return reopened


def _append(
    connection: Connection,
    period_id: int,
    closing: Closing,
    state: str,
    reason: str,
    of_lines: Sequence[bytes],
) -> PeriodEvent:
    """
    Write a row of `periods` and its link of the chain.
    """
    values = {field.name: getattr(closing, field.name) for field in fields(Closing)}
    event = PeriodEvent(
        id=period_id,
        state=state,
        reason=reason,
        line_count=len(of_lines),
        digest=b"",
        chain=b"",
        **values,
    )
    digest = event_digest(event, of_lines)
    chain = frozen_lines.chained(_last_chain(connection), digest)
    row = {
        **{f.name: getattr(event, f.name) for f in fields(PeriodEvent)},
        "starts_on": event.first.isoformat(),
        "ends_on": event.last.isoformat(),
        "digest": digest,
        "chain": chain,
    }
    del row["first"], row["last"]
    connection.execute(insert(periods).values(row))
    link = {"name": CHAIN, "number": period_id, "at": event.closed_at}
    connection.execute(insert(digests).values(**link, digest=digest, chain=chain))
    return as_event(
        connection.execute(select(periods).where(periods.c.id == period_id)).one()
    )


def event_digest(event: PeriodEvent, of_lines: Iterable[bytes]) -> bytes:
    """
    The digest of a row of `periods` with those of its lines.
    """
    values = [
        getattr(event, field.name)
        for field in fields(PeriodEvent)
        if field.name not in _DIGESTS
    ]
    head = [clock.iso(v) if isinstance(v, datetime) else str(v) for v in values]
    lines = frozen_lines.digest_of(digest.hex() for digest in of_lines)
    return frozen_lines.digest_of([*head, lines.hex()])


def _last_chain(connection: Connection) -> bytes:
    query = select(periods.c.chain).order_by(periods.c.id.desc()).limit(1)
    found = connection.scalar(query)
    return _START if found is None else bytes(found)


def chain_start() -> bytes:
    return _START


def _insert_lines(
    connection: Connection,
    period_id: int,
    lines: Sequence[FrozenLine],
    of_lines: Sequence[bytes],
) -> None:
    names = ("period_id", "number", *frozen_lines.NAMES, "digest")
    rows = (
        dict(zip(names, (period_id, number, *line, digest), strict=True))
        for number, (line, digest) in enumerate(
            zip(lines, of_lines, strict=True), start=1
        )
    )
    while batch := list(itertools.islice(rows, _BATCH)):
        connection.execute(insert(period_lines), batch)


def read_lines(
    connection: Connection, period_ids: Iterable[int]
) -> Iterator[FrozenLine]:
    """
    The lines of closed periods (our ids) in their order.
    """
    columns = [period_lines.c[name] for name in frozen_lines.NAMES]
    query = (
        select(*columns)
        .where(period_lines.c.period_id.in_(sorted(period_ids)))
        .order_by(period_lines.c.period_id, period_lines.c.number)
    )
    for row in connection.execute(query):
        yield FrozenLine._make(row)


def list_repeated_orders(
    connection: Connection, period_ids: Iterable[int]
) -> set[tuple[int, str]]:
    """
    The orders of closed periods (our ids) of which there is more than their sale: an
    account (our id) and the platform's id of the order.
    """
    is_more = or_(
        period_lines.c.cause != "", period_lines.c.kind.not_in(frozen_lines.SOLD)
    )
    query = (
        select(period_lines.c.account_id, period_lines.c.order_id)
        .where(period_lines.c.period_id.in_(sorted(period_ids)), is_more)
        .distinct()
    )
    return {
        (account_id, order_id) for account_id, order_id in connection.execute(query)
    }


def _last_state(connection: Connection, name: str) -> str:
    """
    In what state a period is: `open` where it was never closed.
    """
    query = (
        select(periods.c.state)
        .where(periods.c.name == name)
        .order_by(periods.c.id.desc())
        .limit(1)
    )
    return connection.scalar(query) or "open"


def _record(
    connection: Connection, event: PeriodEvent, action: str, before: str
) -> None:
    after = {
        "state": event.state,
        "version": event.version,
        "lines": event.line_count,
        "fingerprint": frozen_lines.fingerprint(event.chain),
        **({"reason": event.reason} if event.reason else {}),
    }
    decision = audit.Decision(
        action, "period", event.name, event.id, {"state": before}, after
    )
    audit.record(connection, decision)
