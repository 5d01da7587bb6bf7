"""
Our commands in the process of the test, which shares its clock and what it replaced.
"""

import sys

from ticketsync.__main__ import main
from ticketsync.store import engine


def on(database, monkeypatch, capsys):
    """
    Runs commands over that database of either kind, and returns what they said on both
    streams. What a command opened is closed, as the end of its process would.
    """
    monkeypatch.setenv("TICKETSYNC_DATABASE_URL", database.url)
    opened, open_database = [], engine.open_database

    def noticed(*arguments, **options):
        opened.append(open_database(*arguments, **options))
        return opened[-1]

    def run_(*words, code=0):
        said = run(monkeypatch, capsys, *words, codes=(code,))
        while opened:
            opened.pop().close()
        assert "Traceback" not in said.out + said.err
        return said

    monkeypatch.setattr(engine, "open_database", noticed)
    return run_


def run(monkeypatch, capsys, *words, codes=(0,)):
    """
    What a command said, as `out` and `err`. It must end with one of these codes.
    """
    capsys.readouterr()
    ended = 0
    with monkeypatch.context() as patch:
        patch.setattr(sys, "argv", ["ticketsync", *words])
        try:
            main()
        except SystemExit as end:
            ended = end.code or 0
    said = capsys.readouterr()
    assert ended in codes, (ended, said)
    return said
