"""
A closed period says for ever what it said: whatever changes later is an adjustment with
its cause, and the folder of the month is the same to the last byte.
"""

import contextlib
from collections import Counter
from dataclasses import replace

import pytest
from support.closed_month import (
    CLOSED,
    DECEMBER,
    LATE,
    LATER,
    SETTINGS,
    SETTINGS_LATER,
    change_late,
    copy_rows,
    exported,
    order,
    prepare,
    rename_everything,
    save,
    sell,
)
from support.period_sums import sum_by_key
from support.saved_orders import instant

from ticketsync.core import actor, errors
from ticketsync.financials import (
    adjusting,
    closed_periods,
    frozen_lines,
    period_order,
    verifying,
)
from ticketsync.reporting import figures_of_shows
from ticketsync.store import engine
from ticketsync.workflows import as_of, one_at_a_time, recompute_figures
from ticketsync.workflows.month_end import close, period_export
from ticketsync.workflows.month_end import tax_worksheets as worksheets
from ticketsync.workflows.sync.replay import replay


@pytest.fixture
def books(database, frozen):
    frozen(CLOSED)
    sell(prepare(database))
    return database


def open_ones(database, settings=SETTINGS):
    with database.read() as connection:
        return close.open_adjustments(connection, settings)


def test_what_is_closed_by_hand(books):
    """
    Ten orders count: 60 + 50 + 40 + 30 + 70 + 90 + 20 + 16.50 + 33 + 45 = 454.50; 20.00
    went back; fees are 1.00 + 2.00 + 1.50 reported and 0.30 by the venue's rate.
    """
    closed = close.close(books, SETTINGS, "2026-10")
    lines = closed.draft.lines
    assert closed.draft.adjustments == []
    assert sum(line.charged for line in lines) == 454_50
    assert sum(line.refunded for line in lines) == 20_00
    assert sum(line.fees for line in lines) == 4_80
    assert sum(line.effect for line in lines) == 454_50 - 20_00 - 4_80
    assert sum(line.fees_unknown for line in lines) == 0
    assert sorted({line.kind for line in lines}) == ["refund", "sale"]
    assert closed.event.line_count == 11
    assert closed.event.name == "2026-10"
    with books.read() as connection:
        stored = list(closed_periods.read_lines(connection, [closed.event.id]))
    assert sorted(stored) == sorted(lines)


def test_f55_every_cause_by_hand(books, frozen):
    """
    One late change for each of the eleven causes, and nothing else.
    """
    close.close(books, SETTINGS, "2026-10")
    assert open_ones(books) == []
    frozen(LATER)
    change_late(books)
    found = open_ones(books, SETTINGS_LATER)
    assert {(it.order_id, it.cause): it.effect for it in found} == LATE
    assert len(found) == len(LATE) == len(adjusting.CAUSES)
    assert {it.origin_id for it in found} == {1}
    (rule,) = [it for it in found if it.cause == "rule-changed"]
    # 5.50 are no longer out of scope: (11.00 + 5.50) ÷ 11 in place of 11.00 ÷ 11.
    taxes = frozen_lines.taxes_of(rule.tax_lines)
    assert sum(tax or 0 for _, _, tax, _ in taxes.values()) == 50
    assert sum(amount for _, amount, _, _ in taxes.values()) == 0


def test_the_folder_of_a_closed_month_is_the_same_for_ever(
    books, frozen, tmp_path, templates
):
    """
    After late changes of all eleven causes, a rename of every production, and on the
    other kind of database.
    """
    close.close(books, SETTINGS, "2026-10")
    before = exported(books, tmp_path / "before")
    frozen(LATER)
    change_late(books)
    rename_everything(books)
    recompute_figures.rebuild(books, SETTINGS_LATER)
    assert exported(books, tmp_path / "after") == before
    frozen(DECEMBER)
    close.close(books, SETTINGS_LATER, "2026-11")
    assert exported(books, tmp_path / "later") == before
    kind = "postgresql" if books.dialect == "sqlite" else "sqlite"
    with templates.copied(kind, "empty") as place:
        other = engine.open_database(place)
        assert exported(copy_rows(books, other), tmp_path / "other") == before
        november = exported(books, tmp_path / "november", "2026-11")
        assert exported(other, tmp_path / "there", "2026-11") == november
        other.close()
    assert b"Show 1" in before["sales.csv"]
    assert b"Another name" not in b"".join(before.values())


