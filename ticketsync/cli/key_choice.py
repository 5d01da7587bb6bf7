"""
A question that one key answers.

The key of a choice acts at once. Arrows and Enter work, too; Enter alone chooses
nothing, so that whoever is used to pressing it after each key answers no other question
by it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ticketsync.cli import render, terminal, typed_ahead
from ticketsync.core.redact import safe

if TYPE_CHECKING:
    from prompt_toolkit.key_binding import KeyBindings


@dataclass(frozen=True, slots=True)
class Choice:
    """
    An answer and its key.
    """

    key: str
    text: str


def ask(question: str, choices: Sequence[Choice]) -> str:
    """
    Ask on standard error and return the key of the answer.

    Raises: `KeyboardInterrupt` on Ctrl-C.
    """
    from prompt_toolkit.application import Application
    from prompt_toolkit.layout import FormattedTextControl, Layout, Window

    pointer = _Pointer(len(choices))
    control = FormattedTextControl(
        lambda: "\n".join(_lines(question, choices, pointer.at)), focusable=True
    )
    application: Application[str] = Application(
        layout=Layout(Window(control, dont_extend_height=True)),
        key_bindings=_bindings(choices, pointer),
        output=stderr_output(),
        erase_when_done=True,
    )
    answer: str = application.run()
    return answer


def stderr_output() -> Any:
    """
    Prompts belong on standard error.
    """
    from prompt_toolkit.output import create_output

    return create_output(stdout=sys.stderr)


def confirm(question: str) -> bool:
    """
    Ask what `y` or `n` answers at once.

    Raises: `KeyboardInterrupt` on Ctrl-C.
    """
    import questionary

    typed_ahead.forget()
    return bool(
        questionary.confirm(
            safe(question), auto_enter=True, output=stderr_output()
        ).unsafe_ask()
    )


def prompt(question: str, default: str) -> str:
    """
    Ask for a text.

    Raises: `KeyboardInterrupt` on Ctrl-C.
    """
    import questionary

    answer = questionary.text(
        safe(question), default=default, output=stderr_output()
    ).unsafe_ask()
    return str(answer).strip()


class _Pointer:
    """
    The choice that the arrows point at; none at first.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self.at: int | None = None

    def move(self, by: int) -> None:
        first = 0 if by > 0 else self._number - 1
        self.at = first if self.at is None else (self.at + by) % self._number


def _lines(question: str, choices: Sequence[Choice], at: int | None) -> list[str]:
    width = render.width() - 1
    lines = [f"? {question} (a key, or arrows and Enter)"]
    for number, choice in enumerate(choices):
        mark = "»" if number == at else " "
        begin = f" {mark} {choice.key}) "
        lines += terminal.wrapped(begin + choice.text, width, margin=" " * 9)
    return lines


def _bindings(choices: Sequence[Choice], pointer: _Pointer) -> KeyBindings:
    from prompt_toolkit.key_binding import KeyBindings

    bindings = KeyBindings()
    for choice in choices:

        @bindings.add(choice.key)
        def choose(event: Any, key: str = choice.key) -> None:
            event.app.exit(result=key)

    @bindings.add("down")
    def down(event: Any) -> None:
        pointer.move(1)

    @bindings.add("up")
    def up(event: Any) -> None:
        pointer.move(-1)

    @bindings.add("enter")
    @bindings.add("space")
    def enter(event: Any) -> None:
        if pointer.at is not None:
            event.app.exit(result=choices[pointer.at].key)

    @bindings.add("c-c")
    def interrupt(event: Any) -> None:
        event.app.exit(exception=KeyboardInterrupt)

    return bindings
