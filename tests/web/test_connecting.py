"""
Connecting a platform on the pages: a key is tried, kept or forgotten; nothing is ever
half done, and the key itself is nowhere to be read.
"""

import html
import re
import threading

import pytest

from ticketsync.accounts import credentials, edits, state
from ticketsync.accounts.runs import Result
from ticketsync.catalogue import occurrences
from ticketsync.core import clock, log, paths
from ticketsync.jobs import page_jobs
from ticketsync.reporting import audit_trail
from ticketsync.visitors import passes
from ticketsync.workflows import one_at_a_time
from ticketsync.workflows.accounts import connect

WRONG = "sk_wrong_but_long_enough_4711"


@pytest.fixture
def full(empty_machine):
    return empty_machine


@pytest.fixture
def ruth(enter):
    client = enter("manager", "Ruth")
    client.follow_redirects = False
    return client


def form_of(client):
    """
    The fields of the form that connects Ticket Tailor, as a browser would send it.
    """
    page = client.get("/connect?platform=ticket_tailor").text
    return {
        "form": re.search(r'name="form" value="([\w-]+)"', page)[1],
        "platform": "ticket_tailor",
        "name": re.search(r'id="name" name="name" value="(\w+)"', page)[1],
        "file": "yes",
    }


@pytest.fixture
def send(site):
    """
    Sends the form with a key and gives the page of the task at its end.
    """

    def to(client, form, key):
        response = client.post("/connect", data={**form, "key": key})
        assert response.status_code == 303, response.text
        address = response.headers["location"]
        site.setup.tasks.get(address.rpartition("/")[2]).ended.wait(30)
        return address, client.get(address).text

    return to


def accounts(database):
    with database.read() as connection:
        return [(a.name, a.state) for a in state.list_accounts(connection)]


def decisions(database):
    with database.read() as connection:
        entries = audit_trail.list_entries(
            connection, audit_trail.AuditFilter(what="account")
        )
    return [(entry.who, entry.action, entry.subject) for entry in entries]


def secret_files():
    folder = paths.secrets_folder()
    return sorted(f.name for f in folder.iterdir()) if folder.exists() else []


@pytest.mark.thorough
def test_a_key_is_tried_stored_and_its_events_are_read(full, ruth, send, sandbox):
    _, page = send(ruth, form_of(ruth), sandbox.key)

    assert "The key works." in page
    assert "Make them your shows" in page
    assert accounts(full) == [("ticket_tailor", "active")]
    assert decisions(full) == [("Ruth (manager)", "add", "ticket_tailor")]
    assert secret_files() == ["ticket_tailor"]
    with full.read() as connection:
        listed = occurrences.list_occurrences(connection)
    assert len(listed) == len(sandbox.world.performances)


def test_a_wrong_key_leaves_nothing_behind(full, ruth, send):
    _, page = send(ruth, form_of(ruth), WRONG)

    assert "Nothing was connected, and no key was kept." in page
    assert "Try again" in page
    assert "`" not in page
    assert (accounts(full), decisions(full), secret_files()) == ([], [], [])


@pytest.mark.thorough
def test_after_a_refused_key_the_form_is_as_it_was_but_for_the_key(ruth, send):
    form = {**form_of(ruth), "name": "comedy", "people": "true"}
    _, page = send(ruth, form, WRONG)
    link = html.unescape(re.search(r'href="(/connect\?[^"]+)"[^>]*>Try again', page)[1])
    again = ruth.get(link).text
    assert 'name="name" value="comedy"' in again
    assert re.search(r'value="true" checked> Yes', again)
    assert not re.search(r'value="" checked> No', again)
    assert re.search(r'name="file"[^>]* checked>', again)
    assert WRONG not in again
    fresh = ruth.get("/connect?platform=ticket_tailor").text
    assert re.search(r'value="" checked> No', fresh)
    assert ruth.get("/connect?platform=eventbrite&again=nothing").status_code == 200


def test_the_key_is_in_no_page_log_address_or_database(full, ruth, send, sandbox, home):
    log.open_log()
    try:
        pages = [
            part
            for key in (WRONG, sandbox.key)
            for part in send(ruth, form_of(ruth), key)
        ]
    finally:
        log.close_log()
    pages += [ruth.get("/accounts/ticket_tailor").text, ruth.get("/accounts").text]
    stored = [
        file.read_bytes()
        for folder in (home, full.file.parent)
        for file in folder.rglob("*")
        if file.is_file() and file.parent.name != "secrets"
    ]

    number, found = 0, 0
    for key in (WRONG, sandbox.key):
        for text in pages:
            number, found = number + 1, found + (key in text)
        for data in stored:
            number, found = number + 1, found + (key.encode() in data)
    print(f"{number} attempts, {found} successes")
    assert found == 0
    assert number > 12


