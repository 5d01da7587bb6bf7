"""
What needs attention, as the pages say it: one line on every page, the whole list on the
overview. Both come from `workflows.waiting`, as `ticketsync status` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from ticketsync.accounts.health import Health
from ticketsync.core import clock
from ticketsync.core.settings.config import Settings
from ticketsync.reporting import unfinished_reads
from ticketsync.reporting.waiting_kinds import KINDS, Waiting
from ticketsync.workflows import waiting

LISTED = 3  # items of one kind


@dataclass(frozen=True, slots=True)
class Line:
    """
    The items of one kind: in words, with a badge and the page to look at them. `items`
    are the first of them, `more` is the number of those left out.
    """

    badge: str
    is_urgent: bool
    text: str
    items: Sequence[Waiting]
    more: int
    page: str
    button: str


@dataclass(frozen=True, slots=True)
class Attention:
    """
    All that needs attention, the worst first; and in sentences which accounts are not
    read to their end, so that figures may lack what lists of orders have.
    """

    items: Sequence[Waiting] = ()
    unfinished: Sequence[str] = ()

    @property
    def number(self) -> int:
        return sum(item.count for item in self.items)

    @property
    def is_urgent(self) -> bool:
        return any(KINDS[item.kind].is_urgent for item in self.items)

    @property
    def heading(self) -> str:
        """
        `3 things need your attention`.
        """
        if self.number == 1:
            return "1 thing needs your attention"
        return f"{self.number:,} things need your attention"

    @property
    def summary(self) -> str:
        """
        How much of each kind, in words.
        """
        return ", ".join(text for text, _, _ in waiting.summary(self.items))

    @property
    def lines(self) -> list[Line]:
        """
        One line for each kind.
        """
        return [_line(kind, of) for kind, of in waiting.by_kind(self.items).items()]

    def on_page(self, path: str) -> Attention:
        """
        The part of it that this page shows.
        """
        return Attention([item for item in self.items if item.is_on_page(path)])


def read_attention(
    connection: Connection,
    settings: Settings,
    accounts: Sequence[Health] | None = None,
) -> Attention:
    """
    What needs attention now. Who has looked at the accounts already hands in what was
    found.
    """
    return Attention(
        waiting.everything(connection, settings, clock.now(), accounts),
        unfinished_reads.sentences(connection),
    )


def _line(kind: str, items: Sequence[Waiting]) -> Line:
    known = KINDS[kind]
    return Line(
        badge=known.badge,
        is_urgent=known.is_urgent,
        text=known.counted(sum(item.count for item in items)),
        items=items[:LISTED],
        more=sum(item.count for item in items[LISTED:]),
        page=items[0].page if len(items) == 1 else known.page,
        button=known.button,
    )
