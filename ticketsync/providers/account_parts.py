"""
An account's organisations, locations or regions: the platform may refuse some, and an
option may leave some out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from ticketsync.core import errors
from ticketsync.core.redact import safe

T = TypeVar("T")


class AccountParts:
    """
    Reads part after part and remembers those that are refused; `kind` is what a part
    is, in words, and `advice` says what to do about a refused one, by its id.
    """

    def __init__(self, platform: str, kind: str, advice: Callable[[str], str]) -> None:
        self._platform = platform
        self._kind = kind
        self._advice = advice
        self._refused: dict[str, str] = {}

    @property
    def refused(self) -> Mapping[str, str]:
        """
        Why each refused part is not read, by its id.
        """
        return dict(self._refused)

    def read(
        self, ids: Sequence[str], pages_of: Callable[[str], Iterator[T]]
    ) -> Iterator[T]:
        """
        What `pages_of` yields for each part that was not refused before.

        Raises the refusal (`Forbidden`, `UnknownResource`) if every part is refused.
        """
        error: errors.TicketsyncError | None = None
        for id_ in ids:
            if id_ in self._refused:
                continue
            try:
                yield from pages_of(id_)
            except (errors.Forbidden, errors.UnknownResource) as refusal:
                error = refusal
                self._refused[id_] = self._reason(id_, refusal)
        if error is not None and set(ids) <= self._refused.keys():
            raise error

    def _reason(self, id_: str, refusal: errors.TicketsyncError) -> str:
        is_forbidden = isinstance(refusal, errors.Forbidden)
        why = (
            "does not let this key read it (403)"
            if is_forbidden
            else "does not know it (404)"
        )
        return (
            f"the {self._kind} {safe(id_, longest=60)}: {self._platform} {why}; "
            "nothing of it is read, what is stored stays. "
            f"{self._advice(safe(id_, longest=60))}"
        )
