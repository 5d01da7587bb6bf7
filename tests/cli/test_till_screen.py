"""
The till on a real terminal.
"""

import contextlib
import json
import os
import signal
import sqlite3
import termios

import pexpect
import psycopg
import pytest
from support import commands
from support.commands import talk
from support.own_box_office import KEY
from support.waiting import wait_until

SIZES = pytest.mark.parametrize("columns", [80, 40])


BOTH = pytest.mark.parametrize("place", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def place(request, templates, home):
    """
    The file of the database, which is not there yet, or the URL of an empty one.
    """
    if getattr(request, "param", "sqlite") == "sqlite":
        yield str(home / "ticketsync.db")
        return
    with templates.copied("postgresql", "empty") as url:
        yield url


@pytest.fixture
def venue(home, place, monkeypatch):
    if place.startswith("postgresql"):
        monkeypatch.setenv("TICKETSYNC_DATABASE_URL", place)
    monkeypatch.setenv("BOX_KEY", KEY)
    monkeypatch.setenv("TERM", "xterm")
    run(
        *("init", "--venue", "The Lantern Room", "--timezone", "Australia/Sydney"),
        *("--currency", "AUD", "--no-input"),
    )
    run("shows", "add", "Late Laughs", "2030-11-27 19:30", "--capacity", "10")
    run(
        *("boxoffice", "open", "1", "--tier", "Adult=55.00", "--tier", "Child=20"),
        *("--secret-env", "BOX_KEY"),
    )
    run("boxoffice", "tills", "open", "1", "--float", "200")
    return home


def run(*words):
    return commands.run(*words, check=True).stdout


def as_json(*words):
    return json.loads(run(*words, "--json"))


def begin(columns, *words):
    till = talk(
        *("boxoffice", "till", "1", "--till", "1", *words),
        env=os.environ,
        rows=24,
        columns=columns,
    )
    till.expect("TOTAL AUD")
    return till


def leave(till):
    till.send("q")
    till.expect("Cash counted")
    till.send("\r")
    till.expect(pexpect.EOF)
    till.close()
    assert till.exitstatus == 0


@SIZES
@pytest.mark.thorough
def test_a_sale_of_three_tickets_is_four_keys(venue, columns, tmp_path):
    printed = tmp_path / "printed"
    till = begin(columns, "--print-command", f"tee -a {printed}")
    for key in "111e":
        till.send(key)
    till.expect("Sold TS-")
    (order,) = as_json("boxoffice", "orders", "list")
    assert (order["state"], order["total"], order["tickets"]) == ("paid", "165.00", 3)
    leave(till)
    assert printed.read_bytes().count(b"%%EOF") == 2  # tickets and the receipt
    (drawer,) = as_json("boxoffice", "tills", "list")
    assert (drawer["state"], drawer["expected"]) == ("open", "365.00")


@pytest.mark.thorough
def test_what_others_sell_is_there_without_a_key(venue):
    till = begin(80)
    run("boxoffice", "hold", "1", "--tier", "Adult=10")
    till.expect("sold out")
    till.send("1")
    till.expect("event-full: Late Laughs")
    leave(till)


@pytest.mark.thorough
def test_a_killed_till_keeps_what_was_paid_and_frees_the_rest(venue):
    till = begin(80)
    for key in "1e":
        till.send(key)
    till.expect("Sold TS-")
    till.send("2")
    till.expect("held until")
    till.process.send_signal(signal.SIGKILL)
    till.process.wait()
    till.close()
    pending, paid = as_json("boxoffice", "orders", "list")
    assert (paid["state"], paid["total"]) == ("paid", "55.00")
    assert pending["state"] == "pending"
    again = begin(80)
    again.expect(f"{pending['reference']} was not paid")
    leave(again)


@pytest.mark.thorough
def test_the_drawer_is_counted_with_the_last_key(venue):
    till = begin(80)
    till.send("1")
    till.expect("held until")
    till.send("c100\r")
    till.expect("Give back AUD 45.00")
    till.send("q")
    till.expect("Cash counted")
    till.send("4x50 55\r\r")  # the second one confirms
    till.expect("Till 1 is closed")
    till.expect(pexpect.EOF)
    till.close()
    assert till.exitstatus == 0
    (drawer,) = as_json("boxoffice", "tills", "list")
    assert (drawer["state"], drawer["difference"]) == ("closed", "0.00")


@pytest.mark.thorough
def test_a_pasted_text_answers_a_question_and_sells_nothing(venue):
    def paste(text):
        till.send(f"\x1b[200~{text}\x1b[201~")

    run("members", "add", "17", "--from", "2030-01-01", "--until", "2030-12-31")
    till = begin(80)
    paste("1e 2e")
    till.send("m")
    till.expect("Member's number")
    paste("17\n1e")
    till.expect("member 17")
    leave(till)
    assert as_json("boxoffice", "orders", "list") == []


def test_a_till_that_was_not_opened_is_not_said_to_be_open(venue):
    run("boxoffice", "tills", "close", "1", "--counted", "200")
    till = begin(80)
    till.send("\x1b")
    till.expect("Till 1 is not open")
    till.expect(pexpect.EOF)
    till.close()
    assert till.exitstatus == 0


@pytest.fixture
def slow_printer(tmp_path):
    """
    A print command that waits, and the function that lets it fail.
    """
    line = tmp_path / "line"
    os.mkfifo(line)
    # Open both ways, so that neither side waits for the other to open it.
    opened = os.open(line, os.O_RDWR)
    yield f"sh -c 'read _ <{line}; exit 3'", lambda: os.write(opened, b"\n")
    os.close(opened)


@pytest.mark.thorough
def test_a_printer_that_fails_as_the_till_is_left_is_said(venue, slow_printer):
    command, fail = slow_printer
    till = begin(80, "--print-command", command)
    till.send("1e")
    till.expect("Sold TS-")
    till.send("q")
    till.expect("Cash counted")
    till.send("\r")
    till.expect("Waiting for the printer")
    fail()
    till.expect("not-printed: The print command 'sh' failed")
    till.expect("boxoffice")
    till.expect("TS-[0-9A-Z]{4}-")
    till.expect("Till 1 stays open")
    till.expect(pexpect.EOF)
    till.close()
    assert till.exitstatus == 0


@pytest.mark.thorough
def test_escape_drops_the_basket_and_ctrl_c_leaves(venue):
    till = begin(80)
    till.send("1")
    till.expect("held until")
    till.send("\x1b")
    till.expect("The basket was dropped")
    assert wait_until(lambda: as_json("boxoffice", "availability", "1")["left"] == 10)
    till.sendcontrol("c")
    till.expect(pexpect.EOF)
    till.close()
    assert till.exitstatus == 130


def test_without_a_terminal_it_says_how_to_sell(venue):
    done = commands.run("boxoffice", "till", "1")
    assert done.returncode == 2
    assert done.stderr.startswith("ticketsync: needs-tty: The till needs a terminal.")


# A database that does not answer


@contextlib.contextmanager
def locked(place):
    """
    Another program writes, and does not come to an end.
    """
    if place.startswith("postgresql"):
        with psycopg.connect(place) as connection:
            connection.execute("SELECT 1 FROM boxoffice_shows FOR UPDATE")
            yield
        return
    with contextlib.closing(sqlite3.connect(place, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")


def list_orders():
    found = as_json("boxoffice", "orders", "list")
    return [(order["state"], order["total"]) for order in found]


@BOTH
@SIZES
@pytest.mark.thorough
def test_a_database_that_does_not_answer_is_said_and_a_sale_is_made_once(
    venue, place, columns
):
    """
    Whatever is typed meanwhile; what was asked before goes on afterwards.
    """
    till = begin(columns)
    with locked(place):
        till.send("1")
        till.expect("Waiting for the database")
        till.send("1e1e")
    till.expect("held until")
    assert list_orders() == [("pending", "55.00")]
    with locked(place):
        till.send("e")
        till.expect("Waiting for the database")
        till.send("eee1euu")
    till.expect("Sold TS-")
    assert list_orders() == [("paid", "55.00")]
    leave(till)
    (drawer,) = as_json("boxoffice", "tills", "list")
    assert drawer["expected"] == "255.00"


@BOTH
@pytest.mark.thorough
def test_ctrl_c_leaves_a_till_whose_database_does_not_answer(venue, place):
    till = begin(80)
    till.send("1")
    till.expect("held until")
    with locked(place):
        till.send("e")
        till.expect("Waiting for the database")
        till.sendcontrol("c")
        till.expect("Begin till 1 again")
        till.expect(pexpect.EOF)
        till.close()
    assert till.exitstatus == 130
    assert list_orders() in ([("pending", "55.00")], [("paid", "55.00")])


# A terminal that changes its size


@pytest.mark.thorough
def test_the_screen_is_drawn_anew_when_the_terminal_changes_its_size(venue):
    till = begin(80)
    till.send("1")
    till.expect("1 × Adult")
    for columns in (40, 120, 80):
        termios.tcsetwinsize(till.child_fd, (24, columns))
        rule = "─" * (columns - 2)
        till.expect(f"(?<!─){rule}(?!─)")
        till.expect("1 × Adult")
        till.expect("TOTAL AUD +55.00")
    till.send("e")
    till.expect("Sold TS-")
    leave(till)
