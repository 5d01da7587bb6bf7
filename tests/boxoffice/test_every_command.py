"""
The story of own orders (`support.own_story`) as people read it: by commands, in files
that other programs open, and on the door page.
"""

import csv
import hashlib
import json
import os
from contextlib import contextmanager

import duckdb
import httpx
import pytest
from python_calamine import CalamineWorkbook
from support import commands
from support.own_box_office import SHOW
from support.own_story import SETTINGS
from support.web_server import running

from ticketsync.core import clock
from ticketsync.visitors import passes
from ticketsync.web import app as web
from ticketsync.web.site import COOKIE, Site
from ticketsync.web.webhook_receiver import Receiver

NEXT_DAY = "2026-10-06T04:00:00+00:00"
PAID = "abcdef"
# What was charged and what went back for each order, and its tickets, void ones too.
ORDERS = {
    "a": ("130.00", "0.00", 3),
    "b": ("55.00", "0.00", 1),
    "c": ("0.00", "0.00", 1),
    "d": ("0.00", "0.00", 2),
    "e": ("110.00", "55.00", 2),
    "f": ("20.00", "0.00", 1),
}
ADMITTING = {"a": (1, 2, 3), "b": (1,), "c": (1,), "d": (1, 2), "e": (2,)}


@pytest.fixture
def url(played):
    return played[0]


@pytest.fixture
def story(played):
    return played[1]


@pytest.fixture
def run(url):
    """
    Runs one of our commands on it, with the exit code that is expected.
    """
    place = url if "://" in url else f"sqlite:///{url}"
    environment = {**os.environ, "TICKETSYNC_DATABASE_URL": place}

    def run_(*words, code=0):
        done = commands.run(*words, env=environment, at=NEXT_DAY)
        assert done.returncode == code, (words, done.stdout, done.stderr)
        return done

    return run_


@pytest.fixture
def as_json(run):
    return lambda *words, **options: json.loads(run(*words, "--json", **options).stdout)


def picked(values, *names):
    return {name: values[name] for name in names}


FIGURES = {
    "tickets_sold": 8,
    "tickets_comp": 2,
    "tickets_refunded": 1,  # that of f is void, and its money stayed
    "gross": "315.00",
    "refunded": "55.00",
    "net_before_fees": "260.00",
    "fees": None,
    "face": "370.00",
    "vouchers": "55.00",
    "tax": "30.00",
}


def test_lists(as_json, story):
    (shown,) = as_json("financials", "list")
    assert picked(shown, *FIGURES) == FIGURES
    guests = as_json("attendees", "list", str(SHOW))
    admitting = {story.number(it, n) for it, ns in ADMITTING.items() for n in ns}
    assert {it["ticket_id"] for it in guests if it["admits"]} == admitting
    sold = {it["order_id"]: it for it in as_json("sales", "list")}
    for letter, (charged, refunded, tickets) in ORDERS.items():
        order = sold.pop(story[letter])
        assert picked(order, "status", "charged", "refunded", "tickets") == {
            "status": "paid",
            "charged": charged,
            "refunded": refunded,
            "tickets": tickets,
        }
    assert [it["status"] for it in sold.values()] == ["pending"]


def test_guests_are_counted_and_checked_in(as_json, run, story):
    def count():
        return as_json("checkin", "count", str(SHOW))

    assert count() == {"show_id": SHOW, "admitted": 0, "expected": 8, "doors": {}}
    for letter, ticket, word in (
        ("e", 1, "not-valid"),
        ("f", 1, "not-valid"),
        ("a", 1, ""),
        ("d", 2, ""),
        ("d", 2, "already-in"),
    ):
        done = run(
            *("checkin", "in", str(SHOW), story.code(letter, ticket), "--door", "A"),
            code=7 if word else 0,
        )
        assert f"ticketsync: {word}: " in done.stderr or not word
    forged = story.code("a", 2)[:-16] + "A" * 16
    run("checkin", "in", str(SHOW), forged, code=2)  # nobody's
    assert count() == {"show_id": SHOW, "admitted": 2, "expected": 8, "doors": {"A": 2}}
    (shown,) = as_json("financials", "list")
    assert shown["checked_in"] == 2


