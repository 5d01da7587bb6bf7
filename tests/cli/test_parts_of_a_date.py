"""
A Square item whose ticket types are occurrences of their own is one date wherever dates
are listed or asked about, and each of its occurrences has a link of its own.
"""

import json
import re
import shlex
from datetime import datetime

import httpx
import pytest
from sqlalchemy import select, update
from support.commands import talk
from support.dates import NOW
from support.listed_occurrences import listed_occurrence
from support.listing_commands import listings
from support.web_server import running
from typer.testing import CliRunner

from ticketsync.accounts import edits, state
from ticketsync.catalogue import (
    links,
    move_notes,
    moves,
    new_shows,
    occurrences,
    saved_listing,
    shows,
)
from ticketsync.catalogue.matching_rules import questions
from ticketsync.cli.main import app
from ticketsync.core import clock, records
from ticketsync.core.date_keys import DateKey, group_parts
from ticketsync.core.settings.config import Settings
from ticketsync.reporting import waiting
from ticketsync.store import engine
from ticketsync.store.tables.catalogue import occurrences as occurrences_table
from ticketsync.store.tables.catalogue import show_links
from ticketsync.visitors import passes
from ticketsync.web import app as web
from ticketsync.web.site import COOKIE, Site
from ticketsync.web.webhook_receiver import Receiver
from ticketsync.workflows.matching import match

SYDNEY = "Australia/Sydney"
EARLY, LATE = datetime(2026, 9, 18, 19, 30), datetime(2026, 9, 18, 21, 0)
SELLER = "squarebar"
PARTS = ("V-adult", "V-child", "V-member")
# These are about single occurrences, ticket types or happenings.
OTHER_LISTINGS = {"audit list", "events prices", "accounts list"}


def occurrence(id_, event, starts, *, is_dated=True):
    return listed_occurrence(
        id_,
        event,
        clock.local_to_utc(starts, SYDNEY),
        name="Late Laughs",
        url=f"https://square.example/{id_}",
        is_dated=is_dated,
    )


@pytest.fixture
def database(home, frozen, templates):
    """
    Two shows of one evening. Square sells the first in three parts and has two things
    without a date, Ticket Tailor lists both shows.
    """
    opened = engine.open_database(
        templates.copy("sqlite", "empty", home / "ticketsync.db")
    )
    with opened.write() as connection:
        shows.add_venue(connection, "The Lantern Room", SYDNEY, "AUD")
        for starts in (EARLY, LATE):
            new_shows.add_show(
                connection,
                new_shows.NewShow(
                    production="Late Laughs",
                    starts_at=clock.local_to_utc(starts, SYDNEY),
                    venue="The Lantern Room",
                    timezone=SYDNEY,
                    currency="AUD",
                ),
            )
        for name, provider, listed in (
            (
                SELLER,
                "square",
                [
                    *(occurrence(id_, "item", EARLY) for id_ in PARTS),
                    occurrence("V-cup", "cups", EARLY, is_dated=False),
                    occurrence("V-mug", "cups", EARLY, is_dated=False),
                ],
            ),
            (
                "tt",
                "ticket_tailor",
                [occurrence("oc1", "ev", EARLY), occurrence("oc2", "ev", LATE)],
            ),
        ):
            account = edits.add_account(
                connection,
                state.NewAccount(name, provider, None, "none", "", "", None),
                NOW,
            )
            by_event = {}
            for item in listed:
                by_event.setdefault(item.event_id, []).append(item)
            saved_listing.save_listing(
                connection,
                account,
                [
                    saved_listing.ListedEvent(
                        records.Event(event, "Late Laughs", None, tuple(items)),
                        event.encode(),
                    )
                    for event, items in by_event.items()
                ],
            )
    yield opened
    opened.close()


@pytest.fixture
def client(database):
    site = Site(database, Settings())
    with database.write() as connection:
        token = passes.issue(connection, "session", "manager", "Ruth", clock.now())
    with (
        running(web.create_app(Receiver(database, list), site)) as address,
        httpx.Client(base_url=address, trust_env=False, follow_redirects=True) as found,
    ):
        found.headers["origin"] = address
        found.cookies.set(COOKIE, token)
        yield found


def linked(database):
    with database.read() as connection:
        return {
            item.provider_occurrence_id: item.show_id
            for item in occurrences.list_occurrences(connection)
            if item.show_id is not None
        }


def ids(database):
    with database.read() as connection:
        return [
            item.id
            for item in occurrences.list_occurrences(connection)
            if item.provider_occurrence_id in PARTS
        ]


def plan(database):
    with database.read() as connection:
        return match.plan(connection, Settings())


def output_of(words):
    words = words.replace("productions show 1", "productions show 'Late Laughs'")
    done = CliRunner().invoke(app, shlex.split(words))
    assert done.exit_code in (0, 10), (words, done.stderr, done.exception)
    return done.stdout


