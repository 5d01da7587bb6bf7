"""
Every route × role × method, from the route table itself: a route without an expectation
fails. The drill also tries other sites' origins, other hosts and other kinds of passes.
"""

import re
from datetime import timedelta

import httpx
import pytest
from starlette.routing import Mount
from support.page_list import MEASURED, MEASURED_FILES, NOT_MEASURED

from ticketsync.core import clock
from ticketsync.core.digest import token_digest
from ticketsync.store.tables.visitors import passes as passes_table
from ticketsync.visitors import passes
from ticketsync.web import app as web
from ticketsync.web import password_attempts
from ticketsync.web.site import COOKIE
from ticketsync.web.webhook_receiver import Receiver

ROLES = ("nobody", "viewer", "door", "manager")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


def readers(status):
    return (303, status, 403, status)


def at_door(status, *, nobody=303):
    return (nobody, 403, status, status)


def managers(status):
    return (303, 403, 403, status)


def everyone(status):
    return (status,) * 4


# The status for nobody, viewer, door and manager; the request is from our own page.
EXPECTED = {
    "GET /": (303, 200, 303, 200),  # sends the door to its page
    "GET /accounts": readers(200),
    "GET /accounts/{name}": managers(200),
    "GET /accounts/{name}/remove": managers(404),  # of an account that there is not
    "GET /accounts/{name}/webhooks": managers(200),
    "GET /calendar": readers(200),
    "GET /calendar/{token}.ics": everyone(404),  # a private address
    "GET /whats-on": everyone(404),  # unless the settings make it public
    "GET /connect": managers(200),
    "GET /connect/callback": (403, 403, 403, 400),  # of nothing that was begun
    "GET /discrepancies": readers(200),
    "GET /door": at_door(200),
    "GET /door/worker.js": everyone(200),
    "GET /door/{id:int}": at_door(200),
    "GET /door/{id:int}/guests": at_door(200, nobody=401),
    "GET /enter": (200, 303, 303, 303),
    "GET /enter/{token}": everyone(403),  # no such link
    "GET /events": readers(200),
    "GET /events/{id:int}": managers(200),
    "GET /matching": readers(200),
    "GET /money": readers(200),
    "GET /money.csv": readers(200),
    "GET /money.xlsx": readers(200),
    "GET /money/refunds": readers(200),
    "GET /money/refunds.csv": readers(200),
    "GET /occurrences/{id:int}": managers(200),
    "GET /people": managers(200),
    "GET /productions/{id:int}": readers(200),
    "GET /runs": readers(200),
    "GET /shows/adopt": managers(200),
    "GET /shows/import": managers(200),
    "GET /shows/import/{id}": managers(404),  # nothing was uploaded
    "GET /shows/{id:int}": readers(200),
    "GET /shows/{id:int}/edit": managers(200),
    "GET /shows/{id:int}/orders/{account}/{order:path}": readers(404),
    "GET /static": everyone(200),
    "GET /tasks/{id}": managers(404),  # nothing was started
    "GET /venues": managers(200),
    "GET /venues/{id:int}": managers(200),
    "GET /webhooks": readers(200),
    "POST /accounts/{name}/authorise": managers(400),  # it takes a key
    "POST /accounts/{name}/key": managers(409),  # nothing was typed
    "POST /accounts/{name}/options": managers(303),
    "POST /accounts/{name}/pause": managers(303),
    "POST /accounts/{name}/remove": managers(404),
    "POST /accounts/{name}/resume": managers(303),
    "POST /accounts/{name}/sync": managers(303),
    "POST /accounts/{name}/webhooks": managers(303),
    "POST /accounts/{name}/webhooks/register": managers(400),  # no word for a file
    "POST /accounts/{name}/webhooks/secret": managers(409),  # nothing was typed
    "POST /accounts/{name}/webhooks/test": managers(400),  # nothing to send it with
    "POST /calendar/feed": managers(200),
    "POST /calendar/feed/{id:int}/revoke": managers(404),
    "POST /connect": managers(404),  # no such platform
    "POST /connect/authorise": managers(404),  # no such platform
    "POST /door/{id:int}/merge": at_door(400, nobody=401),
    "POST /door/{id:int}/scan": at_door(400, nobody=401),  # nothing was scanned
    "POST /enter": everyone(403),  # a wrong password
    "POST /enter/{token}": everyone(403),  # no such link
    "POST /events/{id:int}/switches": managers(303),
    "POST /events/{id:int}/types": managers(400),  # nothing was named
    "POST /fetch": managers(303),
    "POST /hooks/{path}": everyone(404),
    "POST /leave": everyone(303),
    "POST /match/certain": managers(303),
    "POST /match/{occurrence_id:int}/never": managers(303),
    "POST /match/{occurrence_id:int}/{show_id:int}": managers(303),
    "POST /occurrences/{id:int}/link": managers(404),  # no show was named
    "POST /occurrences/{id:int}/show": managers(400),  # no title
    "POST /occurrences/{id:int}/switches": managers(303),
    "POST /occurrences/{id:int}/unlink": managers(303),
    "POST /notify/test": managers(303),
    "POST /people/invite": managers(400),  # no role
    "POST /people/{id:int}/revoke": managers(404),
    "POST /productions/{id:int}/switches": managers(303),
    "POST /shows/adopt": managers(303),
    "POST /shows/import": managers(400),  # no file
    "POST /shows/import/{id}": managers(404),  # nothing was uploaded
    "POST /shows/import/{id}/save": managers(404),
    "POST /shows/{id:int}/edit": managers(303),  # nothing changes
    "POST /shows/{id:int}/exclude": managers(303),
    "POST /shows/{id:int}/include": managers(303),
    "POST /sync": managers(303),
    "POST /tasks/{id}/save": managers(404),  # nothing was started
    "POST /matching/forget": managers(404),  # nothing was named
    "POST /matching/link": managers(400),
    "POST /matching/night": managers(400),
    "POST /matching/offset": managers(404),
    "POST /matching/refuse": managers(400),
    "POST /matching/undo": managers(400),
    "POST /venues": managers(400),  # nothing was typed
    "POST /venues/{id:int}": managers(400),
    "POST /waiting/dismiss": managers(400),  # nothing was named
    "POST /webhooks/retry": managers(303),
    "POST /webhooks/{id:int}/retry": managers(303),
}
# What needs no sign-in.
OPEN = {
    *(
        "GET /calendar/{token}.ics",
        "GET /whats-on",
        "GET /door/worker.js",
        "GET /enter",
        "GET /static",
    ),
    "GET /connect/callback",  # which says what to do
    *("GET /enter/{token}", "POST /enter", "POST /enter/{token}", "POST /leave"),
    "POST /hooks/{path}",
}
VALUES = {"name": "tt", "account": "tt", "token": "t" * 43, "path": "p" * 43}


