"""
Runs commands one after another on one fixed day, so that the examples of the documents
give the same figures every day. Started as a process of its own, which imports
everything once and forks for each command:

    example_runner.py INSTANT < steps.json > results.json

A step is the words of a command and the file that gets its output, if any; a result is
its exit code and what it printed.
"""

import json
import os
import sys
import tempfile
import warnings
from datetime import datetime

import command_server
from command_server import STREAMS, stream


def run(step):
    """
    The result of one step.
    """
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        child = os.fork()
        if child == 0:
            become(step, stdout.fileno(), stderr.fileno())
        _, status = os.waitpid(child, 0)
        texts = []
        for printed in (stdout, stderr):
            printed.seek(0)
            texts.append(printed.read().decode())
    if step["to"]:
        with open(step["to"], "w", encoding="utf-8") as file:
            file.write(texts[0])
    return {
        "code": os.waitstatus_to_exitcode(status),
        "stdout": texts[0],
        "stderr": texts[1],
    }


def become(step, stdout, stderr):
    """
    Be the command; does not come back.
    """
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, file in enumerate((nothing, stdout, stderr)):
        os.dup2(file, number)
        setattr(sys, STREAMS[number], stream(number, errors="strict"))
    sys.argv = ["ticketsync", *step["words"]]
    command_server.run()


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    from ticketsync.core import clock

    command_server.load()
    moment = datetime.fromisoformat(sys.argv[1])
    clock._now = lambda: moment
    print(json.dumps([run(step) for step in json.load(sys.stdin)]))
