"""
YAML files as typed values: msgspec checks them, and what it refuses is reported with
file and line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import msgspec
from msgspec import inspect

from ticketsync.core import errors, near_words
from ticketsync.core.redact import safe
from ticketsync.core.settings import plain_yaml

LIST_EXPECTED = "a list of words is expected here"


def section(**fields: Any) -> type[msgspec.Struct]:
    """
    The keys that a part of a file may have, and their types. A key without a value
    counts as missing.
    """
    return msgspec.defstruct(
        "Section",
        [(name, kind | None, None) for name, kind in fields.items()],
        frozen=True,
        forbid_unknown_fields=True,
    )


def whole(least: int, most: int) -> Any:
    """
    The type of a whole number between these.
    """
    return Annotated[int, msgspec.Meta(ge=least, le=most)]


def one_of(*words: str) -> Any:
    """
    The type of one of these words.
    """
    return Literal[words]


class Words(tuple[str, ...]):
    """
    A list of words; a single word counts as one. `check` says what is wrong with one.
    """

    __slots__ = ()
    check: Callable[[str], str] = staticmethod(lambda _: "")

    @classmethod
    def parse(cls, value: Any) -> Words:
        words = [value] if isinstance(value, str) else value
        if not isinstance(words, list) or {type(word) for word in words} - {str}:
            raise ValueError(LIST_EXPECTED)
        for problem in filter(None, map(cls.check, words)):
            raise ValueError(problem)
        return cls(words)


@dataclass(frozen=True, slots=True)
class YamlFile:
    """
    A parsed file. `noun` says what its keys are, `hint` where they are described.
    """

    source: str
    tree: plain_yaml.Node
    noun: str
    hint: str

    def at(self, *path: str) -> YamlFile:
        """
        What is at that path, to be read like a file of its own.
        """
        return replace(self, tree=self.tree.at(path))

    def is_list(self, *path: str) -> bool:
        """
        Whether there is a list at that path.
        """
        return isinstance(self.tree.at(path).value, list)

    def entries(self, *path: str) -> list[YamlFile]:
        """
        The entries of the list at that path, each to be read like a file of its own.
        """
        items = self.tree.at(path).value
        nodes = items if isinstance(items, list) else []
        return [replace(self, tree=node) for node in nodes]

    def refused(self, problem: str) -> errors.ConfigurationError:
        """
        The error that names this file and the line where it begins.
        """
        return errors.ConfigurationError(
            f"{self.source}, line {self.tree.line}: {problem}.", hint=self.hint
        )

    def given(self, kind: type[msgspec.Struct], *path: str) -> dict[str, Any]:
        """
        The keys that the file sets at that path, as `kind` (a `section`) says; types
        with a method `parse` are made by it. Raises `ConfigurationError` with the line.
        """
        data = self.tree.at(path).plain()
        try:
            found = msgspec.convert(
                {} if data is None else data,
                kind,
                strict=False,
                dec_hook=lambda custom, value: custom.parse(value),
            )
        except msgspec.ValidationError as error:
            raise self._explained(str(error), kind, path) from None
        fields = msgspec.structs.asdict(found)
        return {name: value for name, value in fields.items() if value is not None}

    def _explained(
        self, message: str, kind: type[msgspec.Struct], path: tuple[str, ...]
    ) -> errors.ConfigurationError:
        problem, _, trail = message.partition(" - at `$.")
        unknown = re.search(r"unknown field `(.*)`", problem)
        key = unknown[1] if unknown else trail.rstrip("`").partition("[")[0]
        path = (*path, key) if key else path
        node = self.tree.at(path)
        fields = {
            field.name: field.type
            for field in inspect.type_info(kind).fields  # type: ignore[attr-defined]  # a struct's
        }
        if unknown:
            suggestion = _suggestion(key, fields)
            problem = f"{safe(key)!r} is not a {self.noun}{suggestion}"
        elif problem.startswith("Expected `object"):
            what = ".".join(path) or "the file"
            problem = f"{safe(what)} should be a list of `key: value`"
        else:
            problem = _expected(fields[key]) or problem
            if node.text is not None and not problem.startswith("'"):
                problem = f"{safe(node.text)!r}: {problem}"
        return errors.ConfigurationError(
            f"{self.source}, line {node.line}: {problem}.".replace("?.", "?"),
            hint=self.hint,
        )


_MOST_LISTED = 12  # fields that an error lists


def _suggestion(key: str, fields: Mapping[str, object]) -> str:
    """
    The field that is meant, or all where they are few.
    """
    if near := near_words.nearest(key.lower(), fields):
        return f". Did you mean {near!r}?"
    if len(fields) <= _MOST_LISTED:
        return f"; there are {', '.join(fields)}"
    return ""


def _expected(kind: inspect.Type) -> str:
    """
    What a value of that type looks like; empty for types that say it themselves.
    """
    for choice in getattr(kind, "types", (kind,)):
        if isinstance(choice, inspect.IntType):
            return f"a whole number from {choice.ge} to {choice.le} is expected"
        if isinstance(choice, inspect.LiteralType):
            return f"one of {', '.join(map(repr, choice.values))} is expected"
        if isinstance(choice, inspect.ListType):
            return LIST_EXPECTED
        if isinstance(choice, inspect.StrType):
            return "a word is expected here"
    return ""
