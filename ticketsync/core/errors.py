"""
All our errors, in one tree.

    TicketsyncError                     exit  word
    ├── UsageError                        2   usage
    │   ├── ConfigurationError            2   configuration
    │   ├── BadFile                       2   bad-file
    │   ├── NotFound                      2   not-found
    │   └── NeedsTerminal                 2   needs-tty
    ├── PersonNeeded                      4   needs-person
    │   ├── NeedsMatching                 4   needs-matching
    │   ├── Unconfirmed                   4   unconfirmed
    │   └── CredentialError               4   credentials
    │       ├── SecretMissing             4   secret-missing
    │       ├── AuthenticationFailed      4   refused-credentials
    │       │   └── Forbidden             4   refused-credentials (HTTP 403)
    │       └── KeyringUnavailable        4   keyring-…
    ├── ProviderUnavailable               5   unreachable, throttled, deadline
    ├── InvalidResponse                   6   not-json, truncated, schema-drift …
    │   └── UnknownResource               6   endpoint-gone (HTTP 404, 410)
    ├── GuardRefused                      7   guard-shrink, account-changed …
    │   └── SaleRefused                   7   event-full, tier-full, hold-expired …
    ├── Busy                              8   busy
    ├── DatabaseError                     9   database, db-locked, db-timeout …
    ├── DifferencesFound                 10   differences
    ├── BreakerOpen                      11   breaker-open
    └── Interrupted                 130/143   interrupted
    UnreadableRecord                          one record not parsed: quarantine

The word is stable: it appears in the message, in `--json` and in the run's row.
Raise the narrowest class, and put the next action into `hint`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class TicketsyncError(Exception):
    """
    An expected failure: what happened, and what to do next.

    `parks`: the account is parked until a person acts, because another request would
    be refused again. `details` are a part of the message that a terminal shows in a
    line for each, below the `heading`.
    """

    exit_code = 1
    word = "bug"
    parks = False

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        word: str | None = None,
        details: Sequence[str] = (),
    ) -> None:
        self.heading = message
        self.details = tuple(details)
        if details:
            message = f"{message.rstrip('.')}: {'; '.join(details)}."
        super().__init__(message)
        self.message = message
        self.hint = hint
        if word is not None:
            self.word = word


def first_of(texts: Sequence[str], most: int = 10) -> list[str]:
    """
    The first of many details, and how many more there are.
    """
    more = len(texts) - most
    return [*texts[:most], *([f"and {more:,} more"] if more > 0 else [])]


class UsageError(TicketsyncError):
    exit_code = 2
    word = "usage"


class ConfigurationError(UsageError):
    word = "configuration"


class BadFile(UsageError):
    """
    An input file that cannot be read, or whose content is not what it should be.
    """

    word = "bad-file"


class NotFound(UsageError):
    word = "not-found"


class NeedsTerminal(UsageError):
    """
    A question would have to be asked, and there is no terminal.
    """

    word = "needs-tty"


class PersonNeeded(TicketsyncError):
    exit_code = 4
    word = "needs-person"
    parks = True


class NeedsMatching(PersonNeeded):
    word = "needs-matching"
    parks = False


class Unconfirmed(PersonNeeded):
    """
    The database names a command, a file or an address that nobody confirmed here.
    """

    word = "unconfirmed"
    parks = False


class CredentialError(PersonNeeded):
    word = "credentials"


class SecretMissing(CredentialError):
    """
    This shell, user or machine does not have the key. That is a fault of the
    environment, not of the account; the next run may have it.
    """

    word = "secret-missing"
    parks = False


class PinKeyUnusable(CredentialError):
    """
    The key that tells what a person confirmed cannot be used here. The accounts are not
    at fault.
    """

    parks = False


class AuthenticationFailed(CredentialError):
    word = "refused-credentials"


class Forbidden(AuthenticationFailed):
    """
    The key is accepted and may not read this. That is a fault of the key only if it may
    read nothing else of the kind, see `is_refusal`.
    """


class KeyringUnavailable(CredentialError):
    """
    The keyring is missing, locked or does not answer; see `SecretMissing`.
    """

    word = "keyring-unavailable"
    parks = False


class ProviderError(TicketsyncError):
    """
    A request to a platform failed.
    """


class ProviderUnavailable(ProviderError):
    """
    Not reachable, too slow or asking us to wait; the next run may succeed.
    """

    exit_code = 5
    word = "unreachable"


class InvalidResponse(ProviderError):
    """
    The platform answered, and the response cannot be trusted.
    """

    exit_code = 6
    word = "nonsense"


class UnknownResource(InvalidResponse):
    """
    The platform does not know what was asked for, see `is_refusal`.
    """

    word = "endpoint-gone"


def is_refusal(error: BaseException) -> bool:
    """
    Whether the platform refused one thing (403, 404, 410), so that the rest of the
    account may be read all the same.
    """
    return isinstance(error, Forbidden | UnknownResource)


class GuardRefused(TicketsyncError):
    """
    The change asked for looks like a fault; nothing was changed.
    """

    exit_code = 7
    word = "guard"


class SaleRefused(GuardRefused):
    """
    Our own box office does not sell that; `left` is what is left of each tier, `None`
    for one that only the show limits.
    """

    word = "not-on-sale"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        word: str | None = None,
        left: Mapping[str, int | None] | None = None,
    ) -> None:
        super().__init__(message, hint=hint, word=word)
        self.left = dict(left or {})


class Busy(TicketsyncError):
    exit_code = 8
    word = "busy"


class DatabaseError(TicketsyncError):
    exit_code = 9
    word = "database"


class DifferencesFound(TicketsyncError):
    exit_code = 10
    word = "differences"


class BreakerOpen(TicketsyncError):
    exit_code = 11
    word = "breaker-open"


class Interrupted(TicketsyncError):
    """
    A signal stopped the program; `exit_code` is 128 plus its number.
    """

    word = "interrupted"

    def __init__(self, message: str, *, signal_number: int) -> None:
        super().__init__(message, hint="Run the same command to go on.")
        self.exit_code = 128 + signal_number


# The word of a record that lacks something it refers to, or had before: a list it was
# made from was incomplete. It is fetched again until it is complete.
CONTRADICTION = "contradiction"


class UnreadableRecord(Exception):
    """
    A platform's record that could not be parsed; it goes to quarantine.
    """

    def __init__(self, reason: str, *, word: str = "unreadable") -> None:
        super().__init__(reason)
        self.reason = reason
        self.word = word


PARTLY = 3


def combined_exit_code(codes: list[int]) -> int:
    """
    One exit code for several accounts: the one they share, else "partly done".
    """
    distinct = set(codes)
    if len(distinct) == 1:
        return distinct.pop()
    return PARTLY if distinct else 0
