"""
The database is data: whoever can write to it, or hands over a backup, makes nothing run
and gets no key.

Each plant is tried with everything that looks at an account. The controls take the pins
away: then the same plants run their command and send the key.
"""

import os
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import pytest

from ticketsync.accounts import credentials, edits, pins, state
from ticketsync.cli import serve
from ticketsync.core import clock, errors
from ticketsync.core.redact import Secret
from ticketsync.core.settings.config import Settings
from ticketsync.providers import registry
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.webhooks import webhooks
from ticketsync.webhooks import inbox
from ticketsync.workflows import doctor, integrity_check, waiting
from ticketsync.workflows.accounts import (
    account_client,
    account_options,
    account_removal,
    account_renaming,
    confirm_accounts,
    connect,
    tokens,
)
from ticketsync.workflows.accounts.connect import SecretSource
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.run import Request
from ticketsync.workflows.webhooks import webhook_endpoints

REAL = "http://127.0.0.1:9"  # of another account, where nobody listens
PRIVATE_KEY = "-----BEGIN OPENSSH PRIVATE KEY----- abc"


class Stranger:
    """
    A server of the attacker, and a file that a planted command would make.
    """

    def __init__(self, folder):
        self.made = folder / "PWNED"
        self.private = folder / "id_rsa"
        self.private.write_text(PRIVATE_KEY)
        self.private.chmod(0o600)
        self.received = []
        stranger = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                stranger.received.append(self.headers.get("Authorization", ""))
                self.send_response(401)
                self.end_headers()

            do_POST = do_GET

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def successes(self):
        return len(self.received) + self.made.exists() + (not self.private.exists())

    def plants(self, real):
        """
        What is written into the row, and what of it is then to be named.
        """
        command = {"secret_source": "command", "secret_reference": self.command}
        file = {"secret_source": "file", "secret_reference": str(self.private)}
        client = (
            '{"oauth_client_id": "x", "oauth_client_source": "command",'
            f' "oauth_client_reference": "{self.command}",'
            ' "oauth_expires_at": "2020-01-01T00:00:00Z"}'
        )
        return {
            "a command": ({**command, "base_url": None}, self.command),
            "a file": ({**file, "base_url": None}, str(self.private)),
            "an address": ({"base_url": self.url}, self.url),
            "a file and an address": ({**file, "base_url": self.url}, self.url),
            "a command for an app's secret": ({"options": client}, self.command),
            "another's pin": (
                {**command, "base_url": real, "pin": self._pin_of_another(real)},
                real,
            ),
        }

    def _pin_of_another(self, real):
        """
        Genuine, and of the very same command and address, but of another account.
        """
        other = SimpleNamespace(
            name="other",
            provider="ticket_tailor",
            base_url=real,
            secret_source="command",
            secret_reference=self.command,
            options={},
        )
        return pins.make_pin(other)

    @property
    def command(self):
        return f"touch {self.made}"


@pytest.fixture
def stranger(tmp_path):
    found = Stranger(tmp_path)
    yield found
    found.server.shutdown()
    found.server.server_close()


def operations(database, settings):
    """
    Everything that looks at the account, by name.
    """

    def account():
        with database.read() as connection:
            return state.get_account(connection, "tt")

    spec = registry.provider("square").spec  # one with tokens that are renewed
    given = SecretSource("env", "TT_KEY")
    return {
        "sync": lambda: sync.sync(database, settings, Request()),
        "fetch": lambda: sync.fetch_listing(database, settings, []),
        "check": lambda: connect.check(database, settings, "tt"),
        "doctor": lambda: list(doctor.examine(lambda: settings, lambda: database)),
        "set": lambda: account_options.plan(
            database, settings, "tt", {"base_url": f"{account().base_url or REAL}/"}
        ),
        "renew": lambda: tokens.renew(database, spec, account()),
        "connect": lambda: account_client.connect(
            database, account(), settings, Secret("k"), "run"
        )[0].identify(),
        "rotate": lambda: connect.rotate(
            database, settings, "tt", source=given, check=True
        ),
        "rename": lambda: account_renaming.rename_account(
            database, settings, "tt", "door"
        ),
        "remove": lambda: account_removal.remove(database, settings, "tt"),
    }


