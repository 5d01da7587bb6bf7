"""
Pins: proof that a person on this machine chose the commands, secret files, addresses
and folders that stand in the database.

The database is data that others may write: it is shared, restored from a backup, edited
by hand. What a row could make us run, read or send a key to therefore counts only with
a pin, an HMAC over all of it. Its key is never in the database: it is made in the home
(`pin.key`, 0600), or given by `TICKETSYNC_PIN_KEY`, `TICKETSYNC_PIN_KEY_COMMAND` or the
systemd credential `ticketsync-pin-key`, so that several machines share it.

The keyring, variables and credentials of an account at its platform's own address need
no pin: such a row can run nothing and send a key nowhere but to the platform.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import hashlib
import hmac
import json
import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

from ticketsync.accounts import credentials
from ticketsync.core import errors, file_options, paths, permissions
from ticketsync.core.file_options import CLIENT_REFERENCE, CLIENT_SOURCE
from ticketsync.core.redact import Secret, safe

KEY: Final = "TICKETSYNC_PIN_KEY"
KEY_COMMAND: Final = "TICKETSYNC_PIN_KEY_COMMAND"
KEY_CREDENTIAL: Final = "ticketsync-pin-key"
SHORTEST_KEY: Final = 32  # characters
NOBODY: Final = "nobody confirmed that here"  # in each message about it
LONGEST_REFERENCE: Final = 300  # characters of a command, path or address

_NO_LINKS = (errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP)


class Pinned(Protocol):
    """
    The fields of an account that a pin covers, and the pin.
    """

    @property
    def name(self) -> str: ...
    @property
    def provider(self) -> str: ...
    @property
    def base_url(self) -> str | None: ...
    @property
    def secret_source(self) -> str: ...
    @property
    def secret_reference(self) -> str: ...
    @property
    def options(self) -> Mapping[str, str]: ...
    @property
    def pin(self) -> str: ...


def pinned_places(account: Pinned) -> list[str]:
    """
    What of an account needs a pin, in words; empty if it needs none.
    """
    found = _place(account.secret_source, account.secret_reference, "its key")
    found += _place(
        account.options.get(CLIENT_SOURCE, ""),
        account.options.get(CLIENT_REFERENCE, ""),
        "its app's secret",
    )
    found += [
        f"reads {_shown(value)} (its option {safe(name)})"
        for name, value in file_options.named_files(account.options).items()
    ]
    if account.base_url is not None:
        found.append(f"sends its key to {_shown(account.base_url)}")
    return found


def pinned_webhook_places(source: str, reference: str) -> list[str]:
    """
    What of a webhook secret needs a pin, in words; empty if it needs none.
    """
    return _place(source, reference, "its webhook secret")


def make_pin(account: Pinned) -> str:
    """
    The pin of an account as it stands, `""` where it needs none. Makes the key where
    there is none yet.

    Raises: `CredentialError` where the key can be neither read nor made, `UsageError`
    for a command, path or address that is too long to be looked at.
    """
    if not pinned_places(account):
        return ""
    files = file_options.named_files(account.options).values()
    client = account.options.get(CLIENT_REFERENCE, "")
    _refuse_long(account.secret_reference, client, account.base_url or "", *files)
    return _hmac(_get_or_make_key(), pinned_content(account))


def make_webhook_pin(account_id: int, source: str, reference: str) -> str:
    """
    The pin of a webhook secret, `""` where it needs none.

    Raises: `CredentialError` where the key can be neither read nor made, `UsageError`
    for a command or path that is too long to be looked at.
    """
    if not pinned_webhook_places(source, reference):
        return ""
    _refuse_long(reference)
    key = _get_or_make_key()
    return _hmac(key, _webhook_content(account_id, source, reference))


def is_confirmed(account: Pinned) -> bool:
    """
    Whether a person confirmed what the account would run, read and send its key to.
    """
    with contextlib.suppress(
        errors.CredentialError
    ):  # an unusable key confirms nothing
        return _is_confirmed(account)
    return False


def _is_confirmed(account: Pinned) -> bool:
    return not pinned_places(account) or _matches(account.pin, pinned_content(account))


def is_webhook_confirmed(
    account_id: int, source: str, reference: str, pin: str
) -> bool:
    """
    Whether a person confirmed where a webhook secret comes from.
    """
    with contextlib.suppress(errors.CredentialError):
        return _is_webhook_confirmed(account_id, source, reference, pin)
    return False


def _is_webhook_confirmed(
    account_id: int, source: str, reference: str, pin: str
) -> bool:
    return not pinned_webhook_places(source, reference) or _matches(
        pin, _webhook_content(account_id, source, reference)
    )


def refuse_unconfirmed(account: Pinned) -> None:
    """
    Raises: `Unconfirmed` for an account that would run, read or send its key to what
    nobody confirmed; `CredentialError` where the key that tells so cannot be used.
    """
    if not _is_confirmed(account):
        places = ", ".join(pinned_places(account))
        raise errors.Unconfirmed(
            f"Account {account.name!r} {places}, and {NOBODY}; nothing was run, read "
            "or sent.",
            hint=_hint(account.name),
        )


def refuse_unconfirmed_webhook(
    account: str, account_id: int, source: str, reference: str, pin: str
) -> None:
    """
    Raises: `Unconfirmed` for a webhook secret from a command or file that nobody
    confirmed; `CredentialError` where the key that tells so cannot be used.
    """
    if not _is_webhook_confirmed(account_id, source, reference, pin):
        places = ", ".join(pinned_webhook_places(source, reference))
        raise errors.Unconfirmed(
            f"Account {account!r} {places}, and {NOBODY}; nothing was run or read.",
            hint=_hint(account),
        )


def _hint(account: str) -> str:
    return (
        f"If you set that up, run `ticketsync accounts confirm {account}`; else "
        f"somebody changed the database: `ticketsync accounts remove {account}`, then "
        "`accounts add … --revive` with your own key. Machines that share the database "
        f"need the same {KEY}."
    )


def read_confirmed_secret(account: Pinned) -> Secret:
    """
    The secret of an account, from where a person confirmed it to be.

    Raises: `Unconfirmed`; `SecretMissing` and `CredentialError` as
    `credentials.read_secret`.
    """
    refuse_unconfirmed(account)
    return credentials.read_secret(
        account.name, account.secret_source, account.secret_reference
    )


def _place(source: str, reference: str, what: str) -> list[str]:
    if source == "command":
        return [f"runs `{_shown(reference)}` for {what}"]
    if source == "file":
        return [f"reads {what} from {_shown(reference)}"]
    return []


def _shown(reference: str) -> str:
    """
    All of what can be confirmed: each of its characters may become an escape.
    """
    return safe(reference, longest=6 * LONGEST_REFERENCE)


def _refuse_long(*references: str) -> None:
    for reference in references:
        if len(reference) > LONGEST_REFERENCE:
            raise errors.UsageError(
                f"{safe(reference, longest=60)} has {len(reference)} characters; what "
                f"a person is to confirm has at most {LONGEST_REFERENCE}.",
                hint="Put a long command into a script and name that.",
            )


def pinned_content(account: Pinned) -> str:
    """
    All that the pin of an account covers.
    """
    files = file_options.named_files(account.options)
    return json.dumps(
        [
            *("account", account.name, account.provider, account.base_url),
            *(account.secret_source, account.secret_reference),
            account.options.get(CLIENT_SOURCE, ""),
            account.options.get(CLIENT_REFERENCE, ""),
            *([files] if files else []),  # pins of accounts without any stay
        ]
    )


def _webhook_content(account_id: int, source: str, reference: str) -> str:
    return json.dumps(["webhook", account_id, source, reference])


def _hmac(key: bytes, content: str) -> str:
    return hmac.new(key, content.encode(), hashlib.sha256).hexdigest()


def _matches(pin: str, content: str) -> bool:
    key = _read_key()
    if key is None or not pin:
        return False
    return hmac.compare_digest(pin.encode(), _hmac(key, content).encode())


# The key


def _get_or_make_key() -> bytes:
    return _read_key() or _make_key(paths.pin_key_file())


def _read_key() -> bytes | None:
    """
    The key, `None` where there is none yet.

    Raises: `CredentialError` where there is one that is not to be used.
    """
    given = os.environ.get(KEY, "").strip() or _from_store()
    if given:
        return _checked(given, "The pin key that the environment gives")
    file = paths.pin_key_file()
    try:
        mode = stat.S_IMODE(file.stat().st_mode)
        text = file.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError):
        raise errors.PinKeyUnusable(
            f"The pin key {file} cannot be read.", hint="Check its permissions."
        ) from None
    if permissions.is_open_to_others(mode):
        raise errors.PinKeyUnusable(
            f"The pin key {file} can be read by others.",
            hint="Delete it, then run `ticketsync accounts confirm`: whoever read it "
            "can confirm what you did not.",
            word="file-not-private",
        )
    return _checked(text, f"The pin key {file}")


def _from_store() -> str:
    command = os.environ.get(KEY_COMMAND, "")
    if command:
        return _from_command(command)
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if folder and (Path(folder) / KEY_CREDENTIAL).exists():
        return _reveal("credential", KEY_CREDENTIAL)
    return ""


@functools.lru_cache(maxsize=1)
def _from_command(command: str) -> str:
    return _reveal("command", command)


def _reveal(source: str, reference: str) -> str:
    return credentials.read_secret("(pin key)", source, reference).reveal()


def _checked(key: str, what: str) -> bytes:
    if len(key) < SHORTEST_KEY:
        raise errors.PinKeyUnusable(
            f"{what} is shorter than {SHORTEST_KEY} characters.",
            hint="Use a random one, for example of `openssl rand -hex 32`.",
        )
    return key.encode()


def _make_key(file: Path) -> bytes:
    """
    A new key in the home. Of two processes that make it at once both get the first.
    """
    temporary = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        paths.private_folder(file.parent)
        paths.write_private_file(temporary, f"{secrets.token_hex(32)}\n")
        with contextlib.suppress(FileExistsError):
            _publish(temporary, file)
    except OSError as error:
        raise errors.PinKeyUnusable(
            f"The pin key {file} cannot be written: {error.strerror}.",
            hint=f"Make its folder writable for you, or set {KEY}.",
        ) from None
    finally:
        temporary.unlink(missing_ok=True)
    key = _read_key()
    assert key is not None
    return key


def _publish(temporary: Path, file: Path) -> None:
    """
    Give a file its final name unless there is one. Some file systems have no links.
    """
    try:
        os.link(temporary, file)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        paths.write_private_file(file, temporary.read_text(encoding="utf-8"))
