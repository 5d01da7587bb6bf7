"""
Text that both databases can store.

PostgreSQL stores no NUL and neither database half a surrogate pair. JSON texts and the
command line can contain both.
"""

from __future__ import annotations

import re

REPLACED = "\ufffd"  # stands for a character that cannot be stored
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """
    The text with U+FFFD for each character that cannot be stored.
    """
    return _UNSTORABLE.sub(REPLACED, text)
