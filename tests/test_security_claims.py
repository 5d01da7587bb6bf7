"""
docs/security.md names a test for each of its claims, and each of these tests exists.
"""

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "docs" / "security.md").read_text(encoding="utf-8")
DEFENDED = PAGE.partition("## What is defended\n")[2].partition("## What is not")[0]


def rows():
    """
    The claims: what is attempted, what holds, and the cell with its tests.
    """
    for line in DEFENDED.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| ") and cells[2] != "test |".strip(" |"):
            yield cells


def written(wanted):
    """
    The names of all tests in the files that mention one of those: others take long to
    read.
    """
    for file in TESTS.rglob("test_*.py"):
        text = file.read_text(encoding="utf-8")
        if wanted.isdisjoint(re.findall(r"test_\w+", text)):
            continue
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield node.name


def named():
    return {name for *_, cell in rows() for name in re.findall(r"`(test_\w+)`", cell)}


def test_every_claim_names_a_test():
    claims = list(rows())
    assert len(claims) > 40
    assert [claim for claim in claims if "`test_" not in claim[-1]] == []


def test_every_test_that_a_claim_names_exists():
    assert sorted(named() - set(written(named()))) == []