@pytest.mark.thorough
def test_500_late_changes_of_all_causes_change_no_byte_and_add_up(
    database, frozen, tmp_path, templates
):
    """
    46 times the month and each of the eleven late changes: 506. Each cause has its sum,
    and they come to what today's orders say more; a replay changes nothing either.
    """
    times = 46
    frozen(CLOSED)
    sell(prepare(database), times)
    closed = close.close(database, SETTINGS, "2026-10")
    before = exported(database, tmp_path / "before")
    frozen(LATER)
    change_late(database, times=times)
    rename_everything(database)
    replay(database, SETTINGS_LATER, [])
    found = open_ones(database, SETTINGS_LATER)
    sums = Counter()
    for line in found:
        sums[line.cause] += line.effect
    assert len(found) == 11 * times == 506
    assert sums == {cause: times * effect for (_, cause), effect in LATE.items()}
    with database.read() as connection:
        net = sum(figure.net.minor for figure in figures_of_shows.figures(connection))
    # The reversal was written as a row of its own, of which no ticket knows.
    reversed_ = sums.pop("refund-reversed")
    assert net == sum(ln.effect for ln in closed.draft.lines) + sum(sums.values())
    assert reversed_ == times * 20_00
    assert exported(database, tmp_path / "after") == before
    kind = "postgresql" if database.dialect == "sqlite" else "sqlite"
    with contextlib.ExitStack() as stack:
        place = stack.enter_context(templates.copied(kind, "empty"))
        other = engine.open_database(place)
        stack.callback(other.close)
        copy_rows(database, other)
        assert exported(other, tmp_path / "other") == before


def test_control_without_frozen_lines_the_rename_changes_the_bytes(
    books, frozen, tmp_path, monkeypatch
):
    close.close(books, SETTINGS, "2026-10")

    def read_again(connection, ids):
        spans = [
            close._span(e)
            for e in closed_periods.list_events(connection)
            if e.id in ids
        ]
        return close.period_lines.read_lines(
            connection, SETTINGS, spans, zone="Australia/Sydney", basis="sale"
        )

    monkeypatch.setattr(closed_periods, "read_lines", read_again)
    before = exported(books, tmp_path / "before")
    rename_everything(books)
    after = exported(books, tmp_path / "after")
    assert after["sales.csv"] != before["sales.csv"]


def test_adjustments_are_booked_once_in_the_next_period(books, frozen):
    close.close(books, SETTINGS, "2026-10")
    frozen(LATER)
    change_late(books)
    save(
        books,
        (order("or_nov", 10_00, placed_at=instant("2026-11-05T03:00")), "or_nov a"),
        at=LATER,
    )
    frozen(DECEMBER)
    november = close.close(books, SETTINGS_LATER, "2026-11")
    assert [line.order_id for line in november.draft.lines] == ["or_nov"]
    assert sum(it.effect for it in november.draft.adjustments) == -107_85
    assert open_ones(books, SETTINGS_LATER) == []
    # The rate goes back to what it was: 0.20 less fees, for October.
    again = replace(SETTINGS, tax=SETTINGS_LATER.tax)
    (item,) = open_ones(books, again)
    assert (item.cause, item.effect, item.origin_id) == ("rate-changed", 20, 1)


def test_closed_lines_and_open_adjustments_are_todays_recomputation(books, frozen):
    close.close(books, SETTINGS, "2026-10")
    frozen(LATER)
    change_late(books)
    adjusted = open_ones(books, SETTINGS_LATER)
    with books.read() as connection:
        closed = list(closed_periods.read_lines(connection, [1]))
        today = close.period_lines.read_lines(
            connection,
            SETTINGS_LATER,
            [close._span(closed_periods.list_events(connection)[0])],
            zone="Australia/Sydney",
            basis="sale",
        )
    sums = sum_by_key([*closed, *adjusted])
    assert sums == sum_by_key(today)
    # 454.50 + 15 - 5 + 80 - 90 + 1, and 60 + 70 went back.
    assert sum(line.charged for line in today) == 455_50
    assert sum(line.refunded for line in today) == 130_00


