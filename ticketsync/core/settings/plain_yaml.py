"""
YAML in which every scalar is text.

YAML's own types turn `19:30` into 1170 and `NO` into False (F35), so this reader
keeps scalars as they were written, with their positions. Anchors, aliases, tags and
duplicate keys are refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from ticketsync.core import errors

DEEPEST = 20  # levels
LARGEST = 5_000_000  # characters
MOST_NODES = 100_000

# The one in C is ten times faster; not every build of the library has it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Node:
    """
    A node of a YAML file and its position (line and column count from 1).
    """

    value: str | list[Node] | dict[str, Node]
    line: int
    column: int

    @property
    def text(self) -> str | None:
        """
        The scalar as written, or `None` if this is a list or a mapping.
        """
        return self.value if isinstance(self.value, str) else None

    def at(self, path: Sequence[str]) -> Node:
        """
        The node below this one by its keys; an empty one where there is none.
        """
        node = self
        for key in path:
            entries = node.value if isinstance(node.value, dict) else {}
            node = entries.get(key) or Node("", node.line, node.column)
        return node

    def plain(self) -> Any:
        """
        The texts, lists and mappings without their positions; `None` for a key without
        a value.
        """
        if isinstance(self.value, list):
            return [
                item.value if item.text == "" else item.plain() for item in self.value
            ]
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        return self.value or None

    def items(self) -> Iterator[tuple[str, Node]]:
        if isinstance(self.value, dict):
            yield from self.value.items()


def read(text: str, source: str) -> Node:
    """
    The tree of a YAML text.

    Raises: `BadFile` with line and column if it is not YAML, and for one that is larger
    or deeper than any list that a person writes.
    """
    if len(text) > LARGEST:
        raise errors.BadFile(
            f"{source} is longer than {LARGEST:,} characters.", hint="Split it."
        )
    depth = 0
    try:
        for number, event in enumerate(yaml.parse(text, Loader=_LOADER)):
            _refuse_unsupported(event, source)
            if number > MOST_NODES:
                raise errors.BadFile(
                    f"{source} has more than {MOST_NODES:,} entries.", hint="Split it."
                )
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                raise _too_deep(event, source)
        tree = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        position = (
            f"line {mark.line + 1}, column {mark.column + 1}" if mark else "start"
        )
        raise errors.BadFile(
            f"{source}, {position}: {error.problem or 'this is not YAML'}.",
            hint="Indent with spaces and put a space after each colon.",
        ) from None
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        raise errors.BadFile(
            f"{source} is not YAML: {error}.", hint="Save it as UTF-8 text."
        ) from None
    if tree is None:
        return Node({}, 1, 1)
    return _node(tree, source)


def _too_deep(event: yaml.Event, source: str) -> errors.BadFile:
    line = event.start_mark.line + 1 if event.start_mark else 1
    return errors.BadFile(
        f"{source}, line {line}: more than {DEEPEST} levels.",
        hint="Write it as a plain list.",
    )


def _refuse_unsupported(event: yaml.Event, source: str) -> None:
    is_unsupported = (
        isinstance(event, yaml.AliasEvent)
        or getattr(event, "anchor", None) is not None
        or getattr(event, "tag", None) is not None
    )
    if is_unsupported:
        mark = event.start_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise errors.BadFile(
            f"{source}, line {line}, column {column}: "
            "anchors, aliases and tags are not supported.",
            hint="Write the value out.",
        )


def _node(tree: yaml.Node, source: str) -> Node:
    line, column = tree.start_mark.line + 1, tree.start_mark.column + 1
    if isinstance(tree, yaml.ScalarNode):
        return Node(str(tree.value), line, column)
    if isinstance(tree, yaml.SequenceNode):
        return Node([_node(item, source) for item in tree.value], line, column)
    entries: dict[str, Node] = {}
    for key_node, value_node in tree.value:
        key = _node(key_node, source)
        if key.text is None or key.text in entries:
            raise errors.BadFile(
                f"{source}, line {key.line}, column {key.column}: "
                f"the key {key.text or 'here'!r} is a duplicate or not a word.",
                hint="Keep one of them.",
            )
        entries[key.text] = _node(value_node, source)
    return Node(entries, line, column)
