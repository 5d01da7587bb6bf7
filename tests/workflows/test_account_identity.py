"""
F27: a key must go on answering for whom it did when its account was connected.
"""

import pytest
from support.database_dump import dump
from support.platform_accounts import (
    add,
    another_venue,
    attempt,
    expected,
    figures,
    same,
)

from ticketsync.accounts import credentials, edits, sources, state
from ticketsync.core import errors
from ticketsync.core.redact import Secret
from ticketsync.workflows.accounts import connect as connecting
from ticketsync.workflows.accounts.connect import SecretSource
from ticketsync.workflows.sync import run as sync

OWNER = {  # the attributes of a fake platform that name its owner
    "eventbrite": {"organisations": ("990000001",), "user": "5509999"},
    "humanitix": {"organiser": "organiser0666"},
    "square": {"merchant": "MSTRANGER"},
    "wix": {"app_instance": "b2220000-0000-4000-8000-000000000002"},
}
NOBODY = {"humanitix": {"organiser": ""}, "wix": {"app_instance": ""}}


@pytest.fixture
def database(sqlite):
    return sqlite


@pytest.mark.parametrize(
    ("name", "owner"),
    [*OWNER.items(), *NOBODY.items()],
    ids=[*OWNER, *(f"{platform}, nobody named" for platform in NOBODY)],
)
@pytest.mark.sampled(4)
def test_f27_another_owners_answer_is_refused_before_anything_is_saved(
    synced, settings, fake_server, name, owner
):
    before = dump(synced)
    fake_server.platforms[name] = another_venue(fake_server.platform, **owner)
    fake_server.log.clear()

    result = attempt(synced, settings)

    assert (result.exit_code, result.word) == (7, "account-changed")
    assert dump(synced) == before
    assert not [t for _, t, _ in fake_server.log if "orders" in t or "attendees" in t]
    with synced.read() as connection:
        assert state.get_account(connection, name).state == "active"
    fake_server.platforms[name] = fake_server.platform
    assert attempt(synced, settings).outcome == "success"
    same(figures(synced), expected(fake_server, name))


@pytest.mark.parametrize("name", ["eventbrite"])
def test_f27_another_organisation_with_the_same_numbers_is_refused(
    synced, settings, fake_server, name
):
    fake_server.platform.organisations = ("990000001",)
    before = dump(synced)
    result = attempt(synced, settings)
    assert (result.exit_code, result.word) == (7, "account-changed")
    assert "990000001" in result.message
    assert dump(synced) == before


@pytest.mark.parametrize("name", ["eventbrite"])
def test_an_organisation_more_is_the_same_account(synced, settings, fake_server, name):
    fake_server.platform.organisations = (
        *fake_server.platform.organisations,
        "770000003",
    )
    assert attempt(synced, settings).outcome == "success"
    with synced.read() as connection:
        account = state.get_account(connection, name)
        known = sources.get_sources(connection, account.id, sources.OWNER)
    assert known == {"770000001", "770000002", "770000003"}


@pytest.mark.parametrize("name", ["humanitix"])
def test_events_of_a_new_organiser_beside_known_events_are_the_same_account(
    synced, settings, fake_server, name
):
    """
    All events move to another organiser of the account: they are known again.
    """
    fake_server.platform.organiser = "organiser0002"
    assert attempt(synced, settings).outcome == "success"


@pytest.mark.parametrize("name", ["wix"])
def test_a_listing_of_other_dates_is_believed_when_a_person_says_so(
    synced, settings, fake_server, name
):
    fake_server.platforms[name] = another_venue(fake_server.platform, **NOBODY[name])
    assert attempt(synced, settings).word == "account-changed"
    assert attempt(synced, settings, accept_shrink=True).exit_code == 0


