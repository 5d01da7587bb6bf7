"""
`ticketsync boxoffice till`: a till on a terminal.

One screen, no menus. Keys go to `till_session`, pictures come from `till_drawing`; this
module has the terminal. What others sell is on the screen within a quarter of a second,
and nothing is read as long as nobody has changed anything.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Annotated, Any, Self

import typer

from ticketsync.cli import boxoffice_sales, boxoffice_tills, context, terminal
from ticketsync.cli.boxoffice_printing import PrintCommand
from ticketsync.cli.boxoffice_sales import Show

if TYPE_CHECKING:
    from prompt_toolkit.application import Application
    from prompt_toolkit.key_binding import KeyBindings

    from ticketsync.cli.till_session import Till
    from ticketsync.store.change_watch import ChangeWatch
    from ticketsync.workflows.box_office import BoxOffice

SECONDS_BETWEEN_LOOKS = 0.25
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
        Screen(working, watch, printing).run()
    if working.closed is not None:
        for line in boxoffice_tills.closing_lines(*working.closed):
            terminal.echo(line)
    elif working.view.session is not None:
        context.get_context(ctx).say(
            f"Till {working.name} stays open until its drawer is counted."
        )
    else:
        context.get_context(ctx).say(f"Till {working.name} is not open.")


class Printing:
    """
    Prints beside the sale: nobody waits for a printer, but at the end of the till. What
    went wrong is `said`: on the screen, and what is left of it at the end.
    """

    def __init__(self, office: BoxOffice, command: str) -> None:
        self._office = office
        self._command = command
        self._pool = ThreadPoolExecutor(1)
        self._waiting: list[Future[None]] = []
        self.said: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not all(task.done() for task in self._waiting):
            terminal.echo("Waiting for the printer; Ctrl-C ends that.", err=True)
        self._pool.shutdown()
        for text in self.said:
            terminal.echo(text, err=True, red=True)

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
        from ticketsync.workflows import printed_orders

        try:
            printed_orders.print_sale(
                self._office, reference, self._command, cash_given
            )
        except errors.TicketsyncError as error:
            self.said.append(f"{error.word}: {error.message} Print {reference} again.")


class Screen:
    """
    The terminal of a till.
    """

    def __init__(self, till: Till, watch: ChangeWatch, printing: Printing) -> None:
        self._till = till
        self._watch = watch
        self._printing = printing
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

    def _begin(self, application: Application[None]) -> None:
        application.create_background_task(self._look(application))

    async def _look(self, application: Application[None]) -> None:
        """
        Look again and again whether the screen has to change.
        """
        while True:
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
            self._look_once()
            if self._text(application) != self._drawn:
                application.invalidate()

    def _look_once(self) -> None:
        from ticketsync.core import errors

        try:
            if self._watch.has_changed() or self._till.is_stale():
                self._till.refresh()
        except errors.TicketsyncError as error:
            self._till.say_error(error)
        if self._printing.said:
            text = self._printing.said.pop(0)
            self._till.state = self._till.state.saying(text, is_error=True)

    def _text(self, application: Application[None] | None = None) -> Any:
        from prompt_toolkit.application import get_app

        from ticketsync.cli import till_drawing

        size = (application or get_app()).output.get_size()
        lines = till_drawing.draw(self._till.picture(), size.columns, size.rows)
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
            "escape": till_keys.ESCAPE,
            "backspace": till_keys.BACKSPACE,
        }
        for name, key in names.items():

            @bindings.add(name)
            def special(event: Any, key: str = key) -> None:
                self._press(event.app, key)

        @bindings.add(Keys.Any)
        def other(event: Any) -> None:
            if len(event.data) == 1:  # a letter, not an arrow
                self._press(event.app, event.data)

        @bindings.add(Keys.BracketedPaste)
        def paste(event: Any) -> None:
            self._paste(event.app, event.data)

        @bindings.add("c-c")
        def interrupt(event: Any) -> None:
            event.app.exit(exception=KeyboardInterrupt)

        return bindings

    def _paste(self, application: Any, text: str) -> None:
        """
        Type a text for somebody, up to the end of its line. It answers a question only:
        as keys, any text would sell.
        """
        from ticketsync.cli import till_keys

        if not self._till.state.is_asked:
            return
        line, *more = text.splitlines() or [""]
        for letter in line:
            self._press(application, letter)
        if more or text.endswith(("\r", "\n")):
            self._press(application, till_keys.ENTER)

    def _press(self, application: Any, key: str) -> None:
        if self._till.has_ended:
            return
        try:
            self._till.press(key)
        except Exception as error:  # ours: the terminal is given back, then it is shown
            self._till.has_ended = True
            application.exit(exception=error)
            return
        if self._till.has_ended:
            application.exit()
