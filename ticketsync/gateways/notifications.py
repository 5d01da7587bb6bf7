"""
Notifications: by apprise (ntfy, Slack, Telegram and many others), by a command or by
mail; and a heartbeat, for a monitor that notices when it stops.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator

import httpx

from ticketsync.core import errors, extras
from ticketsync.core.redact import safe
from ticketsync.core.settings import config
from ticketsync.core.settings.config import NotifySettings
from ticketsync.gateways import mail

TIMEOUT_SECONDS = 20


def send(
    settings: NotifySettings, title: str, text: str
) -> list[errors.TicketsyncError]:
    """
    Send a message through every configured channel. Returns the failures.
    """
    failures: list[errors.TicketsyncError] = []
    for send_to_channel in _channels(settings):
        try:
            send_to_channel(title, text)
        except errors.TicketsyncError as error:
            failures.append(error)
    return failures


def count_channels(settings: NotifySettings) -> int:
    """
    How many channels `send` uses.
    """
    return len(list(_channels(settings)))


def send_heartbeat(settings: NotifySettings) -> None:
    """
    Request the heartbeat URL. Raises `ProviderUnavailable` if that fails.
    """
    url = config.address(settings.heartbeat)
    try:
        response = httpx.get(url, timeout=TIMEOUT_SECONDS, trust_env=False)
        response.raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise errors.ProviderUnavailable(
            f"The heartbeat request failed ({type(error).__name__}).",
            hint="Check `notify: heartbeat` with `ticketsync notify test`.",
            word="not-told",
        ) from None


def _channels(settings: NotifySettings) -> Iterator[Callable[[str, str], None]]:
    if settings.urls:
        yield lambda title, text: _by_apprise(settings.urls, title, text)
    if settings.command:
        yield lambda title, text: _by_command(settings.command, title, text)
    if settings.mail:
        yield lambda title, text: mail.send(config.address(settings.mail), title, text)


def _by_apprise(urls: tuple[str, ...], title: str, text: str) -> None:
    try:
        import apprise
    except ModuleNotFoundError:
        raise errors.ConfigurationError(
            "Alerts by URL need apprise, which is not installed.",
            hint=f"Run `{extras.install_command('notify')}`.",
        ) from None
    recipients = apprise.Apprise()
    for number, url in enumerate(urls, start=1):
        if not recipients.add(config.address(url)):
            raise errors.ConfigurationError(
                f"URL {number} under `notify: urls` is not one that apprise supports.",
                hint="See the apprise project for supported URLs; check the scheme.",
            )
    if not recipients.notify(title=title, body=text):
        raise errors.ProviderUnavailable(
            "Not all of `notify: urls` accepted the message.",
            hint="Check them with `ticketsync notify test`.",
            word="not-told",
        )


def _by_command(command: tuple[str, ...], title: str, text: str) -> None:
    """
    No shell, and nothing from outside on the command line: title and text are passed
    on standard input.
    """
    try:
        completed = subprocess.run(  # noqa: S603  (the venue's own command, from its settings)
            list(command),
            input=f"{title}\n\n{text}\n",
            text=True,
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _command_failed(command, type(error).__name__) from None
    if completed.returncode:
        raise _command_failed(command, f"exit code {completed.returncode}")


def _command_failed(
    command: tuple[str, ...], reason: str
) -> errors.ProviderUnavailable:
    return errors.ProviderUnavailable(
        f"The command {safe(command[0])!r} under `notify` failed ({reason}).",
        hint="Try it with `ticketsync notify test`.",
        word="not-told",
    )
