"""
The commands that list something, found in the command line itself.
"""

import typer

from ticketsync.cli.main import app

ROOT = typer.main.get_command(app)
# Words for the required arguments of listings, by their names.
ARGUMENTS = {"show": "1", "text": "a", "title": "1", "run_id": "latest", "name": "tt"}
# Options without which a listing shows nothing.
OPTIONS = {"tax worksheet": "--period 2000..2099"}
# Those that print a file, or start from one, and are not listings.
NO_LISTING = {
    *("attendees doorlist", "shows import", "accounts recipe check", "export calendar"),
    *("export financials", "export sales", "export refunds", "export fees"),
    "export ledger",
    "period show",  # of a closed one: see test_period_commands
}


def listings(command=ROOT, path=()):
    """
    Whatever has --format or is called `list`, with its required arguments and options.
    """
    context = typer.Context(command)
    if hasattr(command, "commands"):
        for name in command.list_commands(context):
            yield from listings(command.get_command(context, name), (*path, name))
        return
    has_format = any(parameter.name == "format" for parameter in command.params)
    if (has_format or path[-1] == "list") and " ".join(path) not in NO_LISTING:
        words = [
            ARGUMENTS[parameter.name]
            for parameter in command.params
            if parameter.param_type_name == "argument" and parameter.required
        ]
        name = " ".join(path)
        yield " ".join((name, *words, *filter(None, [OPTIONS.get(name)])))
