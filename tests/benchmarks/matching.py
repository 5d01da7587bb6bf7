"""
Matching 2,000 shows with 2,000 dates, beside scipy on the same groups and beside the
first fit that such tools usually take. Two shows a day, some of them a little off.

    python tests/benchmarks/matching.py
"""

import random
import statistics
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import numpy
from scipy.optimize import linear_sum_assignment

from ticketsync.catalogue.matching_rules import matching
from ticketsync.catalogue.matching_rules.candidates import (
    TOLERANCE,
    OccurrenceCandidate,
    ShowCandidate,
)

MANY, A_DAY = 2000, 2
BEGIN = datetime(2026, 1, 1, 8, 0, tzinfo=UTC)


def season():
    """
    Shows and their dates in no order; date `n + MANY` is show `n`.
    """
    chance = random.Random(1)
    shows, dates = [], []
    for number in range(MANY):
        minutes = number // A_DAY * 1440 + number % A_DAY * 90
        off = chance.choice([0, 0, 0, 15, -30])
        starts = BEGIN + timedelta(minutes=minutes)
        title = f"Work {number // A_DAY % 9}"
        shows.append(ShowCandidate(number, title, "House", starts))
        moved = starts + timedelta(minutes=off)
        dates.append(OccurrenceCandidate(number + MANY, "tt", f"{title}, live", moved))
    chance.shuffle(dates)
    return shows, dates


def with_scipy(shows, dates):
    """
    The same optimum by days, time alone; what an exact answer costs at least.
    """
    days = defaultdict(lambda: ([], []))
    for show in shows:
        days[show.starts_at.date()][0].append(show)
    for date in dates:
        days[date.starts_at.date()][1].append(date)
    pairs = []
    for ours, theirs in days.values():
        costs = numpy.array(
            [
                [abs((d.starts_at - s.starts_at).total_seconds()) for s in ours]
                for d in theirs
            ]
        )
        rows, columns = linear_sum_assignment(costs)
        pairs += [
            (theirs[r].occurrence_id, ours[c].show_id)
            for r, c in zip(rows, columns, strict=True)
        ]
    return pairs


def first_fit(shows, dates):
    free, pairs = list(shows), []
    for date in dates:
        for show in free:
            if abs(show.starts_at - date.starts_at) <= TOLERANCE:
                pairs.append((date.occurrence_id, show.show_id))
                free.remove(show)
                break
    return pairs


def ours(shows, dates):
    plan = matching.propose(shows, dates)
    best = [item.candidates[0] for item in plan.unsure if item.candidates]
    return [
        (m.occurrence.occurrence_id, m.show.show_id) for m in (*plan.certain, *best)
    ]


def measured(match, shows, dates, rounds):
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        pairs = match(shows, dates)
        took.append(time.perf_counter() - began)
    wrong = sum(date != show + MANY for date, show in pairs)
    return statistics.median(took), wrong


def main(rounds=5):
    """
    Seconds and wrong pairs of each way: (ours, scipy, first fit).
    """
    shows, dates = season()
    matching.propose(shows[:10], dates[:10])  # imports
    return [
        measured(way, shows, dates, rounds) for way in (ours, with_scipy, first_fit)
    ]


if __name__ == "__main__":
    for name, (seconds, wrong) in zip(
        ("ours", "scipy", "first fit"), main(), strict=True
    ):
        print(f"{name:<10} {seconds:7.3f} s  {wrong:5} wrong")
