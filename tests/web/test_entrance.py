"""
What every request passes first: the client behind a proxy, the networks that are
allowed, the names at which the pages may be opened, and the headers of every answer.
"""

import re

import httpx
import pytest
from support.dates import NOW
from support.web_server import running

from ticketsync.core import clock, errors, log
from ticketsync.core.settings import config
from ticketsync.core.settings.config import ServeSettings, Settings
from ticketsync.reporting import calendar
from ticketsync.visitors import passes
from ticketsync.web import app as web
from ticketsync.web import client_addresses, own_address
from ticketsync.web.middleware import HEADERS, AccessMiddleware
from ticketsync.web.site import COOKIE, Site
from ticketsync.web.webhook_receiver import Receiver

PUBLIC = "https://tickets.example.org"


# The client behind a proxy


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "client"),
    [
        ("192.0.2.7", [], "192.0.2.7"),
        ("192.0.2.7", ["203.0.113.5"], "192.0.2.7"),  # no proxy of ours
        ("127.0.0.1", ["203.0.113.5"], "203.0.113.5"),
        ("127.0.0.1", ["198.51.100.1, 203.0.113.5"], "203.0.113.5"),  # 1st is a claim
        ("127.0.0.1", ["198.51.100.1", "203.0.113.5"], "203.0.113.5"),  # two headers
        ("127.0.0.1", ["198.51.100.1, 203.0.113.5, 10.0.0.9"], "203.0.113.5"),
        ("127.0.0.1", ["10.0.0.9, 10.0.0.8"], "10.0.0.9"),  # from inside
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["203.0.113.5:4711"], "203.0.113.5"),
        ("127.0.0.1", ["[2001:db8::5]:4711"], "2001:db8::5"),
        ("127.0.0.1", ["2001:db8::5"], "2001:db8::5"),
        ("::ffff:127.0.0.1", ["::ffff:203.0.113.5"], "203.0.113.5"),
        ("127.0.0.1", ["unknown"], ""),
        ("127.0.0.1", ["203.0.113.5, "], ""),
        ("127.0.0.1", ["_hidden, 999.1.1.1"], ""),
        ("", ["203.0.113.5"], ""),
    ],
)
def test_only_a_trusted_proxy_says_who_the_client_is(peer, forwarded_for, client):
    proxies = client_addresses.networks(["127.0.0.0/8", "10.0.0.0/8"])
    assert client_addresses.client_address(peer, forwarded_for, proxies) == client


def test_nobody_is_believed_where_no_proxy_is_named():
    assert client_addresses.client_address("127.0.0.1", ["192.0.2.1"], ()) == (
        "127.0.0.1"
    )


def test_addresses_of_one_network_are_one_client():
    assert client_addresses.group_of("203.0.113.5") == "203.0.113.5"
    assert client_addresses.group_of("2001:db8:0:1::5") == "2001:db8:0:1::/64"
    assert client_addresses.group_of("") == ""


def test_the_proxies_are_networks_in_the_settings():
    text = 'serve:\n  proxies: ["127.0.0.1", "10.0.0.0/8"]\n'
    assert config.read(text, "x").serve.proxies == ("127.0.0.1", "10.0.0.0/8")
    with pytest.raises(errors.TicketsyncError, match="not a network"):
        config.read('serve:\n  proxies: ["proxy.example.org"]\n', "x")


@pytest.fixture
def serving(full):
    def with_settings(**settings):
        site = Site(full, Settings(serve=ServeSettings(public_url=PUBLIC, **settings)))
        receiver = Receiver(full, list, site.settings.serve.allow)
        return running(web.create_app(receiver, site))

    return with_settings


def test_allow_is_for_webhooks_and_closes_no_page(serving):
    """
    It was for webhooks alone before there was `allow_pages`.
    """
    with serving(allow=["203.0.113.0/24"]) as base:
        assert httpx.get(base + "/enter").status_code == 200
        assert httpx.post(base + "/hooks/x").status_code == 404


def test_allow_pages_asks_the_proxy_who_the_client_is(serving):
    """
    From outside the allowed network 9 attempts, 0 successes, all the same 404. What a
    proxy of the settings says is believed: then the same header opens the pages.
    """
    forged = ("x-forwarded-for", "x-real-ip", "forwarded", "client-ip")
    allowed = {name: ["203.0.113.0/24"] for name in ("allow", "allow_pages")}
    with serving(**allowed) as base:  # no proxy is trusted
        for path in ("/enter", "/static/pages.css", "/door/worker.js"):
            assert httpx.get(base + path).status_code == 404
        for name in forged:
            value = "for=203.0.113.5" if name == "forwarded" else "203.0.113.5"
            found = httpx.get(base + "/enter", headers={name: value})
            assert (found.status_code, found.content) == (404, b"")
    believed = {"x-forwarded-for": "203.0.113.5"}
    with serving(**allowed, proxies=["0.0.0.0/0"]) as base:  # anybody
        assert httpx.get(base + "/enter", headers=believed).status_code == 200
    with serving(**allowed, proxies=["127.0.0.1"]) as base:
        for value, status in (
            ("203.0.113.5", 200),
            ("203.0.113.5, 192.0.2.1", 404),
            ("192.0.2.1, 203.0.113.5", 200),
            ("", 404),
        ):
            found = httpx.get(base + "/enter", headers={"x-forwarded-for": value})
            assert found.status_code == status, value
        hook = httpx.post(base + "/hooks/x", headers={"x-forwarded-for": "192.0.2.1"})
        assert hook.status_code == 404


