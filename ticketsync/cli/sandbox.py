"""
`ticketsync sandbox …`.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from ticketsync.cli import render, terminal
from ticketsync.cli.context import Json

if TYPE_CHECKING:
    from ticketsync.sandbox.server import Sandbox
    from ticketsync.sandbox.world import World

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Simulated platforms on this machine, for trying things out.",
)
Seed = Annotated[int, typer.Option(help="Another seed gives other data.")]
Size = Annotated[int, typer.Option(help="How many orders there are.", min=1)]
Today = Annotated[str, typer.Option(help="The simulated date: 2026-09-01.")]


@app.command("serve")
def serve(
    port: Annotated[
        int, typer.Option(help="0 chooses a free one.", min=0, max=65535)
    ] = 8765,
    seed: Seed = 1,
    size: Size = 900,
    today: Today = "",
    latency_ms: Annotated[int, typer.Option(help="Delay of each response.", min=0)] = 0,
    limit: Annotated[int, typer.Option(help="Requests per half hour.")] = 5000,
) -> None:
    """
    Simulate Ticket Tailor and the other platforms on 127.0.0.1 until Ctrl-C.
    """
    from ticketsync.core import errors
    from ticketsync.sandbox import platforms, server

    world = _world(seed, size, today)
    sandbox = server.Sandbox(
        world,
        latency=latency_ms / 1000,
        limit=limit,
        others=platforms.build_others(
            seed=seed, today=_day(today), shares_seats_with=world
        ),
    )
    try:
        served = server.make_server(sandbox, port)
    except OSError as error:
        raise errors.UsageError(
            f"Port {port} cannot be used: {error.strerror}.", hint="Try --port 0."
        ) from None
    url = server.base_url(served)
    print_commands(sandbox, url)
    try:
        served.serve_forever()
    except KeyboardInterrupt:
        terminal.echo("Stopped.")
    finally:
        served.server_close()


def print_commands(sandbox: Sandbox, url: str) -> None:
    """
    Print how each platform is connected, in commands to copy: a terminal may fold a
    long line, but nothing here breaks it into two.
    """
    from ticketsync.sandbox.wix_records import SITE

    accounts = {
        "eventbrite": "eb --secret-env EB_KEY",
        "humanitix": "hx --secret-env HX_KEY --set regions=AU,NZ",
        "wix": f"site --secret-env WIX_KEY --set site_id={SITE}",
        "square": "bar --secret-env SQ_KEY",
    }
    terminal.echo(f"Ticket Tailor sandbox at {url}")
    terminal.echo("Connect it from another terminal:")
    _print_commands("ticket_tailor", "tt --secret-env TT_KEY", url, sandbox.key)
    terminal.echo("The same venue on other platforms, if you want more than one:")
    for platform in sandbox.others:
        address = sandbox.url(url, platform.name)
        _print_commands(platform.name, accounts[platform.name], address, platform.key)


def _print_commands(platform: str, account: str, url: str, key: str) -> None:
    """
    The variable with its key, and the account that takes it from there.
    """
    variable = account.partition(" --secret-env ")[2].split()[0]
    terminal.echo_block(
        f"  export {variable}={key}\n"
        f"  ticketsync accounts add {platform} {account} --base-url {url}"
    )


_COLUMNS = (
    render.Column("event_id", "EVENT"),
    render.Column("name", "NAME", most=18),
    render.Column("tickets_sold", "SOLD", numeric=True),
    render.Column("gross", "GROSS", numeric=True),
    render.Column("refunded", "REFUNDED", numeric=True),
    render.Column("tax", "TAX", numeric=True),
    render.Column("currency", ""),
)


@app.command("truth")
def truth(
    seed: Seed = 1,
    size: Size = 900,
    today: Today = "",
    url: Annotated[str, typer.Option(help="Ask a running sandbox instead.")] = "",
    platform: Annotated[
        str, typer.Option(help="A platform other than Ticket Tailor.")
    ] = "ticket_tailor",
    json: Json = False,
) -> None:
    """
    Show what the sandbox's shows really sold and earned, by its own calculation.
    """
    from ticketsync.core import errors
    from ticketsync.sandbox import platforms, server

    try:
        if url:
            rows = server.call_control(url, "truth", platform=platform)
        else:
            first = _world(seed, size, today)
            # All of them, as `serve` simulates them: they share the seats.
            others = platforms.build_others(
                seed=seed, today=_day(today), shares_seats_with=first
            )
            worlds = {player.name: player.world for player in others}
            worlds["ticket_tailor"] = first
            rows = server.truth_as_json(worlds[platform])
    except KeyError:
        raise errors.NotFound(
            f"The sandbox does not simulate {platform!r}.",
            hint=f"It simulates ticket_tailor, {', '.join(platforms.PLATFORMS)}.",
        ) from None
    except OSError as error:
        raise errors.ProviderUnavailable(
            f"No sandbox responds at {url} ({error}).",
            hint="Start one with `ticketsync sandbox serve`.",
        ) from None
    render.show(rows, _COLUMNS, "json" if json else "table")


@app.command("next-day")
def next_day(
    url: Annotated[str, typer.Argument(help="URL of a running sandbox.")],
) -> None:
    """
    Let a day pass in a running sandbox: sales, refunds, a moved occurrence.
    """
    from ticketsync.sandbox import server

    for change in server.call_control(url, "next-day"):
        terminal.echo(change)


def _world(seed: int, size: int, today: str) -> World:
    from ticketsync.sandbox import world

    return world.build(seed=seed, today=_day(today), orders=size)


def _day(text: str) -> date | None:
    from ticketsync.core import errors

    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise errors.UsageError(
            f"{text!r} is not a date.", hint="Use YYYY-MM-DD."
        ) from None
