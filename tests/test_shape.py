"""
The shape of the package: files, functions and what imports what stay small enough to
be read. `python tests/test_shape.py` prints the figures.
"""

import ast
import statistics
from functools import cache
from pathlib import Path

import pytest

import ticketsync

ROOT = Path(ticketsync.__file__).parent
LONG, LONGEST = 450, 500
FUNCTION_MEDIAN, FUNCTION_95 = 6, 28


@cache
def sources():
    """
    The text of each module by its path; the sandbox plays other people's platforms.
    """
    files = {file.relative_to(ROOT).as_posix(): file for file in ROOT.rglob("*.py")}
    return {
        name: file.read_text()
        for name, file in sorted(files.items())
        if not name.startswith("sandbox/")
    }


@pytest.fixture(scope="module", autouse=True)
def forgotten():
    yield
    sources.cache_clear()


def long_files(texts):
    sizes = {name: len(text.splitlines()) for name, text in texts.items()}
    return {name: size for name, size in sizes.items() if size > LONG}


def function_sizes(texts):
    """
    The lines of each function's body, without its docstring.
    """
    return sorted(
        _body_size(node)
        for text in texts.values()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def _body_size(function):
    body = function.body
    if ast.get_docstring(function) is not None and len(body) > 1:
        body = body[1:]
    return body[-1].end_lineno - body[0].lineno + 1


def at_part(sizes, part):
    return sizes[int(len(sizes) * part)]


def test_files_are_short():
    found = long_files(sources())
    assert len(found) <= 2, found
    assert max(found.values(), default=0) <= LONGEST, found


def test_functions_are_short():
    sizes = function_sizes(sources())
    assert statistics.median(sizes) <= FUNCTION_MEDIAN
    assert at_part(sizes, 0.95) <= FUNCTION_95


def test_a_long_file_and_a_long_function_are_counted():
    """
    451 lines, of which one function has 449 without its docstring.
    """
    lines = ["def work():", '    """Works."""', *["    pass"] * 449]
    texts = {"long.py": "\n".join(lines), "short.py": "def one():\n    return 1\n"}
    assert long_files(texts) == {"long.py": 451}
    assert function_sizes(texts) == [1, 449]
    assert at_part(function_sizes(texts), 0.95) == 449


if __name__ == "__main__":
    sizes = function_sizes(sources())
    print(f"files over {LONG} lines: {long_files(sources())}")
    print(f"functions: {len(sizes)}, median {statistics.median(sizes)} lines, ", end="")
    print(f"95th percentile {at_part(sizes, 0.95)}, longest {sizes[-1]}")
