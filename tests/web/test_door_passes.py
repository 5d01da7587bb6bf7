"""
A door's pass for one show or one evening; whose pass recorded a scan; what signing out
leaves on a device.
"""

import json
from datetime import date, timedelta

import pytest
from support.commands import run
from support.dates import NOW

from ticketsync.catalogue import new_shows, shows
from ticketsync.core import clock, errors
from ticketsync.store.tables.door import scans as scans_table
from ticketsync.visitors import limits, passes
from ticketsync.visitors.limits import Limit
from ticketsync.web.site import COOKIE

PATHS = ("", "/guests", "/scan", "/merge")


@pytest.fixture
def signed_in(enter, full):
    """
    A door whose pass is limited.
    """

    def as_(limit):
        client = enter("")
        with full.write() as connection:
            token = passes.issue(
                connection, "link", "door", "Door A", clock.now(), limit
            )
            session = passes.redeem(connection, token, clock.now())
        client.cookies.set(COOKIE, session)
        return client

    return as_


def statuses(client, show_id):
    """
    What the door page, the guest list, a scan and a merge of a show respond.
    """
    payloads = {"/scan": {"code": "nobody"}, "/merge": {"scans": []}}
    return [
        client.request(
            "POST" if path in payloads else "GET",
            f"/door/{show_id}{path}",
            json=payloads.get(path),
        ).status_code
        for path in PATHS
    ]


def test_a_pass_for_one_show_opens_that_show_and_no_other(signed_in, full):
    with full.read() as connection:
        every = shows.list_shows(connection, since=NOW)[:4]
    mine = every[1]
    client = signed_in(limits.for_show(mine.id, mine.starts_local, mine.timezone))

    found = {show.id: statuses(client, show.id) for show in every}

    assert found.pop(mine.id) == [200] * 4
    assert len(found) == 3
    assert set(map(tuple, found.values())) == {(403,) * 4}
    page = client.get("/door").text
    assert page.count('class="tile"') == 1
    assert f'href="/door/{mine.id}"' in page


def test_control_an_unlimited_pass_opens_every_show(signed_in, full):
    with full.read() as connection:
        every = shows.list_shows(connection, since=NOW)[:4]
    client = signed_in(limits.UNLIMITED)
    assert {tuple(statuses(client, show.id)) for show in every} == {(200,) * 4}


@pytest.mark.thorough
def test_a_pass_for_one_evening_opens_its_shows_until_five_in_the_morning(
    signed_in, full
):
    """
    On 3 September: a matinee, an evening and a late show after midnight, and not the
    show of the next morning. The pass ends at noon, which is 02:00 UTC in Sydney.
    """
    evening = date(2026, 9, 3)
    times = {
        "2026-09-03T11:00": True,
        "2026-09-03T19:30": True,
        "2026-09-04T00:30": True,
        "2026-09-04T05:00": False,
        "2026-09-04T19:30": False,
        "2026-09-03T04:30": False,
    }
    with full.write() as connection:
        made = [
            new_shows.add_show(
                connection,
                new_shows.NewShow(
                    f"Show {n}",
                    clock.local_to_utc(clock.parse_local(local), "Australia/Sydney"),
                    *("V", "Australia/Sydney", "AUD"),
                ),
            )
            for n, local in enumerate(times)
        ]
    limit = limits.for_evening(evening, "Australia/Sydney")
    client = signed_in(limit)

    found = [statuses(client, show.id)[0] == 200 for show in made]

    assert found == list(times.values())
    assert clock.iso(limit.ends_at) == "2026-09-04T02:00:00Z"


def test_a_limited_pass_ends_with_its_evening(full, frozen, enter):
    """
    Invited and opened on the morning of 1 September for that evening: at noon of the
    next day both are gone, long before the 14 days of other sessions.
    """
    limit = limits.for_evening(date(2026, 9, 1), "Australia/Sydney")
    with full.write() as connection:
        link = passes.issue(connection, "link", "door", "", NOW, limit)
        session = passes.redeem(connection, link, NOW)
        late = passes.issue(connection, "link", "door", "", NOW, limit)
    (one, two) = passes_of(full)
    assert {clock.iso(one.expires_at), clock.iso(two.expires_at)} == {
        "2026-09-02T02:00:00Z"
    }
    client = enter("")
    client.cookies.set(COOKIE, session)
    assert client.get("/door", follow_redirects=False).status_code == 200

    frozen(limit.ends_at)

    assert client.get("/door", follow_redirects=False).status_code == 303
    assert client.post(f"/enter/{late}").status_code == 403
    with full.write() as connection, pytest.raises(errors.UsageError, match="is over"):
        passes.issue(connection, "link", "door", "", clock.now(), limit)


