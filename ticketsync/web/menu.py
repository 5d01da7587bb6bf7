"""
The menu of the pages.
"""

from __future__ import annotations

from collections.abc import Sequence

from ticketsync.visitors.passes import Visitor

PAGES = (
    ("/", "Overview"),
    ("/calendar", "Calendar"),
    ("/money", "Money"),
    ("/door", "Door"),
    ("/accounts", "Accounts"),
    ("/matching", "Matching"),
    ("/discrepancies", "Discrepancies"),
    ("/runs", "Runs"),
    ("/webhooks", "Webhooks"),
    ("/people", "People"),
)
_OF_MANAGERS = ("/people",)


def pages_for(visitor: Visitor | None) -> Sequence[tuple[str, str]]:
    """
    The pages that a visitor may open.
    """
    if visitor is not None and not visitor.can_read:
        return [page for page in PAGES if page[0] == "/door"]
    if visitor is not None and not visitor.is_manager:
        hidden = (*_OF_MANAGERS, *(() if visitor.can_admit else ("/door",)))
        return [page for page in PAGES if page[0] not in hidden]
    return PAGES
