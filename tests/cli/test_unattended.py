"""
Unattended runs: cron's empty environment, keyrings that fail in every way, the real
daemon among them. The right exit code and message, no prompt, no traceback (F90,
F109–F114).
"""

import json
import os
import subprocess
import sys

import pytest
from support import needs
from support.ticket_tailor_account import connect

from ticketsync.accounts import edits, state
from ticketsync.core import clock
from ticketsync.store import engine

CLI = [sys.executable, "-m", "ticketsync"]
SECONDS = 60  # a command that prompts would wait for ever


@pytest.fixture
def in_keyring(home, sandbox, templates):
    """
    An account with its key in the keyring, and one with its key in a variable. Nothing
    is read yet, so the owner of the box office is unknown.
    """
    place = templates.copy("sqlite", "empty", home / "ticketsync.db")
    database = engine.open_database(place)
    connect(database, sandbox.url)
    with database.write() as connection:
        account = state.get_account(connection, "tt")
        edits.set_secret(
            connection, account.id, source="keyring", reference="tt", fingerprint=""
        )
        edits.add_account(
            connection,
            state.NewAccount(
                *("door", "ticket_tailor", sandbox.url, "env", "TT_KEY", "", None)
            ),
            clock.now(),
        )
    database.close()
    return sandbox


def run_unattended(home, *arguments, shell="", **more):
    """
    Run a command with an environment as empty as cron's.
    """
    environment = {
        "PATH": "/usr/bin:/bin",
        "LANG": "C",
        "TICKETSYNC_HOME": str(home),
        **more,
    }
    command = [*CLI, *arguments]
    if shell:
        command = ["/bin/sh", "-c", shell, "sh", *command]
    done = subprocess.run(
        command,
        env=environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=SECONDS,
    )
    assert "Traceback" not in done.stderr
    return done


@pytest.mark.thorough
def test_f90_cron_with_nothing_but_a_path_and_no_home_finds_no_database(tmp_path):
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path / "cron")}
    done = subprocess.run(
        [*CLI, "sync", "--due", "--quiet"],
        env=environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 9
    assert done.stderr.startswith("ticketsync: no-database: There is no database ")
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.rglob("*.db")) == []


@pytest.mark.parametrize(
    "shell",
    [
        'umask 000; exec "$@"',
        'mkdir gone && cd gone && rmdir ../gone && exec "$@"',
        'exec "$@" <&-',
    ],
    ids=["umask 000", "folder gone", "input closed"],
)
@pytest.mark.thorough
def test_f90_odd_surroundings_do_not_matter(home, ready, tmp_path, shell):
    done = run_unattended(
        home,
        *("sync", "--due", "--quiet"),
        shell=f"cd {tmp_path} && {{ {shell}; }}",
        TT_KEY=ready.key,
    )
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")
    loose = [f for f in home.rglob("*") if f.stat().st_mode & 0o077]
    assert loose == []


@pytest.mark.thorough
def test_f90_a_closed_output_is_no_traceback(home, ready):
    done = run_unattended(home, "sync", shell='exec "$@" >&- 2>&-', TT_KEY=ready.key)
    assert done.returncode == 0


@pytest.mark.thorough
def test_f90_names_outside_ascii_survive_the_c_locale(home, ready):
    title = "Café Größe 大"
    run_unattended(home, "productions", "add", title)
    table = run_unattended(home, "productions", "list")
    machine = run_unattended(home, "productions", "list", "--json")
    assert title in table.stdout
    assert title in str(json.loads(machine.stdout))


@pytest.mark.thorough
def test_f90_a_question_that_nobody_can_answer_names_its_flag(home, ready):
    done = run_unattended(home, "accounts", "remove", "tt", TT_KEY=ready.key)
    assert done.returncode == 2
    assert "needs-tty" in done.stderr
    assert "--yes" in done.stderr


@pytest.mark.thorough
def test_f109_without_a_keyring_the_account_waits_and_the_others_go_on(
    home, in_keyring
):
    done = run_unattended(home, "sync", "--due", "--json", TT_KEY=in_keyring.key)
    outcomes = {a["account"]: a for a in json.loads(done.stdout)["accounts"]}
    assert done.returncode == 3
    assert outcomes["door"]["outcome"] == "success"
    assert outcomes["tt"]["word"] == "keyring-unavailable"
    (line,) = done.stderr.splitlines()
    assert "'tt'" in line
    for way in ("--secret-env", "--secret-command"):
        assert way in line


