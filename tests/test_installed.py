"""
What is installed is what was tested: the versions of constraints.txt, licences that fit
ours; and each exemption from the linters has its reason beside it.
"""

import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PINNED = dict(
    line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines()
)
# What an environment brings by itself, and ourselves.
NOT_OURS = {"pip", "wheel", "ticketsync"}


def plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def installed():
    found = {}
    for item in importlib.metadata.distributions():
        found.setdefault(plain(item.name), item)
    return {
        name: item
        for name, item in found.items()
        if name not in NOT_OURS and not name.startswith("ticketsync-")
    }


def test_installed_versions_are_those_of_the_constraints():
    pinned = {plain(name): version for name, version in PINNED.items()}
    versions = {name: item.version for name, item in installed().items()}
    different = {
        name: (version, pinned.get(name, "not in constraints.txt"))
        for name, version in versions.items()
        if pinned.get(name) != version
    }
    assert different == {}


# Permissive licences, and weak copyleft that binds only changes of the library itself.
LICENCES = re.compile(
    r"MIT(?:-0|-CMU)?|BSD(?:-[23]-Clause)?|Apache(?:[- ]License)?(?:[- ]2\.0)?"
    r"|ISC|PSF-2\.0|Python-2\.0|CNRI-Python|0BSD|Zlib|Unlicense|CC0-1\.0|MPL[- ]2\.0"
    r"|LGPL-(?:2\.1|3\.0)(?:-only|-or-later)?|GPL-3\.0-with-GCC-exception"
    r"|LLVM-exception|OpenSSL|Bzip2|PostgreSQL"
)
# Their metadata say nothing; what the file beside them says.
FROM_FILES = {"axe-playwright-python": "MIT"}
# Long-winded names of the same, as classifiers have them.
NAMES = {
    "MIT License": "MIT",
    "BSD License": "BSD",
    "ISC License (ISCL)": "ISC",
    "Apache Software License": "Apache-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
}


def licence(item):
    """
    The licence of a distribution, as its metadata say.
    """
    meta = item.metadata
    if meta.get("License-Expression"):
        return meta["License-Expression"]
    classified = [
        text.rpartition(" :: ")[2]
        for text in meta.get_all("Classifier", [])
        if text.startswith("License :: ") and text != "License :: OSI Approved"
    ]
    if classified:
        return " OR ".join(NAMES.get(name, name) for name in classified)
    return next(iter((meta.get("License") or "").strip().splitlines()), "none")


def unfit(expression):
    """
    The parts of a licence expression that are not on the list; of alternatives one is
    enough.
    """
    alternatives = re.split(r"\s+OR\s+", expression.strip("() "))
    found = [
        [
            part
            for part in re.split(r"\s+(?:AND|WITH)\s+", alternative.strip("() "))
            if not LICENCES.fullmatch(NAMES.get(part.strip("() "), part.strip("() ")))
        ]
        for alternative in alternatives
    ]
    return min(found, key=len)


# Programs that tests start and nothing imports: their licence binds none of our code.
STARTED = {"beancount": "GPL-2.0-only"}


def test_every_licence_is_on_the_list():
    found = {name: licence(item) for name, item in installed().items()} | FROM_FILES
    unlisted = {name: text for name, text in found.items() if unfit(text)}
    assert unlisted.items() <= STARTED.items()


@pytest.mark.parametrize("name", STARTED)
def test_what_is_only_started_is_neither_imported_nor_shipped(name):
    files = [*(ROOT / "ticketsync").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    imported = re.compile(rf"^\s*(?:import|from) {name}\b", re.MULTILINE)
    assert [f.name for f in files if imported.search(f.read_text("utf-8"))] == []
    shipped = importlib.metadata.requires("ticketsync")
    assert [text for text in shipped if plain(text).startswith(name)] == []


@pytest.mark.parametrize(
    ("expression", "fits"),
    [
        ("MIT", True),
        ("Apache-2.0 OR BSD-3-Clause", True),
        ("GPL-3.0-only", False),
        ("MIT AND AGPL-3.0-or-later", False),
        ("GPL-2.0-only OR MIT", True),
        ("Proprietary", False),
        ("none", False),
    ],
)
def test_a_licence_that_does_not_fit_would_be_found(expression, fits):
    assert (not unfit(expression)) is fits


EXEMPTION = re.compile(r"# (?:noqa|nosec|type: ignore)\b")
WITH_REASON = re.compile(
    r"(?:# (?:noqa: [A-Z0-9, ]+|nosec [B0-9, ]+|type: ignore\[[a-z-]+\])  )+[#(] ?\w"
)


def unexplained(text):
    return [
        line.strip()
        for line in text.splitlines()
        if (found := EXEMPTION.search(line))
        and not WITH_REASON.match(line, found.start())
    ]


def test_every_exemption_has_its_reason():
    files = sorted((ROOT / "ticketsync").rglob("*.py"))
    found = {str(file): unexplained(file.read_text()) for file in files}
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "line",
    ["x = 1  # noqa", "x = 1  # nosec", "x  # noqa: S105", "x  # type: ignore[misc]"],
)
def test_an_exemption_without_a_reason_would_be_found(line):
    assert unexplained(line) == [line]


def test_bandit_skips_only_what_the_settings_explain():
    text = (ROOT / "pyproject.toml").read_text()
    skipped = tomllib.loads(text)["tool"]["bandit"]["skips"]
    section = text.partition("[tool.bandit]")[2].partition("\n[")[0]
    reasons = [line for line in section.splitlines() if '"B' in line and "  # " in line]
    assert {rule for line in reasons for rule in re.findall(r"B\d+", line)} == {
        *skipped
    }
    assert "bandit" in (ROOT / "Makefile").read_text()
