"""
Where secrets are, and how they get there.

An account has one source: the keyring, an environment variable, a command, a systemd
credential, or (only on request) a 0600 file. `TICKETSYNC_<NAME>_TOKEN` in the
environment takes precedence over all of them. There is no silent fallback: a source
that fails is an error that names the alternatives.

The keyring is only used in a child process with a time limit, because without a desktop
session importing or calling it may hang for minutes.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import os
import re
import secrets
import shlex
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ticketsync.accounts import child_environment
from ticketsync.core import digest, errors, pasted_keys, paths, permissions
from ticketsync.core.redact import Secret, safe

KEYRING_SECONDS: Final = 5.0
COMMAND_SECONDS: Final = 10.0
SERVICE: Final = "ticketsync"
# A keyring may ask the person to unlock it: of several threads one asks at a time.
_KEYRING: Final = threading.Lock()

_ALTERNATIVES = (
    "Use --secret-env VAR, --secret-command CMD or --secret-credential NAME instead, "
    "or --insecure-storage for a 0600 file."
)


def read_secret(account: str, source: str, reference: str) -> Secret:
    """
    The account's secret.

    Raises `SecretMissing` where there is none, `CredentialError` that says what to do.
    """
    if source == "none":
        return Secret("")
    override = os.environ.get(override_variable(account), "").strip()
    if override:
        return Secret(override)
    readers = {
        "keyring": _from_keyring,
        "env": _from_environment,
        "command": _from_command,
        "credential": _from_systemd,
        "file": _from_file,
    }
    value = readers[source](account, reference).strip()
    if not value:
        raise errors.SecretMissing(
            f"The secret of account {account!r} is empty.",
            hint=f"Run `ticketsync accounts rotate {account}`.",
        )
    return Secret(value)


def store_secret(account: str, source: str, secret: Secret) -> str:
    """
    Store a secret in the keyring or a file and read it back; returns the reference.

    Raises `KeyringUnavailable` or `CredentialError` where it cannot be stored,
    `SecretMissing` if it is empty.
    """
    if not secret.reveal().strip():
        raise errors.SecretMissing(
            f"The secret of account {account!r} is empty.",
            hint="Give the whole secret.",
        )
    if source == "keyring":
        _keyring("set", account, secret)
        stored = _from_keyring(account, account)
        reference = account
    else:
        file = _secret_file(account)
        _write_private(file, secret.reveal())
        stored = _from_file(account, str(file))
        reference = str(file)
    if not hmac.compare_digest(stored.encode(), secret.reveal().encode()):
        raise errors.KeyringUnavailable(
            f"The key of account {account!r} was not stored: what came back differs.",
            hint=_ALTERNATIVES,
            word="keyring-loses-secrets",
        )
    return reference


def check_storage(account: str, source: str) -> None:
    """
    Store a dummy secret, read it back and delete it: before a person is sent to a
    browser for a token that could not be stored (F113).

    Raises: `CredentialError` where a secret cannot be stored.
    """
    name = f"{account}-probe"
    reference = store_secret(name, source, Secret(secrets.token_hex(8)))
    delete_secret(name, source, reference)


def find_places() -> tuple[str, ...]:
    """
    Where a secret can be stored on this machine now, tried with a dummy: `keyring`;
    else `file`, which a person has to agree to; or nowhere.
    """
    for place in ("keyring", "file"):
        try:
            check_storage(f"page-{secrets.token_hex(4)}", place)
        except (errors.CredentialError, OSError):
            continue
        return (place,)
    return ()


def secret_file_path(account: str) -> str:
    """
    The path of the file for an account's secret.
    """
    return str(_secret_file(account))


def delete_secret(account: str, source: str, reference: str) -> None:
    """
    Delete a secret that we stored ourselves; others are left alone.
    """
    if source == "keyring":
        _keyring("delete", reference or account, None)
    elif source == "file" and _is_ours(Path(reference)):
        Path(reference).unlink(missing_ok=True)


def move_secret(account: str, new_name: str, source: str, reference: str) -> str:
    """
    Move a stored secret to its account's new name; returns the new reference.

    Raises: `CredentialError` where it cannot be read or stored.
    """
    if source not in ("keyring", "file"):
        return reference
    secret = read_secret(account, source, reference)
    moved = store_secret(new_name, source, secret)
    delete_secret(account, source, reference)
    return moved


def fingerprint(secret: Secret, account: str) -> str:
    """
    Identifies the secret without revealing it.
    """
    return digest.fingerprint(secret.reveal(), f"{SERVICE}/{account}")


def override_variable(account: str) -> str:
    """
    The environment variable that takes precedence over the account's own source.
    """
    return f"TICKETSYNC_{re.sub(r'[^A-Z0-9]', '_', account.upper())}_TOKEN"


# Sources that are filled elsewhere


def _from_environment(account: str, variable: str) -> str:
    value = os.environ.get(variable)
    if value is None:
        _refuse_key(account, variable)
        raise errors.SecretMissing(
            f"The environment variable {safe(variable)}, with the key of account "
            f"{account!r}, is not set.",
            hint=f"Set {safe(variable)} where this command runs, also in cron.",
        )
    return value


def _from_command(account: str, command: str) -> str:
    try:
        result = subprocess.run(  # noqa: S603  # the venue's own command, without a shell
            shlex.split(command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=COMMAND_SECONDS,
            check=True,
            env=child_environment.for_secret_command(),
        )
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        reason = (
            "it took too long"
            if isinstance(error, subprocess.TimeoutExpired)
            else f"{type(error).__name__}"
        )
        raise errors.SecretMissing(
            f"The command that gives the key of account {account!r} failed ({reason}).",
            hint="Run it by hand and look at its output. It gets few of your "
            "variables; a script as the command can set more.",
        ) from None
    return result.stdout.decode("utf-8", "replace").partition("\n")[0]


def _from_systemd(account: str, name: str) -> str:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if not folder or "/" in name:
        _refuse_key(account, name)
        raise errors.SecretMissing(
            f"There is no systemd credential {safe(name)!r} for account {account!r}.",
            hint=f"Add LoadCredential={safe(name)}:… to the unit.",
        )
    return _text_of(Path(folder) / name, account)


def _refuse_key(account: str, reference: str) -> None:
    """
    Raises: `SecretMissing` for a key in place of the name of what holds it.
    """
    if pasted_keys.is_like_key(reference):
        raise errors.SecretMissing(
            f"What was named to hold the key of account {account!r} looks like a key.",
            hint="Name the variable or the credential that holds it, for example "
            "`--secret-env TT_KEY`, or leave it out: the key is asked for, unseen.",
        )


# The file, only on request


def _from_file(account: str, reference: str) -> str:
    file = Path(reference)
    if not _is_ours(file):
        raise errors.SecretMissing(
            f"The key of account {account!r} is said to be in {safe(reference)!r}, "
            f"and files are read from {paths.secrets_folder()} only.",
            hint=_hint_for_a_copy(account, file.name),
            word="file-not-ours",
        )
    with contextlib.suppress(FileNotFoundError):
        mode = stat.S_IMODE(file.stat().st_mode)
        if permissions.is_open_to_others(mode):
            raise errors.SecretMissing(
                f"{file}, with the key of account {account!r}, can be read by others.",
                hint=f"Run `chmod 600 {file}`.",
                word="file-not-private",
            )
    return _text_of(file, account)


def _hint_for_a_copy(account: str, name: str) -> str:
    """
    What to do where all of our folder was copied or moved. Never a new key at once: the
    tickets of our own box office are signed with the old one. Only a file of our own
    folder is proposed, since the reference may be anybody's.
    """
    copied = paths.secrets_folder() / name
    if not copied.is_file():
        return (
            "If this folder was copied or moved, copy the file with the key into "
            f"{paths.secrets_folder()}, too, and run the same command again. Make no "
            "new key for your own box office: tickets that were sold would be invalid."
        )
    given = f"--secret-stdin --insecure-storage < {shlex.quote(str(copied))}"
    return (
        "If this folder was copied or moved, keep the same key: run "
        f"`ticketsync {_command_for_key(account)} {given}`."
    )


def _command_for_key(entry: str) -> str:
    """
    The command that gives the key that is stored under this name: an account's, or the
    secret of its webhooks.
    """
    account, _, kind = entry.partition("/")
    return f"webhooks secret {account}" if kind else f"accounts rotate {account}"


def _is_ours(file: Path) -> bool:
    """
    Whether a file lies in a folder of our secrets, links followed.
    """
    try:
        folders = [folder.resolve() for folder in paths.known_secrets_folders()]
        return file.resolve().parent in folders
    except (OSError, ValueError, RuntimeError):
        return False


def _text_of(file: Path, account: str) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise errors.SecretMissing(
            f"The key of account {account!r} cannot be read from {file}.",
            hint=f"Run `ticketsync accounts rotate {account}`.",
        ) from None


def _secret_file(account: str) -> Path:
    folder = paths.private_folder(paths.secrets_folder())
    return folder / re.sub(r"[^A-Za-z0-9_.-]", "_", account)


def _write_private(file: Path, text: str) -> None:
    temporary = file.with_name(f".{file.name}.new")
    temporary.unlink(missing_ok=True)
    paths.write_private_file(temporary, text)
    temporary.replace(file)


# The keyring, in a child process


def _from_keyring(account: str, reference: str) -> str:
    response = _keyring("get", reference or account, None)
    value = response.get("secret")
    if value is None:
        raise errors.SecretMissing(
            f"The keyring holds no key for account {account!r}.",
            hint=f"Run `ticketsync accounts rotate {account}`.",
        )
    return value


def _keyring(verb: str, entry: str, secret: Secret | None) -> Mapping[str, str]:
    """
    Ask the child process; its process group is killed when it is too slow.

    Raises: `KeyringUnavailable`.
    """
    request = {"verb": verb, "service": SERVICE, "entry": entry}
    if secret is not None:
        request["secret"] = secret.reveal()
    with _KEYRING:
        return _ask_keyring(entry, request)


def _ask_keyring(entry: str, request: Mapping[str, str]) -> Mapping[str, str]:
    child = subprocess.Popen(  # our own module
        # -P: imports nothing from the current folder
        [sys.executable, "-P", "-m", "ticketsync.accounts.keyring_child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        output, _ = child.communicate(json.dumps(request).encode(), KEYRING_SECONDS)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        raise errors.KeyringUnavailable(
            f"The keyring did not answer within {KEYRING_SECONDS:.0f} s for {entry!r}.",
            hint=_ALTERNATIVES,
            word="keyring-silent",
        ) from None
    try:
        response: dict[str, str] = json.loads(output)
    except ValueError:
        response = {
            "word": "keyring-unavailable",
            "fault": "it ended without a response",
        }
    if "word" in response:
        raise errors.KeyringUnavailable(
            f"The keyring cannot be used for {entry!r}: {safe(response['fault'])} "
            f"(backend {safe(response.get('backend', 'unknown'))}).",
            hint=_ALTERNATIVES,
            word=response["word"],
        )
    return response
