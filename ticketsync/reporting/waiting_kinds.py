"""
What kinds of items wait for a person, in which words, and one such item.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from ticketsync.core import moved_dates
from ticketsync.core.plurals import number_of

UNCONFIRMED: Final = "unconfirmed"
REPLAY: Final = "replay"
ACCOUNT: Final = "account"
COUNTED_TWICE: Final = "counted-twice"
OVERSOLD: Final = "oversold"
NOT_ON_SALE: Final = "not-on-sale"
MOVED: Final = "moved"
CURRENCY_CHANGED: Final = "currency-changed"
QUARANTINE: Final = "quarantine"
ORDER: Final = "order"
DELISTED_ORDER: Final = "delisted-order"
REPORT: Final = "report"
FAILED_DELIVERY: Final = "failed-delivery"
REFUSED_DELIVERY: Final = "refused-delivery"
UNMATCHED: Final = "unmatched"
DELISTED: Final = "delisted"


@dataclass(frozen=True, slots=True)
class Kind:
    """
    How items of a kind are described, one or several, what to do about them and on
    which page; `badge` is the word for all of them, `button` leads to that page. Urgent
    ones are reported at once, the others once a day.
    """

    one: str
    several: str
    to_do: str
    page: str
    badge: str
    button: str
    is_urgent: bool = False
    can_be_dismissed: bool = True

    def counted(self, number: int) -> str:
        """
        `1 show is oversold`, `2 shows are oversold`.
        """
        return number_of(number, self.one, self.several)

    def to_do_about(self, items: Sequence[Waiting]) -> str:
        """
        What to do about these items of the kind: about a single one what it says.
        """
        return items[0].action if len(items) == 1 else self.to_do


# In the order in which they are shown, the worst first.
KINDS: Final = {
    ACCOUNT: Kind(
        *("account needs you", "accounts need you"),
        *("ticketsync status", "/accounts"),
        *("account", "See the accounts"),
        is_urgent=True,
        can_be_dismissed=False,
    ),
    UNCONFIRMED: Kind(
        *("account waits to be confirmed", "accounts wait to be confirmed"),
        *("ticketsync accounts confirm", "/accounts"),
        *("to confirm", "See the accounts"),
        is_urgent=True,
        can_be_dismissed=False,
    ),
    REPLAY: Kind(
        *("account waits for a replay", "accounts wait for a replay"),
        *("ticketsync sync replay", "/accounts"),
        *("to read again", "See the accounts"),
        is_urgent=True,
        can_be_dismissed=False,
    ),
    COUNTED_TWICE: Kind(
        *("order counts twice", "orders count twice"),
        *(
            "give the rows in one of the two folders a status that the recipe maps to "
            "`cancelled`, or say `shared_orders` (docs/reports.md)",
            "/discrepancies#waiting",
        ),
        *("counts twice", "See the orders"),
        is_urgent=True,
    ),
    OVERSOLD: Kind(
        *("show is oversold", "shows are oversold"),
        *("ticketsync shows show SHOW", "/calendar"),
        *("oversold", "See the shows"),
        is_urgent=True,
    ),
    NOT_ON_SALE: Kind(
        *("show is on sale nowhere", "shows are on sale nowhere"),
        *("ticketsync match", "/matching"),
        *("not on sale", "See the shows"),
    ),
    MOVED: Kind(
        *(
            "date is at another time than its show",
            "dates are at other times than their shows",
        ),
        *(
            moved_dates.choices("its platform", "DATE", "SHOW", "TIME"),
            "/discrepancies#waiting",
        ),
        *("moved", "See the dates"),
        is_urgent=True,
    ),
    CURRENCY_CHANGED: Kind(
        *(
            "date sells in another currency than before",
            "dates sell in other currencies than before",
        ),
        *("ticketsync waiting list", "/discrepancies#waiting"),
        *("other currency", "See the dates"),
        is_urgent=True,
    ),
    QUARANTINE: Kind(
        *("record waits in quarantine", "records wait in quarantine"),
        *("ticketsync waiting list", "/discrepancies"),
        *("quarantine", "See the records"),
    ),
    ORDER: Kind(
        *("order does not add up", "orders do not add up"),
        *("ticketsync waiting list", "/discrepancies"),
        *("does not add up", "See the orders"),
    ),
    DELISTED_ORDER: Kind(
        *("order is no longer listed", "orders are no longer listed"),
        *("ticketsync waiting list", "/discrepancies"),
        *("order not listed", "See the orders"),
    ),
    REPORT: Kind(
        *("report needs a look", "reports need a look"),
        *("ticketsync waiting list", "/accounts"),
        *("report", "See the accounts"),
    ),
    FAILED_DELIVERY: Kind(
        *("webhook had no effect", "webhooks had no effect"),
        *("ticketsync webhooks list --state failed", "/webhooks"),
        *("webhook", "See the webhooks"),
    ),
    REFUSED_DELIVERY: Kind(
        *("webhook was refused", "webhooks were refused"),
        *("ticketsync webhooks list --state rejected", "/webhooks"),
        *("webhook", "See the webhooks"),
    ),
    UNMATCHED: Kind(
        *("date belongs to no show", "dates belong to no show"),
        *("ticketsync match, or ticketsync shows adopt --all", "/matching"),
        *("to match", "Match them"),
    ),
    DELISTED: Kind(
        *("date is no longer listed", "dates are no longer listed"),
        *("ticketsync events list", "/matching"),
        *("delisted", "See the dates"),
    ),
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """
    One waiting item. `version` changes when the item changes, so that a dismissed one
    waits again; `count` is how many records it stands for. Where the version consists
    of `parts`, one for each record, the item waits again only when there is a part
    that it had not. The page of the show that it concerns, `show_id`, names it, too.
    """

    kind: str
    key: str
    text: str
    version: str = ""
    to_do: str = ""
    count: int = 1
    own_page: str = ""
    show_id: int | None = None
    parts: tuple[str, ...] = ()

    def is_known_from(self, version: str | None) -> bool:
        """
        Whether who saw that version of it, `None` for none, has seen all there is.
        """
        if version is None or not self.parts:
            return version == self.version
        return set(self.parts) <= set(version.split())

    @property
    def page(self) -> str:
        """
        The page that shows it.
        """
        return self.own_page or KINDS[self.kind].page

    def is_on_page(self, path: str) -> bool:
        """
        Whether this page is about it.
        """
        return path in (self.own_page, f"/shows/{self.show_id}")

    def as_json(self) -> dict[str, Any]:
        """
        What other programs read of it.
        """
        return {
            "id": self.id,
            "kind": self.kind,
            "key": self.key,
            "count": self.count,
            "text": self.text,
            "to_do": self.action,
        }

    @property
    def id(self) -> str:
        """
        The id that people use: `oversold:12`.
        """
        return f"{self.kind}:{self.key}"

    @property
    def action(self) -> str:
        return self.to_do or KINDS[self.kind].to_do
