"""
`ticketsync config …`.
"""

from __future__ import annotations

import typer

from ticketsync.cli import terminal

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="The settings file.",
)


@app.callback()
def config() -> None:
    """
    The settings file.
    """


@app.command("example")
def print_example() -> None:
    """
    Print a settings file with every setting, its default and what it is for. Saved as
    it is, it changes nothing.

    Example: ticketsync config example > config.yaml
    """
    from importlib import resources

    file = resources.files("ticketsync.core.settings").joinpath("config.example.yaml")
    terminal.echo_block(file.read_text(encoding="utf-8"))
