"""
A platform as data: what can be done with it and how it is asked, without any code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from ticketsync.core import records
from ticketsync.core.redact import Secret, take_people_out
from ticketsync.providers.options import Option

if TYPE_CHECKING:
    from ticketsync.net.api_errors import Explain
    from ticketsync.net.client import Headers
    from ticketsync.net.oauth import OAuth

Raw = Mapping[str, Any]
Options = Mapping[str, str]
LISTING = "listing"  # events and their occurrences
ORDER = "order"

Reads = Literal["per_occurrence", "per_event", "account", "none"]
Changes = Literal["none", "by_event", "feed"]
GiftCards = Literal["none", "sold", "paid", "payments"]


@dataclass(frozen=True, slots=True)
class Budget:
    requests: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Capabilities:
    """
    What ticketsync does with a platform. What the platform could do beyond that is in
    `ProviderSpec.limits`.
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


def always(options: Options) -> bool:
    return True


def never_a_draft(raw: Raw) -> bool:
    """
    For platforms without drafts.
    """
    return False


def nothing_to_explain(status: int, body: Mapping[str, Any]) -> None:
    """
    For platforms whose error responses contain only a status.
    """


@dataclass(frozen=True, slots=True)
class ProviderSpec:
    """
    A platform as data. A difference between platforms is a field here.

    personal_fields   names of raw fields with personal data or ticket codes; they are
                      emptied before anything is stored
    code_fields       those of them that contain what a ticket is scanned by: a digest
                      of it is kept, so that the door can recognise it
    personal_beside_email  fields that are personal only in an object with an `email`
    scan_fields       names of raw fields that a scan at the platform changes: who is
                      in, when a record was changed; nothing of money or identity
    scan_words        texts that a scan puts in other fields, with what stood there
    reports_fees      whether orders say what platform and processor keep
    reads             how orders are listed: `per_occurrence` or `per_event` by
                      `fetch_orders`; `account`: those of all events at once, too, as
                      `ReadsWholeAccount` says; `none`: not at all
    changes           which orders can be listed that changed since the last read,
                      however old they are: `none`; `by_event`: `fetch_orders` with a
                      bookmark gives only those; `feed`: `fetch_recent_orders` gives
                      all of them, so that an event that was read completely is not
                      read again before the next sweep
    base_url          `""` for one that uses no network and needs no key
    options           settings of an account other than its key
    explain           what the platform's error responses mean
    is_draft          whether a listing record is one that nobody can buy yet: it may
                      lack its name or its time zone. May raise what `reading.parsed`
                      translates
    oauth             how a person can authorise us instead of giving a key
    listed_tickets    which tickets the number in its listing includes, see
                      `CountedTickets`. Where nobody knows, the smallest: at worst, the
                      platform is asked in vain for tickets without an order
    limits            in words, what is not read of this platform, and why
    global_ids        which of its ids (LISTING, ORDER) no two accounts of the
                      platform share: two that list the same one are the same account
    owner_is_account  whether the owner that its responses name is the whole account, as
                      `identify` gives it; else one of several that a key may read for
    is_ours           our own box office: its orders are not fetched, because they are
                      made here
    needs_reading     whether its figures are only as new as the last read; else the
                      account is well though nobody ever ran `sync`
    dashboard_url     where a person manages the account; may contain options of it, as
                      `{site_id}`. `""` where that is not known
    gift_cards        what orders say of gift cards. `sold`: which ones were sold, and
                      what they paid; `paid`: what they paid alone; `payments`: neither,
                      they pay as money does; `none`: there are none
    order_url         where a person sees an order, with `{order_id}`. `""` where the
                      platform has no such page, or its address is not known
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
    scan_fields: frozenset[str] = frozenset()
    scan_words: Mapping[str, str] = field(default_factory=dict, hash=False)
    reports_fees: bool = False
    reads: Reads = "per_occurrence"
    changes: Changes = "none"
    options: Sequence[Option] = ()
    explain: Explain = nothing_to_explain
    is_draft: Callable[[Raw], bool] = never_a_draft
    listed_tickets: records.CountedTickets = "sold"
    limits: str = ""
    oauth: Callable[[], OAuth] | None = None
    global_ids: frozenset[str] = frozenset()
    names_people: Callable[[Options], bool] = always  # with these options of an account
    owner_is_account: bool = False
    dashboard_url: str = ""
    is_ours: bool = False
    needs_reading: bool = True
    order_url: str = ""
    gift_cards: GiftCards = "none"

    @property
    def is_local(self) -> bool:
        return not self.base_url

    def dashboard_url_of(self, options: Options) -> str:
        """
        Where a person manages an account with these options; `""` if that is not known.
        """
        try:
            return self.dashboard_url.format_map(options)
        except KeyError:
            return ""

    def order_url_of(self, order_id: str) -> str:
        """
        Where a person sees an order (the platform's id); `""` if that is not known.
        """
        return self.order_url.format(order_id=quote(order_id, safe=""))

    def take_people_out(self, raw: Any) -> None:
        """
        Empty the personal fields of a record or a whole response, in place.
        """
        take_people_out(
            raw, self.personal_fields, self.personal_beside_email, self.code_fields
        )

    def without_scans(self, raw: Any) -> Any:
        """
        A copy of a record that is the same whoever of its guests was scanned. However
        deeply it is nested: what cannot be parsed may be anything.
        """
        open_: list[Any] = []

        def copied(value: Any) -> Any:
            if isinstance(value, dict):
                kept = {n: it for n, it in value.items() if n not in self.scan_fields}
                open_.append(kept)
                return kept
            if isinstance(value, list):
                open_.append([*value])
                return open_[-1]
            return self.scan_words.get(value, value) if type(value) is str else value

        found = copied(raw)
        while open_:
            part = open_.pop()
            for key, value in [
                *(part.items() if type(part) is dict else enumerate(part))
            ]:
                part[key] = copied(value)
        return found
