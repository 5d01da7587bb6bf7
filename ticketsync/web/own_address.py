"""
Where our pages may be opened, and from which origins they may be changed.

A name that is not ours can be made to lead to this machine (DNS rebinding): then
another site's scripts would count as ours. An IP address in `Host` is no such name:
a browser that asks for it was not led anywhere, whichever machine it belongs to.
"""

from __future__ import annotations

import ipaddress
import re

import httpx

from ticketsync.core import web_address

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def is_our_host(host: str, public_url: str) -> bool:
    """
    Whether a `Host` header names the host of `public_url`, `localhost` or an IP
    address.
    """
    name = _name(host)
    if not name:
        return False
    return name == _public_name(public_url) or _is_no_name(name)


def is_our_origin(origin: str, host: str, scheme: str, public_url: str) -> bool:
    """
    Whether an `Origin` header names one of our pages: `public_url` with its own scheme,
    or `localhost` or the IP address that the request was sent to.
    """
    if not origin:
        return False
    if origin == _origin_of(public_url):
        return True
    return _is_no_name(_name(host)) and origin == _without_port(
        scheme, f"{scheme}://{host.lower()}"
    )


def is_origin_of(origin: str, url: str) -> bool:
    """
    Whether this is the origin of an address, as browsers name it.
    """
    return origin == _origin_of(url)


def _name(host: str) -> str:
    """
    The name or IP address in a `Host` header; empty if it is not a proper one.
    """
    found = _HOST.fullmatch(host.lower())
    return "" if found is None else found[1].strip("[]")


def _public_name(public_url: str) -> str:
    return _in_ascii(web_address.split(public_url).hostname or "")


def _in_ascii(name: str) -> str:
    """
    A host name as browsers send it: `bücher.example` is `xn--bcher-kva.example`. Empty
    if no host can have this name.
    """
    if name.isascii():
        return name
    try:
        return httpx.URL(f"https://{name}/").raw_host.decode("ascii")
    except httpx.InvalidURL:
        return ""


def _is_no_name(name: str) -> bool:
    """
    Whether this is an IP address or `localhost`, which nobody can make lead elsewhere.
    """
    if name == "localhost":
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _origin_of(url: str) -> str:
    """
    The origin that a browser names for this address: lower case, no default port.
    """
    parts = web_address.split(url)
    name = parts.hostname or ""
    place = parts.netloc.lower().replace(name, _in_ascii(name))
    return _without_port(parts.scheme, f"{parts.scheme}://{place}")


def _without_port(scheme: str, origin: str) -> str:
    return origin.removesuffix(_DEFAULT_PORTS.get(scheme, ""))
