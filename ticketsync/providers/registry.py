"""
The providers by name: built-in ones and those of installed plugins.

A plugin registers its class under the entry-point group `ticketsync.providers`. One
that cannot be loaded is reported and does not affect the others.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from ticketsync.core import errors, near_words, pasted_keys
from ticketsync.core.redact import safe
from ticketsync.providers import built_in
from ticketsync.providers.base import (
    Capabilities,
    Options,
    Provider,
    ProviderSpec,
    SendsWebhooks,
)

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "ticketsync.providers"


_BUILT_IN = {**built_in.CLASSES, **built_in.OURS}
_NO_INTERFACE = Capabilities(reads_events=False, reads_sales=False)


@dataclass(frozen=True, slots=True)
class ByFile:
    """
    A platform without an API for a venue's sales: it has none of the capabilities; the
    reports that a person exports have those of the provider `file`.
    """

    name: str
    title: str
    why: str
    capabilities: Capabilities = _NO_INTERFACE


BY_FILE = (
    ByFile("seat_engine", "Seat Engine", "has no documented API and no keys"),
    ByFile("ticketmaster", "Ticketmaster", "does not include sales in its public API"),
    ByFile("brown_paper_tickets", "Brown Paper Tickets", "reports no amounts"),
    ByFile("ticketek", "Ticketek", "has no public API"),
    ByFile("moshtix", "Moshtix", "has no public API"),
    ByFile("todaytix", "TodayTix", "sends its partners reports"),
)


@dataclass(frozen=True, slots=True)
class ListedProvider:
    """
    A provider by name, or why it could not be loaded.
    """

    name: str
    provider: type[Provider] | None
    origin: str
    problem: str = ""


def provider(name: str) -> type[Provider]:
    """
    The provider class of that name; `ticket-tailor`, `Ticket Tailor` and `tickettailor`
    mean `ticket_tailor`.

    Raises `NotFound` if there is none, `ConfigurationError` for a broken plugin.
    """
    wanted = _folded(name)
    if wanted in _BUILT_IN:
        return _load(_BUILT_IN[wanted])
    for point in _plugins():
        if wanted in (point.name, _folded(point.name)):
            return _loaded_plugin(point)
    for item in BY_FILE:
        if item.name == wanted:
            raise errors.NotFound(
                f"{item.title} {item.why}: its reports are read from files.",
                hint=f"Run `ticketsync accounts add file NAME --recipe {item.name} "
                "--watch FOLDER`.",
            )
    known = sorted({*built_in.CLASSES, *(point.name for point in _plugins())})
    similar = near_words.question(near_words.nearest(wanted, known))
    raise errors.NotFound(
        f"There is no provider {pasted_keys.quoted(name)}.{similar}",
        hint=f"The providers are: {', '.join(known)}.",
    )


def _folded(name: str) -> str:
    """
    The name of ours that has these letters and digits; else the name in small letters,
    its blanks and dashes written as `_`.
    """
    letters = _letters(name)
    ours = [*_BUILT_IN, *(item.name for item in BY_FILE)]
    for known in ours:
        if _letters(known) == letters:
            return known
    return re.sub(r"[- ]+", "_", name.strip().lower())


def _letters(name: str) -> str:
    return "".join(sign for sign in name.lower() if sign.isalnum())


def platform(name: str) -> type[Provider]:
    """
    The provider of that name as one that an account can be added for.

    Raises: `UsageError` for our own box office; else like `provider`.
    """
    kind = provider(name)
    if kind.spec.is_ours:
        raise errors.UsageError(
            "Your own box office is not connected: its account is made when you put a "
            "show on sale.",
            hint="Run `ticketsync boxoffice open SHOW`.",
        )
    return kind


def list_providers() -> list[ListedProvider]:
    """
    Every provider of a platform, broken plugins included.
    """
    listed = [
        ListedProvider(name, _load(path), "built in")
        for name, path in built_in.CLASSES.items()
    ]
    for point in _plugins():
        origin = f"plugin {point.dist.name}" if point.dist else "plugin"
        try:
            listed.append(ListedProvider(point.name, _loaded_plugin(point), origin))
        except errors.ConfigurationError as error:
            listed.append(ListedProvider(point.name, None, origin, error.message))
    return listed


def titles(names: Iterable[str]) -> str:
    """
    The titles of these providers in words: `Eventbrite and Ticket Tailor`. One that
    cannot be loaded has its name.
    """
    found = sorted({_title(name) for name in names}, key=str.casefold)
    *others, last = found or [""]
    return f"{', '.join(others)} and {last}" if others else last


def _title(name: str) -> str:
    spec = find_spec(name)
    return spec.title if spec else name


def find_spec(name: str) -> ProviderSpec | None:
    """
    What the provider of that name says of itself; `None` where its plugin is not there,
    or cannot be loaded.
    """
    try:
        return provider(name).spec
    except (errors.NotFound, errors.ConfigurationError):
        return None


def _plugins() -> list[EntryPoint]:
    from importlib.metadata import entry_points

    return [point for point in entry_points(group=GROUP) if point.name not in _BUILT_IN]


def _loaded_plugin(point: EntryPoint) -> type[Provider]:
    try:
        return cast("type[Provider]", point.load())
    except Exception as error:  # a plugin may fail in any way
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
    The provider of that name, if its platform sends webhooks. Raises like `provider`.
    """
    kind: Any = provider(name)
    return kind if getattr(kind, "webhooks", None) is not None else None


def refuse_unregistrable(name: str, account: str) -> None:
    """
    Raises: `UsageError` where the API of that provider registers no webhooks, with what
    to do for the account; else like `provider`.
    """
    kind = provider(name)
    if not callable(getattr(kind, "register_webhook", None)):
        raise errors.UsageError(
            f"{kind.spec.title} does not let webhooks be registered through its API.",
            hint=f"Set it up there: `ticketsync webhooks url {account}` says how.",
        )


def order_url(name: str, order_id: str) -> str:
    """
    Where a person sees an order on that platform (its id); `""` if it is not known, or
    if its plugin is not there.
    """
    spec = find_spec(name)
    return spec.order_url_of(order_id) if spec else ""


def dashboard_url(name: str, options: Options) -> str:
    """
    Where a person manages an account of that platform; `""` if it is not known, or if
    its plugin is not there.
    """
    spec = find_spec(name)
    return spec.dashboard_url_of(options) if spec else ""
