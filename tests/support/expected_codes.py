"""
Our commands, each with the exit code that is expected of it.
"""

import json

from support import commands


def run(*words, code=0, **options):
    done = commands.run(*words, **options)
    assert done.returncode == code, (words, done.stdout, done.stderr)
    return done


def as_json(*words):
    return json.loads(run(*words, "--json").stdout)


def refused(*words, code=7):
    """
    The error that a command ended with.
    """
    return json.loads(run(*words, "--json", code=code).stderr)["error"]