@pytest.mark.thorough
def test_a_form_sent_twice_connects_once(full, ruth, send, sandbox):
    form = form_of(ruth)

    first, _ = send(ruth, form, sandbox.key)
    again, page = send(ruth, form, sandbox.key)

    assert first == again
    assert "The key works." in page
    assert len(decisions(full)) == 1


@pytest.mark.thorough
def test_after_the_back_button_a_refused_form_can_be_sent_again(
    full, ruth, send, sandbox
):
    form = form_of(ruth)
    refused, _ = send(ruth, form, WRONG)

    again, page = send(ruth, form, sandbox.key)

    assert refused == again
    assert "The key works." in page
    assert accounts(full) == [("ticket_tailor", "active")]


@pytest.mark.thorough
def test_the_same_account_in_two_tabs_is_connected_once(full, ruth, send, sandbox):
    one, other = form_of(ruth), form_of(ruth)
    assert one["form"] != other["form"]

    send(ruth, one, sandbox.key)
    _, page = send(ruth, other, WRONG)

    assert "There is an account" in page
    assert secret_files() == ["ticket_tailor"]
    stored = (paths.secrets_folder() / "ticket_tailor").read_text()
    assert stored == sandbox.key
    assert len(decisions(full)) == 1


@pytest.mark.parametrize("is_protected", [True, False])
def test_of_two_at_the_same_moment_the_second_does_not_replace_the_key(
    full, settings, sandbox, monkeypatch, is_protected
):
    """
    The first has stored its key and not saved its account yet. The control: without
    the protection the account has the key of the second.
    """
    if not is_protected:
        monkeypatch.setattr(
            one_at_a_time,
            "alone",
            lambda *_: __import__("contextlib").nullcontext(True),
        )
    stored, go_on = threading.Event(), threading.Event()
    store = credentials.store_secret

    def slowly(name, source, secret):
        reference = store(name, source, secret)
        if threading.current_thread() is first and not stored.is_set():
            stored.set()
            go_on.wait(30)
        return reference

    monkeypatch.setattr(credentials, "store_secret", slowly)
    failed = []

    def add(key):
        try:
            connect.add(
                full,
                settings,
                provider="ticket_tailor",
                name="tt",
                base_url=None,
                source=connect.SecretSource("file", "", connect.Secret(key)),
                options={},
                check=False,
            )
        except connect.errors.TicketsyncError as error:
            failed.append(error.word)

    first = threading.Thread(target=add, args=("sk_first_key",))
    first.start()
    assert stored.wait(30)
    add("sk_second_key")
    go_on.set()
    first.join()

    kept = paths.secrets_folder() / "tt"
    if is_protected:
        assert failed == ["busy"]
        assert kept.read_text() == "sk_first_key"
    else:  # the second took the name, and lost its key to the clean-up of the first
        assert failed != ["busy"]
        assert not kept.exists() or kept.read_text() != "sk_first_key"
    assert accounts(full) == [("tt", "active")]


def test_a_key_that_was_stored_for_nothing_is_deleted(
    full, ruth, send, sandbox, monkeypatch
):
    def fail(*_):
        raise connect.errors.DatabaseError("The disk is full.")

    monkeypatch.setattr(edits, "add_account", fail)
    _, page = send(ruth, form_of(ruth), sandbox.key)

    assert "The disk is full." in page
    assert (accounts(full), secret_files()) == ([], [])


def test_a_lost_session_connects_nothing(full, ruth, sandbox, site):
    form = form_of(ruth)
    with full.write() as connection:
        passes.revoke(connection, None, clock.now())

    response = ruth.post("/connect", data={**form, "key": sandbox.key})

    assert response.headers["location"] == "/enter"
    assert site.setup.tasks.get(form["form"]) is None
    assert (accounts(full), decisions(full), secret_files()) == ([], [], [])


@pytest.mark.parametrize("role", ["viewer", "door"])
def test_nobody_else_connects_anything(full, enter, ruth, sandbox, role):
    form = form_of(ruth)
    response = enter(role).post("/connect", data={**form, "key": sandbox.key})
    assert response.status_code == 403
    assert (accounts(full), secret_files()) == ([], [])


def test_where_no_key_can_be_stored_there_is_no_field_for_one(full, ruth, sandbox):
    paths.secrets_folder().write_text("")  # no folder can be made there

    page = ruth.get("/connect?platform=ticket_tailor").text
    form = {"platform": "ticket_tailor", "name": "tt", "file": "yes"}
    sent = ruth.post("/connect", data={**form, "key": sandbox.key})

    assert 'name="key"' not in page
    assert "ticketsync accounts add ticket_tailor ticket_tailor" in page
    assert sent.status_code == 409
    assert accounts(full) == []


def test_without_a_keyring_a_file_needs_the_persons_word(full, ruth, sandbox):
    form = {**form_of(ruth), "file": ""}
    sent = ruth.post("/connect", data={**form, "key": sandbox.key})
    assert sent.status_code == 400
    assert "tick the box" in sent.text
    assert (accounts(full), secret_files()) == ([], [])


