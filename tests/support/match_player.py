"""
Weeks of listings whose truth is known, and a person who answers questions about them by
that truth.
"""

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from ticketsync.catalogue.matching_rules import matching, offsets, questions
from ticketsync.catalogue.matching_rules.candidates import (
    OccurrenceCandidate,
    ShowCandidate,
)
from ticketsync.catalogue.matching_rules.offsets import ConfirmedPair

MONDAY = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
VENUE = "The Lantern Room"
TITLES = (
    *("Late Laughs", "The Glass Harbour", "Orchid & Wire", "Midnight Cabaret"),
    *("Sunday Strings", "Hamlet"),
)
ACCOUNTS = ("tt", "eb", "hx")
# What platforms make of a title: the same, longer, or something else entirely.
SPELLINGS = ("{0}", "{0}", "{0}", "{0} – live at the Lantern", "LR presents: No. 7")
GAPS = (90, 120, 150)  # minutes between two shows of an evening
OFFSETS = (0, 0, 0, -30, -30, -45, -15, -60)


@dataclass
class Week:
    """
    `shows` are all shows so far, those of earlier weeks too; `truth` is our show of
    each occurrence, where there is one.
    """

    shows: list
    occurrences: list
    truth: dict


class Venue:
    """
    A venue over several weeks: what each account calls a production and how much
    earlier it lists it stays the same, as it does in life.
    """

    def __init__(self, seed, gaps=GAPS):
        self.gaps = gaps
        self.chance = random.Random(seed)
        self.titles = self.chance.sample(TITLES, self.chance.randint(2, 4))
        self.twice = {t: self.chance.random() < 0.5 for t in self.titles}
        pairs = [(account, title) for account in ACCOUNTS for title in self.titles]
        self.spelling = {p: self.chance.choice(SPELLINGS) for p in pairs}
        self.offset = {p: self.chance.choice(OFFSETS) for p in pairs}
        self.shows = []
        self.week = 0
        self.ids = iter(range(1, 10**6))

    def next_week(self):
        """
        Up to seven nights; a platform lists most shows, some times are mistyped, an
        account may be an hour off for a week, and one sells what is none of our shows.
        """
        week = Week(self.shows, [], {})
        self.shift = {
            account: 60 if self.chance.random() < 0.03 else 0 for account in ACCOUNTS
        }
        for night in self.chance.sample(range(7), self.chance.randint(4, 7)):
            title = self.chance.choice(self.titles)
            starts = MONDAY + timedelta(weeks=self.week, days=night)
            late = self.chance.choice(self.gaps)
            for minutes in (0, late) if self.twice[title] else (0,):
                self._play(week, title, starts + timedelta(minutes=minutes))
        if self.chance.random() < 0.3:
            self._list(week, "eb", "Gift voucher", MONDAY + timedelta(days=1), None)
        self.chance.shuffle(week.occurrences)
        self.week += 1
        return week

    def _play(self, week, title, starts):
        show = ShowCandidate(next(self.ids), title, VENUE, starts, 240)
        if self.chance.random() < 0.97:  # else it is missing in our list
            week.shows.append(show)
        for account in ACCOUNTS:
            if self.chance.random() > 0.85:
                continue
            pair = account, title
            minutes = self.offset[pair] + self.shift[account]
            if self.chance.random() < 0.02:
                minutes += self.chance.choice((-20, 10, 25))  # mistyped
            name = self.spelling[pair].format(title)
            is_ours = show in week.shows
            at = starts + timedelta(minutes=minutes)
            self._list(week, account, name, at, show.show_id if is_ours else None)

    def _list(self, week, account, name, starts, show_id):
        found = OccurrenceCandidate(next(self.ids), account, name, starts)
        week.occurrences.append(found)
        week.truth[found.occurrence_id] = show_id


