"""
The pages without a browser: access, content, and what unknown clients get.
"""

import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from support import hand_links
from support.dates import NOW
from support.web_server import PASSWORD

from ticketsync.catalogue import new_shows, occurrences, shows
from ticketsync.core import clock, money
from ticketsync.financials import recompute
from ticketsync.reporting import (
    calendar,
    figures_of_shows,
    grouped_figures,
    sales_over_time,
)
from ticketsync.visitors import passes
from ticketsync.web.middleware import HEADERS
from ticketsync.web.site import COOKIE

READ = (
    *("/", "/shows/1", "/productions/1", "/accounts", "/matching", "/runs"),
    *("/webhooks", "/discrepancies", "/calendar"),
)
AT_DOOR = ("/door", "/door/1", "/door/1/guests")
CHANGES = (
    *("/accounts/tt/sync", "/match/certain", "/match/1/never", "/match/1/1"),
    "/calendar/feed",
)


# Access


@pytest.mark.parametrize("path", [*READ, *AT_DOOR])
def test_an_unknown_client_is_sent_to_the_sign_in_page(enter, path):
    response = enter("").get(path, follow_redirects=False)

    assert response.status_code in (303, 401)
    assert "Late Laughs" not in response.text


@pytest.mark.parametrize(
    ("role", "reads", "admits", "manages"),
    [
        ("viewer", 200, 403, 403),
        ("door", 403, 200, 403),
        ("manager", 200, 200, 303),
    ],
)
def test_each_role_sees_what_it_may_see(enter, role, reads, admits, manages):
    client = enter(role)

    for path in READ:
        found = client.get(path, follow_redirects=False).status_code
        # The front page sends the door role to the door page.
        assert found == (303 if (role, path) == ("door", "/") else reads), path
    for path in AT_DOOR:
        assert client.get(path).status_code == admits, path
    response = client.post("/accounts/tt/sync", follow_redirects=False)
    assert response.status_code == manages


@pytest.mark.parametrize("path", CHANGES)
@pytest.mark.parametrize("origin", ["https://evil.example.org", "null", ""])
@pytest.mark.sampled(4)
def test_nothing_is_changed_for_another_site(
    enter, full, requested_syncs, path, origin
):
    """
    Another site makes the manager's browser send a form, with its cookie.
    """
    client = enter("manager")

    response = client.post(path, headers={"origin": origin}, follow_redirects=False)

    assert response.status_code == 403
    assert requested_syncs == []


def test_every_answer_forbids_what_no_page_needs(enter):
    client = enter("manager")

    for path in (*READ, *AT_DOOR, "/enter", "/nothing-here/x"):
        response = client.get(path)
        if response.status_code != 404:
            for name, value in HEADERS.items():
                assert response.headers[name] == value, (path, name)
        assert "server" not in response.headers


@pytest.mark.thorough
def test_no_page_needs_anything_from_elsewhere(enter):
    client = enter("manager")

    for path in READ:
        text = client.get(path).text
        loaded = re.findall(r'(?:src|<link[^>]* href)="([^"]*)"', text)
        assert loaded
        assert all(address.startswith("/static/") for address in loaded)
        assert "<script>" not in text
        assert not re.search(r'\s(?:on\w+|style)="', text)


def test_an_upgrade_of_the_pages_is_seen_at_once(enter):
    client = enter("")
    first = client.get("/static/door.js")

    again = client.get(
        "/static/door.js", headers={"if-none-match": first.headers["etag"]}
    )

    assert first.headers["cache-control"] == "no-cache"
    assert (again.status_code, again.content) == (304, b"")


# Signing in


def test_a_link_opens_once_and_a_preview_does_not_use_it_up(enter, full):
    with full.write() as connection:
        token = passes.issue(connection, "link", "viewer", "Ana", clock.now())
    preview, first, second = enter(""), enter(""), enter("")

    assert preview.get(f"/enter/{token}").status_code == 200  # a chat preview
    response = first.post(f"/enter/{token}", follow_redirects=False)
    again = second.post(f"/enter/{token}", follow_redirects=False)

    assert (response.status_code, again.status_code) == (303, 403)
    cookie = response.headers["set-cookie"]
    assert {"HttpOnly", "Secure", "SameSite=lax"} <= set(cookie.split("; "))
    first.cookies.set(COOKIE, cookie.partition("=")[2].partition(";")[0])
    assert "Signed in as viewer (Ana)" in first.get("/").text


