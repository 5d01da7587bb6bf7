"""
Imports point down the layers, sibling packages do not import each other, no cycles.
"""

import ast
import importlib.metadata
import itertools
import re
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

import ticketsync
from ticketsync.cli.main import COMMANDS

ROOT = Path(ticketsync.__file__).parent
CONTEXTS = {
    *("accounts", "catalogue", "sales", "door", "financials", "webhooks"),
    *("visitors", "ledger", "boxoffice"),
}
READERS = {"reporting"}
ALLOWED = {
    "cli": {
        *("cli", "workflows", "sandbox", "providers.registry", "store.engine"),
        "providers.built_in",  # the names only, for a shell
        *("web", "providers.base", "jobs"),
        *("store.schema", "store.backup", "store.restore_differences"),
        "store.lost_sales",
        *("core", *CONTEXTS, *READERS),
        *("store.delivery_states", "store.business_zone"),
    },
    "workflows": {
        *("workflows", "providers.registry", "providers.base", "providers.reading"),
        "providers.options",
        "providers.file_import",  # reports before they are read
        "providers.report_folder",
        *(
            "store.engine",
            "store.database_copies",
            "store.lease",
            "store.run_lock",
            "store.business_zone",
            "store.backup",
            "store.integrity",
            "store.schema",
            "store.row_digests",
            "store.vacuum",
            "net.client",
            "net.retry",
            "net.budget",
        ),
        *(
            "net.exact_json",
            "net.webhook_signatures",
            "net.oauth",
            "net.paging",  # pages that were not decoded
            "gateways",
            "core",
            *CONTEXTS,
            *READERS,
        ),
    },
    "providers": {"providers", "net", "core"},
    "gateways": {"gateways", "net", "core"},
    "web": {
        *("web", "reporting", "providers.registry", "providers.base"),
        *("net.webhook_signatures", "gateways", "store.engine", "core", *CONTEXTS),
        *("store.delivery_states", "store.business_zone"),
        "jobs",  # started, never waited for
        # They talk to no platform:
        *("workflows.door.checkin", "workflows.door.merge_scans"),
        "workflows.door.scan_files",
        "workflows.matching",
        *("workflows.webhooks.webhook_endpoints", "workflows.webhooks.public_address"),
        *("workflows.accounts.account_states", "workflows.accounts.account_removal"),
        *("workflows.season_list", "workflows.catalogue_edits"),
        *("workflows.recompute_figures", "workflows.money_view", "workflows.waiting"),
        "workflows.new_installation",
    },
    "net": {"net", "core"},
    "store": {"store", "core"},
    "core": {"core"},
    "sandbox": {"sandbox", "core"},
}
ALLOWED["jobs"] = ALLOWED["workflows"] = {*ALLOWED["workflows"], "jobs"}
for context in CONTEXTS | READERS:
    ALLOWED[context] = {
        *(context, "store.tables", "store.upsert", "store.types", "store.counted"),
        *(
            "store.row_locks",
            "store.query_results",
            "store.capacity",
            "store.totals",
            "store.purchaser",
            "store.order_words",
            "store.account_health_rules",
            "store.delivery_states",
            "store.boxoffice_states",
            "store.order_spans",
            "store.row_digests",
            "store.letter_case",
        ),
        *("store.audit", "store.business_zone"),
        "core",
    }
ALLOWED["reporting"] |= {
    "store.schema",  # whose version stored what is to be replayed
    "store.lease",  # whether a run that has not ended is alive
}
OF_CORE = {
    "msgspec",
    "yaml",
    "platformdirs",
    "python_calamine",
}  # what core may use beside the standard library


FILES = {
    ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(
        ".__init__"
    ): file
    for file in sorted(ROOT.rglob("*.py"))
}


@cache
def written(name):
    return FILES[name].read_text()


@cache
def parsed(name):
    return ast.parse(written(name))


