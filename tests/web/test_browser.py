"""
The pages and the door in a real Chromium: sign-in and drill-down to an order, two doors
without a network, small phones, dark mode and accessibility.
"""

import re
from pathlib import Path

import pytest
from sqlalchemy import insert, update
from support import needs
from support.page_list import PAGES, SHOW

from ticketsync.core import clock
from ticketsync.door import attendees
from ticketsync.store.tables.catalogue import productions, venues
from ticketsync.store.tables.door import admissions
from ticketsync.store.tables.door import scans as scans_table

pytestmark = needs.chromium
WIDTHS = (320, 360, 390, 600, 800, 900, 1024, 1280)
# What is cut at its right edge or scrolls there; in a field a long text scrolls.
SCROLLED = """
  [...document.querySelectorAll("body *:not(input, select, .brand, .hidden, .skip)")]
  .filter(e => e.clientWidth > 2 && e.scrollWidth > e.clientWidth + 1)
  .filter(e => getComputedStyle(e).overflowX != "visible")
  .map(e => `${e.tagName} ${e.className}: ${e.scrollWidth} > ${e.clientWidth}`)"""
# What is wider than the box around it, and covers its neighbour or lies under it.
OVERRUN = """
  [...document.querySelectorAll(".card, .card p, td, th")]
  .filter(e => e.clientWidth > 2 && e.scrollWidth > e.clientWidth + 1)
  .map(e => `${e.tagName} ${e.className}: ${e.scrollWidth} > ${e.clientWidth}`)"""

ONLY_VIOLATIONS = {"resultTypes": ["violations"]}  # as axe is asked if nothing is said
# The elements of a page are the same in light and in dark: what else axe has rules for
# is checked in light.
OF_COLOURS = {
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
}

# Whether the worker of the door has a page within ten seconds.
IS_CACHED_SOON = """async path => {
  for (let tries = 0; tries < 200; tries++) {
    if (await caches.match(path)) return true;
    await new Promise(done => setTimeout(done, 50));
  }
  return false;
}"""

BACKGROUNDS = {"light": "rgb(251, 251, 249)", "dark": "rgb(20, 23, 22)"}


@pytest.fixture
def expected(full):
    """
    The guests of the show who are not checked in yet.
    """
    with full.read() as connection:
        found = attendees.list_guests(connection, SHOW)
    return [guest for guest in found if not guest.is_in]


def counted(full):
    with full.read() as connection:
        return attendees.count_guests(connection, SHOW).admitted


def test_a_manager_signs_in_and_drills_down_to_an_order(open_browser, site):
    # The settings name an https address, so the cookie needs it.
    page = open_browser()
    page.get_by_role("heading", name="Overview").wait_for()

    page.get_by_role("table").first.get_by_role("link").first.click()
    page.get_by_role("heading", name="Sales by account").wait_for()
    page.get_by_role("row").filter(has_text="or_").first.get_by_role("link").click()

    page.get_by_role("heading", name="Tickets for this show").wait_for()
    assert page.get_by_role("row").count() > 2
    assert page.console_errors == []


@pytest.mark.thorough
def test_sync_now_is_one_click(open_browser, requested_syncs):
    page = open_browser()
    page.get_by_role("link", name="Accounts").click()

    page.get_by_role("button", name="Sync now").click()

    page.get_by_role("status").filter(has_text="tt is being synced").wait_for()
    assert requested_syncs == ["tt"]


@pytest.mark.thorough
def test_a_page_refreshes_itself(open_browser, full):
    page = open_browser()
    page.clock.install()
    page.goto(f"/shows/{SHOW}")
    at_door = page.locator(".card", has_text="At the door")
    before = at_door.inner_text()
    with full.write() as connection:
        guest = next(g for g in attendees.list_guests(connection, SHOW) if not g.is_in)
        connection.execute(
            insert(admissions).values(
                ticket_id=guest.id, show_id=SHOW, is_in=True, at=clock.now()
            )
        )

    page.clock.run_for(21_000)

    at_door.filter(has_not_text=before.split("\n")[1]).wait_for()
    assert page.console_errors == []


