"""
Every report can be made as of an instant: over a random history it says what the same
report said at that instant, whatever has become known since.
"""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text
from support import hand_links
from support.random_history import SETTINGS, History, reports
from support.saved_orders import FIRST_DAY, OCCURRENCES, order, prepare, save, ticket

from ticketsync.catalogue import links
from ticketsync.core import clock, errors
from ticketsync.core.records import Refund, TicketStatus
from ticketsync.sales import raw_records
from ticketsync.sales.compressed_records import Version, pack
from ticketsync.store import as_of as tables_at
from ticketsync.store.tables import history, past_links
from ticketsync.workflows import as_of, recompute_figures

STEPS = (
    *("buy", "edit", "refund", "reverse", "void", "check_in", "move", "change_fees"),
    *("read_again", "delist", "issue", "unlink", "switch", "exclude", "leave", "swap"),
)
MINUTE = timedelta(minutes=1)


def past_rows(database):
    """
    How many superseded versions there are of orders, tickets, fees and links.
    """
    ended = past_links.past_show_links.c.known_until.is_not(None)
    with database.read() as connection:
        return tuple(
            connection.scalar(select(func.count()).select_from(table).where(*where))
            for table, where in (
                (history.past_orders, ()),
                (history.past_tickets, ()),
                (history.past_fees, ()),
                (past_links.past_show_links, (ended,)),
            )
        )


def said(database, moment):
    with as_of.reading(database, SETTINGS, clock.iso(moment)) as past:
        return reports(past.connection)


def gross(database, moment):
    """
    The gross of both shows together at that instant.
    """
    rows = said(database, moment)["figures"]
    return sum(round(float(row["gross"]) * 100) for row in rows)


@contextmanager
def played(database, frozen, seed, steps):
    """
    A history, and what every report said after each of its steps.
    """
    play, then = History(prepare(database), frozen, seed), {}
    for _ in range(steps):
        play.step()
        with database.read() as connection:
            then[play.now] = reports(connection)
    frozen(play.now + timedelta(days=1))
    yield play, then


@pytest.mark.parametrize(
    ("seed", "steps", "nth_on_postgresql"),
    # Both take each kind of step. The drill asks of 300 instants, the suite of 60.
    # On PostgreSQL, where each takes three times as long, of every third of them.
    [(44, 30, 3), pytest.param(1, 150, 1, marks=pytest.mark.drill)],
)
@pytest.mark.thorough
def test_at_each_instant_of_a_random_history_reports_say_what_they_said(
    database, frozen, seed, steps, nth_on_postgresql
):
    nth = 1 if database.dialect == "sqlite" else nth_on_postgresql
    with played(database, frozen, seed, steps) as (play, then):
        assert {kind for kind in STEPS if play.kinds.get(kind)} == {*STEPS}
        assert len(then) == steps
        instants = sorted(then)
        both = [*zip(instants, [*instants[1:], play.now], strict=True)]
        for at, following in both[nth - 1 :: nth]:
            assert said(database, at) == then[at]
            # Nothing happened until the next one.
            last = following - timedelta(seconds=1)
            if last > at:
                assert said(database, last) == then[at]


@pytest.mark.thorough
def test_control_without_superseded_versions_the_past_is_another(
    sqlite, frozen, monkeypatch
):
    """
    What stands in the tables today, as far as it was known then, is not enough.
    """
    with played(sqlite, frozen, 2, 40) as (_, then):
        whole = tables_at._versions_at

        def only_present(present, past, past_id, moment):
            return whole(present, past, past_id, moment).selects[0]

        monkeypatch.setattr(tables_at, "_versions_at", only_present)
        asked = sorted(then)[::3]
        wrong = [at for at in asked if said(sqlite, at) != then[at]]
        assert len(wrong) > len(asked) / 2


BACK = {"A": 0, "B": 500, "C": 1200}


