"""
What a person can do about a date that its platform lists at another time than its show.
"""

from __future__ import annotations


def choices(account: str, date: str, show: str, starts_local: str) -> str:
    """
    What may be right, each with what to do then, as the rest of a sentence. `date` and
    `show` are our ids of them; `starts_local` is when the platform lists the date, and
    empty for one that it lists without a date.
    """
    moved = (
        f'run `ticketsync shows edit {show} --starts-at "{starts_local}"` if the show '
        "has moved, "
    )
    return (
        f"correct the time at {account} if it is wrong, "
        f"{moved if starts_local else ''}or {'' if starts_local else 'run '}"
        f"`ticketsync link {date} {show}` if both times are right"
    )
