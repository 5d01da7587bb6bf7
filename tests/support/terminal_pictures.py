"""
Pictures of a terminal: a shell in tmux is typed at, and its screen is drawn.
"""

import contextlib
import os
import re
import shlex
import subprocess
import time
from io import StringIO

from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

PAGE = """<meta charset="utf-8">
<style>
  body { margin: 0; background: #191919 }
  pre { display: inline-block; margin: 0; padding: 12px; color: #b9bcba;
    font: 16px/20px "DejaVu Sans Mono", monospace; border-right: 1px solid #555 }
</style>
"""


class Terminal:
    """
    A shell on a terminal of this size, in which `ticketsync` starts `program`.
    """

    def __init__(self, columns, rows, program, environment):
        self.columns = columns
        self.server = ("tmux", "-L", f"pictures-{os.getpid()}-{id(self)}")
        words = [f"{name}={value}" for name, value in environment.items()]
        shell = shlex.join(["env", "PS1=$ ", *words, "bash", "--norc", "--noprofile"])
        self._tmux(
            *("-f", "/dev/null", "new-session", "-d"),
            *("-x", str(columns), "-y", str(rows), shell),
        )
        self._tmux("set-option", "-g", "status", "off")
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))
        self.wait(r"\$")
        self.say(f'ticketsync() {{ {shlex.join(program)} "$@"; }}; clear')
        self.wait(r"\A\$\s*\Z")
        self._tmux("clear-history")

    def say(self, text):
        """
        Type a line.
        """
        self._tmux("send-keys", "-l", text)
        self.press("Enter")

    def press(self, *keys):
        self._tmux("send-keys", *keys)

    def run(self, command, seconds=60):
        """
        A command that asks nothing, until the prompt is back.
        """
        self.say(f"ticketsync {command}")
        self.wait(r"\n\$\s*\Z", seconds)

    def wait(self, pattern, seconds=60):
        """
        Until the screen shows it.
        """
        end = time.monotonic() + seconds
        while not re.search(pattern, shown := self._shown()):
            if time.monotonic() > end:
                raise TimeoutError(f"{pattern!r} is not on the screen:\n{shown}")
            time.sleep(0.1)

    def page(self, *, whole=False):
        """
        The screen as a page of HTML, with what was scrolled away if `whole`.
        """
        lines = self._shown("-e", *(("-S", "-") if whole else ())).rstrip("\n")
        drawn = Console(record=True, width=self.columns, file=StringIO())
        drawn.print(Text.from_ansi(lines), soft_wrap=True)
        code = drawn.export_html(
            theme=DIMMED_MONOKAI, code_format="{code}", inline_styles=True
        )
        return f"{PAGE}<pre style='min-width: {self.columns}ch'>{code}</pre>"

    def close(self):
        with contextlib.suppress(subprocess.CalledProcessError):
            self._tmux("kill-server")

    def _shown(self, *options):
        return self._tmux("capture-pane", "-p", *options)

    def _tmux(self, *words):
        done = subprocess.run(
            [*self.server, *words], capture_output=True, text=True, check=True
        )
        return done.stdout