@cache
def imported(name):
    """
    Everything that one of our modules imports.
    """
    return [*imports(parsed(name))]


@pytest.fixture(scope="module", autouse=True)
def forgotten():
    """
    The trees of all modules are millions of objects: no other test carries them along.
    """
    yield
    for kept in (written, parsed, imported):
        kept.cache_clear()


def modules(*words):
    """
    All modules, or those that have one of these words in their text: others need no
    tree.
    """
    for name in FILES:
        if not words or any(word in written(name) for word in words):
            yield name, parsed(name)


def imports(tree):
    """
    Everything a module imports, inside functions too, except for type checking.
    """
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module.startswith("ticketsync"):
                yield from (f"{node.module}.{alias.name}" for alias in node.names)
            else:
                yield node.module
        elif not isinstance(node, ast.expr) and not _is_for_types(node):
            waiting += ast.iter_child_nodes(node)


def _is_for_types(node):
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
    )


def upward(name, found):
    """
    What a module imports of ours that it may not know.
    """
    floor = name.partition(".")[0]
    if floor not in ALLOWED:
        return []  # the package itself, __main__ and testing stand above all floors
    ours = [i.removeprefix("ticketsync.") for i in found if i.startswith("ticketsync.")]
    return [
        target
        for target in ours
        if target not in ("__version__",)
        and not any(
            target == allowed or target.startswith(f"{allowed}.")
            for allowed in ALLOWED[floor]
        )
    ]


def test_one_place_knows_letters_in_upper_and_lower_case():
    """
    `lower` alone knows ASCII only on SQLite: nobody would find Čapek.
    """
    calls = {name for name, file in FILES.items() if "func.lower(" in file.read_text()}
    assert calls == {"store.letter_case"}


def test_arrows_point_down():
    assert len(FILES) > 600
    wrong = {name: upward(name, imported(name)) for name in FILES}
    assert {name: targets for name, targets in wrong.items() if targets} == {}


def test_an_arrow_that_points_up_would_be_found():
    tree = ast.parse("from ticketsync.cli import render\nfrom ticketsync import core")
    assert "cli.render" in upward("core.money", imports(tree))


def test_an_import_for_types_alone_is_no_arrow_and_any_other_is():
    tree = ast.parse(
        "if TYPE_CHECKING:\n    from a import b\n"
        "try:\n    with x:\n        import c\nexcept E:\n    import d\n"
        "class F:\n    def g(self):\n        match self:\n            case 1:\n"
        "                from h import i\n"
    )
    assert sorted(imports(tree)) == ["c", "d", "h"]


def test_core_needs_little_but_the_standard_library():
    foreign = {
        target.partition(".")[0]
        for name in FILES
        if name.partition(".")[0] == "core"
        for target in imported(name)
        if not target.startswith("ticketsync")
    }
    assert foreign - set(sys.stdlib_module_names) == OF_CORE


def test_there_is_no_cycle():
    edges = {
        name: {
            parent
            for target in imported(name)
            if target.startswith("ticketsync.")
            for parent in _module_of(target.removeprefix("ticketsync."), FILES)
        }
        - {name}
        for name in FILES
    }
    done, path = set(), []

    def visit(name):
        assert name not in path, " → ".join([*path[path.index(name) :], name])
        if name in done:
            return
        path.append(name)
        for target in edges[name]:
            visit(target)
        path.pop()
        done.add(name)

    for name in edges:
        visit(name)


def _module_of(target, known):
    if target in known:
        return [target]
    parent = target.rpartition(".")[0]
    return [parent] if parent in known else []


def test_no_command_imports_another_commands_module():
    """
    What several commands print or ask stands in a module that is not a command.
    """
    commands = {f"cli.{module}" for module, _ in COMMANDS.values()}
    wrong = {
        name: found
        for name in FILES
        if name.startswith("cli.")
        for found in [
            {
                target
                for target in imported(name)
                for command in commands - {name}
                if f"{target}.".startswith(f"ticketsync.{command}.")
            }
        ]
        if found
    }
    assert wrong == {}


