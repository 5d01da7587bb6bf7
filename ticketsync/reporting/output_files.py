"""
Files that a command writes where its user says (`-o`), and what they may replace: an
earlier file of the same command. Files of the program itself are never replaced,
anything else only by force.
"""

from __future__ import annotations

import csv
import os
import re
import stat
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ticketsync.core import errors, paths

_LOOKED_AT = 1 << 16  # bytes at the beginning and at the end of an existing file

_SQLITE = b"SQLite format 3\0"  # how such a file begins

_PROPERTIES = b"docProps/core.xml"  # of a workbook

IsOurs = Callable[[bytes], bool]  # by the first and last bytes of a file


@dataclass(frozen=True, slots=True)
class OutputFile:
    """
    Where to write. `is_ours` recognises an earlier file of the same command, `force`
    replaces another one, too. `kept` are the database and the settings in use.
    """

    path: Path
    is_ours: IsOurs
    force: bool = False
    kept: Sequence[Path] = ()

    def check(self) -> None:
        """
        Raises: `UsageError` for a file that must not be replaced.
        """
        is_kept = any(_is_of(self.path, file) for file in self.kept)
        if is_kept or _is_our_own(self.path) or _is_of_database(self.path):
            raise errors.UsageError(
                f"{self.path} belongs to ticketsync itself and is never replaced by "
                "an export.",
                hint="Choose another name with -o.",
                word="own-file",
            )
        try:
            mode = self.path.stat().st_mode
        except FileNotFoundError:
            return
        except (OSError, ValueError):
            mode = 0
        if not stat.S_ISREG(mode):
            raise errors.UsageError(
                f"{self.path} is not a file.", hint="Choose another name with -o."
            )
        if not self.force and not self._is_replaceable():
            raise errors.UsageError(
                f"{self.path} exists and was not written by this command.",
                hint="Choose another name, or add --force to replace it.",
                word="file-exists",
            )

    def _is_replaceable(self) -> bool:
        try:
            with self.path.open("rb") as stream:
                looked_at = stream.read(_LOOKED_AT)
                size = stream.seek(0, os.SEEK_END)
                stream.seek(max(len(looked_at), size - _LOOKED_AT))
                looked_at += stream.read()
        except OSError:
            return False
        return not looked_at or self.is_ours(looked_at)


def _is_of_database(path: Path) -> bool:
    """
    Whether a file is a SQLite database, such as a backup, or the digest of one.
    """
    file = path.with_suffix("") if path.suffix == ".sha256" else path
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            return False
        with file.open("rb") as stream:
            return stream.read(len(_SQLITE)) == _SQLITE
    except (OSError, ValueError):
        return False


def is_csv(names: Sequence[str]) -> IsOurs:
    """
    Recognises a CSV file with these columns, or the first of them: later versions add
    columns at the end.
    """

    def is_ours(head: bytes) -> bool:
        line = head.decode("utf-8-sig", "replace").partition("\n")[0].rstrip("\r")
        found = next(csv.reader([line]), [])
        shorter = min(len(found), len(names))
        return bool(found) and found[:shorter] == list(names[:shorter])

    return is_ours


def is_json(first_name: str) -> IsOurs:
    """
    Recognises a JSON list that is empty or whose objects begin with this key.
    """
    pattern = rb"\[\s*(\]|\{\s*" + re.escape(f'"{first_name}"').encode() + rb"\s*:)"
    return lambda head: re.match(pattern, head) is not None


def is_json_lines(first_name: str) -> IsOurs:
    """
    Recognises a JSON object, or lines of them, that begin with this key.
    """
    begin = re.compile(rb"\{\s*" + re.escape(f'"{first_name}"').encode() + rb"\s*:")
    return lambda head: begin.match(head) is not None


def is_workbook(title: str) -> IsOurs:
    """
    Recognises a workbook of this report by the properties in it.
    """

    def is_ours(head: bytes) -> bool:
        begin = head.find(_PROPERTIES)
        if not head.startswith(b"PK") or begin < 0:
            return False
        try:
            # A file in an archive follows its name.
            text = zlib.decompressobj(-zlib.MAX_WBITS).decompress(
                head[begin + len(_PROPERTIES) :], _LOOKED_AT
            )
        except zlib.error:
            return False
        said = f"<dc:title>{title}</dc:title>".encode()
        return said in text and b"<dc:creator>ticketsync</dc:creator>" in text

    return is_ours


def is_parquet(name: str) -> IsOurs:
    """
    Recognises a Parquet file of this report by the metadata in it.
    """
    marks = (b"ticketsync", name.encode())
    return lambda head: head.startswith(b"PAR1") and all(mark in head for mark in marks)


def is_calendar(head: bytes) -> bool:
    """
    Recognises a calendar.
    """
    return head.startswith(b"BEGIN:VCALENDAR")


def is_pdf(head: bytes) -> bool:
    """
    Recognises a PDF that typst made.
    """
    return head.startswith(b"%PDF-") and b"Typst" in head


def _is_of(path: Path, file: Path) -> bool:
    """
    Whether a path is that file, or a journal, lock or former version beside it.
    """
    try:
        if path.exists() and file.exists() and path.samefile(file):
            return True
        path, file = path.resolve(), file.resolve()
    except (OSError, ValueError, RuntimeError):
        return True  # a path that cannot be followed
    beside = path.parent == file.parent
    return beside and (path.name == file.name or _is_beside(path.name, file.name))


def _is_beside(name: str, of: str) -> bool:
    rest = name.removeprefix(of)
    return rest != name and rest.startswith(("-wal", "-shm", "-journal", "."))


def _is_our_own(path: Path) -> bool:
    """
    Whether a path is one of the program's own files in the home, other than those that
    are chosen for each command.
    """
    own = (paths.config_file(), paths.database_file(), paths.pin_key_file())
    if any(_is_of(path, file) for file in own):
        return True
    folders = (
        *(paths.secrets_folder(), paths.state_folder()),
        paths.database_file().parent / "backups",
    )
    resolved = path.resolve()
    return any(folder.resolve() in resolved.parents for folder in folders)
