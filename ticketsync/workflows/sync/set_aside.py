"""
What a platform refuses to show while the rest of the account is read: the orders of one
event, or all of an organisation, location or region. It is kept in quarantine by name,
asked for again by every run, and taken out once it was read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ticketsync.catalogue.occurrences import LinkedOccurrence
from ticketsync.core import clock, errors
from ticketsync.core.records import Unread
from ticketsync.core.redact import safe
from ticketsync.providers.base import LeavesOutParts, SkipsParts
from ticketsync.sales import quarantine
from ticketsync.workflows.accounts.account_run import AccountRun
from ticketsync.workflows.sync import cross_checks
from ticketsync.workflows.sync.drift import REFUSED

ORDERS = "orders"  # kind: all orders of an event or occurrence, by the platform's id
PART = "part"  # kind: an organisation, location or region, of which nothing is listed
ORDERS_OF_PART = "orders of part"  # kind: one whose events are listed, but no orders


def refused_parts(run: AccountRun) -> Mapping[str, str]:
    """
    The parts of the account that the platform has refused in this run, by its ids, and
    why.
    """
    provider = run.provider
    return provider.refused_parts() if isinstance(provider, SkipsParts) else {}


def leaves_out_parts(run: AccountRun) -> bool:
    """
    Whether an option of the account keeps parts of it from being read.
    """
    provider = run.provider
    return isinstance(provider, LeavesOutParts) and bool(provider.left_out_parts())


def note_parts_of_listing(run: AccountRun) -> None:
    """
    Name the parts whose events could not be listed. One that can be listed again has
    changes that were missed: all orders are read then.
    """
    recovered = _note(run, PART, refused_parts(run), lambda _: True)
    if recovered:
        cross_checks.read_everything_next(run)


def note_parts_of_orders(run: AccountRun, listed_without: Mapping[str, str]) -> None:
    """
    The same for those whose orders could not be read, beside those that the listing
    lacked.
    """
    refused = {
        id_: why for id_, why in refused_parts(run).items() if id_ not in listed_without
    }
    recovered = _note(
        run, ORDERS_OF_PART, refused, lambda id_: id_ not in listed_without
    )
    if recovered:
        cross_checks.read_everything_next(run)


def note_orders(
    run: AccountRun, refused: Mapping[str, str], is_settled: Callable[[str], bool]
) -> None:
    """
    Name the events whose orders were `refused`, by the platform's ids. Those named
    before are released where `is_settled`: read, or no longer to be read.
    """
    _note(run, ORDERS, refused, is_settled)


def reason(
    run: AccountRun, occurrence: LinkedOccurrence, error: errors.TicketsyncError
) -> str:
    """
    Why the orders of an occurrence, or of its event, were not read, and what to do.
    """
    platform = run.provider.spec.title
    what = safe(occurrence.name_and_start, longest=80)
    if isinstance(error, errors.Forbidden):
        return (
            f"{what}: {platform} does not let this key read its orders (403); what is "
            f"stored stays. Give the key's user access to it at {platform}, or run "
            f"`ticketsync accounts rotate {run.account.name}` with another key."
        )
    return (
        f"{what}: {platform} lists it, but does not know its orders (404); what is "
        f"stored stays. Look at the event at {platform}; each run asks again."
    )


def _note(
    run: AccountRun,
    kind: str,
    refused: Mapping[str, str],
    is_settled: Callable[[str], bool],
) -> set[str]:
    """
    Bring the quarantine in line; returns what was released. Writes only what changed.
    """
    run.counts.quarantined += len(refused)
    with run.database.read() as connection:
        held = quarantine.list_reasons(connection, run.account.id, kind)
    released = {id_ for id_ in held if id_ not in refused and is_settled(id_)}
    news = [
        Unread(kind, id_, "", b"", REFUSED, why)
        for id_, why in refused.items()
        if held.get(id_) != why
    ]
    if released or news:
        with run.transaction() as connection:
            quarantine.save_unread(connection, run.account.id, news, clock.now())
            quarantine.release(connection, run.account.id, kind, released)
    return released
