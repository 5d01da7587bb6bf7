"""
Where an account that reads files finds them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Folder:
    """
    Where an account finds its files, as resolved paths: the folder, the file name
    pattern, and the files that exist now.
    """

    path: str
    pattern: str
    files: frozenset[str]

    def shares_with(self, other: Folder) -> bool:
        """
        Whether both read the same file, or would if one were added.
        """
        same_names = (self.path, self.pattern) == (other.path, other.pattern)
        return same_names or bool(self.files & other.files)
