"""
Secrets: never in the database, never by a silent way round (F109-F119).
"""

import os
import stat
import textwrap
import time

import pytest

from ticketsync.accounts import child_environment, credentials
from ticketsync.core import errors, paths
from ticketsync.core.redact import Secret

SECRET = Secret("sk_canary_4711")
BACKENDS = """
    import json, pathlib, time
    from keyring import errors
    from keyring.backend import KeyringBackend

    FILE = pathlib.Path(__file__).with_name("vault.json")

    class Good(KeyringBackend):
        priority = 1
        def _all(self):
            return json.loads(FILE.read_text()) if FILE.exists() else {}
        def get_password(self, service, entry):
            return self._all().get(f"{service}/{entry}")
        def set_password(self, service, entry, value):
            FILE.write_text(json.dumps({**self._all(), f"{service}/{entry}": value}))
        def delete_password(self, service, entry):
            kept = self._all()
            if f"{service}/{entry}" not in kept:
                raise errors.PasswordDeleteError("not there")
            del kept[f"{service}/{entry}"]
            FILE.write_text(json.dumps(kept))

    class Silent(Good):
        def get_password(self, service, entry):
            time.sleep(60)
        set_password = get_password

    class Locked(Good):
        def get_password(self, service, entry):
            raise errors.KeyringLocked("locked")
        def set_password(self, service, entry, value):
            raise errors.KeyringLocked("locked")

    class Forgetful(Good):
        def set_password(self, service, entry, value):
            pass

    class Garbling(Good):
        def get_password(self, service, entry):
            return "something else"

    class Exploding(Good):
        def set_password(self, service, entry, value):
            raise RuntimeError("dbus fell over: " + value)
"""


@pytest.fixture
def keyring(tmp_path, monkeypatch):
    """
    Real keyring backends of every temper, chosen as users choose them.
    """
    (tmp_path / "tempers.py").write_text(textwrap.dedent(BACKENDS))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def choose(name):
        full = name if "." in name else f"tempers.{name}"
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", full)

    return choose


@pytest.mark.thorough
def test_a_keyring_keeps_and_forgets(keyring):
    keyring("Good")
    reference = credentials.store_secret("tt", "keyring", SECRET)
    assert credentials.read_secret("tt", "keyring", reference) == SECRET
    moved = credentials.move_secret("tt", "door", "keyring", reference)
    assert credentials.read_secret("door", "keyring", moved) == SECRET
    credentials.delete_secret("door", "keyring", moved)
    with pytest.raises(errors.SecretMissing):
        credentials.read_secret("door", "keyring", moved)


def test_the_keyring_is_asked_by_nothing_from_the_current_folder(
    keyring, tmp_path, monkeypatch
):
    keyring("Good")
    folder = tmp_path / "somewhere"
    folder.mkdir()
    mark = folder / "imported"
    (folder / "json.py").write_text(f"open({str(mark)!r}, 'w')")
    monkeypatch.chdir(folder)
    reference = credentials.store_secret("tt", "keyring", SECRET)
    assert credentials.read_secret("tt", "keyring", reference) == SECRET
    assert not mark.exists()


@pytest.mark.parametrize(
    ("backend", "word"),
    [
        ("keyring.backends.fail.Keyring", "keyring-unavailable"),
        ("keyring.backends.null.Keyring", "keyring-unavailable"),
        ("Locked", "keyring-locked"),
        ("Forgetful", "secret-missing"),
        ("Garbling", "keyring-loses-secrets"),
        ("Exploding", "keyring-unavailable"),
    ],
)
def test_f109_f110_f112_f114_a_bad_keyring_is_refused_with_the_other_ways(
    keyring, backend, word, tmp_path
):
    keyring(backend)

    with pytest.raises(errors.CredentialError) as caught:
        credentials.store_secret("tt", "keyring", SECRET)

    assert caught.value.word == word
    assert caught.value.exit_code == 4
    assert "canary" not in caught.value.message
    spilled = [
        p for p in tmp_path.rglob("*") if p.is_file() and b"canary" in p.read_bytes()
    ]
    assert [p for p in spilled if p.name not in ("vault.json",)] == []


@pytest.mark.thorough
def test_f111_a_silent_keyring_is_cut_off(keyring, monkeypatch):
    keyring("Silent")
    monkeypatch.setattr(credentials, "KEYRING_SECONDS", 1.0)
    began = time.monotonic()
    with pytest.raises(errors.KeyringUnavailable) as caught:
        credentials.read_secret("tt", "keyring", "tt")
    assert caught.value.word == "keyring-silent"
    assert time.monotonic() - began < 5


def test_f111_an_account_with_a_variable_never_touches_the_keyring(
    keyring, monkeypatch
):
    keyring("Silent")
    monkeypatch.setenv("MY_KEY", " sk_canary_4711\n")
    began = time.monotonic()
    assert credentials.read_secret("tt", "env", "MY_KEY") == SECRET
    assert time.monotonic() - began < 0.5


def test_the_environment_goes_before_everything(monkeypatch):
    monkeypatch.setenv("TICKETSYNC_BOX_OFFICE_TOKEN", "sk_canary_4711")
    assert credentials.read_secret("box-office", "keyring", "x") == SECRET


