"""
The venue's own box office as a provider, so that its account is one like any other.

Words     a show of ours is its Event and its Occurrence, a price tier the ticket type
Auth      none; the account's secret is the key that tickets are signed with
Pages     none: nothing is fetched. The tables of the box office are the record, and
          orders are saved from them in the transaction of the sale
Surprise  whatever reads accounts must ask for `spec.is_ours` before it fetches
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ticketsync.core import records
from ticketsync.providers.authentication import no_key
from ticketsync.providers.base import (
    Budget,
    Capabilities,
    Options,
    Page,
    ProviderSpec,
    Raw,
)

if TYPE_CHECKING:
    from ticketsync.net.client import ApiClient


SPEC = ProviderSpec(
    name="boxoffice",
    title="Box office",
    base_url="",
    authenticate=no_key,
    budget=Budget(requests=1, minutes=1),
    key_help="Its secret signs your tickets; `ticketsync boxoffice open` makes it.",
    capabilities=Capabilities(
        reads_pricing=True,
        reads_attendees=True,
        real_time_sales=True,
        promo_codes=True,
    ),
    reports_fees=True,
    reads="none",
    is_ours=True,
    gift_cards="sold",
    needs_reading=False,
)


class BoxOffice:
    """
    Our own box office. Nothing of it is fetched or parsed.
    """

    spec = SPEC

    def __init__(self, api: ApiClient, options: Options) -> None:
        """
        Like any provider; nothing is requested.
        """

    def identify(self) -> records.Identity:
        return records.Identity(None, "your own counter")

    def fetch_events(self) -> Iterator[Page]:
        raise _not_fetched()

    def fetch_orders(self, provider_id: str, bookmark: str | None) -> Iterator[Page]:
        raise _not_fetched()

    def fetch_order(self, provider_order_id: str, provider_occurrence_id: str) -> Raw:
        raise _not_fetched()

    def provider_occurrence_id_of(self, raw: Raw) -> str:
        raise _not_fetched()

    def parse_event(self, raw: Raw) -> records.Event:
        raise _not_fetched()

    def parse_order(self, raw: Raw) -> records.Order:
        raise _not_fetched()

    def parse_people(self, raw: Raw) -> records.People:
        """
        People are named at the counter, and kept where the account keeps people.
        """
        raise _not_fetched()


def _not_fetched() -> Exception:
    return AssertionError("nothing of our own box office is fetched or parsed")
