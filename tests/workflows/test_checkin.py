"""
The door: one admission for each ticket however often and wherever it is scanned, the
first scan wins, and nobody enters on a ticket that admits nobody (F101–F103).
"""

import itertools
import json
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from support.dates import NOW
from support.ticket_tailor_account import connect

from ticketsync.accounts import edits, state
from ticketsync.catalogue import shows
from ticketsync.core import clock, errors
from ticketsync.core.settings.config import AccountSettings
from ticketsync.door import attendees
from ticketsync.door.recorded_scans import NewScan, record_scan
from ticketsync.reporting import run_history
from ticketsync.sandbox import platforms, server, world
from ticketsync.store.tables.door import admissions
from ticketsync.store.tables.door import scans as scans_table
from ticketsync.workflows.door import checkin, merge_scans, push_checkins
from ticketsync.workflows.door.scan_files import Captured
from ticketsync.workflows.matching import match
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.run import Request


@pytest.fixture
def synced(read_once):
    return read_once


def purchases_ahead(sandbox, *, seats=1):
    """
    Paid orders for shows that have not begun, all of whose seats admit somebody.
    """
    return [
        purchase
        for purchase in sandbox.world.purchases
        if purchase.state == "completed"
        and purchase.performance.starts_at.timestamp() > NOW.timestamp()
        and len(purchase.seats) >= seats
        and not any(s.is_void or s.is_refunded for s in purchase.seats)
    ]


def at_show_of(database, purchase, door="Door A"):
    with database.read() as connection:
        (found,) = [
            show
            for show in shows.list_shows(connection)
            if show.starts_at == purchase.performance.starts_at
        ]
    return checkin.find_scan_point(database, found.id, door, "test")


@pytest.fixture
def purchase(sandbox):
    return purchases_ahead(sandbox, seats=2)[0]


@pytest.fixture
def at(synced, purchase):
    return at_show_of(synced, purchase)


def rows(database, kind):
    with database.read() as connection:
        return connection.execute(kind.select()).all()


# What somebody holds


@pytest.mark.parametrize(
    "shape", ["bc{seat}", "https://www.tickettailor.com/qr/bc{seat}", "it_{seat}"]
)
def test_a_ticket_is_known_by_its_code_its_qr_text_and_its_number(
    synced, at, purchase, shape
):
    seat = purchase.seats[0]

    answer = checkin.admit(synced, at, shape.format(seat=seat.id))

    assert answer.outcome == "admitted"
    assert [guest.ticket_id for guest in answer.guests] == [f"it_{seat.id}"]


def test_the_second_scan_says_since_when_and_where(synced, at, purchase, frozen):
    code = f"bc{purchase.seats[0].id}"
    checkin.admit(synced, at, code)
    frozen(NOW + timedelta(minutes=5))

    again = checkin.admit(synced, replace(at, door="Door B"), code)

    assert again.outcome == "already-in"
    # 00:00 UTC on 1 September is 10:00 in Sydney.
    assert again.message.endswith("has been in since 10:00 at Door A.")


def test_the_codes_themselves_are_nowhere_in_the_database(sandbox, tmp_path, settings):
    from support.ticket_tailor_account import adopt_dates

    from ticketsync.store import engine

    adopt_dates(tmp_path / "codes.db", sandbox)
    database = engine.open_database(str(tmp_path / "codes.db"))
    sync.sync(database, settings, Request())
    database.close()

    content = (tmp_path / "codes.db").read_bytes()

    assert b"it_500" in content
    assert b"bc500" not in content


def test_a_name_that_fits_several_lets_nobody_in(synced, at, purchase):
    answer = checkin.admit(synced, at, "guest")

    assert answer.outcome == "several"
    assert rows(synced, admissions) == []


def test_an_order_comes_in_together(synced, at, purchase):
    number = f"or_{purchase.id}"
    assert checkin.admit(synced, at, number).outcome == "several"

    together = checkin.admit(synced, at, number, group=True)

    assert together.outcome == "admitted"
    assert len(together.guests) == len(purchase.seats)
    assert all(guest.is_in for guest in together.guests)


def test_the_other_half_of_an_order_follows_later(synced, at, purchase):
    checkin.admit(synced, at, f"it_{purchase.seats[0].id}")

    rest = checkin.admit(synced, at, f"or_{purchase.id}", group=True)

    assert rest.outcome == "admitted"
    assert rest.message == f"{len(purchase.seats) - 1} of {len(purchase.seats)} are in."


