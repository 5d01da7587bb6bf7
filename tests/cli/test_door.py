"""
Check-in on the command line, the printed door list, and `serve` as users start it.
"""

import contextlib
import csv
import io
import json
import os
import re
import signal
import sqlite3
import time

import httpx
import pytest
from support import commands
from support.commands import run
from support.read_pdfs import pdf_text
from support.ticket_tailor_account import moved_to

from ticketsync.store import engine

SHOW = "12"
WITHOUT_SEATS = "1"
PEOPLE = "accounts:\n  tt:\n    people: true\n"


@pytest.fixture
def venue(home, sandbox, templates):
    place = templates.copy("sqlite", "filled", home / "ticketsync.db")
    moved_to(place, sandbox).close()
    return sandbox


def listed(*arguments):
    return json.loads(run("attendees", "list", SHOW, "--json", *arguments).stdout)


def printed(folder):
    """
    The door list of the show as a PDF.
    """
    pdf = folder / "door.pdf"
    done = run("attendees", "doorlist", SHOW, "-o", str(pdf))
    assert done.returncode == 0, done.stderr
    return pdf


@pytest.mark.thorough
def test_check_in_twice_undo_and_count(venue):
    guest = next(g for g in listed() if not g["is_in"])
    who = guest["ticket_id"]
    before = json.loads(run("checkin", "count", SHOW, "--json").stdout)

    first = run("checkin", "in", SHOW, who, "--door", "Door A")
    second = run("checkin", "in", SHOW, who)
    count = json.loads(run("checkin", "count", SHOW, "--json").stdout)
    out = run("checkin", "undo", SHOW, who, "--json")
    unknown = run("checkin", "in", SHOW, "nobody-knows-me")

    assert (first.returncode, second.returncode) == (0, 7)
    assert second.stderr.startswith("ticketsync: already-in: ")
    assert "at Door A" in second.stderr
    assert count["admitted"] == before["admitted"] + 1
    assert count["doors"]["Door A"] == 1
    assert json.loads(out.stdout)["outcome"] == "out"
    assert (unknown.returncode, unknown.stdout) == (2, "")


def test_an_order_of_several_asks_which(venue):
    orders = [g["order_id"] for g in listed() if not g["is_in"] and g["order_id"]]
    several = max(orders, key=orders.count)

    ambiguous = run("checkin", "in", SHOW, several)
    together = run("checkin", "in", SHOW, several, "--group")

    assert ambiguous.returncode == 2
    assert "--group" in ambiguous.stderr
    assert together.returncode == 0
    assert f"{orders.count(several)} of {orders.count(several)} are in." in (
        together.stdout
    )


def test_a_capture_file_with_a_guest_who_should_not_be_in(venue, tmp_path):
    one, two = [g["ticket_id"] for g in listed() if not g["is_in"]][:2]
    file = tmp_path / "side-door.csv"
    file.write_text(
        "at,code\n"
        f"2026-08-01T19:05:00+10:00,{one}\n"
        f"2026-08-01T19:06:00+10:00,{two}\n"
        f"2026-08-01T19:07:00+10:00,{two}\n"
    )

    merged = run("checkin", "import", SHOW, str(file), "--door", "Side")
    again = run("checkin", "import", SHOW, str(file), "--door", "Side", "--json")

    assert merged.returncode == 10
    assert merged.stdout.startswith("3 scans: 2 admitted, 1 already-in.")
    assert json.loads(again.stdout)["outcomes"] == {"admitted": 2, "already-in": 1}


