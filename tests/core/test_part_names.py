"""
The parts of one date are named by what tells them apart.
"""

import pytest

from ticketsync.core.date_keys import shorten_part_names


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (
            ["9 Dec 2026 7:30pm – Adult", "9 Dec 2026 7:30pm – Guest"],
            ["Adult", "Guest"],
        ),
        (["Gala - Stalls - A", "Gala - Stalls - B"], ["A", "B"]),
        (["Gala - Stalls", "Gala - Stage"], ["Stalls", "Stage"]),
        # Nothing in common up to a dash, nothing left, or nothing to tell apart from.
        (["Adult", "Adult Senior"], ["Adult", "Adult Senior"]),
        (["Fri – Adult", "Sat – Adult"], ["Fri – Adult", "Sat – Adult"]),
        (["Gala – ", "Gala – Guest"], ["Gala – ", "Gala – Guest"]),
        (["Gala – Adult"], ["Gala – Adult"]),
        ([], []),
    ],
)
def test_what_all_parts_begin_with_is_left_out(names, short):
    assert shorten_part_names(names) == short
