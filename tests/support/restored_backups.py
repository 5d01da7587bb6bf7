"""
Restoring a backup without questions, as `db restore --yes` does after its list.
"""

from ticketsync.store import backup


def restore_backup(verified, target):
    """
    Replace a database by a verified backup; returns the file that is kept.
    """
    with backup.staged(verified, target) as copy:
        return backup.put_in_place(copy, target)
