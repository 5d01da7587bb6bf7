"""
Keys that count for one test delivery: of a platform that signs with a private key which
nobody else has, a test is signed with a pair made for it.

Its private half never leaves the process that sends the test, and its public half
counts for one account, until the answer is there.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ticketsync.core.redact import Secret
from ticketsync.workflows.webhooks.webhook_endpoints import WebhookEndpoint


@dataclass(slots=True)
class TrialKeys:
    """
    The keys of the tests that run now. Safe to use from several threads.
    """

    _keys: dict[str, list[Secret]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextlib.contextmanager
    def accepted(self, account: str, key: Secret) -> Iterator[None]:
        """
        Let deliveries of an account be signed by this key, too, during the block.
        """
        with self._lock:
            self._keys.setdefault(account, []).append(key)
        try:
            yield
        finally:
            with self._lock:
                self._keys[account].remove(key)

    def secrets_of(self, endpoint: WebhookEndpoint) -> Sequence[Secret]:
        """
        What deliveries to this endpoint may be signed with now.
        """
        with self._lock:
            return [*endpoint.secrets, *self._keys.get(endpoint.account, ())]
