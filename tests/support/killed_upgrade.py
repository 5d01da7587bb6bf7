"""
Upgrades to be killed: `Upgrades` starts a process that imports once and forks one for
each upgrade.

Each upgrade may be killed before its nth statement; with `loose` every statement is
committed by itself, as the driver would have it without our one transaction. A replay
of what is stored may be killed in the same way.
"""

import json
import os
import sys

from support import commands

NOBODY = 0


class Upgrades:
    def __enter__(self):
        self._process = commands.start_script(__file__)
        return self

    def statements(self, file):
        """
        How many statements the upgrade of that file takes; it is upgraded then.
        """
        return self._asked(file, NOBODY, False)["statements"]

    def killed(self, file, number, *, loose=False):
        """
        The exit code of an upgrade that gets SIGKILL before that statement.
        """
        return self._asked(file, number, loose)["code"]

    def replay_statements(self, file):
        """
        How many statements the replay of that file takes; it is done then.
        """
        return self._asked(file, NOBODY, False, replays=True)["statements"]

    def killed_replay(self, file, number):
        """
        The exit code of a replay that gets SIGKILL before that statement.
        """
        return self._asked(file, number, False, replays=True)["code"]

    def _asked(self, file, number, loose, *, replays=False):
        request = {"file": str(file), "number": number, "loose": loose}
        request["replays"] = replays
        print(json.dumps(request), file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()


def upgrade(file, number, loose, replays):
    """
    Upgrade or replay it and return how many statements that took, unless killed before.
    """
    import sqlalchemy
    from sqlalchemy import event

    from ticketsync.store import engine

    if loose:
        engine._begin_sqlite = lambda connection: None
    count = 0

    def kill(conn, cursor, statement, parameters, context, executemany):
        nonlocal count
        count += 1
        if count == number:
            os.kill(os.getpid(), 9)

    event.listen(sqlalchemy.engine.Engine, "before_cursor_execute", kill)
    if replays:
        replay_all(file)
    else:
        engine.create_database(file).close()
    return count


def replay_all(file):
    from ticketsync.core.config import Settings
    from ticketsync.store import engine
    from ticketsync.workflows.sync.replay import replay

    database = engine.open_database(file)
    replay(database, Settings(), [])
    database.close()


def main():
    # Before the first fork.
    from ticketsync.store import engine, schema  # noqa: F401
    from ticketsync.workflows.sync import replay  # noqa: F401

    for line in sys.stdin:
        request = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.write(writing, str(upgrade(**request)).encode())
                os._exit(0)
            finally:
                os._exit(1)
        os.close(writing)
        with os.fdopen(reading) as counted:
            statements = counted.read()
        _, status = os.waitpid(child, 0)
        answer = {"code": os.waitstatus_to_exitcode(status)}
        print(json.dumps(answer | {"statements": int(statements or 0)}), flush=True)


if __name__ == "__main__":
    main()
