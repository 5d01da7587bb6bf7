"""
`ticketsync notify …`.
"""

from __future__ import annotations

import typer

from ticketsync.cli import context

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Notifications about problems: `notify` in the settings.",
)


@app.callback()
def notify() -> None:
    """
    Notifications about problems: `notify` in the settings.
    """


@app.command("test")
def send_test(ctx: typer.Context) -> None:
    """
    Send a test message to everyone in the settings, and the heartbeat.
    """
    from ticketsync.workflows import account_alerts

    app_context = context.get_context(ctx)
    account_alerts.send_test(app_context.settings())
    app_context.say("Sent.")