# The real daemon

UNLOCKED = "printf pass | gnome-keyring-daemon --unlock --components=secrets >/dev/null"
LOCKED = "gnome-keyring-daemon --start --components=secrets >/dev/null"
STOPPED = """
ask='dbus-send --session --print-reply=literal --dest=org.freedesktop.DBus /
org.freedesktop.DBus.GetConnectionUnixProcessID string:org.freedesktop.secrets'
until pid=$($ask 2>/dev/null | tr -dc '0-9 ' | awk '{print $NF}') && [ "$pid" ]
do sleep 0.1; done
kill -STOP "$pid"
trap 'kill -KILL "$pid"' EXIT
"""


def with_daemon(home, tmp_path, start, *arguments, key=""):
    """
    The command in a desktop session of its own, with the real keyring daemon.
    """
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700, exist_ok=True)
    script = f'{start}\n"$@"'
    done = subprocess.run(
        ["dbus-run-session", "--", "/bin/sh", "-c", script, "sh", *CLI, *arguments],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "XDG_RUNTIME_DIR": str(runtime),
            "TICKETSYNC_HOME": str(home),
        },
        input=key,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert "Traceback" not in done.stderr
    return done


@needs.keyring_daemon
def test_the_real_keyring_keeps_a_key_and_gives_it_back(home, ready, tmp_path):
    added = with_daemon(
        *(home, tmp_path, UNLOCKED, "accounts", "add", "ticket_tailor", "box"),
        *("--base-url", f"{ready.url}", "--secret-stdin", "--no-check"),
        key=ready.key,
    )
    assert added.returncode == 0, added.stderr
    done = with_daemon(home, tmp_path, UNLOCKED, "accounts", "check", "box")
    assert done.returncode == 0, done.stderr
    spilled = [
        f
        for f in home.rglob("*")
        if f.is_file() and ready.key.encode() in f.read_bytes()
    ]
    assert spilled == []


@needs.keyring_daemon
@pytest.mark.thorough
def test_f110_a_locked_keyring_is_said_and_nobody_is_asked(home, ready, tmp_path):
    with_daemon(
        *(home, tmp_path, UNLOCKED, "accounts", "add", "ticket_tailor", "box"),
        *("--base-url", f"{ready.url}", "--secret-stdin", "--no-check"),
        key=ready.key,
    )
    done = with_daemon(home, tmp_path, LOCKED, "sync", "box")
    assert done.returncode == 4, done.stderr
    assert done.stderr.splitlines()[-1].startswith("ticketsync: keyring-")
    assert "--secret-env" in done.stderr


@needs.keyring_daemon
@pytest.mark.thorough
def test_f111_a_keyring_that_never_answers_is_cut_off(home, in_keyring, tmp_path):
    """
    The daemon is there, and stopped in its tracks.
    """
    done = with_daemon(home, tmp_path, f"{LOCKED}; {STOPPED}", "sync", "tt")
    assert done.returncode == 4, done.stderr
    assert "did not answer" in done.stderr


@pytest.mark.thorough
def test_f113_a_store_that_keeps_nothing_is_found_before_the_browser_opens(
    home, ready, monkeypatch
):
    done = run_unattended(
        home,
        *("accounts", "add", "square", "bar", "--oauth", "--client-id", "x"),
        *("--client-secret-env", "APP", "--no-browser"),
        APP="secret",
        PYTHON_KEYRING_BACKEND="keyring.backends.null.Keyring",
    )
    assert done.returncode == 4
    assert "keyring-unavailable" in done.stderr
    assert "http" not in done.stderr  # no address to open was shown


@pytest.mark.thorough
def test_f114_no_keyring_and_no_flag_writes_the_key_nowhere(home, ready, tmp_path):
    done = subprocess.run(
        [
            *(*CLI, "accounts", "add", "ticket_tailor", "box", "--secret-stdin"),
            *("--base-url", ready.url),
        ],
        input="sk_canary_8812",
        capture_output=True,
        text=True,
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(tmp_path),
            "TICKETSYNC_HOME": str(home),
        },
    )
    assert done.returncode == 4, done.stderr
    found = [
        f for f in tmp_path.rglob("*") if f.is_file() and b"canary" in f.read_bytes()
    ]
    assert found == []