def test_a_link_expires_after_two_days(enter, full, frozen):
    with full.write() as connection:
        token = passes.issue(connection, "link", "manager", "", clock.now())
    frozen(NOW + timedelta(days=2, seconds=1))

    assert enter("").post(f"/enter/{token}").status_code == 403


def test_the_password_is_refused_after_five_wrong_ones(enter):
    client = enter("")
    right = client.post("/enter", data={"password": PASSWORD}, follow_redirects=False)
    assert right.status_code == 303

    found = [
        client.post("/enter", data={"password": "lanterns"}).status_code
        for _ in range(6)
    ]

    assert found == [403, 403, 403, 403, 403, 429]
    late = client.post("/enter", data={"password": PASSWORD}, follow_redirects=False)
    assert late.status_code == 429


def test_signing_out_ends_the_session(enter):
    client = enter("manager")
    token = client.cookies[COOKIE]

    client.post("/leave")

    client.cookies.set(COOKIE, token)
    assert client.get("/", follow_redirects=False).status_code == 303


def test_a_revoked_visitor_is_signed_out(enter, full):
    client = enter("viewer")
    with full.write() as connection:
        (found,) = passes.list_visitors(connection, clock.now())
        assert passes.revoke(connection, [found.id], clock.now()) == 1

    assert client.get("/", follow_redirects=False).status_code == 303


def test_no_token_is_in_the_database(enter, full):
    client = enter("manager")

    assert client.cookies[COOKIE].encode() not in full.file.read_bytes()


# Content


class TextCollector(HTMLParser):
    """
    Collects the text of a page.
    """

    def __init__(self):
        super().__init__()
        self.words = []

    def handle_data(self, data):
        if data.strip():
            self.words.append(data.strip())


def page_text(response):
    assert response.status_code == 200
    parser = TextCollector()
    parser.feed(response.text)
    return parser.words


def test_the_overview_says_what_was_sold_today_and_in_seven_days(enter, full, sandbox):
    """
    Counted by hand from the sandbox's purchases, by the calendar of Sydney: today began
    at 14:00 UTC the day before.
    """
    ends = NOW.timestamp()
    today = ends - 10 * 3600

    def sold(since):
        bought = [
            p
            for p in sandbox.world.purchases
            if since <= p.placed_at <= ends and p.state == "completed"
        ]
        return sum(not s.is_void for p in bought for s in p.seats)

    with full.read() as connection:
        lately = sales_over_time.read_recent_activity(
            connection, "day", "Australia/Sydney", NOW
        ).recent
    words = page_text(enter("viewer").get("/"))

    assert lately.today.tickets == sold(today)
    assert lately.last(7).tickets == sold(today - 6 * 86400) > 0
    at = words.index("Tickets", words.index("7 days"))
    assert words[at + 1] == str(sold(today - 6 * 86400))


def test_the_show_page_says_its_figures_to_the_cent(enter, full, sandbox):
    show = sandbox.truth()[0]
    with full.read() as connection:
        (found,) = [
            f
            for f in figures_of_shows.figures(connection)
            if clock.iso(f.starts_at) == show["starts_at"]
        ]

    words = page_text(enter("viewer").get(f"/shows/{found.show_id}"))

    shown = (
        f"{int(show['gross'].partition('.')[0]):,}.{show['gross'].partition('.')[2]}"
    )
    assert f"{shown} AUD" in words or shown in words
    assert "synced" in " ".join(words)


def test_the_drill_down_ends_at_the_order(enter, full, sandbox):
    purchase = next(
        p
        for p in sandbox.world.purchases
        if p.state == "completed" and len(p.seats) > 1 and p.total
    )
    with full.read() as connection:
        show = next(
            s
            for s in shows.list_shows(connection)
            if s.starts_at == purchase.performance.starts_at
        )

    words = page_text(
        enter("viewer").get(f"/shows/{show.id}/orders/tt/or_{purchase.id}")
    )

    total = money.decimal_text(purchase.total, "AUD")
    assert f"{total} AUD" in words
    assert {f"it_{seat.id}" for seat in purchase.seats} <= set(words)


