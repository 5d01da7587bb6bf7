"""
`ticketsync export ledger`.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Annotated

import typer

from ticketsync.cli import context, report_options
from ticketsync.cli import output as output_option
from ticketsync.cli.context import Force
from ticketsync.cli.output import Output
from ticketsync.cli.report_options import PeriodText
from ticketsync.core.plurals import number_of

if TYPE_CHECKING:
    from ticketsync.workflows.ledger_export import Books

Program = Annotated[
    str,
    typer.Option("--for", help="The program.", metavar="hledger|beancount|qbo"),
]
_BEGINS = {
    "hledger": b"commodity ",
    "beancount": b'option "title" "ticketsync"',
    "qbo": b"Journal No,",
}


def export_ledger(
    ctx: typer.Context,
    program: Program = "hledger",
    period: PeriodText = "",
    output: Output = None,
    force: Force = False,
) -> None:
    """
    Sales, refunds, fees and what shows earned as entries for a bookkeeping program.

    What is charged is unearned until the show has played. hledger and beancount check
    the balances at the end of each month. The entries are projected from your sales
    each time; nothing is kept.

    Example: ticketsync export ledger --for hledger -o books.ledger
    """
    from ticketsync.ledger import text
    from ticketsync.workflows import ledger_export

    report_options.chosen("--for", program, text.PROGRAMS)
    app_context = context.get_context(ctx)
    with app_context.database().read() as connection:
        days = report_options.chosen_period(connection, period)
        books = ledger_export.read_books(connection, app_context.settings(), days)

    def write(stream: IO[str]) -> int:
        stream.write(text.write(program, books.entries, books.balances))
        return len(books.entries)

    begin = _BEGINS[program]
    output_option.write_text(
        app_context,
        output,
        write,
        is_ours=lambda head: head.startswith(begin),
        force=force,
    )
    for line in _missing(books):
        app_context.say(line)
    if not output_option.is_standard(output):
        app_context.say(
            f"{output}: {number_of(len(books.entries), 'entry', 'entries')}"
        )


def _missing(books: Books) -> list[str]:
    """
    What the entries do not say, as sentences.
    """
    found = []
    if books.unknown_fees:
        orders = number_of(books.unknown_fees, "order")
        found.append(f"The fees of {orders} are not known and in no entry.")
    if books.without_rule:
        orders = number_of(books.without_rule, "order")
        found.append(
            f"Tax that your rules do not say is not taken out of {orders}: see "
            "`ticketsync tax worksheet`."
        )
    return found
