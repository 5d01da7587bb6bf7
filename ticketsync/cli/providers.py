"""
`ticketsync accounts providers`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ticketsync.cli import context, render, terminal
from ticketsync.cli.context import Format, Json

if TYPE_CHECKING:
    from ticketsync.providers.base import Option, ProviderSpec

PLATFORMS_SIDE_BY_SIDE = 6
_OFFERED = {True: "yes", False: "–"}


_SUMMARY_COLUMNS = (
    render.Column("name", "PROVIDER", rigid=True),  # it is typed
    render.Column("title", "TITLE"),
    render.Column("origin", "ORIGIN"),
    render.Column("fees", "FEES"),
    render.Column("changes", "CHANGES"),
    render.Column("webhooks", "WEBHOOKS"),
    render.Column("check_ins", "CHECK-INS"),
)


def list_providers(format: Format = "table", json: Json = False) -> None:
    """
    Show the platforms that can be connected, and what each can do.
    """
    rows = _provider_rows()
    chosen = context.chosen_format(format, json)
    if chosen != "table":
        render.show(rows, [], chosen)
        return
    _print_summaries()
    _print_capabilities()
    _print_details(rows)


def _print_summaries() -> None:
    """
    What ticketsync does with each platform.
    """
    from dataclasses import asdict

    from ticketsync.workflows.accounts import provider_overview as overview

    render.table([asdict(item) for item in overview.summaries()], _SUMMARY_COLUMNS)
    _print_wrapped(
        "FEES: whether orders report the platform's fees. CHANGES: which changed "
        "orders can be listed without reading all of them. WEBHOOKS: whether the "
        "platform can notify `serve`. CHECK-INS: whether check-ins can be sent to it."
    )


def _print_capabilities() -> None:
    """
    The twelve capabilities, a column for each provider; further tables where there are
    more than fit.
    """
    from ticketsync.workflows.accounts import provider_overview as overview

    terminal.echo("")
    listed = overview.capabilities()
    for first in range(0, len(listed), PLATFORMS_SIDE_BY_SIDE):
        part = listed[first : first + PLATFORMS_SIDE_BY_SIDE]
        columns = [render.Column("capability", "TICKETSYNC")]
        columns += [render.Column(name, name) for name, _ in part]
        rows = [
            {
                "capability": words,
                **{name: _OFFERED[getattr(offers, field)] for name, offers in part},
            }
            for field, words in overview.CAPABILITY_NAMES.items()
        ]
        render.table(rows, columns)
    _print_wrapped(
        "A dash: ticketsync does not do this with the platform. The lines below say "
        "what else is not read, and why."
    )
    terminal.echo("")


def _provider_rows() -> Sequence[dict[str, Any]]:
    """
    One row for each provider, all with the same keys.
    """
    from dataclasses import asdict

    from ticketsync.providers import registry

    rows: list[dict[str, Any]] = []
    for item in registry.list_providers():
        if item.provider is not None:
            rows.append(_row_of_spec(item.provider.spec, item.origin))
            continue
        rows.append(
            {
                **dict.fromkeys(rows[0]),
                "provider": item.name,
                "title": "",
                "origin": item.origin,
                "trouble": item.problem,
            }
        )
    rows += [
        {
            **dict.fromkeys(rows[0]),
            "provider": item.name,
            "title": item.title,
            "origin": "by file",
            "trouble": "",
            **asdict(item.capabilities),
            "key": f"{item.why}: accounts add file --recipe {item.name}",
        }
        for item in registry.BY_FILE
    ]
    return rows


def _row_of_spec(spec: ProviderSpec, origin: str) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "provider": spec.name,
        "title": spec.title,
        "origin": origin,
        "trouble": "",
        "tells_fees": spec.reports_fees,
        "key": spec.key_help,
        "options": "; ".join(_describe(option) for option in spec.options),
        "limits": spec.limits,
        **asdict(spec.capabilities),
    }


def _describe(option: Option) -> str:
    known = f", one of {', '.join(option.values)}" if option.values else ""
    return f"{option.name}: {option.help}{known}"


def _print_details(rows: Sequence[dict[str, Any]]) -> None:
    """
    Where each key is found, the provider's options and limits, unabridged.
    """
    for row in rows:
        parts = [row["key"] or _capitalised(row["trouble"])]
        if row.get("options"):
            parts.append(f"--set {row['options']}")
        if row.get("limits"):
            parts.append(_capitalised(row["limits"]))
        _print_wrapped(f"{row['provider']}: {'. '.join(map(str, parts))}.")


def _print_wrapped(text: str) -> None:
    for line in render.wrapped(text):
        terminal.echo(line)


def _capitalised(text: object) -> str:
    return str(text)[:1].upper() + str(text)[1:]