def plant(database, values):
    with database.write() as connection:
        before = connection.execute(accounts.select()).mappings().one()
        connection.execute(accounts.update().values(**values))
    return dict(before)


def attempt(operation):
    try:
        operation()
    except errors.TicketsyncError:
        return


def test_planted_rows_run_nothing_and_get_nothing(connected, stranger, settings):
    """
    54 attempts on each kind of database, 0 successes; each plant is named.
    """
    with connected.read() as connection:
        real = state.get_account(connection, "tt").base_url
    attempts = 0
    for values, named in stranger.plants(real).values():
        before = plant(connected, values)
        with connected.read() as connection:
            waits = waiting.everything(connection, settings, before["created_at"])
        (waiting_one,) = [item for item in waits if item.kind == "unconfirmed"]
        assert named in waiting_one.text
        for name in operations(connected, settings):
            if name == "remove":
                continue
            attempts += 1
            attempt(operations(connected, settings)[name])
            assert stranger.successes == 0, (values, name)
            plant(connected, values)
        plant(connected, before)
    assert attempts == 54
    plant(connected, stranger.plants(real)["a file"][0])
    found = integrity_check.check(connected, settings).findings
    assert any(str(stranger.private) in item.text for item in found)
    attempt(operations(connected, settings)["remove"])
    assert stranger.successes == 0
    assert stranger.private.read_text() == PRIVATE_KEY


def test_control_without_pins_the_same_plants_succeed(
    connected, stranger, settings, monkeypatch
):
    monkeypatch.setattr(pins, "_matches", lambda pin, content: True)
    monkeypatch.setattr(credentials, "_is_ours", lambda file: True)
    with connected.read() as connection:
        real = state.get_account(connection, "tt").base_url
    plants = stranger.plants(real)
    before = plant(connected, plants["a command"][0])
    attempt(operations(connected, settings)["sync"])
    assert stranger.made.exists()
    plant(connected, {**before, **plants["a file and an address"][0]})
    attempt(operations(connected, settings)["check"])
    assert any(_carries(text, PRIVATE_KEY) for text in stranger.received)


# What each operation would do for a plant, if there were no pins.
CONTROLS = {
    "sync": "a command",
    "fetch": "a command",
    "check": "a command",
    "doctor": "a command",
    "set": "a command",
    "renew": "a command for an app's secret",
    "connect": "an address",
    "rotate": "an address",
    "rename": "a file",
    "remove": "a file",
}


@pytest.mark.parametrize("name", CONTROLS)
@pytest.mark.sampled(5)
def test_control_without_pins_each_operation_succeeds(
    connected, stranger, settings, monkeypatch, name
):
    assert set(operations(connected, settings)) == set(CONTROLS)
    monkeypatch.setattr(pins, "_matches", lambda pin, content: True)
    monkeypatch.setattr(credentials, "_is_ours", lambda file: True)
    with connected.read() as connection:
        real = state.get_account(connection, "tt").base_url
    plant(connected, stranger.plants(real)[CONTROLS[name]][0])
    assert stranger.successes == 0
    attempt(operations(connected, settings)[name])
    assert stranger.successes >= 1


def _carries(header, secret):
    import base64

    _, _, value = header.partition(" ")
    return secret in base64.b64decode(value + "==").decode("utf-8", "replace")


def test_a_run_says_what_nobody_confirmed_and_parks_nothing(
    connected, stranger, settings
):
    plant(connected, {"base_url": stranger.url})
    (result,) = sync.sync(connected, settings, Request()).results
    assert (result.exit_code, result.word) == (4, "unconfirmed")
    assert stranger.url in result.message
    assert "ticketsync accounts confirm tt" in result.hint
    with connected.read() as connection:
        assert state.get_account(connection, "tt").state == "active"


