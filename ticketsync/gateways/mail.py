"""
Mail by an SMTP URL: `smtps://user:password@host:465/?to=me@x.org&from=box@x.org`.

`smtp://` speaks plainly first and takes encryption if the server has it; a password is
never sent without, except to this machine itself.
"""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from urllib.parse import parse_qs, unquote, urlsplit

from ticketsync.core import clock, errors

SECONDS = 20
PORTS = {"smtp": 587, "smtps": 465}
HERE = ("localhost", "127.0.0.1", "::1")


def send(url: str, subject: str, text: str) -> None:
    """
    Send one plain text mail; `ProviderUnavailable` if the server does not take it.
    """
    where = urlsplit(url)
    options = parse_qs(where.query)
    to, sender = options.get("to", []), options.get("from", [])
    if where.scheme not in PORTS or not where.hostname or not to or not sender:
        raise errors.ConfigurationError(
            "The mail address under `notify` cannot be read.",
            hint="Write smtps://user:password@host/?to=me@x.org&from=box@x.org.",
        )
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = sender[0]
    message["To"] = ", ".join(to)
    message["Date"] = clock.now()
    message.set_content(text)
    port = where.port or PORTS[where.scheme]
    try:
        with _connected(where.scheme, where.hostname, port) as server:
            if where.username:
                server.login(unquote(where.username), unquote(where.password or ""))
            server.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        raise errors.ProviderUnavailable(
            f"The mail server {where.hostname} did not take the message "
            f"({type(error).__name__}).",
            hint="Check `notify: mail` with `ticketsync notify test`.",
            word="not-told",
        ) from None


def _connected(scheme: str, host: str, port: int) -> smtplib.SMTP:
    if scheme == "smtps":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=context)
    server = smtplib.SMTP(host, port, timeout=SECONDS)
    server.ehlo()
    if server.has_extn("starttls"):
        server.starttls(context=ssl.create_default_context())
    elif host not in HERE:
        server.close()
        raise smtplib.SMTPException("the server offers no encryption")
    return server
