"""
Digests: has this record changed, and is it the same secret as last month?
"""

from __future__ import annotations

import hashlib
import hmac

_PIECE = 2047  # bytes up to which hashlib keeps the interpreter's lock


def content(data: bytes) -> bytes:
    """
    The 16-byte content hash under which a version of a record is known.
    """
    digest = hashlib.blake2b(digest_size=16)
    # Longer pieces would let other threads in and wait for them (measured).
    for begin in range(0, len(data), _PIECE):
        digest.update(data[begin : begin + _PIECE])
    return digest.digest()


def fingerprint(secret: str, salt: str) -> str:
    """
    Eight hex digits that recognise a secret without telling anything about it.
    """
    keyed = hmac.new(salt.encode(), secret.encode(), hashlib.sha256)
    return keyed.hexdigest()[:8]
