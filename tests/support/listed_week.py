"""
A week that three platforms list, written by hand: 30 shows of three productions, 92
dates.

Late Laughs plays twice an evening; Ticket Tailor lists it at the doors, 30 minutes
before, the others at the start under the same title. The Glass Harbour is called
something else by Eventbrite and Humanitix. Orchid & Wire is listed 20 minutes late by
all three, under a longer title. Two listings are none of our shows.
"""

import itertools
from datetime import datetime, timedelta

from support.dates import NOW
from support.listed_occurrences import listed_occurrence

from ticketsync.accounts import edits, state
from ticketsync.catalogue import new_shows, occurrences, saved_listing, shows
from ticketsync.core import clock, records

SYDNEY = "Australia/Sydney"
VENUE = "The Lantern Room"
ACCOUNTS = {"tt": "ticket_tailor", "eb": "eventbrite", "hx": "humanitix"}
MONDAY = datetime(2027, 3, 1, 19, 30)


class Week:
    """
    `truth` is our show of each date, by our id.
    """

    def __init__(self, database):
        self.database, self.truth = database, {}
        self._ids = itertools.count(1)

    def list_all(self):
        """
        Lists the whole week.
        """
        with self.database.write() as connection:
            shows.add_venue(connection, VENUE, SYDNEY, "AUD")
            self._accounts = {
                name: edits.add_account(
                    connection,
                    state.NewAccount(name, provider, None, "none", "", "", None),
                    NOW,
                )
                for name, provider in ACCOUNTS.items()
            }
            self._late_laughs(connection)
            self._glass_harbour(connection)
            self._orchid(connection)
            self._put(connection, "eb", "Gift voucher", [(MONDAY, None)])
            self._put(connection, "hx", "Gift Voucher", [(MONDAY, None)])

    def linked(self):
        with self.database.read() as connection:
            return {
                occurrence.id: occurrence.show_id
                for occurrence in occurrences.list_occurrences(connection)
                if occurrence.show_id is not None
            }

    def _late_laughs(self, connection):
        starts = [
            MONDAY + timedelta(days=day, minutes=late)
            for day in range(7)
            for late in (0, 120)
        ]
        made = [(at, self._show(connection, "Late Laughs", at)) for at in starts]
        doors = [(at - timedelta(minutes=30), show) for at, show in made]
        self._put(connection, "tt", "Late Laughs", doors)
        for account in ("eb", "hx"):
            self._put(connection, account, "Late Laughs", made)

    def _glass_harbour(self, connection):
        starts = [MONDAY + timedelta(days=7 + day) for day in range(8)]
        made = [(at, self._show(connection, "The Glass Harbour", at)) for at in starts]
        self._put(connection, "tt", "The Glass Harbour", made)
        for number, pair in enumerate(made, start=1):  # a listing for each night
            self._put(connection, "eb", f"LR presents No. {number}", [pair])
            self._put(connection, "hx", f"LR presents No. {number}", [pair])

    def _orchid(self, connection):
        starts = [MONDAY + timedelta(days=20 + day) for day in range(8)]
        made = [(at, self._show(connection, "Orchid & Wire", at)) for at in starts]
        late = [(at + timedelta(minutes=20), show) for at, show in made]
        for account in ACCOUNTS:
            self._put(connection, account, "Orchid and Wire, live", late)

    def _show(self, connection, title, starts):
        new = new_shows.NewShow(
            production=title,
            starts_at=clock.local_to_utc(starts, SYDNEY),
            venue=VENUE,
            timezone=SYDNEY,
            currency="AUD",
            capacity=240,
        )
        return new_shows.add_show(connection, new).id

    def _put(self, connection, account, title, dates):
        event = f"ev{next(self._ids)}"
        truth = {f"oc{next(self._ids)}": pair for pair in dates}
        listed = tuple(
            listed_occurrence(
                id_,
                event,
                clock.local_to_utc(starts, SYDNEY),
                name=title,
                capacity=240,
            )
            for id_, (starts, _) in truth.items()
        )
        found = records.Event(event, title, None, listed)
        saved_listing.save_listing(
            connection,
            self._accounts[account],
            [saved_listing.ListedEvent(found, event.encode())],
        )
        ids = {
            o.provider_occurrence_id: o.id
            for o in occurrences.list_occurrences(connection)
        }
        self.truth |= {ids[id_]: show for id_, (_, show) in truth.items()}
