"""
Rates as people write them, in per cent: `10`, `10%`, `9.975 %`.
"""

from __future__ import annotations

import re
from decimal import Decimal

_RATE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,4})?) ?%?", re.ASCII)
WHOLE = 1_000_000  # parts per million: 100 %


def ppm(text: str) -> int | None:
    """
    A written rate in parts per million: `9.975%` is 99750. `None` for any other text,
    for more than four decimals and for more than 100 %.
    """
    found = _RATE.fullmatch(text)
    if not found:
        return None
    rate_ppm = int(Decimal(found[1]).scaleb(4))
    return rate_ppm if rate_ppm <= WHOLE else None


def per_cent(rate_ppm: int) -> str:
    """
    A rate as per cent with the decimals that it has: `10`, `9.975`.
    """
    whole, part = divmod(rate_ppm, 10_000)
    return f"{whole}.{part:04d}".rstrip("0").rstrip(".")
