"""
What a provider is: data in `spec`, methods that fetch, methods that parse.

`fetch_…` methods talk to the platform and yield pages of raw records; `parse_…`
methods turn one raw record into a value and are pure. What only some platforms can do
is a small extra protocol, recognised by its methods; how orders are read and which
changes are reported is data in `spec` (`reads`, `changes`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import (
    TYPE_CHECKING,
    ClassVar,
    Protocol,
    TypeGuard,
    runtime_checkable,
)

from ticketsync.core import records
from ticketsync.core.redact import Secret
from ticketsync.net.webhook_signatures import Delivery, Hint, WebhookSpec
from ticketsync.providers.options import Option as Option
from ticketsync.providers.platform_spec import LISTING as LISTING
from ticketsync.providers.platform_spec import ORDER as ORDER
from ticketsync.providers.platform_spec import Authenticate as Authenticate
from ticketsync.providers.platform_spec import Budget as Budget
from ticketsync.providers.platform_spec import Capabilities as Capabilities
from ticketsync.providers.platform_spec import Changes as Changes
from ticketsync.providers.platform_spec import Options as Options
from ticketsync.providers.platform_spec import ProviderSpec as ProviderSpec
from ticketsync.providers.platform_spec import Raw as Raw
from ticketsync.providers.platform_spec import Reads as Reads
from ticketsync.providers.platform_spec import always as always
from ticketsync.providers.platform_spec import never_a_draft as never_a_draft
from ticketsync.providers.platform_spec import nothing_to_explain as nothing_to_explain
from ticketsync.providers.watched_folder import Folder as Folder

if TYPE_CHECKING:
    from ticketsync.net.client import ApiClient


@dataclass(frozen=True, slots=True)
class CrossCheck:
    """
    A comparison with a second list, which names `expected` records.

    key      the name under which the comparison is stored
    missing  how many of them the first list does not contain
    rows     what these records are, in words
    lacking  the name of the first list, in words
    """

    key: str
    expected: int
    missing: int
    rows: str
    lacking: str = "the list of orders"


@dataclass(frozen=True, slots=True)
class Page:
    """
    Some raw records of one kind (`event`, `order`, `ticket` or `ticket_type`). Each has
    an `id` that is a text: a provider whose platform names it differently, or sends a
    record in several responses, wraps them.

    bookmark      where a later read resumes; saved together with the page, and set only
                  if everything before it is complete
    listed        how many rows the platform sent, if `records` are only some of them
    cross_checks  comparisons of the pages so far with another list, for the caller
    latest        how far a list of changes goes: the next one must begin there or
                  earlier, even if a record is newer
    unknown_ids   ids that the platform does not know, each of them requested
    """

    kind: str
    records: Sequence[Raw]
    bookmark: str | None = None
    listed: int | None = None
    cross_checks: Sequence[CrossCheck] = ()
    latest: str | None = None
    unknown_ids: Sequence[str] = ()


class Provider(Protocol):
    """
    A platform, connected with one account's credentials.

    Methods that talk to it raise `AuthenticationFailed`, `ProviderUnavailable`, or
    `InvalidResponse` for a response that cannot be trusted.
    """

    spec: ClassVar[ProviderSpec]

    def __init__(self, api: ApiClient, options: Options) -> None: ...

    def identify(self) -> records.Identity:
        """
        Whose key this is. Raises `AuthenticationFailed` if it is not valid.
        """

    def fetch_events(self) -> Iterator[Page]:
        """
        All events with their occurrences.
        """

    def fetch_orders(self, provider_id: str, bookmark: str | None) -> Iterator[Page]:
        """
        All orders of one occurrence, or of one event if `spec.reads` is `per_event`;
        with the bookmark of an earlier page, those after it (see `spec.changes`).
        """

    def fetch_order(self, provider_order_id: str, provider_occurrence_id: str) -> Raw:
        """
        One order by its id; some platforms need its occurrence, too.
        """

    def provider_occurrence_id_of(self, raw: Raw) -> str:
        """
        The platform's id of the occurrence that a raw order names, `""` if there is
        none. May raise what `reading.parsed` translates.
        """

    def parse_event(self, raw: Raw) -> records.Event:
        """
        Raises `UnreadableRecord`, or what `reading.parsed` translates to it.
        """

    def parse_order(self, raw: Raw) -> records.Order:
        """
        Raises `UnreadableRecord`, or what `reading.parsed` translates to it.
        """


@dataclass(frozen=True, slots=True)
class OrderEstimate:
    """
    How many orders an account seems to have, and unix times that divide them evenly.
    """

    orders: int
    cuts: Sequence[int] = ()


Extent = OrderEstimate  # as providers of other packages call it


class ReadsWholeAccount(Provider, Protocol):
    """
    Can list the orders of all events at once, and those placed since an instant. It
    says so by `reads="account"`.
    """

    def fetch_all_orders(
        self, bookmark: str | None, estimate: OrderEstimate, *, workers: int
    ) -> Iterator[Page]: ...

    def fetch_recent_orders(self, watermark: str) -> Iterator[Page]: ...

    def watermark_of(self, raw: Raw) -> str:
        """
        The watermark to give `fetch_recent_orders` later: text that sorts by time.
        """


def reads_account(provider: Provider) -> TypeGuard[ReadsWholeAccount]:
    """
    Whether it lists the orders of all events at once.
    """
    return provider.spec.reads == "account"


def has_change_feed(provider: Provider) -> bool:
    """
    Whether `fetch_recent_orders` lists every order that changed.
    """
    return reads_account(provider) and provider.spec.changes == "feed"


@runtime_checkable
class NeedsEarlier(Protocol):
    """
    Its platform forgets what was charged once money is refunded, so that an order can
    only be parsed together with its earlier versions.
    """

    def with_earlier(self, raw: Raw, earlier: Sequence[Raw]) -> Raw:
        """
        The record with what only its earlier versions (oldest first) say.
        """


@runtime_checkable
class ListsInOrders(Protocol):
    """
    Its orders name occurrences that no listing contains.
    """

    def events_in(self, raw: Raw) -> Sequence[records.Event]: ...


@runtime_checkable
class IssuesLooseTickets(Protocol):
    """
    Has tickets without an order (from imports or its API).
    """

    def fetch_loose_tickets(self, provider_occurrence_id: str) -> Iterator[Page]:
        """
        The tickets of an occurrence that have no order; `Page.listed` counts all of its
        tickets, where that is known.
        """

    def parse_loose_ticket(self, raw: Raw) -> records.LooseTicket: ...


@runtime_checkable
class ListsTicketTypes(Protocol):
    """
    What its occurrences have on sale is a list of its own, not part of its listing.
    """

    def fetch_ticket_types(
        self, provider_occurrence_ids: Sequence[str]
    ) -> Iterator[Page]:
        """
        One record for each of these occurrences, with all that it has on sale; its `id`
        is the occurrence's. The pages are of the kind `ticket_type`.
        """

    def parse_ticket_types(self, raw: Raw) -> Sequence[records.TicketType]:
        """
        Raises `UnreadableRecord`, or what `reading.parsed` translates to it.
        """


@runtime_checkable
class ReportsPeople(Protocol):
    """
    Says who bought and whom a ticket admits. Used only where an account keeps personal
    data, on the raw order as it was received.
    """

    def parse_people(self, raw: Raw) -> records.People: ...


@runtime_checkable
class AcceptsCheckIns(Protocol):
    """
    Accepts check-ins: one of the writes that a venue may ask for. Sent once and never
    retried automatically.
    """

    def push_check_in(
        self, provider_ticket_id: str, provider_occurrence_id: str, *, is_in: bool
    ) -> None: ...


@runtime_checkable
class SendsWebhooks(Protocol):
    """
    A platform that notifies us when something happened.
    """

    webhooks: ClassVar[WebhookSpec]

    @staticmethod
    def verify(delivery: Delivery, secrets: Sequence[Secret]) -> None:
        """
        Raises `Forged` or `Stale`. Any of the secrets is accepted, so that one can be
        replaced.
        """

    @staticmethod
    def hint(delivery: Delivery) -> Hint:
        """
        What a verified delivery is about. Raises `Unclear` if it does not say.
        """


@dataclass(frozen=True, slots=True)
class Registered:
    """
    A webhook that the platform has registered: its id there, and the secret that it
    will sign with, if it signs.
    """

    id: str
    secret: Secret | None = None


@runtime_checkable
class RegistersWebhooks(SendsWebhooks, Protocol):
    """
    A platform whose API can register webhooks.
    """

    def register_webhook(self, url: str) -> Registered: ...


@runtime_checkable
class NamesItsOwner(Protocol):
    """
    A listing record says whose account it is (F27).
    """

    def owner_of(self, raw: Raw) -> str | None: ...


@runtime_checkable
class NamesItsOwners(Protocol):
    """
    A request that its listing needs anyway says whose account it is (F27).
    """

    def owners(self) -> Sequence[str]: ...


@runtime_checkable
class ReadsInParts(Protocol):
    """
    Its orders are read by part: an organisation or a location. One that is missing
    from the list of parts would not be read at all, and nothing else would show that.
    """

    def parts(self) -> Sequence[str]:
        """
        The platform's ids of all parts, from a request that its listing needs anyway.
        """


@runtime_checkable
class SkipsParts(Protocol):
    """
    Goes on with the other organisations, locations or regions where the platform
    refuses one of several; if it refuses all of them, the key is at fault.
    """

    def refused_parts(self) -> Mapping[str, str]:
        """
        The parts refused so far, by the platform's ids: why, and what to do about it.
        """


@runtime_checkable
class LeavesOutParts(ReadsInParts, Protocol):
    """
    Does not read the organisations that an option of the account names (`leaves_out`).
    Its `parts` contain them all the same.
    """

    def left_out_parts(self) -> Collection[str]:
        """
        The platform's ids of the parts that are not read.
        """


@runtime_checkable
class ReadsFiles(Protocol):
    """
    Reads files instead of a platform: accounts are distinguished by the paths and the
    contents of their files.
    """

    def folder(self) -> Folder: ...

    def contents(self) -> Mapping[str, str]:
        """
        A digest of each file that contains orders → the file's name.
        """
