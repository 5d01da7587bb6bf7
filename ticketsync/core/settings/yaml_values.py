"""
Values in YAML files that several sections have.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any


class Day(date):
    """
    A calendar day: `2026-07-01`.
    """

    @classmethod
    def parse(cls, value: Any) -> Day:
        text = str(value)
        try:
            if re.fullmatch(r"(19|2[0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}", text):
                return cls.fromisoformat(text)
        except ValueError:
            pass  # 30 February
        raise ValueError("a day such as 2026-07-01 is expected")
