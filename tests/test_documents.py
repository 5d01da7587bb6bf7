"""
The documents tell the truth: every command in them exists, every example runs.
"""

import contextlib
import re
import shlex
import sqlite3
import subprocess
from collections import defaultdict
from datetime import datetime
from pathlib import Path

import faults
import platforms as platform_table
import pytest
import yaml
from support import commands, documents
from support.retired_words import IN_DOCUMENTS

from ticketsync.catalogue.matching_rules import matching
from ticketsync.core import clock
from ticketsync.core.settings import config, tax_rules
from ticketsync.providers.file_import.recipes import recipe
from ticketsync.sandbox import platforms, server, ticket_tailor, world
from ticketsync.sandbox.wix_records import number_of
from ticketsync.store import views

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = sorted(f"docs/{file.name}" for file in (ROOT / "docs").glob("*.md"))
DOCUMENTS = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", *PAGES]
# Commands that only `sh` blocks may show, because a test cannot run them.
NOT_RUN = {
    "demo --keep": "has a test of its own",
    "serve": "does not end",
    "sandbox serve": "does not end",
    "schedule install": "changes the scheduler of the machine",
    "schedule remove": "changes the scheduler of the machine",
    "export sales --every": "changes the scheduler of the machine",
    "notify test": "sends",
    "report daily --send": "sends",
    "report weekly --send": "sends",
    "accounts add square bar --oauth": "needs a browser",
    "webhooks register": "needs an address that the platform can reach",
    "webhooks simulate": "needs a running receiver",
    "webhooks retry": "needs deliveries",
    "webhooks replay": "needs deliveries",
    "financials list --as-of": "a new database has no past yet",
    "sales list --as-of": "a new database has no past yet",
    "export sales --sold 2026-10 --as-of": "a new database has no past yet",
}


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


def test_the_examples_of_the_readme_run_as_they_stand(home, tmp_path, scripts):
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
        command = f'ticketsync() {{ "{scripts.program}" "$@"; }}'
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


@pytest.fixture(scope="session")
def first_figures(tmp_path_factory):
    """
    The venue as the README's first figures leave it, on the day of the examples.
    """
    moment = datetime.fromisoformat(documents.MOMENT)
    first = world.build(today=moment.date())
    others = platforms.build_others(today=moment.date(), shares_seats_with=first)
    sandbox = server.Sandbox(first, others=others)
    sandbox.clock = moment.timestamp
    with server.serving(sandbox) as url:
        venue = documents.Venue(tmp_path_factory.mktemp("first"), sandbox, url)
        venue.create()
        keys = {"eventbrite": "EB", "humanitix": "HX", "wix": "WIX", "square": "SQ"}
        for platform in others:
            venue.environment[f"{keys[platform.name]}_KEY"] = platform.key
        assert_done(venue.run(console()))
        yield venue


def test_the_orders_that_examples_simulate_are_there(first_figures):
    """
    `webhooks simulate` needs a running receiver, so only what it names is looked up.
    """
    of = first_figures.sandbox.platforms
    known = {f"or_{purchase.id}" for purchase in of["ticket_tailor"].world.purchases}
    known |= {number_of(purchase) for purchase in of["wix"].world.purchases}
    text = (ROOT / "docs/webhooks.md").read_text(encoding="utf-8")
    named = re.findall(r"webhooks simulate \w+ ([^-\s]\S*)", text)
    assert len(named) == 2
    assert {*named} <= known


def assert_done(results):
    for step, result in results:
        assert result["code"] == 0, (step["words"], result)


@pytest.mark.parametrize("name", PAGES)
def test_the_examples_of_every_page_run_as_they_stand(name, first_figures, tmp_path):
    """
    After the README's first figures: its files are written, its commands run in their
    order, and its queries answered.
    """
    venue = first_figures.copy(tmp_path / "page")
    blocks = documents.blocks(name)
    for block in blocks:
        if block.name:
            folder = venue.home if block.name == "config.yaml" else venue.folder
            (folder / block.name).parent.mkdir(exist_ok=True)
            (folder / block.name).write_text(block.text, encoding="utf-8")
    lines = [
        line
        for block in blocks
        if block.kind == "console"
        for line in documents.commands_of(block)
    ]
    if lines:
        assert_done(venue.run(lines))
    with contextlib.closing(sqlite3.connect(venue.home / "ticketsync.db")) as opened:
        for block in blocks:
            if block.kind == "sql" and not block.text.startswith("CREATE ROLE"):
                for query in filter(str.strip, block.text.split(";")):
                    assert opened.execute(query).fetchall(), query


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_setting_and_recipe_in_the_documents_is_valid(name):
    for block in documents.blocks(name):
        if block.kind == "yaml":
            read = recipe.parse_recipe if "columns:" in block.text else config.read
            read(block.text, name)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_a_document_does_not_run_has_a_reason(name):
    for block in documents.blocks(name):
        assert block.kind in {"console", "sh", "text", "yaml", "csv", "sql", "toml"}
        if block.kind == "sh":
            for line in documents.commands_of(block):
                words = line.removeprefix("ticketsync ")
                assert words == line or any(map(words.startswith, NOT_RUN)), line


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_in_the_documents_takes_what_it_is_given(name):
    """
    In blocks and in running text: options and arguments are parsed, nothing is run.
    """
    from ticketsync.cli.main import COMMANDS

    text = (ROOT / name).read_text(encoding="utf-8")
    lines = re.findall(r"^(?:\$ )?ticketsync (.+)$", text, re.MULTILINE)
    inline = re.findall(r"`ticketsync ([^`\n]+)`", text)
    for line in lines + [words for words in inline if "…" not in words]:
        words = shlex.split(line.split(" > ")[0])
        if words[0] in COMMANDS:
            parse([re.sub("^(RUN|SHOW)$", "1", word) for word in words])


