"""
A period that stands alone after a command which takes it by an option, as in
`tax worksheet last-month`: the error names the option.
"""

from __future__ import annotations

import re
from typing import Any

_EXTRA = re.compile(r"Got unexpected extra argument\(s\) \((\S+(?: \S+)?)\)")


def with_option(command: Any, message: str) -> str:
    """
    The message of a refused command line, with the options that take such a period
    where it has one.
    """
    from ticketsync.core import periods

    found = _EXTRA.fullmatch(message)
    options = _options(command) if found else []
    if not found or not options or not periods.is_period(found[1]):
        return message
    period = f'"{found[1]}"' if " " in found[1] else found[1]
    return f"{message}. Use {' or '.join(f'{it} {period}' for it in options)}."


def _options(command: Any) -> list[str]:
    return [it.opts[0] for it in command.params if it.metavar == "PERIOD"]
