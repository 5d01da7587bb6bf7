"""
Matching that learns: offsets between a listing and our shows are learnt from confirmed
pairs, proposed, and never used without a person; one answer settles all platforms of a
night.
"""

from datetime import UTC, datetime, timedelta

import pytest

from ticketsync.catalogue.matching_rules import matching, offsets, questions
from ticketsync.catalogue.matching_rules.candidates import (
    OccurrenceCandidate,
    ShowCandidate,
)
from ticketsync.catalogue.matching_rules.offsets import ConfirmedPair, Offset

EVENING = datetime(2026, 11, 27, 8, 30, tzinfo=UTC)


def show(number, minutes=0, title="Late Laughs", venue="House", **more):
    return ShowCandidate(
        number, title, venue, EVENING + timedelta(minutes=minutes), **more
    )


def listed(number, minutes=0, title="Late Laughs", account="tt", **more):
    starts = EVENING + timedelta(minutes=minutes)
    return OccurrenceCandidate(number, account, title, starts, **more)


def pairs(plan):
    return {(m.occurrence.occurrence_id, m.show.show_id) for m in plan.certain}


def confirmed(minutes, account="tt", production="Late Laughs"):
    return ConfirmedPair(account, "ticket_tailor", production, minutes)


def offset(minutes=-30, *, is_confirmed=False, production="Late Laughs"):
    return Offset("tt", "ticket_tailor", production, minutes, 6, is_confirmed)


DOUBLE = [show(1), show(2, 120), show(3, 1440), show(4, 1560)]
DOORS = [listed(10, -30), listed(20, 90), listed(30, 1410), listed(40, 1530)]


OF_TWO_NIGHTS = ("tt", "ticket_tailor", "Late Laughs", -30, 2)


@pytest.mark.parametrize(
    ("minutes", "learnt"),
    [
        ([-30, -30], [(-30, 2)]),
        ([-30], []),  # a single pair is not a habit
        ([-30, -30, 0], [(-30, 2)]),
        ([-30, -30, 0, 0], []),  # nor is half of them
        ([-30, -30, -45, -45], []),
        ([0, 0, 0], []),
        ([20, 20, 20, -30], [(20, 3)]),
    ],
)
def test_an_offset_is_learnt_where_most_confirmed_pairs_have_it(minutes, learnt):
    found = offsets.learn(map(confirmed, minutes))

    assert [(item.minutes, item.pairs) for item in found] == learnt


def test_offsets_are_those_of_one_account_and_production():
    found = offsets.learn(
        [
            *(confirmed(-30, production=title) for title in ("Gala", "Late Laughs")),
            *(confirmed(-30, account=account) for account in ("eb", "hx")),
        ]
    )

    assert found == []


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (-30, "doors, 30 min before"),
        (-120, "120 min before"),
        (15, "15 min after the start"),
    ],
)
def test_what_a_listing_does_is_said_in_words(minutes, words):
    assert offset(minutes).habit == words


def test_a_learnt_offset_is_only_proposed():
    """
    A production that plays twice an evening is asked about; the offset is proposed.
    """
    plan = matching.propose(DOUBLE, DOORS, offsets=[offset()])

    assert pairs(plan) == set()
    (proposal,) = plan.offsets
    assert [m.show.show_id for m in proposal.matches] == [1, 2, 3, 4]
    assert plan.unsure[0].why == (
        "doors, 30 min before, like 6 dates of Late Laughs that you confirmed on tt"
    )


def test_the_ticket_types_of_a_night_are_one_date_of_an_offset():
    """
    Each of them once kept the others from fitting, so that nothing was proposed for a
    platform that lists the types of a night one by one.
    """
    shows = [show(number, 1440 * number) for number in range(1, 5)]
    dates = [
        listed(10 * number + part, 1440 * number - 30, event_id=7, part=f"Type {part}")
        for number in range(1, 5)
        for part in range(3)
    ]

    (proposal,) = matching.propose(shows, dates, offsets=[offset()]).offsets
    assert [m.show.show_id for m in proposal.dates] == [1, 2, 3, 4]
    assert len(proposal.matches) == 12
    none = matching.propose(shows[:1], dates[:3], offsets=[Offset(*OF_TWO_NIGHTS)])
    assert none.offsets == ()

    known = [offset(is_confirmed=True)]
    assert len(pairs(matching.propose(shows, dates, offsets=known))) == 12
    two_events = [*dates, listed(99, 1410, event_id=8)]
    asked = matching.propose(shows, two_events, offsets=known)
    assert {show_id for _, show_id in pairs(asked)} == {2, 3, 4}


def test_a_confirmed_offset_makes_what_fits_certain_and_says_why():
    plan = matching.propose(DOUBLE, DOORS, offsets=[offset(is_confirmed=True)])

    assert pairs(plan) == {(10, 1), (20, 2), (30, 3), (40, 4)}
    assert plan.offsets == ()
    assert plan.certain[0].reason() == (
        "show is 30 min later, as confirmed for tt, titles 100 % alike"
    )


