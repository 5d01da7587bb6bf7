"""
Whether the address in the settings can be the one at which people open the pages. At
another host name they answer 421, and forms from another origin 403.
"""

from __future__ import annotations

import ipaddress

from ticketsync.core import web_address
from ticketsync.core.config import ServeSettings

TO_DO = "set `serve: public_url` to the https address of your proxy, restart `serve`"


def find_problem(serve: ServeSettings, listening_on: str = "") -> str:
    """
    What is wrong with `serve: public_url`, in words; empty if nothing is known to be.
    `listening_on` is the IP address of the server, where it is known.
    """
    is_reached = bool(serve.proxies) or _is_beyond_this_machine(listening_on)
    if serve.public_url == ServeSettings().public_url and is_reached:
        return (
            "`serve: public_url` is not set: the pages open at IP addresses and at "
            "localhost only"
        )
    if serve.proxies and web_address.split(serve.public_url).scheme == "http":
        return (
            "`serve: public_url` begins with http: while `proxies` are named: behind a "
            "TLS proxy every form and check-in is refused"
        )
    return ""


def _is_beyond_this_machine(address: str) -> bool:
    return bool(address) and not ipaddress.ip_address(address).is_loopback
