"""
A process that forks what is to be killed.
"""

import json

from support import commands


class Machine:
    """
    Runs a script that reads a request in JSON from each line of its input, and answers
    with the exit code of the process it forked for it.
    """

    def __init__(self, script, *options):
        self._process = commands.start_script(script, *options)

    def run(self, **asked):
        print(json.dumps(asked), file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(60)