def table(site, full):
    """
    The route table: `METHOD /path` and so on.
    """
    for route in (*Receiver(full, list).routes(), *web.routes(site)):
        if isinstance(route, Mount):
            yield f"GET {route.path}"
        else:
            for method in route.methods - {"HEAD"}:
                yield f"{method} {route.path}"


def concrete(path):
    """
    A path that a route of the table answers.
    """
    if path == "/static":
        return "/static/pages.css"
    if path.endswith("/remove"):  # the others need the account
        path = path.replace("{name}", "none")
    return re.sub(
        r"\{(\w+)(:\w+)?\}",
        # Sessions of this test must not be what is revoked.
        lambda found: VALUES.get(found[1], "999999" if "/revoke" in path else "1"),
        path,
    )


@pytest.fixture
def ask(served, full, monkeypatch):
    """
    A request by somebody of a role, from our own page unless the headers differ.
    """
    monkeypatch.setattr(password_attempts, "PER_ADDRESS", 10**6)
    monkeypatch.setattr(password_attempts, "FOR_ALL", 10**6)
    client = httpx.Client(base_url=served, trust_env=False, timeout=20)
    tokens = {}

    def token_of(role):
        if role not in tokens and role != "nobody":
            with full.write() as connection:
                tokens[role] = passes.issue(
                    connection, "session", role, "", clock.now()
                )
        return tokens.get(role)

    def request(role, method, path, *, token=None, **headers):
        headers = {"origin": served, **headers}
        token = token or token_of(role)
        if token:
            headers["cookie"] = f"{COOKIE}={token}"
        body = {"json": {}} if path.startswith("/door/") and method == "POST" else {}
        response = client.request(method, concrete(path), headers=headers, **body)
        if path == "/leave":
            tokens.pop(role, None)
        return response

    with client:
        yield request


def expected_status(method, path, role):
    wanted = EXPECTED.get(f"{'GET' if method == 'HEAD' else method} {path}")
    return 405 if wanted is None else wanted[ROLES.index(role)]


def test_every_route_has_its_expectation(site, full):
    assert sorted(table(site, full)) == sorted(EXPECTED)


