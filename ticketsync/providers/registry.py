"""
Which providers there are: ours, and those of installed plugins.

A plugin announces its class under the entry-point group `ticketsync.providers`. One
that cannot be loaded is named and does not stop the others.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from ticketsync.core import errors
from ticketsync.core.redact import safe
from ticketsync.providers.base import Capabilities, Provider, SendsWebhooks

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "ticketsync.providers"

_OURS = {
    "ticket_tailor": "ticketsync.providers.ticket_tailor:TicketTailor",
    "eventbrite": "ticketsync.providers.eventbrite:Eventbrite",
    "humanitix": "ticketsync.providers.humanitix:Humanitix",
    "wix": "ticketsync.providers.wix:Wix",
    "square": "ticketsync.providers.square:Square",
    "file": "ticketsync.providers.file_import:FileImport",
}


_NO_INTERFACE = Capabilities(reads_events=False, reads_sales=False)


@dataclass(frozen=True, slots=True)
class ByFile:
    """
    A platform that lets no program read a venue's sales, only a person: it has none
    of the capabilities, its reports have those of the provider `file`.
    """

    name: str
    title: str
    why: str
    capabilities: Capabilities = _NO_INTERFACE


BY_FILE = (
    ByFile("seat_engine", "Seat Engine", "has no documented interface and no keys"),
    ByFile("ticketmaster", "Ticketmaster", "keeps sales out of its public interface"),
    ByFile("brown_paper_tickets", "Brown Paper Tickets", "tells no amounts"),
    ByFile("ticketek", "Ticketek", "has no public interface"),
    ByFile("moshtix", "Moshtix", "has no public interface"),
    ByFile("todaytix", "TodayTix", "sends its partners reports"),
)


@dataclass(frozen=True, slots=True)
class Listed:
    """
    A provider by name, or why it could not be loaded.
    """

    name: str
    provider: type[Provider] | None
    origin: str
    trouble: str = ""


def provider(name: str) -> type[Provider]:
    """
    The provider class of that name; `ticket-tailor` means `ticket_tailor`.
    """
    wanted = name.replace("-", "_").lower()
    if wanted in _OURS:
        return _load(_OURS[wanted])
    for point in _plugins():
        if point.name == wanted:
            return _loaded_plugin(point)
    for item in BY_FILE:
        if item.name == wanted:
            raise errors.NotFound(
                f"{item.title} {item.why}: its reports are read from files.",
                hint=f"Run `ticketsync accounts add file NAME --recipe {item.name} "
                "--watch FOLDER`.",
            )
    known = ", ".join(sorted({*_OURS, *(point.name for point in _plugins())}))
    raise errors.NotFound(
        f"There is no provider {safe(name)!r}.",
        hint=f"The providers are: {known}.",
    )


def list_providers() -> list[Listed]:
    """
    Every provider, broken plugins included.
    """
    found = [Listed(name, _load(path), "built in") for name, path in _OURS.items()]
    for point in _plugins():
        origin = f"plugin {point.dist.name}" if point.dist else "plugin"
        try:
            found.append(Listed(point.name, _loaded_plugin(point), origin))
        except errors.ConfigurationError as error:
            found.append(Listed(point.name, None, origin, error.message))
    return found


def _plugins() -> list[EntryPoint]:
    from importlib.metadata import entry_points

    return [point for point in entry_points(group=GROUP) if point.name not in _OURS]


def _loaded_plugin(point: EntryPoint) -> type[Provider]:
    try:
        return cast("type[Provider]", point.load())
    except Exception as error:  # a stranger's module may fail in any way
        raise errors.ConfigurationError(
            f"The provider plugin {point.name!r} cannot be loaded: {safe(error)}.",
            hint="Update or uninstall it.",
            word="broken-plugin",
        ) from error


def _load(path: str) -> type[Provider]:
    module, _, name = path.partition(":")
    return cast("type[Provider]", getattr(importlib.import_module(module), name))


def sends_webhooks(name: str) -> type[SendsWebhooks] | None:
    """
    The provider of that name, if its platform tells by itself when something happens.
    """
    kind: Any = provider(name)
    return kind if getattr(kind, "webhooks", None) is not None else None
