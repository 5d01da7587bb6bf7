"""
Tasks that a page starts and somebody looks at: what they are doing, and how they ended.

They are kept in memory only. When the server stops, those that talk to a platform are
asked to stop and waited for briefly, and those that wait are dropped; each workflow may
be interrupted and run again, as by command.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import queue
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ticketsync.core import actor, errors, log
from ticketsync.core.stopping import Stop

RUNNING: Final = "running"
DONE: Final = "done"
REFUSED: Final = "refused"
# What a page calls a step that did not succeed, where nobody refused it, by exit code.
_NOT_REFUSED: Final = {1: "failed", 5: "not reached", 6: "failed", 9: "failed"}
KEPT: Final = 200  # tasks, the newest
_WORKERS: Final = 4


@dataclass(frozen=True, slots=True)
class Step:
    """
    One thing that a task does, in words, and its state: running, done, refused, or
    another word for what did not succeed.
    """

    text: str
    state: str = RUNNING


@dataclass(slots=True)
class Task:
    """
    What somebody started. `kind` says what it is, `subject` what it is about (the name
    of an account, or nothing), `about` the platform, `content` what was given, as a
    digest; `chosen` are the fields of its form, the key apart, to fill it in again;
    `result` is what its job returned, `error` why it was refused; `ended` is set at its
    end.
    """

    id: str
    kind: str
    title: str
    subject: str
    started_by: str
    state: str = RUNNING
    steps: tuple[Step, ...] = ()
    about: str = ""
    content: str = ""
    chosen: Mapping[str, str] = field(default_factory=dict)
    result: Any = None
    error: errors.TicketsyncError | None = None
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def is_running(self) -> bool:
        return self.state == RUNNING

    def may_give_way_to(self, content: str) -> bool:
        """
        Whether a task with this content may have its id: it is the same, or this one
        was refused.
        """
        return self.state == REFUSED or self.content == content

    def begin(self, text: str) -> None:
        """
        Go on with another step; the one before is done.
        """
        self.steps = (*self._ended(DONE), Step(text))

    def describe(self, text: str) -> None:
        """
        Say how far the present step is.
        """
        self.steps = (*self.steps[:-1], Step(text))

    def fail_step(self, text: str, exit_code: int) -> None:
        """
        Say why the present step failed, although the task goes on.
        """
        self.steps = (*self.steps[:-1], Step(text, word_of(exit_code)))

    def note(self, text: str) -> None:
        """
        Add what is worth knowing about the steps before, which are done.
        """
        self.steps = (*self._ended(DONE), Step(text, DONE))

    @property
    def has_failed_step(self) -> bool:
        return any(step.state not in (RUNNING, DONE) for step in self.steps)

    def end(self, state: str, word: str = "") -> None:
        """
        End in that state; `word` is what the step that was running is called instead.
        """
        self.steps = self._ended(word or state)
        self.state = state
        self.ended.set()

    def _ended(self, state: str) -> tuple[Step, ...]:
        return tuple(
            Step(step.text, state) if step.state == RUNNING else step
            for step in self.steps
        )


Job = Callable[[Task], Any]


@dataclass(slots=True)
class Tasks:
    """
    The tasks of one server. Safe to use from several threads. `stop` is requested when
    the server stops.
    """

    stop: Stop = field(default_factory=Stop)
    _tasks: dict[str, Task] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _waiting: queue.SimpleQueue[tuple[Task, Job] | None] = field(
        default_factory=queue.SimpleQueue
    )
    _threads: list[threading.Thread] = field(default_factory=list)
    # Of this process only: what was given may be a key, which no digest may betray.
    _digest_key: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def start(
        self,
        id: str,
        kind: str,
        title: str,
        job: Job,
        subject: str = "",
        about: str = "",
        given: Sequence[str] = (),
        chosen: Mapping[str, str] | None = None,
        is_one_at_a_time: bool = False,
    ) -> Task:
        """
        Start a task on behalf of the current actor. One with the same id and content
        (kind, subject and what was `given`) that was not refused is returned instead: a
        button pressed twice starts one thing. With other content it is another task,
        under another id: a form that was gone back to and changed.

        Where `is_one_at_a_time`, a task of this title that runs is returned, whoever
        started it.
        """
        content = self._digest(id, kind, subject, about, *given)
        with self._lock:
            if is_one_at_a_time and (running := self._running(title)) is not None:
                return running
            known = self._tasks.get(id)
            if known is not None and not known.may_give_way_to(content):
                id = content
                known = self._tasks.get(id)
            if known is not None and known.state != REFUSED:
                return known
            task = Task(
                *(id, kind, title, subject, actor.current()),
                about=about,
                content=content,
                chosen=chosen or {},
            )
            self._tasks.pop(id, None)
            self._tasks[id] = task
            self._forget_old()
            self._waiting.put((task, job))
            self._add_thread()
        return task

    def get(self, id: str) -> Task | None:
        with self._lock:
            return self._tasks.get(id)

    def close(self) -> Sequence[str]:
        """
        Ask what runs to stop and wait for it briefly; what has not begun is dropped.
        Returns the titles of the tasks that were not finished.
        """
        with self._lock:
            running = [task for task in self._tasks.values() if task.is_running]
        self.stop.request(
            errors.Interrupted("The server was stopped.", signal_number=15)
        )
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join(self.stop.grace_left)
        return [task.title for task in running if task.state != DONE]

    def _running(self, title: str) -> Task | None:
        tasks = self._tasks.values()
        return next((t for t in tasks if t.title == title and t.is_running), None)

    def _add_thread(self) -> None:
        """
        One more thread, up to as many as there may be. They are daemons, so that one
        that hangs in the system does not keep the process from ending.
        """
        if len(self._threads) < _WORKERS:
            thread = threading.Thread(target=self._work, name="task", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _work(self) -> None:
        while (next_one := self._waiting.get()) is not None:
            if not self.stop.is_requested:
                _run(*next_one)

    def _digest(self, *content: str) -> str:
        text = json.dumps(content).encode()
        return hmac.new(self._digest_key, text, hashlib.sha256).hexdigest()

    def _forget_old(self) -> None:
        ended = [task.id for task in self._tasks.values() if not task.is_running]
        for id_ in ended[: max(0, len(self._tasks) - KEPT)]:
            del self._tasks[id_]


def word_of(exit_code: int) -> str:
    """
    What a page calls that which ended with this exit code: a platform that cannot be
    reached has refused nothing.
    """
    return _NOT_REFUSED.get(exit_code, REFUSED)


def explain(task: Task, error: Exception) -> errors.TicketsyncError:
    """
    Why something failed, to be shown; a fault of our own is logged.
    """
    if isinstance(error, errors.TicketsyncError):
        return error
    log.warning("task failed", kind=task.kind, trace=log.trace_of(error))
    return errors.TicketsyncError("That failed. The reason is in the log.")


def _run(task: Task, job: Job) -> None:
    try:
        with actor.acting_as(task.started_by):
            task.result = job(task)
    except Exception as error:
        task.error = explain(task, error)
        task.end(REFUSED, word_of(task.error.exit_code))
    else:
        task.end(DONE)