def test_hostile_codes_are_unknown_and_stop_no_other_line(venue, tmp_path):
    """
    Text that looks like a digest, half an emoji and NUL; a time before any clock is a
    bad line by name.
    """
    guest = next(g["ticket_id"] for g in listed() if not g["is_in"])
    file = tmp_path / "side-door.jsonl"
    at = "2026-08-01T19:05:00+10:00"
    early = "0001-01-01T00:00:00+14:00"
    texts = ("code:" + "z" * 32, "\ud83d\0", guest)
    scans = [*({"at": at, "code": text} for text in texts), {"at": early, "code": "x"}]
    file.write_text("\n".join(json.dumps(scan) for scan in scans))

    unknown = run("checkin", "in", SHOW, texts[0])
    merged = run("checkin", "import", SHOW, str(file), "--json")

    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert unknown.stderr.startswith("ticketsync: unknown: ")
    assert merged.returncode == 10
    found = json.loads(merged.stdout)
    assert found["outcomes"] == {"unknown": 2, "admitted": 1}
    assert [early in line for line in found["bad_lines"]] == [True]


def test_the_list_shows_each_ticket_once_with_its_holder(venue):
    found = listed()

    assert len({(g["account"], g["ticket_id"]) for g in found}) == len(found)
    assert all(g["name"].startswith("Guest") for g in found if g["order_id"])
    assert "code" not in found[0]


def test_search_by_a_part_of_a_name(venue):
    guest = next(g for g in listed() if g["order_id"])

    found = json.loads(
        run("attendees", "search", guest["name"].lower(), "--json").stdout
    )

    assert guest["ticket_id"] in {g["ticket_id"] for g in found}
    assert all(guest["name"].lower() in g["name"].lower() for g in found)


def test_the_door_list_as_csv_is_the_list(venue):
    text = run("attendees", "doorlist", SHOW, "--format", "csv").stdout

    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == len(listed())
    names = [row["name"].split()[-1].casefold() for row in rows if row["name"]]
    assert names == sorted(names)


@pytest.fixture
def seated(venue, home):
    """
    One guest with a reserved seat and an answer.
    """
    guest = next(g for g in listed() if not g["is_in"] and g["order_id"])
    database = engine.open_database(str(home / "ticketsync.db"))
    with database.write() as connection:
        ticket = connection.exec_driver_sql(
            "UPDATE tickets SET seat = 'Row B Seat 12' WHERE provider_id = ? "
            "RETURNING id",
            (guest["ticket_id"],),
        ).scalar_one()
        connection.exec_driver_sql(
            "UPDATE attendees SET answers = ? WHERE ticket_id = ?",
            ('{"diet": "vegan", "access": "ramp"}', ticket),
        )
    database.close()
    return guest


@pytest.mark.thorough
def test_seats_and_answers_are_on_every_list_of_guests(seated):
    answers = {"diet": "vegan", "access": "ramp"}
    rows = [g for g in listed() if g["ticket_id"] == seated["ticket_id"]]
    assert [(g["seat"], g["answers"]) for g in rows] == [("Row B Seat 12", answers)]
    assert list(rows[0])[-2:] == ["seat", "answers"]

    text = run("attendees", "doorlist", SHOW, "--format", "csv").stdout
    printed = csv.DictReader(io.StringIO(text))
    (row,) = [r for r in printed if r["ticket_id"] == seated["ticket_id"]]
    assert row["seat"] == "Row B Seat 12"
    assert row["answers"] == "diet: vegan; access: ramp"

    table = run("attendees", "search", seated["ticket_id"], "--show", SHOW).stdout
    assert "SEAT" in table
    assert "ANSWERS" in table
    table = run("attendees", "list", SHOW, env={**os.environ, "COLUMNS": "80"}).stdout
    assert "Row B Seat 12" in table
    assert max(map(len, table.splitlines())) <= 80
    table = run("attendees", "list", env={**os.environ, "COLUMNS": "80"}).stdout
    assert max(map(len, table.splitlines())) <= 80
    # A name that has no room stands in full below its row.
    cut = [line for line in table.splitlines() if "…" in line]
    assert len(cut) == len(re.findall(r"^ +NAME: Guest \d+", table, re.M)) > 0


def test_a_list_without_seats_and_answers_has_no_columns_for_them(venue):
    table = run("attendees", "list", WITHOUT_SEATS).stdout
    assert "SEAT" not in table
    assert "ANSWERS" not in table


