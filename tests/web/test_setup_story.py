"""
The first hour in the browser: a person who reads nothing but the screen comes from an
empty folder and `serve` to the first figures, connects a second platform and leaves a
show out. Each click and each field counts as one action.
"""

import json
import sys

import pexpect
import pytest
from support import needs

from ticketsync.catalogue import shows
from ticketsync.core.money import decimal_text
from ticketsync.reporting import audit_trail, figures_of_shows
from ticketsync.sandbox import platforms, server, world
from ticketsync.store import engine

pytestmark = needs.chromium


class Person:
    """
    Somebody at a browser whose actions are counted.
    """

    def __init__(self, page):
        self.page = page
        self.actions = 0

    def click(self, name, role="link"):
        self.page.get_by_role(role, name=name, exact=True).first.click()
        self.actions += 1

    def press(self, name):
        self.click(name, "button")

    def fill(self, label, text):
        self.page.get_by_label(label).first.fill(text)
        self.actions += 1

    def tick(self, label):
        self.page.get_by_label(label).check()
        self.actions += 1

    def sees(self, text, seconds=60):
        self.page.get_by_text(text).first.wait_for(timeout=seconds * 1000)


# `serve`, whose platforms are played by the sandbox.
SERVE = """
from dataclasses import replace
from ticketsync.providers.eventbrite import Eventbrite
from ticketsync.providers.ticket_tailor import TicketTailor

TicketTailor.spec = replace(TicketTailor.spec, base_url={ticket_tailor!r})
Eventbrite.spec = replace(Eventbrite.spec, base_url={eventbrite!r})
from ticketsync.__main__ import main
main()
"""


@pytest.fixture
def platform():
    """
    Ticket Tailor, and Eventbrite for the second.
    """
    sandbox = server.Sandbox(world.build(orders=60))
    (fake,) = platforms.build_others(names=["eventbrite"], orders=20)
    sandbox.platforms["eventbrite"] = fake
    with server.serving(sandbox) as sandbox.url:
        sandbox.eventbrite = fake
        yield sandbox


@pytest.fixture
def link(home, platform):
    """
    The link that `serve` prints on a terminal, in a folder with nothing in it.
    """
    for path in home.iterdir():
        path.unlink()
    code = SERVE.format(
        ticket_tailor=platform.url,
        eventbrite=server.Sandbox.url(platform, platform.url, "eventbrite"),
    )
    screen = pexpect.spawn(
        sys.executable,
        ["-c", code, "serve", "--port", "0"],
        dimensions=(24, 200),
        timeout=60,
        encoding="utf-8",
    )
    screen.expect(r"(http://127\.0\.0\.1:\d+/enter/[\w-]+)")
    yield screen.match[1]
    screen.close(force=True)


@pytest.mark.thorough
def test_from_an_empty_machine_to_figures_and_on(chromium, home, link, platform):
    context = chromium.new_context(timezone_id="Europe/London")
    page = context.new_page()
    page.set_default_timeout(60_000)
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    ruth = Person(page)

    page.goto(link)
    ruth.actions += 1
    ruth.press("Open")
    ruth.sees("Four steps to the first figures")
    ruth.fill("Name of your venue", "The Lantern Room")
    ruth.fill("City or time zone", "Sydney")
    ruth.sees("Its time zone is Australia/Sydney.")
    assert page.get_by_label("Currency").input_value() == "AUD"
    ruth.press("Save and connect a platform")
    ruth.click("Ticket Tailor")
    ruth.fill("Key of Ticket Tailor", platform.key)
    ruth.tick("Store the key in such a file")
    ruth.press("Connect Ticket Tailor")
    ruth.sees("The key works.")
    ruth.click("Make them your shows")
    ruth.press("Take them all over")
    ruth.click("See the figures")
    ruth.sees("On sale")
    first = ruth.actions

    database = engine.open_database(str(home / "ticketsync.db"))
    with database.read() as connection:
        figures = figures_of_shows.figures(connection)
    gross = sum(item.gross.minor for item in figures)
    assert decimal_text(gross, "AUD") == _sum(platform.truth())
    assert page.get_by_text("Four steps").count() == 0
    print(f"first figures: {first} actions")
    assert first <= 12

    ruth.actions = 0
    ruth.click("Accounts")
    ruth.click("Connect a platform")
    ruth.click("Eventbrite")
    ruth.fill("Key of Eventbrite", platform.eventbrite.key)
    ruth.press("Connect Eventbrite")
    ruth.sees("The key works.")
    print(f"second platform: {ruth.actions} actions")
    assert ruth.actions <= 5

    page.goto(link.partition("/enter/")[0])
    ruth.actions = 0
    page.get_by_role("table").first.get_by_role("link").first.click()
    ruth.actions += 1
    ruth.fill("Leave this show out of the figures, because", "a private evening")
    ruth.press("Leave out")
    ruth.sees("The show is left out of the figures.")
    print(f"opt a show out: {ruth.actions} actions")
    assert ruth.actions <= 3

    with database.read() as connection:
        entries = audit_trail.list_entries(connection, limit=1000)
        excluded = [s for s in shows.list_shows(connection) if s.is_excluded]
    database.close()
    assert [show.excluded_because for show in excluded] == ["a private evening"]
    done = {(entry.action, entry.kind) for entry in entries if "manager" in entry.who}
    assert {("add", "venue"), ("add", "account"), ("add", "show")} <= done
    assert ("exclude", "show") in done
    assert platform.key not in json.dumps([str(entry) for entry in entries])
    assert (home / "config.yaml").read_text().startswith("# ticketsync settings.")
    assert said == []
    context.close()


def _sum(truth):
    """
    What all shows of the sandbox's truth took, as a decimal text.
    """
    whole = sum(int(show["gross"].replace(".", "")) for show in truth)
    return decimal_text(whole, "AUD")


def test_a_button_cannot_be_pressed_twice(open_browser, full):
    page = open_browser()
    page.goto("/accounts")
    form = page.locator('form[action="/notify/test"]')

    form.evaluate("form => form.dispatchEvent(new Event('submit', {bubbles: true}))")

    page.locator("button:disabled", has_text="Send a test alert").wait_for()