@pytest.mark.thorough
def test_two_scans_at_the_door(open_browser, full, expected):
    page = open_browser("door", "Door A")
    page.goto(f"/door/{SHOW}")
    code = page.get_by_label("Scan or search")
    before = counted(full)

    for word in ("In:", "has been in since"):
        code.fill(expected[0].ticket_id)
        code.press("Enter")
        page.locator("#answer", has_text=word).wait_for()

    assert page.locator("#answer").get_attribute("class") == "answer bad"
    assert counted(full) == before + 1
    assert page.locator("#in").inner_text() == str(before + 1)


@pytest.mark.thorough
def test_the_count_at_the_door_is_the_servers_until_the_list_is_there(
    open_browser, full, expected
):
    page = open_browser("door", "Door A")
    page.route("**/guests", lambda route: route.abort())

    page.goto(f"/door/{SHOW}")
    page.locator("#line", has_text="Offline").wait_for()

    assert page.locator("#in").inner_text() == str(counted(full))
    assert int(page.locator("#of").inner_text()) >= len(expected) > 0


@pytest.mark.thorough
def test_an_order_comes_in_together(open_browser, full, expected):
    page = open_browser("door")
    page.goto(f"/door/{SHOW}")
    orders = [guest.order_id for guest in expected if guest.order_id]
    several = max(orders, key=orders.count)
    before = counted(full)

    page.get_by_label("Scan or search").fill(several)
    page.get_by_label("Scan or search").press("Enter")
    page.get_by_role("button", name="Let all of this order in").click()
    page.locator("#answer", has_text=f"{orders.count(several)} of").wait_for()

    assert counted(full) == before + orders.count(several)


@pytest.mark.thorough
def test_search_check_in_and_undo(open_browser, full, expected):
    page = open_browser("door")
    page.goto(f"/door/{SHOW}")
    guest = expected[0]
    before = counted(full)

    page.get_by_label("Scan or search").fill(guest.name)
    page.get_by_role("button", name=f"Let in: {guest.name}").first.click()
    page.locator("#answer", has_text="In:").wait_for()
    assert counted(full) == before + 1

    page.get_by_label("Scan or search").fill(guest.name)
    page.get_by_role("button", name=f"Undo: {guest.name}").first.click()
    page.locator("#answer", has_text="Out again").wait_for()
    assert counted(full) == before


def test_f102_a_door_without_a_network_goes_on_and_loses_nothing(
    open_browser, full, expected
):
    """
    Three scanned while offline, one of them twice, one by its QR code; the page is
    reloaded meanwhile. When the network is back, the server has each of them once.
    """
    page = open_browser("door", "Side door")
    page.goto(f"/door/{SHOW}")
    page.locator("#guests li").first.wait_for()
    page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    page.reload()  # now the service worker has cached the page
    page.locator("#guests li").first.wait_for()
    one, two, three = expected[:3]
    code = page.get_by_label("Scan or search")
    before = counted(full)

    page.network.take_away(page)
    for text, word in (
        (one.ticket_id, "offline, saved for later"),
        (one.ticket_id, "is already in"),
        (two.ticket_id, "offline, saved for later"),
        (f"bc{three.ticket_id.removeprefix('it_')}", "offline, saved for later"),
    ):
        code.fill(text)
        code.press("Enter")
        page.locator("#answer", has_text=word).wait_for()
    page.reload()
    page.locator("#line", has_text="3 saved offline").wait_for()
    assert counted(full) == before

    page.network.give_back(page)
    page.locator("#line", has_not_text="saved offline").wait_for(state="attached")

    assert counted(full) == before + 3
    with full.read() as connection:
        scans = connection.execute(scans_table.select()).all()
    assert {scan.ticket_id for scan in scans} == {one.id, two.id, three.id}
    assert {scan.outcome for scan in scans} == {"admitted"}
    assert len(scans) == 3


