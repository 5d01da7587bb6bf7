"""
A key that was pasted where a command expects a name: no command repeats it, and none
asks for anything under that name.
"""

import pytest
from support import commands

TICKET_TAILOR = "sk_55301_204417_9c1f0a7be2"
EVENTBRITE = "7ZQ4WKX2NJ5TMB3RVH6D"
ADD = ("accounts", "add")


@pytest.fixture
def run_command(venue):
    def run(*arguments):
        return commands.run(*arguments, env=venue.environment)

    return run


@pytest.mark.parametrize("key", [TICKET_TAILOR, EVENTBRITE])
@pytest.mark.parametrize(
    "arguments",
    [
        (*ADD, "ticket_tailor", "{}"),
        (*ADD, "{}", "box-office"),
        (*ADD, "ticket_tailor", "box-office", "--secret-env", "{}"),
        (*ADD, "ticket_tailor", "box-office", "--secret-credential", "{}"),
        (*ADD, "wix", "site", "--secret-env", "WIX_KEY", "--set", "{}"),
        (*ADD, "wix", "site", "--secret-env", "TT_KEY", "--set", "site_id={}"),
        ("sync", "{}"),
        ("accounts", "set", "{}", "people=true"),
        ("shows", "show", "{}"),
    ],
    ids=" ".join,
)
def test_it_is_not_repeated(run_command, arguments, key):
    done = run_command(*(word.format(key) for word in arguments))
    assert done.returncode in (2, 4)
    assert "looks like a key" in done.stderr
    assert key not in done.stdout + done.stderr


def test_another_name_is_repeated(run_command):
    assert "There is no provider 'tiket'" in run_command(*ADD, "tiket", "tt").stderr
    assert "There is no account 'hall'" in run_command("sync", "hall").stderr
    assert "There is no show 'gala'" in run_command("shows", "show", "gala").stderr
