"""
Keys that were pressed before a question was on the screen. They answer nothing: at a
slow start a person does not know yet what is asked.
"""

from __future__ import annotations

import sys


def forget() -> None:
    """
    Throw away what was typed and not read yet, where standard input is a terminal.
    """
    stream = sys.stdin
    try:
        if stream is None or not stream.isatty():
            return
        handle = stream.fileno()
    except (ValueError, OSError):  # closed, or no real file
        return
    if sys.platform == "win32":
        import msvcrt

        while msvcrt.kbhit():
            msvcrt.getwch()
    else:
        import termios

        termios.tcflush(handle, termios.TCIFLUSH)
    _forget_held()


def _forget_held() -> None:
    """
    The same of the keys that the library of our prompts read together with an answer
    and keeps for the next question.
    """
    if "prompt_toolkit.input.typeahead" in sys.modules:
        from prompt_toolkit.input import create_input
        from prompt_toolkit.input.typeahead import clear_typeahead

        clear_typeahead(create_input())
