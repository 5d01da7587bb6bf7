"""
The groups of commands, built once for all the commands of a process: ours builds one
when it is asked for, which takes longer than what many a command does then.
"""

from ticketsync.cli.main import COMMANDS, LazyGroup

_build = LazyGroup.get_command
_built = {}


def install():
    LazyGroup.get_command = get_command


def get_command(group, context, name):
    if name not in _built:
        _built[name] = _build(group, context, name)
    return _built[name]


def build_all():
    """
    For a process that is forked for each command.
    """
    for name in COMMANDS:
        get_command(LazyGroup(), None, name)
