"""
Every name of ours that a test uses or patches exists. A function that is renamed breaks
the tests that `make test` leaves to `make thorough`, too, and nobody sees it at once.
"""

import ast
import builtins
import importlib
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

TESTS = Path(__file__).parent
FILES = [
    file
    for file in sorted(TESTS.rglob("*.py"))
    # These run with the versions they are named after; this one has wrong names below.
    if "old_versions" not in file.parts and file != Path(__file__)
]


def found(module, name):
    try:
        return getattr(module, name)
    except AttributeError:
        return importlib.import_module(f"{module.__name__}.{name}")


def exists(module, name):
    try:
        found(module, name)
    except ImportError:
        return False
    return True


def of_ours(node):
    return isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
        "ticketsync"
    )


def missing_names(text):
    """
    The names in this Python text that our modules do not have: imported ones, and the
    attributes of imported modules, read or patched.
    """
    tree = ast.parse(text)
    nodes = list(ast.walk(tree))
    modules, missing = {}, missing_in_scripts(nodes)
    for node in filter(of_ours, nodes):
        module = importlib.import_module(node.module)
        for alias in node.names:
            if not exists(module, alias.name):
                missing.append(f"{node.module}.{alias.name}")
            elif isinstance(value := found(module, alias.name), ModuleType):
                modules[alias.asname or alias.name] = value
    for name in names_given_elsewhere(nodes):
        modules.pop(name, None)
    return missing + [
        f"{modules[owner].__name__}.{name}"
        for owner, name in used_attributes(nodes)
        if owner in modules and not exists(modules[owner], name)
        if not hasattr(builtins, name)  # a module may be given its own `sorted`
    ]


# An import in the text of a script that another process runs.
IMPORT = re.compile(r"\bfrom (ticketsync[\w.]*) import ((?:\w+(?: as \w+)?(?:, )?)+)")


def missing_in_scripts(nodes):
    """
    The same for what scripts import, which are texts in the tests.
    """
    texts = [
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    return [
        f"{owner}.{name}"
        for text in texts
        for owner, names in IMPORT.findall(text)
        for name in re.findall(r"(\w+)(?: as \w+)?(?:, |$)", names)
        if not is_module(owner) or not exists(importlib.import_module(owner), name)
    ]


def is_module(name):
    return importlib.util.find_spec(name) is not None


def names_given_elsewhere(nodes):
    """
    Names that are variables or parameters somewhere: they may mean something else.
    """
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg


def used_attributes(nodes):
    for node in nodes:
        match node:
            case ast.Attribute(value=ast.Name(id=owner), attr=name):
                yield owner, name
            case ast.Call(
                func=ast.Attribute(attr="setattr"),
                args=[ast.Name(id=owner), ast.Constant(value=str(name)), *_],
            ):
                yield owner, name


def test_every_name_of_ours_in_the_tests_exists():
    assert len(FILES) > 400
    missing = {file: missing_names(file.read_text()) for file in FILES}
    assert {str(file): names for file, names in missing.items() if names} == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from ticketsync.core import clock\nclock.now()", []),
        ("from ticketsync.core import clok", ["ticketsync.core.clok"]),
        (
            "from ticketsync.core import clock\nclock.nov()",
            ["ticketsync.core.clock.nov"],
        ),
        (
            "run('from ticketsync.core import clock, clok as it; it.now()')",
            ["ticketsync.core.clok"],
        ),
        (
            "def test(monkeypatch):\n"
            "    from ticketsync.core import clock\n"
            "    monkeypatch.setattr(clock, 'nov', None)",
            ["ticketsync.core.clock.nov"],
        ),
    ],
)
def test_a_name_that_is_gone_is_found(text, expected):
    assert missing_names(text) == expected
