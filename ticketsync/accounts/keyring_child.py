"""
The child process that uses the keyring; see `credentials`.

Reads one request from standard input and writes one response to standard output. A
keyring that loses or exposes secrets is refused here.
"""

from __future__ import annotations

import json
import sys
from typing import Any

REFUSED = {
    "keyring.backends.fail": "no keyring is installed",
    "keyring.backends.null": "it forgets everything it is given",
    "keyrings.alt.file": "it keeps secrets in a readable file",
}


def answer(request: dict[str, str]) -> dict[str, str]:
    """
    The keyring's response to one request, or why it failed.
    """
    import keyring
    from keyring import errors

    backend = keyring.get_keyring()
    name = f"{type(backend).__module__}.{type(backend).__name__}"
    fault = _why_refused(backend)
    if fault is not None:
        return {"word": "keyring-unavailable", "fault": fault, "backend": name}
    try:
        return {"backend": name, **_execute(backend, request)}
    except errors.KeyringLocked:
        return {"word": "keyring-locked", "fault": "it is locked", "backend": name}
    except errors.KeyringError as error:
        fault = str(error) or type(error).__name__
        return {"word": "keyring-unavailable", "fault": fault, "backend": name}


def _execute(backend: Any, request: dict[str, str]) -> dict[str, str]:
    from keyring import errors

    service, entry = request["service"], request["entry"]
    if request["verb"] == "set":
        backend.set_password(service, entry, request["secret"])
        return {}
    if request["verb"] == "delete":
        try:
            backend.delete_password(service, entry)
        except errors.PasswordDeleteError:
            return {}  # there was none
        return {}
    secret = backend.get_password(service, entry)
    return {} if secret is None else {"secret": secret}


def _why_refused(backend: Any) -> str | None:
    members = getattr(backend, "backends", None)
    if members is not None:  # a chain needs one usable member
        faults = [_why_refused(member) for member in members]
        return None if None in faults else "no keyring is installed"
    module = type(backend).__module__
    for refused, fault in REFUSED.items():
        if module.startswith(refused):
            return fault
    return None


def main() -> None:
    request = json.loads(sys.stdin.read())
    try:
        result = answer(request)
    except Exception as error:  # a backend may raise anything; the parent reports it
        result = {"word": "keyring-unavailable", "fault": type(error).__name__}
    sys.stdout.write(json.dumps(result))


if __name__ == "__main__":
    main()
