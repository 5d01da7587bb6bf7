"""
Accounts side by side: while one waits for its platform, the others go on.

What comes out is what a run one by one would give. Accounts begin in their order; those
with the same key follow one another, because they share its rate limit. Listings are
fetched at the same time and saved in the accounts' order, each with the links that
follow from it, because what one account's links say of titles and venues decides about
those of the next. Orders depend on no other account and are not waited for.

Where nothing answers, only the first account tries several times (see `Turn.may_wait`),
and more accounts begin, so that it is soon known: those whose platform gives no answer
take no place, see `_Threads`.
"""

from __future__ import annotations

import contextvars
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from ticketsync.accounts.state import AccountState
from ticketsync.core import errors
from ticketsync.core.stopping import GLANCE_SECONDS, Stop

T = TypeVar("T")

AT_ONCE: Final = 4  # accounts, unless somebody asks for another number
SILENT_SECONDS: Final = 0.3  # most platforms have answered by then
_LOOK_SECONDS: Final = 0.1  # for accounts that nothing has answered yet


# The plan


def number_at_once(jobs: int, accounts: int, *, one_connection: bool = False) -> int:
    """
    How many accounts run at once: as many as asked for (0 leaves it to us), one where
    they all have to use one connection of the database.
    """
    if one_connection:
        return 1
    return max(1, min(jobs or AT_ONCE, accounts))


def places_without_answer(jobs: int) -> int:
    """
    How many accounts may run beside those, while their platforms give no answer: none
    where a number was asked for.
    """
    return 0 if jobs else AT_ONCE


def exclusion_key_of(account: AccountState) -> Hashable:
    """
    What accounts have in common that must follow one another: the key, which has one
    rate limit. Accounts of a platform whose keys are not known yet may have the same.
    """
    return account.provider, account.secret_fingerprint


def may_begin(waiting: Sequence[Hashable], busy: Collection[Hashable]) -> bool:
    """
    Whether the next account can begin, by the keys of those that wait and of those
    that run. None overtakes another: who is waited for has begun.
    """
    return bool(waiting) and waiting[0] not in busy


# One account among those of a run


@dataclass(slots=True)
class RunGroup:
    """
    What the accounts of one run know of one another. Safe to use from several threads.
    """

    stop: Stop = field(default_factory=Stop)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _in_turn: set[int] = field(default_factory=set)  # their turn is over
    _left: set[int] = field(default_factory=set)
    _asked_at: dict[int, float] = field(default_factory=dict)  # their first request
    _is_network_up: bool = False
    _has_given_up: bool = False

    @property
    def is_network_up(self) -> bool:
        """
        Whether any platform has answered.
        """
        return self._is_network_up

    def is_silent(self, number: int) -> bool:
        """
        Whether an account has asked its platform for a while, and no platform of any
        account has answered yet.
        """
        with self._changed:
            asked_at = self._asked_at.get(number, float("inf"))
            silent_for = time.monotonic() - asked_at
            return not self._is_network_up and silent_for >= SILENT_SECONDS

    def turn(self, number: int) -> Turn:
        return Turn(self, number)

    def _is_turn_of(self, number: int) -> bool:
        return all(other in self._in_turn for other in range(number))

    def _wait_until(self, happened: Callable[[], bool], seconds: float) -> bool:
        ends = time.monotonic() + seconds
        with self._changed:
            while not happened():
                self.stop.check()
                left = ends - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(min(left, GLANCE_SECONDS))
        return True

    def _note(self, change: Callable[[], None]) -> None:
        with self._changed:
            change()
            self._changed.notify_all()


@dataclass(frozen=True, slots=True)
class Turn:
    """
    The place of one account among those of its run; 0 is the first.
    """

    group: RunGroup
    number: int

    @property
    def stop(self) -> Stop:
        return self.group.stop

    @property
    def is_mine(self) -> bool:
        """
        Whether all accounts before this one have saved their listings and links.
        """
        return self.group._is_turn_of(self.number)

    def wait(self, seconds: float) -> bool:
        """
        Wait for the turn for at most so long; whether it has come.

        Raises: `Interrupted`.
        """
        return self.group._wait_until(lambda: self.is_mine, seconds)

    def end(self) -> None:
        """
        The listing and its links are saved: the next account's turn has come.
        """
        self.group._note(lambda: self.group._in_turn.add(self.number))

    def may_wait(
        self,
        meanwhile: Callable[[], None] = lambda: None,
        every_seconds: float = float("inf"),
    ) -> bool:
        """
        Whether a platform that gives no answer is worth waiting for. Where the network
        is down, one account's tries say as much as those of all: the first one tries
        several times, the others wait for how that ends. That may take minutes;
        `meanwhile` is called every so many seconds of it.

        Raises: `Interrupted`.
        """
        group = self.group

        def is_known() -> bool:
            return group._is_network_up or group._has_given_up or self._is_first

        while not group._wait_until(is_known, every_seconds):
            meanwhile()
        if group._is_network_up or group._has_given_up:
            return group._is_network_up
        return True

    @property
    def _is_first(self) -> bool:
        return all(other in self.group._left for other in range(self.number))

    def note_request(self) -> None:
        """
        The account's platform is asked something.
        """
        if not self.group.is_network_up:
            with self.group._changed:
                self.group._asked_at.setdefault(self.number, time.monotonic())

    def note_response(self) -> None:
        """
        A platform has answered.
        """
        if not self.group._is_network_up:
            self.group._note(self._see_network)

    def _see_network(self) -> None:
        self.group._is_network_up = True

    def leave(self, *, is_unreached: bool) -> None:
        """
        The account is done; `is_unreached` if its platform was asked and no response
        came at all.
        """

        def change() -> None:
            self.group._in_turn.add(self.number)
            self.group._left.add(self.number)
            self.group._has_given_up |= is_unreached

        self.group._note(change)


