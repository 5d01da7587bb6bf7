"""
The one address that an account's requests go to.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult

from ticketsync.core import errors, web_address
from ticketsync.core.redact import safe

_IN_ADDRESSES = re.compile(r"[\x21-\x7e]+")
_USER_INFO = re.compile(r"//[^/?#]*@")


def checked_base_url(url: str) -> str:
    """
    The base URL without a trailing slash. Raises `ConfigurationError` unless it is
    https, or http on loopback; and for one with a user name, a query, a fragment or a
    port that cannot be.
    """
    parts = web_address.split(url)
    if "@" in parts.netloc:
        raise errors.ConfigurationError(
            f"The address {_shown(url)!r} cannot be used: it has a user name or a "
            "password in it.",
            hint="Leave out what comes before the @; the key of an account is given "
            "by --secret-env, --secret-command or another --secret option.",
        )
    if not (_is_well_formed(url, parts) and _is_private(parts)):
        raise errors.ConfigurationError(
            f"The address {_shown(url)!r} cannot be used: it must begin with https:// "
            "and name a server.",
            hint="Plain http:// is accepted for 127.0.0.1 only.",
        )
    return url.rstrip("/")


def _shown(url: str) -> str:
    return safe(_USER_INFO.sub("//***@", url))


def _is_well_formed(url: str, parts: SplitResult) -> bool:
    if not _IN_ADDRESSES.fullmatch(url) or "\\" in url:
        return False
    return bool(parts.hostname and _has_port(parts)) and not (
        parts.query or parts.fragment or url.endswith(("?", "#"))
    )


def _has_port(parts: SplitResult) -> bool:
    try:
        return parts.port != 0
    except ValueError:
        return False


def _is_private(parts: SplitResult) -> bool:
    """
    Whether nobody on the way can read what is sent there.
    """
    if parts.scheme == "https":
        return True
    return parts.scheme == "http" and _is_loopback(parts.hostname or "")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
