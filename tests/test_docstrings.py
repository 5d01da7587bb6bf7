"""
What public functions promise: each one that raises an error of ours names it.
"""

import ast
from pathlib import Path

import pytest

import ticketsync
from ticketsync.core import errors

PACKAGE = Path(ticketsync.__file__).parent
# A command's docstring is its help; the sandbox raises for the sandbox alone.
LEFT_OUT = ("cli", "sandbox", "store/migrations")


def sources():
    for file in sorted(PACKAGE.rglob("*.py")):
        name = file.relative_to(PACKAGE).as_posix()
        if not name.startswith(LEFT_OUT):
            yield name, ast.parse(file.read_text())


def name_of(node):
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", None)


def error_names(trees):
    """
    The names of our errors: those of `core.errors`, and the classes that extend them.
    """
    names = {n for n, v in vars(errors).items() if isinstance(v, type)}
    names = {n for n in names if issubclass(getattr(errors, n), Exception)}
    classes = [n for t in trees for n in ast.walk(t) if isinstance(n, ast.ClassDef)]
    for _ in range(3):  # a class may extend one that extends ours
        names |= {c.name for c in classes if names & set(map(name_of, c.bases))}
    return names


class Raised(ast.NodeVisitor):
    """
    The errors that a function's own statements raise.
    """

    def __init__(self, known):
        self.known = known
        self.found = set()

    def visit_FunctionDef(self, node):
        """
        Says nothing of the function around it.
        """

    visit_AsyncFunctionDef = visit_Lambda = visit_FunctionDef

    def visit_Raise(self, node):
        raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        if name_of(raised) in self.known:
            self.found.add(name_of(raised))


def public_functions(body, prefix=""):
    for node in body:
        if getattr(node, "name", "_").startswith("_"):
            continue
        if isinstance(node, ast.ClassDef):
            yield from public_functions(node.body, f"{node.name}.")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + node.name, node


def unnamed_errors(tree, known):
    """
    The errors that public functions raise and their docstrings do not name.
    """
    for name, function in public_functions(tree.body):
        raised = Raised(known)
        for statement in function.body:
            raised.visit(statement)
        text = ast.get_docstring(function) or ""
        for error in sorted(raised.found):
            if f"`{error}`" not in text:
                yield f"{name} raises {error}"


def test_public_functions_name_the_errors_they_raise():
    files = dict(sources())
    known = error_names(files.values())
    missing = [
        f"{file}: {unnamed}"
        for file, tree in files.items()
        for unnamed in unnamed_errors(tree, known)
    ]
    assert missing == []


@pytest.mark.parametrize(
    ("docstring", "expected"),
    [("Opens it.", ["open_it raises NotFound"]), ("Raises `NotFound`.", [])],
)
def test_an_error_that_is_not_named_is_found(docstring, expected):
    source = f'def open_it():\n    """{docstring}"""\n    raise errors.NotFound("x")\n'
    assert list(unnamed_errors(ast.parse(source), {"NotFound"})) == expected
