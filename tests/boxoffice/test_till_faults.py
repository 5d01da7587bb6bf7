"""
A till whose database or printer fails: what was sold stays said, with what to give
back, and what was not done is not said to be done.
"""

import contextlib
import sqlite3

import pytest
from sqlalchemy import text
from support.own_box_office import SHOW, put_on_sale

from ticketsync.boxoffice import placed_orders
from ticketsync.cli import till_screen, till_session
from ticketsync.cli.till_keys import BACKSPACE, ENTER, ESCAPE
from ticketsync.core import errors
from ticketsync.store import engine
from ticketsync.workflows.boxoffice import till_view

SLOW = errors.DatabaseError("It is slow.", word="db-timeout")

pytestmark = pytest.mark.usefixtures("evening")


def begin(office, print_order=lambda *_: True):
    till = till_session.start(office, SHOW, "1", "Mia", print_order)
    press(till, "200", ENTER)
    return till


def press(till, *keys):
    return [
        till.press(single)
        for key in keys
        for single in ([key] if key in (ENTER, ESCAPE, BACKSPACE) else key)
    ]


def paid(office):
    with office.database.read() as connection:
        return [
            it.total for it in placed_orders.search(connection) if it.state == "paid"
        ]


def refuse(*_):
    raise SLOW


def test_a_sale_stays_said_where_the_screen_cannot_be_read_again(office, monkeypatch):
    """
    Else somebody would sell it once more.
    """
    till = begin(office)
    press(till, "1c60")
    with monkeypatch.context() as broken:
        broken.setattr(till_view, "read_view", refuse)
        press(till, ENTER)
        said = till.state.message
        assert said.startswith("Sold TS-")
        assert said.endswith(
            "Give back AUD 5.00. db-timeout: the screen could not be read again."
        )
        till.note_unread(SLOW)
        assert till.state.message == said  # once
        assert till.is_stale()
    till.refresh()
    assert not till.is_stale()
    assert till.view.last.total == 5500
    assert paid(office) == [5500]


def test_a_printer_that_fails_leaves_the_change_on_the_screen(office):
    till = begin(office)
    press(till, "1c60", ENTER)
    reference = till.view.last.reference
    till.note_unprinted(reference, "not-printed: no paper.")
    assert till.state.message == (
        f"Sold {reference}: 1 ticket, 55.00 cash. Give back AUD 5.00."
        f" not-printed: no paper. To print {reference}, press p, or run"
        f" `ticketsync boxoffice print {reference}`."
    )
    press(till, "2e")
    till.note_unprinted(reference, "not-printed: no paper.")
    assert till.state.message.endswith(
        f"To print {reference}, run `ticketsync boxoffice print {reference}`."
    )


def test_what_a_printer_refused_is_kept_with_its_order(office, tmp_path):
    with till_screen.Printing(office, "false") as printing:
        till = begin(office, printing.begin)
        press(till, "1e")
    ((reference, why),) = printing.failed
    assert reference == till.view.last.reference
    assert why.startswith("not-printed: The print command 'false' failed (exit code 1)")


@contextlib.contextmanager
def locked(office, url):
    if office.database.dialect == "postgresql":
        with office.database.connection() as connection:
            connection.execute(text("SELECT 1 FROM boxoffice_shows FOR UPDATE"))
            yield
        return
    with contextlib.closing(sqlite3.connect(url, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def test_a_lock_that_lasts_too_long_changes_nothing_and_says_what_to_do(
    url, monkeypatch
):
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.1)
    if url.startswith("postgresql"):
        url = f"{url}{'&' if '?' in url else '?'}options=-c%20lock_timeout%3D100"
    database = engine.open_database(url)
    office = put_on_sale(database)
    till = begin(office)
    press(till, "1")
    with locked(office, url):
        assert press(till, "e") == [False]  # nothing that was typed behind it is done
        assert till.state.message.startswith("db-locked: ")
        assert "Nothing was changed: press the key again." in till.state.message
        assert till.state.lines == (("Adult", 1),)
        assert paid(office) == []
    assert press(till, "e") == [False]
    assert till.state.message.startswith("Sold TS-")
    assert paid(office) == [5500]
    database.close()


def test_keys_behind_a_sale_or_a_refusal_are_not_done(office):
    """
    The screen throws away what was typed behind a key that says so.
    """
    till = begin(office)
    assert press(till, "1+-=3", ENTER) == [True] * 6
    assert press(till, "9") == [False]
    assert press(till, "n", "Mia", ENTER) == [True] * 5
    assert press(till, "c10", ENTER) == [True, True, True, False]
    assert press(till, "0x", BACKSPACE, ESCAPE) == [True] * 4
    assert press(till, "9") == [False]
    assert press(till, "xyz1-") == [True] * 5
    assert press(till, "e") == [False]
    assert press(till, "u", "u") == [True, False]