# The names at which the pages may be opened


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [
        ("tickets.example.org", True),
        ("Tickets.Example.Org:443", True),
        ("127.0.0.1:8787", True),
        ("localhost:8787", True),
        ("[::1]:8787", True),
        ("192.0.2.10:8787", True),  # of the host of a container, and no name
        ("192.0.2.10.evil.example", False),
        ("evil.example", False),
        ("tickets.example.org.evil.example", False),
        ("tickets.example.org@evil.example", False),
        ("evil.example/tickets.example.org", False),
        ("127.0.0.1.evil.example", False),
        ("[::1", False),
        ("", False),
    ],
)
def test_a_host_that_is_not_ours_is_refused(host, is_ours):
    assert own_address.is_our_host(host, PUBLIC) is is_ours


def test_browsers_send_a_name_with_umlauts_in_ascii():
    url = "https://Bücher.example:8443"
    sent = "xn--bcher-kva.example:8443"
    assert own_address.is_our_host(sent, url)
    assert own_address.is_our_origin(f"https://{sent}", sent, "http", url)
    assert not own_address.is_our_host("bcher.example", url)
    assert not own_address.is_our_host("", "https://\u2024.example")  # no name at all


@pytest.mark.parametrize(
    ("origin", "host", "is_ours"),
    [
        (PUBLIC, "tickets.example.org", True),
        (PUBLIC, "127.0.0.1:8787", True),  # a proxy that names us otherwise
        ("http://127.0.0.1:8787", "127.0.0.1:8787", True),
        ("http://localhost:8787", "localhost:8787", True),
        ("http://tickets.example.org", "tickets.example.org", False),  # no TLS
        ("https://127.0.0.1:8787", "127.0.0.1:8787", False),
        ("http://127.0.0.1:9999", "127.0.0.1:8787", False),
        ("http://192.0.2.10:8787", "192.0.2.10:8787", True),
        ("http://192.0.2.11:8787", "192.0.2.10:8787", False),
        ("http://evil.example", "evil.example", False),
        ("https://evil.example", "tickets.example.org", False),
        ("https://tickets.example.org.evil.example", "tickets.example.org", False),
        ("null", "tickets.example.org", False),
        ("", "", False),
    ],
)
def test_an_origin_is_compared_with_its_scheme(origin, host, is_ours):
    assert own_address.is_our_origin(origin, host, "http", PUBLIC) is is_ours


def test_control_without_its_scheme_a_page_without_tls_changes_something(
    enter, requested_syncs, monkeypatch
):
    """
    Who can write into plain HTTP on the way serves a page of our name there, whose form
    brings the manager's cookie where it is not `Secure`. Compared as before, it passes.
    """
    theirs = {"origin": "http://tickets.example.org", "host": "tickets.example.org"}
    client = enter("manager")
    assert client.post("/accounts/tt/sync", headers=theirs).status_code == 403
    assert requested_syncs == []
    monkeypatch.setattr(
        own_address,
        "is_our_origin",
        lambda origin, host, *_: origin.partition("://")[2] == host,
    )
    found = client.post("/accounts/tt/sync", headers=theirs, follow_redirects=False)
    assert (found.status_code, requested_syncs) == (303, ["tt"])


def test_an_origin_without_its_default_port_is_the_same():
    for url in ("https://Tickets.example.org:443", "https://tickets.example.org/"):
        assert own_address.is_our_origin(PUBLIC, "x", "http", url)


def test_pages_are_not_opened_at_a_name_that_is_not_ours(enter, full, monkeypatch):
    """
    DNS rebinding: a name of theirs that leads to us. Four attempts, all refused;
    without the check the form of the sign-in page opens and its origin passes.
    """
    client = enter("")
    theirs = {"host": "evil.example", "origin": "http://evil.example"}
    for path in ("/enter", "/static/door.js", "/door/worker.js"):
        refused = client.get(path, headers=theirs)
        assert (refused.status_code, "serve: public_url" in refused.text) == (421, True)
        host = refused.request.headers["host"]
        assert (f"public_url: https://{host}</pre>" in refused.text) is (
            re.fullmatch("[a-z0-9.:-]+", host) is not None
        )
    assert client.post("/enter", headers=theirs).status_code == 421
    monkeypatch.setattr(own_address, "is_our_host", lambda *_: True)
    assert client.get("/enter", headers=theirs).status_code == 200
    assert client.post("/enter", headers=theirs).status_code == 403


def test_a_webhook_is_received_at_any_name(served):
    response = httpx.post(served + "/hooks/x", headers={"host": "inside.example"})
    assert response.status_code == 404  # by its path alone


