"""
Where our pages may be opened, and from which origins they may be changed.

A name that is not ours can be made to lead to this machine (DNS rebinding): then
another site's scripts would count as ours. An IP address in `Host` is no such name.
"""

from __future__ import annotations

import ipaddress
import re

from ticketsync.core import web_address

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def is_our_host(host: str, public_url: str, local_address: str) -> bool:
    """
    Whether a `Host` header names the host of `public_url`, this machine itself, or the
    IP address that the connection came to (`local_address`).
    """
    name = _name(host)
    if not name:
        return False
    return name == _public_name(public_url) or _is_this_machine(name, local_address)


def is_our_origin(
    origin: str, host: str, scheme: str, public_url: str, local_address: str
) -> bool:
    """
    Whether an `Origin` header names one of our pages: `public_url` with its own scheme,
    or the address of this machine that the request was sent to.
    """
    if not origin:
        return False
    if origin == _origin_of(public_url):
        return True
    return _is_this_machine(_name(host), local_address) and origin == _without_port(
        scheme, f"{scheme}://{host.lower()}"
    )


def _name(host: str) -> str:
    """
    The name or IP address in a `Host` header; empty if it is not a proper one.
    """
    found = _HOST.fullmatch(host.lower())
    return "" if found is None else found[1].strip("[]")


def _public_name(public_url: str) -> str:
    return web_address.split(public_url).hostname or ""


def _is_this_machine(name: str, local_address: str) -> bool:
    if name == "localhost":
        return True
    try:
        address = ipaddress.ip_address(name)
        return address.is_loopback or address == ipaddress.ip_address(local_address)
    except ValueError:
        return False


def _origin_of(url: str) -> str:
    """
    The origin that a browser names for this address: lower case, no default port.
    """
    parts = web_address.split(url)
    return _without_port(parts.scheme, f"{parts.scheme}://{parts.netloc.lower()}")


def _without_port(scheme: str, origin: str) -> str:
    return origin.removesuffix(_DEFAULT_PORTS.get(scheme, ""))
