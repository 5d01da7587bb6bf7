"""
References of orders, codes of tickets, and codes of vouchers.

A reference (`TS-7K4P-2Q`) names an order and opens nothing; its last character is a
check character, so that one misread letter is refused before anything is looked up. A
ticket's code is signed: only who has the signing key can make one, and the database
keeps nothing but its digest.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from ticketsync.core import digest, errors
from ticketsync.core.redact import Secret, safe

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O, U
PREFIX = "TS"
SHORTEST_KEY = 32  # characters
_READ_AS = str.maketrans({"I": "1", "L": "1", "O": "0"})
_REFERENCE = 5  # random characters
_VOUCHER = 15
_SIGNED_BYTES = 10  # 16 characters in base 32


def new_reference() -> str:
    """
    A new reference, drawn at random.
    """
    return _written(_draw(_REFERENCE))


def parse_reference(text: str) -> str:
    """
    A reference as it is stored, whatever case and dashes it was typed with.

    Raises: `UsageError` (`bad-reference`) for what cannot be one.
    """
    signs = _cleaned(text)
    if len(signs) == len(PREFIX) + _REFERENCE + 1:
        signs = signs.removeprefix(PREFIX)
    if len(signs) != _REFERENCE + 1 or not _is_checked(signs):
        raise errors.UsageError(
            f"{safe(text, longest=40)!r} is not an order reference: a letter "
            "is missing or was misread.",
            hint="It looks like TS-7K4P-2Q; see `ticketsync boxoffice orders list`.",
            word="bad-reference",
        )
    return _written(signs)


def new_signing_key() -> Secret:
    """
    A new key to sign tickets with.
    """
    return Secret(secrets.token_hex(32))


def refuse_weak_key(key: Secret) -> None:
    """
    Raises: `CredentialError` (`weak-key`) for a signing key that could be guessed.
    """
    if len(key.reveal()) < SHORTEST_KEY:
        raise errors.CredentialError(
            f"The signing key has fewer than {SHORTEST_KEY} characters: tickets could "
            "be forged.",
            hint="Make one with `openssl rand -hex 32`.",
            word="weak-key",
        )


def ticket_code(key: Secret, reference: str, number: int, issue_number: int) -> str:
    """
    The code that a ticket is scanned by.

    Raises: `CredentialError` (`weak-key`).
    """
    refuse_weak_key(key)
    signs = reference.removeprefix(f"{PREFIX}-").replace("-", "")
    text = f"{PREFIX}1.{signs}.{number}.{issue_number}"
    signed = hmac.new(key.reveal().encode(), text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.b32encode(signed[:_SIGNED_BYTES]).decode()}"


def new_voucher_code() -> str:
    """
    A new code of a voucher: `7K4P-2QAB-CDEF-GH2J`, of 75 random bits.
    """
    signs = _draw(_VOUCHER)
    return "-".join(signs[n : n + 4] for n in range(0, len(signs), 4))


def voucher_digest(text: str) -> bytes:
    """
    What is stored of a voucher's code, whatever case and dashes it was typed with.

    Raises: `UsageError` (`bad-voucher`) for what cannot be one.
    """
    signs = _cleaned(text)
    if len(signs) != _VOUCHER + 1 or not _is_checked(signs):
        raise errors.UsageError(
            "That is not a voucher code: a letter is missing or was misread.",
            hint="It looks like 7K4P-2QAB-CDEF-GH2J.",
            word="bad-voucher",
        )
    return bytes.fromhex(digest.code_as_scanned(signs).removeprefix(digest.CODE))


def _draw(number: int) -> str:
    signs = "".join(secrets.choice(ALPHABET) for _ in range(number))
    return signs + _check_sign(signs)


def _written(signs: str) -> str:
    return f"{PREFIX}-{signs[:4]}-{signs[4:]}"


def _cleaned(text: str) -> str:
    return "".join(text.upper().split()).replace("-", "").translate(_READ_AS)


def _is_checked(signs: str) -> bool:
    if any(sign not in ALPHABET for sign in signs):
        return False
    return signs[-1] == _check_sign(signs[:-1])


def _check_sign(signs: str) -> str:
    """
    The check character by the Luhn algorithm modulo 32, which finds each single wrong
    character: https://en.wikipedia.org/wiki/Luhn_mod_N_algorithm
    """
    size = len(ALPHABET)
    total = 0
    for place, sign in enumerate(reversed(signs)):
        value = ALPHABET.index(sign) * (1 if place % 2 else 2)
        total += value // size + value % size
    return ALPHABET[-total % size]
