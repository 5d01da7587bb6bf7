"""
OAuth by redirect on the pages: to the platform and back. Only who began it connects
anything, once and in time; no secret is to be read anywhere.
"""

import html
import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from support import needs
from support.dates import NOW, TODAY

from ticketsync.accounts import state
from ticketsync.catalogue import shows
from ticketsync.core import clock, log, paths
from ticketsync.core.settings.config import ServeSettings, Settings
from ticketsync.jobs import consents
from ticketsync.jobs.page_jobs import SetupJobs
from ticketsync.jobs.tasks import Tasks
from ticketsync.providers.eventbrite import Eventbrite
from ticketsync.providers.square import Square
from ticketsync.reporting import audit_trail
from ticketsync.sandbox import platforms, server, world
from ticketsync.visitors import passes
from ticketsync.web.site import COOKIE, Site

KINDS = {"square": Square, "eventbrite": Eventbrite}
BACK = "/connect/callback"


@pytest.fixture
def full(sqlite):
    with sqlite.write() as connection:
        shows.add_venue(connection, "The Lantern Room", "Australia/Sydney", "AUD")
    return sqlite


@pytest.fixture
def site(full):
    """
    Pages whose public address is not set: the platform leads back to where they were
    opened.
    """
    tasks, settings = Tasks(), Settings()
    yield Site(full, settings, None, SetupJobs(tasks, full, lambda: settings))
    tasks.close()


@pytest.fixture
def played(frozen, monkeypatch):
    """
    Both platforms with OAuth, by name.
    """
    fakes = platforms.build_others(today=TODAY, orders=20, names=list(KINDS))
    sandbox = server.Sandbox(world.build(today=TODAY, orders=10), others=fakes)
    sandbox.clock = lambda: clock.now().timestamp()
    with server.serving(sandbox) as address:
        for fake in fakes:
            url, kind = sandbox.url(address, fake.name), KINDS[fake.name]
            real = kind.spec.oauth()
            moved = replace(
                real,
                authorize_url=url + urlsplit(real.authorize_url).path,
                token_url=url + urlsplit(real.token_url).path,
            )
            spec = replace(kind.spec, base_url=url, oauth=lambda moved=moved: moved)
            monkeypatch.setattr(kind, "spec", spec)
        yield {fake.name: fake for fake in fakes}


@pytest.fixture
def ruth(enter, played):
    client = enter("manager", "Ruth")
    client.follow_redirects = False
    return client


def begin(client, fake, **changed):
    """
    Send the form; the address at the platform.
    """
    form = {
        "platform": fake.name,
        "name": fake.name,
        "client_id": "lantern-app",
        "client_secret": fake.client_secret,
        "file": "yes",
        **changed,
    }
    page = client.post("/connect/authorise", data=form)
    assert page.status_code == 200, page.text
    assert fake.client_secret not in page.text
    return html.unescape(re.search(r'class="button main" href="([^"]+)"', page.text)[1])


def answer(url, press="Allow"):
    """
    What a person presses on the platform's page; the address that it leads to.
    """
    page = httpx.get(url, trust_env=False).text
    return html.unescape(re.search(rf'href="([^"]+)">{press}<', page)[1])


def come_back(site, client, url):
    """
    The page of the task, or the one that says why there is none.
    """
    response = client.get(url)
    if response.status_code != 303:
        return response
    address = response.headers["location"]
    assert site.setup.tasks.get(address.rpartition("/")[2]).ended.wait(30)
    return client.get(address)


def accounts(database):
    with database.read() as connection:
        return [account.name for account in state.list_accounts(connection)]


def secret_files():
    folder = paths.secrets_folder()
    return sorted(f.name for f in folder.iterdir()) if folder.exists() else []


@pytest.mark.parametrize("name", list(KINDS))
@pytest.mark.thorough
def test_who_allows_it_is_connected(full, site, ruth, played, name):
    fake = played[name]
    form = ruth.get(f"/connect?platform={name}&by=oauth").text
    assert f"{ruth.base_url}{BACK}" in form.replace("<wbr>", "")

    page = come_back(site, ruth, answer(begin(ruth, fake))).text

    assert "The key works." in page
    assert accounts(full) == [name]
    with full.read() as connection:
        entries = audit_trail.list_entries(
            connection, audit_trail.AuditFilter(what="account")
        )
    assert [(entry.who, entry.action) for entry in entries] == [
        ("Ruth (manager)", "add")
    ]
    refresh = [f"{name}_refresh"] if name == "square" else []
    kept = [name, *refresh, f"{name}_client-"]
    assert sorted(re.sub("client-.*", "client-", f) for f in secret_files()) == sorted(
        kept
    )

    ruth.follow_redirects = True
    ruth.post(f"/accounts/{name}/remove")
    assert (accounts(full), secret_files()) == ([], [])


