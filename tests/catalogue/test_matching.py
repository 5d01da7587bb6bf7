"""
Which occurrence is which show: never a wrong pair made by the machine (F33).
"""

import random
from datetime import UTC, datetime, timedelta

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ticketsync.catalogue.matching_rules import assignment, candidates, matching
from ticketsync.catalogue.matching_rules.candidates import (
    OccurrenceCandidate,
    ShowCandidate,
    Tolerance,
)

EVENING = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)


def show(number, minutes, title="Late Laughs", **more):
    return ShowCandidate(
        number, title, "House", EVENING + timedelta(minutes=minutes), **more
    )


def date(number, minutes, title="Late Laughs", account="tt", **more):
    starts = EVENING + timedelta(minutes=minutes)
    return OccurrenceCandidate(number, account, title, starts, **more)


def pairs(plan):
    return {(m.occurrence.occurrence_id, m.show.show_id) for m in plan.certain}


def test_m25_a_double_bill_is_not_swapped_whatever_the_order():
    shows = [show(1, 0), show(2, 90)]
    plan = matching.propose(shows, [date(20, 90), date(10, 0)])
    assert pairs(plan) == {(10, 1), (20, 2)}
    assert plan.unsure == ()


def test_m25_a_lone_late_date_is_not_given_to_the_early_show():
    plan = matching.propose([show(1, 0)], [date(20, 90)])
    assert plan.certain == ()
    assert plan.unsure[0].candidates[0].minutes_apart == 90
    assert plan.unsure[0].why == "nearest show is 90 min earlier"


def test_the_reason_is_true_where_the_shows_near_are_taken_or_refused():
    shows, dates = [show(1, 0)], [date(10, 30)]
    (taken,) = matching.propose(shows, dates, taken=[("tt", 1)]).unsure
    assert taken.why == "the shows near it have another date of tt"
    (refused,) = matching.propose(shows, dates, refused=[(10, 1)]).unsure
    assert refused.why == "you refused the shows within the tolerance"


def test_an_hour_too_late_everywhere_is_reported_and_not_linked():
    shows = [show(n, n * 1440) for n in range(6)]
    dates = [date(100 + n, n * 1440 + 60) for n in range(6)]
    plan = matching.propose(shows, dates)
    assert plan.certain == ()
    assert "looks-like-timezone: 6 dates" in plan.remarks[0]
    assert "1 h later" in plan.remarks[0]


def test_a_shift_does_not_hide_behind_shows_that_follow_each_other():
    """
    Shows at 19:00 and 20:00, their dates an hour late: the 20:00 date is exact, wrong.
    """
    shows = [show(1, 0), show(2, 60), show(3, 1440), show(4, 1500)]
    dates = [date(10, 60), date(20, 120), date(30, 1500), date(40, 1560)]
    assert matching.propose(shows, dates).certain == ()


def test_titles_that_disagree_need_a_person():
    plan = matching.propose([show(1, 0, "Gala")], [date(10, 0, "Quiz")])
    assert plan.certain == ()
    assert "titles only" in plan.unsure[0].why


def test_a_known_production_needs_no_likeness():
    plan = matching.propose(
        [show(1, 0, "Gala")], [date(10, 0, "LL #7", production="Gala")]
    )
    assert pairs(plan) == {(10, 1)}


def test_two_productions_at_the_same_minute_are_distinguished_by_title():
    shows = [show(1, 0, "Hamlet"), show(2, 0, "Open Mic Night")]
    dates = [date(10, 0, "Open Mic Night @ House"), date(20, 0, "HAMLET")]
    assert pairs(matching.propose(shows, dates)) == {(10, 2), (20, 1)}


def test_two_shows_of_one_work_at_the_same_minute_need_a_person():
    plan = matching.propose([show(1, 0), show(2, 0)], [date(10, 0)])
    assert plan.certain == ()
    assert plan.unsure[0].why == "2 shows start in that minute"


def test_several_platforms_feed_one_show():
    dates = [date(10, 0, account="tt"), date(20, 0, account="eb")]
    assert pairs(matching.propose([show(1, 0)], dates)) == {(10, 1), (20, 1)}


