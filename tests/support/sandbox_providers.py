"""
Providers connected to their fake platform on loopback, without a database.
"""

from contextlib import contextmanager
from functools import cache

import msgspec
from support.dates import TODAY
from support.platform_accounts import OPTIONS

from ticketsync.core.redact import Secret
from ticketsync.net.client import ApiClient
from ticketsync.providers import reading, registry
from ticketsync.providers.base import ListsTicketTypes, OrderEstimate, reads_account
from ticketsync.sandbox import platforms, server, world


@contextmanager
def connected(fake_platform):
    """
    The provider of a fake platform that is being served.
    """
    ticket_tailor = fake_platform.name == "ticket_tailor"
    sandbox = server.Sandbox(
        fake_platform.world if ticket_tailor else world.build(today=TODAY, orders=10),
        others=() if ticket_tailor else (fake_platform,),
    )
    kind = registry.provider(fake_platform.name)
    options = OPTIONS.get(fake_platform.name, {})
    with server.serving(sandbox) as address:
        api = ApiClient(
            sandbox.url(address, fake_platform.name),
            account="test",
            platform=kind.spec.title,
            headers=kind.spec.authenticate(Secret(fake_platform.key), options),
            explain=kind.spec.explain,
        )
        yield kind(api, options)
        api.close()


def raw_orders(provider, dates):
    """
    All orders as they are received, people included.
    """
    if reads_account(provider):
        pages = provider.fetch_all_orders(None, OrderEstimate(0), workers=1)
    else:
        by_event = provider.spec.reads == "per_event"
        units = dict.fromkeys(d.event_id if by_event else d.id for d in dates)
        pages = (page for unit in units for page in provider.fetch_orders(unit, None))
    return [raw for page in pages for raw in page.records]


def read_dates(provider):
    """
    The listed occurrences, with what they have on sale where that is another list.
    """
    listed = [raw for page in provider.fetch_events() for raw in page.records]
    dates = [date for raw in listed for date in provider.parse_event(raw).occurrences]
    if not isinstance(provider, ListsTicketTypes):
        return dates
    types = {
        raw["id"]: provider.parse_ticket_types(raw)
        for page in provider.fetch_ticket_types([date.id for date in dates])
        for raw in page.records
    }
    return [msgspec.structs.replace(d, ticket_types=types[d.id]) for d in dates]


def fake_platform(name, orders=60):
    if name == "ticket_tailor":
        return server.Sandbox(world.build(today=TODAY, orders=orders)).ticket_tailor
    return platforms.build_others(today=TODAY, orders=orders, names=[name])[0]


@cache
def parsed_account(name):
    """
    The occurrences and orders that a provider reads from its fake platform.
    """
    with connected(fake_platform(name)) as provider:
        dates = read_dates(provider)
        raws = raw_orders(provider, dates)
    return dates, [reading.parsed(provider.parse_order, raw) for raw in raws]
