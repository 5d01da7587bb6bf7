"""
`ticketsync accounts providers`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

from ticketsync.cli import context, render
from ticketsync.cli.context import Format, Json

if TYPE_CHECKING:
    from ticketsync.providers.base import Option, ProviderSpec

_YES_OR_NO = {True: "yes", False: "no", None: "–"}


_COLUMNS = (
    render.Column("provider", "PROVIDER"),
    render.Column("title", "TITLE"),
    render.Column("origin", "ORIGIN"),
    render.Column("fees", "REPORTS FEES"),
)


def list_providers(format: Format = "table", json: Json = False) -> None:
    """
    Show the platforms that can be connected, and what each can do.
    """

    rows = _provider_rows()
    chosen = context.chosen_format(format, json)
    shown = [{**row, "fees": _YES_OR_NO[row["tells_fees"]]} for row in rows]
    render.show(shown, _COLUMNS, chosen, machine=rows)
    if chosen == "table":
        _print_details(rows)


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
                "trouble": item.trouble,
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
    import textwrap

    for row in rows:
        parts = [row["key"] or row["trouble"]]
        if row.get("options"):
            parts.append(f"--set {row['options']}")
        if row.get("limits"):
            parts.append(str(row["limits"]))
        text = f"{row['provider']}: {'. '.join(str(part) for part in parts)}."
        for line in textwrap.wrap(text, render.width(), subsequent_indent="  "):
            typer.echo(line)
