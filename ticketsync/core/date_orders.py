"""
Where the day comes first in a date in numbers and where the month does.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

from ticketsync.core.written_dates import Order


def order_in_zone(zone: str) -> Order | None:
    """
    The order in which dates in numbers are written where that IANA time zone is, or
    `None` where both are in use or where the day does not come last or first.

    The countries are those of CLDR's short dates.
    """
    country = _countries().get(zone)
    if country is None or country in _WITHOUT_ORDER:
        return None
    return "mdy" if country in _MONTH_FIRST else "dmy"


_MONTH_FIRST = ("US", "PR", "GU", "VI", "AS", "MP", "UM", "FM", "MH", "PW")
_WITHOUT_ORDER = (
    *("CA", "PH", "CN", "JP", "KR", "KP", "TW", "MN", "HU", "LT", "IR", "BT"),
    *("ZA", "KE", "GH", "BZ"),
)


@cache
def _countries() -> dict[str, str]:
    """
    The country of each canonical time zone.
    """
    table = resources.files("tzdata").joinpath("zoneinfo", "zone.tab")
    lines = table.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return {row[2]: row[0] for row in rows}
