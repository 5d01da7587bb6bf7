"""
What a command that gives a key sees of our environment: what a password manager needs
to run, and nothing else. The keys of other accounts may be in variables of any name, so
that a list of what to leave out would always be too short.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

_NAMES: Final = frozenset(
    (
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "LANGUAGE", "TZ"),
        *("TMPDIR", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY"),
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "CREDENTIALS_DIRECTORY"),
        # Where other stores find their keys, not the keys themselves
        *("GOOGLE_APPLICATION_CREDENTIALS", "KUBECONFIG", "AZURE_CONFIG_DIR"),
        *("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_CONFIG_FILE"),
        *("AWS_SHARED_CREDENTIALS_FILE", "AWS_ROLE_ARN", "AWS_CA_BUNDLE"),
        *("AWS_WEB_IDENTITY_TOKEN_FILE", "SOPS_AGE_KEY_FILE"),
        *("DBUS_SESSION_BUS_ADDRESS", "SSH_AUTH_SOCK", "GNUPGHOME", "GPG_TTY"),
        # Windows, where hardly a program starts without them
        *("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "USERPROFILE"),
        *("APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "PROGRAMFILES", "TEMP", "TMP"),
    )
)
# Locales and folders; pass, 1Password, Bitwarden and Vault, which have no other way to
# be unlocked by a scheduler.
_PREFIXES: Final = (
    *("LC_", "XDG_", "PASSWORD_STORE_", "GOPASS_", "OP_", "BW_", "VAULT_"),
    "CLOUDSDK_",
)


def for_secret_command(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """
    The variables for a command that gives a key.
    """
    return {
        name: value
        for name, value in environment.items()
        if name.upper() in _NAMES or name.upper().startswith(_PREFIXES)
    }
