"""
The readers of the door, as `support.counted_readers` has those of sales.
"""

import dataclasses

from support.counted_readers import (
    ACCOUNT,
    DOOR,
    IN,
    reader,
    view,
)
from support.switched_house import Within, plain_count, totals

from ticketsync.door import attendees
from ticketsync.financials import recompute
from ticketsync.reporting import figures_of_shows
from ticketsync.store import views
from ticketsync.workflows.door import checkin


def expected_guests(house):
    return {(s.show, f"t{s.number}"): s.is_in for s in house.guests()}


@reader("door list", (attendees,), (*DOOR, "platform only"), expected_guests)
def read_door_list(connection, house):
    return {
        (night.number, guest.ticket_id): guest.is_in
        for night in house.nights
        for guest in attendees.list_guests(connection, night.number)
    }


@reader("attendees list", (attendees,), (*DOOR, "platform only"), expected_guests)
def read_attendees(connection, house):
    return {
        (guest.show_id, guest.ticket_id): guest.is_in
        for guest in attendees.list_tickets(connection)
        if guest.admits
    }


@reader(
    "attendee search",
    (attendees,),
    (*DOOR, "platform only"),
    lambda house: {
        (s.show, f"t{s.number}"): s.is_in
        for s in house.seats[::5]
        if s in house.guests()
    },
)
def read_search(connection, house):
    return {
        (guest.show_id, guest.ticket_id): guest.is_in
        for seat in house.seats[::5]
        for guest in attendees.search_tickets(
            connection, f"t{seat.number}", seat.show, exact=True
        )
        if guest.admits
    }


@reader(
    "check-in count",
    (attendees,),
    (*DOOR, "platform only"),
    lambda house: {
        n.number: (
            sum(s.is_in for s in house.guests() if s.show == n.number),
            sum(s.show == n.number for s in house.guests()),
        )
        for n in house.nights
    },
)
def read_door_count(connection, house):
    counts = {
        n.number: attendees.count_guests(connection, n.number) for n in house.nights
    }
    return {show: (c.admitted, c.expected) for show, c in counts.items()}


@reader(
    "attendee_checkin_status",
    (views,),
    (*DOOR, "platform only", "void admits"),
    expected_guests,
)
def read_checkin_status(connection, house):
    return {
        (row.show_id, row.ticket_id): bool(row.is_checked_in)
        for row in view(connection, "attendee_checkin_status")
    }


def probes(house):
    """
    Of each show one ticket that nobody has scanned yet, by the link with the switches.
    """
    found = {}
    for seat in house.seats:
        is_new = seat.admits and not seat.entered and not seat.door
        if is_new and seat.account == house.night(seat).first:
            found.setdefault(seat.show, seat)
    return list(found.values())


def scan(connection, house):
    outcomes = {}
    with_session = Within(connection)
    for seat in probes(house):
        at = checkin.find_scan_point(with_session, seat.show, "Door A")
        answer = checkin.admit(with_session, at, f"t{seat.number}")
        outcomes[seat.show, seat.account] = answer.outcome
    return outcomes


@reader(
    "check-in scan",
    (attendees,),
    DOOR,
    lambda house: {
        (s.show, s.account): (
            "admitted" if house.night(s).opens(s.account) else "unknown"
        )
        for s in probes(house)
    },
)
def read_scans(connection, house):
    return scan(connection, house)


def expected_after_scans(house):
    scanned = [s for s in probes(house) if house.night(s).counts(s.account)]
    return plain_count(
        [
            dataclasses.replace(s, door="in") if s in scanned else s
            for s in house.counted()
        ],
        ACCOUNT,
        ["in"],
    )


@reader("figures after a scan", (recompute,), IN, expected_after_scans)
def read_after_scans(connection, house):
    scan(connection, house)
    return totals(
        ((f.show_id, f.account, f.currency), {"in": f.checked_in})
        for f in figures_of_shows.figures(connection)
    )
