"""
Telling people: by apprise (ntfy, Slack, Telegram, a hundred more), by a command, by
mail; and a heartbeat, for somebody who notices when we fall silent.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator

import httpx

from ticketsync.core import config, errors
from ticketsync.core.config import NotifySettings
from ticketsync.core.redact import safe
from ticketsync.gateways import mail

SECONDS = 20


def send(
    settings: NotifySettings, title: str, text: str
) -> list[errors.TicketsyncError]:
    """
    Send to everyone in the settings; returns the failures, and to whom.
    """
    failures: list[errors.TicketsyncError] = []
    for send_one in _channels(settings):
        try:
            send_one(title, text)
        except errors.TicketsyncError as error:
            failures.append(error)
    return failures


def ways(settings: NotifySettings) -> int:
    """
    Through how many channels `send` goes.
    """
    return len(list(_channels(settings)))


def beat(settings: NotifySettings) -> None:
    """
    Call the heartbeat's address; `ProviderUnavailable` if it does not answer.
    """
    url = config.address(settings.heartbeat)
    try:
        answer = httpx.get(url, timeout=SECONDS, trust_env=False)
        answer.raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise errors.ProviderUnavailable(
            f"The heartbeat was not heard ({type(error).__name__}).",
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
            hint="Run `pip install 'ticketsync[notify]'`.",
        ) from None
    everybody = apprise.Apprise()
    for number, url in enumerate(urls, start=1):
        if not everybody.add(config.address(url)):
            raise errors.ConfigurationError(
                f"Address {number} under `notify: urls` is none that apprise knows.",
                hint="Its list is at the apprise project; mind the scheme in front.",
            )
    if not everybody.notify(title=title, body=text):
        raise errors.ProviderUnavailable(
            "Not all of `notify: urls` took the message.",
            hint="Check them with `ticketsync notify test`.",
            word="not-told",
        )


def _by_command(command: tuple[str, ...], title: str, text: str) -> None:
    """
    No shell, and nothing foreign on the command line: title and text go in by
    standard input.
    """
    try:
        done = subprocess.run(  # noqa: S603  (the venue's own command, from its settings)
            list(command),
            input=f"{title}\n\n{text}\n",
            text=True,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _refused(command, type(error).__name__) from None
    if done.returncode:
        raise _refused(command, f"exit code {done.returncode}")


def _refused(command: tuple[str, ...], why: str) -> errors.ProviderUnavailable:
    return errors.ProviderUnavailable(
        f"The command {safe(command[0])!r} under `notify` failed ({why}).",
        hint="Try it with `ticketsync notify test`.",
        word="not-told",
    )
