"""
One vocabulary: the standard terms of the field. Words that this project once used in a
meaning of its own do not come back, neither in code nor in what people read.
"""

import ast
import re
import tokenize
from functools import cache
from pathlib import Path

import pytest
from support.retired_words import IN_TEXTS

import ticketsync

ROOT = Path(ticketsync.__file__).parent
TESTS = Path(__file__).parent
RETIRED = re.compile(
    r"told|untold|tells?|underst(?:and|ood|anding)|desk|companion|attend|deaf|dearer"
    r"|hurt|fed|patience|skims?|skimmed|complain(?:s|t|ts)?|sitting|converse|farther"
    r"|goodwill|mends?|mended|nonsense|journal|twins?|breathe|rehearsals?|misfits?"
    r"|oddit(?:y|ies)|lonely|healed|lanes?|newcomers?|posters?|unheld"
    r"|troubles|troubled"
)
# Whatever holds such a name matches this: the others need no tokens, which take long.
MAY_NAME = re.compile(rf"(?:(?<![A-Za-z])|(?=[A-Z]))(?i:{RETIRED.pattern})(?![a-z])")
# Whatever holds a function or a file of these names matches this: others need no tree.
VAGUE = {"of", "told", "work", "attend", "tell", "do", "handle", "process_data"}
VAGUE_FILES = {
    *("utils", "helpers", "common", "manager", "misc", "tell", "unseen", "entrance"),
    *("named_files", "foreign_files", "opened_file", "places", "coming", "bodies"),
}
MAY_DEFINE = re.compile(rf"\bdef\s+(?:{'|'.join(VAGUE)})\b")
# Where one text goes on as the next: read as one, as the compiler does.
BREAKS = re.compile(r"""["']\s*(?:#[^\n]*\n\s*)*[fFrRbBuU]{0,2}["']|\\\n""")
# Names in the database, in JSON and in settings stay: others read them.
KEPT = {
    *("is_told", "told_at", "told_in", "not-told", "tells_fees", "tells_kept"),
    "journal_mode",
}


def files():
    """
    The package and the tests; not what is fixed for ever or names the retired words.
    """
    for file in sorted([*ROOT.rglob("*.py"), *TESTS.rglob("*.py")]):
        names_them = file.name in ("test_words.py", "retired_words.py")
        if not {"versions", "old_versions"} & {*file.parts} and not names_them:
            yield file


def place(file):
    return f"{file.parent.name}/{file.name}"


@cache
def written(file):
    return file.read_text(encoding="utf-8")


@cache
def tokens(file):
    with file.open(encoding="utf-8") as stream:
        return {
            (token.type, token.string)
            for token in tokenize.generate_tokens(stream.readline)
            if token.type in (tokenize.NAME, tokenize.COMMENT)
        }


def parsed(file):
    return ast.parse(written(file))


def may_use_one(source):
    """
    Whether a text in this source can have a retired word: the others need no tree.
    """
    joined = re.sub(r"\\[nrt]", " ", BREAKS.sub("", source))
    return IN_TEXTS.search(_without_kept(joined))


def identifiers(file):
    if not MAY_NAME.search(_without_kept(written(file))):
        return set()
    return {text for kind, text in tokens(file) if kind == tokenize.NAME}


@pytest.fixture(scope="module", autouse=True)
def forgotten():
    """
    The trees of all files are millions of objects: no other test carries them along.
    """
    yield
    for kept in (tokens, written):
        kept.cache_clear()


def parts(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().split("_")


def test_no_name_is_a_retired_word():
    found = {
        (place(file), name)
        for file in files()
        for name in identifiers(file)
        if (file.name, name) != ("backup.py", "journal")  # SQLite has one
        and any(map(RETIRED.fullmatch, parts(_without_kept(name))))
    }
    assert found == set()


def texts(file):
    """
    Docstrings, messages and comments; not the words that other programs read.
    """
    if not may_use_one(written(file)):
        return
    for node in ast.walk(parsed(file)):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and " " in node.value:
            yield node.value
    if IN_TEXTS.search(_without_kept(written(file))):
        yield from (text for kind, text in tokens(file) if kind == tokenize.COMMENT)


def test_no_text_uses_a_retired_word():
    found = {
        (place(file), match.group())
        for file in files()
        for text in texts(file)
        for match in IN_TEXTS.finditer(_without_kept(text))
        if (file.name, match.group()) != ("test_upgrade.py", "deaf")  # as it was stored
    }
    assert found == set()


@pytest.mark.parametrize(
    "source",
    [
        '"""They were told."""',
        'say("It is no " "currency.")',
        "say(\n    'It is '\n    f'no currency: {name}'\n)",
        'say("It is "  # a remark\n    "no currency")',
        '"It is no \\\ncurrency"',
        '"A line.\\nnobody is here"',
        "x = 1  # nobody is here",
    ],
)
def test_a_text_with_a_retired_word_would_be_found(source, tmp_path):
    file = tmp_path / "module.py"
    file.write_text(source)
    assert any(IN_TEXTS.search(text) for text in texts(file))


def _without_kept(text):
    for name in KEPT:
        text = text.replace(name, "")
    return text


def test_no_function_and_no_file_has_a_name_that_says_nothing():
    found = {
        (place(file), node.name)
        for file in files()
        if MAY_DEFINE.search(written(file))
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.FunctionDef) and node.name in VAGUE
    }
    found |= {(place(file), file.stem) for file in files() if file.stem in VAGUE_FILES}
    assert found == set()