def parse(words):
    """
    Parse a command line as the program does, without running it.
    """
    import typer

    from ticketsync.cli.main import app

    command, context = typer.main.get_command(app), None
    words = ["ticketsync", *words]
    while True:
        is_group = hasattr(command, "resolve_command")
        if is_group and len(words) == 1:
            return
        context = command.make_context(words[0], words[1:], parent=context)
        rest = [*context._protected_args, *context.args]
        if not is_group or not rest:
            return
        name, command, rest = command.resolve_command(context, rest)
        words = [name, *rest]


def test_the_platforms_in_the_readme_are_those_of_the_program():
    assert platform_table.page() == README, "run `make platforms`"


def test_the_readme_is_short():
    prose = re.sub(r"```.*?```|^\|.*?$|<!--.*?-->", "", README, flags=re.S | re.M)
    assert len(prose.split()) <= 450
    assert (ROOT / "docs" / "overview.png").stat().st_size < 200_000


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_document_uses_a_retired_word(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert IN_DOCUMENTS.findall(text) == []


@pytest.mark.parametrize("name", PAGES)
def test_every_sentence_of_a_page_has_its_own_line(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    prose = re.sub(r"```.*?```|^[|>-].*?$|`[^`]*`", "", text, flags=re.S | re.M)
    assert re.findall(r"^.*[a-z)]\. [A-Z].*$", prose, re.MULTILINE) == []


def test_the_demo_is_equal_to_the_truth_and_the_readme_shows_its_figures(
    tmp_path, frozen
):
    """
    It fits 80 columns, its commands are whole ones, its first shows that platforms sell
    are those of the README, its totals are those of all platforms and the door in each
    currency, and its box office sold three tickets that the kept database has, too.
    """
    (printed,) = [
        block.text
        for block in documents.blocks("README.md")
        if block.text.startswith("$ ticketsync financials list\n")
    ]
    lines = printed.splitlines()[1:]
    assert len(lines) >= 12
    venue = documents.Venue(tmp_path / "demo", None, "")
    venue.create()
    results = venue.run(
        [
            f"ticketsync demo --keep {venue.home}",
            "ticketsync financials list",
            "ticketsync boxoffice orders list",
        ]
    )
    assert_done(results)
    demo, shown, own = (result["stdout"].splitlines() for _, result in results)
    assert any("Equal to the cent." in line for line in demo)
    commands = [line.removeprefix("$ ") for line in demo if line.startswith("$ ")]
    assert len(commands) == 16
    for command in commands:
        program, *words = shlex.split(command)
        assert (program, "SHOW" in words) == ("ticketsync", False), command
        parse(words)
    (oversold,) = [line for line in demo if "oversold, " in line]
    assert oversold.endswith(": oversold, 248 sold of 240 seats")
    at_totals = next(n for n, line in enumerate(demo) if line.startswith("ALL SHOWS"))
    totals = [line.split() for line in demo[at_totals + 2 : at_totals + 4]]
    assert any(line.startswith("A group of 43 bought") for line in demo)
    frozen(clock.from_iso(documents.MOMENT))
    assert totals == true_totals(door=(49, 1911_00))  # 1 + 2 + 3 + 43 at 39.00
    compared = [line.split() for line in demo[-20:] if line.startswith("humanitix")]
    assert [line[1] for line in compared] == ["AUD", "NZD"]
    assert all(line[2:4] == line[4:6] != ["0", "0.00"] for line in compared)
    counter = [line.split() for line in demo if line.startswith("boxoffice")]
    assert counter == [
        ["boxoffice", "3", "98.00", "0.00", "0.00", "98.00", "AUD"],
        ["boxoffice", "AUD", "3", "98.00", "3", "98.00"],
    ]
    assert [line.split()[-5:] for line in own[2:]] == [
        ["paid", "3", "98.00", "0.00", "AUD"]
    ]
    wide = [line for line in demo if len(line) > 80]
    assert [line for line in wide if str(venue.home) not in line] == []
    assert (venue.home / "financials.csv").exists()
    shown = [line.rstrip() for line in shown]
    at = shown.index(lines[4])
    assert lines == [*shown[:4], *shown[at : at + len(lines) - 4]]


def true_totals(door):
    """
    What all platforms of the demo's world sold before its second day, and what the door
    did, by currency: tickets, gross, refunded, and gross less refunds.
    """
    first = world.build()
    worlds = [
        platform.world for platform in platforms.build_others(shares_seats_with=first)
    ]
    sold = defaultdict(lambda: [0, 0, 0])
    sold["AUD"] = [*door, 0]
    for row in (row for it in (first, *worlds) for row in world.truth(it)):
        earned = (row.tickets_sold, row.gross, row.refunded)
        sold[row.currency] = [
            a + b for a, b in zip(sold[row.currency], earned, strict=True)
        ]
    return [
        [
            *(currency, f"{tickets:,}", f"{gross / 100:,.2f}"),
            *(f"{refunded / 100:,.2f}", f"{(gross - refunded) / 100:,.2f}"),
        ]
        for currency, (tickets, gross, refunded) in sorted(sold.items())
    ]


def test_the_rule_of_certainty_is_quoted_from_the_code():
    page = (ROOT / "docs" / "match.md").read_text(encoding="utf-8")
    quoted = [line[2:] for line in page.splitlines() if line.startswith("> ")]
    assert " ".join(quoted) in " ".join(matching.__doc__.split())


def test_the_views_in_the_documents_have_the_columns_that_are_named(first_figures):
    page = (ROOT / "docs" / "sql-views.md").read_text(encoding="utf-8")
    with contextlib.closing(
        sqlite3.connect(first_figures.home / "ticketsync.db")
    ) as opened:
        ours = {
            view: {row[1] for row in opened.execute(f"PRAGMA table_info({view})")}
            for (view,) in opened.execute("SELECT name FROM sqlite_master")
        }
    named = re.findall(r"\| `(\w+)` \|", page.split("```sql")[0])
    assert sorted(named) == sorted(views.names())
    for view, column in re.findall(r"`(\w+)\.(\w+)`", page):
        assert view == "ticket_sales" or column in ours[view], (view, column)
    right = [line.split("|")[2] for line in page.splitlines() if line.startswith("| ")]
    for cell in right:
        for tables in re.findall(r"(?:table|view)s? ((?:`\w+`(?:, | and )?)+)", cell):
            assert set(re.findall(r"\w+", tables)) - {"and"} <= set(ours), tables


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_in_the_documents_leads_somewhere(name):
    file = ROOT / name
    for target in re.findall(r"\]\(([^)]+)\)", file.read_text(encoding="utf-8")):
        path, _, heading = target.partition("#")
        found = (file.parent / path).resolve() if path else file
        assert found.exists(), target
        if heading:
            titles = re.findall(r"^#+ (.+)$", found.read_text(encoding="utf-8"), re.M)
            assert heading in {title.lower().replace(" ", "-") for title in titles}


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
    # These are examples in comments, because they name rates and accounts.
    commented = r"^(accounts|business|tax|ledger): \{\}\n#[^\n]*\n"
    shown = re.sub(commented, r"\1:\n", text, flags=re.M)
    shown = re.sub(r"^#( {2,}[^\n]*)$", r"\1", shown, flags=re.M)
    assert yaml.safe_load(text)["accounts"] == {}
    assert config.read(shown, "config.example.yaml").accounts["tt"].fees
    read = yaml.safe_load(shown)
    assert set(read["sync"]) == set(config.SyncSettings.__slots__)
    assert set(read["ledger"]) == set(config.LedgerSettings.__slots__)
    assert set(read["notify"]) == set(config.NotifySettings.__slots__)
    assert set(read["serve"]) == set(config.ServeSettings.__slots__)
    assert set(read["boxoffice"]) == set(config.BoxofficeSettings.__slots__)
    assert set(read) == {
        *("database", "sync", "matching", "network", "people", "shows", "notify"),
        *("serve", "log", "accounts", "business", "tax", "ledger", "boxoffice"),
    }
    assert set(read["business"]) == set(tax_rules.Business.__slots__)
    assert set(read["tax"]["default"]) == set(tax_rules.QUESTIONS)
    assert set(read["tax"]["codes"]["gst"]) == {"rate", "from", "until"}
    (rates,) = read["accounts"]["tt"]["fees"]
    keys = {"from" if n == "since" else n for n in config.FeeSchedule.__slots__}
    assert set(rates) == keys


def test_the_package_contains_the_example_settings():
    """
    Two copies: one to read in the repository, one in the wheel.
    """
    packaged = ROOT / "ticketsync" / "core" / "settings" / "config.example.yaml"
    written = (ROOT / "config.example.yaml").read_text(encoding="utf-8")
    assert packaged.read_text(encoding="utf-8") == written, (
        "run `cp config.example.yaml ticketsync/core/settings/`"
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