def test_foreign_names_are_text(enter, full, sandbox):
    """
    F122 for pages: markup in a production's title is shown, not obeyed.
    """
    bad = "<script>alert(1)</script>&\"'"
    with full.write() as connection:
        found = new_shows.add_show(
            connection,
            new_shows.NewShow(
                bad, NOW + timedelta(days=3), "V", "Australia/Sydney", "AUD"
            ),
        )

    client = enter("manager")

    for path in (f"/shows/{found.id}", "/calendar", "/door"):
        text = client.get(path).text
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert" in text


def test_only_web_addresses_become_links(enter, full):
    with full.write() as connection:
        connection.exec_driver_sql("UPDATE occurrences SET url = 'javascript:alert(1)'")

    assert "javascript:" not in enter("viewer").get("/shows/1").text


def test_a_production_shows_its_totals_next_shows_and_who_sells_it(enter, full):
    with full.read() as connection:
        (total,) = grouped_figures.production_totals(connection, 1)
        coming = calendar.list_performances(
            connection, since=clock.now(), production=total.production
        )
    page = enter("viewer").get("/productions/1").text

    assert "via Ticket Tailor" in page
    assert f"{total.tickets_sold:,} <small>of {total.capacity:,}</small>" in page
    assert f"{total.gross.minor / 100:,.2f}" in page
    next_shows = page[page.index("Next shows") : page.index("Ticketing</h2>")]
    assert [f"/shows/{show.show_id}" in next_shows for show in coming] == [
        number < 3 for number in range(len(coming))
    ]


@pytest.mark.parametrize(
    "path", ["/shows/999", "/productions/999", "/shows/1/orders/tt/or_nobody"]
)
def test_unknown_pages_say_so(enter, path):
    response = enter("viewer").get(path)

    assert response.status_code == 404
    assert "There is no such" in response.text


# Changes


def test_sync_now_is_requested_and_not_waited_for(enter, requested_syncs):
    response = enter("manager").post("/accounts/tt/sync", follow_redirects=False)

    assert (response.status_code, requested_syncs) == (303, ["tt"])
    assert enter("manager").post("/accounts/nobody/sync").status_code == 404


def test_a_match_decided_on_the_page_is_decided(enter, full, site):
    with full.read() as connection:
        occurrence = occurrences.list_occurrences(connection)[0]
    hand_links.unlink(full, site.settings, occurrence.id)
    client = enter("manager")
    assert f"/match/{occurrence.id}/" in client.get("/matching").text or (
        "pairs are certain" in client.get("/matching").text
    )

    client.post(f"/match/{occurrence.id}/{occurrence.show_id}")

    with full.read() as connection:
        after = occurrences.list_occurrences(connection)[0]
        assert after.show_id == occurrence.show_id
        assert recompute.linked_shows(connection)


def test_the_private_calendar_is_read_by_its_address_alone(enter, full):
    page = enter("manager").post("/calendar/feed").text
    address = re.search(r"https://tickets\.example\.org(/calendar/[\w-]+\.ics)", page)[
        1
    ]
    stranger = enter("")

    response = stranger.get(address)

    assert response.headers["content-type"] == "text/calendar; charset=utf-8"
    assert "sold)" in response.text
    assert stranger.get("/calendar/guess.ics").status_code == 404


# The door's requests


def test_the_door_checks_in_and_accepts_offline_scans(enter, full, sandbox):
    client = enter("door", "Door A")
    guests = client.get("/door/12/guests").json()["guests"]
    first, second = [g for g in guests if not g["in"]][:2]

    one = client.post("/door/12/scan", json={"code": first["ticket"], "key": "k1"})
    again = client.post("/door/12/scan", json={"code": first["ticket"], "key": "k2"})
    merged = client.post(
        "/door/12/merge",
        json={
            "scans": [
                {"code": second["ticket"], "at": "2026-08-31T23:00:00Z", "key": "k3"},
                {"code": second["ticket"], "at": "2099-01-01T00:00:00Z", "key": "k4"},
                {"code": "", "at": "now"},
                "no scan",
            ]
        },
    )

    assert one.json()["outcome"] == "admitted"
    assert again.json()["outcome"] == "already-in"
    assert "at Door A" in again.json()["message"]
    assert merged.json()["outcomes"] == {"admitted": 1, "already-in": 1}


def test_the_offline_list_has_digests_and_no_codes(enter):
    response = enter("door").get("/door/12/guests")

    assert re.search(r'"code":"code:[0-9a-f]{32}"', response.text)
    assert not re.search(r'"bc\d', response.text)
