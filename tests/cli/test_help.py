"""
What the command line says of itself, and what it takes.
"""

import re
import shlex

import pytest
import typer
from typer.testing import CliRunner

from ticketsync.cli.help_lines import HelpContext
from ticketsync.cli.main import (
    COMMANDS,
    GLOBAL_OPTIONS,
    GROUPS,
    app,
    with_global_options_first,
)
from ticketsync.core import errors

ROOT = typer.main.get_command(app)


def commands_below(command, path=()):
    """
    Each command of the tree without others below it, with its words.
    """
    context = typer.Context(command)
    names = command.list_commands(context) if hasattr(command, "commands") else ()
    if not names:
        yield path, command
    for name in names:
        yield from commands_below(command.get_command(context, name), (*path, name))


ALL = dict(commands_below(ROOT))


def examples_of(command):
    """
    The words of the examples in a command's description.
    """
    lines = " ".join((command.help or "").split()).split("Example: ticketsync ")[1:]
    return [shlex.split(line.partition(" >")[0]) for line in lines]


def test_each_command_is_in_one_group_of_the_overview():
    names = [name for group in GROUPS.values() for name in group]
    assert sorted(names) == sorted(COMMANDS)
    assert len(names) == len({*names})


def test_the_overview_fits_80_columns_without_a_wrapped_description():
    for name, (_, text) in COMMANDS.items():
        assert len(text) <= 80 - 4 - max(map(len, COMMANDS)), name


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_each_command_has_an_example_of_itself(path):
    """
    Each is parsed by its command: an option that is gone would be found.
    """
    found = examples_of(ALL[path])
    assert found
    for given in found:
        # Those of `ticketsync` itself are accepted after the command, too.
        words = [word for word in given if GLOBAL_OPTIONS.get(word) is not False]
        # `link DATE SHOW` is short for `link pair DATE SHOW`.
        is_short = words[0] == "link" and tuple(words[:2]) not in ALL
        named = ("link", "pair") if is_short else path
        rest = words[len(path) :] if tuple(words[: len(path)]) == path else words[1:]
        ALL[named].make_context(" ".join(path), rest)


def help_lines(path):
    context = typer.Context(ROOT)
    command = ROOT
    for name in path:
        command = command.get_command(context, name)
        context = command.context_class(command, info_name=name, parent=context)
    return command.get_help(context).splitlines()


def broken_words(lines):
    """
    The lines that end within `last-week` or `--base-url`.
    """
    return [line for line in lines if re.search(r"\w-$|(^|\s)-$", line)]


def test_no_line_of_help_ends_within_a_word(monkeypatch):
    """
    What is written there is copied. The control: as the library breaks lines.
    """
    monkeypatch.setenv("COLUMNS", "80")
    found = {path: bad for path in ALL if (bad := broken_words(help_lines(path)))}
    assert found == {}

    plain = HelpContext.formatter_class.__base__
    monkeypatch.setattr(HelpContext, "formatter_class", plain)
    assert broken_words(help_lines(("financials", "list"))) != []


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("sync --quiet", "--quiet sync"),
        ("events fetch hx --debug", "--debug events fetch hx"),
        ("runs list --database x.db --json", "--database x.db runs list --json"),
        ("runs list --config=a.yaml", "--config=a.yaml runs list"),
        ("-q status -v", "-q -v status"),
        ("sales raw -- --debug", "sales raw -- --debug"),
        ("--database x.db status", "--database x.db status"),
        ("runs list --database", "--database runs list"),
        ("accounts pause tt --reason=--quiet", "accounts pause tt --reason=--quiet"),
    ],
)
def test_global_options_are_taken_after_the_command_too(given, read):
    assert with_global_options_first(given.split()) == read.split()


@pytest.mark.parametrize("words", ["sync --config", "--config", "runs list --database"])
def test_an_option_without_its_value_is_said(home, words):
    from typer.testing import CliRunner

    done = CliRunner().invoke(app, words.split())
    assert done.exit_code == 2
    assert f"Option '{words.split()[-1]}' requires an argument." in done.output


def test_a_database_named_after_the_command_is_the_one_in_use(home, tmp_path):
    from typer.testing import CliRunner

    done = CliRunner().invoke(app, ["runs", "list", "--database", str(tmp_path / "x")])
    assert isinstance(done.exception, errors.DatabaseError)
    assert str(tmp_path / "x") in str(done.exception)


WITH_A_PERIOD = {
    "financials list": "Use --period last-month.",
    "report sales": "Use --period last-month.",
    "report selling": "Use --period last-month.",
    "sales list": "Use --period last-month.",
    "refunds list": "Use --period last-month.",
    "tax worksheet": "Use --period last-month.",
    "export sales": "Use --sold last-month or --shows last-month.",
    "shows list": "",
}


@pytest.mark.parametrize("words", WITH_A_PERIOD)
def test_a_period_without_its_option_is_told_the_option(words):
    said = CliRunner().invoke(app, [*words.split(), "last-month"])
    assert said.exit_code == 2
    assert "Got unexpected extra argument(s) (last-month)" in said.output
    flat = " ".join(said.output.split())
    hint = WITH_A_PERIOD[words]
    assert flat.endswith(f"(last-month). {hint}" if hint else "(last-month)")
    other = CliRunner().invoke(app, [*words.split(), "nonsense"])
    assert " ".join(other.output.split()).endswith("(nonsense)")
