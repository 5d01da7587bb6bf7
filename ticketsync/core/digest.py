"""
Digests: content hashes of records, digests of ticket codes, fingerprints of secrets.
"""

from __future__ import annotations

import hashlib
import hmac
import re

from ticketsync.core.storable_text import storable

CODE = "code:"
_IS_DIGEST = re.compile(f"{CODE}[0-9a-f]{{32}}").fullmatch
_CHUNK = 2047  # bytes up to which hashlib keeps the GIL


def content(data: bytes) -> bytes:
    """
    The 16-byte content hash that identifies a version of a record.
    """
    digest = hashlib.blake2b(digest_size=16)
    # For longer ones hashlib releases the GIL and waits to get it back (measured).
    for start in range(0, len(data), _CHUNK):
        digest.update(data[start : start + _CHUNK])
    return digest.digest()


def token_digest(text: str) -> bytes:
    """
    The digest that is kept instead of a long random text: of a session or an address.
    """
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()


def code(text: str) -> str:
    """
    The digest that is stored instead of a ticket's code: `code:` and 32 hex digits. A
    digest is returned unchanged. Case-sensitive: Ticket Tailor's codes are five letters
    and digits of both cases, so they can be found from the database by brute force, but
    not read off.
    """
    return text if _IS_DIGEST(text) else code_as_scanned(text)


def code_as_scanned(text: str) -> str:
    """
    The same for what somebody holds up at a door: a digest is not a code there, or
    whoever has read the guest list could print every ticket.
    """
    # SHA-256, because browsers have it: a door page must recognise codes offline.
    data = storable(text.strip()).encode()
    return CODE + hashlib.sha256(data).hexdigest()[:32]


def fingerprint(secret: str, salt: str) -> str:
    """
    Eight hex digits that identify a secret without revealing it.
    """
    keyed = hmac.new(salt.encode(), secret.encode(), hashlib.sha256)
    return keyed.hexdigest()[:8]
