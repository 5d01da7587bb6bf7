"""
What goes wrong with a platform's API, in words: for an account, with what to do next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ticketsync.core import errors
from ticketsync.core.redact import safe, without_live_secrets
from ticketsync.net import exact_json, retry

SHOWN_OF_INVALID: Final = 80  # characters quoted in a message


@dataclass(frozen=True, slots=True)
class ErrorExplanation:
    """
    What a platform means by an error response, in words.

    A person is needed unless `code` is set: then the request was rejected for a
    reason that the provider can handle.
    """

    message: str
    hint: str = ""
    code: str = ""


Explain = Callable[[int, Mapping[str, Any]], ErrorExplanation | None]


class Rejected(errors.InvalidResponse):
    """
    The platform rejected a request, with a `status` and its own `code`.
    """

    def __init__(self, message: str, *, status: int, code: str = "") -> None:
        super().__init__(
            message,
            hint="Nothing of this response was saved; try again later.",
            word="rejected",
        )
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class ApiErrors:
    """
    The errors of one account's requests. Temporary ones are a `TryAgain`.
    """

    platform: str
    account: str
    base_url: str
    explain: Explain | None = None

    def of_status(
        self, status: int, where: str, body: bytes, *, wait: float | None
    ) -> Exception:
        """
        What a response with an error status means; `where` names it, `wait` is how many
        seconds it asks us to wait.
        """
        meaning = self._explanation(status, body)
        if meaning is not None and meaning.code:
            return Rejected(
                f"{self.platform} {meaning.message}, account {self.account!r} "
                f"({where}).",
                status=status,
                code=meaning.code,
            )
        refused = errors.Forbidden if status == 403 else errors.AuthenticationFailed
        if meaning is not None:
            return refused(
                f"Account {self.account!r}: {meaning.message} (HTTP {status}).",
                hint=meaning.hint
                or f"Run `ticketsync accounts rotate {self.account}`.",
            )
        if status in (401, 403):
            return refused(
                f"{self.platform} refused the credentials of account "
                f"{self.account!r} (HTTP {status}).",
                hint=f"Run `ticketsync accounts rotate {self.account}`.",
            )
        if status == 429:
            return retry.TryAgain(self.throttled(wait), wait=wait)
        if status == 408 or status >= 500:
            return retry.TryAgain(self.unavailable(f"is failing ({where})"))
        if 300 <= status < 400:
            return self.invalid_response(
                f"redirects to another address ({where}), which is never followed",
                "unexpected-redirect",
            )
        if status in (404, 410):
            return self.unknown_resource(f"this resource ({where}: {shown(body)})")
        return Rejected(
            f"{self.platform} rejected a request ({where}: {shown(body)}), "
            f"account {self.account!r}.",
            status=status,
        )

    def impossible_request(self) -> errors.UnknownResource:
        """
        No request can be made of what the platform sent: an id of 200,000 characters,
        or with a line break, has no place in an address. It is one thing that cannot
        be read, as if the platform did not know it.
        """
        return errors.UnknownResource(
            f"{self.platform} uses an id that no request can name, account "
            f"{self.account!r}.",
            hint="Nothing of it was saved; the rest of the account is read.",
            word="impossible-request",
        )

    def unusable_secret(self) -> errors.AuthenticationFailed:
        """
        The secret has characters that no key has, and cannot be sent.
        """
        return errors.AuthenticationFailed(
            f"The key of account {self.account!r} has characters that cannot be sent "
            "in a request.",
            hint=f"Run `ticketsync accounts rotate {self.account}`.",
        )

    def _explanation(self, status: int, body: bytes) -> ErrorExplanation | None:
        if self.explain is None:
            return None
        try:
            value = exact_json.decode(body)
        except ValueError:
            value = {}
        return self.explain(status, value if isinstance(value, dict) else {})

    def throttled(self, wait: float | None = None) -> errors.ProviderUnavailable:
        """
        The platform, or our own call budget, asks us to wait that many seconds.
        """
        duration = f" for {wait:.0f} s" if wait else ""
        return self.unavailable(f"asks us to wait{duration}", word="throttled")

    def unavailable(
        self, what: str, *, word: str = "unreachable"
    ) -> errors.ProviderUnavailable:
        """
        The platform cannot be used now.
        """
        return errors.ProviderUnavailable(
            f"{self.platform} {what}, account {self.account!r}, {self.base_url}.",
            hint="Run the same command again later; what was read before is kept.",
            word=word,
        )

    def unknown_resource(self, what: str) -> errors.UnknownResource:
        """
        The platform does not have what was asked for.
        """
        return errors.UnknownResource(
            f"{self.platform} does not know {what}, account {self.account!r}.",
            hint="Nothing of this response was saved; try again later.",
        )

    def invalid_response(self, what: str, word: str) -> errors.InvalidResponse:
        """
        A response cannot be trusted.
        """
        return errors.InvalidResponse(
            f"{self.platform} {what}, account {self.account!r}.",
            hint="Nothing of this response was saved; try again later.",
            word=word,
        )


def shown(body: bytes) -> str:
    """
    The beginning of an error response, for a message. Secrets that it repeats are
    masked before it is cut.
    """
    text = without_live_secrets(body.decode("utf-8", "replace"))
    return safe(text, longest=SHOWN_OF_INVALID) or "nothing"