@pytest.mark.thorough
def test_a_key_is_renewed_by_allowing_it_again(full, site, ruth, played):
    fake = played["square"]
    come_back(site, ruth, answer(begin(ruth, fake)))
    before = fake.key
    assert "Allow it again at Square" in ruth.get("/accounts/square").text

    page = ruth.post("/accounts/square/authorise").text
    url = html.unescape(re.search(r'class="button main" href="([^"]+)"', page)[1])
    come_back(site, ruth, answer(url))

    assert fake.key != before
    assert (paths.secrets_folder() / "square").read_text() == fake.key
    with full.read() as connection:
        entries = audit_trail.list_entries(
            connection, audit_trail.AuditFilter(what="account")
        )
    assert entries[0].who == "Ruth (manager)"


def hostile(ruth, fake, enter, full):
    """
    Answers that must connect nothing, each with the client that sends it. Each has a
    consent of its own.
    """
    other = enter("manager", "Eve")
    again = enter("manager", "Ruth")
    viewer, door, nobody = enter("viewer"), enter("door"), enter("")
    for client in (other, again, viewer, door, nobody):
        client.follow_redirects = False

    def state_of(url):
        return parse_qs(urlsplit(url).query)["state"][0]

    for client in (other, again, viewer, door, nobody):
        yield client, answer(begin(ruth, fake))
    good = answer(begin(ruth, fake))
    for state_ in ("", "x" * 32, state_of(good)[:-1], state_of(good) + "A"):
        yield ruth, f"{BACK}?code=sandbox-code&state={state_}"
    yield ruth, f"{BACK}?code=sandbox-code"
    yield ruth, BACK
    yield ruth, answer(begin(ruth, fake), "Deny")
    for more in ("error=server_error", "code=", "code=&code="):
        yield ruth, f"{BACK}?{more}&state={state_of(begin(ruth, fake))}"
    yield ruth, f"{BACK}?code=wrong-code&state={state_of(begin(ruth, fake))}"
    # A code that was given to somebody else's consent (login of another's account):
    theirs = parse_qs(urlsplit(answer(begin(other, fake))).query)["code"][0]
    yield ruth, f"{BACK}?code={theirs}&state={state_of(begin(ruth, fake))}"
    late = answer(begin(ruth, fake))
    yield "late", late


@pytest.mark.thorough
def test_hostile_answers_connect_nothing(full, site, ruth, played, enter, frozen):
    fake = played["square"]
    number, successes, said = 0, 0, set()
    for client, url in hostile(ruth, fake, enter, full):
        if client == "late":
            frozen(NOW + consents.LASTS + timedelta(seconds=1))
            client = ruth
        page = come_back(site, client, url)
        assert page.status_code in (200, 400, 403), url
        assert "<script>" not in page.text
        said.update(
            re.findall(r"(?:answer|begun|signed in|refused|session)", page.text)
        )
        number += 1
        successes += "The key works." in page.text
    print(f"{number} attempts, {successes} successes")
    assert (successes, accounts(full), secret_files()) == (0, [], [])
    assert number >= 17
    # The control: the same answer by who began it, in time.
    assert "The key works." in come_back(site, ruth, answer(begin(ruth, fake))).text
    assert accounts(full) == ["square"]


def test_control_without_its_session_an_answer_connects_for_anybody(
    full, site, ruth, played, enter, monkeypatch
):
    monkeypatch.setattr(consents, "token_digest", lambda session: b"anybody")
    other = enter("manager", "Eve")
    other.follow_redirects = False
    page = come_back(site, other, answer(begin(ruth, played["square"])))
    assert "The key works." in page.text


def test_an_answer_counts_once(full, site, ruth, played, enter):
    url = answer(begin(ruth, played["square"]))
    assert "The key works." in come_back(site, ruth, url).text
    again = ruth.get(url)
    assert again.status_code == 400
    assert "used already" in again.text
    eve = enter("manager", "Eve").get(url)
    assert "started by somebody else" in eve.text
    assert accounts(full) == ["square"]


def test_who_did_not_begin_it_does_not_use_it_up(full, site, ruth, played, enter):
    url = answer(begin(ruth, played["square"]))
    assert enter("manager", "Eve").get(url).status_code == 400
    assert enter("").get(url).status_code == 403
    assert "The key works." in come_back(site, ruth, url).text


