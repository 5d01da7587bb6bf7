"""
The best overall assignment: as many pairs as possible at the lowest cost, each side
used once. Never the first fit: on a double bill that swaps the two shows as soon as the
platform lists the later one first. Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from ticketsync.catalogue.candidates import Match, sides


def assign(pairs: Sequence[Match]) -> list[Match]:
    """
    As many pairs as possible, at the lowest total cost, each side used once.

    The candidates fall into small groups that share nothing; each is solved exactly.
    """
    chosen: list[Match] = []
    for group in _groups(pairs):
        chosen += _solve(group)
    return chosen


def _groups(pairs: Sequence[Match]) -> Iterator[list[Match]]:
    """
    Candidates that compete with one another, directly or through others.
    """
    leader: dict[tuple[str, int], tuple[str, int]] = {}

    def find(node: tuple[str, int]) -> tuple[str, int]:
        leader.setdefault(node, node)
        while leader[node] != node:
            leader[node] = leader[leader[node]]
            node = leader[node]
        return node

    for match in pairs:
        show, date = sides(match)
        leader[find(show)] = find(date)
    groups: dict[tuple[str, int], list[Match]] = defaultdict(list)
    for match in pairs:
        groups[find(sides(match)[0])].append(match)
    yield from groups.values()


def _solve(pairs: Sequence[Match]) -> list[Match]:
    if len(pairs) == 1:
        return list(pairs)
    rows = list(dict.fromkeys(m.occurrence.occurrence_id for m in pairs))
    columns = list(dict.fromkeys(m.show.show_id for m in pairs))
    row_of = {id_: n for n, id_ in enumerate(rows)}
    column_of = {id_: n for n, id_ in enumerate(columns)}
    # Staying alone costs more than any number of pairs: first as many as possible.
    alone = sum(match.cost for match in pairs) + 1
    costs = [[alone] * (len(columns) + len(rows)) for _ in rows]
    at: dict[tuple[int, int], Match] = {}
    for match in pairs:
        place = row_of[match.occurrence.occurrence_id], column_of[match.show.show_id]
        costs[place[0]][place[1]] = match.cost
        at[place] = match
    solved = cheapest(costs)
    return [at[place] for place in enumerate(solved) if place in at]


def cheapest(costs: Sequence[Sequence[int]]) -> list[int]:
    """
    For each row its column, so that the sum is lowest (Hungarian method).

    Needs at least as many columns as rows; integers keep it exact.
    """
    height, width = len(costs), len(costs[0])
    row_price, column_price = [0] * (height + 1), [0] * (width + 1)
    row_at = [0] * (width + 1)  # which row holds a column; 0 is nobody
    for row in range(1, height + 1):
        row_at[0] = row
        column = 0
        slack: list[int | None] = [None] * (width + 1)
        came_from = [0] * (width + 1)
        visited = [False] * (width + 1)
        while row_at[column]:
            visited[column] = True
            here = row_at[column]
            step: int | None = None
            following = 0
            for other in range(1, width + 1):
                if visited[other]:
                    continue
                rest = (
                    costs[here - 1][other - 1] - row_price[here] - column_price[other]
                )
                known = slack[other]
                if known is None or rest < known:
                    slack[other], came_from[other], known = rest, column, rest
                if step is None or known < step:
                    step, following = known, other
            assert step is not None
            for other in range(width + 1):
                known = slack[other]
                if visited[other]:
                    row_price[row_at[other]] += step
                    column_price[other] -= step
                elif known is not None:
                    slack[other] = known - step
            column = following
        while column:
            row_at[column] = row_at[came_from[column]]
            column = came_from[column]
    found = [0] * height
    for column in range(1, width + 1):
        if row_at[column]:
            found[row_at[column] - 1] = column - 1
    return found
