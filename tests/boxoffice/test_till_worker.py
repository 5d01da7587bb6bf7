"""
The thread in which a till works: whether it is at work decides how the till is left.
"""

import asyncio
import threading

import pytest

from ticketsync.cli import till_worker
from ticketsync.cli.till_worker import TillWorker


def test_a_job_handed_in_at_the_end_of_another_one_is_not_taken_for_done(monkeypatch):
    """
    The screen hands in the next key as soon as it has the result of the one before; the
    thread may not have gone on by then.
    """
    handed_in, begun, may_end = (threading.Event() for _ in range(3))
    say = till_worker._say

    def say_and_wait(*call):
        say(*call)
        assert handed_in.wait(60)

    monkeypatch.setattr(till_worker, "_say", say_and_wait)

    def wait_for_it():
        begun.set()
        assert may_end.wait(60)

    async def press_two_keys():
        worker = TillWorker()
        await worker.run(lambda: None)
        second = worker.run(wait_for_it)
        handed_in.set()
        assert begun.wait(60)
        was_idle = worker.is_idle(0)
        may_end.set()
        await second
        return was_idle, worker.is_idle(60)

    assert asyncio.run(press_two_keys()) == (False, True)


def test_what_a_job_raises_is_raised_where_it_was_handed_in():
    async def fail():
        worker = TillWorker()
        with pytest.raises(ZeroDivisionError):
            await worker.run(lambda: 1 // 0)
        return await worker.run(lambda: 2)

    assert asyncio.run(fail()) == 2