def test_a_command_gives_its_first_line_and_gets_no_tokens(monkeypatch, tmp_path):
    script = tmp_path / "give.sh"
    script.write_text('#!/bin/sh\necho "key-$TICKETSYNC_OTHER_TOKEN"\necho second\n')
    script.chmod(0o700)
    monkeypatch.setenv("TICKETSYNC_OTHER_TOKEN", "stolen")
    assert credentials.read_secret("tt", "command", str(script)) == Secret("key-")


def environment_of_the_command(tmp_path):
    """
    The variables that a command sees which gives a key.
    """
    script = tmp_path / "env.sh"
    script.write_text('#!/bin/sh\nenv -0 | tr "\\000" ";"\n')
    script.chmod(0o700)
    text = credentials.read_secret("tt", "command", str(script)).reveal()
    return dict(pair.split("=", 1) for pair in text.split(";") if "=" in pair)


SECRETS = ("EB_KEY", "TT_KEY", "STRIPE_API_KEY", "AWS_SECRET_ACCESS_KEY", "PGPASSWORD")


def test_a_command_sees_no_key_of_another_account(monkeypatch, tmp_path):
    for name in (*SECRETS, "TICKETSYNC_OTHER_TOKEN", "LD_PRELOAD_X", "PYTHONPATH"):
        monkeypatch.setenv(name, "stolen")
    monkeypatch.setenv("PASSWORD_STORE_DIR", "/srv/pass")
    monkeypatch.setenv("LC_ALL", "C")
    found = environment_of_the_command(tmp_path)
    assert "stolen" not in found.values()
    assert found["PASSWORD_STORE_DIR"] == "/srv/pass"
    assert found["PATH"] == os.environ["PATH"]


def test_control_with_all_of_our_environment_it_would(monkeypatch, tmp_path):
    monkeypatch.setattr(
        credentials.child_environment, "for_secret_command", lambda: dict(os.environ)
    )
    for name in SECRETS:
        monkeypatch.setenv(name, "stolen")
    found = environment_of_the_command(tmp_path)
    assert list(found.values()).count("stolen") == len(SECRETS)


@pytest.mark.parametrize("command", ["false", "no-such-program", "'unclosed"])
def test_a_failing_command_says_so(command):
    with pytest.raises(errors.SecretMissing, match="'tt'"):
        credentials.read_secret("tt", "command", command)


def test_a_systemd_credential(monkeypatch, tmp_path):
    (tmp_path / "tt-key").write_text("sk_canary_4711\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert credentials.read_secret("tt", "credential", "tt-key") == SECRET
    with pytest.raises(errors.SecretMissing):
        credentials.read_secret("tt", "credential", "../tt-key")


def test_a_file_is_private_and_refused_when_it_is_not():
    reference = credentials.store_secret("tt", "file", SECRET)
    assert stat.S_IMODE(os.stat(reference).st_mode) == 0o600
    assert credentials.read_secret("tt", "file", reference) == SECRET
    os.chmod(reference, 0o644)
    with pytest.raises(errors.CredentialError) as caught:
        credentials.read_secret("tt", "file", reference)
    assert caught.value.word == "file-not-private"


def test_a_fingerprint_recognises_and_reveals_nothing():
    one = credentials.fingerprint(SECRET, "tt")
    assert one == credentials.fingerprint(SECRET, "tt")
    assert one != credentials.fingerprint(SECRET, "other")
    assert len(one) == 8


def test_a_secret_file_is_found_under_every_way_to_name_the_settings(
    home, tmp_path, monkeypatch
):
    usual = credentials.store_secret("a", "file", SECRET)
    settings = tmp_path / "mine" / "config.yaml"
    monkeypatch.setenv("TICKETSYNC_CONFIG", str(settings))
    beside = credentials.store_secret("b", "file", SECRET)
    assert beside == str(tmp_path / "mine" / "secrets" / "b")
    monkeypatch.delenv("TICKETSYNC_CONFIG")
    with pytest.raises(errors.SecretMissing):
        credentials.read_secret("b", "file", beside)
    paths.choose_config_file(settings)
    try:
        for name, reference in (("a", usual), ("b", beside)):
            assert credentials.read_secret(name, "file", reference).reveal() == (
                SECRET.reveal()
            )
        assert credentials.secret_file_path("c") == beside[:-1] + "c"
    finally:
        paths.choose_config_file(None)


@pytest.mark.parametrize(
    ("name", "is_given"),
    [
        *(("https_proxy", True), ("SSL_CERT_FILE", True), ("AWS_PROFILE", True)),
        *(
            ("KUBECONFIG", True),
            ("CREDENTIALS_DIRECTORY", True),
            ("AWS_SECRET_ACCESS_KEY", False),
        ),
        *(("TT_KEY", False), ("TICKETSYNC_A_TOKEN", False), ("DATABASE_URL", False)),
    ],
)
def test_a_command_that_gives_a_key_gets_what_stores_need(name, is_given):
    found = child_environment.for_secret_command({name: "x"})
    assert found == ({name: "x"} if is_given else {})
