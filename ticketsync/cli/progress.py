"""
What a person sees while platforms are read: a bar for each step of each account.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ticketsync.cli import context

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from ticketsync.workflows.accounts.account_run import OnProgress, OnWait


@dataclass(frozen=True, slots=True)
class Watcher:
    """
    What a run tells while it goes on.
    """

    on_progress: OnProgress
    on_wait: OnWait


@contextmanager
def watched(app_context: context.AppContext, json: bool) -> Iterator[Watcher]:
    """
    Progress bars on a terminal, which say when an account waits to try again; nothing
    otherwise.
    """
    from ticketsync.workflows.accounts.account_run import no_progress, no_word

    if json or app_context.quiet or not context.is_terminal():
        yield Watcher(no_progress, no_word)
        return
    with _progress_bars() as bars:
        screen = _Screen(bars)
        yield Watcher(screen.show_progress, screen.show_wait)


class _Screen:
    """
    One bar for each step of each account; a step that counts nothing leaves its place
    to the next. Accounts run side by side, so several threads report here.
    """

    def __init__(self, bars: Progress) -> None:
        from ticketsync.workflows.accounts.account_run import CONNECTING

        self._bars = bars
        self._first = CONNECTING
        self._tasks: dict[tuple[str, str], TaskID] = {}
        self._now: dict[str, str] = {}  # what each account does
        self._lock = threading.Lock()

    def show_progress(self, account: str, step: str, done: int, total: int) -> None:
        with self._lock:
            self._show(account, step, done, total)

    def _show(self, account: str, step: str, done: int, total: int) -> None:
        if self._now.get(account) == self._first != step:
            self._bars.remove_task(self._tasks.pop((account, self._first)))
        if (account, step) not in self._tasks:
            self._tasks[account, step] = self._bars.add_task("", total=None)
        self._now[account] = step
        self._bars.update(
            self._tasks[account, step],
            description=f"{account}: {step}",
            completed=done,
            total=total or None,
        )

    def show_wait(self, account: str, seconds: float) -> None:
        again = f"trying again in {max(1, round(seconds))} s"
        with self._lock:
            step = self._now[account]
            self._bars.update(
                self._tasks[account, step], description=f"{account}: {step}, {again}"
            )


def _progress_bars() -> Progress:
    """
    Bars with a count and a rate, on standard error.
    """
    import sys

    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
    from rich.text import Text

    class Count(ProgressColumn):
        def render(self, task: Task) -> Text:
            if task.total is not None:
                return Text(f"{task.completed:,.0f}/{task.total:,.0f}")
            return Text(f"{task.completed:,.0f}" if task.completed else "")

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text(f"{speed:,.0f}/s" if speed else "")

    console = Console(file=sys.stderr, markup=False, highlight=False)
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        Count(),
        Rate(),
        console=console,
        transient=True,
    )
