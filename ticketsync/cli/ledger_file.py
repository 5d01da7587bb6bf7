"""
`ticketsync export ledger`.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Annotated

import typer

from ticketsync.cli import context, money_options, report_options
from ticketsync.cli import output as output_option
from ticketsync.cli.context import Force
from ticketsync.cli.output import Output
from ticketsync.cli.report_options import AsOf, PeriodText
from ticketsync.core.plurals import number_of

if TYPE_CHECKING:
    from ticketsync.workflows.ledger_export import Books

Program = Annotated[
    str,
    typer.Option(
        "--for", help="The program.", metavar="hledger|beancount|qbo|myob|xero"
    ),
]
Per = Annotated[
    str,
    typer.Option(
        help="One entry for each: show (a day, account and show), day or month.",
        metavar="show|day|month",
    ),
]


def export_ledger(
    ctx: typer.Context,
    program: Program = "hledger",
    period: PeriodText = "",
    per: Per = "show",
    currency: money_options.Currency = "",
    as_of: AsOf = "",
    output: Output = None,
    force: Force = False,
) -> None:
    """
    Sales, refunds, fees and what shows earned as entries for a bookkeeping program.

    What is charged is unearned until the show has played. hledger and beancount check
    the balances at the end of each month; a file for QuickBooks Online, MYOB or Xero is
    imported into books that have what came before. The entries are projected from your
    sales each time; nothing is kept.

    Example: ticketsync export ledger --for hledger -o books.ledger
    """
    from ticketsync.catalogue import shows
    from ticketsync.ledger import programs, projection
    from ticketsync.workflows import late_changes, ledger_export

    kind = programs.PROGRAMS[report_options.chosen("--for", program, programs.PROGRAMS)]
    report_options.chosen("--per", per, projection.PER)
    app_context = context.get_context(ctx)
    settings = app_context.settings()
    is_import = isinstance(kind, programs.Importer)
    with app_context.reading(as_of) as connection:
        days = report_options.chosen_period(connection, period)
        books = ledger_export.read_books(
            connection,
            settings,
            days,
            per=per,
            currency=shows.check_currency(currency) if currency else "",
            has_opening=not is_import,
            now=report_options.present(connection, as_of),
        )
        late = (
            late_changes.read_late_changes(connection, settings, days).sentences()
            if is_import and not as_of
            else []
        )
    text = programs.write(
        program, books.entries, books.balances, settings.ledger.xero_tax_rate
    )

    def write(stream: IO[str]) -> int:
        stream.write(text)
        return len(books.entries)

    output_option.write_text(
        app_context,
        output,
        write,
        is_ours=lambda head: head.startswith(kind.begins),
        force=force,
    )
    for line in [*_missing(books), *late]:
        app_context.say(line)
    if not output_option.is_standard(output):
        app_context.say(
            f"{output}: {number_of(len(books.entries), 'entry', 'entries')}"
        )


def _missing(books: Books) -> list[str]:
    """
    What the entries do not say, as sentences.
    """
    from ticketsync.cli import money_tables

    found = []
    if books.unknown_fees:
        orders = number_of(books.unknown_fees, "order")
        found.append(f"The fees of {orders} are not known and in no entry.")
    if books.future:
        found.append(money_tables.dated_after_today(books.future))
    if books.without_rule:
        found.append(money_tables.without_tax_rule(books.without_rule))
    return found
