"""
What a provider is: data in `spec`, four ways to fetch, two ways to read.

*fetch* talks and yields pages of raw records; *read* understands one raw record and
is pure. What only some platforms can do is an extra small protocol, discovered from
the methods that are there.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from ticketsync.core import records
from ticketsync.core.redact import Secret, take_people_out
from ticketsync.net.hooks import Delivery, Hint, HookCard
from ticketsync.providers.options import Option as Option

if TYPE_CHECKING:
    from ticketsync.net.client import ApiClient, Explain, Headers
    from ticketsync.net.oauth import OAuth

Raw = Mapping[str, Any]
Options = Mapping[str, str]
LISTING = "listing"  # its events and their dates
ORDER = "order"


@dataclass(frozen=True, slots=True)
class CrossCheck:
    """
    What a second list says: of the `expected` `rows` that it names, the list called
    `lacking` did not show `missing`. `key` is the name of the comparison in our books.
    """

    key: str
    expected: int
    missing: int
    rows: str
    lacking: str = "the list of orders"


@dataclass(frozen=True, slots=True)
class Page:
    """
    Some raw records of one kind. Each has its own `id` as a text: a provider whose
    platform calls it otherwise, or tells a record in several answers, wraps them.

    `bookmark` is set only where everything before it is complete: saved together
    with the page, it is where a later read goes on. `listed` is how many rows the
    platform sent, where `records` are only some of them. `cross_checks` compare the
    pages up to here with another list; whoever asked for them judges. `latest` is how
    far a list of changes goes: the next one must begin there, or before, even if a
    record is newer. `gone` are ids that the platform, asked for each, does not know.
    """

    kind: str
    records: Sequence[Raw]
    bookmark: str | None = None
    listed: int | None = None
    cross_checks: Sequence[CrossCheck] = ()
    latest: str | None = None
    gone: Sequence[str] = ()


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


Authenticate = Callable[[Secret, Options], "Headers"]


def nothing_to_explain(status: int, body: Mapping[str, Any]) -> None:
    """
    For platforms whose error answers say no more than their status.
    """


@dataclass(frozen=True, slots=True)
class ProviderSpec:
    """
    A platform as data. A difference between platforms is a field here.

    personal_fields   names of raw fields that hold people or admit them; they are
                      emptied before anything is stored
    code_fields       those of them that hold what a ticket is scanned by: a digest of
                      it is left, so that the door can recognise it
    personal_beside_email  fields that hold people only in an object with an `email`
    tells_fees        whether orders say what platform and processor keep
    orders_by         what `fetch_orders` takes: the id of an `occurrence` or `event`
    base_url          `""` for one that reads no network and needs no key
    options           what an account can be told beside its key
    explain           what the platform's error answers mean
    oauth             how a person can allow us to read instead of giving a key
    limits            in words, what of this platform cannot be read, for `providers`
    global_ids        which of its ids (LISTING, ORDER) no two accounts of the
                      platform share: who lists one that another has read is a twin
    owner_is_account  whether the owner that its answers name is the whole account, as
                      `identify` gives it; else one of several that a key may read for
    """

    name: str
    title: str
    base_url: str
    authenticate: Authenticate
    budget: Budget
    key_help: str
    capabilities: Capabilities
    personal_fields: frozenset[str] = frozenset()
    personal_beside_email: frozenset[str] = frozenset()
    code_fields: frozenset[str] = frozenset()
    reports_fees: bool = False
    orders_by: str = "occurrence"
    options: Sequence[Option] = ()
    explain: Explain = nothing_to_explain
    limits: str = ""
    oauth: Callable[[], OAuth] | None = None
    global_ids: frozenset[str] = frozenset()
    owner_is_account: bool = False

    @property
    def is_local(self) -> bool:
        return not self.base_url

    def take_people_out(self, raw: Any) -> None:
        """
        Empty what holds people in a record or a whole answer, in place.
        """
        take_people_out(
            raw, self.personal_fields, self.personal_beside_email, self.code_fields
        )


class Provider(Protocol):
    """
    A platform, connected with one account's credentials.
    """

    spec: ClassVar[ProviderSpec]

    def __init__(self, api: ApiClient, options: Options) -> None: ...

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
        All orders of one occurrence, or of one event (`spec.orders_by`).
        """

    def fetch_order(self, order_id: str, occurrence_id: str) -> Raw:
        """
        One order by its id; some platforms ask for its date, too.
        """

    def provider_occurrence_id_of(self, raw: Raw) -> str:
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
class ReportsChanges(ReadsWholeAccount, Protocol):
    """
    `fetch_recent_orders` gives every order that changed since, however old it is; so
    an event that was read whole needs no second look until the next sweep.
    """

    reports_changes: ClassVar[bool]


