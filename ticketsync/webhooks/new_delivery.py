"""
A delivery that was just received.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

WITH_EFFECT = ("order", "listing", "account")  # what deliveries can hint at
ORDER, ACCOUNT = "order", "account"


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """
    A verified delivery that is to be stored. `order_id` and `occurrence_id` are the
    platform's. It is processed at once, or from `due_at` on. Where the platform does
    not sign (`is_signed`), anybody who knows the address may have sent it.
    """

    account_id: int
    key: str
    event: str
    what: str
    state: str
    order_id: str = ""
    occurrence_id: str = ""
    reason: str = ""
    is_signed: bool = True
    due_at: datetime | None = None

    @property
    def has_effect(self) -> bool:
        """
        Whether something is to be read again.
        """
        return self.state == "received" and self.what in WITH_EFFECT
