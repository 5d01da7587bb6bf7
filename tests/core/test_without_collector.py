"""
The garbage collector is as it was before, whoever left it off.
"""

import gc
from contextlib import ExitStack

import pytest

from ticketsync.core import without_collector as module
from ticketsync.core.without_collector import freeze_for_good, without_collector


@pytest.fixture(autouse=True)
def collector(monkeypatch):
    """
    Nothing is frozen when a test begins; what was before is again when it ends.
    """
    was_frozen = gc.get_freeze_count() > 0
    gc.unfreeze()
    monkeypatch.setattr(module, "_collector", module._Collector())
    yield
    gc.enable()
    if was_frozen:
        gc.freeze()
    else:
        gc.unfreeze()


@without_collector()
def fail_without_collector():
    assert not gc.isenabled()
    raise KeyError


def test_is_off_inside_and_on_after_a_failure():
    gc.enable()
    with pytest.raises(KeyError):
        fail_without_collector()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_stays_off_where_it_was_off():
    gc.disable()
    with without_collector():
        pass
    assert not gc.isenabled()


def test_is_off_until_the_last_of_two_that_overlap_ends():
    """
    As two threads of `serve` that sync, of which the one that began first ends first.
    """
    gc.enable()
    first, second = ExitStack(), ExitStack()
    first.enter_context(without_collector())
    second.enter_context(without_collector())
    first.close()
    assert not gc.isenabled()
    assert gc.get_freeze_count() > 0
    second.close()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


@pytest.mark.thorough
def test_what_a_server_froze_stays_frozen():
    freeze_for_good()
    frozen = gc.get_freeze_count()
    with without_collector():
        pass
    # What is frozen ends with its last reference, so it may be a few less.
    assert gc.get_freeze_count() > frozen / 2
