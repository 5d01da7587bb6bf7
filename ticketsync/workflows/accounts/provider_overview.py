"""
What ticketsync does with each platform, in words: for `accounts providers` and for the
table in the README. Derived from the providers themselves.

What a platform could do beyond that is in its `limits`.
"""

from __future__ import annotations

from dataclasses import dataclass

from ticketsync.providers import registry
from ticketsync.providers.base import (
    AcceptsCheckIns,
    Capabilities,
    Changes,
    Provider,
)

# The names of the fields in words, for people.
CAPABILITY_NAMES = {
    "reads_events": "reads events",
    "reads_sales": "reads sales",
    "reads_pricing": "reads prices",
    "reads_attendees": "reads attendees",
    "writes_events": "writes events",
    "writes_pricing": "writes prices",
    "webhooks": "receives webhooks",
    "real_time_sales": "real-time sales",
    "recurring": "recurring events",
    "reserved_seating": "reserved seats",
    "wait_lists": "wait lists",
    "promo_codes": "promo codes",
}
_YES_OR_NO = {True: "yes", False: "no"}
_CHANGES: dict[Changes, str] = {
    "feed": "all",
    "by_event": "by event",
    "none": "new only",
}


@dataclass(frozen=True, slots=True)
class PlatformSummary:
    """
    One platform, `–` where something does not apply.

    fees       whether its orders say what platform and processor keep
    changes    which changed orders it can list without reading all of them again
    webhooks   whether it can notify `ticketsync serve`
    check_ins  whether it can be sent who was let in
    """

    name: str
    title: str
    origin: str
    fees: str = "–"
    changes: str = "–"
    webhooks: str = "–"
    check_ins: str = "–"


def summaries() -> list[PlatformSummary]:
    """
    Every platform: built in, plugins (broken ones too), and those read from files.
    """
    listed = []
    for item in registry.list_providers():
        if item.provider is None:
            listed.append(PlatformSummary(item.name, "", item.origin))
        else:
            listed.append(_summary(item.provider, item.origin))
    by_file = [
        PlatformSummary(item.name, item.title, "by file") for item in registry.BY_FILE
    ]
    return listed + by_file


def _summary(provider: type[Provider], origin: str) -> PlatformSummary:
    spec = provider.spec
    if spec.is_local:
        return PlatformSummary(spec.name, spec.title, origin, changes="all")
    return PlatformSummary(
        spec.name,
        spec.title,
        origin,
        fees=_YES_OR_NO[spec.reports_fees],
        changes=_CHANGES[spec.changes],
        webhooks=_YES_OR_NO[registry.sends_webhooks(spec.name) is not None],
        check_ins=_YES_OR_NO[issubclass(provider, AcceptsCheckIns)],
    )


def capabilities() -> list[tuple[str, Capabilities]]:
    """
    What ticketsync does with each loaded platform, by the platform's name.
    """
    return [
        (item.name, item.provider.spec.capabilities)
        for item in registry.list_providers()
        if item.provider is not None
    ]