def test_a_planted_webhook_secret_is_neither_run_nor_read(
    connected, stranger, settings, monkeypatch
):
    sender = webhook_endpoints.get_sender(connected, "tt")
    webhook_endpoints.set_secret(connected, sender, SecretSource("env", "TT_KEY"))

    def endpoints():
        return webhook_endpoints.load_endpoints(connected, Settings())[0].secrets

    assert len(endpoints()) == 1
    with connected.write() as connection:
        connection.execute(
            webhooks.update().values(
                secret_source="command", secret_reference=stranger.command
            )
        )
    assert (endpoints(), stranger.successes) == ([], 0)
    with connected.read() as connection:
        (item,) = confirm_accounts.list_unconfirmed(connection)
        assert stranger.command in item.text
    said = []
    listed = webhook_endpoints.load_endpoints(connected, Settings())
    serve._warn_of_missing_secrets(SimpleNamespace(say=said.append), listed)
    assert "ticketsync: unconfirmed: Account 'tt' runs" in said[0]
    hints = [said[0]]
    for refuse in (
        lambda: serve._require_ready_endpoint(listed),
        lambda: webhook_endpoints.get_ready_endpoint(connected, settings, "tt"),
    ):
        with pytest.raises(errors.UsageError) as caught:
            refuse()
        assert caught.value.word == "webhook-secret-missing"
        hints.append(caught.value.hint)
    assert all("ticketsync accounts confirm tt" in hint for hint in hints)
    monkeypatch.setattr(pins, "_matches", lambda pin, content: True)  # the control
    endpoints()
    assert stranger.made.exists()


def test_a_webhook_command_of_the_person_is_used_and_stays_while_it_is_replaced(
    connected, tmp_path
):
    sender = webhook_endpoints.get_sender(connected, "tt")
    for word in ("first", "second"):
        source = SecretSource("command", f"echo {word}")
        webhook_endpoints.set_secret(connected, sender, source)
    (endpoint,) = webhook_endpoints.load_endpoints(connected, Settings())
    assert [secret.reveal() for secret in endpoint.secrets] == ["second", "first"]


def test_a_confirmed_account_works_and_stays_confirmed_through_what_a_person_does(
    connected, settings
):
    """
    A database of before the pins: the person confirms the account once. Renaming it,
    another key and another address by command are the person's own acts.
    """
    plant(connected, {"pin": ""})
    with connected.read() as connection:
        shown = confirm_accounts.list_unconfirmed(connection)
    assert [item.account for item in shown] == ["tt"]
    with pytest.raises(errors.Unconfirmed):
        connect.check(connected, settings, "tt")
    confirm_accounts.confirm(connected, shown)
    connect.check(connected, settings, "tt")
    account_renaming.rename_account(connected, settings, "tt", "door")
    connect.check(connected, settings, "door")
    source = SecretSource("command", f"echo {os.environ['TT_KEY']}")
    connect.rotate(connected, settings, "door", source=source, check=True)
    connect.check(connected, settings, "door")
    with connected.read() as connection:
        address = state.get_account(connection, "door").base_url
    plan = account_options.plan(
        connected, settings, "door", {"base_url": f"{address}/"}
    )
    account_options.apply(connected, plan)
    connect.check(connected, settings, "door")


def test_what_was_changed_after_it_was_shown_is_not_confirmed(connected, stranger):
    plant(connected, {"pin": ""})
    with connected.read() as connection:
        shown = confirm_accounts.list_unconfirmed(connection)
    plant(connected, {"base_url": stranger.url})
    with pytest.raises(errors.Busy):
        confirm_accounts.confirm(connected, shown)
    with connected.read() as connection:
        assert not pins.is_confirmed(state.get_account(connection, "tt"))


