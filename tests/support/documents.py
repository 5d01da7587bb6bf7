"""
The code blocks of our documents, and a venue in which their commands run.

The first words of a block say what it is. `console`: commands that are run, each after
a `$`. `sh`: commands that are only checked. `yaml NAME`, `csv NAME`: a file of that
name in the folder of the commands; `yaml config.yaml`: the settings. `sql`: run on the
database.
"""

import os
import re
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

from support import commands

ROOT = Path(__file__).parents[2]
MOMENT = "2026-11-20T02:00:00+00:00"  # when the examples take place
FENCE = re.compile(r"^```([^\n`]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Block:
    kind: str
    name: str
    text: str


def blocks(document):
    """
    The code blocks of a document, in their order.
    """
    text = (ROOT / document).read_text(encoding="utf-8")
    found = []
    for head, body in FENCE.findall(text):
        kind, _, name = head.strip().partition(" ")
        found.append(Block(kind, name, body))
    return found


def commands_of(block):
    """
    The commands of a `console` or `sh` block, without the prompt.
    """
    lines = block.text.splitlines()
    if block.kind == "console":
        return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    return [line for line in lines if line.strip()]


class Venue:
    """
    A home and a folder in which the commands of documents run; `sandbox` plays all
    platforms at `url`.
    """

    def __init__(self, place, sandbox, url):
        self.home = place / "home"
        self.folder = place / "work"
        self.sandbox = sandbox
        self.url = url
        self.environment = {
            **os.environ,
            "TICKETSYNC_HOME": str(self.home),
            "COLUMNS": "80",
        }

    def create(self):
        self.home.mkdir(parents=True, mode=0o700)
        self.folder.mkdir()

    def copy(self, place):
        """
        A copy of it that another document may change.
        """
        copied = Venue(place, self.sandbox, self.url)
        shutil.copytree(self.home, copied.home)
        shutil.copytree(self.folder, copied.folder)
        copied.environment |= self.environment | {"TICKETSYNC_HOME": str(copied.home)}
        return copied

    def run(self, lines):
        """
        Run these lines of a shell, on one fixed day, so that they give the same figures
        every day; their results.
        """
        steps = [step for line in lines if (step := self._step(line))]
        return [(step, self._result(step)) for step in steps]

    def _result(self, step):
        done = commands.run(
            *step["words"], env=self.environment, cwd=self.folder, at=MOMENT
        )
        if step["to"]:
            (self.folder / step["to"]).write_text(done.stdout, encoding="utf-8")
        return {"code": done.returncode, "stdout": done.stdout, "stderr": done.stderr}

    def _step(self, line):
        words = shlex.split(line)
        if words[0] == "export":
            name, _, value = words[1].partition("=")
            self.environment[name] = value
            return None
        assert words[0] == "ticketsync", line
        words = words[1:]
        to = None
        if ">" in words:
            words, to = words[: words.index(">")], words[-1]
        if words[:2] == ["accounts", "add"] and words[2] != "file":
            words = self._connected_to_sandbox(words)
        return {"words": words, "to": to}

    def _connected_to_sandbox(self, words):
        """
        What the documents say of the real platform, said of the sandbox.
        """
        if "--base-url" in words:
            at = words.index("--base-url")
            words = words[:at] + words[at + 2 :]
        return [*words, "--base-url", self.sandbox.url(self.url, words[2])]
