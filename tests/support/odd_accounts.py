"""
Accounts of fifty events with few orders, for each platform, and one odd event in it.
"""

from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal

from support.dates import NOW, TODAY
from support.platform_accounts import expected

from ticketsync.core import clock
from ticketsync.providers import registry
from ticketsync.providers.base import Budget
from ticketsync.sandbox import platforms, server, world

EVENTS = 50
ORDERS = 60
ALL = ("ticket_tailor", *platforms.PLATFORMS)


@contextmanager
def serving(name, monkeypatch):
    """
    A sandbox whose only account of that platform has fifty events.
    """
    if name == "ticket_tailor":
        sandbox = server.Sandbox(
            world.build(today=TODAY, orders=ORDERS, shows=EVENTS), limit=10**6
        )
        fake_platform = sandbox.ticket_tailor
    else:
        profile, platform_class = platforms.PLATFORMS[name]
        fake_platform = platform_class(_world_of_fifty(profile), limit=10**6)
        sandbox = server.Sandbox(
            world.build(today=TODAY, orders=10), others=(fake_platform,)
        )
    kind = registry.provider(name)
    spec = replace(kind.spec, budget=Budget(requests=10**6, minutes=1))
    monkeypatch.setattr(kind, "spec", spec)  # fifty events are read several times
    sandbox.clock = lambda: clock.now().timestamp()
    sandbox.platform, sandbox.platform_name = fake_platform, name
    monkeypatch.setenv("KEY", fake_platform.key)
    with server.serving(sandbox) as address:
        sandbox.address = sandbox.url(address, name)
        yield sandbox


def _world_of_fifty(profile):
    for shows in range(EVENTS, 3 * EVENTS):
        built = world.build(today=TODAY, orders=ORDERS, profile=profile, shows=shows)
        if len(built.performances) == EVENTS:
            break
    if profile.platform == "humanitix":
        _with_an_event_each(built)
    return built


def _with_an_event_each(built):
    """
    Its events are productions with many dates: a production for each date.
    """
    built.productions = [
        replace(performance.production, id=7000 + n, title=f"Show {n}")
        for n, performance in enumerate(built.performances)
    ]
    for performance, production in zip(
        built.performances, built.productions, strict=True
    ):
        performance.production = production


def truth(sandbox):
    """
    What the world says of every event; where no money was taken, there are no fees.
    """
    rows = expected(sandbox, sandbox.platform_name)
    for row in rows.values():
        if not Decimal(row["gross"]):
            row["fees"] = "0.00"
    return rows


def odd_performance(sandbox):
    """
    The future performance that sold most; one with tickets that have no order, where
    there are any, because they are a list of their own.
    """
    return odd_performances(sandbox, 1)[0]


def odd_performances(sandbox, number):
    """
    So many of them, that one first.
    """
    built = sandbox.platform.world
    future = [p for p in built.performances if p.starts_at > NOW]
    imported = [performance for performance, _ in built.tickets_without_order]
    sold = Counter(p.performance.id for p in built.purchases)
    best = sorted(future, key=lambda p: (p in imported, sold[p.id], p.id))
    return best[::-1][:number]


def event_id(sandbox, performance):
    """
    How the platform names the event of a performance.
    """
    return {
        "ticket_tailor": f"ev_{performance.id}",
        "eventbrite": f"88{performance.id}",
        "humanitix": f"{performance.production.id:024x}",
        "wix": performance_id(sandbox, performance),
        "square": f"I{performance.id}",
    }[sandbox.platform_name]


def order_id(sandbox, purchase):
    """
    How the platform names an order.
    """
    return {
        "ticket_tailor": f"or_{purchase.id}",
        "eventbrite": str(purchase.id),
        "humanitix": f"{purchase.id:024x}",
        "wix": f"LR{purchase.id:06d}-WIX",
        "square": f"O{purchase.id}",
    }[sandbox.platform_name]


def performance_id(sandbox, performance):
    """
    How the truth names a performance: its occurrence at the platform.
    """
    return sandbox.platform.world.profile.provider_occurrence_id(performance)
