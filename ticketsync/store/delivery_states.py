"""
The states of webhook deliveries. It imports nothing, so that a command's help can list
them without loading the database.
"""

from __future__ import annotations

FORGED, NO_SECRET, REFUSED = "forged", "no-secret", "refused"
NOT_ACCEPTED = (FORGED, NO_SECRET, REFUSED)
ACCEPTED = ("received", "done", "failed", "ignored", "test", "rejected", "stale")
STATES = (*ACCEPTED, *NOT_ACCEPTED)