def test_a_ticket_for_another_night_is_not_let_in(synced, sandbox, at, purchase):
    other = next(
        p for p in purchases_ahead(sandbox) if p.performance is not purchase.performance
    )

    answer = checkin.admit(synced, at, f"bc{other.seats[0].id}")

    assert answer.outcome == "not-valid"
    assert other.performance.production.title in answer.message
    assert rows(synced, admissions) == []


def test_an_unknown_code_is_written_down_and_not_let_in(synced, at):
    answer = checkin.admit(synced, at, "bc1")

    assert answer.outcome == "unknown"
    assert [scan.outcome for scan in rows(synced, scans_table)] == ["unknown"]


def test_a_scan_that_was_earlier_shows_that_two_are_in_on_one_ticket(synced, frozen):
    """
    F102: let in at an online door, and minutes before at one that was offline.
    """
    show, (one,) = house_of(synced, 1)
    frozen(NOW + timedelta(hours=1))
    at = checkin.find_scan_point(synced, show, "Online")
    assert checkin.admit(synced, at, one.ticket_id).outcome == "admitted"

    merged = merge_scans.merge(synced, at, [offline(one, "A", 30)])

    assert [(who, what) for _, who, what in merged.conflicts] == [
        (one.shown_name, "twice-in")
    ]
    assert [a.door for a in rows(synced, admissions)] == ["Door A"]


def test_undo_and_in_again(synced, at, purchase):
    code = f"bc{purchase.seats[0].id}"
    assert checkin.take_back(synced, at, code).outcome == "not-in"
    checkin.admit(synced, at, code)

    assert checkin.take_back(synced, at, code).outcome == "out"
    assert checkin.admit(synced, at, code).outcome == "admitted"


def test_a_part_of_a_name_with_a_percent_sign_is_no_pattern(synced, at):
    """
    F125: `%` means a per cent sign.
    """
    assert checkin.admit(synced, at, "%%").outcome == "unknown"
    assert checkin.admit(synced, at, "gu_st").outcome == "unknown"


# Money that went back


def test_f103_a_void_ticket_stays_out(synced, sandbox, settings):
    voided = next(
        (p, s)
        for p in sandbox.world.purchases
        if p.state == "completed"
        for s in p.seats
        if s.is_void and not s.has_no_order
    )
    at = at_show_of(synced, voided[0])

    answer = checkin.admit(synced, at, f"it_{voided[1].id}")

    assert answer.outcome == "not-valid"
    assert answer.message.endswith("(void).")


def test_f103_refunded_only_is_let_in_with_a_warning(
    synced, sandbox, settings, purchase, at
):
    """
    F45: the money went back, the ticket was not voided.
    """
    sandbox.change(lambda w: world.refund_all(w, purchase))
    sync.sync(synced, settings, Request(full=True))

    answer = checkin.admit(synced, at, f"it_{purchase.seats[0].id}")

    assert answer.outcome == "admitted"
    assert answer.is_warning


@pytest.mark.on_both_databases
def test_f103_a_cancellation_that_races_a_scan_is_seen_or_comes_after(
    synced, sandbox, settings, purchase, at
):
    """
    Whichever is first, the scan's answer is true of the ticket at that moment: never
    let in by a transaction that could see the cancellation.
    """
    sandbox.change(lambda w: world.cancel(w, purchase))
    begin = threading.Barrier(2)

    def cancel():
        begin.wait()
        sync.sync(synced, settings, Request(full=True))

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(cancel)
        begin.wait()
        first = checkin.admit(synced, at, f"it_{purchase.seats[0].id}")
        running.result()
    second = checkin.admit(synced, at, f"it_{purchase.seats[1].id}")

    assert first.outcome in ("admitted", "not-valid")
    assert second.outcome == "not-valid"


# Many doors at once


def admit_everywhere(database, show, guests, *, doors, times, enter):
    """
    Every ticket several times, through all doors at once; the outcomes.
    """
    scans = [guest for guest in guests for _ in range(times)]
    random.Random(7).shuffle(scans)
    lots = [scans[n::doors] for n in range(doors)]
    begin = threading.Barrier(doors)

    def door(number):
        begin.wait()
        return [
            enter(database, show, guest, f"d{number}", f"{n}")
            for n, guest in enumerate(lots[number])
        ]

    with ThreadPoolExecutor(doors) as pool:
        return list(itertools.chain(*pool.map(door, range(doors))))


def properly(database, show, guest, device, key):
    with database.write() as connection:
        new = NewScan(device, key, show, guest.id, clock.now(), door=device)
        return record_scan(connection, new).outcome


