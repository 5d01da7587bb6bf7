"""
The reads during which the lists of a platform collapse, and what comes before them.
"""

from datetime import timedelta

from support.dates import NOW, TODAY
from support.platform_accounts import figures

from ticketsync.core import clock
from ticketsync.sandbox import platforms, server, world

FIRST, FULL, CHANGES = "a first read", "a full read", "a read of changes"


def playing(name, monkeypatch):
    """
    One platform on loopback, `sandbox.platform_name` its name.
    """
    platform, _, how = name.partition(" ")
    if platform == "ticket_tailor":
        sandbox = server.Sandbox(world.build(today=TODAY, orders=120))
        fake_platform = sandbox.ticket_tailor
    else:
        (fake_platform,) = platforms.build_others(
            today=TODAY, orders=120, names=[platform]
        )
        small = world.build(today=TODAY, orders=1)
        sandbox = server.Sandbox(small, others=(fake_platform,))
    if how:
        fake_platform.expands = False
    monkeypatch.setenv("KEY", fake_platform.key)
    sandbox.clock = lambda: clock.now().timestamp()
    sandbox.platform = fake_platform
    sandbox.platform_name = platform
    return _Serving(sandbox)


class _Serving:
    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.server = server.serving(sandbox)

    def __enter__(self):
        address = self.server.__enter__()
        self.sandbox.address = self.sandbox.url(address, self.sandbox.platform_name)
        return self.sandbox

    def __exit__(self, *what):
        return self.server.__exit__(*what)


def change(fake_server, frozen):
    """
    Ten minutes later: twelve old orders changed.
    """
    fake_server.platform.world.now += 600
    frozen(NOW + timedelta(seconds=600))
    world.change_some(fake_server.platform.world, 12, 20)
    fake_server.platform.invalidate()


def begin(read, opened, fake_server, frozen):
    """
    The database before that kind of read, its figures, and what the read is asked with.
    """
    database = opened(is_read=read != FIRST)
    before = figures(database)
    if read == CHANGES:
        change(fake_server, frozen)
    return database, before, {"full": True} if read == FULL else {}


def later(fake_server, frozen, seconds):
    """
    So many seconds after the first read.
    """
    fake_server.platform.world.now += seconds - int((clock.now() - NOW).total_seconds())
    frozen(NOW + timedelta(seconds=seconds))
