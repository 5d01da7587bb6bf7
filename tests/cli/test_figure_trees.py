"""
Trees on a terminal: one line for each node, its amount uncut, no line too wide.
"""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from ticketsync.cli import figure_trees, terminal
from ticketsync.financials.figure_tree import ACCOUNT, FIGURE, ORDER, REFUND, Node
from ticketsync.workflows.figure_trees import FigureTrees

SHOW = SimpleNamespace(
    id=7,
    production="落語の夕べ " * 12,
    starts_local="2026-11-27 19:30",
    venue="ランタンルーム",
)
MOMENT = datetime(2026, 10, 2, 0, 14, tzinfo=UTC)
LONG_ID = "65f0a1b2c3d4e5f6a7b8c9d0"  # 24 characters: those of Humanitix
ORDERS = tuple(
    Node(
        kind=ORDER,
        name=f"{LONG_ID[:-1]}{n}",
        account="演芸場",
        order_id=f"{LONG_ID[:-1]}{n}",
        moment=MOMENT,
        amount=123_456_789_00,
        tickets=3,
        types="3 一階席最前列中央の特別な席, 1 二階席\x1b[31m",
    )
    for n in range(1, 7)
)
TREE = Node(
    kind=FIGURE,
    name="net",
    amount=None,
    children=(
        Node(
            kind=FIGURE,
            name="gross",
            amount=740_740_734_00,
            children=(
                Node(
                    kind=ACCOUNT,
                    name="演芸場",
                    account="演芸場",
                    amount=740_740_734_00,
                    children=ORDERS,
                    tickets=18,
                    orders=6,
                ),
            ),
        ),
        Node(
            kind=FIGURE,
            name="refunded",
            amount=-5,
            children=(
                Node(
                    kind=REFUND,
                    name=LONG_ID,
                    account="演芸場",
                    order_id=LONG_ID,
                    amount=-5,
                    moment=MOMENT,
                    day="2026-10-02",
                    basis="assumed",
                ),
            ),
        ),
        Node(kind=FIGURE, name="fees", amount=None),
    ),
)


@pytest.fixture
def printed(frozen, monkeypatch, capsys):
    frozen(MOMENT)

    def printed(columns, *, has_all=False, can_draw=True):
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setattr(terminal, "can_draw_lines", lambda: can_draw)
        found = FigureTrees({"AUD": TREE})
        figure_trees.print_trees(SHOW, found, "Australia/Sydney", has_all=has_all)
        return capsys.readouterr().out.splitlines()

    return printed


@pytest.mark.parametrize("columns", [80, 60, 100])
@pytest.mark.parametrize("has_all", [False, True])
def test_no_line_is_wider_than_the_terminal(printed, columns, has_all):
    lines = printed(columns, has_all=has_all)
    assert max(map(terminal.cell_width, lines)) <= columns
    rows = lines[lines.index("") + 1 : -1]
    # net, gross, account, six orders or three and the rest, refunded, refund, fees
    assert len(rows) == (12 if has_all else 10)
    assert len({terminal.cell_width(row) for row in rows}) == 1
    assert [row.split()[-1] for row in rows[:3]] == [
        "–",
        "740,740,734.00",
        "740,740,734.00",
    ]


def test_ids_are_whole_in_80_columns_and_foreign_text_is_harmless(printed):
    lines = printed(80)
    wanted = [LONG_ID, *(node.name for node in ORDERS[:3])]
    assert [sum(id_ in line for line in lines) for id_ in wanted] == [1, 1, 1, 1]
    assert "\x1b" not in "\n".join(printed(200, has_all=True))


def test_what_is_not_listed_is_summed_up(printed):
    (more,) = (line for line in printed(80) if "--all" in line)
    assert more.split() == ["│", "└─", "…", "3", "more,", "--all", "370,370,367.00"]
    assert not any("--all" in line for line in printed(80, has_all=True))


def test_without_the_letters_for_lines_the_tree_is_ascii(printed):
    lines = printed(80, can_draw=False)
    assert lines[lines.index("") + 2].startswith("|- gross")
    assert not set("├└│─…") & set("".join(lines))


def test_the_days_of_refunds_are_said_with_their_basis(printed):
    (refund,) = (line for line in printed(120) if LONG_ID in line)
    assert "assumed Fri 02 Oct (there when 演芸場 was first read)" in refund
