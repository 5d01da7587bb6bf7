"""
One account on its page: paused, resumed, given another key or other options, removed;
nothing half done, each decision on record.
"""

import re

import pytest

from ticketsync.accounts import credentials, edits, state
from ticketsync.core import clock, paths
from ticketsync.core.redact import Secret
from ticketsync.reporting import audit_trail
from ticketsync.workflows.accounts import account_options

# The box by which a person agrees to a file, ticked.
TICKED = 'name="file" value="yes" required checked>'


@pytest.fixture
def ruth(enter):
    return enter("manager", "Ruth")


def account(database):
    with database.read() as connection:
        return state.get_account(connection, "tt")


def decisions(database, number):
    with database.read() as connection:
        entries = audit_trail.list_entries(
            connection, audit_trail.AuditFilter(what="account"), limit=number
        )
    return [(entry.who, entry.action) for entry in entries]


def finish(site, response):
    task = site.setup.tasks.get(str(response.url).rpartition("/")[2])
    assert task.ended.wait(30)
    return task


@pytest.mark.thorough
def test_an_account_is_paused_with_a_reason_and_resumed(full, ruth):
    page = ruth.post("/accounts/tt/pause", data={"reason": "moving house"})
    assert "tt is paused" in page.text
    assert "moving house" in page.text
    assert account(full).state == "paused"
    assert "tt is active again" in ruth.post("/accounts/tt/resume").text
    assert account(full).state == "active"
    assert decisions(full, 2) == [
        ("Ruth (manager)", "resume"),
        ("Ruth (manager)", "pause"),
    ]


@pytest.mark.thorough
def test_a_new_key_is_used_once_it_works(full, site, ruth, sandbox):
    page = ruth.get("/accounts/tt").text
    form = re.search(r'action="/accounts/tt/key".*?value="([\w-]+)"', page, re.S)[1]
    given = {"form": form, "file": "yes"}

    wrong = {**given, "key": "sk_wrong_key_of_somebody"}
    refused = finish(site, ruth.post("/accounts/tt/key", data=wrong))
    assert refused.error is not None
    assert account(full).secret_source == "env"
    assert not list(paths.secrets_folder().iterdir())
    right = finish(
        site, ruth.post("/accounts/tt/key", data={**given, "key": sandbox.key})
    )
    assert right.error is None
    assert account(full).secret_source == "file"
    assert credentials.read_secret(
        "tt", "file", account(full).secret_reference
    ) == Secret(sandbox.key)
    assert decisions(full, 1) == [("Ruth (manager)", "rotate")]
    assert (
        "The new key works, and tt uses it now." in ruth.get(f"/tasks/{right.id}").text
    )
    assert sandbox.key not in ruth.get("/accounts/tt").text


@pytest.mark.thorough
def test_who_agreed_to_a_file_for_a_key_finds_the_box_ticked(full, site, ruth, sandbox):
    ruth.post("/accounts/tt/webhooks")  # makes its address
    pages = ("/accounts/tt", "/accounts/tt/webhooks")
    assert [TICKED in ruth.get(page).text for page in pages] == [False, False]

    given = {"form": "f" * 22, "file": "yes", "key": sandbox.key}
    finish(site, ruth.post("/accounts/tt/key", data=given))

    assert [TICKED in ruth.get(page).text for page in pages] == [True, True]


def test_options_are_shown_before_they_are_saved(full, site, ruth):
    before = dict(account(full).options)
    wanted = "false" if before.get("people") == "true" else "true"

    task = finish(site, ruth.post("/accounts/tt/options", data={"people": wanted}))
    assert "people:" in ruth.get(f"/tasks/{task.id}").text
    assert dict(account(full).options) == before
    saved = ruth.post(f"/tasks/{task.id}/save")
    assert "The options of tt are saved." in saved.text
    assert account(full).options["people"] == wanted
    assert decisions(full, 1) == [("Ruth (manager)", "set")]


@pytest.mark.parametrize("is_protected", [True, False])
def test_options_planned_in_two_tabs_are_saved_by_one(
    full, site, ruth, monkeypatch, is_protected
):
    """
    The control: a plan that is saved whatever happened since undoes the other tab.
    """
    held = account(full)
    wanted = "false" if held.options.get("people") == "true" else "true"
    one = finish(site, ruth.post("/accounts/tt/options", data={"people": wanted}))
    with full.write() as connection:
        edits.set_options(connection, held.id, {"people": wanted, "other": "1"})
    if not is_protected:
        monkeypatch.setattr(
            account_options.state, "without_tokens", lambda options: {"same": "always"}
        )

    saved = ruth.post(f"/tasks/{one.id}/save")

    assert saved.status_code == (503 if is_protected else 200)


def test_nothing_that_names_a_file_or_an_address_is_changed(full, site, ruth):
    base_url = account(full).base_url
    response = ruth.post(
        "/accounts/tt/options",
        data={"base_url": "http://127.0.0.1:9/", "watch": "/etc", "people": "/etc"},
    )
    if "/tasks/" in str(response.url):
        assert finish(site, response).error is not None
    else:
        assert response.status_code == 400
    assert account(full).base_url == base_url
    assert "watch" not in account(full).options


def test_what_hangs_on_an_account_is_said_before_it_is_removed(full, ruth):
    page = ruth.get("/accounts/tt/remove").text
    assert re.search(r"tt has brought \d+ orders", page)
    assert account(full).state == "active"
    assert "removed" in ruth.post("/accounts/tt/remove").text
    assert account(full).is_retired
    assert decisions(full, 1) == [("Ruth (manager)", "retire")]
    assert ruth.get("/accounts/tt").status_code == 200
    assert ruth.post("/accounts/tt/resume").status_code == 409


@pytest.mark.thorough
def test_another_key_in_the_form_of_one_that_was_taken_is_tried_too(
    full, site, ruth, sandbox
):
    """
    The way back shows the form as it was sent, with its id. Recognised by that alone,
    the second key was thrown away and said to be in use.
    """
    page = ruth.get("/accounts/tt").text
    form = re.search(r'action="/accounts/tt/key".*?value="([\w-]+)"', page, re.S)[1]

    def send(key):
        data = {"form": form, "file": "yes", "key": key}
        return finish(site, ruth.post("/accounts/tt/key", data=data))

    first = send(sandbox.key)
    other = send("sk_wrong_key_of_somebody")

    assert first.error is None
    assert other.error is not None
    assert send(sandbox.key) is first
    assert send("sk_wrong_key_of_somebody").id == other.id != first.id
    assert "sk_" not in first.content + other.content


def test_an_account_of_files_offers_no_key_and_no_webhooks(full, ruth, tmp_path):
    """
    What it has none of is not a link that leads nowhere.
    """
    with full.write() as connection:
        new = state.NewAccount(
            *("door", "file", None, "none", "", "", None),
            {"recipe": "ticketsync", "watch": str(tmp_path)},
        )
        edits.add_account(connection, new, clock.now())

    of_files, of_a_platform = (
        ruth.get(f"/accounts/{name}").text for name in ("door", "tt")
    )

    for words in ("Sales at once (webhooks)", "<h2>New key</h2>"):
        assert words not in of_files
        assert words in of_a_platform
