"""
`ticketsync notify …`.
"""

from __future__ import annotations

import typer

from ticketsync.cli import context

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Who is told when something is wrong: `notify` in the settings.",
)


@app.callback()
def notify() -> None:
    """
    Who is told when something is wrong: `notify` in the settings.
    """


@app.command("test")
def test(ctx: typer.Context) -> None:
    """
    Send a message to everybody in the settings, and the heartbeat.
    """
    from ticketsync.workflows import watch

    here = context.of(ctx)
    settings = here.settings()
    watch.send(
        settings,
        "ticketsync: a test",
        "If you can read this, ticketsync can tell you when an account needs you.",
    )
    for error in watch.beat(settings):
        raise error
    here.say("Sent.")
