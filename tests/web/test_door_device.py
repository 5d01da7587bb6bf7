"""
The door's device in a real Chromium: a poisoned QR code keeps nobody from the server,
and a device that is signed out, or whose show is over, has no guest list.
"""

from datetime import timedelta

import pytest
from sqlalchemy import update
from support import needs
from support.dates import NOW

from ticketsync.door import attendees
from ticketsync.store.tables.sales import tickets
from ticketsync.web import own_address, sign_in
from ticketsync.workflows.door import checkin, merge_scans

pytestmark = needs.chromium
SHOW = 12
POISON = "code:" + "z" * 32
SCAN_ALL = "async codes => { for (const code of codes) await move(code, 'in'); }"
SEND = "() => sendQueue()"
# Not `wait_for_function`: our policy forbids what it does where it has to wait.
UNTIL_SENT = """async (name) => {
    for (let n = 0; n < 600 && localStorage.getItem(name) !== "[]"; n++) {
        await new Promise((then) => setTimeout(then, 50));
    }
}"""
PATIENT = 120_000  # milliseconds, for what takes seconds on a busy machine


@pytest.fixture
def fifty(full):
    """
    Fifty guests of one show who are not in: those of three shows came together.
    """
    with full.write() as connection:
        found = attendees.list_tickets(connection)
        home = next(g.id for g in found if g.show_id == SHOW)
        occurrence = connection.scalar(
            tickets.select()
            .with_only_columns(tickets.c.occurrence_id)
            .where(tickets.c.id == home)
        )
        moved = [g.id for g in found if g.show_id in (9, 10) and g.admits]
        connection.execute(
            update(tickets)
            .where(tickets.c.id.in_(moved))
            .values(occurrence_id=occurrence)
        )
    with full.read() as connection:
        guests = attendees.list_guests(connection, SHOW)
    return [guest.ticket_id for guest in guests if not guest.is_in][:50]


@pytest.fixture
def failing(monkeypatch):
    """
    A server that fails on the poisoned code, as ours once did, until it is repaired by
    emptying the list.
    """
    fails_on = [POISON]
    admit, merge = checkin.admit, merge_scans.merge

    def fails(texts):
        if {*texts} & {*fails_on}:
            raise RuntimeError("a fault of ours")

    def failing_admit(database, at, text, **options):
        fails([text])
        return admit(database, at, text, **options)

    def failing_merge(database, at, scans, **options):
        fails([scan.code for scan in scans])
        return merge(database, at, scans, **options)

    monkeypatch.setattr(checkin, "admit", failing_admit)
    monkeypatch.setattr(merge_scans, "merge", failing_merge)
    return fails_on


def inside(full, codes):
    with full.read() as connection:
        guests = attendees.list_guests(connection, SHOW)
    return sum(guest.is_in for guest in guests if guest.ticket_id in codes)


def at_door(open_browser, **options):
    page = open_browser("door", "Door A", **options)
    page.goto(f"/door/{SHOW}")
    page.locator("#guests li").first.wait_for()
    return page


def scan_poison(page, words):
    page.get_by_label("Scan or search").fill(POISON)
    page.get_by_label("Scan or search").press("Enter")
    page.locator("#answer", has_text=words).wait_for()


def scan_everybody(page, full, codes, poison_words):
    """
    The poisoned code, ten guests, both again without a network, a reload, and the rest.
    """
    page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    page.reload()  # now the service worker has cached the page
    page.locator("#guests li").first.wait_for()
    scan_poison(page, poison_words)
    assert "Offline" not in page.locator("#line").inner_text()
    page.evaluate(SCAN_ALL, codes[:10])
    assert inside(full, codes) == 10
    page.network.take_away(page)
    scan_poison(page, "Not on the offline list")
    page.evaluate(SCAN_ALL, codes[10:40])
    page.reload()
    page.locator("#line", has_text="saved offline").wait_for()
    page.evaluate(SCAN_ALL, codes[40:])
    assert inside(full, codes) == 10
    page.network.give_back(page)


