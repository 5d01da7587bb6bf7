"""
Commands on a database with the golden books.
"""

import json

from support import commands_here, golden_books

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
            while self._opened:
                self._opened.pop().close()

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
