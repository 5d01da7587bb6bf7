"""
Raw records packed into one compressed block. Without database access, so that pages can
be packed in another process.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

import msgspec

if sys.version_info >= (3, 14):
    from compression import zstd

    def compress(data: bytes) -> bytes:
        return zstd.compress(data)

    def decompress(data: bytes) -> bytes:
        return zstd.decompress(data)
else:
    import zstandard

    def compress(data: bytes) -> bytes:
        return zstandard.ZstdCompressor().compress(data)

    def decompress(data: bytes) -> bytes:
        return zstandard.ZstdDecompressor().decompress(data)


def decompress_undamaged(data: bytes) -> bytes:
    """
    The same; empty where it is damaged.
    """
    try:
        return decompress(data)
    except Exception:  # the libraries have different errors
        return b""


class Version(msgspec.Struct, frozen=True):
    """
    One raw record, people removed, in canonical bytes.
    """

    provider_id: str
    content: bytes
    data: bytes


class Block(msgspec.Struct, frozen=True):
    """
    The data of several versions; `index` has the id, content hash and length of each,
    in their order.
    """

    data: bytes
    index: list[tuple[str, bytes, int]]


def pack(versions: Iterable[Version]) -> Block:
    versions = list(versions)
    return Block(
        compress(b"".join(version.data for version in versions)),
        [(v.provider_id, v.content, len(v.data)) for v in versions],
    )


def unpack(block: Block) -> list[Version]:
    """
    The versions of a block, in their order.
    """
    data = decompress(block.data) if block.index else b""
    found: list[Version] = []
    begin = 0
    for id_, content, length in block.index:
        found.append(Version(id_, content, data[begin : begin + length]))
        begin += length
    return found
