"""
Whose address a request comes from, also behind a proxy, and whether it is allowed.

A header can be written by anybody: `X-Forwarded-For` counts only if a proxy of the
settings (`serve: proxies`) sent it, and only as far as such proxies wrote it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_WITH_PORT = re.compile(r"\[([0-9a-fA-F:.]+)\](?::[0-9]+)?|([0-9.]+):[0-9]+")
_MAX_HOPS = 20


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """
    The networks of the settings, which checked them.
    """
    return tuple(ipaddress.ip_network(text) for text in texts)


def client_address(
    peer: str, forwarded_for: Sequence[str], proxies: Sequence[Network]
) -> str:
    """
    The address of the client: that of the connection or, if it is a trusted proxy's,
    the last one in its `X-Forwarded-For` that is not a trusted proxy's. Empty if it is
    unknown: then it is in no network.
    """
    current = _parse(peer)
    if current is None:
        return ""
    hops = ",".join(forwarded_for).split(",") if forwarded_for else []
    for hop in reversed(hops[-_MAX_HOPS:]):
        if not is_in(str(current), proxies):
            break
        current = _parse(hop)
        if current is None:
            return ""
    return str(current)


def is_in(address: str, wanted: Sequence[Network]) -> bool:
    """
    Whether an address is in one of these networks.
    """
    found = _parse(address)
    return found is not None and any(found in network for network in wanted)


def group_of(address: str) -> str:
    """
    What counts as one client: an IPv4 address, or the /64 network of an IPv6 address,
    of which one person has all.
    """
    found = _parse(address)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found or "")


def _parse(text: str) -> Address | None:
    text = text.strip()
    with_port = _WITH_PORT.fullmatch(text)
    if with_port is not None:
        text = with_port[1] or with_port[2]
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped
    return found