# The headers of every answer


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/static/nothing.js", 404),
        ("GET", "/static/pages.css", 200),
        ("GET", "/calendar/guess.ics", 404),
        ("DELETE", "/enter", 405),
        ("GET", "/shows/" + "9" * 5000, 404),
        ("GET", "/enter", 200),
    ],
)
def test_every_answer_forbids_what_no_page_needs(enter, method, path, status):
    """
    Also one that no page of ours gives: a 404 without a policy is a page of this site.
    """
    response = enter("").request(method, path)
    assert response.status_code == status
    kept = {"Cache-Control"} if "/static/pages" in path else set()
    for name in HEADERS.keys() - kept:
        assert response.headers[name] == HEADERS[name], name


# What a link can do


def test_a_link_puts_no_words_on_a_page(enter, requested_syncs):
    client = enter("manager")
    for path in ("/accounts", "/calendar"):
        for name in ("asked", "notice", "message", "error"):
            page = client.get(path, params={name: "Call 0900 123 at once"}).text
            assert "0900" not in page
    about = {"notice": "sync-requested", "account": "Call 0900 123: your account"}
    assert "0900" not in client.get("/accounts", params=about).text
    response = client.post("/accounts/tt/sync")  # follows the redirect
    assert "tt is being synced; this takes a moment." in response.text
    assert requested_syncs == ["tt"]


ODD_PATHS = (
    ("/shows/1?orders=" + "9" * 5000, 200),
    ("/shows/1?orders=-1", 200),
    ("/shows/1?orders=%00", 200),
    ("/shows/1/orders/%00/%00", 404),
    ("/webhooks?platform=%00&state=%00", 200),
    ("/calendar/%00.ics", 404),
    ("/enter/%00", 403),
    ("/shows/" + "9" * 1000, 404),
)


def test_no_address_makes_a_page_fail(synced_once):
    with synced_once.write() as connection:
        token = passes.issue(connection, "session", "manager", "", clock.now())
    site = Site(synced_once, Settings())
    with running(web.create_app(Receiver(synced_once, list), site)) as base:
        client = httpx.Client(base_url=base, cookies={COOKIE: token})
        for path, status in ODD_PATHS:
            assert client.get(path).status_code == status, path[:40]
        client.close()


@pytest.mark.thorough
def test_odd_addresses_and_titles_of_a_platform_make_no_page_fail(enter, full):
    """
    An address that cannot be parsed, and line breaks in names: 3 × 3 pages.
    """
    client = enter("manager")
    for url in ("https://[x/", "http://a\r\nb", "javascript:alert(1)"):
        with full.write() as connection:
            connection.exec_driver_sql("UPDATE occurrences SET url = ?", (url,))
            connection.exec_driver_sql(
                "UPDATE productions SET title = title || char(13, 10) || 'X: y'"
            )
        for path in ("/calendar", "/shows/1", "/productions/1"):
            assert client.get(path).status_code == 200


# Addresses that are secrets


def test_a_calendar_address_is_revoked_on_the_page(enter, full):
    """
    A second one does not end the first; revoked, it opens nothing, and nothing else was
    revoked with it.
    """
    manager, stranger = enter("manager"), enter("")
    feeds = [
        re.search(r"(/calendar/[\w-]+\.ics)", manager.post("/calendar/feed").text)[1]
        for _ in range(2)
    ]
    assert [stranger.get(feed).status_code for feed in feeds] == [200, 200]

    page = manager.get("/calendar").text
    first = re.search(r"/calendar/feed/\d+/revoke", page)[0]
    assert "2 private URLs open the calendar" in page
    answer = manager.post(first)

    assert "The calendar address was revoked" in answer.text
    assert [stranger.get(feed).status_code for feed in feeds] == [404, 200]
    assert manager.post(first).status_code == 404
    with full.read() as connection:
        sessions = [
            found.id
            for found in passes.list_visitors(connection, clock.now())
            if found.kind == "session"
        ]
    assert manager.post(f"/calendar/feed/{sessions[0]}/revoke").status_code == 404
    assert manager.get("/").status_code == 200


def test_the_log_names_routes_and_no_secret_address(enter, full, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError

    client = enter("")
    with full.write() as connection:
        feed = passes.issue(connection, "calendar", "viewer", "feed", NOW)
        link = passes.issue(connection, "link", "viewer", "", NOW)
    monkeypatch.setattr(calendar, "list_performances", broken)
    monkeypatch.setattr(passes, "redeem", broken)
    log.open_log()
    assert client.get(f"/calendar/{feed}.ics").status_code == 500
    assert client.post(f"/enter/{link}").status_code == 500
    log.close_log()

    written = log.file().read_text()
    assert '"route": "/calendar/{token}.ics"' in written
    assert '"route": "/enter/{token}"' in written
    assert feed not in written
    assert link not in written


def test_a_receiver_alone_has_the_same_entrance(full):
    application = web.create_app(Receiver(full, list), None, ServeSettings())
    assert isinstance(application, AccessMiddleware)
    with running(application) as base:
        assert httpx.get(base + "/enter").status_code == 404
        assert httpx.post(base + "/hooks/x").status_code == 404
