"""
A real Chromium for the tests of pages, one for each process of the suite.
"""

import asyncio
from contextlib import ExitStack
from dataclasses import replace

import pytest
from support import needs
from support.browser_flags import FLAGS
from support.network import Network

from ticketsync.catalogue import shows
from ticketsync.core import clock
from ticketsync.providers.ticket_tailor import TicketTailor
from ticketsync.visitors import passes


@pytest.fixture(scope="session")
def started_chromium():
    """
    The browser and the loop of its library, which runs between calls as well: nobody
    else in this thread could start one meanwhile, so it is hidden until it is used.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=needs.CHROMIUM, args=FLAGS)
        loop = asyncio.get_running_loop()
        asyncio._set_running_loop(None)
        yield browser, loop
        asyncio._set_running_loop(loop)
        browser.close()


@pytest.fixture
def chromium(started_chromium):
    browser, loop = started_chromium
    asyncio._set_running_loop(loop)
    yield browser
    for context in browser.contexts:
        context.close()
    asyncio._set_running_loop(None)


@pytest.fixture
def open_browser(chromium, served, full):
    """
    Opens a browser with a network of its own and signs in with a one-time link.
    """
    opened = ExitStack()

    def as_(role="manager", name="", **options):
        with full.write() as connection:
            token = passes.issue(connection, "link", role, name, clock.now())
        network = opened.enter_context(Network(served).running())
        context = chromium.new_context(base_url=network.address, **options)
        opened.callback(context.close)
        page = context.new_page()
        page.network = network
        page.console_errors = []
        page.on("console", lambda message: page.console_errors.append(message.text))
        page.on("pageerror", lambda error: page.console_errors.append(str(error)))
        page.goto(f"/enter/{token}")
        page.get_by_role("button", name="Open").click()
        return page

    with opened:
        yield as_


@pytest.fixture
def empty_machine(sqlite, sandbox, monkeypatch):
    """
    A database with a venue and nothing else; Ticket Tailor is the sandbox's.
    """
    with sqlite.write() as connection:
        shows.add_venue(connection, "The Lantern Room", "Australia/Sydney", "AUD")
    spec = replace(TicketTailor.spec, base_url=sandbox.url)
    monkeypatch.setattr(TicketTailor, "spec", spec)
    return sqlite
