"""
The options that say where a secret comes from. A secret itself is never an argument.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from ticketsync.cli import context

if TYPE_CHECKING:
    from ticketsync.workflows.accounts.connect import SecretSource

Env = Annotated[
    str,
    typer.Option(
        "--secret-env",
        metavar="VAR",
        help="Environment variable that holds the secret.",
    ),
]
Command = Annotated[
    str,
    typer.Option(
        "--secret-command", metavar="CMD", help="Command that prints the secret."
    ),
]
Credential = Annotated[
    str,
    typer.Option(
        "--secret-credential",
        metavar="NAME",
        help="systemd credential with the secret.",
    ),
]
Stdin = Annotated[
    bool, typer.Option("--secret-stdin", help="Read the secret from standard input.")
]
Insecure = Annotated[
    bool,
    typer.Option(
        "--insecure-storage",
        help="Store the secret in a 0600 file instead of the keyring.",
    ),
]


@dataclass(frozen=True, slots=True)
class SecretOptions:
    """
    The options as given on the command line.
    """

    env: str = ""
    command: str = ""
    credential: str = ""
    stdin: bool = False
    insecure: bool = False

    def get_source(self, prompt: str, *, is_multiline: bool = False) -> SecretSource:
        """
        Where the secret comes from. One that has to be stored is read from standard
        input (a multi-line one to its end) or prompted for.

        Raises: UsageError if several sources are given, NeedsTerminal if there is no
        terminal to prompt on, SecretMissing if the secret is empty.
        """
        from ticketsync.core import errors
        from ticketsync.core.redact import Secret
        from ticketsync.workflows.accounts.connect import SecretSource

        references = {
            "env": self.env,
            "command": self.command,
            "credential": self.credential,
        }
        given = [kind for kind, reference in references.items() if reference]
        if len(given) + self.stdin > 1:
            raise errors.UsageError(
                "The secret can come from one place only.",
                hint="Use only one of the --secret-… options.",
            )
        if given:
            return SecretSource(given[0], references[given[0]])
        if not self.stdin:
            text = context.ask(prompt, "--secret-env VAR", hidden=True)
        elif is_multiline:
            text = sys.stdin.read().strip()
        else:
            text = sys.stdin.readline().strip()
        if not text:
            raise errors.SecretMissing(
                "The secret is empty.", hint="Paste the whole secret."
            )
        return SecretSource(self.storage, "", Secret(text))

    @property
    def storage(self) -> str:
        """
        Where a secret of ours is stored: `keyring` or `file`.
        """
        return "file" if self.insecure else "keyring"