def test_parsing_a_platforms_records_is_apart_from_fetching_them():
    parsing = [
        name
        for name in FILES
        if name.startswith("providers.") and name.endswith(".parse")
    ]
    packages = {".".join(name.split(".")[:2]) for name in parsing}
    assert len(packages) == 6
    for package in packages:
        pure = [
            name
            for name in FILES
            if name.startswith(f"{package}.") and not name.endswith(".fetch")
        ]
        used = {i for name in pure for i in imported(name)}
        assert not [i for i in used if i.startswith(f"ticketsync.{package}.fetch")]
        fetching = set(imported(f"{package}.fetch"))
        assert not [
            i for i in fetching for it in parsing if i.startswith(f"ticketsync.{it}")
        ]


# Each uses only those before it.
IN_THEIR_ORDER = {
    "catalogue": ("matching_rules", "season_list"),
    "core": ("written", "spreadsheets", "settings"),
    # From a recipe to what all reports of a folder say.
    "providers.file_import": (
        *("recipes", "one_report", "orders", "several_reports", "checks"),
    ),
    # From an account to what is done with the sales that were read from it.
    "workflows": (
        *("accounts", "matching", "boxoffice", "sync", "webhooks", "door", "month_end"),
    ),
}


@pytest.mark.parametrize("parent", IN_THEIR_ORDER)
def test_packages_inside_another_one_use_only_those_before_them(parent):
    order = IN_THEIR_ORDER[parent]
    folders = {
        file.parent.name for file in (ROOT / parent.replace(".", "/")).glob("*/*.py")
    }
    assert {*order} == folders
    for number, package in enumerate(order):
        later = [f"ticketsync.{parent}.{it}." for it in order[number + 1 :]]
        inside = [name for name in FILES if name.startswith(f"{parent}.{package}.")]
        used = {f"{target}." for name in inside for target in imported(name)}
        assert [it for it in used if it.startswith(tuple(later))] == []


@pytest.mark.parametrize("word", ["utils", "helpers", "common", "manager"])
def test_no_file_is_named_for_nothing(word):
    assert [f for f in ROOT.rglob("*.py") if word in f.stem] == []


LAYERS = {
    **dict.fromkeys(("workflows", "jobs"), "application"),
    **dict.fromkeys(("providers", "gateways"), "integration"),
    **dict.fromkeys(CONTEXTS | READERS, "domain"),
}
ALIKE = {"__init__", "spec", "fetch", "parse"}  # of each provider's package


def equal_names(modules):
    """
    The files of one layer that share a name: who looks for one finds the other. Those
    of tables are named for their tables.
    """
    found = {}
    for name in modules:
        package, _, rest = name.partition(".")
        stem = rest.rpartition(".")[2]
        is_table = name.startswith("store.tables.")
        if rest and stem not in ALIKE and not is_table and "versions" not in name:
            layer = LAYERS.get(package, package)
            found.setdefault((layer, stem), []).append(name)
    return {key: names for key, names in found.items() if len(names) > 1}


def test_no_two_files_of_a_layer_have_one_name():
    assert equal_names(FILES) == {}


def test_two_files_of_one_name_would_be_found():
    names = ["accounts.runs", "reporting.runs", "cli.runs", "providers.square.spec"]
    assert equal_names(names) == {
        ("domain", "runs"): ["accounts.runs", "reporting.runs"]
    }


def test_f06_retry_is_decided_in_one_place():
    """
    F06: nobody else imports tenacity.
    """
    users = [n for n in FILES if any(i.startswith("tenacity") for i in imported(n))]
    assert users == ["net.retry"]


