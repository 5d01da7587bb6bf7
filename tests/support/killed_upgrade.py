"""
Upgrades to be killed: `Upgrades` starts a process that imports once and forks one for
each upgrade.

Each may be killed at its nth instant: before a statement, before a commit (`COMMIT`) or
after one (`COMMITTED`). With `loose` every statement is committed by itself, as the
driver would have it without our one transaction. A replay of what is stored, and the
command `db upgrade` with all that follows, may be killed in the same way.
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
        How many instants the upgrade of that file has; it is upgraded then.
        """
        return len(self._asked(file, NOBODY)["instants"])

    def killed(self, file, number, *, loose=False):
        """
        The exit code of an upgrade that gets SIGKILL at that instant.
        """
        return self._asked(file, number, loose=loose)["code"]

    def replay_statements(self, file):
        """
        How many instants the replay of that file has; it is done then.
        """
        return len(self._asked(file, NOBODY, work="replay")["instants"])

    def killed_replay(self, file, number):
        """
        The exit code of a replay that gets SIGKILL at that instant.
        """
        return self._asked(file, number, work="replay")["code"]

    def command_instants(self, url, home):
        """
        The instants of `db upgrade`, each a statement or one of a commit; it is done
        then.
        """
        done = self._asked(url, NOBODY, work="command", home=str(home))
        assert done["code"] == 0, done
        return done["instants"]

    def killed_command(self, url, home, number, *, loose=False):
        """
        The exit code of `db upgrade` that gets SIGKILL at that instant.
        """
        options = {"work": "command", "home": str(home), "loose": loose}
        return self._asked(url, number, **options)["code"]

    def _asked(self, url, number, **options):
        request = {"url": str(url), "number": number, **options}
        print(json.dumps(request), file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()


def perform(url, number, *, work="upgrade", loose=False, home=""):
    """
    Do it and return the instants that it had, unless killed before.
    """
    if loose:
        commit_each_statement()
    instants = note_instants(number)
    if work == "command":
        run_command(url, home)
    elif work == "replay":
        replay_all(url)
    else:
        from ticketsync.store import engine

        engine.create_database(url).close()
    return instants


def commit_each_statement():
    from ticketsync.store import engine

    make = engine.make_engine

    def make_loose(url, *arguments):
        made = make(url, *arguments)
        if made.dialect.name == "sqlite":
            return made
        return made.execution_options(isolation_level="AUTOCOMMIT")

    engine.make_engine = make_loose
    engine._begin_sqlite = lambda connection: None


def note_instants(number):
    """
    The instants from now on, in a list; at this one the process is killed.
    """
    from sqlalchemy import Engine, event
    from sqlalchemy.engine.default import DefaultDialect

    instants = []

    def note(instant):
        instants.append(instant)
        if len(instants) == number:
            os.kill(os.getpid(), 9)

    def note_statement(conn, cursor, statement, parameters, context, executemany):
        note(statement[:40])

    commit = DefaultDialect.do_commit

    def commit_and_note(dialect, connection):
        note("COMMIT")
        commit(dialect, connection)
        note("COMMITTED")

    event.listen(Engine, "before_cursor_execute", note_statement)
    DefaultDialect.do_commit = commit_and_note
    return instants


def run_command(url, home):
    from ticketsync.__main__ import main

    os.environ |= {"TICKETSYNC_HOME": home, "TICKETSYNC_DATABASE_URL": url}
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):  # the first is where we answer
        os.dup2(nowhere, stream)
    sys.argv = ["ticketsync", "db", "upgrade"]
    try:
        main()
    except SystemExit as end:
        if end.code:
            os._exit(end.code)


def replay_all(file):
    from ticketsync.core.settings.config import Settings
    from ticketsync.store import engine
    from ticketsync.workflows.sync.replay import replay

    database = engine.open_database(file)
    replay(database, Settings(), [])
    database.close()


def main():
    # Before the first fork.
    from ticketsync.cli.main import app  # noqa: F401
    from ticketsync.store import engine, schema  # noqa: F401
    from ticketsync.workflows.sync import replay  # noqa: F401

    for line in sys.stdin:
        request = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            code = 1
            try:
                answer = json.dumps(perform(**request))
                with os.fdopen(writing, "w") as stream:
                    stream.write(answer)
                code = 0
            finally:
                os._exit(code)
        os.close(writing)
        with os.fdopen(reading) as stream:
            said = stream.read()
        _, status = os.waitpid(child, 0)
        answer = {"code": os.waitstatus_to_exitcode(status)}
        print(json.dumps(answer | {"instants": json.loads(said or "[]")}), flush=True)


if __name__ == "__main__":
    main()