@pytest.mark.thorough
def test_a_poisoned_code_keeps_no_guest_from_the_server(open_browser, full, fifty):
    page = at_door(open_browser)

    scan_everybody(page, full, fifty, "No ticket for")
    page.locator("#line", has_not_text="saved offline").wait_for(
        state="attached", timeout=PATIENT
    )

    assert len(fifty) == inside(full, fifty) == 50
    shown = page.get_by_role("region", name="Needs a look")
    shown.get_by_text("matches no ticket of this show").wait_for()
    shown.get_by_role("button", name="Remove").click()
    shown.wait_for(state="hidden")


@pytest.mark.thorough
def test_a_server_that_fails_on_one_scan_gets_all_others(
    open_browser, full, fifty, failing
):
    """
    The page calls it an error and not "offline", sends one by one what was refused
    twice, sets the bad ones aside and shows them, also after a reload.
    """
    page = at_door(open_browser)

    scan_everybody(page, full, fifty, "error 500")
    for _ in range(2):
        page.evaluate(SEND)
    page.locator("#line", has_not_text="saved offline").wait_for(
        state="attached", timeout=PATIENT
    )

    assert inside(full, fifty) == 50
    page.reload()
    shown = page.get_by_role("region", name="Needs a look")
    shown.get_by_text("not saved").first.wait_for()
    # Once with the network and once without.
    assert shown.get_by_text(POISON).count() == 2
    assert "error 500" in shown.inner_text()
    assert "Offline" not in page.locator("#line").inner_text()


@pytest.mark.thorough
def test_scans_that_were_set_aside_are_saved_once_the_server_is_repaired(
    open_browser, failing
):
    page = at_door(open_browser)
    scan_poison(page, "error 500")
    for _ in range(2):
        page.evaluate(SEND)
    shown = page.get_by_role("region", name="Needs a look")
    shown.get_by_text("not saved").wait_for()

    failing.clear()
    shown.get_by_role("button", name="Send again").click()

    shown.get_by_text("matches no ticket of this show").wait_for()
    assert shown.get_by_text("not saved").count() == 0


@pytest.mark.thorough
def test_control_a_page_that_sends_only_batches_sends_nobody(
    open_browser, full, fifty, failing
):
    part = "|| ++refusals < 2 || !(await sendOneByOne(id, batch))"

    def without(route):
        response = route.fetch()
        assert part in response.text()
        route.fulfill(response=response, body=response.text().replace(part, "|| true"))

    page = open_browser("door", service_workers="block")
    page.route("**/static/door.js", without)
    page.goto(f"/door/{SHOW}")
    page.locator("#guests li").first.wait_for()
    scan_poison(page, "error 500")
    page.network.take_away(page)
    page.evaluate(SCAN_ALL, fifty[:3])
    page.network.give_back(page)
    for _ in range(4):
        page.evaluate(SEND)

    assert "4 saved offline" in page.locator("#line").inner_text()
    assert inside(full, fifty) == 0


# What stays on the device


STORED = """async () => [
    Object.keys(localStorage).length,
    (await Promise.all((await caches.keys()).map(
        async (name) => (await (await caches.open(name)).keys()).length
    ))).reduce((all, one) => all + one, 0),
    (await navigator.serviceWorker.getRegistrations()).length,
]"""


@pytest.mark.parametrize("protection", ["script and header", "script", "header", ""])
@pytest.mark.thorough
def test_signing_out_leaves_nothing_on_the_device(
    open_browser, full, protection, monkeypatch
):
    """
    Either is enough; the control without both leaves the list.
    """
    if "header" not in protection:
        monkeypatch.setattr(sign_in, "CLEARING", {})
    page = at_door(open_browser)
    page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    assert page.evaluate("localStorage.getItem('guests-12').length") > 1000
    if "script" not in protection:
        page.evaluate(
            "document.getElementById('leave').addEventListener("
            "'submit', (event) => event.stopImmediatePropagation(), true)"
        )

    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in").wait_for()

    stored, cached, workers = page.evaluate(STORED)
    if protection:
        assert (stored, cached, workers) == (0, 0, 0)
    else:
        assert stored >= 3
        assert (cached > 0, workers) == (True, 1)


