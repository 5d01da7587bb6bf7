"""
The key that confirms what accounts run, read and are sent: made in the home, or given.
"""

import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from ticketsync.accounts import pins
from ticketsync.core import errors, paths


@dataclass(frozen=True)
class Account:
    name: str = "tt"
    provider: str = "ticket_tailor"
    base_url: str | None = "http://127.0.0.1:9"
    secret_source: str = "env"
    secret_reference: str = "TT_KEY"
    options: dict = field(default_factory=dict)
    pin: str = ""


def pinned(**values):
    return Account(**values, pin=pins.make_pin(Account(**values)))


@pytest.fixture
def no_key(home):
    paths.pin_key_file().unlink()
    return home


def test_the_key_is_made_once_in_the_home_for_its_owner_alone(no_key):
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: pins.make_pin(Account()), range(32)))
    assert len(made) == 1
    assert [file.name for file in no_key.iterdir()] == ["pin.key"]
    assert stat.S_IMODE(paths.pin_key_file().stat().st_mode) == 0o600
    assert len(paths.pin_key_file().read_text().strip()) == 64


def test_no_key_is_made_where_nothing_needs_one(no_key):
    assert pins.make_pin(Account(base_url=None)) == ""
    assert pins.is_confirmed(Account(base_url=None))
    assert not pins.is_confirmed(Account(pin="0" * 64))
    assert list(no_key.iterdir()) == []


def test_every_field_that_a_pin_covers_counts():
    changes = (
        *({"name": "x"}, {"provider": "wix"}, {"base_url": "http://127.0.0.1:8"}),
        *({"secret_source": "command"}, {"secret_reference": "OTHER"}),
        {"options": {"oauth_client_source": "command"}},
        {"options": {"oauth_client_reference": "rm"}},
        {"options": {"watch": "/etc"}},
    )
    pin = pinned().pin
    assert pins.is_confirmed(Account(pin=pin))
    assert pins.is_confirmed(Account(pin=pin, options={"people": "true"}))
    for change in changes:
        assert not pins.is_confirmed(Account(pin=pin, **change))
    assert not pins.is_confirmed(Account(pin=""))


@pytest.mark.parametrize("way", ["variable", "command", "credential"])
def test_machines_with_the_same_key_confirm_for_each_other(
    way, no_key, monkeypatch, tmp_path
):
    key = "k" * 32
    if way == "variable":
        monkeypatch.setenv("TICKETSYNC_PIN_KEY", key)
    elif way == "command":
        monkeypatch.setenv("TICKETSYNC_PIN_KEY_COMMAND", f"echo {key}")
    else:
        (tmp_path / "ticketsync-pin-key").write_text(f"{key}\n")
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    account = pinned()
    assert list(no_key.iterdir()) == []
    monkeypatch.undo()
    monkeypatch.setenv("TICKETSYNC_HOME", str(tmp_path / "other"))
    assert not pins.is_confirmed(account)
    monkeypatch.setenv("TICKETSYNC_PIN_KEY", key)
    assert pins.is_confirmed(account)
    monkeypatch.setenv("TICKETSYNC_PIN_KEY", "another" * 8)
    assert not pins.is_confirmed(account)


def test_a_key_that_others_could_read_or_that_is_short_confirms_nothing(home):
    account = pinned()
    file = paths.pin_key_file()
    file.chmod(0o644)
    assert not pins.is_confirmed(account)
    with pytest.raises(errors.CredentialError) as caught:
        pins.make_pin(account)
    assert caught.value.word == "file-not-private"
    file.chmod(0o600)
    assert pins.is_confirmed(account)
    file.write_text("short")
    with pytest.raises(errors.CredentialError, match="shorter than 32"):
        pins.make_pin(account)


def test_a_key_that_cannot_be_used_is_named_and_not_taken_for_an_attack(home):
    account = pinned()
    webhook = ("tt", 1, "command", "printenv X", "")
    paths.pin_key_file().chmod(0o640)
    for refuse in (
        lambda: pins.refuse_unconfirmed(account),
        lambda: pins.refuse_unconfirmed_webhook(*webhook),
    ):
        with pytest.raises(errors.CredentialError) as caught:
            refuse()
        assert caught.value.word == "file-not-private"
        assert not caught.value.parks
    assert not pins.is_confirmed(account)
    assert not pins.is_webhook_confirmed(*webhook[1:])


def test_what_is_confirmed_is_shown_whole_and_what_is_too_long_is_refused():
    hidden = f"cat key {'#' * 280}; rm -r x"
    command = Account(secret_source="command", secret_reference=hidden[-300:])
    assert pins.make_pin(command)
    assert "; rm -r x`" in pins.pinned_places(command)[0]
    escaped = Account(secret_source="file", secret_reference="\u202e" * 299 + "z")
    assert pins.pinned_places(escaped)[0].endswith("z")
    long = "x" * 301
    for refused in (
        Account(secret_source="command", secret_reference=long),
        Account(base_url=f"https://{long}"),
        Account(options={"watch": f"/{long}"}),
        Account(options={"oauth_client_reference": long}),
    ):
        with pytest.raises(errors.UsageError, match="at most 300"):
            pins.make_pin(refused)
    with pytest.raises(errors.UsageError, match="at most 300"):
        pins.make_webhook_pin(1, "command", long)


def test_a_folder_is_known_by_its_absolute_path_on_every_system():
    for value in ("/etc", "C:\\reports", "\\\\nas\\x", "A, /etc"):
        assert pins.pinned_places(Account(base_url=None, options={"watch": value}))
    for value in ("moshtix", "Australia/Sydney", "true", ""):
        found = Account(base_url=None, options={"recipe": value, "oauth_x": "/y"})
        assert pins.pinned_places(found) == []


def test_the_child_of_a_secret_command_does_not_get_the_key(monkeypatch):
    from ticketsync.accounts import credentials

    monkeypatch.setenv("TICKETSYNC_PIN_KEY", "k" * 32)
    secret = credentials.read_secret(
        "tt", "command", "sh -c 'echo got $TICKETSYNC_PIN_KEY'"
    )
    assert secret.reveal() == "got"
