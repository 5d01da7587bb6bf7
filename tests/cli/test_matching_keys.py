"""
The matching screen, played by somebody who knows the truth: how many keys a week takes,
and that the page makes the same proposals.
"""

import io
from contextlib import redirect_stderr
from types import SimpleNamespace

import pytest
from sqlalchemy import select
from support.listed_week import Week

from ticketsync.catalogue import known_offsets, occurrences
from ticketsync.catalogue.matching_rules import questions
from ticketsync.catalogue.matching_rules.questions import Question
from ticketsync.cli import key_choice, match_lines, match_screen
from ticketsync.core import errors
from ticketsync.core.settings.config import Settings
from ticketsync.reporting import audit_trail
from ticketsync.store.tables.catalogue import show_links
from ticketsync.workflows.matching import match
from ticketsync.workflows.matching.match_session import MatchSession


@pytest.fixture
def week(database):
    return Week(database)


class Player:
    """
    Presses the keys that are right, and counts them.
    """

    def __init__(self, week, monkeypatch):
        self.week, self.keys = week, []
        self.session = MatchSession(week.database, Settings(), match.new_batch())
        monkeypatch.setattr(key_choice, "ask", self.ask)
        monkeypatch.setattr(key_choice, "confirm", self.confirm)
        for name in ("_ask_about", "_ask_about_offset"):
            original = getattr(match_screen, name)
            monkeypatch.setattr(match_screen, name, self.seeing(original))

    def seeing(self, original):
        def asked(screen, subject, *more):
            self.subject = subject
            return original(screen, subject, *more)

        return asked

    def confirm(self, question):
        self.keys.append("y")
        return True

    def ask(self, question, choices):
        key = self.key(choices)
        assert key in {choice.key for choice in choices}
        self.keys.append(key)
        return key

    def key(self, choices):
        if question_of_offset := getattr(self.subject, "matches", ()):
            is_right = all(
                self.week.truth[m.occurrence.occurrence_id] == m.show.show_id
                for m in question_of_offset
            )
            return "r" if is_right else "s"
        show = self.subject.show
        truths = [self.week.truth[id_] for id_ in self.subject.occurrence_ids]
        if show is None or set(truths) == {None}:
            return "n"
        if len(truths) > 1:
            assert set(truths) == {show.show_id}
            return "a"
        (item,) = self.subject.items
        near = [match.show.show_id for match in item.candidates]
        return str(near.index(truths[0]) + 1)

    def play(self):
        with redirect_stderr(io.StringIO()):
            return match_screen.run_interactive(self.session, None)


def test_a_week_of_92_dates_on_three_platforms_takes_under_40_keys(week, monkeypatch):
    week.list_all()
    assert len(week.truth) == 92
    player = Player(week, monkeypatch)

    left = player.play()

    assert left == 0
    assert len(player.keys) < 40
    assert week.linked() == {id_: show for id_, show in week.truth.items() if show}
    with week.database.read() as connection:
        found = known_offsets.list_offsets(connection)
        (entry,) = audit_trail.list_entries(
            connection, audit_trail.AuditFilter(what="confirm offset")
        )
    (confirmed,) = (offset for offset in found if offset.is_confirmed)
    assert (confirmed.key, confirmed.minutes) == (("tt", "Late Laughs"), -30)
    assert (entry.subject, entry.change) == ("Late Laughs", "minutes on tt -30")


@pytest.mark.thorough
def test_asked_one_by_one_without_offsets_it_takes_more(week, monkeypatch):
    """
    The control: how it was before, with Enter after each answer but the first.
    """
    week.list_all()
    monkeypatch.setattr(
        questions,
        "group",
        lambda unsure: [
            Question(i.candidates[0].show if i.candidates else None, (i,))
            for i in unsure
        ],
    )
    monkeypatch.setattr(known_offsets, "list_offsets", lambda connection: [])
    player = Player(week, monkeypatch)

    player.play()

    before = player.keys.count("y") + 2 * sum(key != "y" for key in player.keys)
    assert before > 40  # it is 60, and 15 with both


@pytest.mark.thorough
def test_every_answer_of_a_session_is_taken_back_by_kind(week, monkeypatch):
    week.list_all()
    Player(week, monkeypatch).play()
    linked = week.linked()
    with week.database.read() as connection:
        bases = connection.scalars(select(show_links.c.basis)).all()
    chosen, certain = bases.count("chosen"), bases.count("certain")

    by_hand = match.undo(week.database, Settings(), kind="chosen")

    assert (by_hand.links, by_hand.kinds) == (chosen, {"chosen": chosen})
    assert len(by_hand.taken_back) == chosen > 0
    assert len(week.linked()) == len(linked) - chosen
    rest = match.undo(week.database, Settings())
    assert rest.kinds == {"certain": certain, "offset": len(linked) - chosen - certain}
    assert week.linked() == {}


def test_undo_on_the_screen_forgets_the_offset_that_it_confirmed(week, monkeypatch):
    week.list_all()
    player = Player(week, monkeypatch)
    player.play()
    while player.session.take_back():
        pass

    assert week.linked() == {}
    with week.database.read() as connection:
        assert known_offsets.list_offsets(connection) == []
        assert all(
            occurrence.show_id is None
            for occurrence in occurrences.list_occurrences(connection)
        )


@pytest.mark.parametrize(
    ("number", "ticked", "words"),
    [
        (1, 0, "Not one of your shows"),
        (3, 0, "None of them is one of your shows"),
        (3, 2, "Not one of your shows: the 2 ticked"),
    ],
)
def test_what_is_none_of_our_shows_is_refused_in_plain_words(number, ticked, words):
    answers = match_lines.other_answers(number, ticked)
    assert [answer.text for answer in answers if answer.key == "n"] == [words]


@pytest.mark.parametrize("question", ["offset", "dates"])
def test_a_step_that_cannot_be_undone_stays_and_is_said(monkeypatch, question, capsys):
    """
    A show that was made is put on sale meanwhile; somebody goes back, whatever the
    screen asks about.
    """

    class OnSale:
        def take_back(self):
            raise errors.GuardRefused("Late Laughs is on sale.", hint="Close it.")

    proposal = SimpleNamespace(offset=SimpleNamespace(key=("tt", "Late Laughs")))
    asked = SimpleNamespace(first_dates=lambda _: None)
    monkeypatch.setattr(questions, "group", lambda _: [asked])
    monkeypatch.setattr(questions, "count_dates", len)
    monkeypatch.setattr(match_screen, "_undecided", lambda *_: [asked])
    for name in ("_ask_about", "_ask_about_offset"):
        monkeypatch.setattr(
            match_screen, name, lambda at, *_: match_screen._step(at, "b")
        )
    screen = match_screen.Screen(OnSale(), None, steps=["decided"])
    offsets = [proposal] if question == "offset" else []
    plan = SimpleNamespace(certain=[], offsets=offsets)

    assert match_screen._ask_next(screen, plan)
    assert screen.steps == ["decided"]
    assert "Late Laughs is on sale. Close it." in capsys.readouterr().err