@pytest.mark.thorough
def test_nobody_signs_out_over_scans_that_the_server_does_not_have(
    open_browser, full, fifty
):
    page = at_door(open_browser)
    page.network.take_away(page)
    page.evaluate(SCAN_ALL, fifty[:2])
    asked = []
    page.once("dialog", lambda d: (asked.append(d.message), d.dismiss()))

    page.get_by_role("button", name="Sign out").click()

    assert asked[0].startswith("2 scans have not reached the server")
    assert page.evaluate("JSON.parse(localStorage.getItem('queue-12')).length") == 2


@pytest.mark.thorough
def test_a_revoked_pass_takes_the_list_from_the_device(open_browser, full, fifty):
    page = at_door(open_browser)
    with full.write() as connection:
        connection.exec_driver_sql("DELETE FROM passes")

    page.evaluate(SCAN_ALL, fifty[:1])

    page.locator("#answer", has_text="You are signed out").wait_for()
    assert page.evaluate("localStorage.getItem('guests-12')") is None
    assert page.evaluate("JSON.parse(localStorage.getItem('queue-12')).length") == 1


@pytest.mark.thorough
def test_a_wrong_public_url_keeps_the_list_and_says_what_to_set(
    open_browser, full, fifty, monkeypatch
):
    """
    Behind TLS with `public_url` in `http:`: the same 403 as for a pass that was revoked
    until now, which dropped the list from every phone.
    """
    page = at_door(open_browser)
    with monkeypatch.context() as patch:
        patch.setattr(own_address, "is_our_origin", lambda *_: False)
        page.evaluate(SCAN_ALL, fifty[:1])
        page.locator("#line", has_text="set serve: public_url").wait_for()

    assert "signed out" not in page.locator("body").inner_text()
    assert page.evaluate("localStorage.getItem('guests-12').length") > 1000
    assert page.evaluate("JSON.parse(localStorage.getItem('queue-12')).length") == 1
    page.evaluate(SEND)
    assert inside(full, fifty[:1]) == 1


@pytest.mark.thorough
def test_lists_of_past_shows_are_dropped_and_their_scans_sent(open_browser, full):
    """
    A list without a time was stored by an earlier version.
    """
    with full.read() as connection:
        other = next(g for g in attendees.list_guests(connection, 14) if not g.is_in)
    page = at_door(open_browser)
    page.evaluate(
        """(ticket) => {
            for (const show of [8, 9, 14]) localStorage.setItem(`guests-${show}`, "[]");
            localStorage.setItem("keep-until-8", Date.now() - 1);
            localStorage.setItem("keep-until-14", Date.now() + 60000);
            const scan = {code: ticket, key: "k", at: "2026-08-31T23:00:00Z"};
            localStorage.setItem("queue-14", JSON.stringify([scan]));
        }""",
        other.ticket_id,
    )

    page.reload()
    page.evaluate(UNTIL_SENT, "queue-14")

    kept = "Object.keys(localStorage).filter((key) => key.startsWith('guests-')).sort()"
    assert page.evaluate(kept) == ["guests-12", "guests-14"]
    with full.read() as connection:
        (after,) = attendees.get_tickets(connection, [other.id])
    assert after.is_in


@pytest.mark.thorough
def test_a_past_show_is_not_stored_at_all(open_browser, frozen):
    page = open_browser("door")
    frozen(NOW + timedelta(days=9))  # show 12 began on 8 September
    page.goto(f"/door/{SHOW}")
    page.locator("#guests li").first.wait_for()

    assert page.evaluate("localStorage.getItem('guests-12')") is None


@pytest.mark.thorough
def test_the_cached_page_opens_while_the_server_answers_with_errors(
    open_browser, monkeypatch
):
    page = at_door(open_browser)
    page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    page.reload()
    page.locator("#guests li").first.wait_for()

    def broken(*_, **__):
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(attendees, "list_guests", broken)
    page.reload()

    page.locator("#line", has_text="The server answers with error 500").wait_for()
    assert page.locator("#guests li").count() > 10
