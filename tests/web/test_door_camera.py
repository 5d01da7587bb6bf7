"""
The door in a real Chromium: a printed QR code before the camera where the browser has
no detector of its own, and a door that was opened once and then lost its network, with
tickets of other platforms and with our own.
"""

from datetime import datetime
from functools import partial
from pathlib import Path

import pytest
from support import needs
from support.browser_flags import FLAGS
from support.camera_film import held_up, straight, write_film
from support.network import Network
from support.own_box_office import put_on_sale

from ticketsync.boxoffice import shows_on_sale
from ticketsync.core import clock
from ticketsync.core.money import Money
from ticketsync.door import attendees
from ticketsync.reporting import ticket_printing
from ticketsync.reporting.ticket_printing import Paper, PrintedTicket
from ticketsync.visitors import passes
from ticketsync.workflows.boxoffice import sell
from ticketsync.workflows.boxoffice.sell import Tender

pytestmark = needs.chromium
SHOW = 12
TICKET = "it_500409"  # whose barcode, bc500409, is in the picture
# As a ticket of our own box office has it.
OWN_CODE = "TS1.7K4P2Q.1.1.ABCDEFGHIJ234567"


def printed_rows():
    return Path(__file__).with_name("ticket_qr.txt").read_text().splitlines()


@pytest.fixture
def with_camera(served, full, tmp_path, request):
    """
    A door in a browser whose camera sees a film, by default one of that ticket;
    `see(script)` opens it after a script of the test's, at that show or another one.
    """
    from playwright.sync_api import sync_playwright

    frames = getattr(request, "param", lambda: [straight(printed_rows())] * 2)()
    film = write_film(tmp_path / "ticket.y4m", frames)
    flags = (
        *FLAGS,
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    )
    with sync_playwright() as playwright, Network(served).running() as network:
        browser = playwright.chromium.launch(executable_path=needs.CHROMIUM, args=flags)

        def see(script, show=SHOW):
            context = browser.new_context(base_url=network.address)
            context.add_init_script(script)
            page = context.new_page()
            page.network = network
            page.asked = []
            page.on("request", lambda request: page.asked.append(request.url))
            with full.write() as connection:
                token = passes.issue(connection, "link", "door", "A", clock.now())
            page.goto(f"/enter/{token}")
            page.get_by_role("button", name="Open").click()
            page.goto(f"/door/{show}")
            page.locator("#guests li").first.wait_for()
            return page

        yield see
        browser.close()


def is_in(full, ticket, show=SHOW):
    with full.read() as connection:
        guests = attendees.list_guests(connection, show)
    return next(guest.is_in for guest in guests if guest.ticket_id == ticket)


@pytest.mark.thorough
def test_the_camera_reads_a_printed_code_without_a_detector(with_camera, full):
    """
    The bundled decoder is fetched when the camera is opened and not before, from us and
    from nobody else.
    """
    page = with_camera("delete window.BarcodeDetector")
    assert not [url for url in page.asked if "jsQR" in url]
    assert not is_in(full, TICKET)
    page.get_by_role("button", name="Camera").click()
    page.locator("#answer", has_text="In: Guest 108224").wait_for()
    assert is_in(full, TICKET)
    ours = page.network.address
    assert [url for url in page.asked if "jsQR" in url] == [f"{ours}/static/jsQR.js"]
    assert not [url for url in page.asked if not url.startswith(ours)]
    page.get_by_role("button", name="Close camera").click()
    assert page.locator("#view").is_hidden()


def held_tickets(paper):
    """
    A ticket of ours as it comes from the printer, in two hands that are not steady.
    """
    ticket = PrintedTicket(
        venue="The Lantern Room",
        show="Late Laughs",
        starts_at=datetime(2026, 11, 27, 19, 30),
        tier="Adult",
        price=Money(5500, "AUD"),
        number=1,
        count=1,
        reference="TS-7K4P-2Q",
        code=OWN_CODE,
    )
    pdf = ticket_printing.print_tickets([ticket], paper)
    return [held_up(pdf, degrees) for degrees in (-11, 6)]


@needs.programs("pdftoppm")
@pytest.mark.parametrize(
    "with_camera",
    [partial(held_tickets, paper) for paper in Paper],
    indirect=True,
    ids=[*Paper],
)
@pytest.mark.thorough
def test_the_camera_reads_the_tickets_that_we_print(with_camera):
    """
    What reaches the server is the code on the paper, letter for letter.
    """
    page = with_camera("delete window.BarcodeDetector")
    with page.expect_request(f"**/door/{SHOW}/scan") as scan:
        page.get_by_role("button", name="Camera").click()
    assert scan.value.post_data_json["code"] == OWN_CODE


