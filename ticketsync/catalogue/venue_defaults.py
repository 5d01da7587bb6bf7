"""
Guesses about where a venue is: its time zone and its currency. A person confirms them.
"""

from __future__ import annotations

import zoneinfo
from functools import lru_cache
from importlib import resources
from typing import Final

from ticketsync.core import errors, near_words
from ticketsync.core.redact import safe

# The countries whose sellers ticketsync reads most, with their currency (ISO 3166 and
# ISO 4217). Elsewhere no currency is proposed.
_CURRENCIES: Final = {
    "AU": "AUD",
    "BR": "BRL",
    "CA": "CAD",
    "CH": "CHF",
    "CZ": "CZK",
    "DK": "DKK",
    "FJ": "FJD",
    "GB": "GBP",
    "HK": "HKD",
    "HU": "HUF",
    "IN": "INR",
    "JP": "JPY",
    "MX": "MXN",
    "MY": "MYR",
    "NO": "NOK",
    "NZ": "NZD",
    "PL": "PLN",
    "SE": "SEK",
    "SG": "SGD",
    "US": "USD",
    "ZA": "ZAR",
}
_EURO_COUNTRIES: Final = (
    "AT BE BG CY DE EE ES FI FR GR HR IE IT LT LU LV MT NL PT SI SK"
)


def machine_zone() -> str:
    """
    The time zone that this machine is set to, or `""` where it is on UTC, as servers
    are, or does not say.
    """
    import tzlocal

    try:
        name = tzlocal.get_localzone_name()
    except (zoneinfo.ZoneInfoNotFoundError, LookupError, ValueError, OSError):
        return ""
    return name if name in zones() and "/" in name and "UTC" not in name else ""


def find_zones(text: str) -> list[str]:
    """
    The time zones that a written name may mean, as IANA names: `Australia/Sydney` in
    any case, or its city, `Sydney`.
    """
    wanted = _folded(text)
    whole = [name for name in sorted(zones()) if _folded(name) == wanted]
    if whole:
        return whole
    found = [name for name in sorted(zones()) if _folded(name).split("/")[-1] == wanted]
    current = [name for name in found if name in _countries()]
    return current or found


def one_zone(text: str) -> str:
    """
    The time zone that a person means by its name or by a city.

    Raises: `UsageError` if there is none, or more than one.
    """
    found = find_zones(text)
    if len(found) == 1:
        return found[0]
    if found:
        raise errors.UsageError(f"Which one: {', '.join(found)}?")
    near = near_words.nearest(text.strip().title(), _cities(), cutoff=0.75)
    meant = f"Did you mean {near}? " if near else ""
    raise errors.UsageError(
        f"{safe(text)!r} is not a time zone.",
        hint=f"{meant}Type a large city in it, or a name such as Australia/Sydney.",
    )


def _cities() -> list[str]:
    return [city for city, _, _ in list_cities()]


def list_cities() -> list[tuple[str, str, str]]:
    """
    The city that each time zone in use is named after, with the zone and the currency
    that is proposed there.
    """
    return sorted((city_of(zone), zone, currency_of(zone)) for zone in _countries())


def city_of(zone: str) -> str:
    """
    The city that a time zone is named after: `Sydney` of `Australia/Sydney`.
    """
    return zone.rpartition("/")[2].replace("_", " ")


def currency_of(zone: str) -> str:
    """
    The currency of the country of a time zone, or `""` where none is proposed.
    """
    country = _countries().get(zone, "")
    if country and country in _EURO_COUNTRIES.split(" "):
        return "EUR"
    return _CURRENCIES.get(country, "")


@lru_cache(maxsize=1)
def zones() -> frozenset[str]:
    """
    The IANA names of all time zones.
    """
    return frozenset(zoneinfo.available_timezones())


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    """
    The country of each time zone that is in use, as the tz database lists them.
    """
    table = resources.files("tzdata") / "zoneinfo" / "zone.tab"
    found = {}
    for line in table.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            country, _place, zone = line.split("\t")[:3]
            found[zone] = country
    return found


def _folded(name: str) -> str:
    return name.strip().casefold().replace(" ", "_").replace("-", "_")
