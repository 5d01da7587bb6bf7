"""
Passes on the pages: a link is shown once, leads to an address that answers, and is
taken back with one press.
"""

import re
import subprocess
import sys

import filelock
import pytest

from ticketsync.core import clock, paths
from ticketsync.core.settings.config import ServeSettings, Settings
from ticketsync.reporting import audit_trail
from ticketsync.visitors import passes
from ticketsync.workflows.webhooks import public_address


@pytest.fixture
def ruth(enter):
    return enter("manager", "Ruth")


def link_in(page):
    found = re.search(r"(https?://\S+)/enter/([\w-]+)<", page.text)
    return found and (found[1], found[2])


def test_an_invitation_is_shown_once_and_opens_the_pages(full, ruth, enter):
    page = ruth.post("/people/invite", data={"role": "viewer", "name": "Ana"})
    address, token = link_in(page)
    assert address == "https://tickets.example.org"
    assert token not in ruth.get("/people").text
    assert enter("").post(f"/enter/{token}", follow_redirects=False).status_code == 303
    with full.read() as connection:
        entry = audit_trail.list_entries(
            connection, audit_trail.AuditFilter(what="visitor"), limit=1
        )[0]
    assert (entry.who, entry.action, entry.subject) == (
        *("Ruth (manager)", "invite", "Ana"),
    )


def test_an_invitation_that_is_sent_twice_makes_one_link(full, ruth, enter):
    """
    Pressed twice, or its answer loaded again: the first link was valid and shown to
    nobody.
    """
    page = ruth.get("/people").text
    form = re.search(
        r'action="/people/invite".*?name="form" value="([\w-]+)"', page, re.S
    )
    data = {"form": form[1], "role": "manager", "name": "Ana"}

    sent = [link_in(ruth.post("/people/invite", data=data)) for _ in range(2)]
    changed = link_in(ruth.post("/people/invite", data={**data, "role": "viewer"}))
    other = link_in(enter("manager").post("/people/invite", data=data))

    assert sent[0] == sent[1]
    assert len({sent[0], changed, other}) == 3
    with full.read() as connection:
        held = passes.list_visitors(connection, clock.now())
    assert sorted(v.role for v in held if v.kind == "link") == [
        *("manager", "manager", "viewer")
    ]


def test_j24_without_a_public_url_a_link_leads_where_the_pages_are(site, served, ruth):
    """
    The settings' own default names a port at which nobody may listen.
    """
    site.settings_at_start = Settings(serve=ServeSettings())
    page = ruth.post("/people/invite", data={"role": "door"})
    assert link_in(page)[0] == served


def test_a_doors_pass_is_for_one_show_or_one_evening(full, ruth):
    with full.read() as connection:
        before = len(passes.list_visitors(connection, clock.now()))
    future = re.search(r'<option value="(\d+)">', ruth.get("/people").text)[1]
    ruth.post("/people/invite", data={"role": "door", "show": future})
    ruth.post("/people/invite", data={"role": "door", "evening": "2026-11-27"})
    refused = [
        {"role": "door", "show": future, "evening": "2026-11-27"},
        {"role": "viewer", "evening": "2026-11-27"},
        {"role": "door", "evening": "tomorrow"},
        {"role": "door", "show": "999"},
        {"role": "owner"},
    ]
    for form in refused:
        assert ruth.post("/people/invite", data=form).status_code in (400, 404), form
    with full.read() as connection:
        held = passes.list_visitors(connection, clock.now())
    assert len(held) == before + 2
    assert {(v.show_id, v.evening) for v in held[-2:]} == {
        (int(future), None),
        (None, "2026-11-27"),
    }


def test_a_pass_is_taken_back(full, ruth, enter):
    viewer = enter("viewer", "Ana")
    with full.read() as connection:
        held = passes.list_visitors(connection, clock.now())
    (hers,) = [visitor.id for visitor in held if visitor.name == "Ana"]

    page = ruth.post(f"/people/{hers}/revoke")

    assert "The pass was revoked" in page.text
    assert viewer.get("/", follow_redirects=False).status_code == 303
    assert ruth.post(f"/people/{hers}/revoke").status_code == 404


def test_j24_the_command_knows_the_running_server(home):
    """
    And forgets it with its end; one that was killed counts for nothing.
    """
    default = ServeSettings()
    with public_address.announced("http://127.0.0.1:8791"):
        assert public_address.for_links(default) == "http://127.0.0.1:8791"
        own = ServeSettings(public_url="https://tickets.example.org")
        assert public_address.for_links(own) == "https://tickets.example.org"
    assert public_address.for_links(default) == default.public_url
    (paths.state_folder() / "serve.address").write_text("999999999 http://127.0.0.1:1")
    assert public_address.for_links(default) == default.public_url


def test_the_number_of_a_server_that_ended_is_another_programs(home):
    """
    A server that was killed leaves its file, and its number may be given again: process
    1 always runs. The control: while its lock is held, the same file is believed.
    """
    default, folder = ServeSettings(), paths.private_folder(paths.state_folder())
    (folder / "serve.address").write_text("1 http://127.0.0.1:8791")
    assert public_address.for_links(default) == default.public_url
    (folder / "serve-1.lock").touch()
    assert public_address.for_links(default) == default.public_url
    with filelock.FileLock(folder / "serve-1.lock"):
        assert public_address.for_links(default) == "http://127.0.0.1:8791"


def test_a_server_that_is_killed_is_not_believed(home):
    code = (
        "from ticketsync.workflows.webhooks import public_address\n"
        "with public_address.announced('http://127.0.0.1:8791'):\n"
        "    print('runs', flush=True); input()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        process.stdout.readline()
        default = ServeSettings()
        assert public_address.for_links(default) == "http://127.0.0.1:8791"
        process.kill()
        process.wait()
    assert (paths.state_folder() / "serve.address").exists()
    assert public_address.for_links(default) == default.public_url


def test_page_and_command_name_one_address(ruth, site):
    """
    What is set holds; else where the page was opened, before where a server runs.
    """
    default = ServeSettings()
    with public_address.announced("http://127.0.0.1:8791"):
        opened = public_address.for_links(default, "http://192.0.2.1:8787")
    assert opened == "http://192.0.2.1:8787"
    own = site.settings.serve
    assert public_address.for_links(own, opened) == "https://tickets.example.org"
    assert (
        "https://tickets.example.org/enter/"
        in ruth.post("/people/invite", data={"role": "viewer"}).text
    )
