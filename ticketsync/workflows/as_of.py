"""
Reading the database as it was at an instant: the same reports, over what was known
then, with figures that the same recomputation makes of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from ticketsync.core import clock, errors, moments
from ticketsync.core.periods import ALWAYS, Period
from ticketsync.core.redact import safe
from ticketsync.core.settings.config import Settings
from ticketsync.financials import recompute
from ticketsync.store.business_zone import get_business_zone
from ticketsync.store.engine import Database
from ticketsync.workflows import recompute_figures

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class AsOfConnection:
    """
    A connection to what was known at `moment`. All that was known up to the `horizon`
    is saved, and can no longer change. Both are in UTC; `zone` is that of the business.
    """

    connection: Connection
    moment: datetime
    horizon: datetime
    zone: str

    @property
    def sentence(self) -> str:
        """
        For a reader: of which instant this is, and up to which one could be asked.
        """
        place = moments.zone_in_words(self.zone)
        moment, horizon = (
            clock.local(it, self.zone).strftime("%a %d %b %Y %H:%M:%S")
            for it in (self.moment, self.horizon)
        )
        return f"As of {moment} ({place}); the past is complete up to {horizon}."


@contextmanager
def reading_sales(
    database: Database, settings: Settings, text: str, sold: Period
) -> Iterator[AsOfConnection]:
    """
    Read only the sales of a period, by the calendar of the business: what is known of
    them now, or was known at an instant as a person wrote it.

    Raises: as `reading`.
    """
    if text:
        with reading(database, settings, text, sold) as past:
            yield past
        return
    moment = clock.now()
    with database.read() as connection:
        zone = get_business_zone(connection)
    with _opened(database, settings, moment, sold.instants(zone)) as connection:
        yield AsOfConnection(connection, moment, moment, zone)


@contextmanager
def reading(
    database: Database, settings: Settings, text: str, sold: Period = ALWAYS
) -> Iterator[AsOfConnection]:
    """
    Read as of an instant as a person wrote it; see `parse_instant`. With `sold` only
    the sales of that period.

    Raises: `UsageError` for a text that is not an instant; `GuardRefused`
    (`before-history`) for one before the past is known; `Busy` (`after-horizon`) for
    one at which something may still become known.
    """
    with database.read() as connection:
        zone = get_business_zone(connection)
    first = database.first_instant()
    moment = parse_instant(text, zone)
    if first is not None and moment < first:
        raise errors.GuardRefused(
            f"What was known at {clock.iso(moment)} is not known any more.",
            hint=f"The history of this database begins at {clock.iso(first)}.",
            word="before-history",
        )
    horizon = _horizon(database, moment)
    with _opened(database, settings, moment, sold.instants(zone)) as connection:
        yield AsOfConnection(connection, moment, horizon, zone)


@contextmanager
def _opened(
    database: Database,
    settings: Settings,
    moment: datetime,
    sold: tuple[datetime | None, datetime | None],
) -> Iterator[Connection]:
    with database.as_of(moment, sold) as connection:
        rates = recompute_figures.fee_schedules(connection, settings)
        only_sold = sold != ALWAYS.instants("UTC")
        recompute.fill_figures(connection, rates, moment, only_sold=only_sold)
        yield connection


def parse_instant(text: str, zone: str) -> datetime:
    """
    The instant (UTC) of `2026-10-31T23:59:59Z` or another offset; without one by the
    clocks of `zone`; a day alone is its last second.

    Raises: `UsageError`.
    """
    try:
        if len(text) == len("2026-10-31"):
            return clock.end_of(date.fromisoformat(text), zone) - _SECOND
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = clock.local_to_utc(moment, zone)
        return clock.from_iso(moment.isoformat()).replace(microsecond=0)
    except clock.ClockChangeError as error:
        raise errors.UsageError(
            f"{error}.", hint="Add the offset from UTC, for example +11:00."
        ) from None
    except (ValueError, OverflowError):
        raise errors.UsageError(
            f"{safe(text)!r} is not an instant.",
            hint="Use 2026-10-31T23:59:59Z, 2026-10-31T23:59 by your clocks, or a day.",
        ) from None


def _horizon(database: Database, moment: datetime) -> datetime:
    """
    The last instant up to which everything that was known is saved.

    What a transaction saves is known from the second in which it began to write. So
    the second that is running is out, and those who began before it are waited for.

    Raises: `Busy` where `moment` is later.
    """
    horizon = clock.now() - _SECOND
    if moment > horizon:
        raise errors.Busy(
            f"At {clock.iso(moment)} something may still become known.",
            hint=f"Ask for {clock.iso(horizon)} or earlier, or leave out --as-of.",
            word="after-horizon",
        )
    database.wait_for_writers()
    return horizon
