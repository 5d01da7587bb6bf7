"""
A show of the venue that is on sale.

evening    the clock stands half an hour before it begins, and is moved by calling this
office_of  `office_of(*tiers)` is its box office, in a database of each kind
office     the same with the usual prices, in the evening
played     the place of a database, of each kind, in which the story of own orders
           happened, and the story
on_sale    a `home` with such a show, for commands
not_yet_on_sale  the same before it was put on sale
"""

import os
import shutil
from contextlib import ExitStack

import pytest
from support import commands, own_story
from support.own_box_office import KEY, NOW, copied_office
from support.pin_keys import put_pin_key

SHOW = ("Late Laughs", "2030-11-27 19:30", "--capacity", "10")
TIERS = ("--tier", "Adult=55.00", "--tier", "Child=20")


@pytest.fixture
def evening(frozen):
    frozen(NOW)
    return frozen


@pytest.fixture(params=["sqlite", "postgresql"])
def office_of(request, frozen, templates):
    """
    What `own_box_office.put_on_sale` gives, done once; the clock must stand by now.
    """
    with ExitStack() as stack:

        def enter(*tiers, **options):
            copied = copied_office(templates, request.param, *tiers, **options)
            return stack.enter_context(copied)

        yield enter


@pytest.fixture
def office(office_of, evening):
    return office_of()


@pytest.fixture(params=["sqlite", "postgresql"])
def played(request, frozen, templates):
    with own_story.copied(templates, request.param, frozen) as played:
        yield played


@pytest.fixture(scope="session")
def homes(tmp_path_factory):
    """
    Two homes of a venue with a show, made by commands, to be copied: it is not yet on
    sale, and it is.
    """
    folder = tmp_path_factory.mktemp("homes")
    before, after = folder / "before", folder / "after"
    before.mkdir()
    put_pin_key(before)
    _run(
        *(before, "init", "--venue", "The Lantern Room"),
        *("--timezone", "Australia/Sydney", "--currency", "AUD", "--no-input"),
    )
    _run(before, "shows", "add", *SHOW)
    shutil.copytree(before, after)
    _run(after, "boxoffice", "open", "1", *TIERS, "--secret-env", "BOX_KEY")
    return before, after


def _run(home, *words):
    environment = {
        **os.environ,
        "HOME": str(home),
        "TICKETSYNC_HOME": str(home),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        "BOX_KEY": KEY,
    }
    for name in ("TICKETSYNC_CONFIG", "TICKETSYNC_DATABASE_URL"):
        environment.pop(name, None)
    commands.run(*words, env=environment, check=True)


@pytest.fixture
def not_yet_on_sale(home, homes, monkeypatch):
    monkeypatch.setenv("BOX_KEY", KEY)
    return shutil.copytree(homes[0], home, dirs_exist_ok=True)


@pytest.fixture
def on_sale(home, homes, monkeypatch):
    monkeypatch.setenv("BOX_KEY", KEY)
    return shutil.copytree(homes[1], home, dirs_exist_ok=True)