def test_control_raw_versions_alone_do_not_know_the_past(sqlite, frozen):
    """
    Day by day nothing, 5.00, 12.00 and again 5.00 have gone back: A, B, C and B again.
    Of raw versions each content is one row. By its last block the second day says A, by
    its first one the fourth says C; what is superseded says all four days.
    """
    books = prepare(sqlite)
    days = [FIRST_DAY + timedelta(days=n) for n in range(4)]
    for at, letter in zip(days, "ABCB", strict=True):
        frozen(at)
        back = (Refund("or_1", BACK[letter]),) if BACK[letter] else ()
        save(books, order(ticket(1, 2000), refunds=back), at=at)
        recompute_figures.rebuild(books, SETTINGS)
        with books.write() as connection:
            data = b'{"back":%d}' % BACK[letter]
            block = pack([Version("or_1", letter.encode(), data)])
            raw_records.save_versions(connection, 1, "order", [block], at)
    frozen(days[-1] + MINUTE)

    def newest_by(block):
        """
        What had gone back by each day, by the newest version that was there by then.
        """
        query = text(
            f"SELECT CAST(r.content AS TEXT) FROM raw_records r JOIN raw_blocks b"
            f" ON b.id = r.{block} WHERE b.fetched_at <= :day"
            f" ORDER BY r.{block} DESC LIMIT 1"
        )
        with books.read() as connection:
            return [
                BACK[connection.scalar(query, {"day": clock.iso(day)})] for day in days
            ]

    def refunded(day):
        (row,) = (r for r in said(books, day)["figures"] if r["gross"] != "0.00")
        return row["refunded"]

    assert [refunded(day) for day in days] == ["0.00", "5.00", "12.00", "5.00"]
    assert newest_by("block_id") == [0, 0, 1200, 500]
    assert newest_by("first_block_id") == [0, 500, 1200, 1200]


def test_a_first_read_and_one_that_finds_nothing_new_supersede_nothing(
    database, frozen
):
    books = prepare(database)
    orders = [
        order(ticket(n, 2000), ticket(f"{n}b", 0), id_=f"or_{n}") for n in range(20)
    ]
    save(books, *orders, at=FIRST_DAY)
    assert past_rows(books) == (0, 0, 0, 0)
    save(books, *orders, at=FIRST_DAY + MINUTE)
    assert past_rows(books) == (0, 0, 0, 0)


@pytest.mark.thorough
def test_10_000_check_ins_supersede_nothing(sqlite, frozen):
    books = prepare(sqlite)

    def read(checked_in):
        seats = [
            ticket(n, 2000)
            if not checked_in
            else order_ticket(ticket(n, 2000), checked_in=True)
            for n in range(10_000)
        ]
        return [order(seat, id_=f"or_{n}") for n, seat in enumerate(seats)]

    save(books, *read(False), at=FIRST_DAY)
    save(books, *read(True), at=FIRST_DAY + MINUTE)
    with books.read() as connection:
        query = "SELECT SUM(is_checked_in), MAX(known_from) FROM tickets"
        assert connection.execute(text(query)).one() == (10_000, "2026-10-01T02:00:00Z")
    assert past_rows(books) == (0, 0, 0, 0)


def order_ticket(seat, **changes):
    return type(seat)(**{f: getattr(seat, f) for f in seat.__struct_fields__} | changes)


def test_only_what_is_different_is_superseded(database, frozen):
    """
    Of an order with three tickets one is voided: the order, that ticket, and no other.
    """
    books = prepare(database)
    seats = [ticket(n, 2000) for n in range(3)]
    save(books, order(*seats), at=FIRST_DAY)
    seats[0] = order_ticket(seats[0], status=TicketStatus.VOID)
    save(books, order(*seats), at=FIRST_DAY + MINUTE)
    assert past_rows(books) == (0, 1, 0, 0)
    back = (Refund("or_1", 2000),)
    save(books, order(*seats, refunds=back), at=FIRST_DAY + 2 * MINUTE)
    assert past_rows(books) == (1, 2, 0, 0)


