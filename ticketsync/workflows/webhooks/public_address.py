"""
The address at which people open the pages: that of the settings, else where they opened
them, else that of the server that runs on this machine; and whether it can be right. At
another host name they answer 421, and forms from another origin 403.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
from collections.abc import Iterator
from pathlib import Path

from ticketsync.core import paths, web_address
from ticketsync.core.settings.config import ServeSettings

TO_DO = "set `serve: public_url` to the https address of your proxy, restart `serve`"


@contextlib.contextmanager
def announced(address: str) -> Iterator[None]:
    """
    Say at which address this machine's server runs, for as long as the block lasts.
    Where that cannot be written, links have the address of the settings.

    A lock that the process holds says that it still runs: its number may be another
    program's by now.
    """
    import filelock

    process = str(os.getpid())
    text, lock = f"{process} {address}", filelock.FileLock(_lock_file(process))
    with contextlib.suppress(OSError, filelock.Timeout):
        paths.private_folder(paths.state_folder())
        lock.acquire(timeout=1)
        _file().write_text(text, encoding="utf-8")
    try:
        yield
    finally:
        lock.release()
        with contextlib.suppress(OSError):
            _lock_file(process).unlink(missing_ok=True)
            if _file().read_text(encoding="utf-8") == text:
                _file().unlink()


def for_links(serve: ServeSettings, opened_at: str = "") -> str:
    """
    The address that a link begins with: `public_url` where it is set, else the one at
    which its maker opened the pages, else that of the server that runs on this machine.
    """
    if serve.public_url != ServeSettings().public_url:
        return serve.public_url
    return opened_at or _find_running() or serve.public_url


def _find_running() -> str:
    """
    The address of the server that runs on this machine; empty if none does.
    """
    try:
        process, _, address = _file().read_text(encoding="utf-8").partition(" ")
    except (OSError, ValueError):
        return ""
    return address if process.isdecimal() and _is_running(process) else ""


def _is_running(process: str) -> bool:
    """
    Whether the server with this process number still holds its lock.
    """
    import filelock

    file = _lock_file(process)
    if not file.exists():
        return False
    lock = filelock.FileLock(file)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        return True
    except OSError:
        return False
    lock.release()
    return False


def _file() -> Path:
    return paths.state_folder() / "serve.address"


def _lock_file(process: str) -> Path:
    return paths.state_folder() / f"serve-{process}.lock"


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
