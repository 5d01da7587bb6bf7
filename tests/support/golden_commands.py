"""
Commands on a database with the golden books.
"""

import json
from contextlib import ExitStack, contextmanager

from support import commands_here, golden_books

from ticketsync.cli.context import AppContext
from ticketsync.store import engine


class Books:
    """
    A database with the books; runs commands on it in this process.
    """

    def __init__(self, url):
        self.url = url
        database = engine.open_database(url)
        golden_books.fill(database)
        with database.read() as connection:
            self.shows = golden_books.show_ids(connection)
        database.close()

    def start(self, home, monkeypatch, capsys):
        (home / "config.yaml").write_text(golden_books.CONFIG.read_text())
        monkeypatch.setenv("TICKETSYNC_DATABASE_URL", self.url)
        self._opened = []
        self._close_after_command = True
        open_database = engine.open_database

        def opening(*arguments, **options):
            self._opened.append(open_database(*arguments, **options))
            return self._opened[-1]

        monkeypatch.setattr(engine, "open_database", opening)
        self._patch, self._capsys = monkeypatch, capsys

    def run(self, *words):
        try:
            return commands_here.run(self._patch, self._capsys, *words).out
        finally:
            if self._close_after_command:
                self._close()

    def _close(self):
        while self._opened:
            self._opened.pop().close()

    @contextmanager
    def one_reading(self):
        """
        The commands in it that only read do so from one connection: opening the same
        past again for each takes longer than the command.
        """
        opens, kept = AppContext.reading, {}

        @contextmanager
        def reading(context, *which):
            if which not in kept:
                kept[which] = readings.enter_context(opens(context, *which))
            yield kept[which]

        with ExitStack() as readings, self._patch.context() as patch:
            readings.callback(self._close)
            patch.setattr(AppContext, "reading", reading)
            patch.setattr(self, "_close_after_command", False)
            yield

    def read(self, *words):
        """
        The rows that a command prints as JSON, each show by its key.
        """
        return [self.named(row) for row in json.loads(self.run(*words, "--json"))]

    def named(self, row):
        if "show_id" not in row:
            return row
        id_ = row["show_id"]
        return {**row, "show": self.shows[int(id_)] if id_ not in (None, "") else ""}