def test_f130_every_library_is_declared_and_pinned():
    """
    What is imported is in pyproject.toml, and constraints.txt names one tested version
    of everything that is installed for it.
    """
    top = tomllib.loads((ROOT.parent / "pyproject.toml").read_text())
    required = [
        *top["project"]["dependencies"],
        *itertools.chain(*top["project"]["optional-dependencies"].values()),
        *top["dependency-groups"]["dev"],
    ]
    declared = {re.match(r"[\w.-]+", text).group().lower() for text in required}
    pinned = {}
    for line in (ROOT.parent / "constraints.txt").read_text().splitlines():
        name, _, version = line.partition("==")
        assert re.fullmatch(r"\d[\w.]*", version), line
        pinned[name.lower().replace("_", "-")] = version
    builders = {"setuptools"}
    assert {n for n in declared if n not in pinned} <= builders
    provided = importlib.metadata.packages_distributions()
    used = {
        target.partition(".")[0]
        for name in FILES
        for target in imported(name)
        if not target.startswith("ticketsync")
    } - set(sys.stdlib_module_names)
    by_way_of = {"alembic", "sqlalchemy", "httpcore", "prompt_toolkit", "pydantic"}
    by_way_of |= {"compression"}  # of newer Pythons' own library
    missing = {
        module
        for module in used - by_way_of
        if not {d.lower() for d in provided.get(module, [module])} & declared
    }
    assert missing == set()


def test_f54_financials_have_one_writer():
    """
    F54: only the recomputation writes the figures of shows.
    """
    writers = [
        name
        for name, tree in modules("show_financials")
        if re.search(
            r"\b(upsert|insert|update|delete|add|_replace)\([^)]*\bshow_financials\b",
            ast.unparse(tree),
        )
    ]
    assert writers == ["financials.recompute"]


def test_states_of_deliveries_stand_in_one_place():
    """
    A migration keeps the names of its time.
    """
    places = [
        name
        for name, tree in modules("forged")
        if ".migrations." not in name
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value == "forged"
    ]
    assert places == ["store.delivery_states"]


SWITCHES = {"sync_enabled", "sync_ticket_sales", "is_excluded"}
MAY_COMPARE_SWITCHES = {
    "store.counted",  # the rule
    # Matching proposes no excluded show; nothing is counted by it.
    "catalogue.matching_input.build_show_candidates",
    "catalogue.matching_input.list_matchable_shows",
    # A show that the season list cancels, and that is left out already, stays so.
    "catalogue.season_list.planned_changes._is_cancelled",
    "catalogue.season_list.planned_changes._taken",
    "catalogue.shows._take_time_back",
    "catalogue.season_list.missing_shows.find_missing",
    "cli.show_tables.print_shows",  # the words "left out"
}


def test_what_counts_is_decided_in_one_place():
    """
    The switches of links and shows may be set and shown anywhere; nobody but
    `store.counted` decides by them. Templates show them, too.
    """
    deciding = {
        place
        for name, tree in modules(*SWITCHES)
        if not name.startswith("store.migrations")
        for place, node in deciding_places(name, tree)
        if switches_in(node)
    }
    assert {p for p in deciding if p != "store.counted"} == {
        p for p in MAY_COMPARE_SWITCHES if p != "store.counted"
    }


@pytest.mark.parametrize(
    "copy",
    [
        "query.where(type_coerce(links.c.sync_ticket_sales, WHOLE) == 1)",
        "query.where(is_set(shows.c.is_excluded))",
        "query.where(links.c.sync_enabled)",
        "query.filter_by(is_excluded=False)",
        "tickets.join(links, and_(a, links.c.sync_enabled))",
        "[s for s in shows if not s.is_excluded]",
        "x if offer.sync_ticket_sales else y",
        "bool(offer.sync_enabled and offer.sync_ticket_sales)",
        "text('SELECT 1 WHERE l.sync_enabled = 1')",
    ],
)
def test_a_copy_of_the_rule_would_be_found(copy):
    tree = ast.parse(copy)
    assert any(switches_in(node) for _, node in deciding_places("x", tree))