@pytest.mark.thorough
def test_j16_a_door_that_was_opened_once_opens_without_a_network(open_browser):
    """
    The worker is installed by the first visit, and keeps the page of that visit, too.
    """
    page = open_browser("door", "Side door")
    page.goto(f"/door/{SHOW}")
    page.locator("#guests li").first.wait_for()
    assert page.evaluate(IS_CACHED_SOON, f"/door/{SHOW}")
    page.network.take_away(page)
    page.reload()
    page.get_by_label("Scan or search").wait_for()


@pytest.mark.thorough
def test_a_ticket_scanned_at_two_offline_doors_is_reported(
    open_browser, full, expected
):
    first, second = open_browser("door", "A"), open_browser("door", "B")
    for page in (first, second):
        page.goto(f"/door/{SHOW}")
        page.locator("#guests li").first.wait_for()
        page.network.take_away(page)
        page.get_by_label("Scan or search").fill(expected[0].ticket_id)
        page.get_by_label("Scan or search").press("Enter")
        page.locator("#answer", has_text="offline, saved for later").wait_for()
    before = counted(full)

    first.network.give_back(first)
    first.locator("#line", has_not_text="saved offline").wait_for(state="attached")
    second.network.give_back(second)
    second.locator("#answer", has_text="was in already").wait_for()

    assert counted(full) == before + 1


@pytest.fixture
def with_odd_names(full):
    """
    Titles that are long, of one word, of another script, or from right to left.
    """
    titles = (
        "The Late Laughs Christmas Spectacular with Special Guests and Two Intervals",
        "Donaudampfschifffahrtsgesellschaftskapitänsmützenrevue",
        "ليلة الضحك الكبرى في غرفة الفانوس",
        "深夜笑い劇場年末特別公演ランタンルーム大感謝祭",
    )
    with full.write() as connection:
        for number, title in enumerate(titles, start=1):
            connection.execute(
                update(productions)
                .where(productions.c.id == number)
                .values(title=title)
            )
        connection.execute(
            update(venues).values(name="The Old Wharf Customs House and Annexe")
        )


@pytest.mark.thorough
def test_nothing_is_cut_whatever_the_names(open_browser, with_odd_names):
    """
    No page, and nothing on it, scrolls sideways or leaves its box: on small and large
    telephones, on a tablet either way up, on a laptop.
    """
    page = open_browser()
    found = {}
    for path in PAGES:
        page.goto(path)
        if path.startswith("/door/"):
            page.locator("#guests li").first.wait_for()
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            wide = page.evaluate("document.documentElement.scrollWidth")
            cut = [*page.evaluate(SCROLLED), *page.evaluate(OVERRUN)]
            found[path, width] = (wide, cut)

    assert found == {(p, w): (w, []) for p in PAGES for w in WIDTHS}


@pytest.mark.parametrize(
    "schemes",
    [
        {"light": {}, "dark": OF_COLOURS},
        pytest.param({"dark": {}}, marks=pytest.mark.drill),
    ],
    ids="-".join,
)
@pytest.mark.thorough
def test_pages_fit_a_telephone_and_pass_the_accessibility_check(open_browser, schemes):
    """
    360 pixels wide: no page scrolls sideways, nor does anything on it. axe finds
    nothing, contrast included, in light and in dark.
    """
    from axe_playwright_python.sync_playwright import Axe

    page = open_browser(viewport={"width": 360, "height": 740}, locale="en-AU")
    found, backgrounds = {}, {}
    for path in PAGES:
        page.goto(path)
        if path.startswith("/door/"):
            page.locator("#guests li").first.wait_for()
        page.evaluate(
            "document.querySelectorAll('details').forEach(d => d.open = true)"
        )
        for scheme, rules in schemes.items():
            page.emulate_media(color_scheme=scheme)
            wide = page.evaluate("document.documentElement.scrollWidth")
            found_by_axe = Axe().run(page, options=ONLY_VIOLATIONS | rules).response
            found[path, scheme] = (
                wide,
                page.evaluate(SCROLLED),
                [
                    (v["id"], v["nodes"][0]["html"][:120])
                    for v in found_by_axe["violations"]
                ],
            )
            backgrounds[scheme] = page.evaluate(
                "getComputedStyle(document.body).backgroundColor"
            )

    assert found == {(p, s): (360, [], []) for p in PAGES for s in schemes}
    assert backgrounds == {scheme: BACKGROUNDS[scheme] for scheme in schemes}
    missing = [error for error in page.console_errors if "404" in error]
    assert page.console_errors == missing[:1]  # the one page that there is not