def alone(stop: Stop | None = None) -> Turn:
    """
    The turn of an account that runs by itself.
    """
    return RunGroup(stop or Stop()).turn(0)


def read_before_turn(
    items: Iterable[T], turn: Turn, wait: Callable[[], None]
) -> Iterator[T]:
    """
    The items as they come in the account's turn; before it they are only read. `wait`
    waits for the turn. Items that came before a failure come before it here, too.
    """
    held: deque[T] = deque()
    failure: errors.TicketsyncError | None = None
    try:
        for item in items:
            held.append(item)
            while held and turn.is_mine:
                yield held.popleft()
    except errors.TicketsyncError as error:
        failure = error
    wait()
    yield from held
    if failure is not None:
        raise failure


# Running them


@dataclass(frozen=True, slots=True)
class Job(Generic[T]):
    """
    One account's part of a run.
    """

    exclusion_key: Hashable
    run: Callable[[Turn], T]


def run_all(
    jobs: Sequence[Job[T]],
    *,
    at_once: int,
    without_answer: int = 0,
    stop: Stop | None = None,
) -> list[T]:
    """
    Run the jobs, so many at once, and return what they gave in their own order. While
    no platform has answered, up to `without_answer` more of them run.

    A job answers for its failures: an exception of one is raised here and stops all.

    Raises: `Interrupted` if `stop` was requested.
    """
    group = RunGroup(stop or Stop())
    if at_once == 1 or len(jobs) < 2:
        return [_run(job, group.turn(n)) for n, job in enumerate(jobs)]
    return _Threads(jobs, group, min(at_once, len(jobs)), without_answer).run()


def _run(job: Job[T], turn: Turn) -> T:
    turn.stop.check()
    try:
        return job.run(turn)
    finally:
        turn.leave(is_unreached=False)


class _Threads(Generic[T]):
    """
    Threads that take one job after the other. They are daemons, so that one that hangs
    in the system does not keep the process from ending.

    `at_once` jobs have a place. A job that waits for the first answer of any platform
    needs none (up to `without_answer` of them): it does nothing else.
    """

    def __init__(
        self,
        jobs: Sequence[Job[T]],
        group: RunGroup,
        at_once: int,
        without_answer: int,
    ) -> None:
        self._jobs = jobs
        self._group = group
        self._at_once = at_once
        self._without_answer = without_answer
        self._lock = threading.Lock()
        self._next = 0
        self._busy: dict[Hashable, int] = {}  # the job that runs with a key
        self._ended: queue.SimpleQueue[tuple[int, T | BaseException]] = (
            queue.SimpleQueue()
        )

    def run(self) -> list[T]:
        found: dict[int, T] = {}
        self._fill()
        try:
            while len(found) < len(self._jobs):
                job_number, result = self._wait()
                if isinstance(result, BaseException):
                    raise result
                found[job_number] = result
                self._fill()
        except BaseException as error:
            self._group.stop.request(error)
            self._wait_for_others()
            raise
        return [found[n] for n in range(len(self._jobs))]

    def _fill(self) -> None:
        """
        Begin what can begin.
        """
        keys = [job.exclusion_key for job in self._jobs]
        while self._has_room() and may_begin(keys[self._next :], self._busy):
            self._busy[keys[self._next]] = self._next
            context = contextvars.copy_context()
            threading.Thread(
                target=context.run,
                args=(self._run_job, self._next),
                name=f"account-{self._next}",
                daemon=True,
            ).start()
            self._next += 1

    def _run_job(self, number: int) -> None:
        result: T | BaseException
        try:
            result = _run(self._jobs[number], self._group.turn(number))
        except BaseException as error:  # raised where the jobs are waited for
            result = error
        self._ended.put((number, result))

    def _has_room(self) -> bool:
        silent = sum(self._group.is_silent(number) for number in self._busy.values())
        return len(self._busy) - min(silent, self._without_answer) < self._at_once

    def _wait(self) -> tuple[int, T | BaseException]:
        while True:  # a wait without an end could not be interrupted everywhere
            is_known = self._group.is_network_up or self._next == len(self._jobs)
            try:
                number, result = self._ended.get(
                    timeout=GLANCE_SECONDS if is_known else _LOOK_SECONDS
                )
            except queue.Empty:
                self._fill()
                continue
            del self._busy[self._jobs[number].exclusion_key]
            return number, result

    def _wait_for_others(self) -> None:
        """
        Give those that still run a moment to stop cleanly. One that does not is as one
        that was killed: the next run takes its lease over.
        """
        while self._busy and (left := self._group.stop.grace_left) > 0:
            try:
                number, _ = self._ended.get(timeout=min(left, GLANCE_SECONDS))
            except queue.Empty:
                continue
            del self._busy[self._jobs[number].exclusion_key]
