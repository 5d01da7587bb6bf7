"""
The first hour in the browser: a person who reads nothing but the screen comes to the
first figures, connects a second platform and leaves a show out. Each click and each
field counts as one action.
"""

import json
from dataclasses import replace

import pytest
from support import needs
from support.dates import TODAY

from ticketsync.catalogue import shows
from ticketsync.core.money import decimal_text
from ticketsync.providers.eventbrite import Eventbrite
from ticketsync.reporting import audit_trail, numbers
from ticketsync.sandbox import platforms, server

pytestmark = needs.chromium


@pytest.fixture
def full(empty_machine):
    return empty_machine


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


@pytest.fixture
def eventbrite(sandbox, monkeypatch):
    """
    A second platform of the same venue.
    """
    (fake,) = platforms.build_others(names=["eventbrite"], today=TODAY, orders=20)
    sandbox.platforms["eventbrite"] = fake
    address = server.Sandbox.url(sandbox, sandbox.url, "eventbrite")
    monkeypatch.setattr(Eventbrite, "spec", replace(Eventbrite.spec, base_url=address))
    return fake


def test_from_an_empty_machine_to_figures_and_on(
    open_browser, full, sandbox, eventbrite
):
    page = open_browser(name="Ruth")
    ruth = Person(page)
    ruth.actions = 2  # opening the link and pressing its button
    ruth.sees("Four steps to the first figures")

    ruth.click("Connect")
    ruth.click("Ticket Tailor")
    ruth.fill("Key of Ticket Tailor", sandbox.key)
    ruth.tick("Store the key in such a file")
    ruth.press("Connect Ticket Tailor")
    ruth.sees("The key works.")
    ruth.click("Make them your shows")
    ruth.press("Take them all over")
    ruth.press("Sync all")
    ruth.click("See the figures")
    ruth.sees("On sale")
    first = ruth.actions

    with full.read() as connection:
        figures = numbers.figures(connection)
    gross = sum(item.gross.minor for item in figures)
    assert decimal_text(gross, "AUD") == _sum(sandbox.truth())
    assert page.get_by_text("Four steps").count() == 0
    print(f"first figures: {first} actions")
    assert first <= 12

    ruth.actions = 0
    ruth.click("Accounts")
    ruth.click("Connect a platform")
    ruth.click("Eventbrite")
    ruth.fill("Key of Eventbrite", eventbrite.key)
    ruth.press("Connect Eventbrite")
    ruth.sees("The key works.")
    print(f"second platform: {ruth.actions} actions")
    assert ruth.actions <= 5

    page.goto("/")
    ruth.actions = 0
    page.get_by_role("table").first.get_by_role("link").first.click()
    ruth.actions += 1
    ruth.fill("Leave this show out of the figures, because", "a private evening")
    ruth.press("Leave out")
    ruth.sees("The show is left out of the figures.")
    print(f"opt a show out: {ruth.actions} actions")
    assert ruth.actions <= 3

    with full.read() as connection:
        entries = audit_trail.list_entries(connection, limit=1000)
        excluded = [s for s in shows.list_shows(connection) if s.is_excluded]
    assert [show.excluded_because for show in excluded] == ["a private evening"]
    done = {(entry.action, entry.kind) for entry in entries if "Ruth" in entry.who}
    assert {("add", "account"), ("add", "show"), ("exclude", "show")} <= done
    assert sandbox.key not in json.dumps([str(entry) for entry in entries])
    assert page.console_errors == []


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
