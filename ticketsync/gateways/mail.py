"""
Mail by an SMTP URL: `smtps://user:password@host:465/?to=me@x.org&from=box@x.org`.

`smtp://` starts unencrypted and uses STARTTLS. Without encryption nothing is sent,
except to this machine itself.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from urllib.parse import parse_qs, unquote

from ticketsync.core import clock, errors, web_address
from ticketsync.core.redact import safe

TIMEOUT_SECONDS = 20
PORTS = {"smtp": 587, "smtps": 465}
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Attachment:
    """
    A file that goes with a mail; `kind` is its media type.
    """

    name: str
    content: bytes
    kind: str = "application/pdf"


def send(
    url: str,
    subject: str,
    text: str,
    *,
    recipients: Sequence[str] = (),
    attachments: Sequence[Attachment] = (),
) -> None:
    """
    Send one plain text mail with these attachments: to the recipients, each an e-mail
    address, or to those in the URL where there are none.

    Raises: `ConfigurationError` for a malformed URL, `UsageError` for a recipient that
    is not a single address, `ProviderUnavailable` if the server does not accept the
    message, or not for each of the recipients.
    """
    parts = web_address.split(url)
    query = parse_qs(parts.query)
    to, sender = recipients or query.get("to", []), query.get("from", [])
    if parts.scheme not in PORTS or not parts.hostname or not to or not sender:
        raise errors.ConfigurationError(
            "The mail URL under `notify` is malformed.",
            hint="Write smtps://user:password@host/?to=me@x.org&from=box@x.org.",
        )
    message = EmailMessage()
    message["Subject"] = safe(subject)
    message["From"] = sender[0]
    if recipients:
        message["To"] = [_address(recipient) for recipient in recipients]
    else:
        message["To"] = ", ".join(to)
    message["Date"] = clock.now()
    message.set_content(text)
    for attachment in attachments:
        kind, _, subkind = attachment.kind.partition("/")
        message.add_attachment(
            attachment.content, kind, subkind, filename=attachment.name
        )
    port = parts.port or PORTS[parts.scheme]
    try:
        with _connected(parts.scheme, parts.hostname, port) as server:
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            refused = server.send_message(message)
            if recipients and refused:  # an alert has reached somebody
                raise smtplib.SMTPRecipientsRefused(refused)
    except (OSError, smtplib.SMTPException) as error:
        raise errors.ProviderUnavailable(
            f"The mail server {parts.hostname} did not accept the message "
            f"({type(error).__name__}).",
            hint="Check `notify: mail` with `ticketsync notify test`.",
            word="not-told",
        ) from None


def _address(text: str) -> Address:
    """
    One address, whatever a person entered: never a second recipient or a header.
    """
    try:
        address = Address(addr_spec=text)
    except (HeaderParseError, ValueError, IndexError):
        address = Address()
    if not address.username or not address.domain:
        raise errors.UsageError(
            "A recipient of the mail is not an e-mail address.",
            hint="Write one address like me@example.org.",
        )
    return address


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
