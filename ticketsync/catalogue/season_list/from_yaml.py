"""
A season list in YAML, whose columns have exactly the names of ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ticketsync.catalogue.season_list.from_table import COLUMNS, listed_row
from ticketsync.catalogue.season_list.list_rows import (
    ListedRows,
    refuse_more_than_a_season,
)
from ticketsync.core import errors
from ticketsync.core.redact import safe
from ticketsync.core.settings import plain_yaml
from ticketsync.core.spreadsheets import sheets


def read_yaml(file: Path) -> ListedRows:
    """
    The shows of a list of `column: text`, perhaps under `shows:`.

    Raises: `BadFile` where it is none, or has a column that is not known.
    """
    text = sheets.text_of(file, sheets.bytes_of(file))
    tree = plain_yaml.read(text, file.name)
    entries = tree.value
    if isinstance(entries, dict) and set(entries) == {"shows"}:
        entries = entries["shows"].value
    if not isinstance(entries, list):
        raise errors.BadFile(
            f"{file.name} is not a list of shows.",
            hint="Begin with `- production: …`, or with `shows:` and such a list.",
        )
    refuse_more_than_a_season(file.name, len(entries))
    rows = []
    for entry in entries:
        cells = {key: node.text for key, node in entry.items()}
        _refuse_unknown(file, list(cells), f"line {entry.line}")
        if None in cells.values() or not cells:
            raise errors.BadFile(
                f"{file.name}, line {entry.line}: a show is a list of `column: text`.",
                hint=f"The columns are {', '.join(COLUMNS)}.",
            )
        texts = {key: (text or "").strip() for key, text in cells.items()}
        rows.append(listed_row(f"line {entry.line}", texts))
    return ListedRows(tuple(rows))


def _refuse_unknown(file: Path, names: Sequence[str], position: str) -> None:
    unknown = [name for name in names if name not in COLUMNS]
    if unknown or len(set(names)) != len(names) or "production" not in names:
        problem = (
            f"the column {safe(unknown[0])!r} is not known"
            if unknown
            else "a column is duplicated or `production` is missing"
        )
        raise errors.BadFile(
            f"{file.name}, {position}: {problem}.",
            hint=f"The columns are {', '.join(COLUMNS)}.",
        )