@pytest.mark.thorough
def test_a_browsers_own_detector_is_used_where_it_reads_qr_codes(with_camera, full):
    page = with_camera("""
        window.BarcodeDetector = class {
            static async getSupportedFormats() { return ["qr_code"]; }
            async detect() { return [{ rawValue: "bc500409" }]; }
        };
    """)
    page.get_by_role("button", name="Camera").click()
    page.locator("#answer", has_text="In: Guest 108224").wait_for()
    assert is_in(full, TICKET)
    assert not [url for url in page.asked if "jsQR" in url]


UNTIL_CACHED = """async (path) => {
    for (let n = 0; n < 600 && !(await caches.match(path)); n++) {
        await new Promise((then) => setTimeout(then, 50));
    }
}"""

UNTIL_SENT = """async (name) => {
    for (let n = 0; n < 600 && localStorage.getItem(name) !== "[]"; n++) {
        await new Promise((then) => setTimeout(then, 50));
    }
}"""


@pytest.mark.thorough
def test_a_door_that_was_opened_once_goes_on_without_a_network(open_browser, full):
    """
    The page is in the cache after one visit, and so is the decoder of the camera. The
    version before had the page there only from the second visit on.
    """
    page = open_browser("door", "Door A")
    page.goto(f"/door/{SHOW}")
    page.locator("#guests li").first.wait_for()
    page.evaluate(UNTIL_CACHED, f"/door/{SHOW}")
    page.network.take_away(page)
    page.reload()
    page.locator("#guests li").first.wait_for()
    assert page.evaluate("caches.match('/static/jsQR.js').then(Boolean)")
    page.evaluate("loadDecoder()")
    assert page.evaluate("typeof jsQR") == "function"
    page.get_by_label("Scan or search").fill(TICKET)
    page.get_by_label("Scan or search").press("Enter")
    page.locator("#answer", has_text="offline, saved for later").wait_for()
    page.network.give_back(page)
    page.evaluate("() => sendQueue()")
    page.evaluate(UNTIL_SENT, f"queue-{SHOW}")
    assert is_in(full, TICKET)


# A camera that sees what the test holds up.
HELD_UP = """
    window.BarcodeDetector = class {
        static async getSupportedFormats() { return ["qr_code"]; }
        async detect() { return window.heldUp ? [{ rawValue: window.heldUp }] : []; }
    };
"""


@pytest.fixture
def hold_up(with_camera):
    """
    Opens the camera of a door at a show and takes its network away. `hold_up(show)`
    gives the page and a function that holds up a text and returns what the page says.
    """

    def at(show):
        page = with_camera(HELD_UP, show)
        page.get_by_role("button", name="Camera").click()
        page.locator("#view").wait_for()
        page.network.take_away(page)
        answer = page.locator("#answer")

        def see(text):
            page.evaluate("() => { $('answer').textContent = ''; }")
            page.evaluate("text => { window.heldUp = text; }", text)
            answer.filter(has_text=".").wait_for()
            return answer.inner_text()

        return page, see

    return at


@pytest.fixture
def own_tickets(full):
    """
    A show of our own box office, and the codes of its three tickets by their numbers.
    """
    office = put_on_sale(full)
    with full.read() as connection:
        (show,) = shows_on_sale.list_shows(connection)
    sold = sell.sell(office, show.show_id, {"Adult": 3}, Tender("cash"))
    reference = sold.order.reference
    return show.show_id, {f"{reference}-{n}": code for n, code in sold.codes.items()}


@pytest.mark.thorough
def test_offline_a_camera_lets_in_our_own_tickets_by_their_codes_only(
    own_tickets, hold_up, full
):
    """
    The number is on every receipt: anybody can print a QR code with it. A person who
    types it has somebody in front of them.
    """
    show, codes = own_tickets
    (first, code), (second, _), (third, other) = codes.items()
    page, see = hold_up(show)
    forged = other[:-16] + "A" * 16
    for text in (
        *(third, f"https://example.org/t/{third}", f'{{"_id": "{third}"}}', forged),
        first[:-2],  # the order
    ):
        assert see(text).startswith("Not on the offline list"), text
        assert page.locator("#in").inner_text() == "0"
    assert see(code).startswith("In: ")
    page.get_by_label("Scan or search").fill(second)
    page.get_by_label("Scan or search").press("Enter")
    page.locator("#in", has_text="2").wait_for()
    page.evaluate("() => { window.heldUp = ''; }")
    page.network.give_back(page)
    page.evaluate("() => sendQueue()")
    page.evaluate(UNTIL_SENT, f"queue-{show}")
    inside = {number: is_in(full, number, show) for number in codes}
    assert inside == {first: True, second: True, third: False}


@pytest.mark.thorough
def test_offline_a_camera_lets_in_tickets_of_others_by_their_numbers(hold_up, full):
    page, see = hold_up(SHOW)
    assert see(TICKET).startswith("In: Guest 108224")
    page.evaluate("() => { window.heldUp = ''; }")
    page.network.give_back(page)
    page.evaluate("() => sendQueue()")
    page.evaluate(UNTIL_SENT, f"queue-{SHOW}")
    assert is_in(full, TICKET)
