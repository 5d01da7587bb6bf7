"""
Which providers there are: ours, and those of installed plugins.

A plugin announces its class under the entry-point group `ticketsync.providers`. One
that cannot be loaded is named and does not stop the others.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import cast

from ticketsync.core import errors
from ticketsync.core.redact import safe
from ticketsync.providers.base import Provider

GROUP = "ticketsync.providers"

_OURS = {
    "ticket_tailor": "ticketsync.providers.ticket_tailor:TicketTailor",
    "eventbrite": "ticketsync.providers.eventbrite:Eventbrite",
    "humanitix": "ticketsync.providers.humanitix:Humanitix",
    "wix": "ticketsync.providers.wix:Wix",
    "square": "ticketsync.providers.square:Square",
}


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
    known = ", ".join(sorted({*_OURS, *(point.name for point in _plugins())}))
    raise errors.NotFound(
        f"There is no provider {safe(name)!r}.",
        hint=f"The providers are: {known}.",
    )


def listed() -> list[Listed]:
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
