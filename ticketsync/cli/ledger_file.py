"""
`ticketsync export ledger`.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Final

import typer

from ticketsync.cli import context, money_options, monthly_exports, report_options
from ticketsync.cli import output as output_option
from ticketsync.cli.context import Force
from ticketsync.cli.output import Output
from ticketsync.cli.report_options import AsOf, PeriodText
from ticketsync.core.plurals import number_of

if TYPE_CHECKING:
    from ticketsync.financials.period_order import PeriodEvent
    from ticketsync.workflows.month_end.ledger_export import Books
    from ticketsync.workflows.month_end.period_ledger import PeriodBooks

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
# The programs that check balances, and the ending of their files.
_ENDINGS: Final = {"hledger": "ledger", "beancount": "beancount"}


def export_ledger(
    ctx: typer.Context,
    program: Program = "hledger",
    period: PeriodText = "",
    per: Per = "show",
    currency: money_options.Currency = "",
    as_of: AsOf = "",
    output: Output = None,
    every: monthly_exports.Every = "",
    closed: monthly_exports.Closed = False,
    directory: monthly_exports.Directory = None,
    force: Force = False,
) -> None:
    """
    Sales, refunds, fees and what shows earned as entries for a bookkeeping program.

    What is charged is unearned until the show has played. hledger and beancount check
    the balances at the end of each month; a file for QuickBooks Online, MYOB or Xero is
    imported into books that have what came before. The entries are projected from your
    sales each time; nothing is kept. Files of closed months are made of what was
    closed.

    Example: ticketsync export ledger --for hledger -o books.ledger
    """
    from ticketsync.catalogue import shows
    from ticketsync.ledger import programs, projection
    from ticketsync.workflows.month_end import late_changes, ledger_export

    kind = programs.PROGRAMS[report_options.chosen("--for", program, programs.PROGRAMS)]
    report_options.chosen("--per", per, projection.PER)
    of_months = monthly_exports.Monthly(
        every=every, closed=closed, directory=directory, options=("--for", program)
    )
    if of_months.is_wanted:
        is_whole = per == projection.SHOW and not (period or currency or as_of)
        _export_months(ctx, program, of_months, is_whole=is_whole and output is None)
        return
    app_context = context.get_context(ctx)
    settings = app_context.settings()
    is_import = isinstance(kind, programs.Importer)
    with app_context.reading(as_of) as connection:
        days = report_options.chosen_period(connection, period)
        code = shows.check_currency(currency) if currency else ""
        books = ledger_export.read_books(
            connection,
            settings,
            days,
            per=per,
            currency=code,
            has_opening=not is_import,
            now=report_options.present(connection, as_of),
        )
        late = (
            late_changes.read_late_changes(connection, settings, days, code).sentences()
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


def _export_months(
    ctx: typer.Context,
    program: str,
    of_months: monthly_exports.Monthly,
    *,
    is_whole: bool,
) -> None:
    """
    Write the books of closed months, with what adjusts earlier ones.

    Raises: `UsageError` for a program that imports, and beside options that choose.
    """
    from ticketsync.core import errors
    from ticketsync.ledger import programs
    from ticketsync.workflows.month_end import period_ledger

    if not is_whole or program not in _ENDINGS:
        raise errors.UsageError(
            "The books of a closed month are whole, and for hledger or beancount.",
            hint="Leave out -o, --as-of, --period, --per and --currency.",
        )
    app_context = context.get_context(ctx)

    def write(event: PeriodEvent, path: Path) -> None:
        if event.basis != "sale":
            app_context.say(f"{event.name} was closed by show and has no books.")
            return
        with app_context.database().read() as connection:
            books = period_ledger.read_books(connection, event)
        text = programs.write(program, books.entries, books.balances)
        output_option.write_text(
            app_context,
            path,
            lambda stream: stream.write(text),
            is_ours=lambda head: head.startswith(programs.PROGRAMS[program].begins),
            force=False,
        )
        for line in [*_unknown_fees(books), *books.gift_cards.sentences()]:
            app_context.say(line)
        app_context.say(f"{path}: {number_of(len(books.entries), 'entry', 'entries')}")

    monthly_exports.run(ctx, of_months, "ledger", _ENDINGS[program], write)


def _unknown_fees(books: Books | PeriodBooks) -> list[str]:
    if not books.unknown_fees:
        return []
    orders = number_of(books.unknown_fees, "order")
    return [f"The fees of {orders} are not known and in no entry."]


def _missing(books: Books) -> list[str]:
    """
    What the entries do not say, as sentences.
    """
    from ticketsync.cli import money_tables

    found = _unknown_fees(books)
    if books.future.number:
        found.append(money_tables.dated_after_today(books.future))
    if books.without_rule:
        found.append(money_tables.without_tax_rule(books.without_rule))
    return found + books.gift_cards.sentences()