def looking_first(doors):
    """
    The control: look whether somebody is in, and let them in afterwards. All doors have
    looked once before any of them lets anybody in.
    """
    all_have_looked = threading.Barrier(doors)

    def enter(database, show, guest, device, key):
        with database.read() as connection:
            (now,) = attendees.get_tickets(connection, [guest.id])
        if key == "0":
            all_have_looked.wait(60)
        if now.is_in:
            return "already-in"
        properly(database, show, guest, device, key)
        return "admitted"

    return enter


def house_of(database, most):
    with database.read() as connection:
        guests = [
            g for g in attendees.list_tickets(connection) if g.admits and not g.is_in
        ]
    show = max({g.show_id for g in guests}, key=[g.show_id for g in guests].count)
    return show, [g for g in guests if g.show_id == show][:most]


@pytest.mark.on_both_databases
def test_f101_scanned_five_times_at_twelve_doors_at_once_is_one_admission(synced):
    show, guests = house_of(synced, 12)

    outcomes = admit_everywhere(synced, show, guests, doors=12, times=5, enter=properly)

    assert outcomes.count("admitted") == len(guests)
    assert outcomes.count("already-in") == 4 * len(guests)
    assert len(rows(synced, admissions)) == len(guests)


@pytest.mark.on_both_databases
def test_f101_control_looking_first_lets_some_in_twice(synced):
    show, guests = house_of(synced, 12)

    outcomes = admit_everywhere(
        synced, show, guests, doors=12, times=5, enter=looking_first(12)
    )

    assert outcomes.count("admitted") > len(guests)


@pytest.mark.drill
def test_f101_fifty_doors_five_hundred_tickets_five_times(
    database, frozen, settings, monkeypatch
):
    """
    2,500 scans at once: 500 admissions, on both databases.
    """
    fake_server = server.Sandbox(world.build(orders=9000))
    monkeypatch.setenv("TT_KEY", fake_server.key)
    with server.serving(fake_server) as address:
        connect(database, address)
        sync.fetch_listing(database, settings, [])
        match.adopt(database, settings)
        sync.sync(database, settings, Request())
    show, guests = house_of(database, 500)
    assert len(guests) == 500

    outcomes = admit_everywhere(
        database, show, guests, doors=50, times=5, enter=properly
    )

    print(f"{len(outcomes)} scans, {outcomes.count('admitted')} admitted")
    assert outcomes.count("admitted") == 500
    assert outcomes.count("already-in") == 2000


# Doors that were offline


def offline(guest, device, minutes, kind="in"):
    moment = NOW + timedelta(minutes=minutes)
    return Captured(
        guest.ticket_id, moment, kind, f"Door {device}", device, f"{minutes}"
    )


def test_f102_two_offline_doors_merge_alike_in_both_orders(synced, frozen, tmp_path):
    """
    F102: three guests, one seen by both doors; whoever is merged first, the earlier
    scan has won, and the later guests are not duplicates.
    """
    show, (one, two, three) = house_of(synced, 3)
    at = checkin.find_scan_point(synced, show)
    frozen(NOW + timedelta(hours=1))
    first = [offline(one, "A", 1), offline(two, "A", 9)]
    second = [offline(two, "B", 4), offline(three, "B", 6)]
    stood = []

    for lots in ((first, second), (second, first)):
        for lot in lots:
            merged = merge_scans.merge(synced, at, lot)
        stood.append(
            [(a.ticket_id, a.is_in, a.at, a.door) for a in rows(synced, admissions)]
        )
        last = merged
        with synced.write() as connection:
            for kind in (admissions, scans_table):
                connection.execute(kind.delete())

    assert (
        sorted(stood[0])
        == sorted(stood[1])
        == sorted(
            [
                (one.id, True, NOW + timedelta(minutes=1), "Door A"),
                (two.id, True, NOW + timedelta(minutes=4), "Door B"),
                (three.id, True, NOW + timedelta(minutes=6), "Door B"),
            ]
        )
    )
    # Merged last, door A learns that its second scan was the later one.
    assert last.outcomes == {"admitted": 1, "already-in": 1}


@pytest.mark.parametrize("orders", [3, pytest.param(10, marks=pytest.mark.drill)])
@pytest.mark.thorough
def test_f102_any_order_of_arrival_leaves_the_same_house(synced, frozen, orders):
    """
    Forty ins and outs of four guests at three doors, in random orders of arrival: the
    house is what an independent count of them in their own order says.
    """
    show, guests = house_of(synced, 4)
    at = checkin.find_scan_point(synced, show)
    frozen(NOW + timedelta(hours=2))
    chance = random.Random(3)
    scans = [
        offline(
            chance.choice(guests), chance.choice("ABC"), n, chance.choice(["in", "out"])
        )
        for n in range(40)
    ]
    expected = {}
    for scan in scans:  # they were made in the order of time
        expected[scan.code] = scan.kind == "in"

    for _ in range(orders):
        chance.shuffle(scans)
        for scan in scans:
            merge_scans.merge(synced, at, [scan])
        with synced.read() as connection:
            found = {
                g.ticket_id: g.is_in for g in attendees.list_guests(connection, show)
            }
        assert {code: found[code] for code in expected} == expected
        with synced.write() as connection:
            for kind in (admissions, scans_table):
                connection.execute(kind.delete())


