"""
What matching needs to know: our shows and the unlinked occurrences as candidates, with
what earlier decisions say about titles and venues.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, select

from ticketsync.catalogue import other_names
from ticketsync.catalogue import shows as our_shows
from ticketsync.catalogue.known_names import Kind
from ticketsync.catalogue.links import list_refusals
from ticketsync.catalogue.matching_rules.candidates import (
    OccurrenceCandidate,
    ShowCandidate,
)
from ticketsync.catalogue.occurrences import LinkedOccurrence
from ticketsync.catalogue.shows import ShowInfo
from ticketsync.core.date_keys import date_key, group_parts, shorten_part_names
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import (
    events,
    occurrences,
    production_links,
    productions,
    show_links,
    shows,
    ticket_types,
    venues,
)
from ticketsync.store.upsert import rows_among

# The reason of a link to a show that was made for it: such a link does not say which
# venue of ours the platform's name of a venue means.
MADE_FROM_OCCURRENCE = "a show made of this date"


def build_show_candidates(
    shows: Iterable[ShowInfo],
    selling_accounts: Iterable[tuple[str, int]],
    currencies: Mapping[int, Iterable[str]] | None = None,
) -> list[ShowCandidate]:
    """
    Our shows as matching sees them; excluded ones take no part. `currencies` is what
    `list_selling_currencies` gives.
    """
    sellers: dict[int, list[str]] = {}
    for account, show_id in sorted(selling_accounts):
        sellers.setdefault(show_id, []).append(account)
    return [
        ShowCandidate(
            show_id=show.id,
            production=show.production,
            venue=show.venue,
            starts_at=show.starts_at,
            capacity=show.capacity,
            starts_local=show.starts_local,
            sellers=tuple(sellers.get(show.id, ())),
            currencies=tuple(sorted((currencies or {}).get(show.id, ()))),
        )
        for show in shows
        if not show.is_excluded
    ]


def list_matchable_shows(connection: Connection) -> list[ShowInfo]:
    """
    The shows that a date may be linked to: those that are not excluded.
    """
    return [show for show in our_shows.list_shows(connection) if not show.is_excluded]


def build_occurrence_candidates(
    connection: Connection, occurrences: Iterable[LinkedOccurrence]
) -> list[OccurrenceCandidate]:
    """
    Unlinked occurrences as matching sees them; refused ones take no part.
    """
    refused = {
        occurrence for occurrence, show in list_refusals(connection) if show is None
    }
    unlinked = [
        occurrence
        for occurrence in occurrences
        if occurrence.show_id is None
        and occurrence.id not in refused
        and occurrence.gone_since is None
        and occurrence.is_dated
    ]
    titles = get_production_titles(connection, (item.event_id for item in unlinked))
    known_titles = _production_of_listing_title(connection)
    known_venues = _venue_of_platform_name(connection)
    parts = name_parts(connection, unlinked)
    return [
        OccurrenceCandidate(
            occurrence_id=occurrence.id,
            account=occurrence.account,
            event=occurrence.event,
            starts_at=occurrence.starts_at,
            venue=occurrence.venue,
            capacity=occurrence.capacity,
            production=titles.get(occurrence.event_id),
            known_as=known_titles.get(_normalize(occurrence.event)),
            starts_local=occurrence.starts_local,
            known_at=known_venues.get(_normalize(occurrence.venue or "")),
            part=parts.get(occurrence.id, ""),
            event_id=occurrence.event_id,
            currency=occurrence.currency,
        )
        for occurrence in unlinked
    ]


def name_parts(
    connection: Connection, listed: Sequence[LinkedOccurrence]
) -> dict[int, str]:
    """
    What tells apart the parts of one date, by our id: what each sells, or the
    platform's id where that is not known or the same.
    """
    groups = [group for group in group_parts(listed, date_key) if len(group) > 1]
    ids = [occurrence.id for group in groups for occurrence in group]
    sold = _list_type_names(connection, ids)
    parts: dict[int, str] = {}
    for group in groups:
        names = [", ".join(sold.get(occurrence.id, ())) for occurrence in group]
        is_clear = all(names) and len(set(names)) == len(names)
        for occurrence, name in zip(group, shorten_part_names(names), strict=True):
            parts[occurrence.id] = (
                name if is_clear else occurrence.provider_occurrence_id
            )
    return parts


def _list_type_names(
    connection: Connection, occurrence_ids: Iterable[int]
) -> dict[int, list[str]]:
    query = (
        select(ticket_types.c.occurrence_id, ticket_types.c.name)
        .where(ticket_types.c.gone_since.is_(None))
        .order_by(ticket_types.c.position, ticket_types.c.id)
    )
    found: dict[int, list[str]] = {}
    column = ticket_types.c.occurrence_id
    for row in rows_among(connection, query, column, occurrence_ids):
        found.setdefault(row.occurrence_id, []).append(row.name)
    return found


def list_selling_accounts(connection: Connection) -> set[tuple[str, int]]:
    """
    Which account, by name, is linked to which show already by a date that it still
    lists.
    """
    rows = connection.execute(
        select(accounts.c.name, show_links.c.show_id)
        .join(occurrences, occurrences.c.id == show_links.c.occurrence_id)
        .join(accounts, accounts.c.id == occurrences.c.account_id)
        .where(occurrences.c.gone_since.is_(None))
    )
    return {(str(account), int(show_id)) for account, show_id in rows}


def list_selling_currencies(connection: Connection) -> dict[int, set[str]]:
    """
    In which currencies the dates of a show are listed, where that is known.
    """
    rows = connection.execute(
        select(show_links.c.show_id, occurrences.c.currency)
        .join(occurrences, occurrences.c.id == show_links.c.occurrence_id)
        .where(occurrences.c.gone_since.is_(None), occurrences.c.currency.is_not(None))
        .distinct()
    )
    found: dict[int, set[str]] = {}
    for show_id, currency in rows:
        found.setdefault(show_id, set()).add(currency)
    return found


def get_production_titles(
    connection: Connection, event_ids: Iterable[int]
) -> dict[int, str]:
    """
    The title of the production that each of these events is linked to, if it is.
    """
    query = select(production_links.c.event_id, productions.c.title).join(
        productions, productions.c.id == production_links.c.production_id
    )
    rows = rows_among(connection, query, production_links.c.event_id, event_ids)
    return {int(event_id): str(title) for event_id, title in rows}


def _production_of_listing_title(connection: Connection) -> dict[str, str]:
    """
    Which production listings of a title were linked to, where it was always the same,
    or which had that title.
    """
    rows = connection.execute(
        select(events.c.name, productions.c.title)
        .join(production_links, production_links.c.event_id == events.c.id)
        .join(productions, productions.c.id == production_links.c.production_id)
    )
    found = _unambiguous((str(name), str(title)) for name, title in rows)
    return {**_other_names(connection, "production"), **found}


def _other_names(connection: Connection, kind: Kind) -> dict[str, str]:
    return {
        _normalize(other.name): other.known
        for other in other_names.list_names(connection, kind)
    }


def _venue_of_platform_name(connection: Connection) -> dict[str, str]:
    """
    Which venue of ours a platform's name of a venue means: where a person linked such
    occurrences and all those links agree, or by another name of ours.
    """
    rows = connection.execute(
        select(occurrences.c.venue, venues.c.name)
        .join(show_links, show_links.c.occurrence_id == occurrences.c.id)
        .join(shows, shows.c.id == show_links.c.show_id)
        .join(venues, venues.c.id == shows.c.venue_id)
        .where(
            occurrences.c.venue.is_not(None),
            show_links.c.decided_by == "person",
            show_links.c.reason != MADE_FROM_OCCURRENCE,
        )
        .distinct()
    )
    linked = _unambiguous((str(theirs), str(ours)) for theirs, ours in rows)
    found = {**_other_names(connection, "venue"), **linked}
    own_names = {_normalize(venue.name) for venue in our_shows.list_venues(connection)}
    return {name: venue for name, venue in found.items() if name not in own_names}


def _unambiguous(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """
    The value of each normalized name that has only one.
    """
    values: dict[str, set[str]] = {}
    for name, value in pairs:
        values.setdefault(_normalize(name), set()).add(value)
    return {name: known.pop() for name, known in values.items() if len(known) == 1}


def _normalize(name: str) -> str:
    return " ".join(name.casefold().split())