def test_a_list_without_names_has_the_orders_instead(venue):
    assert "NAME" in run("attendees", "list", SHOW).stdout
    database = engine.open_database()
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE attendees SET name = ''")
        connection.exec_driver_sql("UPDATE buyers SET name = ''")
    database.close()
    table = run("attendees", "list", SHOW, env={**os.environ, "COLUMNS": "80"}).stdout
    assert "NAME" not in table
    assert "ORDER" in table


def test_the_check_in_says_the_seat(seated):
    done = run("checkin", "in", SHOW, seated["ticket_id"])
    assert done.stdout.endswith(f", {seated['type_name']}, Row B Seat 12.\n")
    again = run("checkin", "in", SHOW, seated["ticket_id"])
    assert "Row B Seat 12 has been in since" in again.stderr
    undone = json.loads(
        run("checkin", "undo", SHOW, seated["ticket_id"], "--json").stdout
    )
    assert undone["tickets"][0]["seat"] == "Row B Seat 12"


def test_the_printed_door_list_has_seats_and_answers(seated, tmp_path):
    pdf = printed(tmp_path)
    text = pdf_text(pdf)
    assert "Seat" in text
    assert "Row B Seat 12" in text
    assert "diet: vegan; access: ramp" in text


def test_the_door_list_as_pdf_has_every_name(venue, tmp_path):
    """
    The file is private.
    """
    pdf = printed(tmp_path)
    assert pdf.read_bytes().startswith(b"%PDF-")
    assert pdf.stat().st_mode & 0o077 == 0
    text = pdf_text(pdf)
    found = listed()
    assert f"{len(found)} guests" in text
    assert all(g["ticket_id"] in text for g in found)
    assert all(g["name"] in text for g in found)


def test_the_door_list_without_names_keeps_its_room_for_the_orders(
    venue, home, tmp_path
):
    """
    An empty column of orders beside them broke long numbers in two.
    """
    with contextlib.closing(sqlite3.connect(home / "ticketsync.db")) as connection:
        connection.execute("DELETE FROM attendees")
        connection.execute("DELETE FROM buyers")
        connection.commit()
    pdf = printed(tmp_path)
    text = pdf_text(pdf)
    assert "Names are not kept" in text
    (heading,) = [
        line.split() for line in text.splitlines() if line.split()[:1] == ["Name"]
    ]
    assert "Order" not in heading


def test_a_name_is_not_interpreted_by_the_pdf_generator(venue, home, tmp_path):
    database = engine.open_database(str(home / "ticketsync.db"))
    bad = '#read("/etc/passwd") $x$ \\ *b* ] "'
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE attendees SET name = ?", (bad,))
    database.close()
    pdf = printed(tmp_path)
    text = pdf_text(pdf)
    assert '#read("/etc/passwd")' in text
    assert "root:" not in text


LONG = "Bartholomew Featherstonehaugh-Cholmondeley-Majoribanks"


def test_the_door_list_prints_no_text_over_another(venue, home, tmp_path):
    """
    A name or a ticket type that is longer than its column goes on below. The paper
    names no command: nobody at a door can run one.
    """
    database = engine.open_database(str(home / "ticketsync.db"))
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE attendees SET name = ?", (LONG,))
        connection.exec_driver_sql(
            "UPDATE tickets SET type_name = '9 Dec 2026 7:30pm – ' || type_name, "
            "provider_id = '000000000000000000' || id"
        )
        connection.exec_driver_sql(
            "UPDATE orders SET provider_id = '000000000000000000' || id"
        )
    database.close()
    pdf = printed(tmp_path)
    read = pdf_text(pdf, "-bbox")
    assert overlapping(read) == []
    assert "ticketsync" not in read.partition("<body>")[2]


