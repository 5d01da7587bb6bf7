"""
The box office without its protection, for the controls of its races: what they show
must go wrong then.
"""

from contextlib import nullcontext

from ticketsync.boxoffice import seats
from ticketsync.store import engine


def write_without_lock(monkeypatch):
    """
    Nobody locks the show of a sale, and on SQLite each statement is a transaction.
    """
    monkeypatch.setattr(seats, "lock_show", lambda *_: None)
    monkeypatch.setattr(engine, "_begin_sqlite", lambda _: None)
    monkeypatch.setattr(engine.Database, "_one_writer", lambda *_, **__: nullcontext())
