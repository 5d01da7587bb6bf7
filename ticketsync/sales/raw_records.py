"""
Every distinct version of a raw record.

The changed records of a page are saved as one compressed block; an index says where in
it each version is. So `sync replay` needs no network, and questions about the past can
be answered.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select

from ticketsync.core import digest
from ticketsync.sales.compressed_records import (
    Block,
    Version,
    decompress,
    decompress_undamaged,
    pack,
)
from ticketsync.store.tables.sales import raw_blocks, raw_records
from ticketsync.store.upsert import upsert_rows

_BATCH = 500
_KEY = ("account_id", "kind", "provider_id", "content")
_INDEX = (*_KEY, "block_id", "begins", "length", "first_block_id")
_LISTED = ("event", "ticket_type")  # what is on sale, not what was sold


def save_versions(
    connection: Connection,
    account_id: int,
    kind: str,
    blocks: Sequence[Block],
    now: datetime,
) -> None:
    """
    Save the versions in these blocks. One that came before now points to the new block,
    and still to its first one.
    """
    blocks = [block for block in blocks if block.index]
    if not blocks:
        return
    numbers = connection.scalars(
        insert(raw_blocks).returning(raw_blocks.c.id, sort_by_parameter_order=True),
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
                (account_id, kind, provider_id, content, number, begins, length, number)
            )
            begins += length
    upsert_rows(
        connection, raw_records, _INDEX, rows, key=_KEY, keep=("first_block_id",)
    )


def delete_versions(connection: Connection, account_id: int) -> None:
    """
    Delete all stored versions of an account's records.
    """
    for table in (raw_records, raw_blocks):
        connection.execute(delete(table).where(table.c.account_id == account_id))


def read_versions(
    connection: Connection, account_id: int, kind: str, provider_ids: Sequence[str]
) -> dict[str, list[bytes]]:
    """
    All stored versions of these records by the platform's id, oldest first.
    """
    found: dict[str, list[bytes]] = {}
    unpacked: dict[int, bytes] = {}
    for row in _index_rows(connection, account_id, kind, provider_ids):
        if row.block_id not in unpacked:
            unpacked[row.block_id] = _unpack(connection, row.block_id)
        data = unpacked[row.block_id][row.begins : row.begins + row.length]
        found.setdefault(row.provider_id, []).append(data)
    return found


def read_newest(
    connection: Connection, account_id: int, kind: str, provider_ids: Sequence[str]
) -> dict[str, bytes]:
    """
    The newest stored version of each of these records by the platform's id; no other
    one is unpacked, and one block at a time.
    """
    newest = {
        row.provider_id: row
        for row in _index_rows(connection, account_id, kind, provider_ids)
    }
    blocks: dict[int, list[Any]] = {}
    for row in newest.values():
        blocks.setdefault(row.block_id, []).append(row)
    found: dict[str, bytes] = {}
    for block_id, rows in blocks.items():
        data = _unpack(connection, block_id)
        for row in rows:
            found[row.provider_id] = data[row.begins : row.begins + row.length]
    return found


def latest_contents(
    connection: Connection, account_id: int, kind: str, provider_ids: Sequence[str]
) -> dict[str, bytes]:
    """
    The hash of the newest stored version of these records, by the platform's id.
    """
    columns = (raw_records.c.provider_id, raw_records.c.content)
    rows = _index_rows(connection, account_id, kind, provider_ids, *columns)
    return {row.provider_id: row.content for row in rows}


def _index_rows(
    connection: Connection,
    account_id: int,
    kind: str,
    provider_ids: Sequence[str],
    *columns: ColumnElement[Any],
) -> Iterator[Any]:
    """
    Where each version of these records lies, or these columns of it; of one record
    oldest first.
    """
    for begin in range(0, len(provider_ids), _BATCH):
        ids = list(provider_ids[begin : begin + _BATCH])
        yield from connection.execute(
            select(*(columns or raw_records.c))
            .where(
                raw_records.c.account_id == account_id,
                raw_records.c.kind == kind,
                raw_records.c.provider_id.in_(ids),
            )
            .order_by(raw_records.c.block_id)
        ).all()


def _unpack(connection: Connection, block_id: int) -> bytes:
    return decompress(_read_block(connection, block_id))


def _read_block(connection: Connection, block_id: int) -> bytes:
    query = select(raw_blocks.c.records).where(raw_blocks.c.id == block_id)
    packed: bytes = connection.execute(query).scalar_one()
    return packed


def read_dated(
    connection: Connection, account_id: int, kind: str, provider_id: str
) -> list[tuple[datetime, bytes]]:
    """
    All stored versions of one record, each with the instant at which it was last read
    as a new one, oldest first.
    """
    rows = connection.execute(
        select(
            raw_blocks.c.fetched_at,
            raw_blocks.c.records,
            raw_records.c.begins,
            raw_records.c.length,
        )
        .join(raw_blocks, raw_blocks.c.id == raw_records.c.block_id)
        .where(
            raw_records.c.account_id == account_id,
            raw_records.c.kind == kind,
            raw_records.c.provider_id == provider_id,
        )
        .order_by(raw_records.c.block_id, raw_records.c.begins)
    )
    return [
        (at, decompress(records)[begins : begins + length])
        for at, records, begins, length in rows
    ]


def find_accounts(connection: Connection, kind: str, provider_id: str) -> list[int]:
    """
    The accounts (our ids) that have stored versions of a record of that id.
    """
    query = (
        select(raw_records.c.account_id)
        .where(raw_records.c.kind == kind, raw_records.c.provider_id == provider_id)
        .distinct()
        .order_by(raw_records.c.account_id)
    )
    return [int(id_) for id_ in connection.scalars(query)]


def find_damaged(connection: Connection, account_id: int) -> Iterator[str]:
    """
    The stored versions that no longer match their hash.
    """
    numbers = connection.execute(
        select(raw_blocks.c.id).where(raw_blocks.c.account_id == account_id)
    ).scalars()
    for number in list(numbers):
        data = decompress_undamaged(_read_block(connection, number))
        for row in connection.execute(
            select(raw_records).where(raw_records.c.block_id == number)
        ):
            piece = data[row.begins : row.begins + row.length]
            if digest.content(piece) != row.content:
                yield f"{row.kind} {row.provider_id}"


@dataclass(frozen=True, slots=True)
class KeptBlock:
    """
    What was saved at one time: records of one kind, in their order.
    """

    kind: str
    fetched_at: datetime
    versions: tuple[Version, ...]

    def packed(self) -> Block:
        return pack(self.versions)


def read_history(connection: Connection, account_id: int) -> Iterator[KeptBlock]:
    """
    Every block of an account as it was saved, the oldest first, without damaged ones
    (see `find_damaged`).

    The index has only the last block of a version that came back; the earlier ones are
    found in the blocks themselves, which never change.
    """
    numbers = connection.scalars(
        select(raw_blocks.c.id)
        .where(raw_blocks.c.account_id == account_id)
        .order_by("id")
    )
    for number in list(numbers):
        block = connection.execute(
            select(raw_blocks).where(raw_blocks.c.id == number)
        ).one()
        data = decompress_undamaged(block.records)
        positions = connection.execute(
            select(raw_records.c.begins, raw_records.c.length, raw_records.c.kind)
            .where(raw_records.c.block_id == number, raw_records.c.length > 0)
            .order_by(raw_records.c.begins)
        ).all()
        pieces = _pieces(data, [(row.begins, row.length) for row in positions])
        versions = [_version(piece) for piece in pieces]
        kinds = {str(row.kind) for row in positions}
        if not kinds and versions:
            kinds = _kinds(connection, account_id, versions[0])
        if len(kinds) == 1:
            yield KeptBlock(kinds.pop(), block.fetched_at, tuple(versions))


def count_records(connection: Connection, account_id: int) -> int:
    """
    How many orders and tickets of an account have stored records.
    """
    records = (
        select(raw_records.c.kind, raw_records.c.provider_id)
        .where(
            raw_records.c.account_id == account_id, raw_records.c.kind.not_in(_LISTED)
        )
        .distinct()
        .subquery()
    )
    count = select(func.count()).select_from(records)
    return int(connection.execute(count).scalar_one())


def _pieces(data: bytes, positions: Sequence[tuple[int, int]]) -> Iterator[bytes]:
    """
    The records in a block; those between the known positions are found by parsing.
    """
    at = 0
    for begins, length in [*positions, (len(data), 0)]:
        if begins > at:
            yield from _documents(data[at:begins])
        if length:
            yield data[begins : begins + length]
        at = max(at, begins + length)


def _documents(data: bytes) -> Iterator[bytes]:
    text = data.decode()
    decoder = json.JSONDecoder()
    at = 0
    while at < len(text):
        _, end = decoder.raw_decode(text, at)
        yield text[at:end].encode()
        at = end


def _version(piece: bytes) -> Version:
    return Version(str(json.loads(piece)["id"]), digest.content(piece), piece)


def _kinds(connection: Connection, account_id: int, version: Version) -> set[str]:
    """
    The kind of a version according to the index.
    """
    found = connection.scalars(
        select(raw_records.c.kind).where(
            raw_records.c.account_id == account_id,
            raw_records.c.provider_id == version.provider_id,
            raw_records.c.content == version.content,
        )
    )
    return {str(kind) for kind in found}


def read_latest(
    connection: Connection, account_id: int, kind: str
) -> Iterator[list[Version]]:
    """
    The newest version of every record of a kind, a block at a time.
    """
    newest = (
        select(
            raw_records.c.provider_id,
            func.max(raw_records.c.block_id).label("block_id"),
        )
        .where(raw_records.c.account_id == account_id, raw_records.c.kind == kind)
        .group_by(raw_records.c.provider_id)
        .subquery()
    )
    numbers = connection.execute(
        select(newest.c.block_id).distinct().order_by(newest.c.block_id)
    ).scalars()
    for number in list(numbers):
        data = _unpack(connection, number)
        rows = connection.execute(
            select(
                raw_records.c.provider_id,
                raw_records.c.content,
                raw_records.c.begins,
                raw_records.c.length,
            )
            .join(
                newest,
                (newest.c.provider_id == raw_records.c.provider_id)
                & (newest.c.block_id == raw_records.c.block_id),
            )
            .where(
                raw_records.c.account_id == account_id,
                raw_records.c.kind == kind,
                raw_records.c.block_id == number,
            )
            .order_by(raw_records.c.begins)
        )
        yield [
            Version(id_, content, data[begins : begins + length])
            for id_, content, begins, length in rows
        ]
