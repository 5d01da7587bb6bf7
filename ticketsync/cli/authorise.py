"""
The OAuth options of `ticketsync accounts add` and `rotate`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ticketsync.cli import context, terminal

if TYPE_CHECKING:
    from ticketsync.workflows.accounts.connect import SecretSource

OAuthFlag = Annotated[
    bool, typer.Option("--oauth", help="Authorise in the browser instead of by key.")
]
ClientId = Annotated[
    str, typer.Option("--client-id", help="For --oauth: the client id of your app.")
]
ClientEnv = Annotated[
    str,
    typer.Option(
        "--client-secret-env",
        metavar="VAR",
        help="Environment variable with the app's secret.",
    ),
]
ClientCommand = Annotated[
    str,
    typer.Option(
        "--client-secret-command",
        metavar="CMD",
        help="Command that prints the app's secret.",
    ),
]
RedirectUrl = Annotated[
    str,
    typer.Option(
        "--redirect-url", help="Your app's redirect URL, if it is not this machine."
    ),
]
Browser = Annotated[
    bool,
    typer.Option(help="Open a browser. Without one, paste the URL you are sent to."),
]


def app_options(client_id: str, env: str, command: str) -> dict[str, str]:
    """
    The account options that name the venue's own app and where its secret is.

    Raises: UsageError if the id or the secret's place is missing.
    """
    from ticketsync.accounts import state
    from ticketsync.core import errors, file_options

    if not client_id or bool(env) == bool(command):
        raise errors.UsageError(
            "OAuth needs the client id and the secret of your own app.",
            hint="Add --client-id ID and --client-secret-env VAR (or …-command CMD).",
        )
    return {
        state.CLIENT_ID: client_id,
        file_options.CLIENT_SOURCE: "env" if env else "command",
        file_options.CLIENT_REFERENCE: env or command,
    }


def authorise(
    provider: str,
    account: str,
    base_url: str | None,
    options: dict[str, str],
    storage: str,
    *,
    redirect_url: str,
    browser: bool,
) -> SecretSource:
    """
    Get tokens by asking the user to authorise ticketsync, in the browser or by pasting
    the URL they were redirected to. `storage` is tried before the user is asked.

    Raises: CredentialError if the tokens cannot be obtained or stored.
    """
    from ticketsync.accounts import credentials
    from ticketsync.providers import registry
    from ticketsync.workflows.accounts import tokens
    from ticketsync.workflows.accounts.connect import SecretSource

    spec = registry.provider(provider).spec
    credentials.check_storage(account, storage)
    granted = tokens.allow(
        tokens.app_of(spec, account, base_url, options),
        show=_show_url,
        paste=_read_redirect,
        has_browser=browser,
        redirect_url=redirect_url,
    )
    return SecretSource(storage, "", granted.access, granted)


def _show_url(url: str) -> None:
    terminal.echo("Open this URL and allow ticketsync to read:", err=True)
    terminal.echo(f"  {url}", err=True)


def _read_redirect() -> str:
    if not context.is_terminal():
        return sys.stdin.readline()
    return context.ask("Paste the URL you were sent to, or its code", "--oauth")
