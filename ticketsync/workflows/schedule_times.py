"""
When a schedule starts a run: cron expressions, and the same in systemd's words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ticketsync.core import clock, errors
from ticketsync.core.redact import safe

# What cronsim calls the fields → what we call them.
_FIELDS = {
    "minute": "minute",
    "hour": "hour",
    "day-of-month": "day",
    "month": "month",
    "day-of-week": "weekday",
}
# Only what every cron knows, and no `5-5/2`, which cronsim takes for `5/2`.
_PLAIN = re.compile(r"(?!.*\b(\d+)-\1/)[0-9*,/-]+", re.ASCII)
_WEEKDAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class CronExpression:
    """
    A cron expression: its five fields as written, and the numbers that each allows.
    """

    fields: tuple[str, ...]
    allowed: tuple[tuple[int, ...], ...]

    @property
    def text(self) -> str:
        return " ".join(self.fields)

    def numbers(self, place: int) -> tuple[int, ...] | None:
        """
        The numbers that a field allows, `None` for all of them.
        """
        return None if self.fields[place] == "*" else self.allowed[place]


def when(expression: str) -> CronExpression:
    """
    A cron expression of five fields. Raises `UsageError` for anything else.
    """
    from cronsim import CronSim, CronSimError

    fields = tuple(expression.split())
    if len(fields) != len(_FIELDS):
        raise _not_cron(expression, f"it has {len(fields)} fields")
    for name, text in zip(_FIELDS.values(), fields, strict=True):
        if not _PLAIN.fullmatch(text):
            raise _not_cron(expression, f"its {name} is {safe(text)!r}")
    try:
        cron = CronSim(" ".join(fields), clock.now())
    except CronSimError as error:
        field = str(error).removeprefix("Bad ")
        text = fields[list(_FIELDS).index(field)]
        raise _not_cron(expression, f"its {_FIELDS[field]} is {text!r}") from None
    weekdays = {day % 7 for day in cron.weekdays if isinstance(day, int)}
    numbers = (cron.minutes, cron.hours, cron.days, cron.months, weekdays)
    return CronExpression(fields, tuple(tuple(sorted(found)) for found in numbers))


def _not_cron(expression: str, why: str) -> errors.UsageError:
    return errors.UsageError(
        f"{safe(expression)!r} is not a cron expression: {why}.",
        hint='Write five fields, as in "*/15 9-23 * * *": every quarter of an hour '
        "by day.",
    )


def every(minutes: int) -> CronExpression:
    """
    Every so many minutes of the hour; a number that an hour cannot be divided by
    would leave a shorter pause at its end, and is refused.

    Raises `UsageError`.
    """
    if not 1 <= minutes <= 60 or 60 % minutes:
        raise errors.UsageError(
            f"Every {minutes} minutes does not divide an hour.",
            hint="Use 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30 or 60; or --cron.",
        )
    return when("0 * * * *" if minutes == 60 else f"*/{minutes} * * * *")


def calendar(at: CronExpression) -> str:
    """
    A cron expression in systemd's words.
    """
    refuse_day_and_weekday(at)
    minute, hour, day, month, weekday = (at.numbers(place) for place in range(5))

    def listed(numbers: tuple[int, ...] | None) -> str:
        return "*" if numbers is None else ",".join(f"{n:02d}" for n in numbers)

    days = "" if weekday is None else ",".join(_WEEKDAYS[n] for n in weekday) + " "
    return f"{days}*-{listed(month)}-{listed(day)} {listed(hour)}:{listed(minute)}:00"


def refuse_day_and_weekday(at: CronExpression) -> None:
    """
    Refuse what only cron means so: it runs when either fits, others when both do.

    Raises: `UsageError`.
    """
    if at.fields[2] != "*" and at.fields[4] != "*":
        raise errors.UsageError(
            f"{at.text!r} limits days and weekdays, which only cron understands.",
            hint="Limit one of the two.",
        )
