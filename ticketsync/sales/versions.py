"""
Every distinct version of a raw record, kept small.

The changed records of a page go into one compressed block; an index says where each
version lies. So `sync replay` needs no network, and a later question about a past
instant can be answered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import delete, func, insert, select
from sqlmodel import Session

from ticketsync.core import digest
from ticketsync.sales.packing import Block, Version, decompress
from ticketsync.store.tables.sales import RawBlock, RawRecord
from ticketsync.store.upsert import table_of, upsert_rows

_BATCH = 500
_KEY = ("account_id", "kind", "provider_id", "content")
_INDEX = (*_KEY, "block_id", "begins", "length")


def keep(
    session: Session,
    account_id: int,
    kind: str,
    blocks: Sequence[Block],
    now: datetime,
) -> None:
    """
    Keep the versions in these blocks. One that came before points to the new block.
    """
    blocks = [block for block in blocks if block.index]
    if not blocks:
        return
    table = table_of(RawBlock)
    numbers = session.connection().scalars(
        insert(table).returning(table.c.id, sort_by_parameter_order=True),
        [
            {"account_id": account_id, "fetched_at": now, "records": block.data}
            for block in blocks
        ],
    )
    rows = []
    for number, block in zip(numbers, blocks, strict=True):
        begins = 0
        for provider_id, content, length in block.index:
            rows.append(
                (account_id, kind, provider_id, content, number, begins, length)
            )
            begins += length
    upsert_rows(session, RawRecord, _INDEX, rows, key=_KEY)


def forget(session: Session, account_id: int) -> None:
    """
    Delete every version that was kept of an account's records.
    """
    for model in (RawRecord, RawBlock):
        table = table_of(model)
        session.connection().execute(
            delete(table).where(table.c.account_id == account_id)
        )


def earlier(
    session: Session, account_id: int, kind: str, provider_ids: Sequence[str]
) -> dict[str, list[bytes]]:
    """
    Every version we hold of these records, oldest first: id → canonical bytes.
    """
    table, blocks = table_of(RawRecord), table_of(RawBlock)
    found: dict[str, list[bytes]] = {}
    unpacked: dict[int, bytes] = {}
    connection = session.connection()
    for begin in range(0, len(provider_ids), _BATCH):
        rows = connection.execute(
            select(table)
            .where(
                table.c.account_id == account_id,
                table.c.kind == kind,
                table.c.provider_id.in_(list(provider_ids[begin : begin + _BATCH])),
            )
            .order_by(table.c.block_id)
        )
        for row in rows:
            if row.block_id not in unpacked:
                packed = connection.execute(
                    select(blocks.c.records).where(blocks.c.id == row.block_id)
                ).scalar_one()
                unpacked[row.block_id] = decompress(packed)
            data = unpacked[row.block_id][row.begins : row.begins + row.length]
            found.setdefault(row.provider_id, []).append(data)
    return found


def damaged(session: Session, account_id: int) -> Iterator[str]:
    """
    The stored versions that are not what they were: each is known by its own hash.
    """
    table, blocks = table_of(RawRecord), table_of(RawBlock)
    connection = session.connection()
    numbers = connection.execute(
        select(blocks.c.id).where(blocks.c.account_id == account_id)
    ).scalars()
    for number in list(numbers):
        packed = connection.execute(
            select(blocks.c.records).where(blocks.c.id == number)
        ).scalar_one()
        try:
            data = decompress(packed)
        except Exception:  # whatever the library says of a damaged block
            data = b""
        for row in connection.execute(select(table).where(table.c.block_id == number)):
            piece = data[row.begins : row.begins + row.length]
            if digest.content(piece) != row.content:
                yield f"{row.kind} {row.provider_id}"


def latest(session: Session, account_id: int, kind: str) -> Iterator[list[Version]]:
    """
    The newest version of every record of a kind, a block at a time.
    """
    table, blocks = table_of(RawRecord), table_of(RawBlock)
    newest = (
        select(table.c.provider_id, func.max(table.c.block_id).label("block_id"))
        .where(table.c.account_id == account_id, table.c.kind == kind)
        .group_by(table.c.provider_id)
        .subquery()
    )
    connection = session.connection()
    numbers = connection.execute(
        select(newest.c.block_id).distinct().order_by(newest.c.block_id)
    ).scalars()
    for number in list(numbers):
        packed = connection.execute(
            select(blocks.c.records).where(blocks.c.id == number)
        ).scalar_one()
        data = decompress(packed)
        rows = connection.execute(
            select(table.c.provider_id, table.c.content, table.c.begins, table.c.length)
            .join(
                newest,
                (newest.c.provider_id == table.c.provider_id)
                & (newest.c.block_id == table.c.block_id),
            )
            .where(
                table.c.account_id == account_id,
                table.c.kind == kind,
                table.c.block_id == number,
            )
            .order_by(table.c.begins)
        )
        yield [
            Version(id_, content, data[begins : begins + length])
            for id_, content, begins, length in rows
        ]
