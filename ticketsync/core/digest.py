"""
Digests: has this record changed, and is it the same secret as last month?
"""

from __future__ import annotations

import hashlib
import hmac

CODE = "code:"
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


def code(text: str) -> str:
    """
    What stands for a ticket's code where it is kept: `code:` and 32 hex digits. Letter
    case counts (Ticket Tailor's codes are five letters and digits of both cases, so
    whoever has the database could find one by trying them all; reading it off is not
    possible). A digest stays as it is.
    """
    if text.startswith(CODE) and len(text) == len(CODE) + 32:
        return text
    # SHA-256, because browsers know it: a door page must recognise codes offline.
    return CODE + hashlib.sha256(text.strip().encode()).hexdigest()[:32]


def fingerprint(secret: str, salt: str) -> str:
    """
    Eight hex digits that recognise a secret without telling anything about it.
    """
    keyed = hmac.new(salt.encode(), secret.encode(), hashlib.sha256)
    return keyed.hexdigest()[:8]
