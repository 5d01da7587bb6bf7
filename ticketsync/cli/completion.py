"""
What a shell completes beside commands and options: accounts, shows, productions,
venues, runs, closed periods and platforms.

It is looked up while a person waits for a key: nothing slow is imported, and whatever
goes wrong completes nothing. Only SQLite databases are asked.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

# What stands behind the parameters of these names, whatever the command.
_BY_NAME = {
    "account": "accounts",
    "accounts": "accounts",
    "show": "shows",
    "shows": "shows",
    "production": "productions",
    "venue": "venues",
    "run_id": "runs",
    "provider": "providers",
}
# And behind those of others in these groups.
_BY_GROUP = {
    ("accounts", "name"): "accounts",
    ("accounts", "names"): "accounts",
    ("productions", "title"): "productions",
    ("productions", "into"): "productions",
    ("venues", "into"): "venues",
    ("period", "name"): "periods",
    ("period", "origin"): "periods",
}
# Whose name or production is a new one.
_NOT = {"accounts add", "shows add", "period close"}
OFFERED = 200  # names, of those that begin as typed
SHOW_WORDS = ("next", "tonight", "last-night", "yesterday")


def attach(command: Any, path: str) -> None:
    """
    Complete the parameters of a command; `path` is its words after `ticketsync`.
    """
    group = path.partition(" ")[0]
    for parameter in command.params:
        what = _BY_NAME.get(parameter.name) or _BY_GROUP.get((group, parameter.name))
        if what and (path not in _NOT or what == "providers"):
            parameter._custom_shell_complete = _completer(what)


def _completer(what: str) -> Any:
    def complete(ctx: Any, _: Any, incomplete: str) -> list[Any]:
        from typer._click.shell_completion import CompletionItem

        found: list[Any] = []
        with contextlib.suppress(Exception):
            for value, text in _values(ctx, what):
                if value.lower().startswith(incomplete.lower()):
                    found.append(CompletionItem(_escaped(value), help=text or None))
        return found[:OFFERED]

    return complete


def _escaped(value: str) -> str:
    """
    Bash puts what it is given on the line as it is; other shells quote it.
    """
    if os.environ.get("_TICKETSYNC_COMPLETE") != "complete_bash":
        return value
    return "".join(
        f"\\{sign}" if sign in " '\"&;|<>()$`\\*?" else sign for sign in value
    )


def _values(ctx: Any, what: str) -> Iterable[tuple[str, str]]:
    if what == "providers":
        from ticketsync.providers import built_in

        return [(name, "") for name in built_in.CLASSES]
    from ticketsync.reporting import name_lists

    file = _database_file(ctx)
    if file is None:
        return []
    found = name_lists.list_names(file, what)
    if what == "shows":
        return [*((word, "") for word in SHOW_WORDS), *_show_values(found)]
    return [("latest", ""), *found] if what == "runs" else found


def _show_values(found: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """
    Shows by day and production; by their number where that is not only one.
    """
    from collections import Counter

    from ticketsync.core import paths

    shows = [
        (number, text, f"{text[:10]}/{paths.slug(text[len('2026-11-27 19:30 ') :])}")
        for number, text in found
    ]
    times = Counter(name for _, _, name in shows)
    return [
        (name if times[name] == 1 else number, text) for number, text, name in shows
    ]


def _database_file(ctx: Any) -> Path | None:
    """
    The SQLite database that the command would use; `None` for PostgreSQL.
    """
    from ticketsync.core import paths
    from ticketsync.core.settings import config

    given = ctx.find_root().params
    chosen = given.get("config")
    url = (
        given.get("database")
        or os.environ.get("TICKETSYNC_DATABASE_URL")
        or config.load(Path(chosen) if chosen else None).database
    )
    if not url:
        return paths.database_file()
    if "://" not in url:
        return Path(url)
    kind, _, path = url.partition(":///")
    return Path(path) if kind == "sqlite" and path else None