@dataclass
class Memory:
    """
    What the database keeps between the weeks.
    """

    productions: dict = field(default_factory=dict)  # of a listing's title
    pairs: list = field(default_factory=list)
    confirmed: set = field(default_factory=set)

    def offsets(self):
        return [
            replace(offset, is_confirmed=offset.key in self.confirmed)
            for offset in offsets.learn(self.pairs)
        ]


@dataclass
class Played:
    """
    How a week went: what was asked, and the links that nobody was asked about.
    """

    questions: int = 0
    automatic: int = 0
    wrong: list = field(default_factory=list)


def play(week, memory, *, groups=True, learns=True):
    """
    Answer everything by the truth. Without `groups` each date is asked alone, without
    `learns` no offset is proposed: how it was before.
    """
    played = Played()
    linked, refused = {}, set()
    by_id = {show.show_id: show for show in week.shows}

    def plan():
        left = [
            replace(
                o,
                production=memory.productions.get((o.account, o.event)),
                known_as=memory.productions.get(("", o.event.casefold())),
            )
            for o in week.occurrences
            if o.occurrence_id not in linked and o.occurrence_id not in refused
        ]
        taken = {(account_of[o], s) for o, s in linked.items()}
        return matching.propose(
            week.shows,
            left,
            taken=taken,
            offsets=memory.offsets() if learns else (),
        )

    account_of = {o.occurrence_id: o.account for o in week.occurrences}

    def link(matches, *, by_person):
        for match in matches:
            theirs, show = match.occurrence, match.show
            linked[theirs.occurrence_id] = show.show_id
            memory.productions[theirs.account, theirs.event] = show.production
            memory.productions["", theirs.event.casefold()] = show.production
            if by_person:
                memory.pairs.append(
                    ConfirmedPair(
                        theirs.account,
                        theirs.account,
                        show.production,
                        match.minutes_apart,
                    )
                )

    def settle_certain(proposed):
        played.automatic += len(proposed.certain)
        played.wrong += [
            match
            for match in proposed.certain
            if week.truth[match.occurrence.occurrence_id] != match.show.show_id
        ]
        link(proposed.certain, by_person=False)

    def is_true(match):
        return week.truth[match.occurrence.occurrence_id] == match.show.show_id

    declined = set()
    while True:
        proposed = plan()
        if proposed.certain:
            settle_certain(proposed)
            continue
        offers = [o for o in proposed.offsets if o.offset.key not in declined]
        if offers:
            played.questions += 1
            if all(map(is_true, offers[0].matches)):
                memory.confirmed.add(offers[0].offset.key)
                link(offers[0].matches, by_person=True)
            else:
                declined.add(offers[0].offset.key)
            continue
        if not proposed.unsure:
            return played
        played.questions += 1
        if groups:
            question = questions.group(proposed.unsure)[0]
            items = question.items
        else:
            items = sorted(proposed.unsure, key=lambda i: i.occurrence.starts_at)[:1]
        # One answer: those that are the show of the first, or are not a show of ours.
        first = week.truth[items[0].occurrence.occurrence_id]
        same = [i for i in items if week.truth[i.occurrence.occurrence_id] == first]
        if first is None:
            refused |= {item.occurrence.occurrence_id for item in same}
            continue
        show = by_id[first]
        link(
            [
                matching.Match(
                    show,
                    item.occurrence,
                    round(
                        (item.occurrence.starts_at - show.starts_at).total_seconds()
                        / 60
                    ),
                    100,
                )
                for item in same
            ],
            by_person=True,
        )


def play_weeks(seeds, weeks, gaps=GAPS, **how):
    """
    A venue for each seed over so many weeks: the sum of how they went.
    """
    total = Played()
    for seed in seeds:
        venue, memory = Venue(seed, gaps), Memory()
        for _ in range(weeks):
            played = play(venue.next_week(), memory, **how)
            total.questions += played.questions
            total.automatic += played.automatic
            total.wrong += played.wrong
    return total