def test_by_hand_a_sale_its_refund_and_an_unlinked_date(database, frozen):
    """
    60.00 are sold, 20.00 more a minute later; then the second order becomes one of
    30.00; then its date is taken from its show, and given back.
    """
    books = prepare(database)
    at = [FIRST_DAY + n * MINUTE for n in range(6)]
    save(books, order(ticket(1, 6000), id_="or_1"), at=at[0])
    save(books, order(ticket(2, 2000, "ev_2"), id_="or_2"), at=at[1])
    save(books, order(ticket(2, 3000, "ev_2"), id_="or_2"), at=at[2])
    frozen(at[3])
    with books.read() as connection:
        (date,) = connection.scalars(
            text("SELECT id FROM occurrences WHERE provider_id = 'ev_2'")
        )
        (show,) = links.get_show_ids(connection, [date])
    hand_links.unlink(books, SETTINGS, date)
    frozen(at[4])
    hand_links.link(books, SETTINGS, date, show)
    frozen(at[5])
    assert [gross(books, moment) for moment in at[:5]] == [
        *(6000, 8000, 9000, 6000, 9000)
    ]
    recompute_figures.exclude(books, SETTINGS, show, True, "")
    frozen(at[5] + MINUTE)
    assert gross(books, at[5]) == 6000
    assert gross(books, at[4]) == 9000


def test_an_instant_at_which_something_may_still_become_known_is_refused(
    database, frozen
):
    books = prepare(database)
    save(books, order(ticket(1, 2000)), at=FIRST_DAY)
    frozen(FIRST_DAY + MINUTE)
    for moment in (FIRST_DAY + MINUTE, FIRST_DAY + timedelta(days=9)):
        with (
            pytest.raises(errors.Busy) as refused,
            as_of.reading(books, SETTINGS, clock.iso(moment)),
        ):
            pass
        assert (refused.value.exit_code, refused.value.word) == (8, "after-horizon")
        assert "2026-10-01T02:00:59Z" in refused.value.hint
    assert gross(books, FIRST_DAY + MINUTE - timedelta(seconds=1)) == 2000


def test_an_instant_before_the_past_is_known_is_refused_with_the_date(database, frozen):
    frozen(FIRST_DAY)
    books = prepare(database)
    save(books, order(ticket(1, 2000)), at=FIRST_DAY)
    frozen(FIRST_DAY + MINUTE)
    since = "2026-10-01T02:00:00Z"
    for expected in (since, "2026-10-01T02:00:30Z"):
        with (
            pytest.raises(errors.GuardRefused) as refused,
            as_of.reading(books, SETTINGS, "2026-10-01T01:59:59Z"),
        ):
            pass
        assert (refused.value.exit_code, refused.value.word) == (7, "before-history")
        assert expected in refused.value.hint
        with books.write() as connection:  # as an upgrade notes it
            row = {"name": history.HISTORY_SINCE, "value": "2026-10-01T02:00:30Z"}
            if expected == since:
                connection.execute(history.facts.insert(), row)


def test_who_is_still_writing_is_waited_for(database, frozen, monkeypatch):
    """
    A transaction that began to write before the instant must be in it.
    """
    books = prepare(database)
    frozen(FIRST_DAY + MINUTE)
    waited = []
    whole = type(books).wait_for_writers

    def wait(self):
        waited.append(True)
        whole(self)

    monkeypatch.setattr(type(books), "wait_for_writers", wait)
    said(books, FIRST_DAY)
    assert waited == [True]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-10-31T23:59:59Z", "2026-10-31T23:59:59Z"),
        ("2026-10-31T23:59:59+11:00", "2026-10-31T12:59:59Z"),
        ("2026-10-31 23:59", "2026-10-31T12:59:00Z"),
        ("2026-10-31", "2026-10-31T12:59:59Z"),  # its last second in Sydney
        ("2026-10-03", "2026-10-03T13:59:59Z"),  # the night before the clocks change
    ],
)
def test_an_instant_is_read_by_the_clocks_of_the_business(written, expected):
    assert clock.iso(as_of.parse_instant(written, "Australia/Sydney")) == expected


@pytest.mark.parametrize(
    "written", ["", "yesterday", "2026-13-01", "9999-12-31", "2026-10-04 02:30"]
)
def test_what_is_no_instant_is_refused(written):
    with pytest.raises(errors.UsageError):
        as_of.parse_instant(written, "Australia/Sydney")


def test_the_tables_of_today_are_as_they_were_afterwards(database, frozen):
    books = prepare(database)
    save(books, order(ticket(1, 2000), ticket(2, 1000, OCCURRENCES[1])), at=FIRST_DAY)
    frozen(FIRST_DAY + MINUTE)
    recompute_figures.rebuild(books, SETTINGS)
    with books.read() as connection:
        before = reports(connection)
    said(books, FIRST_DAY)
    with books.read() as connection:
        assert reports(connection) == before