@pytest.mark.parametrize("name", ["eventbrite"])
def test_f27_a_new_key_of_another_user_is_refused_at_the_first_request(
    database, settings, fake_server, name, monkeypatch
):
    """
    The key comes from the environment and is replaced there, `rotate` not used.
    """
    add(database, settings, fake_server, name, monkeypatch)
    sync.fetch_listing(database, settings, [])
    before = dump(database)
    fake_server.platform.key = "EBPRIVATETOKEN000666"
    fake_server.platform.user = "5506666"
    monkeypatch.setenv("KEY", fake_server.platform.key)
    fake_server.log.clear()

    result = attempt(database, settings)

    assert (result.exit_code, result.word) == (7, "account-changed")
    assert dump(database) == before
    asked = [target for _, target, _ in fake_server.log]
    assert all("/users/me/" in target for target in asked)
    assert "'5506666'" in result.message


@pytest.mark.parametrize("name", ["eventbrite"])
def test_a_new_key_of_the_same_user_is_asked_once_whose_it_is(
    database, settings, fake_server, name, monkeypatch
):
    add(database, settings, fake_server, name, monkeypatch)
    fake_server.platform.key = "EBPRIVATETOKEN000002"
    monkeypatch.setenv("KEY", fake_server.platform.key)
    for number in (1, 0):
        fake_server.log.clear()
        assert attempt(database, settings).outcome == "success"
        asked = [target for _, target, _ in fake_server.log]
        assert len([t for t in asked if t.endswith("/users/me/")]) == number


@pytest.mark.parametrize("name", ["eventbrite"])
def test_a_key_that_an_earlier_version_noted_needs_no_question(
    database, settings, fake_server, name, monkeypatch
):
    """
    Fingerprints were made with the account's name before.
    """
    add(database, settings, fake_server, name, monkeypatch)
    with database.write() as connection:
        account = state.get_account(connection, name)
        old = credentials.fingerprint(Secret(fake_server.platform.key), name)
        edits.set_fingerprint(connection, account.id, old)
    fake_server.log.clear()
    assert attempt(database, settings).outcome == "success"
    assert not [t for _, t, _ in fake_server.log if t.endswith("/users/me/")]


def test_f27_a_key_of_somebody_else_is_not_rotated_in(
    database, settings, fake_server, name, monkeypatch
):
    add(database, settings, fake_server, name, monkeypatch)
    before = dump(database)
    fake_server.platforms[name] = another_venue(fake_server.platform, **OWNER[name])
    with pytest.raises(errors.GuardRefused) as caught:
        connecting.rotate(
            database, settings, name, source=SecretSource("env", "KEY"), check=True
        )
    assert (caught.value.exit_code, caught.value.word) == (7, "account-changed")
    assert dump(database) == before
    with pytest.raises(errors.GuardRefused, match="belongs to"):
        connecting.check(database, settings, name)


@pytest.mark.parametrize("name", ["wix"])
def test_f27_a_wix_key_of_another_site_is_turned_away_by_wix(
    database, settings, fake_server, name, monkeypatch
):
    add(database, settings, fake_server, name, monkeypatch)
    fake_server.platform.site = "ffffffff-0000-4000-8000-000000000001"
    result = attempt(database, settings)
    assert (result.exit_code, result.word) == (4, "refused-credentials")


def test_what_a_platform_calls_an_account_is_kept(
    database, settings, fake_server, name, monkeypatch
):
    add(database, settings, fake_server, name, monkeypatch)
    with database.read() as connection:
        found = state.get_account(connection, name)
        owners = sources.get_sources(connection, found.id, sources.OWNER)
    wanted = {
        "eventbrite": ("5500001", {"770000001", "770000002"}),
        "humanitix": (None, {"organiser0001"}),
        "square": ("MLANTERN", {"MLANTERN"}),
        "wix": (
            "5a1e0000-0000-4000-8000-000000000001",
            {"a1110000-0000-4000-8000-000000000001"},
        ),
    }
    assert (found.identity, owners) == wanted[name]
    named = {"square": "The Lantern Room", "wix": "The Lantern Room"}
    assert found.identity_name == named.get(name, found.identity_name)
