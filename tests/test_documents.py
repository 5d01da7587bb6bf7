"""
The documents tell the truth: every command in them exists, every example runs.
"""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import faults
import pytest
import yaml
from support import commands

from ticketsync.core import config
from ticketsync.sandbox import server, ticket_tailor, world

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]


def console():
    """
    The lines of the README that begin with a prompt, in their order.
    """
    return [
        line.removeprefix("$ ")
        for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL)
        for line in block.splitlines()
        if line.startswith("$ ")
    ]


def test_the_examples_of_the_readme_run_as_they_stand(home, tmp_path):
    """
    As a new user would: a shell, an empty folder, only the README.
    """
    lines = console()
    assert len(lines) >= 10
    folder = tmp_path / "work"
    folder.mkdir()
    sandbox = server.Sandbox(world.build(orders=120))
    assert f"export TT_KEY={sandbox.key}" in lines
    with server.serving(sandbox) as url:
        script = "\n".join(lines).replace("http://127.0.0.1:8765/v1", url)
        command = f'ticketsync() {{ "{sys.executable}" -m ticketsync "$@"; }}'
        done = subprocess.run(
            ["/bin/sh", "-e"],
            input=f"{command}\n{script}\n",
            cwd=folder,
            capture_output=True,
            text=True,
        )
    assert done.returncode == 0, done.stderr
    assert "40 shows, AUD" in done.stdout
    assert {file.name for file in folder.iterdir()} == {
        *("financials.csv", "financials.json", "sales.csv", "refunds.csv")
    }


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_in_the_documents_exists(name, capsys):
    from ticketsync.cli.main import COMMANDS, app

    text = (ROOT / name).read_text(encoding="utf-8")
    found = {
        tuple(shlex.split(match)[:2])
        for match in re.findall(r"ticketsync ((?:[a-z-]+ ?){1,2})", text)
        if match.split()[0] in COMMANDS
    }
    for words in found:
        group = words[:1]
        with pytest.raises(SystemExit) as ended:
            app([*group, "--help"], prog_name="ticketsync")
        assert ended.value.code == 0
        shown = capsys.readouterr().out
        if len(words) == 2 and "COMMAND" in shown:
            assert re.search(rf"^\s+{words[1]}\b", shown, re.MULTILINE), words


def test_make_targets_in_the_documents_exist():
    makefile = (ROOT / "Makefile").read_text()
    for name in DOCUMENTS:
        for target in re.findall(r"^make ([a-z]+)$", (ROOT / name).read_text(), re.M):
            assert f"\n{target}:" in makefile


def test_the_example_settings_name_every_setting():
    text = (ROOT / "config.example.yaml").read_text(encoding="utf-8")
    read = yaml.safe_load(text)
    assert set(read["sync"]) == set(config.SyncSettings.__slots__)
    assert set(read["notify"]) == set(config.NotifySettings.__slots__)
    assert set(read["serve"]) == set(config.ServeSettings.__slots__)
    assert set(read) == {
        *("database", "sync", "matching", "network", "people", "shows", "notify"),
        *("serve", "log", "accounts"),
    }
    assert set(read["accounts"]["tt"]["fees"]) == set(config.FeeSchedule.__slots__)


def test_the_package_contains_the_example_settings():
    """
    Two copies: one to read in the repository, one in the wheel.
    """
    packaged = ROOT / "ticketsync" / "core" / "config.example.yaml"
    written = (ROOT / "config.example.yaml").read_text(encoding="utf-8")
    assert packaged.read_text(encoding="utf-8") == written, (
        "run `cp config.example.yaml ticketsync/core/`"
    )
    done = commands.run("config", "example", check=True)
    assert done.stdout == written


def test_the_readme_lists_every_built_in_platform():
    from ticketsync.providers import registry

    for item in registry.list_providers():
        assert item.provider is not None
        assert f"| {item.provider.spec.title} |" in README


def test_the_sandbox_key_in_the_readme_is_the_sandboxs():
    assert ticket_tailor.KEY in README


def test_the_demo_is_equal_to_the_truth_and_fits_eighty_columns(home, tmp_path):
    folder = tmp_path / "kept"
    done = subprocess.run(
        [sys.executable, "-m", "ticketsync", "demo", "--keep", str(folder)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "Equal to the cent." in done.stdout
    assert done.stdout.count(": oversold, 248 sold of 240 seats\n") == 1
    assert done.stdout.count("oversold, ") == 1
    wide = [line for line in done.stdout.splitlines() if len(line) > 80]
    assert [line for line in wide if str(folder) not in line] == []
    assert (folder / "financials.csv").exists()
    assert (folder / "ticketsync.db").exists()
    shutil.rmtree(folder)


def test_the_project_speaks_of_itself_alone():
    """
    No path of anybody's machine, no package registry.
    """
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True
    ).stdout.split()
    files = [ROOT / name for name in listed if (ROOT / name).suffix != ".db"]
    words = ("/wo" + "rk/", "/ro" + "ot/", "py" + "pi.org", "python" + "hosted")
    pattern = re.compile("|".join(map(re.escape, words)))
    guilty = [
        file.name
        for file in files
        if file.is_file() and pattern.search(file.read_text("utf-8", "replace"))
    ]
    assert guilty == []


def test_every_fault_that_is_handled_has_its_tests_in_the_table():
    assert faults.faults_without_test() == []
    assert faults.faults_without_title() == []
    written = (ROOT / "tests" / "README.md").read_text()
    assert written == faults.page(), "run `make faults`"


def test_the_fault_check_would_find_one_without_a_test(monkeypatch):
    monkeypatch.setitem(faults.HANDLED, 9999, "nobody thought of it")
    assert faults.faults_without_test() == [9999]
