"""
The address at which people open the pages: that of the settings, or of the server that
runs on this machine; and whether it can be right. At another host name they answer 421,
and forms from another origin 403.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
from collections.abc import Iterator
from pathlib import Path

from ticketsync.core import paths, web_address
from ticketsync.core.config import ServeSettings

TO_DO = "set `serve: public_url` to the https address of your proxy, restart `serve`"


@contextlib.contextmanager
def announced(address: str) -> Iterator[None]:
    """
    Say at which address this machine's server runs, for as long as the block lasts.
    Where that cannot be written, links have the address of the settings.
    """
    text = f"{os.getpid()} {address}"
    with contextlib.suppress(OSError):
        paths.private_folder(paths.state_folder())
        _file().write_text(text, encoding="utf-8")
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            if _file().read_text(encoding="utf-8") == text:
                _file().unlink()


def for_links(serve: ServeSettings) -> str:
    """
    The address that a link begins with: `public_url` where it is set, else that of the
    server that runs on this machine, if one does.
    """
    if serve.public_url != ServeSettings().public_url:
        return serve.public_url
    try:
        process, _, address = _file().read_text(encoding="utf-8").partition(" ")
        if os.name != "nt":
            os.kill(int(process), 0)
    except (OSError, ValueError):  # none runs
        return serve.public_url
    return address


def _file() -> Path:
    return paths.state_folder() / "serve.address"


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
