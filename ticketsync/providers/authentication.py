"""
How a key is sent, for the schemes that several platforms use.
"""

from __future__ import annotations

import base64

from ticketsync.core.redact import Secret
from ticketsync.providers.base import Options


def no_key(secret: Secret, options: Options) -> dict[str, Secret]:
    """
    For a platform that is asked nothing.
    """
    return {}


def key_as_basic_user(secret: Secret, options: Options) -> dict[str, Secret]:
    """
    HTTP Basic with the key as user name and an empty password.
    """
    pair = base64.b64encode(f"{secret.reveal()}:".encode()).decode()
    return {"Authorization": Secret(f"Basic {pair}")}


def key_as_bearer(secret: Secret, options: Options) -> dict[str, Secret]:
    """
    `Authorization: Bearer <token>`.
    """
    return {"Authorization": Secret(f"Bearer {secret.reveal()}")}