def overlapping(read):
    """
    The pairs of words on one page that share more than a hair of its paper.
    """
    found = []
    for page in read.split("<page")[1:]:
        words = [
            (*map(float, box), text)
            for *box, text in re.findall(
                r'xMin="(.*?)" yMin="(.*?)" xMax="(.*?)" yMax="(.*?)">(.*?)<', page
            )
        ]
        found += [
            (one[4], other[4])
            for number, one in enumerate(words)
            for other in words[number + 1 :]
            if min(one[2], other[2]) - max(one[0], other[0]) > 1
            and min(one[3], other[3]) - max(one[1], other[1]) > 3
        ]
    return found


# The pages


@pytest.fixture
def serve():
    started = []

    def start(*arguments):
        process = commands.start("serve", "--port", "0", *arguments)
        started.append(process)
        lines = []
        for line in process.stderr:
            lines.append(line)
            if "The pages are at" in line or len(lines) > 5:
                break
        return process, "".join(lines)

    yield start
    for process in started:
        process.terminate()
        process.wait(20)
        process.stderr.close()


def open_client(text):
    """
    A client that is signed in by a manager's invitation.
    """
    address = re.search(r"The pages are at (\S+);", text)[1]
    invited = run("visitors", "invite", "--role", "manager", "--json")
    token = json.loads(invited.stdout)["url"].rpartition("/")[2]
    client = httpx.Client(
        base_url=address, trust_env=False, headers={"origin": address}
    )
    response = client.post(f"/enter/{token}")
    # The cookie is meant for https or for this machine's own browser.
    client.cookies.set("ticketsync", response.cookies["ticketsync"])
    return client


def test_serve_says_where_the_pages_are_and_an_invitation_opens_them(venue, serve):
    _, output = serve()

    client = open_client(output)
    assert "Late Laughs" in client.get("/calendar?past=1").text
    client.close()
    assert httpx.get(re.search(r"http://\S+?:\d+", output)[0] + "/").status_code == 303


@pytest.mark.thorough
def test_sync_now_is_done_by_the_worker_within_seconds(venue, serve):
    _, output = serve()
    venue.log.clear()

    client = open_client(output)
    response = client.post("/accounts/tt/sync")
    client.close()

    assert response.status_code == 303
    for _ in range(100):
        if venue.log:
            break
        time.sleep(0.1)
    assert venue.log


@pytest.mark.thorough
def test_an_invited_door_may_go_to_the_door_and_nowhere_else(venue, serve):
    _, output = serve("--no-work")
    address = re.search(r"http://\S+?:\d+", output)[0]
    done = run("visitors", "invite", "--role", "door", "--name", "Door A", "--json")
    token = json.loads(done.stdout)["url"].rpartition("/")[2]

    with httpx.Client(base_url=address, headers={"origin": address}) as client:
        response = client.post(f"/enter/{token}")
        client.cookies.set("ticketsync", response.cookies["ticketsync"])
        assert client.get(f"/door/{SHOW}").status_code == 200
        assert client.get("/accounts").status_code == 403
        numbers = [
            str(v["id"])
            for v in json.loads(run("visitors", "list", "--json").stdout)
            if v["kind"] == "session"
        ]
        assert run("visitors", "revoke", *numbers).returncode == 0
        assert client.get(f"/door/{SHOW}").status_code == 303


def test_only_receiving_shows_no_page(venue, serve):
    done = run("serve", "--no-pages", "--port", "0")

    assert done.returncode == 2
    assert "No account can receive webhooks yet." in done.stderr


def test_the_server_ends_when_asked(venue, serve):
    process, _ = serve()

    process.send_signal(signal.SIGTERM)

    assert process.wait(20) in (0, 143, -signal.SIGTERM)


def test_a_short_password_is_refused_and_a_long_one_hashed():
    def hashed(text):
        return run("visitors", "password", "--stdin", input=text)

    assert hashed("short\n").returncode == 2
    assert re.fullmatch(
        r"scrypt:[\w=-]{24}:[\w=-]{88}\n", hashed("a dozen lanterns\n").stdout
    )
