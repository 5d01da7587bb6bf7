"""
The lines of a calendar file that make shows, before the library reads them: it takes
the same time for each line and each part, and a file may hold any number of others.
Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from ticketsync.core import errors
from ticketsync.core.redact import safe

_LONGEST_LINE = 1_000_000  # characters
_LONGEST_RULE = 5_000
_MOST_LINES = 1_000_000
_MOST_CALENDARS = 1_000
_MOST_ZONES = 500
_MOST_ZONE_RULES = 100
_MOST_EXCEPTIONS = 20_000  # dates that are added to rules or taken from them
_READ = frozenset({"VCALENDAR", "VTIMEZONE", "STANDARD", "DAYLIGHT", "VEVENT"})
_OF_ENTRIES = frozenset(
    {"UID", "SUMMARY", "STATUS", "SEQUENCE", "LOCATION", "DTSTART", "RECURRENCE-ID"}
    | {"RRULE", "EXRULE", "RDATE", "EXDATE"}
)
_OF_CALENDARS = frozenset({"VERSION", "PRODID", "CALSCALE", "X-WR-TIMEZONE"})
_NAME = re.compile(r"[A-Za-z0-9-]+")
_ZONE_RULE = re.compile(
    r"RRULE:(?=.*\bFREQ=YEARLY\b)(?=.*\bBYMONTH=\d+(?:;|$))"
    r"(?:(?:FREQ|BYMONTH|BYDAY|BYMONTHDAY|INTERVAL|COUNT|UNTIL|WKST|BYSETPOS)=[^;]*;?)*",
    re.IGNORECASE,
)


def lines_of_shows(name: str, text: str) -> str:
    """
    The calendars of a text, whose lines end with a line feed, with nothing but their
    time zones and entries, and of these what says when and what plays.

    Raises: `BadFile` for a file of a size that no season has.
    """
    _refuse_large(name, text)
    kept = list(_kept_lines(name, text.replace("\n ", "").replace("\n\t", "")))
    _refuse_many(name, kept)
    return "\n".join([*kept, ""])


def _refuse_large(name: str, text: str) -> None:
    number = text.count("\n")
    if number > _MOST_LINES:
        raise _too_large(f"{name} has more than {_MOST_LINES:,} lines")
    begins = 0
    for line in range(1, number + 2):
        ends = text.find("\n", begins)
        if (len(text) if ends < 0 else ends) - begins > _LONGEST_LINE:
            raise _too_large(
                f"{name}, line {line} is longer than {_LONGEST_LINE:,} characters"
            )
        begins = ends + 1


def _kept_lines(name: str, text: str) -> Iterator[str]:
    """
    The unfolded lines that are read. What is within a part that is not read goes with
    it, such as an alarm within an entry.
    """
    parts: list[str] = []
    skipped = zone_rules = 0
    for line in text.split("\n"):
        match = _NAME.match(line)
        field = "" if match is None else match[0].upper()
        if field == "BEGIN":
            part = line[6:].strip().upper()
            if skipped or part not in _READ:
                skipped += 1
                continue
            parts.append(part)
        elif field == "END":
            if skipped:
                skipped -= 1
                continue
            if parts:
                parts.pop()
        elif skipped or not field or not _is_read(field, parts):
            continue
        elif field == "RRULE" and parts[-1:] != ["VEVENT"]:
            zone_rules += 1
            _refuse_zone_rule(name, line, zone_rules)
        elif field in ("RRULE", "EXRULE") and len(line) > _LONGEST_RULE:
            raise _too_large(
                f"{name} has a rule ({field}) of more than {_LONGEST_RULE:,} characters"
            )
        yield line


def _refuse_zone_rule(name: str, line: str, number: int) -> None:
    """
    The library expands the rules of time zones, however many moments they have. Clocks
    change once a year by one rule.
    """
    if number > _MOST_ZONE_RULES:
        raise _too_large(f"{name} has more than {_MOST_ZONE_RULES} rules of time zones")
    if _ZONE_RULE.fullmatch(line.strip()) is None:
        rule = safe(line, longest=60)
        raise errors.BadFile(
            f'{name} has a time zone whose clocks change by "{rule}".',
            hint="Export it again, with times of one known zone.",
        )


def _is_read(field: str, parts: list[str]) -> bool:
    part = parts[-1] if parts else ""
    if part == "VEVENT":
        return field in _OF_ENTRIES
    return part != "VCALENDAR" or field in _OF_CALENDARS


def _refuse_many(name: str, kept: list[str]) -> None:
    begins = [line[6:].strip().upper() for line in kept if line[:6].upper() == "BEGIN:"]
    for part, most, what in (
        ("VCALENDAR", _MOST_CALENDARS, "calendars"),
        ("VTIMEZONE", _MOST_ZONES, "time zones"),
    ):
        if begins.count(part) > most:
            raise _too_large(f"{name} has more than {most:,} {what}")
    exceptions = chain.from_iterable(
        line.split(",") for line in kept if line[:5].upper() in ("RDATE", "EXDAT")
    )
    if sum(1 for _ in exceptions) > _MOST_EXCEPTIONS:
        raise _too_large(
            f"{name} has more than {_MOST_EXCEPTIONS:,} dates in RDATE and EXDATE"
        )


def _too_large(what: str) -> errors.BadFile:
    return errors.BadFile(
        f"{safe(what)}.", hint="No season has as many: export one season only."
    )
