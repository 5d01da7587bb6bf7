"""
The one address that an account's requests go to.
"""

from __future__ import annotations

import ipaddress

from ticketsync.core import errors, web_address
from ticketsync.core.redact import safe


def checked_base_url(url: str) -> str:
    """
    The base URL without a trailing slash. Raises `ConfigurationError` unless it is
    https, or http on loopback.
    """
    parts = web_address.split(url)
    if parts.scheme == "https" and parts.hostname:
        return url.rstrip("/")
    if parts.scheme == "http" and parts.hostname and _is_loopback(parts.hostname):
        return url.rstrip("/")
    raise errors.ConfigurationError(
        f"The address {safe(url)!r} cannot be used: it must begin with https://.",
        hint="Plain http:// is accepted for 127.0.0.1 only.",
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