@pytest.mark.thorough
def test_everything_is_reached_with_the_keyboard(open_browser):
    page = open_browser()
    page.goto("/")

    reached = []
    for _ in range(15):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent.trim()"))

    assert reached[0] == "Skip to content"
    assert reached[1] == "The Lantern Room"
    assert reached[2:12] == [
        *("Overview", "Calendar", "Money", "Door", "Accounts", "Matching"),
        *("Discrepancies", "Runs", "Webhooks", "People"),
    ]
    assert reached[12] == "Sign out"


@pytest.mark.drill
def test_pictures_of_every_page(open_browser, tmp_path_factory):
    """
    For visual checks: prints the folder of the pictures.
    """
    folder = Path(tmp_path_factory.getbasetemp())
    page = open_browser(viewport={"width": 1100, "height": 900})
    for path in PAGES:
        page.goto(path)
        name = re.sub(r"\W", "-", path)
        page.screenshot(path=folder / f"page{name}.png")
    print(f"pictures in {folder}")
    assert len(list(folder.glob("page*.png"))) == len(PAGES)


# Visible controls that the Tab key passes by, and those that it reaches out of turn.
OUT_OF_TURN = """[...document.querySelectorAll("a, button, input, select, summary")]
  .filter(e => e.checkVisibility() && !e.disabled && !e.classList.contains("hidden"))
  .filter(e => e.tabIndex != 0 || (e.tagName == "A" && !e.href))
  .map(e => e.outerHTML.slice(0, 80))"""


@pytest.mark.thorough
def test_the_keyboard_reaches_every_control_of_every_page_in_turn(open_browser):
    page = open_browser()
    found = {}
    for path in PAGES:
        page.goto(path)
        found[path] = page.evaluate(OUT_OF_TURN)
        page.keyboard.press("Tab")
        if page.locator("input[autofocus]").count() == 0:
            assert page.evaluate("document.activeElement.className") == "skip", path
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", path

    assert found == {page: [] for page in PAGES}


@pytest.mark.thorough
def test_paper_has_the_venue_and_no_controls(open_browser):
    """
    Printed, no page has a button or a menu, each names the venue, and a day stands in
    one line: five lines for a day made five sheets of three.
    """
    page = open_browser()
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 720, "height": 1000})  # A4 within its margins
    for path in ("/", "/money?period=", "/money/refunds?period=", f"/shows/{SHOW}"):
        page.goto(path)
        assert page.locator(".brand").is_visible(), path
        controls = page.locator("button, a.button, .menu, nav, input, select")
        assert not any(item.is_visible() for item in controls.all()), path
        tall = page.evaluate(
            "[...document.querySelectorAll('td.when')].filter(cell =>"
            " cell.textContent.trim() && [...cell.childNodes].some(text => {"
            "  const range = document.createRange(); range.selectNode(text);"
            "  return range.getClientRects().length > 1; }))"
            ".map(cell => cell.textContent)"
        )
        assert tall == [], path
        assert page.evaluate("document.documentElement.scrollWidth") == 720, path
        edges = page.evaluate(
            "[...document.querySelectorAll('main .card')]"
            ".filter(box => box.offsetWidth)"
            ".map(box => box.getBoundingClientRect().right)"
        )
        assert max(edges, default=0) < 720, path  # else paper cuts the edge off
