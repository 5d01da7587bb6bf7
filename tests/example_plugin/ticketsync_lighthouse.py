"""
Lighthouse Tickets, a platform that does not exist.

API       https://api.lighthouse.example/2
Words     their gig is our Event and its only Occurrence
Auth      header `X-Token`
Pages     one page each; a list of gigs, a list of bookings per gig
Surprise  amounts are whole cents; the currency is in the booking, not in the gig

Unverified: whether a booking that was given back keeps its seats; they are treated as
void.
"""

from collections.abc import Iterator

from ticketsync.core import clock, records
from ticketsync.core.records import OccurrenceStatus, OrderStatus, TicketStatus
from ticketsync.core.redact import Secret
from ticketsync.net.client import ApiClient
from ticketsync.providers import reading
from ticketsync.providers.base import (
    Budget,
    Capabilities,
    Options,
    Page,
    ProviderSpec,
    Raw,
)

STATE = {
    "confirmed": OrderStatus.PAID,
    "given_back": OrderStatus.PAID,
    "waiting": OrderStatus.PENDING,
}


def token_header(secret: Secret, options: Options) -> dict[str, Secret]:
    return {"X-Token": secret}


class Lighthouse:
    spec = ProviderSpec(
        name="lighthouse",
        title="Lighthouse Tickets",
        base_url="https://api.lighthouse.example/2",
        authenticate=token_header,
        budget=Budget(requests=60, minutes=1),
        key_help="Lighthouse → Profile → Tokens",
        capabilities=Capabilities(),
        personal_fields=frozenset(("guest",)),
        reports_fees=True,
    )

    def __init__(self, api: ApiClient, options: Options) -> None:
        self.api = api

    def identify(self) -> records.Identity:
        me = self.api.get("/me")
        return records.Identity(reading.text(me, "venue"), reading.text(me, "venue"))

    def fetch_events(self) -> Iterator[Page]:
        yield Page("event", self.api.get("/gigs")["gigs"])

    def fetch_orders(
        self, provider_occurrence_id: str, bookmark: str | None
    ) -> Iterator[Page]:
        path = f"/gigs/{provider_occurrence_id}/bookings"
        yield Page("order", self.api.get(path)["bookings"])

    def fetch_order(self, provider_order_id: str, provider_occurrence_id: str) -> Raw:
        order: Raw = self.api.get(f"/bookings/{provider_order_id}")
        return order

    def provider_occurrence_id_of(self, raw: Raw) -> str:
        return str(raw.get("gig") or "")

    def parse_event(self, raw: Raw) -> records.Event:
        id_, name = reading.text(raw, "id"), reading.text(raw, "name")
        occurrence = records.Occurrence(
            id=id_,
            event_id=id_,
            name=name,
            starts_at=reading.moment(raw, "starts"),
            ends_at=None,
            timezone=reading.text(raw, "zone"),
            status=OccurrenceStatus.ON_SALE,
            capacity=reading.whole_or_none(raw, "seats"),
            currency=None,
            venue=None,
            url=None,
            listed_at=None,
            issued=None,
            ordered=None,
            fingerprint="",
        )
        clock.zone(occurrence.timezone)
        return records.Event(id_, name, None, (occurrence,))

    def parse_order(self, raw: Raw) -> records.Order:
        id_, gig = reading.text(raw, "id"), reading.text(raw, "gig")
        state = reading.word(raw, "state", STATE)
        price, seats = reading.whole(raw, "price"), reading.whole(raw, "seats")
        fee = reading.whole(raw, "fee")
        is_returned = raw["state"] == "given_back"
        total = price * seats
        return records.Order(
            id=id_,
            occurrence_id=gig,
            status=state,
            placed_at=reading.moment(raw, "at"),
            currency=reading.text(raw, "currency"),
            total=total,
            charged=total if state is OrderStatus.PAID else 0,
            tickets=tuple(
                records.Ticket(
                    id=f"{id_}-{n + 1}",
                    occurrence_id=gig,
                    type_id="seat",
                    type_name="Seat",
                    status=TicketStatus.VOID if is_returned else TicketStatus.VALID,
                    checked_in=False,
                    face=price,
                )
                for n in range(seats)
            ),
            fees=(records.Fee("Lighthouse fee", fee),) if fee else (),
            refunds=(records.Refund(id_, total),) if is_returned else (),
        )
