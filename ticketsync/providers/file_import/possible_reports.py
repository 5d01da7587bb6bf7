"""
What lies in a folder of reports: the files that may be reports, whatever they are
called, and what is never opened.

A name says nothing of what a file is: reports come without an ending, or as `.dat`. But
a download that is not complete, or what a program keeps beside a file, is not a report
although it can be read like one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from ticketsync.core import errors
from ticketsync.core.redact import safe
from ticketsync.core.spreadsheets import sheets
from ticketsync.providers.file_import.recipes.recipe import Recipe

_OF_REPORTS = (*sheets.WORKBOOKS, *sheets.TEXTS, ".html", ".htm")
_MOST_NAMED = 20
_NOT_COMPLETE = (".crdownload", ".download", ".opdownload", ".part", ".partial", ".tmp")
_EARLIER = (".bak", ".old", ".orig", "~")  # what an editor kept of a file
_HIDDEN = (".", "~$")  # of the system, and of a spreadsheet that has a file open
# Recipes and what ticketsync itself writes, and what Windows adds to each folder.
_OF_PROGRAMS = (
    *(".yaml", ".yml", ".db", ".db-journal", ".db-shm", ".db-wal", ".log", ".key"),
    *(".db.writelock", ".db.nextlock", ".db.tilllock", ".ini", ".lnk"),
)


def list_files(folder: Path, chosen: Recipe) -> list[Path]:
    """
    The files of a folder that may be reports for a recipe.
    """
    return [
        file
        for file in (folder.glob(chosen.files) if folder.is_dir() else ())
        if not _is_passed_over(file) and not file.is_dir() and not _left_behind(file)
    ]


def find_pipes(files: Iterable[Path]) -> dict[str, errors.BadFile]:
    """
    What has a name in the folder and is not a file, by that name: whoever opens a pipe
    waits for someone to write.
    """
    return {
        file.name: errors.BadFile(
            f"{safe(file.name)} is a pipe or a device, not a file.",
            hint="Take it out of the folder.",
        )
        for file in files
        if file.exists() and not file.is_file()
    }


def not_reports(unread: Mapping[str, errors.BadFile]) -> dict[str, str]:
    """
    Of what cannot be read, by name, that which is not called like a report: why not.
    """
    return {
        name: _why(name, error)
        for name, error in unread.items()
        if not name.lower().endswith(_OF_REPORTS)
    }


def list_unopened(folder: Path, chosen: Recipe) -> list[str]:
    """
    What a person may take for reports of the folder and is never opened, in words.
    """
    if not folder.is_dir():
        return []
    found = [
        f"{safe(file.name)} ({why})"
        for file in sorted(folder.glob(chosen.files))
        if not _is_passed_over(file) and not file.is_dir()
        if (why := _left_behind(file))
    ]
    if "/" not in chosen.files and "**" not in chosen.files:
        found += [f"the folder {safe(it.name)}" for it in _folders(folder, chosen)]
    return found


def note_of_rest(beside: Sequence[str]) -> str:
    """
    What the folder has beside its reports, in a sentence; `""` if there is nothing.
    """
    more = f" and {len(beside) - _MOST_NAMED} more" if len(beside) > _MOST_NAMED else ""
    shown = ", ".join(beside[:_MOST_NAMED])
    return f"not read, beside the reports: {shown}{more}" if beside else ""


def _why(name: str, error: errors.BadFile) -> str:
    if error.word == "headings":
        return f"{safe(name)} (it has no row with the headings)"
    why = error.message.removeprefix(f"{safe(name)} ").removeprefix("is ")
    return f"{safe(name)} ({why.rstrip('.')})"


def _is_passed_over(file: Path) -> bool:
    name = file.name.lower()
    return name.startswith(_HIDDEN) or name.endswith(_OF_PROGRAMS)


def _left_behind(file: Path) -> str:
    name = file.name.lower()
    if name.endswith(_NOT_COMPLETE):
        return "a download that is not complete"
    return "an earlier copy, by its name" if name.endswith(_EARLIER) else ""


def _folders(folder: Path, chosen: Recipe) -> Iterator[Path]:
    """
    The folders inside that have files which the recipe is for, or more folders.
    """
    for inner in sorted(folder.iterdir()):
        if inner.name.startswith(".") or not inner.is_dir():
            continue
        try:
            has_any = any(
                it.is_dir() or not _is_passed_over(it)
                for it in inner.glob(chosen.files)
            )
        except OSError:
            has_any = True
        if has_any:
            yield inner