@pytest.mark.parametrize(
    "other",
    [
        {"title": "Quiz"},
        {"venue": "Newcastle Town Hall"},
        {"capacity": 500},
        {"production": "Gala"},
        {"account": "eb"},
        {"minutes": -31},
    ],
)
def test_an_offset_links_nothing_that_speaks_against_it(other):
    shows = [show(1, capacity=100), show(2, 120, capacity=100)]
    theirs = listed(10, **{"minutes": -30, **other})

    plan = matching.propose(shows, [theirs], offsets=[offset(is_confirmed=True)])

    assert pairs(plan) == set()


def test_where_two_shows_could_be_meant_a_person_decides():
    """
    19:00 is the doors of the show at 19:30 and the very minute of the one at 19:00.
    """
    shows = [show(1, -30), show(2)]

    for known in (offset(), offset(is_confirmed=True)):
        plan = matching.propose(shows, [listed(10, -30)], offsets=[known])
        assert (plan.offsets, pairs(plan)) == ((), set())


def test_two_listings_that_fit_one_show_are_asked_about():
    dates = [listed(10, -30), listed(11, -30)]

    plan = matching.propose([show(1)], dates, offsets=[offset(is_confirmed=True)])

    assert pairs(plan) == set()
    assert [item.is_clear for item in plan.unsure] == [False, False]


def test_a_listing_that_is_an_hour_off_its_offset_is_not_linked_by_it():
    """
    Doors at 18:30 for 19:00 and at 19:30 for 20:00, all an hour late by daylight
    saving: the first fits the second show, and nothing is linked.
    """
    shows = [show(n, day * 1440 + at) for n, day, at in NIGHTS]
    dates = [listed(100 + n, day * 1440 + at - 30 + 60) for n, day, at in NIGHTS]

    plan = matching.propose(shows, dates, offsets=[offset(is_confirmed=True)])

    assert pairs(plan) == set()


NIGHTS = [(day * 2 + n, day, 60 * n) for day in range(3) for n in (0, 1)]


def test_an_offset_of_a_whole_hour_counts_once_a_person_confirmed_it():
    """
    Unconfirmed it looks like a wrong time zone, and is reported as one.
    """
    shows = [show(n, n * 1440) for n in range(4)]
    dates = [listed(100 + n, n * 1440 - 60) for n in range(4)]

    learnt = matching.propose(shows, dates, offsets=[offset(-60)])
    known = matching.propose(shows, dates, offsets=[offset(-60, is_confirmed=True)])

    assert "looks-like-timezone" in learnt.remarks[0]
    assert (pairs(learnt), len(learnt.offsets[0].matches)) == (set(), 4)
    assert pairs(known) == {(100 + n, n) for n in range(4)}
    assert known.remarks == ()


def test_a_pair_that_contradicts_a_known_offset_is_no_longer_certain():
    show_20_late = [listed(10, 20)]

    assert pairs(matching.propose([show(1)], show_20_late)) == {(10, 1)}
    plan = matching.propose([show(1)], show_20_late, offsets=[offset(-30)])
    assert pairs(plan) == set()


def test_a_production_on_tour_needs_a_venue_that_the_platform_names():
    shows = [show(1), show(2, 1440, venue="Hall")]

    plan = matching.propose(
        shows, [listed(10, -30)], offsets=[offset(is_confirmed=True)]
    )

    assert pairs(plan) == set()


# Questions


def asked(shows, dates, **more):
    return questions.group(matching.propose(shows, dates, **more).unsure)


def test_all_platforms_of_a_night_are_one_question():
    dates = [
        listed(10, 0, "LL #7", account="tt"),
        listed(20, 0, "LL the seventh", account="eb"),
        listed(30, 20, "LL", account="hx"),
        listed(40, 1440, "LL", account="hx"),
    ]

    first, second = asked([show(1), show(2, 1440)], dates)

    assert (first.show.show_id, first.occurrence_ids) == (1, (10, 20, 30))
    assert (second.show.show_id, second.occurrence_ids) == (2, (40,))


def test_dates_that_are_near_nothing_are_one_question_by_minute_and_title():
    dates = [
        listed(10, 0, "Gift voucher", account="tt"),
        listed(20, 0, "Gift voucher!", account="eb"),
        listed(30, 0, "Wine tasting", account="hx"),
        listed(40, 0, "Gift voucher", account="tt"),  # of the same account
    ]

    found = asked([], dates)

    assert [question.occurrence_ids for question in found] == [(10, 20), (30,), (40,)]
    assert {question.show for question in found} == {None}


@pytest.mark.parametrize(
    ("theirs", "is_clear"),
    [
        ({}, True),  # 20 min off under a longer title
        ({"title": "Quiz"}, False),
        ({"venue": "Newcastle Town Hall"}, False),
        ({"capacity": 300}, False),
        ({"minutes": 60}, False),
        ({"minutes": 100}, False),
    ],
)
def test_a_date_with_a_doubt_is_never_ticked_beforehand(theirs, is_clear):
    theirs = {"title": "Late Laughs at the Club", "minutes": 20, **theirs}

    (question,) = asked([show(1, capacity=240)], [listed(10, **theirs)])

    assert [item.is_clear for item in question.items] == [is_clear]


def test_every_candidate_of_a_night_is_offered_once_the_best_first():
    shows = [show(1), show(2, 45)]
    dates = [listed(10, 20), listed(20, 20, account="eb")]

    (question,) = asked(shows, dates)

    assert [match.show.show_id for match in question.candidates] == [1, 2]
