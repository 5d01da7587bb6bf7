"""
The till's screen, drawn by hand, and which keys mean what.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ticketsync.boxoffice.placed_orders import OrderedTicket, Payment, PlacedOrder
from ticketsync.boxoffice.price_tiers import Tier
from ticketsync.boxoffice.seats import Taken
from ticketsync.boxoffice.shows_on_sale import ShowOnSale
from ticketsync.boxoffice.tills import Drawer, TillSession
from ticketsync.cli import terminal, till_keys, till_layout
from ticketsync.cli.till_keys import (
    BACKSPACE,
    ENTER,
    ESCAPE,
    AddVoucher,
    CloseTill,
    Facts,
    GiveAway,
    Leave,
    Mode,
    Offer,
    OpenTill,
    Pay,
    PrintAgain,
    SetBasket,
    SetMember,
    TillState,
    Undo,
)
from ticketsync.cli.till_layout import Picture
from ticketsync.cli.till_lines import BAD, DIM, GOOD
from ticketsync.workflows.boxoffice.availability import (
    Availability,
    PlatformRead,
    TierLeft,
)
from ticketsync.workflows.boxoffice.till_view import TillView

NOW = datetime(2026, 11, 27, 8, 4, 32, tzinfo=UTC)  # 19:04:32 in Sydney
SHOW = ShowOnSale(
    *(1, "Late Laughs", "2026-11-27 19:30", "Australia/Sydney", "AUD", 1, 1, "show-1"),
    *(180, 2, True, None, None, 15, 20, True),
)


def tier(number, name, price, capacity=None, members_only=False):
    return Tier(
        *(number, 1, name, price, "AUD", capacity, 1, 20, None, None, members_only),
        *(None, True, 0, number, None),
    )


ADULT = tier(1, "Adult", 5500, 120)
CONCESSION = tier(2, "Concession", 4000, 60)
MEMBER = tier(3, "Member", 3500, 20, members_only=True)
CHILD = tier(4, "Child", 2000, 10)
TIERS = (
    TierLeft(ADULT, 12, True),
    TierLeft(CONCESSION, 4, True),
    TierLeft(MEMBER, 4, True),
    TierLeft(CHILD, 0, True),
)
TAKEN = Taken(9, {1: 106, 2: 54, 3: 1, 4: 10}, {1: 2, 2: 2})


def order(reference, state, *tiers, method="cash"):
    tickets = tuple(
        OrderedTicket(n, it, n, 1, "reserved", it.price, 0, "", None)
        for n, it in enumerate(tiers, 1)
    )
    total = sum(it.price for it in tiers)
    payment = Payment(1, 1, 1, method, "succeeded", total, "AUD", "", None, 1, NOW)
    return PlacedOrder(
        *(1, reference, 1, state, "till", "", None, 1, NOW + timedelta(minutes=15)),
        *(NOW, NOW - timedelta(minutes=2), None, "", total, "AUD", "", 1, 1, "show-1"),
        tickets=tickets,
        payments=(payment,),
    )


LAST = order("TS-7K4P-2Q", "paid", ADULT, ADULT, ADULT)
BASKET = order("TS-AAAA-AA", "pending", ADULT, ADULT, CONCESSION)
SESSION = TillSession(1, 1, "1", "Mia", "AUD", NOW, 20000, None, None, None)


def view(**changed):
    platforms = [
        PlatformRead("Humanitix", NOW - timedelta(minutes=3)),
        PlatformRead("Ticket Tailor", NOW - timedelta(minutes=1)),
    ]
    left = Availability(SHOW, TAKEN, 12, TIERS, platforms, True)
    made = TillView(
        *(left, "The Lantern Room", 73, 180, SESSION, Drawer(20000, 16500, 0)),
        *(BASKET, LAST, None),
    )
    return replace(made, **changed)


SELLING = TillState(
    Mode.CASH,
    (("Adult", 2), ("Concession", 1)),
    "Concession",
    entry="200",
)


def picture(state=SELLING, due=15000, **changed):
    return Picture(view(**changed), state, "1", "Mia", due, NOW)


def drawn(found, columns=80, rows=24):
    lines = till_layout.draw(found, columns, rows)
    text = till_layout.as_text(lines)
    assert len(lines) <= rows
    assert max(map(terminal.cell_width, text.splitlines())) <= columns
    return text


@pytest.fixture(autouse=True)
def at_that_time(frozen):
    frozen(NOW)


RULE = " " + "─" * 78
WIDE = f"""\
  Late Laughs · Fri 27 Nov 19:30 · The Lantern Room        Till 1 · Mia · 19:04
{RULE}
      TIER                              PRICE      LEFT            in 73 of 180
  1   Adult                             55.00        12   ██████████████████░░
  2   Concession                        40.00         4   ██████████████████░░
  3   Member                            35.00         4   members only
  4   Child                             20.00  sold out
{RULE}
  BASKET                                                    held until 19:19:32
    2 × Adult                                                            110.00
    1 × Concession                                                        40.00
                                                        TOTAL AUD        150.00
{RULE}
  Cash given: 200▏                                       change AUD       50.00
{RULE}
  LAST  TS-7K4P-2Q  3 tickets  165.00 cash  19:02        u undo   p print again
  Humanitix read 3 min ago · Ticket Tailor 1 min ago · 2 seats are held back
{RULE}
  1-9 add one   + - last line   = number   c cash   e exact   k record card
  v voucher   f free   n name   m member   u undo   p print again   q close
  Backspace removes one   Esc drops the basket   ? help"""
NARROW = """\
  Late Laughs · Fri 27 Nov 19:30
                   Till 1 · Mia · 19:04
 ──────────────────────────────────────
     TIER              PRICE       LEFT
 1   Adult             55.00         12
 2   Concession        40.00          4
 3   Member            35.00  4 members
 4   Child             20.00   sold out
 ──────────────────────────────────────
  BASKET            held until 19:19:32
    2 × Adult                    110.00
    1 × Concession                40.00
                TOTAL AUD        150.00
 ──────────────────────────────────────
  Cash given: 200▏
                 change AUD       50.00
 ──────────────────────────────────────
  LAST  TS-7K4P-2Q  3 tickets  165.00
    cash  19:02
                 u undo   p print again
 ──────────────────────────────────────
  1-9 add   e exact   c cash   q close
  ? help"""


def test_the_screen_of_80_columns():
    assert drawn(picture()) == WIDE


def test_the_screen_of_40_columns():
    assert drawn(picture(), columns=40) == NARROW


def test_a_low_screen_keeps_the_total_and_the_refusal():
    state = TillState(lines=SELLING.lines).saying(
        "event-full: sold out.", is_error=True
    )
    for rows in range(24, 9, -1):
        shown = drawn(picture(state), rows=rows)
        assert "150.00" in shown
        assert "event-full: sold out." in shown
    assert "2 × Adult, 1 × Concession" in shown


def test_a_refusal_is_red_and_goes_on_below():
    text = "tier-full: 0 of 'Adult' left. " * 3
    lines = till_layout.draw(picture(TillState().saying(text, is_error=True)), 40, 24)
    red = [part for line in lines for style, part in line if style == BAD]
    assert " ".join(" ".join(red).split()) == text.strip()
    said = till_layout.draw(picture(TillState().saying("Sold.")), 80, 24)
    assert ((GOOD, "  Sold."),) in said


def test_what_is_sold_out_is_dim():
    lines = till_layout.draw(picture(), 80, 24)
    (child,) = (line for line in lines if "Child" in line[0][1])
    assert {style for style, text in child if text.strip()} == {DIM}


def test_a_hold_that_is_over_is_said():
    late = replace(BASKET, held_until=NOW)
    assert "the hold is over" in drawn(picture(basket=late))


def test_names_are_cut_and_never_break_the_screen():
    wide = replace(ADULT, name="字" * 40)
    long = replace(ADULT, name="\x1b[2J" + "x" * 80)
    left = replace(
        view().left, tiers=[TierLeft(wide, 1, True), TierLeft(long, 1, True)]
    )
    for columns in (30, 40, 63, 64, 80):
        shown = drawn(picture(TillState(), 0, left=left), columns=columns)
        assert "…" in shown
        assert "\x1b" not in shown


def test_more_than_nine_prices_say_where_the_others_are():
    many = [TierLeft(tier(n, f"P{n}", 100), 5, True) for n in range(1, 12)]
    left = replace(view().left, tiers=many)
    shown = drawn(picture(TillState(), 0, left=left), rows=30)
    assert "9   P9" in shown
    assert "P10" not in shown
    assert "2 more prices: `ticketsync boxoffice sell`" in shown


def test_help_names_every_key():
    state = TillState(mode=Mode.HELP)
    shown = drawn(picture(state))
    for key in "+-=ecvfnmupqk":
        assert key in shown
    narrow = drawn(picture(state), columns=40, rows=24)
    for text in ("u u ", "q  ", "Ctrl-C", "Any key goes back"):
        assert text in narrow


def test_the_count_says_what_is_over_or_short():
    for counted, said in (
        (36500, "Counted 365.00, expected 365.00, difference 0.00."),
        (36550, "Counted 365.50, expected 365.00, over 0.50."),
        (36400, "Counted 364.00, expected 365.00, short 1.00."),
    ):
        assert said in drawn(picture(TillState(mode=Mode.CLOSE, counted=counted)))


# Keys

FACTS = Facts(
    [Offer("Adult"), Offer("Child"), Offer("Group", least=4)],
    "AUD",
    due=9500,
    last="TS-7K4P-2Q",
)
ONE = TillState(lines=(("Adult", 1),), last_line="Adult")


def press(state, *keys):
    action = None
    for key in keys:
        state, action = till_keys.press(state, key, FACTS)
    return state, action


@pytest.mark.parametrize(
    ("state", "keys", "action"),
    [
        (TillState(), "1", SetBasket((("Adult", 1),), "Adult")),
        (ONE, "1", SetBasket((("Adult", 2),), "Adult")),
        (ONE, "2", SetBasket((("Adult", 1), ("Child", 1)), "Child")),
        (ONE, "3", SetBasket((("Adult", 1), ("Group", 4)), "Group")),
        (ONE, "+", SetBasket((("Adult", 2),), "Adult")),
        (ONE, "-", SetBasket((), "")),
        (ONE, [BACKSPACE], SetBasket((), "")),
        (ONE, [*"=12", ENTER], SetBasket((("Adult", 12),), "Adult")),
        (ONE, [*"=0", ENTER], SetBasket((), "")),
        (ONE, [ESCAPE], SetBasket(())),
        (TillState(), [ESCAPE], None),
        (ONE, "e", Pay("cash")),
        (TillState(), "e", None),
        (ONE, ["c", ENTER], Pay("cash")),
        (ONE, [*"c100", ENTER], Pay("cash", given=10000)),
        (ONE, [*"c94.99", ENTER], None),
        (ONE, [*"cten", ENTER], None),
        (ONE, [*"c1", ESCAPE], None),
        (ONE, [*"k47x11", ENTER], Pay("card", slip="47x11")),
        (ONE, [*"v7K4P", ENTER], AddVoucher("7K4P")),
        (ONE, [*"fpress", ENTER], GiveAway("press")),
        (ONE, ["f", ESCAPE], None),
        (TillState(), "f", None),
        (TillState(), [*"m17", ENTER], SetMember("17")),
        (ONE, "u", None),
        (ONE, "uu", Undo("TS-7K4P-2Q")),
        (ONE, ["u", ENTER], None),
        (ONE, "p", PrintAgain("TS-7K4P-2Q")),
        (ONE, "q", None),
        (TillState(), ["q", ENTER], Leave()),
        (TillState(), [*"q3x50 4x20", ENTER, ENTER], CloseTill(23000)),
        (TillState(), [*"q365", ENTER, ESCAPE], None),
        (TillState(mode=Mode.FLOAT), [*"200", ENTER], OpenTill(20000)),
        (TillState(mode=Mode.FLOAT), [ENTER], OpenTill(0)),
        (TillState(mode=Mode.FLOAT), [ESCAPE], Leave()),
        (TillState(), "9", None),
        (TillState(), "0", None),
        (TillState(), "²", None),
        (TillState(), "x", None),
        (ONE, "?1", None),
    ],
)
def test_what_a_key_asks_for(state, keys, action):
    assert press(state, *keys)[1] == action


def test_a_key_alone_never_changes_the_basket():
    """
    Its seats are allocated first: what is refused leaves the basket as it was.
    """
    for key in ("1", "2", "3", "+", "-", BACKSPACE, "e"):
        assert press(ONE, key)[0].lines == ONE.lines


def test_the_last_line_is_the_one_before_when_it_goes():
    two = TillState(lines=(("Adult", 1), ("Child", 1)), last_line="Child")
    assert press(two, "-")[1] == SetBasket((("Adult", 1),), "Adult")
    group = TillState(lines=(("Group", 4),), last_line="Group")
    assert press(group, "-")[1] == SetBasket((), "")  # four is the least
