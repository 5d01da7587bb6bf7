"""
A platform that is honest is not refused for ever: what looks like a list that is not
whole ends with a person's word, or with the next read of everything.
"""

import pytest
from conftest import TODAY, connect
from support import platform_accounts as accounts

from ticketsync.core import clock
from ticketsync.sandbox import platforms, server, ticket_tailor, world
from ticketsync.workflows import sync
from ticketsync.workflows.sync import Request


def attempt(database, settings, **options):
    return sync.sync(database, settings, Request(**options)).exit_code


def test_an_event_that_counts_more_orders_than_it_lists_is_accepted_once(
    sqlite, sandbox, settings, monkeypatch
):
    """
    The event counts three times the orders that its list shows. A person accepts that;
    it is not asked again, but a list that then loses orders is refused.
    """
    plain = ticket_tailor.TicketTailor._event

    def counting(self, performance, *arguments, **options):
        event = plain(self, performance, *arguments, **options)
        return {**event, "total_orders": 3 * event["total_orders"]}

    monkeypatch.setattr(ticket_tailor.TicketTailor, "_event", counting)
    connect(sqlite, sandbox.url)
    sync.fetch_listing(sqlite, settings, [])
    accounts.adopt(sqlite)
    assert attempt(sqlite, settings) == 7
    assert attempt(sqlite, settings) == 7
    assert attempt(sqlite, settings, accept_shrink=True) == 0
    assert attempt(sqlite, settings) == 0
    assert attempt(sqlite, settings, full=True) == 0
    first = max(
        sandbox.world.performances,
        key=lambda p: sum(o.performance is p for o in sandbox.world.purchases),
    )
    kept = [p for p in sandbox.world.purchases if p.performance is first][:1]
    others = [p for p in sandbox.world.purchases if p.performance is not first]
    sandbox.world.purchases[:] = kept + others
    sandbox.platform.forget()
    assert attempt(sqlite, settings, full=True) == 7


@pytest.mark.parametrize("name", ["eventbrite", "square"])
def test_a_platform_that_shows_no_change_is_read_whole_by_the_next_run(
    name, sqlite, frozen, monkeypatch, settings
):
    """
    The newest order was deleted: nothing shows a change since. That run says so; the
    next one reads everything and is right, and the one after it asks for changes again.
    """
    (player,) = platforms.others(today=TODAY, orders=60, names=[name])
    small = server.Sandbox(world.build(today=TODAY, orders=1), others=(player,))
    small.clock = lambda: clock.now().timestamp()
    monkeypatch.setenv("KEY", player.key)
    with server.serving(small) as url:
        accounts.connect(sqlite, name, small.url(url, name))
        sync.fetch_listing(sqlite, settings, [])
        accounts.adopt(sqlite)
        assert attempt(sqlite, settings) == 0
        purchases = player.world.purchases
        newest = max(max(p.touched, p.placed) for p in purchases)
        edge = newest - 3600
        player.world.purchases[:] = [
            p for p in purchases if max(p.touched, p.placed) < edge
        ]
        ended = [attempt(sqlite, settings) for _ in range(3)]
    assert ended[0] == 6
    assert ended[-1] == 0
