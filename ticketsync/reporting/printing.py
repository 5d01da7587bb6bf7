"""
PDFs, typeset by typst, which is in the extra `pdf`.

Texts are passed to typst as data, never as source code, so that no name is taken for
markup.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from ticketsync.core import clock, errors, extras, tables
from ticketsync.core.money import Money
from ticketsync.core.plurals import number_of
from ticketsync.core.redact import safe
from ticketsync.core.tables import NUMERIC, Kind, Table

LAYOUTS = Path(__file__).parent / "layouts"


_OR_CSV = ", or use --format csv"
WALK_INS = 8  # blank lines for guests without a ticket


def door_list(show: Any, parties: Sequence[Any], made: str, note: str = "") -> bytes:
    """
    The door list as a PDF, a line for each order: a box to tick for each ticket, names
    with answers, ticket types and ids, the seats where any is reserved, and blank lines
    for walk-ins. `show` is a `ShowInfo`, `parties` are `Party`s in the order to print
    them in, `note` says why names are missing.

    Raises: `ConfigurationError` where typst is not installed.
    """
    return typeset(
        "door_list.typ",
        {
            "title": safe(show.production, longest=100),
            "short": safe(show.production, longest=50),
            "when": clock.format_local(show.starts_local),
            "venue": safe(show.venue, longest=100),
            "made": made,
            "note": safe(note, longest=1000),
            "count": _count(parties),
            "blank": WALK_INS,
            "parties": [_party(party) for party in parties],
        },
    )


def _count(parties: Sequence[Any]) -> str:
    guests = [guest for party in parties for guest in party.guests]
    free = sum(guest.is_comp for guest in guests)
    return f"{number_of(len(guests), 'guest')}, {free:,} of them free"


def _party(party: Any) -> dict[str, Any]:
    first = party.guests[0]
    return {
        "names": [safe(name, longest=60) for name in party.names],
        "order": safe(first.order_id, longest=40) if first.name else "",
        "via": safe(first.account, longest=20),
        "tickets": [
            {
                "type": safe(guest.shown_type, longest=40),
                "ticket": safe(guest.ticket_id, longest=40),
                "free": guest.is_comp,
                "in": guest.is_in,
                "seat": safe(guest.seat, longest=40),
                "answers": safe(guest.answers_text, longest=200),
            }
            for guest in party.guests
        ],
    }


def typeset(layout: str, data: dict[str, Any], *, instead: str = _OR_CSV) -> bytes:
    """
    A layout with these texts as a PDF; `instead` ends the hint where typst is missing.

    Raises: `ConfigurationError` there.
    """
    try:
        import typst
    except ModuleNotFoundError:
        raise errors.ConfigurationError(
            "PDFs need typst, which is not installed.",
            hint=f"Run `{extras.install_command('pdf')}`{instead}.",
        ) from None
    pdf: bytes = typst.compile(
        str(LAYOUTS / layout), sys_inputs={"data": json.dumps(data)}, format="pdf"
    )
    return pdf


def tax_worksheet(heading: str, table: Table, below: Sequence[str]) -> bytes:
    """
    The tax worksheet as a PDF: its lines, and the sentences below them.

    Raises: `ConfigurationError` where typst is not installed.
    """
    columns = [c for c in table.columns if c.name not in ("state", "code", "rate")]
    printed = _printed_table(table.shown(*columns))
    lines = [safe(line, longest=1000) for line in below]
    return typeset(
        "tax_worksheet.typ",
        {"heading": safe(heading, longest=300), **printed, "below": lines},
    )


def period_statement(
    heading: str,
    above: Sequence[str],
    sections: Mapping[str, Table],
    below: Sequence[str],
    made: date,
) -> bytes:
    """
    The statement of a closed period as a PDF: tables by their titles, with sentences
    above and below. `made` is the day of the document; the same texts give the same
    bytes, for one version of typst.

    Raises: `ConfigurationError` where typst is not installed.
    """
    return typeset(
        "period.typ",
        {
            "heading": safe(heading, longest=300),
            "above": [safe(line, longest=1000) for line in above],
            "sections": [
                {"title": title, **_printed_table(table)}
                for title, table in sections.items()
            ],
            "below": [safe(line, longest=1000) for line in below],
            "made": [made.year, made.month, made.day],
        },
    )


def is_installed() -> bool:
    """
    Whether PDFs can be made here.
    """
    return importlib.util.find_spec("typst") is not None


def _printed_table(report: Table) -> dict[str, Any]:
    columns = report.columns
    return {
        "columns": [column.title for column in columns],
        "right": [column.kind in NUMERIC for column in columns],
        "rows": [
            [_printed(column.kind, values[column.name]) for column in columns]
            for values in tables.by_name(report)
        ],
    }


def _printed(kind: Kind, value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, Money):
        return value.grouped
    is_number = kind in (Kind.COUNT, Kind.NUMBER)
    return f"{value:,}" if is_number else safe(str(value), longest=60)
