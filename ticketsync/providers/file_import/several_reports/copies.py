"""
Which reports of a folder have one content: a copy is left out, and a report that was
renamed, or put back with a new time, is as old as when it was read first. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ticketsync.providers.file_import.one_report.report import Report, Source
from ticketsync.providers.report_folder import (
    HeldNames,
    ReadReport,
    report_digest,
    report_key,
    report_name,
)


@dataclass(frozen=True, slots=True)
class Copy:
    """
    A file that was left out, and the report that it is equal to.
    """

    file: str
    kept: Report


@dataclass(frozen=True, slots=True)
class Settled:
    """
    sources  what is read of the folder, oldest first
    read     its reports by the digest of their content, as they were read first
    notes    which were left out, and which are older than their files say
    copies   those that were left out
    """

    sources: Sequence[Source]
    read: Mapping[str, ReadReport]
    notes: Sequence[str]
    copies: Sequence[Copy] = ()


@dataclass(frozen=True, slots=True)
class _Kept:
    report: Report
    first: ReadReport


def settle_copies(reports: Sequence[Report], held: HeldNames) -> Settled:
    """
    The contents of these reports, each once. They come by the times of their files.
    """
    names = {report_digest(key): report_name(key) for key in held.reports}
    alike: dict[str, list[Report]] = {}
    for report in reports:
        if any(source.orders for source in report.sources):
            alike.setdefault(report.digest, []).append(report)
    kept: list[_Kept] = []
    copies: list[Copy] = []
    for digest, group in alike.items():
        oldest = group[0]
        first = held.read.get(digest) or ReadReport(
            names.get(digest, oldest.file.name), oldest.modified_at
        )
        first = replace(first, modified_at=min(first.modified_at, oldest.modified_at))
        report = next((r for r in group if r.file.name == first.name), oldest)
        kept.append(_Kept(report, first))
        copies += [Copy(it.file.name, report) for it in group if it is not report]
    in_order = sorted(kept, key=lambda item: (item.first.modified_at, item.first.name))
    notes = [
        f"{copy.file} is a copy of {copy.kept.file.name}; it is left out"
        for copy in copies
    ]
    notes += _older_than_they_seem(in_order)
    return Settled(
        [source for item in in_order for source in _sources(item)],
        {item.report.digest: item.first for item in kept},
        notes,
        copies,
    )


def _sources(kept: _Kept) -> list[Source]:
    first = kept.first
    key = report_key(first.name, kept.report.digest)
    return [
        replace(source, key=key, modified_at=first.modified_at, first_name=first.name)
        for source in kept.report.sources
    ]


def _older_than_they_seem(in_order: Sequence[_Kept]) -> list[str]:
    """
    Reports whose files have a newer time than others that are newer.
    """
    notes = []
    for place, item in enumerate(in_order):
        seems = item.report.modified_at
        newer = [
            other.report.file.name
            for other in in_order[place + 1 :]
            if item.first.modified_at < other.first.modified_at <= seems
        ]
        if newer and seems > item.first.modified_at:
            notes.append(
                f"{item.report.file.name} was read before, and counts as older than "
                f"{newer[-1]}, whatever its time is now; remove {newer[-1]} if it is "
                "the one that is out of date"
            )
    return notes
