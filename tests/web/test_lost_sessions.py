"""
A form that is sent after its session ended changes nothing; who signs in again finds
what they typed, without secrets. And a link that was used says so.
"""

import re

import pytest
from support import needs
from support.web_server import PASSWORD

from ticketsync.core import clock, log
from ticketsync.core.settings.config import ServeSettings, Settings
from ticketsync.jobs.page_jobs import SetupJobs
from ticketsync.jobs.tasks import Tasks
from ticketsync.visitors import passes
from ticketsync.web import kept_forms
from ticketsync.web.kept_forms import KeptForm, KeptForms
from ticketsync.web.site import FOLDER, MAX_FORM_BYTES, Site

VENUE = {"name": "Late Bar", "place": "Auckland", "currency": "NZD"}


@pytest.fixture
def site(full, hashed):
    """
    Pages without TLS, whose cookies this client sends back.
    """
    settings = Settings(serve=ServeSettings(password_hash=hashed))
    tasks = Tasks()
    yield Site(full, settings, None, SetupJobs(tasks, full, lambda: settings))
    tasks.close()


def end_all_sessions(database):
    with database.write() as connection:
        passes.revoke(connection, None, clock.now())


def link_of(database, role="manager", name="Ruth"):
    with database.write() as connection:
        token = passes.issue(connection, "link", role, name, clock.now())
    return f"/enter/{token}"


def send_late(full, client):
    """
    Sends a form after the session of who opened the page had ended; gives the page.
    """
    client.get("/venues")
    end_all_sessions(full)
    referrer = f"{client.base_url}/venues?notice=x"
    return client.post("/venues", data=VENUE, headers={"referer": referrer})


@pytest.fixture
def sent_late(full, enter):
    """
    A manager whose form was sent after the session had ended; what they see.
    """
    client = enter("manager", "Ruth")
    return client, send_late(full, client)


@pytest.mark.parametrize("by", ["link", "password"])
def test_who_signs_in_again_comes_back_with_what_was_typed(full, enter, by):
    client = enter("manager", "Ruth" if by == "link" else "")
    page = send_late(full, client)
    assert page.url.path == "/enter"
    assert "You had been signed out before that was sent" in page.text

    if by == "link":
        back = client.post(link_of(full))
    else:
        back = client.post("/enter", data={"password": PASSWORD})

    assert str(back.url).endswith("/venues?notice=x")
    assert "nothing was changed" in back.text
    assert "Late Bar" in back.text
    assert "Late Bar" not in client.get("/venues").text  # once


def test_the_control_without_a_late_form_says_nothing(full, enter):
    client = enter("")
    assert "signed out" not in client.get("/enter").text
    assert client.post(link_of(full)).url.path == "/"


@pytest.mark.parametrize("by", ["another name", "the password", "no session"])
def test_another_person_at_the_same_browser_does_not_see_it(full, sent_late, by):
    """
    It waits for the one who typed it, who may sign in after them.
    """
    client, _ = sent_late
    if by == "another name":
        back = client.post(link_of(full, name="Omar"))
    elif by == "the password":
        back = client.post("/enter", data={"password": PASSWORD})
    else:
        back = client.get("/enter")
    assert back.url.path == ("/enter" if by == "no session" else "/")
    assert "Late Bar" not in client.get("/venues").text

    back = client.post(link_of(full))
    assert back.url.path == "/venues"
    assert "Late Bar" in back.text


def test_a_viewer_does_not_see_what_a_manager_typed(full, sent_late):
    client, _ = sent_late
    client.post(link_of(full, "viewer"))
    for path in ("/", "/venues", "/calendar"):
        assert "Late Bar" not in client.get(path).text


def test_another_browser_does_not_see_it(full, sent_late, enter):
    assert "Late Bar" not in enter("manager").get("/venues").text


SECRETS = {"key": "sk_typed_key", "client_secret": "app_typed", "password": "pw_typed"}


def test_secrets_are_kept_nowhere(full, enter, served, home):
    """
    Not in memory, a page, the log or the database.
    """
    client = enter("manager", "Ruth")
    client.get("/connect")
    end_all_sessions(full)
    log.open_log()
    try:
        late = client.post(
            "/connect",
            data={"platform": "wix", "name": "mine", **SECRETS},
            headers={"referer": f"{served}/connect?platform=wix"},
        )
        back = client.post(link_of(full))
    finally:
        log.close_log()
    assert '"name": ["mine"]' in back.text
    stored = b"".join(
        file.read_bytes() for file in home.parent.rglob("*") if file.is_file()
    )
    stored += full.file.read_bytes()
    found = [
        secret
        for secret in SECRETS.values()
        if secret in late.text + back.text or secret.encode() in stored
    ]
    assert found == []


