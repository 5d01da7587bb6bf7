"""
F131, F62: whatever is sent to any route, nothing breaks; the receiver never says 410,
never redirects and never says anything at all.

The cases are made by schemathesis from the routes' description below, good and bad.
"""

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings

from ticketsync.core import clock
from ticketsync.core.redact import Secret
from ticketsync.providers.ticket_tailor import TicketTailor
from ticketsync.visitors import passes
from ticketsync.web import app as web
from ticketsync.web.receiver import Receiver
from ticketsync.web.site import COOKIE
from ticketsync.workflows.webhook_endpoints import WebhookEndpoint

PATH = "p" * 43
TEXT = {"type": "string"}
NUMBER = {"type": "integer"}
SCAN = {
    "type": "object",
    "properties": {
        "code": TEXT,
        "kind": {"enum": ["in", "out"]},
        "key": TEXT,
        "at": {"type": "string", "format": "date-time"},
        "door": TEXT,
        "device": TEXT,
        "group": {"type": "boolean"},
    },
}


def operation(*, body=None, kind="application/json", **parameters):
    found = {
        "parameters": [
            {"name": name, "in": place, "required": place == "path", "schema": schema}
            for name, (place, schema) in parameters.items()
        ],
        "responses": {"default": {"description": "anything but a fault"}},
    }
    if body is not None:
        found["requestBody"] = {"content": {kind: {"schema": body}}}
    return found


ID = ("path", NUMBER)
SCHEMA = {
    "openapi": "3.1.0",
    "info": {"title": "ticketsync", "version": "1"},
    "paths": {
        f"/hooks/{PATH}": {
            "post": operation(
                body={"type": "object"},
                **{"tickettailor-webhook-signature": ("header", TEXT)},
            )
        },
        "/hooks/{path}": {"post": operation(body={}, path=("path", TEXT))},
        "/": {"get": operation()},
        "/shows/{id}": {"get": operation(id=ID, orders=("query", TEXT))},
        "/shows/{id}/orders/{account}/{order}": {
            "get": operation(id=ID, account=("path", TEXT), order=("path", TEXT))
        },
        "/productions/{id}": {"get": operation(id=ID)},
        "/calendar": {"get": operation(past=("query", TEXT))},
        "/calendar/{token}.ics": {"get": operation(token=("path", TEXT))},
        "/accounts": {"get": operation(asked=("query", TEXT))},
        "/accounts/{name}/sync": {"post": operation(name=("path", TEXT))},
        "/match/{date}/{show}": {"post": operation(date=ID, show=ID)},
        "/match/{date}/never": {"post": operation(date=ID)},
        "/enter": {
            "post": operation(
                body={"type": "object", "properties": {"password": TEXT}},
                kind="application/x-www-form-urlencoded",
            )
        },
        "/enter/{token}": {"post": operation(token=("path", TEXT))},
        "/door/{id}": {"get": operation(id=ID)},
        "/door/{id}/guests": {"get": operation(id=ID)},
        "/door/{id}/scan": {"post": operation(id=ID, body=SCAN)},
        "/door/{id}/merge": {
            "post": operation(
                id=ID,
                body={
                    "type": "object",
                    "properties": {"scans": {"type": "array", "items": SCAN}},
                },
            )
        },
    },
}
ROUTES = schemathesis.openapi.from_dict(SCHEMA)
CALM = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "phases": [Phase.explicit, Phase.generate],
    "derandomize": True,
    "database": None,
}


@pytest.fixture
def address(full, site, served_with_door):
    with full.write() as session:
        token = passes.issue(session, "session", "manager", "", clock.now())
    return served_with_door, token


@pytest.fixture
def served_with_door(full, site):
    from conftest import running

    url = f"https://tickets.example.org/hooks/{PATH}"
    door = WebhookEndpoint(1, "tt", PATH, url, TicketTailor, [Secret("whsec")])
    with running(web.create_app(Receiver(full, lambda: [door]), site)) as found:
        yield found


def tried(address, case):
    """
    One case; its answer, judged.
    """
    base, token = address
    answer = case.call(
        base_url=base,
        headers={"origin": base},
        cookies={COOKIE: token},
        allow_redirects=False,
        timeout=20,
    )
    told = (case.method, case.path, answer.status_code, answer.text[:300])
    assert answer.status_code < 500, told
    assert answer.status_code != 410, told
    if case.path.startswith("/hooks/"):
        assert not 300 <= answer.status_code < 400, told
        assert answer.content == b"", told
    assert "Traceback" not in answer.text, told
    assert "server" not in {name.lower() for name in answer.headers}, told


@ROUTES.parametrize()
@settings(max_examples=6, **CALM)
def test_f131_no_request_breaks_a_route(address, case):
    tried(address, case)


@pytest.mark.drill
@ROUTES.parametrize()
@settings(max_examples=560, **CALM)
def test_f131_ten_thousand_requests_break_no_route(address, case):
    tried(address, case)


def test_f131_there_is_no_index_no_description_and_no_version(served_with_door):
    for path in ("/docs", "/openapi.json", "/redoc", "/hooks", "/hooks/", "/static/"):
        answer = httpx.get(served_with_door + path)
        assert answer.status_code in (404, 405), path
        assert answer.content == b"", path