@pytest.mark.parametrize(
    ("press", "said"), [("Deny", "refused there"), ("late", "more than ten minutes")]
)
def test_the_page_says_what_happened_and_what_to_do(ruth, played, frozen, press, said):
    url = answer(begin(ruth, played["square"]), press.replace("late", "Allow"))
    if press == "late":
        frozen(NOW + timedelta(minutes=11))
    page = ruth.get(url)
    assert page.status_code == 400
    assert said in page.text
    assert "egin again" in page.text
    assert 'href="/connect"' in page.text


def test_a_lost_session_says_that_nothing_was_connected(full, ruth, played):
    url = answer(begin(ruth, played["square"]))
    with full.write() as connection:
        passes.revoke(connection, None, clock.now())
    page = ruth.get(url)
    assert page.status_code == 403
    assert "not signed in here any more" in page.text
    assert accounts(full) == []


def test_a_wrong_secret_of_the_app_leaves_nothing_behind(full, site, ruth, played):
    url = begin(ruth, played["square"], client_secret="sq-wrong-secret")
    page = come_back(site, ruth, answer(url)).text
    assert "Nothing was connected, and no key was kept." in page
    assert "`" not in page
    assert (accounts(full), secret_files()) == ([], [])


@pytest.mark.parametrize(
    "changed",
    [
        {"client_secret": ""},
        {"client_id": " "},
        {"platform": "ticket_tailor"},
        {"platform": "file"},
        {"platform": "nothing"},
        {"name": "../x"},
        {"file": ""},
    ],
)
def test_an_incomplete_form_leads_nowhere(full, ruth, played, changed):
    fake = played["square"]
    form = {
        "platform": "square",
        "name": "sq",
        "client_id": "x",
        "file": "yes",
        "client_secret": fake.client_secret,
        **changed,
    }
    page = ruth.post("/connect/authorise", data=form)
    assert page.status_code in (400, 404, 409), page.text
    assert fake.client_secret not in page.text
    assert secret_files() == []


def test_it_begins_at_the_address_that_the_platform_leads_back_to(
    full, site, ruth, played
):
    """
    At another one this browser would not be signed in when it comes back.
    """
    public = ServeSettings(public_url="https://tickets.example.org")
    site.settings_at_start = Settings(serve=public)
    form = {"platform": "square", "name": "sq", "client_id": "x", "file": "yes"}
    page = ruth.post("/connect/authorise", data={**form, "client_secret": "y"})
    assert page.status_code == 400
    assert "Open them at https://tickets.example.org" in page.text


@pytest.mark.thorough
def test_no_secret_is_in_a_page_log_address_or_database(full, site, ruth, played, home):
    pages = []
    log.open_log()
    try:
        for name, fake in played.items():
            url = begin(ruth, fake)
            back = answer(url)
            task = come_back(site, ruth, back)
            pages += [url, task.text, str(task.url), ruth.get(f"/accounts/{name}").text]
            pages += [ruth.get("/accounts").text, ruth.get(back).text]
    finally:
        log.close_log()
    stored = [
        file.read_bytes()
        for folder in (home, full.file.parent)
        for file in folder.rglob("*")
        if file.is_file() and file.parent.name != "secrets"
    ]
    square, eventbrite = played["square"], played["eventbrite"]
    hidden = (
        *(square.client_secret, square.key, square.refresh_token),
        *(eventbrite.client_secret, eventbrite.key, "sandbox-code-1"),
    )
    number = found = 0
    for secret in hidden:
        for text in pages:
            number, found = number + 1, found + (secret in text)
        for data in stored:
            number, found = number + 1, found + (secret.encode() in data)
    print(f"{number} attempts, {found} successes")
    assert found == 0
    assert number > 60


@needs.chromium
@pytest.mark.thorough
def test_a_person_in_a_browser_goes_there_and_back(
    chromium, served, full, site, played
):
    with full.write() as connection:
        token = passes.issue(connection, "session", "manager", "Ruth", clock.now())
    context = chromium.new_context(base_url=served)
    context.add_cookies([{"name": COOKIE, "value": token, "url": served}])
    page = context.new_page()
    page.goto("/connect?platform=square")
    page.get_by_role("link", name="allow it at Square").click()
    page.get_by_label("Id of your app").fill("lantern-app")
    page.get_by_label("Secret of your app").fill(played["square"].client_secret)
    page.get_by_label("Store the key in such a file").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("link", name="Go on to Square").click()
    page.get_by_role("link", name="Allow").click()
    page.get_by_text("The key works.").wait_for()
    assert "/tasks/" in page.url
    assert accounts(full) == ["square"]
    context.close()