def test_f102_merging_a_file_again_changes_nothing(synced, frozen, tmp_path):
    show, (one, two) = house_of(synced, 2)
    at = checkin.find_scan_point(synced, show)
    frozen(NOW + timedelta(hours=1))
    file = tmp_path / "door.csv"
    file.write_text(
        "at,code,kind\n"
        f"2026-09-01T10:05:00+10:00,{one.ticket_id},in\n"
        f"2026-09-01T00:06:00Z,{two.ticket_id},\n"
        "2026-09-01T00:07:00Z,nobody knows me,in\n"
    )

    first = merge_scans.merge_file(synced, at, file)
    before = (rows(synced, scans_table), rows(synced, admissions))
    again = merge_scans.merge_file(synced, at, file)

    assert first == again
    assert first.outcomes == {"admitted": 2, "unknown": 1}
    assert [(who, outcome) for _, who, outcome in first.conflicts] == [
        ("nobody knows me", "unknown")
    ]
    assert (rows(synced, scans_table), rows(synced, admissions)) == before


def numbered(folder, name, *scans):
    """
    The file of a scanner that calls itself nothing and numbers its scans from 1.
    """
    file = folder / name
    lines = [f"{at},{guest.ticket_id},{n}" for n, (at, guest) in enumerate(scans, 1)]
    file.write_text("\n".join(("at,code,key", *lines)) + "\n")
    return file


def test_scans_with_the_same_number_are_not_one_scan(synced, frozen, tmp_path):
    """
    Two scanners of one evening both begin with 1, and may see the same guest.
    """
    show, (one, two, three) = house_of(synced, 3)
    at = checkin.find_scan_point(synced, show)
    frozen(NOW + timedelta(hours=1))
    first = ("2026-09-01T00:05:00Z", one), ("2026-09-01T00:06:00Z", two)
    second = ("2026-09-01T00:07:00Z", three), ("2026-09-01T00:08:00Z", one)
    files = [
        numbered(tmp_path, "a.csv", *first),
        numbered(tmp_path, "b.csv", *second),
    ]

    merged = [merge_scans.merge_file(synced, at, file) for file in files]

    assert [m.outcomes for m in merged] == [
        {"admitted": 2},
        {"admitted": 1, "already-in": 1},
    ]
    before = (rows(synced, scans_table), rows(synced, admissions))
    assert [merge_scans.merge_file(synced, at, file) for file in files] == merged
    assert (rows(synced, scans_table), rows(synced, admissions)) == before
    assert sorted(row.ticket_id for row in before[1]) == sorted(
        (one.id, two.id, three.id)
    )


def test_a_scanner_that_begins_anew_lets_in_the_guests_of_the_next_show(
    synced, frozen, tmp_path
):
    """
    So does a file that was merged for another show first.
    """
    show, (guest,) = house_of(synced, 1)
    with synced.read() as connection:
        other = next(s.id for s in shows.list_shows(connection) if s.id != show)
    frozen(NOW + timedelta(hours=1))
    file = numbered(tmp_path, "a.csv", ("2026-09-01T00:05:00Z", guest))
    wrong = checkin.find_scan_point(synced, other)
    assert merge_scans.merge_file(synced, wrong, file).outcomes == {"unknown": 1}

    for _ in range(2):
        at = checkin.find_scan_point(synced, show)
        assert merge_scans.merge_file(synced, at, file).outcomes == {"admitted": 1}

    (entry,) = rows(synced, admissions)
    assert (entry.ticket_id, entry.is_in) == (guest.id, True)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("yesterday,it_1,in", "Line 3"),
        ("2026-09-01T00:05:00Z,,in", "Line 3"),
        ("2026-09-01T00:05:00Z,it_1,through", "neither in nor out"),
        ("2027-09-01T00:05:00Z,it_1,in", "in the future"),
    ],
)
def test_one_wrong_line_and_nothing_is_taken(synced, tmp_path, line, reason):
    show, (one,) = house_of(synced, 1)
    file = tmp_path / "door.csv"
    good = f"2026-08-31T23:00:00Z,{one.ticket_id},in"
    file.write_text(f"at,code,kind\n{good}\n{line}\n")

    with pytest.raises(errors.BadFile, match=reason):
        merge_scans.merge_file(synced, checkin.find_scan_point(synced, show), file)

    assert rows(synced, scans_table) == []


