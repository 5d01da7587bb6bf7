"""
The box office without its protection, for the controls of its races: what they show
must go wrong then.
"""

import itertools
import threading
from contextlib import nullcontext

from sqlalchemy import insert

from ticketsync.boxoffice import lowest_seats, seats
from ticketsync.store import engine, triggers
from ticketsync.store.tables.boxoffice import boxoffice_seats


def ask_again(monkeypatch):
    """
    Nobody stands in line to write: SQLite's own busy handler lets them ask again and
    again.
    """
    monkeypatch.setattr(engine.Database, "_one_writer", lambda *_, **__: nullcontext())
    monkeypatch.setattr(engine.Database, "has_urgent_writers", lambda _: False)


def lock_nothing(monkeypatch):
    """
    Nobody locks the show of a sale.
    """
    monkeypatch.setattr(seats, "lock_show", lambda *_: None)


def write_without_lock(monkeypatch):
    """
    Nobody locks the show of a sale, and on SQLite each statement is a transaction.
    """
    lock_nothing(monkeypatch)
    monkeypatch.setattr(engine, "_begin_sqlite", lambda _: None)
    ask_again(monkeypatch)


def count_only(monkeypatch, *, buyers=1):
    """
    Seats are only counted: no lock, no transaction on SQLite, no unique seat, and
    nobody looks at their numbers. Nobody takes any before so many buyers have counted.
    What refuses a number is another matter: `without_triggers`.
    """
    write_without_lock(monkeypatch)
    counted, all_have_counted = itertools.count(1), threading.Event()

    def insert_together(*arguments):
        if next(counted) == buyers:
            all_have_counted.set()
        assert all_have_counted.wait(60)
        insert_anywhere(*arguments)

    monkeypatch.setattr(lowest_seats, "insert_lowest", insert_together)
    monkeypatch.setattr(seats, "are_above_capacity", lambda *_: False)


def insert_anywhere(connection, show_id, order_id, wanted, held_until):
    ordered = [tier_id for tier_id, count in wanted.items() for _ in range(count)]
    rows = [
        {
            "show_id": show_id,
            "seat_number": order_id * 100 + number,
            "tier_id": tier_id,
            "tier_seat_number": order_id * 100 + number,
            "order_id": order_id,
            "held_until": held_until,
        }
        for number, tier_id in enumerate(ordered, 1)
    ]
    connection.execute(insert(boxoffice_seats), rows)


def without_triggers(database):
    with database.write() as connection:
        triggers.drop_all(connection)
