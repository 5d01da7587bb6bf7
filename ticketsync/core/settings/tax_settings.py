"""
Reading `business` and `tax` of the settings file: every mistake is named with its line.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from ticketsync.core.redact import safe
from ticketsync.core.settings.tax_rules import (
    ANSWERS,
    ATTRIBUTIONS,
    KINDS,
    NO_TAX,
    PROGRAMS,
    REPORTED,
    TREATMENTS,
    Business,
    RateSpan,
    TaxCode,
    TaxRule,
    TaxRules,
)
from ticketsync.core.settings.typed_yaml import YamlFile, one_of, section
from ticketsync.core.settings.yaml_values import Day
from ticketsync.core.written import written_rates


class _PerCent(int):
    """
    A rate in parts per million.
    """

    @classmethod
    def parse(cls, value: Any) -> _PerCent:
        rate_ppm = written_rates.ppm(str(value).strip())
        if rate_ppm is None:
            raise ValueError("a percentage such as 10 or 9.975 is expected")
        return cls(rate_ppm)


BUSINESS = section(
    **dict.fromkeys(("legal_name", "tax_number", "country"), str),
    registered_from=Day,
    attribution=one_of(*ATTRIBUTIONS),
)


class _Rules:
    """
    A rule, or a list of them with their days.
    """

    @classmethod
    def parse(cls, value: Any) -> _Rules:
        if isinstance(value, dict) or (isinstance(value, list) and value):
            return cls()
        raise ValueError("a rule, or a list of them with their days, is expected here")


TAX = section(codes=dict, default=_Rules, accounts=dict)
_SPAN: dict[str, Any] = {"rate": _PerCent, "from": Day, "until": Day}
_CODE = section(**_SPAN, **dict.fromkeys(PROGRAMS, str))
_RULE: dict[str, Any] = {
    **dict.fromkeys((*KINDS, "fees"), str),
    **{question: one_of(*answers) for question, answers in ANSWERS.items()},
}
_ALWAYS = section(**_RULE)
_DATED = section(**{"from": Day}, **_RULE)


def read_business(file: YamlFile) -> Business:
    """
    Raises: `ConfigurationError` with the line.
    """
    return Business(**file.given(BUSINESS, "business"))


def read_tax(file: YamlFile) -> TaxRules:
    """
    Raises: `ConfigurationError` with the line.
    """
    given = file.given(TAX, "tax")
    codes = {
        name: _code(file.at("tax", "codes", name), name)
        for name in given.get("codes", ())
    }
    rules = file.at("tax")
    default = _rules(rules.at("default"), codes) if "default" in given else ()
    accounts = {
        name: _rules(rules.at("accounts", name), codes)
        for name in given.get("accounts", ())
    }
    return TaxRules(codes, default, accounts)


def _code(file: YamlFile, name: str) -> TaxCode:
    if name in (*TREATMENTS, NO_TAX, REPORTED) or not re.fullmatch(
        r"[A-Za-z][A-Za-z0-9_-]{0,30}", name
    ):
        raise file.refused(f"{safe(name)!r} cannot be the name of a tax code")
    names: dict[str, str] = {}
    spans = []
    for entry in file.entries() if file.is_list() else [file]:
        given = _given(entry, _CODE)
        if "rate" not in given:
            raise entry.refused(f"`rate` of the tax code {safe(name)} is missing")
        names |= {program: given[program] for program in PROGRAMS if program in given}
        span = RateSpan(int(given["rate"]), given.get("from"), given.get("until"))
        if span.since and span.until and span.until < span.since:
            raise entry.refused("`until` is before `from`")
        spans.append((span, entry))
    _refuse_overlaps(spans)
    return TaxCode(name, tuple(span for span, _ in spans), names)


def _refuse_overlaps(spans: list[tuple[RateSpan, YamlFile]]) -> None:
    """
    On no day may a code have two rates.
    """
    spans.sort(key=lambda item: item[0].since or date.min)
    for (earlier, _), (later, entry) in itertools.pairwise(spans):
        if later.since is None or earlier.until is None or later.since <= earlier.until:
            raise entry.refused("there is another rate on the same days")


def _rules(file: YamlFile, codes: Mapping[str, TaxCode]) -> tuple[TaxRule, ...]:
    if not file.is_list():
        return (_rule(file, _given(file, _ALWAYS), codes),)
    if not file.entries():
        raise file.refused("a rule is expected here")
    found: dict[date, TaxRule] = {}
    for entry in file.entries():
        given = _given(entry, _DATED)
        since = given.pop("from", None)
        if since is None:
            raise entry.refused("`from` is missing: the first day of this rule")
        if since in found:
            raise entry.refused(f"there is a rule from {since} already")
        found[since] = _rule(entry, given, codes, since)
    return tuple(found[since] for since in sorted(found))


def _given(file: YamlFile, kind: Any) -> dict[str, Any]:
    if not isinstance(file.tree.value, dict) or not file.tree.value:
        raise file.refused("keys with their values are expected here")
    return file.given(kind)


def _rule(
    file: YamlFile,
    given: Mapping[str, Any],
    codes: Mapping[str, TaxCode],
    since: date | None = None,
) -> TaxRule:
    possible = {**dict.fromkeys(KINDS, TREATMENTS), "fees": (NO_TAX, REPORTED)}
    for question, words in possible.items():
        answer = given.get(question)
        if answer is not None and answer not in (*codes, *words):
            raise file.at(question).refused(
                f"{safe(answer)!r}: a tax code of `tax.codes` or one of "
                f"{', '.join(words)} is expected"
            )
    return TaxRule({question: str(answer) for question, answer in given.items()}, since)
