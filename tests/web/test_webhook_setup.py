"""
Webhooks of an account on the pages: address, secret, test delivery and another try; and
a test of the alerts.
"""

from dataclasses import replace

import pytest
from support.web_server import running

from ticketsync.cli import simulate
from ticketsync.core import clock, errors, paths
from ticketsync.core.settings.config import Settings
from ticketsync.reporting import audit_trail, deliveries
from ticketsync.web import app as web
from ticketsync.web.webhook_receiver import Receiver
from ticketsync.webhooks import inbox
from ticketsync.workflows import account_alerts
from ticketsync.workflows.webhooks import (
    public_address,
    webhook_endpoints,
    webhook_registration,
)

SECRET = "whsec_lantern_room_12345"
ADDRESS = "/accounts/tt/webhooks"


@pytest.fixture
def ruth(enter):
    return enter("manager", "Ruth")


def finish(site, response):
    """
    The page of a task at its end.
    """
    task = site.setup.tasks.get(str(response.url).rpartition("/")[2])
    assert task.ended.wait(30)
    return task


def decisions(database):
    with database.read() as connection:
        found = audit_trail.list_entries(
            connection, audit_trail.AuditFilter(what="webhook")
        )
    return [(entry.who, entry.action) for entry in found]


def test_without_a_public_address_it_is_that_of_the_running_server(
    full, site, ruth, monkeypatch
):
    """
    Nothing on the page names another port, and it says what has to be set first.
    """
    monkeypatch.setattr(type(site), "settings", Settings())
    ruth.post(ADDRESS)
    with public_address.announced("http://127.0.0.1:8791"):
        page = ruth.get(ADDRESS).text
    assert page.count("http://127.0.0.1:8791/hooks/") == 2
    assert "8787" not in page
    assert "must first give it a public address" in page


def test_an_address_a_secret_and_a_test_delivery(full, site, ruth):
    assert "Make the address" in ruth.get(ADDRESS).text
    page = ruth.post(ADDRESS).text
    assert "https://tickets.example.org/hooks/" in page
    assert "every delivery is refused" in page

    form = {"key": SECRET, "file": "yes"}
    stored = ruth.post(f"{ADDRESS}/secret", data=form).text
    assert "The secret is stored." in stored
    assert SECRET not in stored
    assert decisions(full) == [
        ("Ruth (manager)", "set secret"),
        ("Ruth (manager)", "create address"),
    ]
    assert SECRET.encode() not in full.file.read_bytes()
    (file,) = paths.secrets_folder().iterdir()
    assert file.read_text() == SECRET

    endpoints = webhook_endpoints.cached_endpoints(full, site.settings)
    receiver = Receiver(full, endpoints)
    with running(web.create_app(receiver, site)) as here:
        site.setup = replace(
            site.setup,
            send_delivery=lambda account, order: simulate.send_first_event(
                *(full, site.settings, account, order, receiver.trials), to=here
            ),
        )
        task = finish(site, ruth.post(f"{ADDRESS}/test"))
    assert task.error is None
    with full.read() as connection:
        (received,) = deliveries.list_deliveries(connection, account="tt")
    assert received.state == "received"


@pytest.mark.thorough
def test_a_secret_that_is_sent_twice_leaves_the_previous_one_valid(full, site, ruth):
    """
    The second press made the new one the previous one, too, so that the real one was
    refused while the platform changed over; its file stayed for ever.
    """
    ruth.post(ADDRESS)

    def valid():
        (endpoint,) = webhook_endpoints.load_endpoints(full, site.settings)
        return [secret.reveal() for secret in endpoint.secrets]

    for secret in ("whsec_first", "whsec_second", "whsec_second"):
        ruth.post(f"{ADDRESS}/secret", data={"key": secret, "file": "yes"})
    assert valid() == ["whsec_second", "whsec_first"]
    assert decisions(full)[:2] == [("Ruth (manager)", "set secret")] * 2
    assert decisions(full)[2] == ("Ruth (manager)", "create address")

    ruth.post(f"{ADDRESS}/secret", data={"key": "whsec_third", "file": "yes"})
    assert valid() == ["whsec_third", "whsec_second"]
    kept = {file.read_text() for file in paths.secrets_folder().iterdir()}
    assert kept == {"whsec_third", "whsec_second"}


def test_no_address_of_this_machine_is_registered(full, settings, monkeypatch):
    """
    The rule of the command holds for the page, too.
    """
    monkeypatch.setattr(
        webhook_registration.registry, "refuse_unregistrable", lambda *_: None
    )
    with pytest.raises(errors.ConfigurationError, match="cannot reach this machine"):
        webhook_registration.register(
            full, settings, "tt", "http://127.0.0.1:8787/hooks/x", "file"
        )


@pytest.mark.parametrize("form", [{"key": "", "file": "yes"}, {"key": SECRET}])
def test_no_secret_is_stored_by_an_incomplete_form(full, ruth, form):
    ruth.post(ADDRESS)
    assert ruth.post(f"{ADDRESS}/secret", data=form).status_code in (400, 409)
    with full.read() as connection:
        assert inbox.list_secret_references(connection, 1) == []


def test_a_platform_that_registers_nothing_says_so(site, ruth):
    ruth.post(ADDRESS)
    task = finish(site, ruth.post(f"{ADDRESS}/register", data={"file": "yes"}))
    assert "does not let webhooks be registered" in task.error.message


def test_a_registered_address_is_said(site, ruth, monkeypatch):
    ruth.post(ADDRESS)
    monkeypatch.setattr(webhook_registration, "register", lambda *_: None)
    task = finish(site, ruth.post(f"{ADDRESS}/register", data={"file": "yes"}))
    assert task.error is None
    page = ruth.get(f"/tasks/{task.id}").text
    assert "The address is registered. Its secret is stored." in page


def test_a_failed_delivery_is_tried_again(full, ruth):
    new = inbox.NewDelivery(1, "k", "ORDER.CREATED", "order", "failed", "or_1")
    with full.write() as connection:
        inbox.store(connection, [new], clock.now())
        (held,) = deliveries.list_deliveries(connection)
    assert f"/webhooks/{held.id}/retry" in ruth.get("/webhooks").text

    page = ruth.post(f"/webhooks/{held.id}/retry").text

    assert "wait to be processed again" in page
    with full.read() as connection:
        (now,) = deliveries.list_deliveries(connection)
    assert now.state == "received"
    assert decisions(full)[0] == ("Ruth (manager)", "retry")


def test_a_test_of_the_alerts_says_what_is_missing(site, ruth, monkeypatch):
    task = finish(site, ruth.post("/notify/test"))
    assert task.error.message == "No one is set up to be notified."
    assert "`" not in ruth.get(f"/tasks/{task.id}").text
    monkeypatch.setattr(account_alerts, "send_test", lambda settings: None)
    assert finish(site, ruth.post("/notify/test")).error is None
