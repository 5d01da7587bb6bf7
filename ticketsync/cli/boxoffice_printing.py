"""
`ticketsync boxoffice print`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ticketsync.cli import boxoffice_sales, context
from ticketsync.cli import output as output_option
from ticketsync.cli.boxoffice_sales import Reference
from ticketsync.cli.context import Force
from ticketsync.cli.output import Output

PrintCommand = Annotated[
    str,
    typer.Option(help="It gets each PDF on standard input: 'lp -d tickets'."),
]


def print_order(
    ctx: typer.Context,
    reference: Reference,
    receipt: Annotated[
        bool, typer.Option("--receipt", help="The receipt instead of the tickets.")
    ] = False,
    paper: Annotated[
        str,
        typer.Option(
            help="roll is 80 mm wide; tickets are on a6, receipts on a roll, "
            "if nothing is said.",
            metavar="a6|roll",
        ),
    ] = "",
    output: Output = None,
    print_command: PrintCommand = "",
    email: Annotated[
        str, typer.Option(help="Mail it there, by `notify: mail` of the settings.")
    ] = "",
    force: Force = False,
) -> None:
    """
    Make the tickets of a paid order as a PDF, or its receipt: in a file, for a printer,
    or by mail. Void tickets are not among them.

    Example: ticketsync boxoffice print TS-7K4P-2Q -o tickets.pdf
    """
    from ticketsync.reporting import output_files
    from ticketsync.workflows.boxoffice import printed_orders

    office = boxoffice_sales.get_office(ctx)
    app_context = context.get_context(ctx)
    found = printed_orders.find(office, reference)
    chosen = printed_orders.paper_of(paper, is_receipt=receipt)
    if receipt:
        document = printed_orders.receipt_as_pdf(found, chosen)
    else:
        document = printed_orders.tickets_as_pdf(office, found, chosen)
    what = "receipt" if receipt else "tickets"
    name = f"{found.order.reference}-{what}.pdf"
    if print_command:
        printed_orders.send_to_printer(print_command, document, found.order.reference)
        app_context.say(f"The {what} of {found.order.reference} went to the printer.")
    if email:
        printed_orders.send_by_mail(
            *(office, found, email.strip(), {name: document}), is_receipt=receipt
        )
        app_context.say(f"The {what} of {found.order.reference} went out by mail.")
    if output is not None or not (print_command or email):
        target = output or Path(name)
        output_option.write_bytes(
            app_context, target, document, is_ours=output_files.is_pdf, force=force
        )
        if not output_option.is_standard(target):
            app_context.say(f"{found.order.reference}: {what} in {target}.")
