"""
Which sites' scripts may read the calendar feed: none, unless the settings name them.
They may read nothing else.
"""

from contextlib import contextmanager
from dataclasses import replace

import httpx
import pytest
from support.web_server import running

from ticketsync.core import clock, errors
from ticketsync.core.settings import config
from ticketsync.core.settings.config import ServeSettings, Settings
from ticketsync.visitors import passes
from ticketsync.web import app as web
from ticketsync.web.site import Site
from ticketsync.web.webhook_receiver import Receiver

THEIRS = "https://www.example.org"
OTHER = "https://elsewhere.example"


@pytest.fixture
def serving(full):
    with full.write() as connection:
        token = passes.issue(connection, "calendar", "viewer", "feed", clock.now())

    @contextmanager
    def with_origins(*origins):
        settings = replace(Settings(), serve=ServeSettings(cors_origins=origins))
        site = Site(full, settings)
        with running(web.create_app(Receiver(full, list), site)) as address:
            yield address, f"/calendar/{token}.ics"

    return with_origins


def allowed(response):
    names = [n for n in response.headers if n.startswith("access-control")]
    assert set(names) <= {"access-control-allow-origin"}  # and never credentials
    return response.headers.get("access-control-allow-origin")


@pytest.mark.parametrize(
    ("origins", "origin", "answer"),
    [
        ((), THEIRS, None),
        ((THEIRS,), THEIRS, THEIRS),
        ((THEIRS,), OTHER, None),
        ((THEIRS,), f"{THEIRS}.evil.example", None),
        ((THEIRS,), "null", None),
        ((THEIRS,), None, None),
        (("*",), OTHER, "*"),
        (("*",), None, "*"),
    ],
)
def test_the_calendar_feed_is_read_by_those_who_were_named(
    serving, origins, origin, answer
):
    headers = {} if origin is None else {"Origin": origin}
    with serving(*origins) as (address, feed):
        response = httpx.get(address + feed, headers=headers)
    assert response.status_code == 200
    assert allowed(response) == answer
    # A cache must not give one site's answer to another.
    assert ("origin" in response.headers.get("vary", "").lower()) is (THEIRS in origins)


@pytest.mark.parametrize("origins", [(THEIRS,), ("*",)])
def test_nothing_else_is_open_to_other_sites(serving, origins):
    headers = {"Origin": THEIRS}
    with serving(*origins) as (address, _):
        for method, path in (
            *(("POST", "/hooks/x"), ("OPTIONS", "/hooks/x"), ("GET", "/")),
            *(("GET", "/webhooks"), ("GET", "/shows/1"), ("GET", "/door/1/guests")),
            *(("GET", "/static/pages.css"), ("POST", "/calendar/feed")),
        ):
            response = httpx.request(method, address + path, headers=headers)
            assert allowed(response) is None, path


def test_only_origins_are_settings():
    text = 'serve:\n  cors_origins: ["https://a.example", "http://localhost:3000"]\n'
    found = config.read(text, "config.yaml").serve.cors_origins
    assert found == ("https://a.example", "http://localhost:3000")
    for wrong in (
        "https://a.example/",
        "a.example",
        "https://a.example/x",
        "https://*",
    ):
        with pytest.raises(errors.TicketsyncError, match="not an origin"):
            config.read(f'serve:\n  cors_origins: ["{wrong}"]\n', "config.yaml")
