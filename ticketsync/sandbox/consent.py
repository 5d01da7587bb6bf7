"""
The platform's own side of OAuth: the page that asks a person, and the codes that it
gives out. A code is good once, for the address that asked for it, and where a challenge
was sent, for who knows its verifier.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any
from urllib.parse import urlencode

from ticketsync.sandbox.fake_platform import ApiRequest, ApiResponse

PASTED = "sandbox-code"  # for who pastes a code without opening the page


@dataclass
class ConsentPage:
    """
    What was asked for, by the code that a person who allows it takes back.
    """

    asked: dict[str, dict[str, str]] = field(default_factory=dict)
    number: int = 0

    def respond(self, request: ApiRequest) -> ApiResponse:
        """
        The page with its two links.
        """
        asked = dict(request.query)
        back, state = asked.get("redirect_uri", ""), asked.get("state", "")
        if not back or not asked.get("client_id"):
            return ApiResponse(400, b"invalid_request", {"Content-Type": "text/plain"})
        self.number += 1
        code = f"sandbox-code-{self.number}"
        self.asked[code] = asked
        yes = escape(f"{back}?{urlencode({'code': code, 'state': state})}")
        no = escape(f"{back}?{urlencode({'error': 'access_denied', 'state': state})}")
        page = (
            "<!doctype html><title>Sandbox</title><p>May it read your sales?"
            f'<p><a href="{yes}">Allow</a> <a href="{no}">Deny</a>'
        )
        return ApiResponse(
            200, page.encode(), {"Content-Type": "text/html; charset=utf-8"}
        )

    def is_good(self, body: Mapping[str, Any]) -> bool:
        """
        Whether a code is traded by who asked for it; it is used up.
        """
        code = str(body.get("code", ""))
        if code == PASTED:
            return True
        asked = self.asked.pop(code, None)
        if asked is None or asked["redirect_uri"] != body.get("redirect_uri"):
            return False
        if asked["client_id"] != body.get("client_id"):
            return False
        challenge = asked.get("code_challenge")
        return challenge is None or challenge == _challenge_of(body)


def _challenge_of(body: Mapping[str, Any]) -> str:
    digest = hashlib.sha256(str(body.get("code_verifier", "")).encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