@pytest.mark.parametrize(
    "given", [{"platform": "file"}, {"platform": "ticket_tailor", "watch": "/etc"}]
)
def test_no_file_of_the_server_is_read_from_a_page(full, ruth, given, site):
    """
    Neither a platform that reads files nor an option that names one; nor can a page
    say where a key is sent to.
    """
    sent = ruth.post(
        "/connect",
        data={
            "name": "x",
            "key": "k" * 20,
            "file": "yes",
            "base_url": "http://127.0.0.1:9/",
            **given,
        },
    )
    if sent.status_code == 303:
        task = site.setup.tasks.get(sent.headers["location"].rpartition("/")[2])
        assert task.ended.wait(30)
        assert task.error is not None
    assert accounts(full) == []


def test_a_page_of_a_task_that_runs_refreshes_itself_without_a_script(ruth, site):
    hold = threading.Event()
    task = site.setup.tasks.start("t" * 22, "sync", "Sync", lambda _: hold.wait(30))
    try:
        page = ruth.get(f"/tasks/{task.id}").text
    finally:
        hold.set()
    assert '<noscript><meta http-equiv="refresh"' in page
    assert task.ended.wait(30)
    assert "refresh" not in ruth.get(f"/tasks/{task.id}").text


@pytest.mark.thorough
def test_an_account_whose_events_cannot_be_read_is_connected_nevertheless(
    full, ruth, send, sandbox, monkeypatch
):
    """
    The page said that nothing was connected and no key kept, and trying again failed.
    """

    def fail(*_, **__):
        raise connect.errors.DatabaseError("The disk is full.")

    monkeypatch.setattr(page_jobs.sync, "fetch_listing", fail)
    _, page = send(ruth, form_of(ruth), sandbox.key)

    assert "The key works." in page
    assert "The disk is full." in page
    assert "Nothing was connected" not in page
    assert "Read events again" in page
    assert accounts(full) == [("ticket_tailor", "active")]
    assert secret_files() == ["ticket_tailor"]


@pytest.mark.parametrize("address", ["/sync", "/fetch"])
@pytest.mark.thorough
def test_a_task_whose_accounts_all_failed_has_failed(
    full, ruth, send, site, sandbox, address
):
    send(ruth, form_of(ruth), sandbox.key)
    (paths.secrets_folder() / "ticket_tailor").write_text(WRONG)

    task = ruth.post(address).headers["location"]
    assert site.setup.tasks.get(task.rpartition("/")[2]).ended.wait(30)
    page = ruth.get(task).text

    assert "This was not finished. What was saved before stays." in page
    assert "See the figures" not in page
    assert "Make them your shows" not in page


def test_a_task_says_what_the_run_remarks(full, ruth, site, monkeypatch):
    """
    One of two accounts failed: the task is done, and its page says what the command
    says.
    """
    results = [
        Result("tt", "success"),
        Result("eb", "failed", exit_code=5, message="Eventbrite is not reachable."),
    ]
    remarks = ["Friday has two listings.", "Friday has two listings."]
    monkeypatch.setattr(
        page_jobs.sync, "fetch_listing", lambda *_, **__: (results, remarks)
    )

    task = site.setup.fetch("f" * 22)
    assert task.ended.wait(30)

    assert [(step.text, step.state) for step in task.steps] == [
        ("tt: 0 events on sale", "done"),
        ("eb: Eventbrite is not reachable.", "not reached"),
        ("Friday has two listings.", "done"),
    ]
    assert task.state == "done"


@pytest.mark.thorough
def test_events_on_sale_are_those_that_can_be_bought_now(full, ruth, send, sandbox):
    """
    Two dates of one event are one; what is closed, over or no longer listed is none.
    """
    send(ruth, form_of(ruth), sandbox.key)
    with full.write() as connection:
        run = connection.exec_driver_sql
        dates = [row[0] for row in run("SELECT id FROM occurrences ORDER BY id")]
        events = [row[0] for row in run("SELECT id FROM events ORDER BY id")]
        coming = "starts_at = '2031-02-01T09:00:00Z'"
        run(f"UPDATE occurrences SET status = 'closed', {coming}")
        sold, never_sold, no_date = events[:3]
        past = "starts_at = '2001-02-01T09:00:00Z'"
        for date, event, change in (
            (dates[0], sold, "status = 'on_sale'"),
            (dates[1], sold, "status = 'on_sale'"),
            (dates[2], never_sold, "status = 'closed'"),
            (dates[3], never_sold, f"status = 'on_sale', {past}"),
            (dates[4], never_sold, "status = 'on_sale', gone_since = starts_at"),
            (dates[5], no_date, f"status = 'on_sale', is_dated = 0, {past}"),
        ):
            run(
                f"UPDATE occurrences SET event_id = {event}, {change} WHERE id = {date}"
            )
        found = occurrences.count_events_on_sale(connection, clock.now())

    assert found == {"ticket_tailor": 2}
