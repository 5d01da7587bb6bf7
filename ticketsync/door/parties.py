"""
Guests grouped as they come to the door: everybody of one order together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ticketsync.door.attendees import Guest


@dataclass(frozen=True, slots=True)
class Party:
    """
    The guests of one order, in the order of the list.
    """

    guests: tuple[Guest, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """
        Each name once; the first is that by which the party is sorted.
        """
        return tuple(dict.fromkeys(guest.shown_name for guest in self.guests))


def group_by_order(guests: Sequence[Guest]) -> list[Party]:
    """
    The parties of a list that is sorted by surname: each stands where its first guest
    does. A ticket without an order is a party of its own.
    """
    found: dict[tuple[str, str], list[Guest]] = {}
    for guest in guests:
        key = guest.order_id or f"ticket {guest.ticket_id}"
        found.setdefault((guest.account, key), []).append(guest)
    return [Party(tuple(party)) for party in found.values()]


def accounts_without_names(guests: Sequence[Guest]) -> list[str]:
    """
    The accounts of which not one guest has a name, by name.
    """
    named = {guest.account for guest in guests if guest.name}
    return sorted({guest.account for guest in guests} - named)


def say_names_missing(guests: Sequence[Guest]) -> str:
    """
    That orders stand in the place of names, for people at a door, who have no terminal;
    empty if none do.
    """
    without = accounts_without_names(guests)
    if not without:
        return ""
    return (
        f"Names are not kept for {', '.join(without)}: ask for the order number. "
        "Whoever runs the server can have them kept."
    )


def explain_missing_names(guests: Sequence[Guest]) -> str:
    """
    The same on a terminal, with what to do.
    """
    without = accounts_without_names(guests)
    if not without:
        return ""
    account, each = (without[0], "") if len(without) == 1 else ("NAME", " for each")
    return (
        f"Names are not kept for {', '.join(without)}: ask for the order number. To "
        f"keep them, run `ticketsync accounts set {account} people=true`{each}, then "
        f"`ticketsync sync {' '.join(without)} --full`."
    )
