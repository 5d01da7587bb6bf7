"""
What is said of an optional part that is missing installs it where ticketsync runs.
"""

import re
import sys
import tomllib
from pathlib import Path

import pytest

from ticketsync.core import extras

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

BY_PIPX = {
    "postgres": "pipx inject ticketsync 'psycopg[binary]>=3.2'",
    "notify": "pipx inject ticketsync 'apprise>=1.9'",
    "pdf": "pipx inject ticketsync 'typst>=0.13' 'segno>=1.6'",
    "parquet": "pipx inject ticketsync 'duckdb>=1.4'",
}


@pytest.fixture
def prefix(tmp_path, monkeypatch):
    folder = tmp_path / "pipx" / "venvs" / "ticketsync"
    folder.mkdir(parents=True)
    monkeypatch.setattr(sys, "prefix", str(folder))
    return folder


@pytest.mark.parametrize("extra", PROJECT["optional-dependencies"])
def test_what_pipx_installed_needs_another_command(prefix, extra):
    assert extras.install_command(extra) == f"pip install 'ticketsync[{extra}]'"
    (prefix / "pipx_metadata.json").write_text("{}")
    assert extras.install_command(extra) == BY_PIPX[extra]


def test_an_environment_of_pipx_has_the_name_it_was_given(prefix):
    other = prefix.rename(prefix.with_name("ticketsync-2"))
    sys.prefix = str(other)
    (other / "pipx_metadata.json").write_text("{}")
    assert extras.install_command("parquet") == (
        "pipx inject ticketsync-2 'duckdb>=1.4'"
    )


def test_no_message_names_an_installer_of_its_own():
    """
    All of them ask `install_command`.
    """
    named = re.compile(r"pip install|pipx inject")
    files = (ROOT / "ticketsync").rglob("*.py")
    found = [it.name for it in files if named.search(_code(it))]
    assert found == ["extras.py"]


def _code(file):
    return re.sub(r'^""".*?"""', "", file.read_text(), count=1, flags=re.DOTALL)
