"""
Many processes that begin one `sync --due` in the same moment.

Everything is imported and the processes are there before the gun is fired. With
`--no-lock` both walls are taken down: the lock of scheduled runs and the lease.

    python storm.py PROCESSES [--no-lock]
"""

import contextlib
import os
import sys

from ticketsync.accounts import runs
from ticketsync.cli.main import app
from ticketsync.core import errors
from ticketsync.store import lease, run_lock
from ticketsync.workflows import sync  # noqa: F401  (imported before the forks)

if "--no-lock" in sys.argv:
    run_lock.only_one = lambda *_: contextlib.nullcontext()
    lease.take = lambda *_: None
    lease.extend = lambda *_: None
    runs.last_attempt = lambda *_: None  # else whoever is late is not due

gun, fire = os.pipe()
children = []
for _ in range(int(sys.argv[1])):
    child = os.fork()
    if child == 0:
        os.close(fire)
        os.read(gun, 1)
        code = 0
        try:
            app(["sync", "--due", "--quiet"], prog_name="ticketsync")
        except errors.TicketsyncError as error:
            code = error.exit_code
        except SystemExit as done:
            code = int(done.code or 0)
        os._exit(code)
    children.append(child)
os.close(fire)
codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
print(*sorted(codes))
