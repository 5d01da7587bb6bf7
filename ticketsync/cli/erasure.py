"""
Erasing a person, for `privacy erase` and `attendees forget`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ticketsync.cli import context, render
from ticketsync.core.plurals import number_of

if TYPE_CHECKING:
    from ticketsync.workflows.retention import Place


def erase(
    app_context: context.AppContext, who: str, *, dry_run: bool, yes: bool, json: bool
) -> None:
    """
    Show where a person is kept, ask, erase them there and report it.

    Raises: NotFound if nothing is kept of them, UsageError if the user says no.
    """
    from ticketsync.core import errors
    from ticketsync.workflows import retention

    database = app_context.database()
    found = retention.find_person(database, who)
    places = number_of(len(found), "place")
    if not json:
        _print_places(found)
    if not dry_run:
        if not context.confirm(f"Erase {places}?", yes):
            raise errors.UsageError("Nothing was erased.", hint="")
        retention.erase(database, who)
    if json:
        rows = [retention.place_as_json(place) for place in found]
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


def _print_places(places: Sequence[Place]) -> None:
    """
    Where a person is kept, one line each.
    """
    render.table([_row(place) for place in places], _COLUMNS)


def _row(place: Place) -> dict[str, str]:
    from ticketsync.boxoffice.members import Member

    if isinstance(place, Member):
        days = f"{place.from_date} to {place.until_date}"
        return {
            "kind": "member",
            "account": "",
            "order": place.number,
            "show": days,
            "name": place.name,
            "email": place.email,
        }
    return {
        "kind": place.kind,
        "account": place.account,
        "order": place.order_id,
        "show": f"{place.event} {place.starts_local}".strip(),
        "name": place.name,
        "email": place.email,
    }