def test_setting_and_showing_a_switch_is_no_copy():
    tree = ast.parse(
        "update(links).values(sync_enabled=False)\n"
        "select(links.c.sync_enabled, shows.c.is_excluded.label('is_excluded'))\n"
        "row = {'sales': offer.sync_ticket_sales}"
    )
    assert not any(switches_in(node) for _, node in deciding_places("x", tree))


def test_what_a_line_of_an_order_is_is_decided_in_one_place():
    """
    Whether a ticket admits, or is a voucher that was sold, is asked of `store.counted`.
    """
    deciding = {
        name
        for name, tree in modules("tickets.c.kind")
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare)
        and "tickets.c.kind"
        in {ast.unparse(it) for it in (node.left, *node.comparators)}
    }
    assert deciding == {"store.counted"}


RESTRICTING = {
    *("where", "filter", "filter_by", "having", "join", "outerjoin", "exists"),
    *("and_", "or_", "not_", "case", "is_set", "bool", "filter", "text"),
}


def deciding_places(name, tree, inside=""):
    """
    Every expression that decides something, with the function it stands in.
    """
    place = ".".join(filter(None, (name, inside)))
    if name == "store.counted":
        place = name
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            within = ".".join(filter(None, (inside, node.name)))
            yield from deciding_places(name, node, within)
            continue
        if isinstance(node, ast.Compare | ast.BoolOp | ast.UnaryOp):
            yield place, node
        elif isinstance(node, ast.If | ast.IfExp | ast.While):
            yield place, node.test
        elif isinstance(node, ast.comprehension):
            yield from ((place, test) for test in node.ifs)
        elif isinstance(node, ast.Call) and _called(node) in RESTRICTING:
            yield from ((place, inner) for inner in (*node.args, *node.keywords))
        yield from deciding_places(name, node, inside)


def _called(call):
    function = call.func
    return getattr(function, "attr", None) or getattr(function, "id", None)


def switches_in(node):
    """
    The switches that an expression names: as a column, an option, or in SQL as text.
    """
    found = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute):
            found |= {inner.attr} & SWITCHES
        elif isinstance(inner, ast.keyword):
            found |= {inner.arg} & SWITCHES
        elif isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            found |= {s for s in SWITCHES if s in inner.value}
    return found


TESTS = Path(__file__).parent


def test_no_test_imports_another_test():
    """
    What tests share is in `tests/support/`, their fixtures in a `conftest.py`.
    """
    wrong = {
        (str(file.relative_to(TESTS)), target)
        for file in TESTS.rglob("*.py")
        for target in imports(ast.parse(file.read_text()))
        for part in target.split(".")
        if part == "conftest" or part.startswith("test_")
    }
    assert wrong == set()


# What each of these may use to write to a terminal; all other modules call
# `cli.terminal`, which cleans what it writes.
WRITERS = {
    "cli.terminal": {
        *("typer.echo", "typer.prompt", "typer.confirm", "typer.style", "sys.stdout"),
        "sys.stderr",  # how wide it is
    },
    "cli.render": {"print", "sys.stdout"},  # tables of cleaned cells, and JSON
    "cli.drawn_grids": {"print"},  # cleaned cells and texts below them
    "cli.main": {"typer.echo"},  # our version
    "cli.context": {"sys.stderr"},  # whether it is a terminal
    "cli.status": {"sys.stdout"},  # likewise
    "cli.key_choice": {"sys.stderr"},  # where questions are asked
    "cli.questions": {"sys.stderr"},  # how wide it is
    "cli.season_list": {"sys.stderr"},  # where a table is drawn beside a question
    "cli.serve": {"sys.stderr"},  # whether somebody sees the link
    "cli.progress": {"sys.stderr"},  # where it is drawn
    "__main__": {"print", "sys.stderr"},  # the one error line, cleaned
    "core.log": {"sys.stderr"},
    "accounts.keyring_child": {"sys.stdin", "sys.stdout"},  # a pipe to ourselves
}
_MEANS = {
    *("print", "sys.stdout", "sys.stderr"),
    *(
        f"{library}.{function}"
        for library in ("typer", "click")
        for function in (
            "echo",
            "secho",
            "prompt",
            "confirm",
            "style",
            "echo_via_pager",
        )
    ),
}


