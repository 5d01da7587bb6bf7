"""
The options of an account other than its key, and the values that each accepts.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ticketsync.core import errors, pasted_keys
from ticketsync.core.redact import safe

Check = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Option:
    """
    An option of the accounts of a platform.

    values       the only values it accepts, as they are stored
    is_list      several values separated by commas, in any order
    pattern      a regular expression for a value; `looks` describes it in words
    check        returns the value to store; raises `ValueError` with what is wrong
    sets_apart   two accounts with one key read different things if they have no value
                 of it in common; an account without a value may read all of them
    names_owner  another value means another account of the platform
    names_file   a file or folder of this machine, stored as an absolute path, which a
                 person confirms; anything else that it accepts reads none
    leaves_out   names organisations, locations or regions that are not to be read
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
    leaves_out: bool = False
    names_file: bool = False

    def cleaned(self, text: str) -> str:
        """
        A value as it is stored. Raises `UsageError` if the option does not accept it.
        """
        parts = [part.strip() for part in text.split(",")] if self.is_list else [text]
        values = [self._clean_one(part.strip()) for part in parts if part.strip()]
        return ",".join(sorted(set(values))) if self.is_list else "".join(values)

    def parts(self, value: str) -> frozenset[str]:
        """
        The single values of a stored one, which an earlier version may have stored.
        """
        parts = value.split(",") if self.is_list else [value]
        return frozenset(part.strip().upper() for part in parts if part.strip())

    def _clean_one(self, text: str) -> str:
        if self.values:
            known = {value.lower(): value for value in self.values}
            if text.lower() not in known:
                raise self._not_accepted(text, f"Known: {', '.join(self.values)}.")
            return known[text.lower()]
        if self.pattern and not re.fullmatch(self.pattern, text):
            raise self._not_accepted(text, f"Expected: {self.looks or self.help}.")
        if self.check is None:
            return text
        try:
            return self.check(text)
        except ValueError as error:
            raise self._not_accepted(text, f"{error}") from None

    def _not_accepted(self, text: str, hint: str) -> errors.UsageError:
        shown = pasted_keys.quoted(text, "what looks like a key")
        return errors.UsageError(
            f"{self.name} does not accept {shown}.",
            hint=hint,
            word="option-value",
        )


def are_apart(
    options: Sequence[Option], mine: Mapping[str, str], others: Mapping[str, str]
) -> bool:
    """
    Whether two accounts with one key read different things, according to their options.
    """
    for option in options:
        here = option.parts(mine.get(option.name, ""))
        there = option.parts(others.get(option.name, ""))
        if option.sets_apart and here and there and not here & there:
            return True
    return False


def refuse_relative_files(options: Sequence[Option], values: Mapping[str, str]) -> None:
    """
    Nobody can have confirmed what a relative path means, and `accounts` stores none.

    Raises: `ConfigurationError` for a value that would be stored as an absolute path
    and is none.
    """
    for option in options:
        value = str(values.get(option.name, ""))
        if not option.names_file or not value or os.path.isabs(value):
            continue
        if not _is_word_of(option, value):
            raise errors.ConfigurationError(
                f"{option.name} is {safe(value)!r}, which is not an absolute path.",
                hint=f"Run `ticketsync accounts set NAME {option.name}=…`.",
                word="option-value",
            )


def _is_word_of(option: Option, value: str) -> bool:
    try:
        return option.cleaned(value) == value
    except errors.UsageError:
        return False


# Options of every account, whatever its platform.
COMMON_OPTIONS = (
    Option(
        "people",
        "whether the names of buyers and guests are kept",
        values=("true", "false"),
    ),
)


def cleaned(
    title: str, options: Sequence[Option], given: Mapping[str, str]
) -> dict[str, str]:
    """
    The given values as they are stored. Raises `UsageError` for an option that the
    platform does not have, a value that it does not accept, or a missing one.
    """
    known = {option.name: option for option in (*options, *COMMON_OPTIONS)}
    for name in given:
        if name not in known:
            raise errors.UsageError(
                f"{title} has no option {safe(name)!r}.",
                hint=f"Its options are: {', '.join(known)}.",
            )
    values = {name: known[name].cleaned(value) for name, value in given.items()}
    for option in options:
        if option.is_required and not values.get(option.name):
            raise errors.UsageError(
                f"{title} needs the option {option.name}: {option.help}.",
                hint=f"Add --set {option.name}=…",
                word="option-missing",
            )
    return {name: value for name, value in values.items() if value}