def test_every_password_field_of_the_pages_is_a_secret():
    """
    What is typed into one is never kept.
    """
    names = {
        re.search(r'name="(\w+)"', tag)[1]
        for file in (FOLDER / "templates").glob("*.html")
        for tag in re.findall(r"<input[^>]*>", file.read_text())
        if 'type="password"' in tag
    }
    assert names == kept_forms.SECRET_FIELDS


@pytest.mark.parametrize(
    ("referrer", "page"),
    [
        ("http://127.0.0.1:1/venues/1?a=b", "/venues/1?a=b"),
        ("http://127.0.0.1:1/", "/"),
        ("http://127.0.0.1:1//evil.example/", "/"),
        ("http://127.0.0.1:1.evil.example/x", "/"),
        ("https://evil.example/x", "/"),
        ("//evil.example", "/"),
        ("", "/"),
    ],
)
def test_nobody_is_led_to_another_site(referrer, page):
    assert kept_forms.page_of(referrer, "http://127.0.0.1:1") == page


def test_another_site_leaves_no_form(full, enter):
    client = enter("")
    theirs = {"origin": "https://evil.example", "referer": "https://evil.example/x"}
    client.post("/venues", data=VENUE, headers=theirs)
    assert kept_forms.COOKIE not in client.cookies


@pytest.mark.parametrize(
    ("fields", "is_kept"),
    [
        (dict.fromkeys(map(str, range(kept_forms.MOST_VALUES)), ""), True),
        (dict.fromkeys(map(str, range(kept_forms.MOST_VALUES + 1)), ""), False),
        ({"n": [""] * (kept_forms.MOST_VALUES + 1)}, False),
        ({"name": "x" * MAX_FORM_BYTES}, False),
    ],
    ids=["most values", "too many fields", "too many values", "too many bytes"],
)
def test_a_form_that_takes_much_memory_is_not_kept(full, enter, fields, is_kept):
    """
    Anybody may send one: 3,000 empty fields fit into 16 KB, and took 570 KB each.
    """
    client = enter("manager", "Ruth")
    client.get("/venues")
    end_all_sessions(full)
    page = client.post("/venues", data=fields)
    assert page.url.path == "/enter"
    assert (kept_forms.COOKIE in client.cookies) == is_kept
    assert ("had been signed out before that was sent" in page.text) == is_kept


def test_kept_forms_are_few_and_short_lived(frozen):
    kept = KeptForms()
    form = KeptForm("/venues", "/venues", {"name": ["x"]})
    first = kept.keep(form)
    assert kept.find(first) == form
    for _ in range(kept_forms.KEPT):
        last = kept.keep(form)
    assert kept.find(first) is None
    frozen(clock.now() + kept_forms.KEPT_FOR * 2)
    assert kept.find(last) is None


@needs.chromium
@pytest.mark.thorough
def test_a_browser_fills_in_what_was_typed(open_browser, full):
    from playwright.sync_api import expect

    page = open_browser()
    page.goto("/venues")
    page.get_by_label("Name of your venue").fill("Late Bar")
    page.get_by_label("City or time zone").fill("Auckland")
    end_all_sessions(full)
    page.get_by_role("button", name="Add").click()
    page.get_by_text("You had been signed out before").wait_for()

    page.goto(link_of(full, name=""))
    page.get_by_role("button", name="Open").click()

    page.get_by_text("What you typed is here again").wait_for()
    # A script of the page fills them in, which may be after its text is there.
    expect(page.get_by_label("Name of your venue")).to_have_value("Late Bar")
    expect(page.get_by_label("City or time zone")).to_have_value("Auckland")
    page.get_by_role("button", name="Add").click()
    page.get_by_text("The venue is saved.").wait_for()
    advice = "[DOM] Password forms"  # about the sign-in page
    assert [m for m in page.console_errors if not m.startswith(advice)] == []


# Links that were used


def test_a_used_link_says_so_and_how_to_get_another(full, enter):
    link = link_of(full)
    assert ">Open</button>" in enter("").get(link).text
    client = enter("")
    client.post(link)

    stranger = enter("").get(link)
    assert stranger.status_code == 403
    assert ">Open</button>" not in stranger.text
    assert "This link no longer works." in stranger.text
    assert "under People" in stranger.text
    assert "ticketsync visitors invite" in stranger.text
    assert "You are signed in" in client.get(link).text