def means_of_writing(tree):
    """
    What a module uses that writes to a terminal.
    """
    names = (n for n in ast.walk(tree) if isinstance(n, ast.Name | ast.Attribute))
    return {name for node in names if (name := _dotted(node)) in _MEANS}


def _dotted(node):
    if isinstance(node, ast.Name):
        return node.id
    is_in_module = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    return f"{node.value.id}.{node.attr}" if is_in_module else ""


def test_commands_write_through_one_function_that_cleans():
    wrong = {
        name: means_of_writing(tree) - WRITERS.get(name, set())
        for name, tree in modules("print", "sys", "typer", "click")
        if not name.startswith("sandbox")
    }
    assert wrong.keys() >= WRITERS.keys()
    assert {name: means for name, means in wrong.items() if means} == {}


def test_a_command_that_writes_by_itself_would_be_found():
    text = "import typer\ndef show(name):\n    typer.echo(f'{name}')\n    print(name)"
    assert means_of_writing(ast.parse(text)) == {"typer.echo", "print"}


# Where a place that nobody pinned is read: what a person gives at that moment.
GIVEN_BY_A_PERSON = {
    ("accounts.pins", 1): "the key of pins itself, named by the environment",
    ("workflows.accounts.connect", 2): "the new key of `accounts add` and `rotate`",
    ("workflows.boxoffice.open_sale", 1): "the signing key of `boxoffice open`",
    ("workflows.accounts.tokens", 2): "after `refuse_unconfirmed`: app's, and refresh",
    ("workflows.webhooks.webhook_endpoints", 2): "the new one; a stored one by its pin",
}


def test_secrets_are_read_in_few_places_and_each_knows_why():
    """
    A stored place is read by `pins.read_confirmed_secret`. A new call of `read_secret`
    must be looked at: does it check the pin?
    """
    found = {}
    for name, tree in modules("read_secret"):
        calls = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and ast.unparse(node.func) == "credentials.read_secret"
        ]
        inside = sum(_is_in(tree, c, "read_confirmed_secret") for c in calls)
        if len(calls) - inside:
            found[name, len(calls) - inside] = ""
    assert found.keys() == GIVEN_BY_A_PERSON.keys()


def _is_in(tree, call, function):
    return any(
        isinstance(node, ast.FunctionDef)
        and node.name == function
        and call in ast.walk(node)
        for node in ast.walk(tree)
    )


PROMPTS = {"ask", "confirm", "prompt"}


def prompts_in_transactions(tree):
    """
    The lines of prompts within `with database.read()` or `.write()`: while a person
    thinks, nobody else could write.
    """
    return [
        call.lineno
        for block in ast.walk(tree)
        if isinstance(block, ast.With)
        and any(
            isinstance(item.context_expr, ast.Call)
            and isinstance(item.context_expr.func, ast.Attribute)
            and item.context_expr.func.attr in ("read", "write")
            for item in block.items
        )
        for statement in block.body
        for call in ast.walk(statement)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id in ("context", "terminal", "name_questions")
        and call.func.attr in PROMPTS
    ]


def test_nobody_is_asked_within_a_transaction():
    copy = "with database.read() as c:\n    name_questions.ask(q, a, hint=h)"
    assert prompts_in_transactions(ast.parse(copy)) == [2]
    found = {
        name: prompts_in_transactions(tree)
        for name, tree in modules()
        if name.startswith("cli.")
    }
    assert {name: lines for name, lines in found.items() if lines} == {}
