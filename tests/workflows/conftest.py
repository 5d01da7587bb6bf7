"""
One other platform on loopback, by its name.

name         each platform but Ticket Tailor, unless the test names some
fake_server  a sandbox that plays it: `platform`, `address`, `log`
synced       a database of each kind that was read from it once
"""

import pytest
from support.dates import TODAY
from support.platform_accounts import set_up

from ticketsync.core import clock
from ticketsync.sandbox import platforms, server, world


@pytest.fixture(params=tuple(platforms.PLATFORMS))
def name(request):
    return request.param


@pytest.fixture
def fake_server(name, frozen, monkeypatch):
    """
    One other platform on loopback.
    """
    fake_platform = platforms.build_others(today=TODAY, orders=120, names=[name])[0]
    sandbox = server.Sandbox(
        world.build(today=TODAY, orders=10), others=(fake_platform,)
    )
    sandbox.clock = lambda: clock.now().timestamp()
    monkeypatch.setenv("KEY", fake_platform.key)
    with server.serving(sandbox) as address:
        sandbox.address = sandbox.url(address, name)
        sandbox.platform = fake_platform
        yield sandbox


@pytest.fixture
def synced(database, settings, fake_server, name):
    set_up(database, settings, fake_server, name, is_read=True)
    return database
