"""
What an account of a platform can be told beside its key, and what each option takes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ticketsync.core import errors
from ticketsync.core.redact import safe

Check = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Option:
    """
    Something beside the key that an account of this platform needs to be told.

    values      the only values it takes, in the letters they are kept in
    is_list     several values with commas between, in any order
    pattern     what a whole value looks like; `looks` says it in words
    check       returns the value as it is kept; raises `ValueError` with what is wrong
    sets_apart  two accounts of one key read different things if they have no value of
                it in common; an account without a value may read all of them
    names_owner  another value means another account of the platform
    """

    name: str
    help: str
    is_required: bool = False
    values: Sequence[str] = ()
    is_list: bool = False
    pattern: str = ""
    looks: str = ""
    check: Check | None = None
    sets_apart: bool = False
    names_owner: bool = False

    def cleaned(self, text: str) -> str:
        """
        A value as it is kept; `UsageError` for one that the option does not take.
        """
        parts = [part.strip() for part in text.split(",")] if self.is_list else [text]
        kept = [self._one(part.strip()) for part in parts if part.strip()]
        return ",".join(sorted(set(kept))) if self.is_list else "".join(kept)

    def parts(self, value: str) -> frozenset[str]:
        """
        The single values of one that may have been kept by an earlier version.
        """
        told = value.split(",") if self.is_list else [value]
        return frozenset(part.strip().upper() for part in told if part.strip())

    def _one(self, text: str) -> str:
        if self.values:
            known = {value.lower(): value for value in self.values}
            if text.lower() not in known:
                raise self._wrong(text, f"Known: {', '.join(self.values)}.")
            return known[text.lower()]
        if self.pattern and not re.fullmatch(self.pattern, text):
            raise self._wrong(text, f"Expected: {self.looks or self.help}.")
        if self.check is None:
            return text
        try:
            return self.check(text)
        except ValueError as wrong:
            raise self._wrong(text, f"{wrong}") from None

    def _wrong(self, text: str, hint: str) -> errors.UsageError:
        return errors.UsageError(
            f"{self.name} does not take {safe(text)!r}.",
            hint=hint,
            word="option-value",
        )


def are_apart(
    options: Sequence[Option], mine: Mapping[str, str], others: Mapping[str, str]
) -> bool:
    """
    Whether two accounts of one key read different things, by their options.
    """
    for option in options:
        here = option.parts(mine.get(option.name, ""))
        there = option.parts(others.get(option.name, ""))
        if option.sets_apart and here and there and not here & there:
            return True
    return False


# What every account can be told, whatever its platform.
OF_ACCOUNTS = (
    Option(
        "people",
        "whether who bought and who comes is kept",
        values=("true", "false"),
    ),
)


def cleaned(
    title: str, options: Sequence[Option], given: Mapping[str, str]
) -> dict[str, str]:
    """
    The values given, as they are kept; `UsageError` for an option that the platform
    does not have, a value that it does not take, or one that is missing.
    """
    known = {option.name: option for option in (*options, *OF_ACCOUNTS)}
    for name in given:
        if name not in known:
            raise errors.UsageError(
                f"{title} has no option {safe(name)!r}.",
                hint=f"Its options are: {', '.join(known)}.",
            )
    kept = {name: known[name].cleaned(value) for name, value in given.items()}
    for option in options:
        if option.is_required and not kept.get(option.name):
            raise errors.UsageError(
                f"{title} needs to be told its {option.name}: {option.help}.",
                hint=f"Add --set {option.name}=…",
                word="option-missing",
            )
    return {name: value for name, value in kept.items() if value}
