"""
Starts our commands, and scripts of tests, as processes of their own, without each of
them importing everything anew: this process imports it once and forks.

A command costs a second of import on a busy machine and its work some hundredths. What
is forked is a real process all the same: its own environment, folder, terminal, signals
and exit code. Start it through `commands.py`.
"""

import atexit
import contextlib
import fcntl
import gc
import io
import json
import os
import pkgutil
import selectors
import signal
import socket
import sys
import tempfile
import termios
import threading
import time
import traceback
import types
import warnings
from datetime import datetime
from importlib import import_module
from pathlib import Path

LONGEST = 1 << 20  # bytes of one request
STREAMS = ("stdin", "stdout", "stderr")
# What the commands load when they are run, beside our own modules.
ALSO = (
    *(
        "alembic.command",
        "filelock",
        "httpx",
        "psycopg",
        "questionary",
        "rich.progress",
    ),
    *("rich.table", "typst", "uvicorn"),
)
# Asks the keyring and the libraries of messages: what is found there belongs to a test.
NOT = ("ticketsync.store.migrations", "ticketsync.accounts.keyring_child")
# What is run once before the first fork: the statements of most commands are compiled
# then. They are half of a short command's time, and each process has its own.
COMMANDS = (
    ("init", "--venue", "A", "--timezone", "UTC", "--currency", "AUD", "--no-input"),
    ("accounts", "add", "file", "f", "--recipe", "recipe.yaml", "--watch", "in"),
    *(("events", "fetch"), ("shows", "adopt", "--all"), ("sync",), ("status",)),
    *(("accounts", "list"), ("shows", "list"), ("sales", "list")),
    *(("financials", "list", "--json"), ("waiting", "list"), ("events", "list")),
)
REPORT = "2026-12-05 19:30,Adult,2,50.00,-1.00"


def load():
    """
    Import whatever a command may need.
    """
    import ticketsync

    for module in pkgutil.walk_packages(ticketsync.__path__, "ticketsync."):
        if not module.name.startswith(NOT) and not module.name.endswith("__main__"):
            import_module(module.name)
    for name in ("ticketsync.__main__", *ALSO):
        with contextlib.suppress(ImportError):
            import_module(name)
    import built_commands
    import compiled_once
    import made_databases
    from sqlalchemy.orm import configure_mappers

    configure_mappers()
    made_databases.install()
    built_commands.install()
    built_commands.build_all()
    compiled_once.install()
    with tempfile.TemporaryDirectory() as folder, as_it_was():
        run_commands(Path(folder))


@contextlib.contextmanager
def as_it_was():
    """
    Of what a command leaves in its process nothing is there for those that are forked.
    """
    from ticketsync.core import actor, log

    words, environment, folder = sys.argv, dict(os.environ), os.getcwd()
    mask = os.umask(0o077)
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        yield
    sys.argv = words
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    os.umask(mask)
    log.close_log()
    actor._process_owner.cache_clear()
    assert threading.active_count() == 1


def run_commands(folder):
    import made_reports

    from ticketsync.__main__ import main

    os.environ.update(
        TICKETSYNC_HOME=str(folder / "home"),
        PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring",
    )
    for name in ("TICKETSYNC_CONFIG", "TICKETSYNC_DATABASE_URL"):
        os.environ.pop(name, None)
    os.chdir(folder)
    (folder / "in").mkdir()
    lines = [",".join(made_reports.HEADING), f"1001,Gala,{REPORT}", ""]
    (folder / "in" / "report.csv").write_text("\n".join(lines))
    (folder / "recipe.yaml").write_text(made_reports.RECIPE)
    for words in COMMANDS:
        sys.argv = ["ticketsync", *words]
        with contextlib.suppress(SystemExit):
            main()


def serve(connection):
    """
    Forks once for each request, and says of each process first its number and then its
    exit code; comes back in a forked process only, its request in hand.
    """
    at_work = selectors.DefaultSelector()
    at_work.register(connection, selectors.EVENT_READ)
    while True:
        for key, _ in at_work.select():
            if key.fileobj is not connection:
                end_of(at_work, key)
                continue
            text, files, _, _ = socket.recv_fds(connection, LONGEST, len(STREAMS) + 1)
            if not text:
                sys.exit()
            *streams, status = files
            number = os.fork()
            if number == 0:
                connection.close()
                leave(at_work, status)
                return json.loads(text), streams
            for file in streams:
                os.close(file)
            say(status, number)
            # Readable when the process ends.
            ended = os.pidfd_open(number)
            at_work.register(ended, selectors.EVENT_READ, (number, status))


def leave(at_work, status):
    """
    Close what the server holds of other processes, in one that was forked from it.
    """
    for key in at_work.get_map().values():
        if key.data:
            os.close(key.fd)
            os.close(key.data[1])
    at_work.close()
    os.close(status)


def end_of(at_work, key):
    """
    Say the exit code of a process that ended.
    """
    number, status = key.data
    at_work.unregister(key.fileobj)
    os.close(key.fd)
    _, ended = os.waitpid(number, 0)
    say(status, os.waitstatus_to_exitcode(ended))
    os.close(status)


def say(status, number):
    with contextlib.suppress(OSError):  # nobody waits for it any more
        os.write(status, str(number).encode())


def become(request, streams):
    """
    Be the process that was asked for.
    """
    os.setsid()
    if request["terminal"]:
        fcntl.ioctl(streams[0], termios.TIOCSCTTY, 0)
    for number, file in enumerate(streams):
        os.dup2(file, number)
        os.close(file)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, name in enumerate(STREAMS):
        setattr(sys, name, stream(number, errors=getattr(sys, name).errors))
    if request["at"]:
        stop_clock(datetime.fromisoformat(request["at"]))
    sys.argv = [request["file"] or "ticketsync", *request["arguments"]]


def stop_clock(moment):
    from ticketsync.core import clock

    clock._now = lambda: moment


def stream(number, *, errors):
    return open(
        number,
        "w" if number else "r",
        buffering=1 if number == 2 or os.isatty(number) else -1,
        encoding="utf-8",
        errors=errors,
        closefd=False,
    )


def end(code):
    """
    End as an interpreter does, but for taking everything apart: that takes longer than
    most commands.
    """
    if code is not None and not isinstance(code, int):
        print(code, file=sys.stderr)
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code or 0)


def run(request):
    """
    The command or the script, in a process that was forked for it.
    """
    code = 0
    try:
        if request["file"]:
            run_script(**request)
        else:
            import_module("ticketsync.__main__").main()
    except SystemExit as ended:
        code = ended.code
    except BaseException:
        traceback.print_exc()
        code = 1
    end(code)


def run_script(file, code, **_):
    """
    As the interpreter does; it finds `support`, too.
    """
    folders = (Path(file).parent, Path(__file__).parents[1])
    sys.path[:0] = [str(folder.absolute()) for folder in folders]
    script = sys.modules["__main__"] = types.ModuleType("__main__")
    if code is None:
        script.__file__ = file
        code = Path(file).read_text(encoding="utf-8")
    exec(compile(code, file, "exec"), script.__dict__)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    load()
    gc.collect()
    gc.freeze()
    asked, streams = serve(socket.socket(fileno=int(sys.argv[1])))
    become(asked, streams)
    run(asked)
