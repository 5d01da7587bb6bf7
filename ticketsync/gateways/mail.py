"""
Mail by an SMTP URL: `smtps://user:password@host:465/?to=me@x.org&from=box@x.org`.

`smtp://` starts unencrypted and uses STARTTLS. Without encryption nothing is sent,
except to this machine itself.
"""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from urllib.parse import parse_qs, unquote

from ticketsync.core import clock, errors, web_address

TIMEOUT_SECONDS = 20
PORTS = {"smtp": 587, "smtps": 465}
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def send(url: str, subject: str, text: str) -> None:
    """
    Send one plain text mail.

    Raises `ConfigurationError` for a malformed URL, `ProviderUnavailable` if the server
    does not accept the message.
    """
    parts = web_address.split(url)
    query = parse_qs(parts.query)
    to, sender = query.get("to", []), query.get("from", [])
    if parts.scheme not in PORTS or not parts.hostname or not to or not sender:
        raise errors.ConfigurationError(
            "The mail URL under `notify` is malformed.",
            hint="Write smtps://user:password@host/?to=me@x.org&from=box@x.org.",
        )
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = sender[0]
    message["To"] = ", ".join(to)
    message["Date"] = clock.now()
    message.set_content(text)
    port = parts.port or PORTS[parts.scheme]
    try:
        with _connected(parts.scheme, parts.hostname, port) as server:
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        raise errors.ProviderUnavailable(
            f"The mail server {parts.hostname} did not accept the message "
            f"({type(error).__name__}).",
            hint="Check `notify: mail` with `ticketsync notify test`.",
            word="not-told",
        ) from None


def _connected(scheme: str, host: str, port: int) -> smtplib.SMTP:
    if scheme == "smtps":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_SECONDS, context=context)
    server = smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)
    server.ehlo()
    if server.has_extn("starttls"):
        server.starttls(context=ssl.create_default_context())
    elif host not in LOOPBACK:
        server.close()
        raise smtplib.SMTPException("the server offers no encryption")
    return server