def test_what_a_person_refused_is_not_proposed_again():
    plan = matching.propose([show(1, 0)], [date(10, 0)], refused=[(10, 1)])
    assert plan.certain == ()
    assert plan.unsure[0].candidates == ()


def test_an_account_feeds_a_show_once():
    plan = matching.propose([show(1, 0)], [date(10, 0)], taken=[("tt", 1)])
    assert plan.certain == ()


def test_the_tolerance_is_a_wall():
    plan = matching.propose([show(1, 0)], [date(10, 121)])
    assert plan.unsure[0].candidates == ()
    assert plan.unsure[0].why == "no show of yours within the tolerance"


@settings(max_examples=1000, deadline=None)
@given(
    starts=st.lists(st.integers(0, 20), min_size=1, max_size=6, unique=True),
    shift=st.sampled_from([0, 0, 0, 60, -60, 120]),
    seed=st.integers(0, 10**6),
)
def test_f33_every_automatic_pair_is_the_true_pair(starts, shift, seed):
    """
    Evenings of up to six shows over several nights, some missing on either side, the
    whole listing perhaps shifted: the machine links the true pairs or none.
    """
    chance = random.Random(seed)
    shows, dates = [], []
    for night in range(4):
        for place, quarter in enumerate(starts):
            number = night * 10 + place
            minutes = night * 1440 + quarter * 15
            if chance.random() < 0.9:
                shows.append(show(number, minutes))
            if chance.random() < 0.9:
                dates.append(date(1000 + number, minutes + shift))
    chance.shuffle(dates)
    chance.shuffle(shows)

    plan = matching.propose(shows, dates)

    wrong = [p for p in pairs(plan) if p[0] - 1000 != p[1]]
    if shift == 0:
        assert wrong == []
    else:
        exact = {s.starts_at for s in shows} & {d.starts_at for d in dates}
        shifted = sum(
            d.starts_at - timedelta(minutes=shift) in {s.starts_at for s in shows}
            for d in dates
        )
        if shifted > len(exact):
            assert pairs(plan) == set()


def scipys_optimum(costs):
    # Each process of the suite collects this file: half a second for all but one.
    from scipy.optimize import linear_sum_assignment

    return linear_sum_assignment(costs)


@settings(max_examples=300, deadline=None)
@given(rows=st.integers(1, 9), columns=st.integers(1, 9), seed=st.integers(0, 10**9))
@pytest.mark.thorough
def test_the_solver_is_as_good_as_scipy(rows, columns, seed):
    width = rows + columns
    costs = numpy.random.default_rng(seed).integers(0, 50, (rows, width))

    ours = assignment.cheapest([[int(c) for c in row] for row in costs])

    theirs = scipys_optimum(costs)
    assert len(set(ours)) == rows
    assert sum(costs[n][c] for n, c in enumerate(ours)) == costs[theirs].sum()


@settings(max_examples=200, deadline=None)
@given(
    ours=st.lists(st.integers(0, 400), max_size=12),
    theirs=st.lists(st.integers(0, 400), max_size=12),
)
@pytest.mark.thorough
def test_the_whole_plan_is_scipys_optimum(ours, theirs):
    """
    As many pairs as possible, then the lowest cost, over the unblocked problem.
    """
    shows = [show(n, minutes) for n, minutes in enumerate(ours)]
    dates = [date(n, minutes) for n, minutes in enumerate(theirs)]
    possible = candidates.candidates(shows, dates, Tolerance())

    chosen = assignment.assign(possible)

    alone = 10**7
    costs = numpy.full((len(dates), len(shows) + len(dates)), alone)
    for match in possible:
        costs[match.occurrence.occurrence_id][match.show.show_id] = match.cost
    best = scipys_optimum(costs)
    whole = sum(m.cost for m in chosen) + alone * (len(dates) - len(chosen))
    assert whole == costs[best].sum()


def test_reasons_are_words():
    plan = matching.propose([show(1, 0, capacity=180)], [date(10, 0, capacity=180)])
    reason = plan.certain[0].reason()
    assert reason == "same minute, titles 100 % alike, capacity 180 = 180"


@pytest.mark.parametrize("title", ["", "!!!", "😀", "[/red]"])
def test_odd_titles_do_not_break_matching(title):
    matching.propose([show(1, 0, title)], [date(10, 0, title)])
