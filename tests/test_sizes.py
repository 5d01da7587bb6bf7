"""
What the suite leaves to `make thorough` is what `support/sizes.py` says.
"""

import ast
from pathlib import Path
from types import SimpleNamespace

from support import sizes

TESTS = Path(__file__).parent


class Item:
    """
    One case of a test as pytest collects it.
    """

    def __init__(self, name, *values, **markers):
        self.nodeid = f"tests/{name}[{len(values)}]"
        self.callspec = SimpleNamespace(params=dict(enumerate(values)))
        self.markers = {
            marker: SimpleNamespace(args=(value,)) for marker, value in markers.items()
        }

    def get_closest_marker(self, name):
        return self.markers.get(name)

    def add_marker(self, marker):
        self.markers[marker.name] = marker


def left_out(items):
    sizes.mark(items, TESTS)
    return [number for number, it in enumerate(items) if "further_case" in it.markers]


def test_every_test_that_is_chosen_for_postgresql_is_there_and_in_the_suite():
    for name in sizes.CHOSEN.read_text().split():
        file, *classes, function = name.split("::")
        inside = ast.parse((TESTS / file).read_text()).body
        for class_ in classes:
            (inside,) = [it.body for it in inside if getattr(it, "name", "") == class_]
        found = [it for it in inside if getattr(it, "name", "") == function]
        assert found, name
        marks = [ast.unparse(mark) for mark in found[0].decorator_list]
        assert "pytest.mark.thorough" not in marks, name


def test_on_postgresql_the_suite_runs_the_first_case_of_what_is_chosen():
    chosen = sizes.CHOSEN.read_text().split()[0]
    cases = [Item(chosen, "sqlite"), Item(chosen, "postgresql")]
    cases += [Item(chosen, ("postgresql", 2)), Item("cli/test_a.py::b", "postgresql")]
    assert left_out(cases) == [2, 3]


def test_both_databases_run_all_cases_where_it_is_marked_and_in_their_folders():
    marked = [Item("cli/test_a.py::b", "postgresql", on_both_databases=True)] * 2
    inside = [Item("sales/test_a.py::b", "postgresql") for _ in range(2)]
    assert left_out([*marked, *inside]) == []


def test_a_sample_is_every_nth_case_on_each_database():
    lite = [Item("sales/test_a.py::b", "sqlite", sampled=3) for _ in range(5)]
    postgres = [Item("sales/test_a.py::b", "postgresql", sampled=3) for _ in range(3)]
    assert left_out([*lite, *postgres]) == [1, 2, 4, 6, 7]
