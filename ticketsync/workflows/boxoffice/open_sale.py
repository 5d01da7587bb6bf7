"""
Putting a show on sale at our own box office, and closing the sale. The first show makes
the account and the key that tickets are signed with.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from ticketsync.accounts import credentials, edits, naming, state
from ticketsync.accounts.state import PEOPLE, AccountState, NewAccount
from ticketsync.boxoffice import codes, fewer_seats, price_tiers, seats, shows_on_sale
from ticketsync.boxoffice.price_tiers import NewTier
from ticketsync.boxoffice.shows_on_sale import ShowOnSale, Terms
from ticketsync.catalogue import (
    entered_values,
    links,
    occurrences,
    saved_listing,
    shows,
    ticket_types,
)
from ticketsync.catalogue.links import Pair
from ticketsync.catalogue.saved_listing import ListedEvent
from ticketsync.catalogue.shows import ShowInfo
from ticketsync.core import clock, digest, errors, records
from ticketsync.core.settings.config import Settings
from ticketsync.providers import registry
from ticketsync.store.engine import Database
from ticketsync.workflows import one_at_a_time, recompute_figures
from ticketsync.workflows.accounts.connect import SecretSource
from ticketsync.workflows.boxoffice.save_own_orders import NAME, find_account
from ticketsync.workflows.matching import match

STORED: Final = ("keyring", "file")


@dataclass(frozen=True, slots=True)
class Opened:
    """
    A show that was put on sale. `is_new`: its account was made with it.
    """

    show: ShowOnSale
    account: str
    is_new: bool


def open_show(
    database: Database,
    settings: Settings,
    show_id: int,
    terms: Terms,
    tiers: Sequence[NewTier],
    source: SecretSource,
) -> Opened:
    """
    Put a show on sale on these terms, with these tiers beside those that it has.
    `source` is where the signing key is, or is to be stored.

    Raises: `UsageError` without seats or any tier, or for numbers of seats that cannot
    be; `CredentialError` where the key can
    be neither read nor stored, or could be guessed; `GuardRefused` (`seats-taken`)
    where more seats are sold or held than there would be.
    """
    for number in (terms.capacity, terms.held_back, terms.max_per_order):
        entered_values.check_seats(number)
    with database.read() as connection:
        _refuse_incomplete(connection, show_id, terms, tiers)
    account, is_new = _get_or_make_account(database, source)
    if account.is_retired:
        raise state.retired_error(account)
    with database.write() as connection:
        with fewer_seats.refusing(connection, [show_id]):
            occurrence_id = _list_show(connection, account.id, show_id)
            given = _with_defaults(connection, settings, show_id, terms)
            shows_on_sale.put_on_sale(
                connection, show_id, account.id, occurrence_id, given
            )
            _link(connection, occurrence_id, show_id, clock.now())
            add_tiers(connection, show_id, tiers)
        recompute_figures.recompute(connection, settings, {show_id})
        return Opened(shows_on_sale.get_show(connection, show_id), account.name, is_new)


def close_show(database: Database, show_id: int) -> ShowOnSale:
    """
    Stop selling a show.

    Raises: `SaleRefused` (`not-on-sale`) where it is not on sale here.
    """
    with database.write() as connection:
        return close_within(connection, show_id)


def close_within(connection: Connection, show_id: int) -> ShowOnSale:
    """
    The same in a transaction of the caller's.
    """
    seats.lock_show(connection, show_id)
    show = shows_on_sale.get_show(connection, show_id)
    shows_on_sale.close_sale(connection, show_id, clock.now())
    closed = shows_on_sale.get_show(connection, show_id)
    _list_shows(connection, show.account_id, [closed])
    return closed


def add_tiers(connection: Connection, show_id: int, tiers: Sequence[NewTier]) -> None:
    """
    Put tiers of a show on sale, and list them as ticket types of its account.

    Raises: what `price_tiers.add_tiers` raises; `GuardRefused` (`seats-taken`) where
    more seats of a tier are sold or held than it would have.
    """
    for tier in tiers:
        for number in (tier.capacity, tier.min_quantity, tier.max_quantity):
            entered_values.check_seats(number)
    with fewer_seats.refusing(connection, [show_id]):
        show = shows_on_sale.get_show(connection, show_id)
        price_tiers.add_tiers(connection, show, tiers)
    listed = [
        records.TicketType(
            id=str(tier.id),
            name=tier.name,
            price=tier.price,
            currency=tier.currency,
            status=records.TicketTypeStatus.ON_SALE,
            quantity=tier.capacity,
            sale_starts_at=tier.opens_at,
            sale_ends_at=tier.closes_at,
        )
        for tier in price_tiers.list_tiers(connection, show_id)
        if tier.retired_at is None
    ]
    ticket_types.save_ticket_types(
        connection, {show.occurrence_id: listed}, clock.now()
    )


def list_again(connection: Connection, account_id: int) -> int:
    """
    Bring the listing of the account in line with our shows, which may have been moved;
    returns how many are listed.
    """
    seats.lock_shows(
        connection, [it.show_id for it in shows_on_sale.list_shows(connection)]
    )
    return len(
        _list_shows(connection, account_id, shows_on_sale.list_shows(connection))
    )


def _refuse_incomplete(
    connection: Connection, show_id: int, terms: Terms, tiers: Sequence[NewTier]
) -> None:
    show = shows.get_show(connection, show_id)
    held = {item.show_id: item for item in shows_on_sale.list_shows(connection)}.get(
        show_id
    )
    capacity = held.capacity if held else show.capacity
    if terms.capacity is None and capacity is None:
        raise errors.UsageError(
            "The number of seats of this show is not known.",
            hint="Add --capacity N, or run `ticketsync shows edit "
            f"{show_id} --capacity N`.",
        )
    if not tiers and not price_tiers.list_tiers(connection, show_id):
        raise errors.UsageError(
            "A show needs at least one price.",
            hint='Add --tier "Adult=55.00", once for each.',
        )
    price_tiers.refuse_impossible(tiers)


def _with_defaults(
    connection: Connection, settings: Settings, show_id: int, terms: Terms
) -> Terms:
    """
    The terms of a show that was never on sale, with those of the settings.
    """
    if any(show.show_id == show_id for show in shows_on_sale.list_shows(connection)):
        return terms
    given = settings.boxoffice
    one = terms.one_pending_per_buyer
    return replace(
        terms,
        hold_minutes=terms.hold_minutes or given.minutes,
        one_pending_per_buyer=given.one_pending_per_buyer if one is None else one,
    )


def _list_show(connection: Connection, account_id: int, show_id: int) -> int:
    """
    Save a show in the listing of the account; returns our id of the occurrence.
    """
    listed = [_as_listed(shows.get_show(connection, show_id), is_closed=False)]
    _save_listing(connection, account_id, listed)
    return occurrences.get_occurrence_ids(connection, account_id)[_id_of(show_id)]


def _list_shows(
    connection: Connection, account_id: int, on_sale: Sequence[ShowOnSale]
) -> list[records.Event]:
    now = clock.now()
    known = {show.id: show for show in shows.list_shows(connection)}
    listed = [
        _as_listed(
            known[show.show_id],
            is_closed=show.closes_at is not None and show.closes_at <= now,
        )
        for show in on_sale
    ]
    _save_listing(connection, account_id, listed)
    return listed


def _save_listing(
    connection: Connection, account_id: int, listed: Sequence[records.Event]
) -> None:
    events = [
        ListedEvent(event, digest.content(repr(event).encode())) for event in listed
    ]
    saved_listing.save_listing(connection, account_id, events)


def _as_listed(show: ShowInfo, *, is_closed: bool) -> records.Event:
    status = records.OccurrenceStatus.ON_SALE
    if is_closed:
        status = records.OccurrenceStatus.CLOSED
    occurrence = records.Occurrence(
        id=_id_of(show.id),
        event_id=_id_of(show.id),
        name=show.production,
        starts_at=show.starts_at,
        ends_at=None,
        timezone=show.timezone,
        status=status,
        # The seats are the show's; a number here would be added to them.
        capacity=None,
        currency=show.currency,
        venue=show.venue,
        url=None,
        listed_at=None,
        issued=None,
        ordered=None,
        fingerprint="",
    )
    return records.Event(_id_of(show.id), show.production, None, (occurrence,))


def _id_of(show_id: int) -> str:
    return f"show-{show_id}"


def _link(
    connection: Connection, occurrence_id: int, show_id: int, now: datetime
) -> None:
    pair = Pair(occurrence_id, show_id, "sold by your own box office")
    made = links.save_links(
        connection, [pair], decided_by="person", batch=match.new_batch(), now=now
    )
    if made:
        links.set_link_status(connection, [occurrence_id], "synced")


# The account and its key


def _get_or_make_account(
    database: Database, source: SecretSource
) -> tuple[AccountState, bool]:
    with database.read() as connection:
        found = find_account(connection)
    if found is not None:
        return found, False
    busy = "Your box office is being opened by somebody else right now."
    with one_at_a_time.refuse_others(database, "open the box office", busy):
        with database.read() as connection:  # somebody else may have made it meanwhile
            found = find_account(connection)
        if found is not None:
            return found, False
        return _make_account(database, source), True


def _make_account(database: Database, source: SecretSource) -> AccountState:
    with database.read() as connection:
        taken = {account.name for account in state.list_accounts(connection)}
    name = naming.free_name(NAME, taken)
    is_stored = source.kind in STORED
    reference = source.reference
    if is_stored:
        key = source.secret or codes.new_signing_key()
        codes.refuse_weak_key(key)
        reference = credentials.store_secret(name, source.kind, key)
    else:
        codes.refuse_weak_key(
            credentials.read_secret(name, source.kind, source.reference)
        )
    try:
        with database.write() as connection:
            new = NewAccount(
                name=name,
                provider=NAME,
                base_url=None,
                secret_source=source.kind,
                secret_reference=reference,
                secret_fingerprint="",
                identity=None,
                # Whoever is named at the counter is named on purpose.
                options={PEOPLE: "true"},
                needs_reading=registry.provider(NAME).spec.needs_reading,
            )
            account_id = edits.add_account(connection, new, clock.now())
            return state.get_account_by_id(connection, account_id)
    except BaseException:
        if is_stored:
            with contextlib.suppress(errors.TicketsyncError):
                credentials.delete_secret(name, source.kind, reference)
        raise
