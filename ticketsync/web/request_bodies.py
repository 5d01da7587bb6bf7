"""
The bodies of requests to the pages: read within a limit, then parsed as a form, a form
with a file, or JSON.
"""

from __future__ import annotations

import email.policy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect, Request

from ticketsync.core import errors

_MULTIPART = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class Upload:
    """
    A file that a person chose in a form.
    """

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Form:
    """
    The values of a form by field, of which tick boxes of one name have several, and
    its files.
    """

    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)
    files: Mapping[str, Upload] = field(default_factory=dict)

    @property
    def fields(self) -> dict[str, str]:
        """
        The last value of each field.
        """
        return {name: values[-1] for name, values in self.choices.items()}


async def read_body(request: Request, most: int) -> bytes | None:
    """
    The body of a request; `None` if it is larger than `most` bytes or breaks off.
    """
    body = bytearray()
    try:
        async for chunk in request.stream():
            if len(body) + len(chunk) > most:
                return None
            body += chunk
    except ClientDisconnect:
        return None
    return bytes(body)


def parse_json(data: bytes) -> Any:
    """
    Raises: `UsageError` if it is not JSON.
    """
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise errors.UsageError(
            "The request is not JSON.", hint="Reload the page and try again."
        ) from None


def parse_form(data: bytes, content_type: str) -> Form:
    """
    What a browser sends for a form; anything else has no fields.
    """
    if content_type.partition(";")[0].strip().lower() == _MULTIPART:
        return _parse_multipart(data, content_type)
    found = parse_qs(data.decode("latin-1"), keep_blank_values=True)
    return Form({name: [clean(value) for value in found[name]] for name in found})


def clean(value: Any) -> Any:
    """
    A text without NUL, which PostgreSQL refuses even in a comparison.
    """
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


def _parse_multipart(data: bytes, content_type: str) -> Form:
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    message = BytesParser(policy=email.policy.HTTP).parsebytes(head + data)
    choices: dict[str, list[str]] = {}
    files: dict[str, Upload] = {}
    for part in message.iter_parts() if message.is_multipart() else ():
        assert isinstance(part, EmailMessage)
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if not isinstance(name, str) or not isinstance(content, bytes):
            continue
        file_name = part.get_filename()
        if file_name is None:
            text = clean(content.decode("utf-8", "replace"))
            choices.setdefault(name, []).append(text)
        else:
            files[name] = Upload(clean(file_name), content)
    return Form(choices, files)
