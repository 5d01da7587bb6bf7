"""
Generated weeks of a venue on three platforms, with offsets, odd titles, mistyped times
and time zones, answered by their truth: no link that nobody was asked about is wrong,
and at most half as many questions are asked as before.
"""

import pytest
from support.match_player import play_weeks

from ticketsync.catalogue.matching_rules import matching
from ticketsync.catalogue.matching_rules.certainty import Certainty


def halves_the_questions(seeds):
    """
    Before, each date was asked about alone and no offset was learnt.
    """
    now = play_weeks(seeds, weeks=4)
    before = play_weeks(seeds, weeks=4, groups=False, learns=False)

    assert (now.wrong, before.wrong) == ([], [])
    assert now.questions * 2 <= before.questions
    assert now.automatic > before.automatic
    return now


@pytest.mark.thorough
def test_one_answer_for_a_night_and_learnt_offsets_halve_the_questions():
    halves_the_questions(range(12))


@pytest.mark.drill
def test_a_thousand_generated_weeks():
    found = halves_the_questions(range(250))

    assert found.automatic > 10_000


CLOSE = {"weeks": 4, "gaps": (30, 45, 60)}  # the doors of one show, another's start


def wrong_by_offset(seeds):
    return [m for m in play_weeks(seeds, **CLOSE).wrong if m.is_by_offset]


def test_shows_close_together_are_not_confused_by_an_offset(monkeypatch):
    """
    With the control: linked is what fits the minute, whatever else could be meant.
    """
    assert wrong_by_offset((16, 22, 39)) == []

    monkeypatch.setattr(Certainty, "is_settled_by_offset", Certainty.fits_offset)
    assert len(wrong_by_offset((16, 22, 39))) >= 3


def test_a_week_that_is_an_hour_off_is_not_linked_by_an_offset(monkeypatch):
    assert wrong_by_offset([75]) == []

    monkeypatch.setattr(matching, "shifted_events", lambda *_: {})
    assert wrong_by_offset([75]) != []