@runtime_checkable
class FiltersByChange(Protocol):
    """
    `fetch_orders` with a bookmark (that of the last page it gave) gives only what
    changed since, however old it is.
    """

    filters_by_change: ClassVar[bool]


@runtime_checkable
class NeedsEarlier(Protocol):
    """
    Its platform forgets what was charged once money goes back, so that an order can
    only be read beside its earlier versions.
    """

    def with_earlier(self, raw: Raw, earlier: Sequence[Raw]) -> Raw:
        """
        The record with what only its earlier versions (oldest first) still tell.
        """


@runtime_checkable
class ListsInOrders(Protocol):
    """
    Its orders name dates that no listing has.
    """

    def events_in(self, raw: Raw) -> Sequence[records.Event]: ...


@runtime_checkable
class IssuesLooseTickets(Protocol):
    """
    Has tickets that belong to no order (imports, API).
    """

    def fetch_loose_tickets(self, event_id: str) -> Iterator[Page]:
        """
        Of all tickets of an occurrence those without an order; `Page.listed` counts
        all of them, where that is known.
        """

    def read_loose_ticket(self, raw: Raw) -> records.LooseTicket: ...


@runtime_checkable
class ReportsPeople(Protocol):
    """
    Says who bought and whom a ticket admits. Asked only where an account keeps people,
    on the raw order as it came, before people are taken out of it.
    """

    def read_people(self, raw: Raw) -> records.People: ...


@runtime_checkable
class AcceptsCheckIns(Protocol):
    """
    Can be told who was let in: one of the two writes a venue may ask for. Sent once
    and never repeated by itself.
    """

    def push_check_in(
        self, ticket_id: str, occurrence_id: str, *, is_in: bool
    ) -> None: ...


@runtime_checkable
class SendsWebhooks(Protocol):
    """
    A platform that tells when something happened.
    """

    webhooks: ClassVar[HookCard]

    @staticmethod
    def verify(delivery: Delivery, secrets: Sequence[Secret]) -> None:
        """
        Raises `Forged` or `Stale`; any of the secrets will do, while one is replaced.
        """

    @staticmethod
    def hint(delivery: Delivery) -> Hint:
        """
        What a verified delivery hints at; `Unclear` if nothing can be made of it.
        """


@dataclass(frozen=True, slots=True)
class Registered:
    """
    A webhook that the platform has taken: its number there, and what it will sign with,
    where it signs.
    """

    id: str
    secret: Secret | None = None


@runtime_checkable
class RegistersWebhooks(SendsWebhooks, Protocol):
    """
    A platform that can be told by its interface where to send webhooks.
    """

    def register_webhook(self, url: str) -> Registered: ...


@runtime_checkable
class NamesItsOwner(Protocol):
    """
    Tells from a listing record whose account it is (F27).
    """

    def owner_of(self, raw: Raw) -> str | None: ...


@runtime_checkable
class NamesItsOwners(Protocol):
    """
    Tells whose account it reads by a request that its listing needs anyway (F27).
    """

    def owners(self) -> Sequence[str]: ...


@runtime_checkable
class ReadsInParts(Protocol):
    """
    Its orders are asked for by part: an organisation or a location. One that is missing
    from the list of parts is not read at all, and nothing else would show that.
    """

    def parts(self) -> Sequence[str]:
        """
        The platform's ids of all parts, by a request that its listing needs anyway.
        """


@dataclass(frozen=True, slots=True)
class Folder:
    """
    Where an account finds its files, by real paths: the folder, the names it looks
    for, and what is there now.
    """

    path: str
    pattern: str
    files: frozenset[str]

    def shares_with(self, other: Folder) -> bool:
        """
        Whether both would read the same file, now or when one is put there.
        """
        same_names = (self.path, self.pattern) == (other.path, other.pattern)
        return same_names or bool(self.files & other.files)


@runtime_checkable
class ReadsFiles(Protocol):
    """
    Reads files instead of a platform: accounts are told apart by where the files lie
    and by what is in them.
    """

    def folder(self) -> Folder: ...

    def contents(self) -> Mapping[str, str]:
        """
        A digest of each file that holds orders → the file's name.
        """


def key_as_basic_user(secret: Secret, options: Options) -> dict[str, Secret]:
    """
    HTTP Basic with the key as user name and an empty password.
    """
    pair = base64.b64encode(f"{secret.reveal()}:".encode()).decode()
    return {"Authorization": Secret(f"Basic {pair}")}


def key_as_bearer(secret: Secret, options: Options) -> dict[str, Secret]:
    """
    `Authorization: Bearer <token>`.
    """
    return {"Authorization": Secret(f"Bearer {secret.reveal()}")}
