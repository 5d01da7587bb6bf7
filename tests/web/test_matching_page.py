"""
The matching page: it asks what the screen asks, and each answer is one click.
"""

import re
from datetime import UTC, datetime

import httpx
import pytest
from sqlalchemy import delete
from support import needs
from support.listed_week import Week
from support.undated import take_date_away
from support.web_server import running

from ticketsync.catalogue import known_offsets, new_shows
from ticketsync.catalogue import shows as known_shows
from ticketsync.catalogue.matching_rules import questions
from ticketsync.core import clock
from ticketsync.core.settings.config import Settings
from ticketsync.store import engine
from ticketsync.store.tables.catalogue import shows
from ticketsync.visitors import passes
from ticketsync.web import app as web
from ticketsync.web.site import COOKIE, Site
from ticketsync.web.webhook_receiver import Receiver
from ticketsync.workflows.matching import match


@pytest.fixture
def week(tmp_path, templates):
    """
    A database that holds the week and nothing else.
    """
    place = templates.copy("sqlite", "empty", tmp_path / "week.db")
    database = engine.open_database(place)
    found = Week(database)
    found.list_all()
    yield found
    database.close()


@pytest.fixture
def address(week):
    site = Site(week.database, Settings())
    with running(web.create_app(Receiver(week.database, list), site)) as address:
        yield address


@pytest.fixture
def client(week, address):
    with httpx.Client(
        base_url=address, trust_env=False, follow_redirects=True
    ) as client:
        client.headers["origin"] = address
        with week.database.write() as connection:
            token = passes.issue(connection, "session", "manager", "Ruth", clock.now())
        client.cookies.set(COOKIE, token)
        yield client


def plan(week):
    with week.database.read() as connection:
        return match.plan(connection, Settings())


def true_pairs(week, found):
    return [
        f"{id_}:{week.truth[id_]}"
        for question in found
        for id_ in question.occurrence_ids
        if week.truth[id_]
    ]


def test_a_show_that_nobody_sells_is_named(week, client):
    """
    By its title, its day and its venue, with a link to it.
    """

    def named():
        found = re.search(
            r"(\d+) shows? (?:is|are) not on sale on any platform</summary>(.*?)</ul>",
            client.get("/matching").text,
            re.DOTALL,
        )
        return (int(found[1]), found[2]) if found else (0, "")

    number, before = named()
    assert "Quiet Evening" not in before
    with week.database.write() as connection:
        venue = known_shows.get_venue(connection)
        added = new_shows.add_show(
            connection,
            new_shows.NewShow(
                *("Quiet Evening", datetime(2031, 3, 4, 9, 30, tzinfo=UTC)),
                *(venue.name, "Australia/Sydney", "AUD"),
            ),
        )
        (id_,) = [
            show.id
            for show in known_shows.list_shows(connection)
            if show.production == "Quiet Evening"
        ]
    assert added
    after, text = named()
    assert after == number + 1
    (line,) = [row for row in text.split("<li>") if "Quiet Evening" in row]
    assert f'href="/shows/{id_}"' in line
    assert "Tue 04 Mar 2031" in line
    assert venue.name in line


def test_the_page_asks_what_the_screen_asks(week, client):
    page = client.get("/matching").text
    asked = questions.group(plan(week).unsure)

    shown = re.findall(r'name="pair" value="(\d+):(\d+)"( checked)?', page)
    certain = len(plan(week).certain)
    of_nights = shown[certain:]
    ticked = {int(id_) for id_, _, is_ticked in of_nights if is_ticked}
    assert {(int(id_), int(show)) for id_, show, _ in of_nights} == {
        (id_, question.show.show_id)
        for question in asked
        if question.show
        for id_ in question.occurrence_ids
    }
    assert ticked == {
        item.occurrence.occurrence_id
        for question in asked
        for item in question.items
        if item.is_clear
    }
    assert f"{len(asked)} nights to review" in page


def test_a_week_is_matched_with_few_clicks(week, client):
    """
    Everything ticked is linked at once, an offset applied and remembered, the rest
    linked night by night; then it is taken back.
    """
    clicks = 0
    page = client.get("/matching").text
    ticked = re.findall(r'name="pair" value="(\d+:\d+)" checked', page)
    client.post("/matching/link", data={"pair": ticked})
    clicks += 1
    while found := [q for q in questions.group(plan(week).unsure) if q.show]:
        night = found[0]
        client.post(
            "/matching/link", data={"same": " ".join(true_pairs(week, [night]))}
        )
        clicks += 1
    (single,) = questions.group(plan(week).unsure)
    night = " ".join(map(str, single.occurrence_ids))
    client.post("/matching/refuse", data={"night": night})
    clicks += 1

    assert clicks <= 12
    assert week.linked() == {id_: show for id_, show in week.truth.items() if show}
    page = client.get("/matching").text
    assert "Every date is linked to a show." in page
    shown = r'name="batch" value="(.+?)".*?name="kind" value="(.+?)"'
    while found := re.search(shown, page):
        undo = {"batch": found[1], "kind": found[2]}
        page = client.post("/matching/undo", data=undo).text
    assert week.linked() == {}