def test_the_tax_worksheet_of_a_closed_month_is_what_was_closed(books, frozen):
    def worksheet(settings):
        with books.read() as connection:
            period = close.parse_name(connection, "2026-10")
            return worksheets.read_tax_period(connection, settings, period)

    live = worksheet(SETTINGS)
    close.close(books, SETTINGS, "2026-10")
    closed = worksheet(SETTINGS)
    assert closed.sheet == live.sheet
    assert closed.rules == live.rules
    frozen(LATER)
    change_late(books)
    assert worksheet(SETTINGS_LATER).sheet == live.sheet
    frozen(DECEMBER)
    close.close(books, SETTINGS_LATER, "2026-11")
    with books.read() as connection:
        november = worksheets.read_closed(
            connection, closed_periods.list_events(connection)[1]
        )
    # The adjustments are declared in November: what is not yet in October's sheet.
    by_hand = 15_00 - 5_00 + 80_00 - 90_00 + 1_00 - 60_00 + 20_00 - 70_00
    taxed = november.sheet.total("AUD", ["taxed"])
    assert taxed == by_hand + 5_50  # the donation is taxed now


def test_as_of_an_instant_the_worksheet_is_the_closed_one_if_it_was_closed_by_then(
    books, frozen
):
    """
    Known on 2 November, closed on the 3rd, reopened on the 9th after late changes.
    """
    frozen(instant("2026-11-03T01:00"))
    close.close(books, SETTINGS, "2026-10")
    frozen(LATER)
    change_late(books)
    close.reopen(books, "2026-10", "a refund is missing")
    frozen(DECEMBER)

    def worksheet(moment):
        with as_of.reading(books, SETTINGS, moment) as past:
            period = close.parse_name(past.connection, "2026-10")
            found = worksheets.read_tax_period(
                past.connection, SETTINGS, period, now=past.moment
            )
        refunded = sum(-it.line.amount for it in found.orders if it.flow == "refund")
        return found.closed is not None, refunded

    assert worksheet("2026-11-03T00:59:59Z") == (False, 20_00)
    assert worksheet("2026-11-03T01:00:00Z") == (True, 20_00)
    assert worksheet("2026-11-09T00:59:59Z") == (True, 20_00)
    # 60.00 went back and 70.00 were charged back; the 20.00 were taken back.
    assert worksheet("2026-11-09T01:00:00Z") == (False, 130_00)


def test_periods_are_closed_in_order_and_when_they_are_over(books, frozen):
    for name, word in (
        ("2026-11", "period-open"),
        ("2026-10-01..2026-11-02", "period-open"),
    ):
        with pytest.raises(errors.GuardRefused) as refused:
            close.close(books, SETTINGS, name)
        assert (refused.value.exit_code, refused.value.word) == (7, word)
    close.close(books, SETTINGS, "2026-10")
    frozen(instant("2027-02-01T00:00"))
    for name in ("2026-10", "2026-12", "2026-09", "2026-11-02..2026-11-30"):
        with pytest.raises(errors.GuardRefused) as refused:
            close.close(books, SETTINGS, name)
        assert refused.value.word == "period-order"
    assert "Close 2026-11 first" in _hint(books, "2026-12")
    close.close(books, SETTINGS, "2026-11-01..2026-11-15")
    close.close(books, SETTINGS, "2026-11-16..2026-12-31")
    with books.read() as connection:
        names = [e.name for e in closed_periods.list_events(connection)]
    assert names == ["2026-10", "2026-11-01..2026-11-15", "2026-11-16..2026-12-31"]


def _hint(books, name):
    with pytest.raises(errors.GuardRefused) as refused:
        close.close(books, SETTINGS, name)
    return refused.value.hint


