"""
A program that keeps a crontab as the real one does, in a file of the home.
"""

import os

PROGRAM = """#!/bin/sh
file="$HOME/the-crontab"
case "$1" in
  -l) [ -f "$file" ] && cat "$file" || { echo "no crontab for you" >&2; exit 1; } ;;
  -) cat > "$file" ;;
esac
"""


def make(home, monkeypatch):
    """
    Put it first on the path; the file that it keeps, which is not there yet.
    """
    folder = home / "bin"
    folder.mkdir()
    program = folder / "crontab"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return home / "the-crontab"