def test_what_has_no_date_is_not_said_to_be_linked(full, enter):
    """
    The money page names the orders of what has no date, as drinks; the pages on which
    nothing is left to match name them too.
    """
    take_date_away(full)
    viewer = enter("manager")
    named = re.search(
        r"(\d+ orders? \([^)]+\) belongs? to 1 date that is linked to no show)",
        viewer.get("/money?period=").text,
    )[1]
    for address in ("/matching", "/productions/1"):
        page = viewer.get(address).text
        assert (
            f"Matching has no question left, but {named}: it does not ask about a date "
            "that has no day or is no longer listed." in page
        )
        assert "Every date is linked" not in page


@pytest.mark.thorough
def test_a_learnt_offset_is_applied_remembered_and_taken_back(week, client):
    late_laughs = [
        question
        for question in questions.group(plan(week).unsure)
        if question.show and question.show.production == "Late Laughs"
    ]
    pairs = " ".join(true_pairs(week, late_laughs[:3]))
    client.post("/matching/link", data={"same": pairs})
    words = "Ticket Tailor (tt) lists doors, 30 min before, for Late Laughs"
    assert words in client.get("/matching").text
    before = week.linked()
    offset = {"account": "tt", "production": "Late Laughs", "minutes": "-30"}

    stale = client.post("/matching/offset", data={**offset, "minutes": "-45"})
    client.post("/matching/offset", data={**offset, "remember": "yes"})

    assert stale.status_code == 404
    linked = week.linked()
    assert len(linked) > len(before)
    assert all(week.truth[id_] == show for id_, show in linked.items())
    page = client.get("/matching").text
    assert "Linked without asking" in page
    assert words in page
    client.post("/matching/forget", data=offset)
    with week.database.read() as connection:
        found = known_offsets.list_offsets(connection)
    assert [item.is_confirmed for item in found] == [False]


def test_another_show_is_found_by_search(week, client):
    (night,) = [q for q in questions.group(plan(week).unsure) if not q.show]
    dates = " ".join(map(str, night.occurrence_ids))
    field = f"show-{night.occurrence_ids[0]}"

    unknown = client.post("/matching/night", data={"night": dates, field: "Macbeth"})
    found = client.post(
        "/matching/night", data={"night": dates, field: "#3 Late Laughs 2027-03-02"}
    )

    assert (unknown.status_code, found.status_code) == (404, 200)
    assert {id_: week.linked()[id_] for id_ in night.occurrence_ids} == dict.fromkeys(
        night.occurrence_ids, 3
    )


def test_the_enter_key_presses_no_button_of_another_night(week, client):
    """
    A browser lets Enter press the first button of a form (HTML, implicit submission).
    """
    page = client.get("/matching").text
    form = re.search(r'<form[^>]*id="match">(.*?)</form>', page, re.S)[1]
    first = re.search(r'<button name="(\w+)" value="(\w+)"', form)
    ticked = re.findall(r'name="pair" value="(\d+:\d+)" checked', form)

    pressed = client.post("/matching/link", data={first[1]: first[2], "pair": ticked})

    assert first[1] == "none"
    assert (pressed.status_code, week.linked()) == (200, {})


def test_a_pair_that_is_no_longer_proposed_is_not_linked(week, client):
    """
    A page that was open while somebody else decided, or a made-up request.
    """
    before = week.linked()
    free = next(iter(week.truth))

    for pair, status in ((f"{free}:30", 404), ("x:1", 400), ("", 400)):
        response = client.post("/matching/link", data={"pair": pair})
        assert response.status_code == status

    assert week.linked() == before


@needs.chromium
@pytest.mark.thorough
def test_the_page_is_short_counts_ticks_and_takes_keys(week, address, chromium):
    with week.database.write() as connection:
        token = passes.issue(connection, "link", "manager", "", clock.now())
    context = chromium.new_context(
        base_url=address, viewport={"width": 1280, "height": 800}
    )
    page = context.new_page()
    page.goto(f"/enter/{token}")
    page.get_by_role("button", name="Open").click()
    page.goto("/matching")
    height = page.evaluate("document.documentElement.scrollHeight")
    page.locator(".night input[name=pair]").nth(5).press("Enter")
    assert week.linked() == {}
    ticked = int(page.locator("#ticked").inner_text())

    # All nights of a production at once; nothing is linked by that.
    several = page.locator("section.card", has=page.locator("[data-tick-all]")).first
    boxes = several.locator("input[name=pair]")
    boxes.first.uncheck()
    assert int(page.locator("#ticked").inner_text()) == ticked - 1
    several.get_by_role("button", name=re.compile(r"^Tick all \d+ nights$")).click()
    assert boxes.count() > 1
    assert all(box.is_checked() for box in boxes.all())
    shown = int(page.locator("#ticked").inner_text())
    assert shown == page.locator("input[name=pair]:checked").count() >= ticked
    assert week.linked() == {}
    page.reload()

    page.locator(".night input[name=pair]").first.focus()
    page.keyboard.press("1")
    after = int(page.locator("#ticked").inner_text())
    page.keyboard.press("a")
    page.get_by_text("Recently linked").wait_for()
    context.close()

    assert height < 6000  # it was 9,000
    assert abs(after - ticked) == 1
    assert len(week.linked()) == 1


def test_without_any_show_it_says_where_they_are_made(week, client):
    link = '<a href="/shows/adopt">Make them your shows</a>'
    assert link not in client.get("/matching").text
    with week.database.write() as connection:
        connection.execute(delete(shows))
    page = client.get("/matching").text
    assert "You have no shows yet that these could belong to." in page
    assert link in page
