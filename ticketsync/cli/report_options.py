"""
Options that mean the same in every report that has them.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from ticketsync.core.periods import Period

PeriodText = Annotated[
    str,
    typer.Option(
        "--period",
        help="Only this time: 2026-10, 2026-Q4, 2026-10-31, last-week, this-month, "
        "FROM..TO.",
        metavar="PERIOD",
    ),
]

AsOf = Annotated[
    str,
    typer.Option(
        "--as-of",
        help="As it was known then: 2026-10-31T23:59:59Z, 2026-10-31T23:59, or a day.",
        metavar="INSTANT",
    ),
]

ByShow = Annotated[
    str,
    typer.Option(
        "--by",
        help="Which day is in the period: of the show, or of the sale.",
        metavar="show|sale",
    ),
]

BySale = Annotated[
    str,
    typer.Option(
        "--by",
        help="Which day is in the period: of the sale, or of the show.",
        metavar="sale|show",
    ),
]

BY = ("show", "sale")

Send = Annotated[
    bool, typer.Option("--send", help="Send it to everyone under `notify`.")
]


def present(connection: Connection, as_of: str) -> datetime:
    """
    What the present instant is for a report: that of --as-of, if there is one.

    Raises: UsageError for a text that is not an instant.
    """
    from ticketsync.core import clock
    from ticketsync.store.business_zone import get_business_zone
    from ticketsync.workflows.as_of import parse_instant

    if not as_of:
        return clock.now()
    return parse_instant(as_of, get_business_zone(connection))


def unfinished(connection: Connection, as_of: str) -> list[str]:
    """
    What a message says below its figures about orders that are not in them yet, after
    an empty line; nothing about what was known at --as-of.
    """
    from ticketsync.reporting import unfinished_reads

    found = [] if as_of else unfinished_reads.sentences(connection)
    return ["", *found] if found else []


def chosen_period(connection: Connection, text: str) -> Period:
    """
    The period to report on, by the calendar of the default venue; an empty text means
    always.

    Raises: UsageError for a text that is not a period.
    """
    from ticketsync.workflows import money_view

    return money_view.read_period(connection, money_view.Wanted(period=text))


def chosen(option: str, value: str, possible: Collection[str]) -> str:
    """
    The value of an option that takes one of several words.

    Raises: UsageError for any other word.
    """
    from ticketsync.core import errors
    from ticketsync.core.redact import safe

    if value not in possible:
        raise errors.UsageError(
            f"{option} {safe(value)!r} is not possible here.",
            hint=f"Use one of: {', '.join(possible)}.",
        )
    return value


def make_folder(folder: Path) -> Path:
    """
    The folder that an option `--dir` means, made where it is missing.

    Raises: `UsageError` where it cannot be made.
    """
    from ticketsync.core import errors

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise errors.UsageError(
            f"{folder} cannot be made: {error.strerror}.",
            hint="Choose another folder with --dir.",
        ) from None
    return folder
