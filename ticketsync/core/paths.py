"""
Where our files live.

Everything is under `TICKETSYNC_HOME` when that is set, else in the platform's own
folders. Only these functions say where.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

_chosen: list[Path] = []  # by the command line, at most one


def choose_config_file(file: Path | None) -> None:
    """
    Use these settings in this process, as `--config` says; `None` for the usual ones.
    """
    _chosen[:] = [] if file is None else [file.absolute()]


def config_file() -> Path:
    return _chosen[0] if _chosen else _usual_config_file()


def _usual_config_file() -> Path:
    chosen = os.environ.get("TICKETSYNC_CONFIG")
    if chosen:
        return Path(chosen)
    home = _home()
    if home:
        return home / "config.yaml"
    from platformdirs import user_config_path

    return user_config_path("ticketsync", appauthor=False) / "config.yaml"


def database_file() -> Path:
    home = _home()
    if home:
        return home / "ticketsync.db"
    from platformdirs import user_data_path

    return user_data_path("ticketsync", appauthor=False) / "ticketsync.db"


def state_folder() -> Path:
    """
    For what may be lost: the call budgets shared by our processes.
    """
    home = _home()
    if home:
        return home / "state"
    from platformdirs import user_state_path

    return user_state_path("ticketsync", appauthor=False)


def own_folders() -> list[Path]:
    """
    The folders that are ours alone, existing or not: of settings and of data.
    """
    home = _home()
    if home:
        return [home]
    from platformdirs import user_config_path, user_data_path

    return [
        user_config_path("ticketsync", appauthor=False),
        user_data_path("ticketsync", appauthor=False),
    ]


def secrets_folder() -> Path:
    """
    For secrets in 0600 files, used only with `--insecure-storage`.
    """
    return config_file().absolute().parent / "secrets"


def known_secrets_folders() -> tuple[Path, ...]:
    """
    Where secrets may have been stored: with `--config`, older versions stored them
    beside the usual settings.
    """
    usual = _usual_config_file().absolute().parent / "secrets"
    return tuple(dict.fromkeys((secrets_folder(), usual)))


def pin_key_file() -> Path:
    """
    The key that confirms commands, secret files and addresses of accounts.
    """
    return database_file().parent / "pin.key"


def private_folder(folder: Path) -> Path:
    """
    Make the folder if it is missing, readable by its owner alone.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def write_private_file(file: Path, text: str) -> None:
    """
    Write a new file, readable by its owner alone, through to the disk. Of two processes
    one alone can: the other gets `FileExistsError`.
    """
    handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())


def slug(name: str) -> str:
    """
    A name as a part of a file's name that every system takes (F124): at most 60 small
    letters, digits and dashes.
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower())[:60].strip("-")


def _home() -> Path | None:
    home = os.environ.get("TICKETSYNC_HOME")
    return Path(home).expanduser() if home else None
