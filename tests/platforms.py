"""
Which platforms ticketsync reads: writes the table in README.md.
"""

from pathlib import Path

from ticketsync.workflows.accounts import provider_overview as overview

README = Path(__file__).parents[1] / "README.md"
BEGIN = "<!-- platforms begin -->\n"
END = "<!-- platforms end -->\n"
HEADINGS = (
    *("platform", "read through", "reports fees", "lists changed orders"),
    *("webhooks", "accepts check-ins"),
)
READ_THROUGH = {"built in": "its API", "by file": "report files"}


def table():
    """
    The table as it should be: what comes with ticketsync, without plugins.
    """
    lines = [HEADINGS, ["---"] * len(HEADINGS)]
    for item in overview.summaries():
        if item.origin in READ_THROUGH:
            way = "files" if item.name == "file" else READ_THROUGH[item.origin]
            words = (item.title, way, item.fees, item.changes, item.webhooks)
            lines.append([*words, item.check_ins])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def page():
    """
    README.md as it should be.
    """
    text = README.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}{table()}{END}{after}"


if __name__ == "__main__":
    README.write_text(page(), encoding="utf-8")