def test_a_change_by_a_person_does_not_confirm_what_somebody_planted(
    connected, stranger, settings
):
    plant(connected, {"base_url": stranger.url})
    with connected.write() as connection:
        account = state.get_account(connection, "tt")
        edits.set_options(connection, account.id, {"people": "true"})
        edits.set_name(connection, account, "door")
        edits.set_secret(
            connection, account.id, source="env", reference="TT_KEY", fingerprint="f"
        )
        assert not pins.is_confirmed(state.get_account(connection, "door"))


def test_an_account_at_its_platforms_own_address_needs_no_pin(database):
    with database.write() as connection:
        for number, source in enumerate(("keyring", "env", "credential", "none")):
            new = state.NewAccount(
                *(f"a{number}", "ticket_tailor", None, source, "X", "", None)
            )
            edits.add_account(connection, new, clock.now())
    plant_all = accounts.update().values(pin="")
    with database.write() as connection:
        connection.execute(plant_all)
        assert confirm_accounts.list_unconfirmed(connection) == []


def test_a_secret_file_is_moved_with_its_account_and_read_nowhere_else(
    connected, settings, tmp_path, sandbox
):
    key = SecretSource("file", "", Secret(sandbox.key))
    connect.rotate(connected, settings, "tt", source=key, check=True)
    account_renaming.rename_account(connected, settings, "tt", "door")
    connect.check(connected, settings, "door")
    with connected.read() as connection:
        file = state.get_account(connection, "door").secret_reference
    link = tmp_path / "home" / "secrets" / "link"
    link.symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").write_text("x")
    for place in (str(tmp_path / "elsewhere"), f"{file}/../../x", str(link), "\0"):
        with pytest.raises(errors.SecretMissing) as caught:
            credentials.read_secret("door", "file", place)
        assert caught.value.word == "file-not-ours"
        credentials.delete_secret("door", "file", place)
    assert (tmp_path / "elsewhere").exists()


def test_a_copied_folder_is_told_to_keep_its_key(connected, tmp_path):
    """
    The copy's own file is proposed, never the one that the row names, which may be
    anybody's; where there is none, no new key is proposed either.
    """
    gone = str(tmp_path / "before" / "secrets" / "tt")
    folder = tmp_path / "home" / "secrets"

    def hint_for(entry):
        with pytest.raises(errors.SecretMissing) as caught:
            credentials.read_secret(entry, "file", gone)
        assert caught.value.word == "file-not-ours"
        return caught.value.hint

    assert hint_for("tt") == (
        f"If this folder was copied or moved, copy the file with the key into {folder},"
        " too, and run the same command again. Make no new key for your own box office:"
        " tickets that were sold would be invalid."
    )
    folder.mkdir()
    (folder / "tt").write_text("sk_1_2_here")
    assert hint_for("tt") == (
        "If this folder was copied or moved, keep the same key: run `ticketsync "
        f"accounts rotate tt --secret-stdin --insecure-storage < {folder}/tt`."
    )
    assert "`ticketsync webhooks secret tt --secret-stdin" in hint_for("tt/webhook")


def test_both_secrets_of_a_webhook_are_confirmed_together(connected):
    sender = webhook_endpoints.get_sender(connected, "tt")
    for word in ("first", "second"):
        source = SecretSource("command", f"echo {word}")
        webhook_endpoints.set_secret(connected, sender, source)
    with connected.write() as connection:
        connection.execute(webhooks.update().values(pin="", old_pin=""))
    with connected.read() as connection:
        shown = confirm_accounts.list_unconfirmed(connection)
        assert len(shown[0].places) == 2
    confirm_accounts.confirm(connected, shown)
    with connected.read() as connection:
        assert confirm_accounts.list_unconfirmed(connection) == []
        (endpoint,) = inbox.list_endpoints(connection, clock.now())
    assert all(endpoint.pins)