def passes_of(database):
    with database.read() as connection:
        return passes.list_visitors(connection, clock.now())


@pytest.mark.parametrize("role", ["viewer", "manager"])
def test_only_doors_are_limited(full, role):
    with full.write() as connection, pytest.raises(errors.UsageError, match="door's"):
        passes.issue(connection, "link", role, "", NOW, Limit(show_id=1))


def test_a_limit_is_kept_on_both_databases_and_ends_with_its_show(read_once):
    with read_once.write() as connection:
        added = new_shows.add_show(
            connection,
            new_shows.NewShow(
                "Brief", NOW + timedelta(days=1), "V", "Australia/Sydney", "AUD"
            ),
        )
        show = shows.get_show(connection, added.id)
        limit = limits.for_show(show.id, show.starts_local, show.timezone)
        link = passes.issue(connection, "link", "door", "A", NOW, limit)
        passes.redeem(connection, link, NOW)
    (session,) = passes_of(read_once)
    assert (session.kind, session.limit) == ("session", limit)
    assert not session.limit.allows(show.id + 1, show.starts_local)

    with read_once.write() as connection:
        connection.exec_driver_sql(f"DELETE FROM shows WHERE id = {show.id}")

    assert passes_of(read_once) == []


@pytest.mark.thorough
def test_inviting_a_door_for_one_show_or_one_evening(venue):
    def invited(*words):
        done = run("visitors", "invite", "--role", "door", *words, "--json")
        return json.loads(done.stdout) if done.returncode == 0 else done

    run("shows", "add", "Gala", "2099-12-30 19:30", check=True)
    show = json.loads(run("shows", "list", "--json").stdout)[-1]
    one = invited("--show", str(show["id"]))
    evening = invited("--evening", "2099-12-31")
    both = invited("--show", str(show["id"]), "--evening", "2099-12-31")

    assert (one["show_id"], one["evening"]) == (show["id"], None)
    assert (evening["show_id"], evening["evening"]) == (None, "2099-12-31")
    assert evening["ends_at"] == "2100-01-01T01:00:00Z"
    assert both.returncode == 2
    for day in ("tonight", "9999-12-31", "0001-01-01", "2020-01-01"):
        assert invited("--evening", day).returncode == 2, day
    assert run("visitors", "invite", "--show", str(show["id"])).returncode == 2
    listed = json.loads(run("visitors", "list", "--json").stdout)
    assert [(v["show_id"], v["evening"]) for v in listed] == [
        (show["id"], None),
        (None, "2099-12-31"),
    ]


# Whose pass it was


def test_a_scan_keeps_the_name_of_the_pass_beside_the_chosen_door(enter, full):
    """
    Door A calls itself Door B: the record says both.
    """
    client = enter("door", "Door A")
    guests = client.get("/door/12/guests").json()["guests"]
    one, two = [g["ticket"] for g in guests if not g["in"]][:2]
    client.post("/door/12/scan", json={"code": one, "door": "Door B"})
    scan = {"code": two, "door": "Door B", "at": "2026-08-31T23:00:00Z", "key": "k"}
    client.post("/door/12/merge", json={"scans": [scan]})

    with full.read() as connection:
        found = connection.execute(scans_table.select()).all()
    assert [(scan.door, scan.recorded_by) for scan in found] == [
        ("Door B", "Door A (door)"),
        ("Door B", "Door A (door)"),
    ]


# Leaving


def test_signing_out_has_the_browser_clear_what_it_stored(enter):
    response = enter("door").post("/leave", follow_redirects=False)

    assert response.headers["clear-site-data"] == '"cache", "storage"'
    assert "clear-site-data" not in enter("door").get("/door").headers


def test_a_pass_for_a_show_far_ahead_lasts_until_its_evening(full, frozen, enter):
    """
    Sent forty days ahead and opened a week later: two days and fourteen are for others.
    """
    limit = limits.for_evening(NOW.date() + timedelta(days=40), "Australia/Sydney")
    with full.write() as connection:
        link = passes.issue(connection, "link", "door", "", NOW, limit)
    frozen(NOW + timedelta(days=7))
    client = enter("")

    answer = client.post(f"/enter/{link}", follow_redirects=False)

    (session,) = passes_of(full)
    assert (session.kind, session.expires_at) == ("session", limit.ends_at)
    # A day more, in which a form that comes late is still known to be this person's.
    lasts = int((limit.ends_at - NOW - timedelta(days=7 - 1)).total_seconds())
    assert f"Max-Age={lasts}" in answer.headers["set-cookie"]
