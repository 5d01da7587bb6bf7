"""
`ticketsync accounts providers`: what ticketsync does with each platform.
"""

import itertools
import json
import re
from dataclasses import fields

from support import commands

from ticketsync.providers import registry
from ticketsync.providers.base import Capabilities
from ticketsync.workflows.accounts import provider_overview as overview


def table(*, after):
    """
    The words of each row of the table that begins with this heading.
    """
    lines = commands.run("accounts", "providers", check=True).stdout.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith(after))
    begins = [found.start() for found in re.finditer(r"\S+", lines[start])]
    columns = [*itertools.pairwise([*begins, None])]
    rows = {}
    for line in lines[start + 2 :]:
        if not line.rstrip().endswith(("yes", "no", "–")):
            return lines[start].split(), rows
        first, *words = [line[begin:end].strip() for begin, end in columns]
        rows[first] = words
    raise AssertionError("the table does not end")


def test_people_see_all_twelve_capabilities_of_every_platform(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    heading, rows = table(after="TICKETSYNC")
    assert len(rows) == len(fields(Capabilities)) == 12
    rows_of_machine = {
        row["provider"]: row
        for row in json.loads(commands.run("accounts", "providers", "--json").stdout)
    }
    names = heading[1:]
    assert len(names) == 6
    for field, words in overview.CAPABILITY_NAMES.items():
        expected = ["yes" if rows_of_machine[n][field] else "–" for n in names]
        assert rows[words] == expected, field


def test_people_see_every_platform_and_what_ticketsync_does_with_it(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    _, rows = table(after="PROVIDER")
    assert len(rows) == 6 + len(registry.BY_FILE) == 12
    assert rows["ticket_tailor"] == [
        *("Ticket Tailor", "built in", "no", "new only", "yes", "yes")
    ]
    assert rows["humanitix"][2:] == ["yes", "by event", "no", "yes"]
    assert rows["seat_engine"][2:] == ["–", "–", "–", "–"]


def test_a_summary_says_what_the_code_can_do():
    """
    Held against the classes themselves, not against the functions that read them.
    """
    found = {item.name: item for item in overview.summaries()}
    for listed in registry.list_providers():
        spec = listed.provider.spec
        item = found[spec.name]
        if spec.is_local:
            continue
        assert (item.webhooks == "yes") == hasattr(listed.provider, "verify")
        assert (item.check_ins == "yes") == hasattr(listed.provider, "push_check_in")
        assert (item.fees == "yes") == spec.reports_fees