def test_a_file_of_json_lines_is_read_too(synced, tmp_path):
    show, (one,) = house_of(synced, 1)
    file = tmp_path / "door.jsonl"
    scan = {"at": "2026-08-31T23:00:00Z", "code": one.ticket_id, "door": "Side"}
    file.write_text(json.dumps(scan) + "\n")

    merged = merge_scans.merge_file(synced, checkin.find_scan_point(synced, show), file)

    assert merged.outcomes == {"admitted": 1}
    assert [a.door for a in rows(synced, admissions)] == ["Side"]


# Platforms


def test_what_the_platform_let_in_is_in_here_too(synced, sandbox, settings):
    entered = next(
        (p, s)
        for p in sandbox.world.purchases
        for s in p.seats
        if s.is_checked_in and not s.has_no_order
    )
    at = at_show_of(synced, entered[0])

    answer = checkin.admit(synced, at, f"it_{entered[1].id}")
    back = checkin.take_back(synced, at, f"it_{entered[1].id}")

    assert answer.outcome == "already-in"
    assert answer.message.endswith("is already in, tt says.")
    assert back.outcome == "not-in"
    assert back.message.endswith("was let in at tt; take it back there.")


@pytest.fixture
def pushing(settings):
    account = AccountSettings(push_check_ins=True)
    return replace(settings, accounts={"tt": account, "hx": account})


def entered(fake_server, platform):
    return {
        seat.id
        for purchase in fake_server.platforms[platform].world.purchases
        if purchase.performance.starts_at.timestamp() > NOW.timestamp()
        for seat in purchase.seats
        if seat.is_checked_in
    }


def test_platforms_hear_who_is_in_only_where_the_venue_asks(
    synced, sandbox, settings, pushing, at, purchase
):
    seat = purchase.seats[0].id
    checkin.admit(synced, at, f"it_{seat}")

    assert push_checkins.check_ins(synced, settings) == []
    assert entered(sandbox, "ticket_tailor") == set()

    (pushed,) = push_checkins.check_ins(synced, pushing)
    assert pushed.outcome == "success"
    with synced.read() as connection:
        (row,) = run_history.list_runs(connection, limit=1)
    assert (row.direction, row.kind, row.requests) == ("push", "manual", 1)
    assert entered(sandbox, "ticket_tailor") == {seat}
    assert push_checkins.check_ins(synced, pushing) == []

    checkin.take_back(synced, at, f"it_{seat}")
    push_checkins.check_ins(synced, pushing)
    assert entered(sandbox, "ticket_tailor") == set()


def test_a_refused_check_in_is_reported_and_stops_no_other(
    synced, sandbox, pushing, at, purchase
):
    first, second = (seat.id for seat in purchase.seats[:2])
    for seat in (first, second):
        checkin.admit(synced, at, f"it_{seat}")
    purchase.seats[0].id = 1  # the platform no longer knows it

    (pushed,) = push_checkins.check_ins(synced, pushing)

    assert (pushed.outcome, pushed.exit_code) == ("partial", 6)
    assert entered(sandbox, "ticket_tailor") == {second}


def test_humanitix_hears_it_too(sqlite, frozen, settings, pushing, monkeypatch):
    others = platforms.build_others(today=NOW.date(), orders=20, names=["humanitix"])
    fake_server = server.Sandbox(
        world.build(today=NOW.date(), orders=20), others=others
    )
    monkeypatch.setenv("HX_KEY", fake_server.platforms["humanitix"].key)
    with server.serving(fake_server) as address:
        with sqlite.write() as connection:
            shows.add_venue(connection, "V", "Australia/Sydney", "AUD")
            new = state.NewAccount(
                *("hx", "humanitix", fake_server.url(address, "humanitix")),
                *("env", "HX_KEY", "", None),
            )
            edits.add_account(connection, new, clock.now())
        sync.fetch_listing(sqlite, settings, [])
        match.adopt(sqlite, settings)
        sync.sync(sqlite, settings, Request())
        show, (guest,) = house_of(sqlite, 1)
        at = checkin.find_scan_point(sqlite, show)
        before = entered(fake_server, "humanitix")
        checkin.admit(sqlite, at, f"qr{int(guest.ticket_id, 16)}")

        (pushed,) = push_checkins.check_ins(sqlite, pushing)

        assert pushed.outcome == "success"
        assert entered(fake_server, "humanitix") - before == {int(guest.ticket_id, 16)}