def test_every_page_is_timed_over_many_orders(site, full):
    """
    By `tests/benchmarks/pages.py`.
    """
    timed = [path.partition("?")[0] for path in (*MEASURED, *MEASURED_FILES)]
    pages = [entry.split() for entry in table(site, full)]
    untimed = {
        path
        for method, path in pages
        if method == "GET" and not any(shape(path).fullmatch(it) for it in timed)
    }
    assert untimed == NOT_MEASURED


def shape(path):
    """
    What the paths look like that a route of the table answers.
    """
    return re.compile(re.sub(r"\\\{.*?\}", "[^/]+", re.escape(path)))


@pytest.mark.parametrize(
    "all_methods", [pytest.param(True, marks=pytest.mark.drill), 0]
)
def test_no_role_gets_more_than_is_its_own(
    ask, full, site, requested_syncs, all_methods
):
    """
    The status of every combination. In the suite, of the methods that a route does not
    have only one is tried, by the manager.
    """
    paths = sorted({entry.partition(" ")[2] for entry in table(site, full)})
    number, wrong = 0, []
    for path in paths:
        for method in METHODS if all_methods else ("GET", "POST", "DELETE"):
            is_used = f"{method} {path}" in EXPECTED
            for role in ROLES if is_used or all_methods else ("manager",):
                found = ask(role, method, path).status_code
                number += 1
                if found != expected_status(method, path, role):
                    wrong.append((role, method, path, found))
    print(f"{number} attempts, {len(wrong)} successes")
    assert wrong == []
    assert number >= (900 if all_methods else 170)
    assert requested_syncs == ["tt"]  # once, by the manager


def test_without_the_check_of_roles_the_same_attempts_succeed(ask, site, monkeypatch):
    """
    The control: a viewer who may do everything is found out by the table.
    """
    monkeypatch.setattr(passes.Visitor, "is_manager", True)
    assert ask("viewer", "POST", "/calendar/feed").status_code == 200
    assert expected_status("POST", "/calendar/feed", "viewer") == 403


@pytest.mark.drill
def test_no_other_origin_host_or_pass_opens_anything(ask, served, full, frozen):
    """
    Every route with foreign origins, foreign hosts, and with passes of another kind,
    ended, expired or changed by a character, always as a manager.
    """
    now, port = clock.now(), served.rpartition(":")[2]
    with full.write() as connection:
        calendar, link, ended, old = (
            passes.issue(connection, kind, "manager", "", now)
            for kind in ("calendar", "link", "session", "session")
        )
        passes.end_session(connection, ended)
        connection.execute(
            passes_table.update()
            .where(passes_table.c.digest == token_digest(old))
            .values(expires_at=now - timedelta(seconds=1))
        )
        good = passes.issue(connection, "session", "manager", "", now)
    changed = good[:-1] + ("A" if good[-1] != "A" else "B")
    origins = (
        *("null", "", "https://evil.example", f"https://127.0.0.1:{port}"),
        *("http://tickets.example.org", "https://tickets.example.org.evil.example"),
        *("https://tickets.example.org@evil.example", f"{served}.evil.example"),
    )
    hosts = (
        *("evil.example", f"evil.example:{port}", "tickets.example.org.evil.example"),
        *("", "tickets.example.org@evil.example", "127.0.0.1.evil.example"),
    )
    number, wrong = 0, []
    for entry in EXPECTED:
        method, _, path = entry.partition(" ")
        for token in (calendar, link, ended, old, changed, "x" * 4000):
            found = ask("nobody", method, path, token=token).status_code
            number += 1
            if found != EXPECTED[entry][0]:
                wrong.append((entry, found))
        if "/hooks" in path:
            continue
        for host in hosts:
            found = ask("manager", method, path, host=host).status_code
            number += 1
            if found not in (400, 421):
                wrong.append((entry, host, found))
        for origin in origins if method == "POST" else ():
            found = ask("manager", method, path, origin=origin).status_code
            number += 1
            if found != 403:
                wrong.append((entry, origin, found))
    print(f"{number} attempts, {len(wrong)} successes")
    assert wrong == []
    assert number > 400


def test_what_needs_no_sign_in_is_a_short_list():
    assert {entry for entry, (nobody, *_) in EXPECTED.items() if nobody != 303} == {
        *OPEN,
        *("GET /door/{id:int}/guests", "POST /door/{id:int}/merge"),
        "POST /door/{id:int}/scan",
    } - {"POST /leave"}
