"""
One vocabulary: the standard terms of the field. Words that this project once used in a
meaning of its own do not come back, neither in code nor in what people read.
"""

import ast
import re
import tokenize
from pathlib import Path

import ticketsync

ROOT = Path(ticketsync.__file__).parent
RETIRED = re.compile(
    r"told|untold|tells?|underst(?:and|ood|anding)|desk|companion|attend|deaf|dearer"
    r"|hurt|fed|patience|skims?|skimmed|complain(?:s|t|ts)?|sitting|converse|farther"
    r"|goodwill|mends?|mended|nonsense|journal"
)
# Names in the database, in JSON and in settings stay: others read them.
KEPT = {
    *("is_told", "told_at", "told_in", "not-told", "tells_fees", "tells_kept", "mend"),
    "journal_mode",
}


def files():
    for file in sorted(ROOT.rglob("*.py")):
        if "versions" not in file.parts:  # migrations never change
            yield file


def identifiers(file):
    with file.open(encoding="utf-8") as stream:
        for token in tokenize.generate_tokens(stream.readline):
            if token.type == tokenize.NAME:
                yield token.string


def parts(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().split("_")


def test_no_name_is_a_retired_word():
    found = {
        (str(file.relative_to(ROOT)), name)
        for file in files()
        for name in identifiers(file)
        if name not in KEPT
        and (file.name, name) != ("backup.py", "journal")  # SQLite has one
        and any(map(RETIRED.fullmatch, parts(name)))
    }
    assert found == set()


def texts(file):
    """
    Docstrings, messages and comments; not the words that other programs read.
    """
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and " " in node.value:
            yield node.value
    with file.open(encoding="utf-8") as stream:
        for token in tokenize.generate_tokens(stream.readline):
            if token.type == tokenize.COMMENT:
                yield token.string


QUAINT = re.compile(
    r"\b(?:told|untold|deaf|dearer|nobody is (?:here|there)|is no currency|is none that"
    r"|mend them|whose turn|works it off|worked off|understood as|the house is)\b",
    re.IGNORECASE,
)


def test_no_text_uses_a_retired_word():
    found = {
        (str(file.relative_to(ROOT)), match.group())
        for file in files()
        for text in texts(file)
        for match in QUAINT.finditer(_without_kept(text))
    }
    assert found == set()


def _without_kept(text):
    for name in KEPT:
        text = text.replace(name, "")
    return text


def test_no_function_and_no_file_has_a_name_that_says_nothing():
    vague = {"of", "told", "work", "attend", "tell", "do", "handle", "process_data"}
    found = {
        (str(file.relative_to(ROOT)), node.name)
        for file in files()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name in vague
    }
    found |= {
        (str(file.relative_to(ROOT)), file.stem)
        for file in files()
        if file.stem in {"utils", "helpers", "common", "manager", "misc", "tell"}
    }
    assert found == set()