def dated_lines(text):
    """
    The lines about Square's dates, without those of what has none.
    """
    return [
        line
        for line in text.splitlines()
        if SELLER in line and ("2026-09-18" in line or "18 Sep" in line)
    ]


def all_listings():
    found = {
        *listings(),
        "shows show 1",
        "match --dry-run",
        "shows adopt --all --dry-run",
    }
    return sorted(
        words
        for words in found
        if words not in OTHER_LISTINGS and not words.startswith(("runs", "accounts"))
    )


@pytest.mark.parametrize("is_linked", [False, True])
@pytest.mark.thorough
def test_every_listing_has_one_line_for_the_date(database, is_linked, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    if is_linked:
        match.link_parts(database, Settings(), ids(database), 1)
    printed = {words: dated_lines(output_of(words)) for words in all_listings()}
    assert {words: lines for words, lines in printed.items() if len(lines) > 1} == {}
    assert len(printed["events list"]) == 1
    assert len(printed["shows show 1"]) == is_linked
    # Nothing of it is left out: the parts are in the line, and records of their own.
    assert all(part in printed["events list"][0] for part in PARTS)
    records_ = json.loads(output_of("events list --json"))
    of_square = {r["occurrence_id"] for r in records_ if r["account"] == SELLER}
    assert of_square == {"V-cup", "V-mug", *PARTS}


@pytest.mark.parametrize("is_linked", [False, True])
def test_every_page_names_the_date_once(database, client, is_linked):
    if is_linked:
        match.link_parts(database, Settings(), ids(database), 1)

    def text_of(path):
        page = client.get(path)
        assert page.status_code == 200, path
        return page.text

    sold_by = re.findall(
        r'data-label="Sold by">(.*?)</td>', text_of("/calendar?past=1")
    )
    assert sold_by[0].count(SELLER) == is_linked
    show = text_of("/shows/1")
    assert show.count(f"<li>{SELLER}:") == is_linked
    assert show.count(f"switches of {SELLER}") == is_linked
    if is_linked:
        assert "(V-adult, V-child, V-member)" in show
    production = text_of("/productions/1")
    sells = re.findall(r'data-label="Sold by">(.*?)</td>', production)
    assert sells[0].count(SELLER) == is_linked
    assert not any(SELLER in others for others in sells[1:])
    boxes = re.findall(rf"<b>{SELLER}</b>", production)
    assert len(boxes) == (not is_linked)
    assert text_of("/matching").count(f"<b>{SELLER}</b>") == (not is_linked)
    rows = re.findall(r"(?s)<tr>.*?</tr>", text_of("/events"))
    dated = [row for row in rows if SELLER in row and "no date" not in row]
    assert len(dated) == 1
    adopted = re.findall(r"(?s)<tr>.*?</tr>", text_of("/shows/adopt"))
    assert sum(SELLER in row for row in adopted) == (not is_linked)


def test_the_three_parts_wait_as_one_date(database):
    waiting = json.loads(output_of("waiting list --json"))
    found = [item for item in waiting if item["kind"] == "unmatched"]
    assert len([item for item in found if SELLER in item["text"]]) == 1


def test_what_matching_leaves_is_counted_in_dates(database):
    """
    As in the list above that line; JSON has a record for each occurrence.
    """
    with database.read() as connection:
        unmatched = len(waiting.list_unmatched(connection))
    assert unmatched == 3  # Square's one, and Ticket Tailor's two

    done = CliRunner().invoke(app, ["match", "--yes"])

    assert "2 linked, 1 left to decide." in done.stderr
    as_json = CliRunner().invoke(app, ["match", "--yes", "--json"]).stdout
    assert json.loads(as_json)["left"] == len(PARTS)


def test_a_double_bill_does_not_tear_the_parts_apart(database):
    asked = questions.group(plan(database).unsure)
    of_square = [
        (question.show.show_id, date.occurrence_ids)
        for question in asked
        for date in question.dates
        if date.first.occurrence.account == SELLER
    ]
    assert of_square == [(1, tuple(ids(database)))]


def test_one_answer_on_the_page_links_all_parts(database, client):
    page = client.get("/matching").text
    (box,) = re.findall(
        r'name="pair" value="([^"]*)"[^>]*>\s*<span><b>squarebar</b>', page
    )
    client.post("/matching/link", data={"pair": box})
    assert {part: linked(database)[part] for part in PARTS} == dict.fromkeys(PARTS, 1)


def changed(*words):
    """
    What a command said that named the middle one of the three parts.
    """
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 0, (done.stderr, done.exception)
    return done.stderr


ONE = "Late Laughs 2026-09-18 19:30 (squarebar"
ALL = f"{ONE}, 3 ticket types)"


def test_a_command_that_names_a_part_is_about_the_date(database):
    all_linked = dict.fromkeys(PARTS, 1)
    said = changed("link", "V-child", "1")
    assert said == f"{ALL} is linked to Late Laughs 2026-09-18 19:30.\n"
    assert linked(database) == all_linked

    assert changed("link", "set", "V-child", "--no-sales").startswith(f"{ALL}: ")
    assert sales_on(database) == dict.fromkeys(PARTS, False)

    said = changed("unlink", "V-child")
    assert said.startswith(f"{ALL} is no longer linked to a show.\n")
    assert linked(database) == {}


def test_a_command_is_about_one_part_where_a_person_says_so(database):
    said = changed("link", "V-child", "1", "--part")
    assert said == f"{ONE}) is linked to Late Laughs 2026-09-18 19:30.\n"
    assert linked(database) == {"V-child": 1}
    changed("link", "V-adult", "1")  # and the third one, which is linked nowhere either
    assert linked(database) == dict.fromkeys(PARTS, 1)

    changed("link", "set", "V-child", "--no-sales", "--part")
    assert sales_on(database) == {**dict.fromkeys(PARTS, True), "V-child": False}

    assert changed("unlink", "V-child", "--part").startswith(f"{ONE}) is no longer")
    assert linked(database) == {"V-adult": 1, "V-member": 1}


def test_what_was_decided_about_a_date_is_counted_and_undone_as_one(database, client):
    changed("link", "V-child", "1")
    page = client.get("/matching").text
    assert "1 date, chosen by hand" in page
    assert page.count("<li>squarebar: Late Laughs 2026-09-18 19:30, ") == 1
    assert "Undo 1<" in page

    said = changed("match", "--undo")

    assert "1 link (1 chosen by hand) and 0 refusals" in said
    assert said.count("squarebar: Late Laughs 2026-09-18 19:30, ") == 1
    assert linked(database) == {}


def test_refused_parts_are_one_refusal(database, client):
    client.post("/matching/refuse", data={"night": " ".join(map(str, ids(database)))})
    assert "0 links and 1 refusal" in changed("match", "--undo")


@pytest.mark.parametrize("alone", [{}, {"part": "1"}])
def test_the_page_of_a_part_is_about_the_date_too(database, client, alone):
    match.link_parts(database, Settings(), ids(database), 1)
    child = ids(database)[PARTS.index("V-child")]
    others = {"V-adult", "V-member"} if alone else set()
    assert "Only for V-child" in client.get(f"/occurrences/{child}").text

    client.post(f"/occurrences/{child}/switches", data={"enabled": "on", **alone})
    assert {part for part, is_on in sales_on(database).items() if is_on} == others

    client.post(f"/occurrences/{child}/unlink", data=alone)
    assert set(linked(database)) == others


def test_a_date_that_moved_is_one_thing_to_decide_and_decided_on_its_page(
    database, client
):
    match.link_parts(database, Settings(), ids(database), 1)
    with database.write() as connection:
        connection.execute(update(show_links).values(status="conflict"))

    waiting = json.loads(output_of("waiting list --json"))
    assert [item["kind"] for item in waiting].count("moved") == 1
    overview = client.get("/").text
    assert "1 date is at another time than its show" in overview
    (page,) = re.findall(r'<a href="(/occurrences/\d+)">squarebar: ', overview)
    assert "Is it still the same show?" in client.get(page).text
    show = client.get("/shows/1").text
    assert "1 date is at another time than its show" in show
    assert f'<a href="{page}">squarebar: ' in show
    assert "1 date is at another time than its show" not in client.get("/shows/2").text

    form = re.search(r'action="(/match/\d+/1)"', client.get(page).text)
    after = client.post(form[1], data={"back": page})

    assert after.url.path == page
    assert "Is it still the same show?" not in after.text
    with database.read() as connection:
        assert set(connection.scalars(select(show_links.c.status))) == {"synced"}


def list_at(database, starts_local, **values):
    """
    The platform lists all parts at another time of that day.
    """
    starts_at = clock.local_to_utc(datetime.fromisoformat(starts_local), SYDNEY)
    moved = dict.fromkeys(ids(database), starts_at)
    with database.write() as connection:
        connection.execute(
            update(occurrences_table)
            .where(occurrences_table.c.id.in_(moved))
            .values(starts_at=starts_at, starts_local=starts_local)
        )
        if values:
            connection.execute(update(show_links).values(**values))
        moves.follow_moves(connection, moved)


def test_confirming_a_date_says_that_the_show_moved(database):
    """
    An adopted show that moves by more than a day waits; nobody else sells it.
    """
    match.link_parts(database, Settings(), ids(database), 1)
    list_at(database, "2026-09-21 20:00", decided_by="adopted")

    said = changed("link", str(ids(database)[1]), "1")

    assert said.splitlines() == [
        "Late Laughs 2026-09-21 20:00 (squarebar, 3 ticket types) is linked to Late "
        "Laughs 2026-09-21 20:00.",
        "Your show was moved there with it, from 2026-09-18 19:30, because no platform "
        "lists it at another time.",
    ]
    assert "moved:" not in output_of("waiting list")


def test_confirming_a_date_says_that_the_show_stays(database):
    match.link_parts(database, Settings(), ids(database), 1)
    list_at(database, "2026-09-18 20:00")
    assert "moved:" in output_of("waiting list")

    said = changed("link", str(ids(database)[1]), "1")

    assert said.splitlines() == [
        "Late Laughs 2026-09-18 20:00 (squarebar, 3 ticket types) is linked to Late "
        "Laughs 2026-09-18 19:30.",
        "Your show stays at 2026-09-18 19:30; the date waits no more. To move the "
        'show: ticketsync shows edit 1 --starts-at "2026-09-18 20:00"',
    ]
    assert "moved:" not in output_of("waiting list")


def test_the_page_says_that_the_show_moved(database, client):
    match.link_parts(database, Settings(), ids(database), 1)
    list_at(database, "2026-09-21 20:00", decided_by="adopted")
    page = f"/occurrences/{ids(database)[0]}"

    after = client.post(f"/match/{ids(database)[0]}/1", data={"back": page})

    assert "Your show was moved to the time of this date" in after.text
    assert "Is it still the same show?" not in after.text


def sales_on(database):
    with database.read() as connection:
        return {
            item.provider_occurrence_id: item.sync_ticket_sales
            for item in occurrences.list_occurrences(connection)
            if item.provider_occurrence_id in PARTS and item.show_id is not None
        }


def test_refusing_the_date_refuses_all_parts(database, client):
    pairs = " ".join(f"{id_}:1" for id_ in ids(database))
    night = " ".join(map(str, [*ids(database), 999]))
    client.post("/matching/refuse", data={"night": night, "pair": pairs})
    left = {item.occurrence.occurrence_id for item in plan(database).unsure}
    assert not left & {*ids(database)}


@pytest.mark.parametrize("path", ["link", "show"])
def test_what_is_decided_on_the_page_of_a_part_holds_for_all(database, client, path):
    first = ids(database)[1]
    page = client.get(f"/occurrences/{first}").text
    assert "It is listed as 3 ticket types" in page
    client.post(
        f"/occurrences/{first}/{path}", data={"show": "1", "title": "Late Laughs"}
    )
    assert {part: linked(database)[part] for part in PARTS} == dict.fromkeys(PARTS, 1)


def test_one_key_on_the_screen_links_all_parts(home, database):
    screen = talk(
        "match", env={"TICKETSYNC_HOME": str(home), "TERM": "xterm", "COLUMNS": "80"}
    )
    screen.expect("certain pair")
    screen.send("y")
    screen.expect("1 open")
    screen.expect("V-adult, V-child")
    screen.send("1")
    screen.expect("linked")
    screen.close()
    assert {part: linked(database)[part] for part in PARTS} == dict.fromkeys(PARTS, 1)


def test_the_rule_groups_by_account_event_instant_and_show():
    at = datetime(2026, 9, 18, 9, 30)
    keys = [
        DateKey("bar", 1, at, 7),
        DateKey("bar", 2, at, 7),
        DateKey("bar", 1, at, 7),
        None,
        DateKey("bar", 1, at, 8),
        None,
        DateKey("eb", 1, at, 7),
    ]
    grouped = group_parts(range(len(keys)), keys.__getitem__)
    assert grouped == [(0, 2), (1,), (3,), (4,), (5,), (6,)]


@pytest.mark.parametrize(
    ("moving", "said"),
    [
        (PARTS, "is listed by tt at 2026-09-18 19:30"),
        (("oc1",), f"is listed by {SELLER} at 2026-09-18 19:30"),
    ],
)
def test_a_date_that_moved_is_noted_once(database, moving, said):
    match.link_parts(database, Settings(), ids(database), 1)
    later = clock.local_to_utc(LATE.replace(hour=23), SYDNEY)
    with database.write() as connection:
        listed = occurrences.list_occurrences(connection)
        number = {o.provider_occurrence_id: o.id for o in listed}
        pairs = [links.Pair(number["oc1"], 1, "listed")]
        links.save_links(connection, pairs, decided_by="adopted", batch="b", now=NOW)
        connection.execute(update(show_links).values(decided_by="adopted"))
        moved = {number[id_]: later for id_ in moving}
        is_moved = occurrences_table.c.id.in_(moved)
        connection.execute(
            update(occurrences_table).where(is_moved).values(starts_at=later)
        )
        followed = moves.follow_moves(connection, moved)
        (note,) = move_notes.describe_moves(connection, followed)
    assert note.count(said) == 1
