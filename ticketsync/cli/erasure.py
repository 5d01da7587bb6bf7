"""
Erasing a person, for `privacy erase` and `attendees forget`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ticketsync.cli import context, render
from ticketsync.core.plurals import number_of

if TYPE_CHECKING:
    from ticketsync.sales.privacy import Trace


def erase(
    app_context: context.AppContext, who: str, *, dry_run: bool, yes: bool, json: bool
) -> None:
    """
    Show where a person is kept, ask, erase them there and report it.

    Raises: NotFound if nothing is kept of them, UsageError if the user says no.
    """
    from dataclasses import asdict

    from ticketsync.core import errors
    from ticketsync.workflows import retention

    database = app_context.database()
    traces = retention.find_person(database, who)
    places = number_of(len(traces), "place")
    if not json:
        _print_traces(traces)
    if not dry_run:
        if not context.confirm(f"Erase {places}?", yes):
            raise errors.UsageError("Nothing was erased.", hint="")
        retention.erase(database, who)
    if json:
        rows = [asdict(trace) for trace in traces]
        render.print_json({"erased": not dry_run, "places": rows})
    else:
        verb = "Would be erased" if dry_run else "Erased"
        app_context.say(f"{verb}: {places}. The orders and figures are kept.")
        if dry_run:
            app_context.say_dry_run()


_COLUMNS = (
    render.Column("kind", "AS"),
    render.Column("account", "ON", most=12),
    render.Column("order", "ORDER", most=14, in_full=True),
    render.Column("show", "SHOW", most=30),
    render.Column("name", "NAME", most=20),
    render.Column("email", "E-MAIL", most=30),
)


def _print_traces(traces: Sequence[Trace]) -> None:
    """
    Where a person is kept, one line each.
    """

    rows = [
        {
            "kind": trace.kind,
            "account": trace.account,
            "order": trace.order_id,
            "show": f"{trace.event} {trace.starts_local}".strip(),
            "name": trace.name,
            "email": trace.email,
        }
        for trace in traces
    ]
    render.table(rows, _COLUMNS)