def test_only_the_newest_is_reopened_with_a_reason_and_closed_as_a_new_version(
    books, frozen, tmp_path
):
    close.close(books, SETTINGS, "2026-10")
    frozen(DECEMBER)
    close.close(books, SETTINGS, "2026-11")
    with pytest.raises(errors.GuardRefused):
        close.reopen(books, "2026-10", "why not")
    with pytest.raises(errors.UsageError):
        close.reopen(books, "2026-11", "  ")
    with pytest.raises(errors.NotFound):
        close.reopen(books, "2026-12", "it was never closed")
    close.reopen(books, "2026-11", "an account was missing")
    close.reopen(books, "2026-10", "so was another one")
    change_late(books, DECEMBER)
    again = close.close(books, SETTINGS_LATER, "2026-10")
    assert (again.event.version, again.draft.adjustments) == (2, [])
    assert sum(line.charged for line in again.draft.lines) == 455_50
    with books.read() as connection:
        events = closed_periods.list_events(connection)
        first = period_export.read_month(connection, "2026-10", 1)
        second = period_export.read_month(connection, "2026-10")
        assert verifying.verify(connection).flaws == ()
    assert [(e.name, e.version, e.state) for e in events] == [
        ("2026-10", 1, "closed"),
        ("2026-11", 1, "closed"),
        ("2026-11", 1, "reopened"),
        ("2026-10", 1, "reopened"),
        ("2026-10", 2, "closed"),
    ]
    assert sum(line.charged for line in first.lines) == 454_50
    assert sum(line.charged for line in second.lines) == 455_50
    assert [e.id for e in period_order.closed_now(events)] == [5]


def test_the_first_period_settles_the_basis(books, frozen):
    """
    By show everything belongs to the day of the show, which is in November.
    """
    frozen(DECEMBER)
    closed = close.close(books, SETTINGS, "2026-10", basis="show")
    assert closed.draft.lines == []
    with pytest.raises(errors.GuardRefused) as refused:
        close.close(books, SETTINGS, "2026-11", basis="sale")
    assert refused.value.word == "period-basis"
    november = close.close(books, SETTINGS, "2026-11")
    assert november.event.basis == "show"
    assert sum(line.effect for line in november.draft.lines) == 454_50 - 20_00 - 4_80
    frozen(instant("2027-01-01T00:00"))
    change_late(books, instant("2026-12-20T00:00"))
    found = open_ones(books, SETTINGS_LATER)
    late = {key: effect for key, effect in LATE.items() if key[1] != "rule-changed"}
    assert {(it.order_id, it.cause): it.effect for it in found} == late


def test_the_checklist_warns_and_refuses_under_strict(books):
    draft = close.review(books, SETTINGS, "2026-10")
    counts = {item.name: item.count for item in draft.checklist}
    assert counts == {
        "accounts not read since its end": 1,
        "records set aside": 0,
        "orders that do not add up": 0,
        "orders that count for no show": 1,
        "orders with unknown fees": 0,
        "orders without a tax rule": 0,
        "accounts that wait for a replay": 0,
    }
    with pytest.raises(errors.PersonNeeded) as refused:
        close.close(books, SETTINGS, "2026-10", strict=True)
    assert (refused.value.exit_code, refused.value.word) == (4, "checklist-open")
    with books.read() as connection:
        assert closed_periods.list_events(connection) == []
    close.close(books, SETTINGS, "2026-10")


def test_one_period_is_closed_at_a_time(books):
    with one_at_a_time.refuse_others(books, close.LEASE, "busy"):
        with pytest.raises(errors.Busy):
            close.close(books, SETTINGS, "2026-10")
        with pytest.raises(errors.Busy):
            close.reopen(books, "2026-10", "why")
    close.close(books, SETTINGS, "2026-10")


def test_closing_and_reopening_are_in_the_audit(books):
    with actor.acting_as("Ana"):
        close.close(books, SETTINGS, "2026-10")
        close.reopen(books, "2026-10", "an account was missing")
    with books.read() as connection:
        rows = connection.exec_driver_sql(
            "SELECT who, action, kind, subject FROM audit WHERE kind = 'period'"
            " ORDER BY id"
        ).all()
    assert [tuple(row) for row in rows] == [
        ("Ana", "close", "period", "2026-10"),
        ("Ana", "reopen", "period", "2026-10"),
    ]
