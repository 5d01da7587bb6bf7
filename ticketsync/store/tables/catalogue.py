"""
The platforms' listings, our shows, and the links between them.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint

from ticketsync.store.tables.base import Row, one_of, table
from ticketsync.store.types import blob, flag, instant, key, points_to, text, whole


class VenueRow(Row):
    __tablename__ = "venues"
    __table_args__ = table(
        UniqueConstraint("name"), CheckConstraint("length(currency) = 3", "currency")
    )

    id: int | None = key()
    name: str = text()
    timezone: str = text()
    currency: str = text()


class ProductionRow(Row):
    """
    A work of ours. Its switches hold for all its shows, see `ShowLinkRow`.
    """

    __tablename__ = "productions"
    __table_args__ = table(UniqueConstraint("title"))

    id: int | None = key()
    title: str = text()
    sync_enabled: bool = flag(default=True)
    sync_ticket_sales: bool = flag(default=True)


class ShowRow(Row):
    """
    One performance of ours. `starts_local` is the local start, as on a poster.
    """

    __tablename__ = "shows"
    __table_args__ = table(
        UniqueConstraint("production_id", "venue_id", "starts_at"),
        UniqueConstraint("reference"),
        Index(None, "starts_at"),
        CheckConstraint("capacity IS NULL OR capacity >= 0", "capacity"),
    )

    id: int | None = key()
    production_id: int = points_to("productions.id")
    venue_id: int = points_to("venues.id")
    starts_at: datetime = instant()
    starts_local: str = text()
    timezone: str = text()
    capacity: int | None = whole(default=None)
    currency: str = text()
    reference: str | None = text(default=None)
    is_excluded: bool = flag(default=False)
    excluded_because: str = text(default="")


class EventRow(Row):
    """
    A platform's listing.
    """

    __tablename__ = "events"
    __table_args__ = table(UniqueConstraint("account_id", "provider_id"))

    id: int | None = key()
    account_id: int = points_to("accounts.id")
    provider_id: str = text()
    name: str = text()
    url: str | None = text(default=None)


class OccurrenceRow(Row):
    """
    One dated performance in a platform's listing.

    `gone_since` is set when a complete listing no longer had it; its orders stay. Where
    its time is unknown, `is_dated` is false and `starts_at` is in 1970.
    """

    __tablename__ = "occurrences"
    __table_args__ = table(
        UniqueConstraint("account_id", "provider_id"),
        Index(None, "event_id"),
        one_of("status", "on_sale", "draft", "closed", "cancelled"),
    )

    id: int | None = key()
    account_id: int = points_to("accounts.id")
    event_id: int = points_to("events.id")
    provider_id: str = text()
    name: str = text()
    starts_at: datetime = instant()
    ends_at: datetime | None = instant(default=None)
    starts_local: str = text()
    timezone: str = text()
    status: str = text()
    capacity: int | None = whole(default=None)
    currency: str | None = text(default=None)
    venue: str | None = text(default=None)
    url: str | None = text(default=None)
    listed_at: datetime | None = instant(default=None)
    issued: int | None = whole(default=None)
    ordered: int | None = whole(default=None)
    fingerprint: str = text()
    gone_since: datetime | None = instant(default=None)
    dashboard_url: str | None = text(default=None)
    is_dated: bool = flag(default=True)
    content: bytes = blob()
    provider_updated_at: datetime | None = instant(default=None)


class TicketTypeRow(Row):
    """
    What an Occurrence has on sale, as the platform last reported it; `price` is in
    minor units of `currency`. `gone_since` is set when a listing no longer had it.
    """

    __tablename__ = "ticket_types"
    __table_args__ = table(
        UniqueConstraint("occurrence_id", "provider_id"),
        one_of(
            "status", "on_sale", "scheduled", "sold_out", "closed", "hidden", "unknown"
        ),
    )

    id: int | None = key()
    occurrence_id: int = points_to("occurrences.id")
    provider_id: str = text()
    name: str = text()
    price: int | None = whole(default=None)
    currency: str | None = text(default=None)
    is_minimum: bool = flag(default=False)
    quantity: int | None = whole(default=None)
    sold: int | None = whole(default=None)
    available: int | None = whole(default=None)
    sale_starts_at: datetime | None = instant(default=None)
    sale_ends_at: datetime | None = instant(default=None)
    status: str = text()
    position: int = whole(default=0)
    gone_since: datetime | None = instant(default=None)


class TicketTypePriceRow(Row):
    """
    A price that a ticket type had, from when we first saw it until the next one.
    """

    __tablename__ = "ticket_type_prices"
    __table_args__ = table()

    ticket_type_id: int = points_to("ticket_types.id", primary_key=True)
    seen_at: datetime = instant(primary_key=True)
    price: int | None = whole(default=None)
    currency: str | None = text(default=None)


class ProductionLinkRow(Row):
    """
    An Event belongs to a Production of ours. `type_map` is a JSON object: the
    platform's name of a ticket type → the venue's own; `field_map` another one: a
    question of the platform's form → the venue's name of the answer. The switches hold
    for all its occurrences, see `ShowLinkRow`.
    """

    __tablename__ = "production_links"
    __table_args__ = table(UniqueConstraint("event_id"))

    id: int | None = key()
    production_id: int = points_to("productions.id")
    event_id: int = points_to("events.id")
    type_map: str = text(default="{}")
    created_at: datetime = instant()
    field_map: str = text(default="{}")
    sync_enabled: bool = flag(default=True)
    sync_ticket_sales: bool = flag(default=True)


class ShowLinkRow(Row):
    """
    A Show and an Occurrence are the same performance: who decided that, and why.

    `sync_enabled` off: nothing of the Occurrence reaches the show any more.
    `sync_ticket_sales` off: its date is followed and its guests are on the door list,
    its sales do not count. A link is on if its own switch is, that of its Event and
    that of its Production.

    `last_read_at` is when orders of the Occurrence were last read by something other
    than a complete run of the account; `problem` what went wrong last, and when.

    `basis` is how the pair was found: `certain` by the rule of matching, by a confirmed
    `offset`, or `chosen` by hand; empty for links of earlier versions.
    """

    __tablename__ = "show_links"
    __table_args__ = table(
        UniqueConstraint("occurrence_id"),
        Index(None, "show_id"),
        one_of("decided_by", "person", "machine", "adopted"),
        one_of("status", "synced", "pending", "conflict", "error"),
    )

    id: int | None = key()
    show_id: int = points_to("shows.id")
    occurrence_id: int = points_to("occurrences.id")
    decided_by: str = text()
    reason: str = text(default="")
    batch: str = text(default="")
    status: str = text(default="pending")
    sync_enabled: bool = flag(default=True)
    sync_ticket_sales: bool = flag(default=True)
    starts_at: datetime = instant()
    created_at: datetime = instant()
    last_read_at: datetime | None = instant(default=None)
    problem: str = text(default="")
    problem_at: datetime | None = instant(default=None)
    basis: str = text(default="")


class ConfirmedOffsetRow(Row):
    """
    An Account lists a Production so many `minutes` after its shows start (before them
    where negative), and a person has confirmed that.
    """

    __tablename__ = "confirmed_offsets"
    __table_args__ = table(CheckConstraint("minutes <> 0", name="minutes"))

    account_id: int = points_to("accounts.id", "CASCADE", primary_key=True)
    production_id: int = points_to("productions.id", "CASCADE", primary_key=True)
    minutes: int = whole()
    confirmed_at: datetime = instant()


class RefusalRow(Row):
    """
    A pair that a person refused. `show_id` is null where the Occurrence is not a show.
    """

    __tablename__ = "refusals"
    __table_args__ = table(UniqueConstraint("occurrence_id", "show_id"))

    id: int | None = key()
    occurrence_id: int = points_to("occurrences.id")
    show_id: int | None = points_to("shows.id", default=None)
    batch: str = text(default="")
    created_at: datetime = instant()


venues = VenueRow.__table__
productions = ProductionRow.__table__
shows = ShowRow.__table__
events = EventRow.__table__
occurrences = OccurrenceRow.__table__
ticket_types = TicketTypeRow.__table__
ticket_type_prices = TicketTypePriceRow.__table__
production_links = ProductionLinkRow.__table__
show_links = ShowLinkRow.__table__
confirmed_offsets = ConfirmedOffsetRow.__table__
refusals = RefusalRow.__table__
