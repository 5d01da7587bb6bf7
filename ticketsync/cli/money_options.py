"""
The options of the money view: which shows, and what there is a line for. They mean the
same in every command that has them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ticketsync.workflows.money_view import Wanted

First = Annotated[
    str,
    typer.Option("--from", help="First day, in place of --period.", metavar="DAY"),
]
Last = Annotated[
    str, typer.Option("--to", help="Last day, in place of --period.", metavar="DAY")
]
Account = Annotated[str, typer.Option(help="Only this account.", metavar="NAME")]
Venue = Annotated[str, typer.Option(help="Only this venue.", metavar="NAME")]
Production = Annotated[str, typer.Option(help="Only this production.", metavar="NAME")]
Currency = Annotated[str, typer.Option(help="Only this currency.", metavar="CODE")]
Past = Annotated[bool, typer.Option("--past", help="Only shows that have begun.")]
Coming = Annotated[bool, typer.Option("--coming", help="Only shows still to come.")]
Sort = Annotated[
    str,
    typer.Option(
        help="Order by a column: date, sold, gross, net, …; the largest number first.",
        metavar="COLUMN",
    ),
]


def wanted(*, past: bool, coming: bool, **texts: str) -> Wanted:
    """
    The choice that these options make.

    Raises: `UsageError` for shows that are both past and coming.
    """
    from ticketsync.core import errors
    from ticketsync.workflows import money_view

    if past and coming:
        raise errors.UsageError(
            "No show is both past and coming.", hint="Leave out --past or --coming."
        )
    when = money_view.PAST if past else money_view.COMING if coming else ""
    return money_view.Wanted(when=when, **texts)
