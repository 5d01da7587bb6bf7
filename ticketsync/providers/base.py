"""
What a provider is: data in `spec`, four ways to fetch, two ways to read.

*fetch* talks and yields pages of raw records; *read* understands one raw record and
is pure. What only some platforms can do is an extra small protocol, discovered from
the methods that are there.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, runtime_checkable

from ticketsync.core import records
from ticketsync.core.redact import Secret
from ticketsync.net.client import ApiClient

Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """
    Some raw records of one kind.

    `bookmark` is set only where everything before it is complete: saved together
    with the page, it is where a later read goes on.
    """

    kind: str
    records: Sequence[Raw]
    bookmark: str | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    requests: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Capabilities:
    """
    What a platform's interface allows; what we use of it is read-only.
    """

    reads_events: bool = True
    reads_sales: bool = True
    reads_pricing: bool = False
    reads_attendees: bool = False
    writes_events: bool = False
    writes_pricing: bool = False
    webhooks: bool = False
    real_time_sales: bool = False
    recurring: bool = False
    reserved_seating: bool = False
    wait_lists: bool = False
    promo_codes: bool = False


Authenticate = Callable[[Secret], Mapping[str, Secret]]


@dataclass(frozen=True, slots=True)
class ProviderSpec:
    """
    A platform as data. A difference between platforms is a field here.

    personal_fields   names of raw fields that hold people or admit them; they are
                      emptied before anything is stored
    tells_fees        whether orders say what platform and processor keep
    """

    name: str
    title: str
    base_url: str
    authenticate: Authenticate
    budget: Budget
    key_help: str
    capabilities: Capabilities
    personal_fields: frozenset[str] = frozenset()
    tells_fees: bool = False
    words: Mapping[str, str] = field(default_factory=dict)


class Provider(Protocol):
    """
    A platform, connected with one account's credentials.
    """

    spec: ClassVar[ProviderSpec]

    def __init__(self, api: ApiClient) -> None: ...

    def identify(self) -> records.Identity:
        """
        Whose key is this? Raises `AuthenticationFailed` if it is nobody's.
        """

    def fetch_events(self) -> Iterator[Page]:
        """
        The whole listing.
        """

    def fetch_orders(self, event_id: str, bookmark: str | None) -> Iterator[Page]:
        """
        All orders of one occurrence.
        """

    def fetch_order(self, order_id: str) -> Raw:
        """
        One order by its id.
        """

    def event_of(self, raw: Raw) -> str:
        """
        The occurrence that a raw order names, `""` if none can be made out.
        """

    def read_event(self, raw: Raw) -> records.Event: ...

    def read_order(self, raw: Raw) -> records.Order: ...


@dataclass(frozen=True, slots=True)
class Extent:
    """
    How many orders an account seems to have, and instants that part them evenly.
    """

    orders: int
    cuts: Sequence[int] = ()


@runtime_checkable
class ReadsWholeAccount(Protocol):
    """
    Can list the orders of all events at once, and those placed since an instant.
    """

    def fetch_all_orders(
        self, bookmark: str | None, extent: Extent, *, workers: int
    ) -> Iterator[Page]: ...

    def fetch_recent_orders(self, watermark: str) -> Iterator[Page]: ...

    def watermark_of(self, raw: Raw) -> str:
        """
        What to give `fetch_recent_orders` later, as text that sorts by time.
        """


@runtime_checkable
class IssuesLooseTickets(Protocol):
    """
    Has tickets that belong to no order (imports, API).
    """

    def fetch_loose_tickets(self, event_id: str) -> Iterator[Page]: ...

    def read_loose_ticket(self, raw: Raw) -> records.LooseTicket: ...


@runtime_checkable
class NamesItsOwner(Protocol):
    """
    Tells from a listing record whose account it is (F27).
    """

    def owner_of(self, raw: Raw) -> str | None: ...


def key_as_basic_user(secret: Secret) -> dict[str, Secret]:
    """
    HTTP Basic with the key as user name and an empty password.
    """
    pair = base64.b64encode(f"{secret.reveal()}:".encode()).decode()
    return {"Authorization": Secret(f"Basic {pair}")}
