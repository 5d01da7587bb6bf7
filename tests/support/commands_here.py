"""
Our commands in the process of the test, which shares its clock and what it replaced.
"""

import sys

from ticketsync.__main__ import main


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
