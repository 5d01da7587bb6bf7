"""
A test delivery on the page, for each platform that sends webhooks: signed as it signs,
through the own receiver; and what a key made for one test is good for.
"""

from dataclasses import replace

import pytest
from support.dates import TODAY
from support.platform_accounts import set_up
from support.web_server import running

from ticketsync.cli import simulate
from ticketsync.core import clock
from ticketsync.core.redact import Secret
from ticketsync.reporting import deliveries as received
from ticketsync.sandbox import deliveries, platforms, server, world
from ticketsync.web import app as web
from ticketsync.web.webhook_receiver import Receiver
from ticketsync.workflows.webhooks import webhook_endpoints

NAMES = ("eventbrite", "square", "wix")  # Ticket Tailor: `test_webhook_setup.py`


@pytest.fixture
def name():
    return "wix"


@pytest.fixture
def full(name, frozen, monkeypatch, sqlite, settings):
    """
    A database that was synced once with this platform.
    """
    fake = platforms.build_others(today=TODAY, orders=20, names=[name])[0]
    sandbox = server.Sandbox(world.build(today=TODAY, orders=10), others=(fake,))
    sandbox.clock = lambda: clock.now().timestamp()
    monkeypatch.setenv("KEY", fake.key)
    with server.serving(sandbox) as address:
        sandbox.address = sandbox.url(address, name)
        set_up(sqlite, settings, sandbox, name, is_read=True, world="trial")
        yield sqlite


class Page(str):
    """
    The address of the page, with the receiver and where it listens.
    """

    def __new__(cls, text, here, receiver):
        made = super().__new__(cls, text)
        made.here, made.receiver = here, receiver
        return made


@pytest.fixture
def page(full, site, name):
    """
    The address of the page, with an endpoint under a real server.
    """
    endpoints = webhook_endpoints.cached_endpoints(full, site.settings)
    receiver = Receiver(full, endpoints)
    with running(web.create_app(receiver, site)) as here:

        def send(account, order):
            receiver.read_endpoints_again()
            return simulate.send_first_event(
                *(full, site.settings, account, order, receiver.trials), to=here
            )

        site.setup = replace(site.setup, send_delivery=send)
        yield Page(f"/accounts/{name}/webhooks", here, receiver)


def last_received(database):
    with database.read() as connection:
        return received.list_deliveries(connection)[0]


def set_secret(client, page, name):
    client.post(page)
    if name == "eventbrite":  # signs nothing
        return
    _, public = deliveries.make_keys()
    secret = public if name == "wix" else "a_signature_key_of_theirs"
    client.post(f"{page}/secret", data={"key": secret, "file": "yes"})


def send_test(site, client, page):
    response = client.post(f"{page}/test")
    task = site.setup.tasks.get(str(response.url).rpartition("/")[2])
    assert task.ended.wait(30)
    return task


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.thorough
def test_each_platform_sends_a_test_through_the_receiver(full, site, page, enter, name):
    ruth = enter("manager")
    set_secret(ruth, page, name)
    assert "Send a test delivery" in ruth.get(page).text

    task = send_test(site, ruth, page)

    assert task.error is None
    assert "was accepted" in ruth.get(f"/tasks/{task.id}").text
    assert last_received(full).state == "received"


def test_without_a_key_of_the_account_a_test_opens_nothing(full, site, page, enter):
    """
    The key made for a test does not stand in for the one that is missing.
    """
    ruth = enter("manager")
    ruth.post(page)
    task = send_test(site, ruth, page)
    assert "cannot receive webhooks yet" in task.error.message
    with full.read() as connection:
        assert received.list_deliveries(connection) == []


@pytest.mark.thorough
def test_a_key_made_for_a_test_is_good_for_nothing_else(full, site, page, enter):
    """
    After it, and for another account, its deliveries are refused; during it they are
    accepted, which is the control.
    """
    set_secret(enter("manager"), page, "wix")
    key, public = deliveries.make_keys()
    endpoint = webhook_endpoints.get_ready_endpoint(full, site.settings, "wix")
    headers, body = deliveries.delivery(
        *("wix", deliveries.EVENTS["wix"][0], "1-1"),
        number=1,
        now=int(clock.now().timestamp()),
        key=key,
        url=endpoint.url,
        occurrence="x",
    )
    address = f"{page.here}/hooks/{endpoint.path}"
    trials = page.receiver.trials
    page.receiver.read_endpoints_again()

    with trials.accepted("another", Secret(public)):
        assert deliveries.send(address, headers, body) == 400
    with trials.accepted("wix", Secret(public)):
        assert deliveries.send(address, headers, body) == 200
    assert deliveries.send(address, headers, body) == 400
