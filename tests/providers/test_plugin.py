"""
A platform of a third party: installed as a package, held to the contract, and one
that is broken.
"""

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from ticketsync.core import errors
from ticketsync.net.client import ApiClient
from ticketsync.providers import registry
from ticketsync.testing import ProviderContract

PLUGIN = Path(__file__).parents[1] / "example_plugin"
BOOKING = {
    "id": "b1",
    "gig": "g1",
    "state": "confirmed",
    "at": "2026-08-01T10:00:00Z",
    "currency": "AUD",
    "price": 2500,
    "seats": 2,
    "fee": 120,
    "guest": {"name": "Alex Example", "email": "alex@example.com"},
}
BACK = {**BOOKING, "id": "b2", "state": "given_back", "fee": 0}
ANSWERS = {
    "/2/me": {"venue": "The Lantern Room"},
    "/2/gigs": {
        "gigs": [
            {
                "id": "g1",
                "name": "Late Laughs",
                "starts": "2026-10-04T08:30:00Z",
                "zone": "Australia/Sydney",
                "seats": 240,
            }
        ]
    },
    "/2/gigs/g1/bookings": {"bookings": [BOOKING, BACK]},
    "/2/bookings/b1": BOOKING,
}


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """
    The example, installed as anybody would, in a folder of its own.
    """
    folder = tmp_path_factory.mktemp("plugin")
    source = tmp_path_factory.mktemp("source") / "plugin"
    source.mkdir()
    for file in PLUGIN.iterdir():
        if file.is_file():
            (source / file.name).write_bytes(file.read_bytes())
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--no-index"),
            *("--no-deps", "--no-build-isolation", "--target", str(folder)),
            str(source),
        ],
        check=True,
    )
    return folder


@pytest.fixture
def plugged(installed, monkeypatch):
    monkeypatch.syspath_prepend(str(installed))
    yield
    sys.modules.pop("ticketsync_lighthouse", None)


class TestLighthouse(ProviderContract):
    status_field = "state"
    required = ("id", "gig", "state", "price", "seats", "currency", "at")

    @pytest.fixture
    def provider(self, plugged):
        def answer(request):
            body = json.dumps(ANSWERS[request.url.path]).encode()
            kind = {"content-type": "application/json"}
            return httpx.Response(200, content=iter([body]), headers=kind)

        kind = registry.provider("lighthouse")
        api = ApiClient(
            kind.spec.base_url,
            account="l",
            platform=kind.spec.title,
            transport=httpx.MockTransport(answer),
        )
        return kind(api, {})


def test_it_stands_among_the_others(plugged):
    (found,) = [item for item in registry.list_providers() if item.name == "lighthouse"]
    assert found.origin == "plugin ticketsync-lighthouse"
    assert found.provider.spec.title == "Lighthouse Tickets"


def test_a_broken_plugin_is_named_and_stops_nobody(plugged, installed, tmp_path):
    broken = tmp_path / "broken"
    (broken / "broken-0.1.dist-info").mkdir(parents=True)
    (broken / "broken-0.1.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: broken\nVersion: 0.1\n"
    )
    (broken / "broken-0.1.dist-info" / "entry_points.txt").write_text(
        "[ticketsync.providers]\nbroken = no_such_module:Nothing\n"
    )
    sys.path.insert(0, str(broken))
    try:
        listed = {item.name: item for item in registry.list_providers()}
        assert listed["broken"].provider is None
        assert "no_such_module" in listed["broken"].problem
        assert listed["lighthouse"].provider is not None
        assert listed["ticket_tailor"].provider is not None
        with pytest.raises(errors.ConfigurationError) as caught:
            registry.provider("broken")
        assert caught.value.word == "broken-plugin"
    finally:
        sys.path.remove(str(broken))
