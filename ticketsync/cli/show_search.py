"""
Searching for a show on a terminal, with suggestions while one types.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ticketsync.cli import key_choice, render
from ticketsync.core.redact import safe

if TYPE_CHECKING:
    from ticketsync.catalogue.shows import ShowInfo

MAX_FOUND = 10  # shows that a search offers


def ask_for_show(shows: Iterable[ShowInfo]) -> int | None:
    """
    Let a person search for a show by parts of its name; returns our id, or `None` if
    they go back.
    """
    import questionary
    from prompt_toolkit.completion import Completer, Completion
    from prompt_toolkit.document import Document

    labels = {
        f"#{show.id} {render.day(show.starts_local)} {safe(show.production)} "
        f"({safe(show.venue)})": show.id
        for show in shows
    }

    class ShowCompleter(Completer):
        def get_completions(
            self, document: Document, complete_event: Any
        ) -> Iterator[Completion]:
            for label in best_labels(document.text, list(labels)):
                yield Completion(label, start_position=-len(document.text))

    def validate(text: str) -> bool | str:
        return not text or text in labels or _what_to_do(text, list(labels))

    found = questionary.autocomplete(
        "Show (empty to go back):",
        choices=list(labels),
        completer=ShowCompleter(),
        validate=validate,
        output=key_choice.stderr_output(),
    ).unsafe_ask()
    return labels.get(found)


def _what_to_do(text: str, labels: list[str]) -> str:
    if best_labels(text, labels):
        return "Choose one with the arrow keys."
    return "No show matches this: try fewer letters, or empty the line to go back."


def best_labels(text: str, labels: list[str]) -> list[str]:
    """
    The labels that match what was typed, the best first; typing errors are allowed.
    """
    from rapidfuzz import fuzz

    words = text.lower().split()

    def score(label: str) -> float:
        return min(fuzz.partial_ratio(word, label.lower()) for word in words)

    if not words:
        return labels[:MAX_FOUND]
    scored = sorted(((score(label), label) for label in labels), key=lambda it: -it[0])
    return [label for points, label in scored[:MAX_FOUND] if points >= 70]
