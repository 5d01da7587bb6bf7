"""
Optional parts, the extras of `pyproject.toml`: the command that installs one where it
is missing. An installation by pipx has an environment of its own, into which `pip` of
the same terminal does not install.
"""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

PROGRAM = "ticketsync"
_PIPX = "pipx_metadata.json"  # pipx writes it into each environment that it made


def install_command(extra: str) -> str:
    """
    The command that installs the extra of that name beside what is running.
    """
    prefix = Path(sys.prefix)
    if not (prefix / _PIPX).is_file():
        return f"pip install {shlex.quote(f'{PROGRAM}[{extra}]')}"
    return shlex.join(["pipx", "inject", prefix.name, *_requirements_of(extra)])


def _requirements_of(extra: str) -> list[str]:
    from importlib import metadata  # only an error needs it

    parts = (line.partition(";") for line in metadata.requires(PROGRAM) or ())
    marked = re.compile(rf"extra\s*==\s*(['\"]){re.escape(extra)}\1")
    return [name.strip() for name, _, marker in parts if marked.search(marker)]