def read_csv(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def read_workbook(path):
    sheet = CalamineWorkbook.from_path(path).get_sheet_by_index(1)
    heading, *rows = sheet.to_python()
    return [dict(zip(heading, row, strict=True)) for row in rows]


def read_json_lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def read_parquet(path):
    with duckdb.connect(":memory:") as connection:
        found = connection.execute("SELECT * FROM read_parquet(?)", [str(path)])
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


READERS = {
    "csv": read_csv,
    "xlsx": read_workbook,
    "jsonl": read_json_lines,
    "parquet": read_parquet,
}


@pytest.mark.parametrize("ending", READERS)
@pytest.mark.sampled(2)
def test_files(run, story, tmp_path, ending):
    def exported(*words):
        path = tmp_path / f"{words[0]}{len(words)}.{ending}"
        run("export", *words, "-o", str(path))
        return READERS[ending](path)

    def cents(rows, name):
        return sum(round(100 * float(row[name])) for row in rows)

    by_order = {row["order_id"]: row for row in exported("sales")}
    for letter, (charged, refunded, tickets) in ORDERS.items():
        row = by_order[story[letter]]
        assert (row["status"], int(row["tickets"])) == ("paid", tickets)
        assert float(row["charged"]) == float(charged)
        assert float(row["refunded"]) == float(refunded)
        # What the card terminal keeps of b is known to nobody here.
        assert (row["fees"] in (None, "")) == (letter == "b")
    assert by_order[story["g"]]["status"] == "pending"
    assert len(by_order) == 7
    tickets = exported("sales", "--per", "ticket")
    assert (cents(tickets, "charged"), cents(tickets, "refunded")) == (31500, 5500)
    assert [row["order_id"] for row in exported("refunds")] == [story["e"]]
    assert cents(exported("refunds"), "amount") == 5500
    (show,) = exported("financials")
    assert (cents([show], "gross"), int(show["tickets_sold"])) == (31500, 8)


@pytest.mark.thorough
def test_a_sync_a_replay_and_checks_change_and_find_nothing(as_json, run):
    """
    The sync ends the hold of g, which counted nowhere.
    """

    def outcome(*words):
        (account,) = as_json("sync", *words)["accounts"]
        records = account["records"]
        return account["outcome"], account["shows_changed"], records["quarantined"]

    for words in ((), ("replay",), ("boxoffice",)):
        assert outcome(*words) == ("success", 0, 0)
    (shown,) = as_json("financials", "list")
    assert picked(shown, *FIGURES) == FIGURES
    checked = as_json("db", "check", "--deep")
    assert picked(checked, "shows", "differences", "rows", "findings") == {
        "shows": 1,
        "differences": [],
        "rows": [],
        "findings": [],
    }


def test_the_doctor(as_json):
    assert as_json("sync")["outcome"] == "success"
    found = as_json("doctor")["findings"]
    own = [it for it in found if it["section"] == "account boxoffice"]
    assert {it["state"] for it in own} == {"ok"}
    assert "tickets can be signed; 1 show on sale" in {it["text"] for it in own}
    others = {it["section"] for it in found if it["state"] != "ok"}
    assert others <= {"schedule", "files"}, found


@contextmanager
def signed_in(database, role):
    """
    The pages over a database, with somebody signed in.
    """
    site = Site(database, SETTINGS)
    with database.write() as connection:
        token = passes.issue(connection, "session", role, "A", clock.now())
    with (
        running(web.create_app(Receiver(database, list), site)) as address,
        httpx.Client(base_url=address, trust_env=False) as client,
    ):
        client.headers["origin"] = address
        client.cookies.set(COOKIE, token)
        yield client


def test_the_page_of_the_show_calls_nothing_unread(database):
    with signed_in(database, "manager") as client:
        page = client.get(f"/shows/{SHOW}").text
    assert 'data-label="Last synced">not needed</td>' in page
    assert "not read yet" not in page


def test_the_door_page(database, story):
    with signed_in(database, "door") as client:
        page = client.get(f"/door/{SHOW}")
        assert page.status_code == 200
        assert '<span id="in">0</span><small> of <span id="of">8</span>' in page.text
        guests = client.get(f"/door/{SHOW}/guests").json()["guests"]
        listed = {it["ticket"]: it for it in guests}
        admitting = [(it, n) for it, ns in ADMITTING.items() for n in ns]
        assert {*listed} == {story.number(*one) for one in admitting}
        for letter, number in admitting:
            guest = listed[story.number(letter, number)]
            digest = hashlib.sha256(story.code(letter, number).encode()).hexdigest()
            assert guest["code"] == f"code:{digest[:32]}"
            assert picked(guest, "order", "signed", "in", "free", "type") == {
                "order": story[letter],
                "signed": True,
                "in": False,
                "free": letter == "d",
                "type": "Child" if (letter, number) == ("a", 3) else "Adult",
            }
            assert guest["name"] == ("Mia Chen" if letter == "a" else "")

        def scan(code, **more):
            sent = {"code": code, "kind": "in", "key": code, "door": "A", **more}
            return client.post(f"/door/{SHOW}/scan", json=sent).json()["outcome"]

        assert scan(story.code("b", 1), camera=True) == "admitted"
        assert scan(story.number("c", 1), camera=True) == "unknown"
        assert scan(story.code("e", 1), camera=True) == "not-valid"
        offline = {"at": "2026-10-06T02:59:00Z", "kind": "in", "door": "B"}
        merged = client.post(
            f"/door/{SHOW}/merge",
            json={
                "scans": [
                    {**offline, "code": story.code("a", 2), "key": "1", "camera": True},
                    {**offline, "code": story.code("f", 1), "key": "2", "camera": True},
                    {**offline, "code": story.number("d", 1), "key": "3"},
                ]
            },
        ).json()
        assert merged["outcomes"] == {"admitted": 2, "not-valid": 1}
        page = client.get(f"/door/{SHOW}")
        assert '<span id="in">3</span><small> of <span id="of">8</span>' in page.text
        guests = client.get(f"/door/{SHOW}/guests").json()["guests"]
        inside = {it["ticket"] for it in guests if it["in"]}
    assert inside == {
        *(story.number("a", 2), story.number("b", 1), story.number("d", 1))
    }
