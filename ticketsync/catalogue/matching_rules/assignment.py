"""
The best overall assignment: as many pairs as possible at the lowest cost, each side
used once. Not the first fit: on a double bill that would swap the two shows as soon as
the platform lists the later one first. Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from ticketsync.catalogue.matching_rules.candidates import Match, sides


def assign(pairs: Sequence[Match]) -> list[Match]:
    """
    As many pairs as possible, at the lowest total cost, each side used once.

    The candidates form small independent groups; each is solved exactly.
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
        show, occurrence = sides(match)
        leader[find(show)] = find(occurrence)
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
    # An unmatched row costs more than all pairs: as many pairs as possible come first.
    unmatched_cost = sum(match.cost for match in pairs) + 1
    costs = [[unmatched_cost] * (len(columns) + len(rows)) for _ in rows]
    match_at: dict[tuple[int, int], Match] = {}
    for match in pairs:
        position = row_of[match.occurrence.occurrence_id], column_of[match.show.show_id]
        costs[position[0]][position[1]] = match.cost
        match_at[position] = match
    solved = cheapest(costs)
    return [
        match_at[position] for position in enumerate(solved) if position in match_at
    ]


def cheapest(costs: Sequence[Sequence[int]]) -> list[int]:
    """
    For each row its column, so that the sum is lowest (Hungarian method).

    Needs at least as many columns as rows; integers keep it exact.
    """
    height, width = len(costs), len(costs[0])
    row_price, column_price = [0] * (height + 1), [0] * (width + 1)
    row_at = [0] * (width + 1)  # which row a column is assigned to; 0 is none
    for row in range(1, height + 1):
        row_at[0] = row
        column = 0
        slack: list[int | None] = [None] * (width + 1)
        previous_column = [0] * (width + 1)
        visited = [False] * (width + 1)
        while row_at[column]:
            visited[column] = True
            current_row = row_at[column]
            smallest_slack: int | None = None
            next_column = 0
            for other in range(1, width + 1):
                if visited[other]:
                    continue
                reduced_cost = (
                    costs[current_row - 1][other - 1]
                    - row_price[current_row]
                    - column_price[other]
                )
                slack_of_other = slack[other]
                if slack_of_other is None or reduced_cost < slack_of_other:
                    slack[other], previous_column[other], slack_of_other = (
                        reduced_cost,
                        column,
                        reduced_cost,
                    )
                if smallest_slack is None or slack_of_other < smallest_slack:
                    smallest_slack, next_column = slack_of_other, other
            assert smallest_slack is not None
            for other in range(width + 1):
                slack_of_other = slack[other]
                if visited[other]:
                    row_price[row_at[other]] += smallest_slack
                    column_price[other] -= smallest_slack
                elif slack_of_other is not None:
                    slack[other] = slack_of_other - smallest_slack
            column = next_column
        while column:
            row_at[column] = row_at[previous_column[column]]
            column = previous_column[column]
    column_of_row = [0] * height
    for column in range(1, width + 1):
        if row_at[column]:
            column_of_row[row_at[column] - 1] = column - 1
    return column_of_row
