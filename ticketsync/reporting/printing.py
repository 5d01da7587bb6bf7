"""
PDFs, typeset by typst, an extra: `pip install 'ticketsync[pdf]'`.

Texts are passed to typst as data, never as source code, so that no name is taken for
markup.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from ticketsync.core import errors
from ticketsync.core.redact import safe

LAYOUTS = Path(__file__).parent / "layouts"


def door_list(show: Any, guests: Sequence[Any], made: str) -> bytes:
    """
    The door list as a PDF: a box to tick, name with answers, ticket type and id, and
    the seat where any is reserved. `show` is a
    `ShowInfo`, `guests` are `Guest`s in the order to print them in.

    Raises: `ConfigurationError` where typst is not installed.
    """
    rows = [
        {
            "name": safe(guest.shown_name, longest=60),
            "type": safe(guest.type_name, longest=40),
            "ticket": safe(guest.ticket_id, longest=40),
            "order": safe(guest.order_id, longest=40) if guest.name else "",
            "via": safe(guest.account, longest=20),
            "free": guest.is_comp,
            "in": guest.is_in,
            "seat": safe(guest.seat, longest=40),
            "answers": safe(guest.answers_text, longest=200),
        }
        for guest in guests
    ]
    return _typeset(
        "door_list.typ",
        {
            "title": safe(show.production, longest=100),
            "when": f"{datetime.fromisoformat(show.starts_local):%a %d %b %Y, %H:%M}",
            "venue": safe(show.venue, longest=100),
            "made": made,
            "guests": rows,
        },
    )


def _typeset(layout: str, data: dict[str, Any]) -> bytes:
    try:
        import typst
    except ModuleNotFoundError:
        raise errors.ConfigurationError(
            "PDFs need typst, which is not installed.",
            hint="Run `pip install 'ticketsync[pdf]'`, or use --format csv.",
        ) from None
    pdf: bytes = typst.compile(
        str(LAYOUTS / layout), sys_inputs={"data": json.dumps(data)}, format="pdf"
    )
    return pdf
