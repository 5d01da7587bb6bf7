"""
`ticketsync boxoffice till`: a till on a terminal.

One screen, no menus. Keys go to `till_session`, pictures come from `till_layout`; this
module has the terminal. What others sell is on the screen within a quarter of a second,
and nothing is read as long as nobody has changed anything.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Self

import typer

from ticketsync.cli import (
    boxoffice_output,
    boxoffice_sales,
    boxoffice_tills,
    context,
    terminal,
)
from ticketsync.cli.boxoffice_printing import PrintCommand
from ticketsync.cli.context import Show
from ticketsync.cli.till_worker import TillWorker

if TYPE_CHECKING:
    from prompt_toolkit.application import Application
    from prompt_toolkit.key_binding import KeyBindings

    from ticketsync.cli.till_session import Till
    from ticketsync.store.change_watch import ChangeWatch
    from ticketsync.workflows.boxoffice.box_office import BoxOffice

SECONDS_BETWEEN_LOOKS = 0.25
SECONDS_UNTIL_SAID = 0.7  # after which it is said that the database does not answer
INTERRUPTED = 130  # the exit code
ESCAPE_SECONDS = 0.05  # after which Esc is the key, not the beginning of another one


def run_till(
    ctx: typer.Context,
    show: Show,
    till: Annotated[str, typer.Option(help="Its number or name.")] = "1",
    person: Annotated[str, typer.Option(help="Who sells there.")] = "",
    print_command: PrintCommand = "",
) -> None:
    """
    Sell a show at a till: a digit for each ticket, then `e` for exact cash. The till is
    opened with the cash in its drawer, and closed with `q` by counting it.

    Example: ticketsync boxoffice till 12 --till 1 --person Mia
    """
    from ticketsync.catalogue import selection
    from ticketsync.cli import till_session, typed_ahead
    from ticketsync.core import errors

    if not terminal.has_screen():
        raise errors.NeedsTerminal(
            "The till needs a terminal.",
            hint="Without one: `ticketsync boxoffice sell SHOW --tier Adult=2 --cash`.",
        )
    office = boxoffice_sales.get_office(ctx)
    with office.database.read() as connection:
        found = selection.find_show(connection, show)
    printing = Printing(office, print_command)
    working = till_session.start(office, found.id, till.strip(), person, printing.begin)
    typed_ahead.forget()
    with office.database.watch() as watch, printing:
        screen = Screen(working, watch, printing)
        try:
            screen.run()
        except KeyboardInterrupt:
            if not screen.is_idle():
                _leave_at_once(working.name)
            raise
    if working.closed is not None:
        for line in boxoffice_tills.closing_lines(*working.closed):
            terminal.echo(line)
    elif working.view.session is not None:
        context.get_context(ctx).say(
            f"Till {working.name} stays open until its drawer is counted."
        )
    else:
        context.get_context(ctx).say(f"Till {working.name} is not open.")


def _leave_at_once(till: str) -> None:
    """
    End without waiting for a database that does not answer, as if the till was killed.
    """
    terminal.echo(
        f"The database did not answer. Begin till {till} again: LAST on its screen "
        "says whether the last sale was made.",
        err=True,
    )
    terminal.flush()
    os._exit(INTERRUPTED)


class Printing:
    """
    Prints beside the sale: nobody waits for a printer, but at the end of the till.
    `failed` is what was not printed, an order and why: on the screen, and what is left
    of it at the end.
    """

    def __init__(self, office: BoxOffice, command: str) -> None:
        self._office = office
        self._command = command
        self._pool = ThreadPoolExecutor(1)
        self._waiting: list[Future[None]] = []
        self.failed: list[tuple[str, str]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not all(task.done() for task in self._waiting):
            terminal.echo("Waiting for the printer; Ctrl-C ends that.", err=True)
        self._pool.shutdown()
        for reference, why in self.failed:
            again = boxoffice_output.print_command(reference)
            terminal.echo(f"{why} Print it with {again}.", err=True, red=True)

    def begin(self, reference: str, cash_given: int | None) -> bool:
        """
        Print the tickets and the receipt of an order, in the order of asking; returns
        whether there is a printer.
        """
        if self._command:
            task = self._pool.submit(self._print, reference, cash_given)
            self._waiting = [*(it for it in self._waiting if not it.done()), task]
        return bool(self._command)

    def _print(self, reference: str, cash_given: int | None) -> None:
        from ticketsync.core import errors
        from ticketsync.workflows.boxoffice import printed_orders

        try:
            printed_orders.print_sale(
                self._office, reference, self._command, cash_given
            )
        except errors.TicketsyncError as error:
            self.failed.append((reference, f"{error.word}: {error.message}"))


class Screen:
    """
    The terminal of a till. The till itself is at work in a thread (`TillWorker`); what
    is drawn is the picture of it after its last job.

    Keys wait for the one before them. Once it is said that the database does not
    answer, keys are not taken: nobody sees what they would do. Nor are those that were
    typed behind a key that was refused, or behind a sale: what came of it is read
    first.
    """

    def __init__(self, till: Till, watch: ChangeWatch, printing: Printing) -> None:
        self._till = till
        self._watch = watch
        self._printing = printing
        self._worker = TillWorker()
        self._pressed = asyncio.Event()
        self._keys: deque[Callable[[], bool]] = deque()
        self._picture = till.picture()
        self._is_waiting = False
        self._drawn: object = None

    def run(self) -> None:
        """
        Sell until the till is closed or left.

        Raises: `KeyboardInterrupt` on Ctrl-C.
        """
        from prompt_toolkit.application import Application
        from prompt_toolkit.layout import FormattedTextControl, Layout, Window

        control = FormattedTextControl(self._text, focusable=True, show_cursor=False)
        application: Application[None] = Application(
            layout=Layout(Window(control, wrap_lines=False)),
            key_bindings=self._bindings(),
            full_screen=True,
        )
        application.ttimeoutlen = ESCAPE_SECONDS
        application.timeoutlen = ESCAPE_SECONDS
        application.run(pre_run=lambda: self._begin(application))

    def is_idle(self) -> bool:
        """
        Whether the till has done what it was asked, or does it in a moment.
        """
        return self._worker.is_idle(SECONDS_UNTIL_SAID)

    def _begin(self, application: Application[None]) -> None:
        application.create_background_task(self._do_all(application))

    async def _do_all(self, application: Application[None]) -> None:
        """
        Do what the keys ask for; without keys look again and again whether the screen
        has to change.
        """
        try:
            while not self._till.has_ended:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._pressed.wait(), SECONDS_BETWEEN_LOOKS)
                self._pressed.clear()
                if not self._keys:
                    await self._do(application, self._look)
                while self._keys and not self._till.has_ended:
                    await self._do(application, self._keys.popleft())
        except Exception as error:  # ours: the terminal is given back, then it is shown
            _leave(application, error)
        else:
            _leave(application)

    async def _do(
        self, application: Application[None], job: Callable[[], bool]
    ) -> None:
        asked = self._worker.run(job)
        done, _ = await asyncio.wait({asked}, timeout=SECONDS_UNTIL_SAID)
        if not done:
            self._is_waiting = True
            if job != self._look:  # what was said is of the key before it
                state = self._picture.state.saying("")
                self._picture = replace(self._picture, state=state)
            application.invalidate()
            await asyncio.wait({asked})
            self._is_waiting = False
        if not asked.result():
            self._keys.clear()
        self._picture = self._till.picture()
        if self._text(application) != self._drawn:
            application.invalidate()

    def _look(self) -> bool:
        """
        Look whether others have changed something; keys that come go on as they were.
        """
        from ticketsync.core import errors

        try:
            if self._watch.has_changed() or self._till.is_stale():
                self._till.refresh()
        except errors.TicketsyncError as error:
            self._till.note_unread(error)
        if self._printing.failed:
            self._till.note_unprinted(*self._printing.failed.pop(0))
        return True

    def _text(self, application: Application[None] | None = None) -> Any:
        from prompt_toolkit.application import get_app

        from ticketsync.cli import till_layout
        from ticketsync.core import clock

        size = (application or get_app()).output.get_size()
        picture = replace(self._picture, now=clock.now(), is_waiting=self._is_waiting)
        lines = till_layout.draw(picture, size.columns, size.rows)
        text = [part for line in lines for part in (*line, ("", "\n"))][:-1]
        if application is None:
            self._drawn = text
        return text

    def _bindings(self) -> KeyBindings:
        from prompt_toolkit.key_binding import KeyBindings
        from prompt_toolkit.keys import Keys

        from ticketsync.cli import till_keys

        bindings = KeyBindings()
        names = {
            "enter": till_keys.ENTER,
            "c-j": till_keys.ENTER,  # as it comes from some terminals
            "escape": till_keys.ESCAPE,
            "backspace": till_keys.BACKSPACE,
        }
        for name, key in names.items():

            @bindings.add(name)
            def special(event: Any, key: str = key) -> None:
                self._take(lambda: self._till.press(key))

        @bindings.add(Keys.Any)
        def other(event: Any) -> None:
            if len(event.data) == 1:  # a letter, not an arrow
                key = event.data
                self._take(lambda: self._till.press(key))

        @bindings.add(Keys.BracketedPaste)
        def paste(event: Any) -> None:
            self._take(lambda: self._paste(event.data))

        @bindings.add("c-c")
        def interrupt(event: Any) -> None:
            _leave(event.app, KeyboardInterrupt())

        return bindings

    def _take(self, key: Callable[[], bool]) -> None:
        if not self._is_waiting:
            self._keys.append(key)
            self._pressed.set()

    def _paste(self, text: str) -> bool:
        """
        Type a text for somebody, up to the end of its line. It answers a question only:
        as keys, any text would sell.
        """
        from ticketsync.cli import till_keys

        if not self._till.state.is_asked:
            return True
        line, *more = text.splitlines() or [""]
        for letter in line:
            self._till.press(letter)
        if more or text.endswith(("\r", "\n")):
            return self._till.press(till_keys.ENTER)
        return True


def _leave(application: Application[None], error: BaseException | None = None) -> None:
    if application.is_running and not application.is_done:
        if error is None:
            application.exit()
        else:
            application.exit(exception=error)
