"""
Options of accounts that name a file or folder of this machine. A planted one would read
what its owner never chose.

They are known by their value, an absolute path of any system, so that a database says
the same on every machine, and so that options of plugins are covered, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath, PureWindowsPath
from typing import Final

# Options of an account that was connected with OAuth: a pin covers them by themselves.
OF_OAUTH: Final = "oauth_"
CLIENT_SOURCE: Final = f"{OF_OAUTH}client_source"  # where its app's secret is
CLIENT_REFERENCE: Final = f"{OF_OAUTH}client_reference"


def named_files(options: Mapping[str, str]) -> dict[str, str]:
    """
    The options whose value is an absolute path or a list with one, by name.
    """
    return {
        name: str(options[name])
        for name in sorted(options)
        if not name.startswith(OF_OAUTH)
        and any(is_absolute(part.strip()) for part in str(options[name]).split(","))
    }


def is_absolute(text: str) -> bool:
    """
    Whether a text is an absolute path on some system.
    """
    return PurePosixPath(text).is_absolute() or PureWindowsPath(text).is_absolute()
