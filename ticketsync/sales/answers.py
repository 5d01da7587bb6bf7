"""
What attendees answered to the questions of a platform's form. Kept only under the names
that the venue gave these questions: what nobody asked for is not stored.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

NONE = "{}"  # as stored


def mapped(field_map: str | None, answered: Mapping[str, str]) -> dict[str, str]:
    """
    The answers by the venue's names: `field_map` is the JSON object question → name of
    an event, `answered` says question → answer. Questions are compared regardless of
    upper case and spaces; several answers to one name are joined.
    """
    names = {_plain(asked): name for asked, name in parse(field_map or NONE).items()}
    found: dict[str, list[str]] = {}
    for question, answer in answered.items():
        name = names.get(_plain(question))
        if name and answer.strip():
            found.setdefault(name, []).append(answer.strip())
    return {name: ", ".join(said) for name, said in found.items()}


def as_text(answers: Mapping[str, str]) -> str:
    """
    The answers as they are stored: a JSON object.
    """
    return json.dumps(dict(answers), sort_keys=True, ensure_ascii=False)


def parse(text: str) -> dict[str, str]:
    """
    The stored answers, by the venue's names.
    """
    return {str(name): str(said) for name, said in json.loads(text).items()}


def _plain(question: str) -> str:
    return " ".join(question.split()).casefold()
