"""
A date that its platform deleted with all its orders: the figures stay, the account is
held, and the command that the message names is the one that settles it.
"""

from dataclasses import replace

import pytest
from support.dates import NOW
from support.platform_accounts import attempt
from support.ticket_tailor_account import figures

from ticketsync.reporting import waiting


def is_after(performance):
    return performance.starts_at > NOW


def is_long_over(performance):
    """
    More than `sync: days_back` ago, so that no ordinary run reads its orders.
    """
    return (NOW - performance.starts_at).days > 5


def delete_date(world, is_wanted):
    """
    The first one with five orders; of those ahead that one has imported tickets.
    """
    sold = [p.performance for p in world.purchases if is_wanted(p.performance)]
    deleted = next(p for p in world.performances if sold.count(p) >= 5)
    world.performances.remove(deleted)
    world.purchases[:] = [p for p in world.purchases if p.performance is not deleted]
    world.tickets_without_order[:] = [
        loose for loose in world.tickets_without_order if loose[0] is not deleted
    ]


@pytest.mark.parametrize("is_wanted", [is_after, is_long_over])
@pytest.mark.thorough
def test_the_command_of_the_message_accepts_a_deleted_date(
    full, settings, sandbox, is_wanted
):
    settings = replace(settings, sync=replace(settings.sync, days_back=5))
    before = figures(full)
    sandbox.change(lambda world: delete_date(world, is_wanted))
    for options in ({"full": True}, {}, {}):  # until a person has looked at it
        refused = attempt(full, settings, **options)
        assert (refused.exit_code, refused.word) == (7, "guard-shrink")
        assert "--accept-shrink` once" in refused.hint
    assert attempt(full, settings, accept_shrink=True).exit_code == 0
    for options in ({}, {"full": True}, {}):
        assert attempt(full, settings, **options).exit_code == 0
    assert figures(full) == before
    with full.read() as connection:
        kept = [item.kind for item in waiting.list_discrepancies(connection)]
    assert kept.count("delisted-order") >= 5
