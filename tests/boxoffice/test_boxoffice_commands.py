"""
`ticketsync boxoffice …` as a person and as a script use it.
"""

import json
import shutil
from datetime import timedelta

import pytest
from support.expected_codes import as_json, refused, run
from support.own_box_office import KEY

from ticketsync.core import clock, errors
from ticketsync.store import engine
from ticketsync.store.tables.boxoffice import boxoffice_history

SHOW = "2030-11-27 19:30"
HUGE = "9" * 40


@pytest.mark.thorough
def test_a_sale_without_a_terminal(on_sale):
    sold = as_json(
        *("boxoffice", "sell", "1", "--tier", "Adult=2", "--tier", "child=1"),
        *("--cash", "--no-input"),
    )
    assert (sold["state"], sold["total"], sold["currency"]) == ("paid", "130.00", "AUD")
    first = sold["tickets"][0]
    assert (first["ticket_id"], first["state"]) == (f"{sold['reference']}-1", "issued")
    assert as_json("checkin", "in", "1", first["code"])["outcome"] == "admitted"
    assert refused("checkin", "in", "1", first["code"])["word"] == "already-in"
    (figures,) = as_json("financials", "list")
    assert (figures["tickets_sold"], figures["gross"]) == (3, "130.00")
    listed = as_json("attendees", "list", "1")
    assert [row["type_name"] for row in listed] == ["Adult", "Adult", "Child"]
    assert "55.00" in run("financials", "explain", "1").stdout
    for words in (("sync",), ("sync", "replay"), ("db", "check", "--deep")):
        run(*words)
    assert as_json("financials", "list")[0]["gross"] == "130.00"


@pytest.mark.thorough
def test_what_is_refused_says_its_word_and_what_is_left(on_sale):
    held = as_json("boxoffice", "hold", "1", "--tier", "Adult=7", "--name", "Mia Chen")
    full = refused("boxoffice", "hold", "1", "--tier", "Child=4")
    assert (full["word"], full["left"]) == ("event-full", {"Adult": 3, "Child": 3})
    again = refused("boxoffice", "hold", "1", "--tier", "Child=1", "--name", "mia chen")
    assert again["word"] == "already-pending"
    wrong = refused("boxoffice", "pay", held["reference"], "--cash", "--amount", "5")
    assert wrong["word"] == "amount-mismatch"
    nothing = refused("boxoffice", "pay", held["reference"])
    assert "385.00 AUD is due" in nothing["message"]
    both = refused("boxoffice", "pay", held["reference"], "--cash", "--card", code=2)
    assert both["word"] == "usage"


@pytest.mark.thorough
def test_one_misread_letter_is_refused(on_sale):
    reference = as_json("boxoffice", "hold", "1", "--tier", "Adult=1")["reference"]
    other = "2" if reference[3] != "2" else "3"
    misread = f"{reference[:3]}{other}{reference[4:]}"
    found = refused("boxoffice", "orders", "show", misread, code=2)
    assert found["word"] == "bad-reference"
    typed = reference.lower().replace("-", " ")
    assert as_json("boxoffice", "orders", "show", typed)["reference"] == reference


def test_from_the_hold_to_the_refund(on_sale):
    reference = as_json("boxoffice", "hold", "1", "--tier", "Adult=2")["reference"]
    late = as_json("boxoffice", "extend", reference)
    assert late["state"] == "pending"
    assert as_json("boxoffice", "pay", reference, "--card")["state"] == "paid"
    after = as_json(
        "boxoffice", "refund", reference, "--ticket", "1", "--reason", "ill"
    )
    assert (after["state"], after["returned"]) == ("paid", "55.00")
    assert as_json("boxoffice", "refund", reference)["state"] == "refunded"
    given = as_json("boxoffice", "comp", "1", "--tier", "Adult=1", "--name", "Gazette")
    assert given["payments"][0]["method"] == "complimentary"
    held = as_json("boxoffice", "hold", "1", "--tier", "Child=1")["reference"]
    assert as_json("boxoffice", "cancel", held, "--reason", "left")["reason"] == "left"
    assert refused("boxoffice", "cancel", held)["word"] == "wrong-state"
    found = as_json("boxoffice", "orders", "list", "--buyer", "gaz")
    assert [order["reference"] for order in found] == [given["reference"]]
    assert len(as_json("boxoffice", "orders", "list", "--show", "1")) == 3
    assert as_json("boxoffice", "expire") == {"expired": []}


def test_a_line_of_an_order_is_of_what_was_ordered_and_says_what_went_back(on_sale):
    """
    By hand: one of two tickets of 55.00 went back, an order of 20.00 wholly, one hold
    was given up.
    """
    part = as_json("boxoffice", "sell", "1", "--tier", "Adult=2", "--cash")["reference"]
    run("boxoffice", "refund", part, "--ticket", "1", "--reason", "ill")
    whole = as_json("boxoffice", "sell", "1", "--tier", "Child=1", "--cash")
    run("boxoffice", "refund", whole["reference"], "--reason", "ill")
    held = as_json("boxoffice", "hold", "1", "--tier", "Child=3")["reference"]
    run("boxoffice", "cancel", held)
    lines = run("boxoffice", "orders", "list").stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].split()[-3:] == ["TICKETS", "TOTAL", "REFUNDED"]
    rows = [line.split() for line in lines if line.startswith("TS-")]
    assert [(row[0], *row[-5:]) for row in rows] == [
        (held, "cancelled", "–", "–", "–", "AUD"),
        (whole["reference"], "refunded", "1", "20.00", "20.00", "AUD"),
        (part, "paid", "2", "110.00", "55.00", "AUD"),
    ]
    listed = as_json("boxoffice", "orders", "list")
    assert [(it["tickets"], it["total"], it["returned"]) for it in listed[1:]] == [
        (1, "20.00", "20.00"),
        (2, "110.00", "55.00"),
    ]


def test_an_order_whose_hold_is_over_is_not_called_pending(on_sale):
    """
    Its seats sell again at once, whether `expire` or `sync` marked it or not; as long
    as nobody took them, it can still be paid.
    """
    before, after = "2030-11-27T08:00:00Z", "2030-11-27T08:15:00Z"
    held = ("boxoffice", "hold", "1", "--tier", "Adult=2")
    reference = run(*held, at=before).stdout.partition(":")[0]
    show = ("boxoffice", "orders", "show", reference)
    assert run(*show, at=before).stdout.startswith(
        f"{reference}: pending, 110.00 AUD, held until 27 Nov 19:15\n"
    )
    assert run(*show, at=after).stdout.startswith(
        f"{reference}: hold over, 110.00 AUD, its seats sell again since 27 Nov 19:15\n"
    )
    orders = ("boxoffice", "orders", "list")
    assert "hold over" in run(*orders, at=after).stdout
    (listed,) = json.loads(run(*orders, "--json", at=after).stdout)
    assert listed["state"] == "pending"
    explained = run("financials", "explain", "1", at=after).stdout
    assert ("unpaid" in explained, "valid" in explained) == (True, False)
    run("boxoffice", "expire", at=after)
    assert run(*show, at=after).stdout.startswith(
        f"{reference}: expired (its hold was over), 110.00 AUD\n"
    )


def test_what_was_taken_off_a_price_is_shown_with_its_order(on_sale):
    code = run("boxoffice", "voucher", "10.00", "--kind", "discount").stdout.strip()
    words = ("boxoffice", "sell", "1", "--tier", "Adult=1", "--voucher", code, "--cash")
    assert "  1  Adult  45.00 (10.00 off)  TS1." in run(*words).stdout


@pytest.mark.thorough
def test_nothing_of_the_own_counter_is_called_unread(on_sale):
    """
    By hand: it was opened now, and nobody ran `sync` in three days.
    """
    run("boxoffice", "sell", "1", "--tier", "Adult=2", "--cash", "--name", "Mia Chen")
    later = clock.iso(clock.now() + timedelta(days=3))
    said = "Nothing of it has to be read: its sales are saved as they are made."
    checked = " ".join(run("doctor", at=later).stdout.split())
    assert f"it is ok. {said}" in checked
    (listed,) = json.loads(run("status", "--json", at=later).stdout)["accounts"]
    assert (listed["health"], listed["health_text"]) == ("ok", said)
    (line,) = (
        line
        for line in run("status", at=later).stdout.splitlines()
        if line.startswith("boxoffice ")
    )
    assert "not needed" in line
    shown = run("accounts", "list", at=later).stdout + run("shows", "show", "1").stdout
    assert "not needed" in shown
    for word in ("never synced", "not read yet", "stale", "behind"):
        assert word not in checked + shown + line
    assert "boxoffice (boxoffice), AUD\n" in run("financials", "show", "1").stdout
    run("sync", "--due", "--quiet")
    heading, line = run("status").stdout.splitlines()[:3:2]
    assert heading.endswith("NEXT DUE")
    assert line.startswith("boxoffice ")
    assert line.split()[-1] == "–"


def test_tickets_stay_valid_in_a_copied_home(not_yet_on_sale, tmp_path, monkeypatch):
    """
    The hint of the refusal keeps the key that they are signed with.
    """
    run("boxoffice", "open", "1", "--tier", "Adult=55", "--insecure-storage")
    (ticket,) = as_json("boxoffice", "sell", "1", "--tier", "Adult=1", "--cash")[
        "tickets"
    ]
    copy = tmp_path / "copy"
    shutil.copytree(not_yet_on_sale, copy)
    shutil.move(not_yet_on_sale, tmp_path / "before")
    monkeypatch.setenv("TICKETSYNC_HOME", str(copy))
    another = ("boxoffice", "sell", "1", "--tier", "Adult=1", "--cash")
    error = refused(*another, code=4)
    assert error["word"] == "file-not-ours"
    command = ("accounts", "rotate", "boxoffice", "--secret-stdin")
    key = copy / "secrets" / "boxoffice"
    hinted = f"`ticketsync {' '.join(command)} --insecure-storage < {key}`"
    assert hinted in error["hint"]
    run(*command, "--insecure-storage", input=key.read_text())
    assert as_json("checkin", "in", "1", ticket["code"])["outcome"] == "admitted"
    assert as_json(*another)["state"] == "paid"


def test_who_has_several_tickets_is_asked_for_one_of_them(on_sale):
    sold = as_json(
        *("boxoffice", "sell", "1", "--tier", "Adult=2", "--cash"),
        *("--name", "Mia Chen"),
    )["reference"]
    asked = run("checkin", "in", "1", "chen", code=2).stderr
    assert asked == (
        "ticketsync: several: 2 tickets of one order: let all in, or choose one. "
        f"{sold}-1 (Mia Chen, Adult); {sold}-2 (Mia Chen, Adult). Give the id of a "
        "ticket, or --group for one order.\n"
    )


def test_a_price_for_members_is_refused_by_its_name(on_sale):
    run("boxoffice", "tiers", "add", "1", "Member", "35.00", "--members-only")
    error = refused("boxoffice", "sell", "1", "--tier", "Member=1", "--cash")
    assert (error["word"], error["message"], error["hint"]) == (
        "members-only",
        "'Member' is for members only.",
        "Give the member's number: --member NUMBER, or m at a till.",
    )


def test_a_voucher_pays(on_sale):
    made = as_json("boxoffice", "voucher", "50.00")
    sold = as_json(
        *("boxoffice", "sell", "1", "--tier", "Adult=1", "--cash"),
        *("--amount", "5.00", "--voucher", made["code"]),
    )
    assert [(p["method"], p["amount"]) for p in sold["payments"]] == [
        ("voucher", "50.00"),
        ("cash", "5.00"),
    ]


def test_a_cancelled_night(on_sale):
    paid = as_json("boxoffice", "sell", "1", "--tier", "Adult=1", "--cash")
    words = ("boxoffice", "orders", "cancel", "--show", "1")
    assert refused(*words, code=2)["word"] == "needs-tty"
    done = as_json(*words, "--reason", "no power", "--yes")
    assert (done["paid"], done["to_return"]) == (1, "55.00")
    order = as_json("boxoffice", "orders", "show", paid["reference"])
    assert (order["to_return"], order["returned"]) == ("55.00", "0.00")
    assert as_json("boxoffice", "refund", paid["reference"])["returned"] == "55.00"
    assert refused("boxoffice", "hold", "1", "--tier", "Adult=1")["word"] == (
        "sale-closed"
    )


def test_prices_are_added_and_changed_until_they_are_sold(on_sale):
    run(
        *("boxoffice", "tiers", "add", "1", "Concession", "40", "--capacity", "4"),
        *("--tax", "10%", "--fee", "1.50", "--most", "3"),
    )
    run("boxoffice", "tiers", "add", "1", "Concession", "41.00")
    listed = as_json("boxoffice", "tiers", "list", "1")
    assert [(tier["tier"], tier["price"]) for tier in listed] == [
        *(("Adult", "55.00"), ("Child", "20.00"), ("Concession", "41.00")),
    ]
    as_json("boxoffice", "hold", "1", "--tier", "Adult=1")
    done = run("boxoffice", "tiers", "add", "1", "Adult", "60", code=7)
    assert "tier-sold" in done.stderr
    shown = as_json("events", "prices")
    assert {row["price"] for row in shown} == {"55.00", "20.00", "41.00"}


def test_what_is_left_and_when_platforms_were_read(on_sale):
    as_json("boxoffice", "sell", "1", "--tier", "Adult=2", "--cash")
    left = as_json("boxoffice", "availability", "1")
    assert (left["capacity"], left["sold"], left["left"]) == (10, 2, 8)
    assert (
        "10 seats: 2 sold, 0 held, 8 left"
        in run(*("boxoffice", "availability", "1")).stdout
    )


@pytest.mark.parametrize(
    "words",
    [
        ("open", "1", "--capacity", HUGE),
        ("open", "1", "--held-back", HUGE),
        ("open", "1", "--max-per-order", HUGE),
        ("tiers", "add", "1", "Gold", "90.00", "--most", HUGE),
        ("tiers", "add", "1", "Gold", "90.00", "--capacity", HUGE),
        ("sell", "1", "--tier", f"Adult={HUGE}", "--cash"),
        ("orders", "list", "--limit", HUGE),
        ("tills", "list", "--limit", HUGE),
    ],
)
@pytest.mark.sampled(4)
def test_a_number_that_cannot_be_is_a_usage_error(on_sale, words):
    before = as_json("boxoffice", "availability", "1")
    assert "bug" not in run("boxoffice", *words, code=2).stderr
    assert as_json("boxoffice", "availability", "1") == before


def test_opening_and_closing_are_recorded(on_sale):
    run("boxoffice", "open", "1", "--held-back", "2")
    run("boxoffice", "close", "1")
    actions = [row["action"] for row in as_json("audit", "list", "--limit", "20")]
    assert actions[:3] == ["sale-close", "sale-open", "add-tier"]
    assert "add" in actions
    (listed,) = as_json("events", "list")
    assert listed["status"] == "closed"
    run("boxoffice", "open", "1")
    assert as_json("boxoffice", "availability", "1")["is_open"]
    assert as_json("boxoffice", "availability", "1")["held_back"] == 2


def test_every_change_says_who_made_it(on_sale):
    as_json("boxoffice", "sell", "1", "--tier", "Adult=1", "--cash")
    database = engine.open_database(str(on_sale / "ticketsync.db"))
    with database.read() as connection:
        rows = connection.execute(boxoffice_history.select()).all()
    database.close()
    assert [(row.kind, row.from_state, row.to_state) for row in rows] == [
        ("order", "", "pending"),
        ("ticket", "", "reserved"),
        ("payment", "", "succeeded"),
        ("order", "pending", "paid"),
        ("ticket", "reserved", "issued"),
    ]
    assert all("@" in row.actor for row in rows)


def test_a_show_is_not_put_on_sale_without_seats_prices_or_a_key(
    not_yet_on_sale, monkeypatch
):
    tier = ("--tier", "Adult=55.00")
    run("shows", "add", "Gala", SHOW)
    gala = ("boxoffice", "open", "2", *tier, "--secret-env", "BOX_KEY")
    assert "number of seats" in run(*gala, code=2).stderr
    bare = ("boxoffice", "open", "1", "--secret-env", "BOX_KEY")
    assert "at least one price" in run(*bare, code=2).stderr
    for price in ("Adult", "Adult=x", "Adult=-1"):
        run(
            "boxoffice", "open", "1", "--tier", price, "--secret-env", "BOX_KEY", code=2
        )
    assert "keyring" in run("boxoffice", "open", "1", *tier, code=4).stderr
    monkeypatch.setenv("BOX_KEY", "too short")
    assert "weak-key" in run(*bare, *tier, code=4).stderr
    assert as_json("accounts", "list") == []
    monkeypatch.setenv("BOX_KEY", KEY)
    run(*gala, "--capacity", "5")


def test_the_box_office_is_not_connected_like_a_platform(not_yet_on_sale):
    done = run("accounts", "add", "boxoffice", "own", "--no-check", code=2)
    assert "ticketsync boxoffice open SHOW" in done.stderr
    assert "boxoffice" not in run("accounts", "providers").stdout
    not_on_sale = refused("boxoffice", "sell", "1", "--tier", "Adult=1", "--cash")
    assert not_on_sale["word"] == "not-on-sale"


@pytest.mark.thorough
def test_without_its_key_nothing_is_sold_and_everything_else_goes_on(
    on_sale, monkeypatch
):
    reference = as_json("boxoffice", "hold", "1", "--tier", "Adult=1")["reference"]
    monkeypatch.delenv("BOX_KEY")
    hint = refused("boxoffice", "pay", reference, "--cash", code=4)["hint"]
    assert hint == "Set BOX_KEY where this command runs, also in cron."
    assert refused("boxoffice", "pay", reference, "--cash", code=4)["word"] == (
        errors.SecretMissing.word
    )
    assert as_json("boxoffice", "orders", "show", reference)["state"] == "pending"
    run("db", "check", "--deep")


def test_the_usual_minutes_of_a_hold_are_those_of_the_settings(
    not_yet_on_sale, monkeypatch, home
):
    words = ("boxoffice", "open", "1", "--tier", "A=1", "--secret-env", "BOX_KEY")
    monkeypatch.setenv("TICKET_PAYMENT_TIMEOUT", "soon")
    assert "TICKET_PAYMENT_TIMEOUT" in run(*words, code=2).stderr
    monkeypatch.setenv("TICKET_PAYMENT_TIMEOUT", "7")
    run(*words)
    database = engine.open_database(str(home / "ticketsync.db"))
    with database.read() as connection:
        query = "SELECT hold_minutes FROM boxoffice_shows"
        assert connection.exec_driver_sql(query).scalar() == 7
    database.close()


@pytest.mark.parametrize("closed", [False, True])
def test_a_show_of_the_box_office_is_not_removed(on_sale, closed):
    if closed:
        run("boxoffice", "close", "1")
    for more in ((), ("--dry-run",)):
        assert refused("shows", "remove", "1", "-y", *more)["word"] == "guard-books"
    assert len(as_json("shows", "list")) == 1
    assert len(as_json("boxoffice", "tiers", "list", "1")) == 2


@pytest.mark.thorough
def test_a_show_just_put_on_sale_has_its_figures(on_sale):
    run("db", "check", "--deep")
    (figures,) = as_json("financials", "list")
    assert figures["tickets_sold"] == 0


def test_status_says_what_the_box_office_has_to_do(on_sale):
    sold = as_json("boxoffice", "sell", "1", "--tier", "Adult=2", "--cash")
    as_json("boxoffice", "hold", "1", "--tier", "Adult=1", "--tier", "Child=1")
    as_json("boxoffice", "refund", sold["reference"], "--ticket", "1", "--later")
    assert as_json("status")["box_office"] == {
        "shows_on_sale": 1,
        "seats_left": 7,
        "held_orders": 1,
        "money_waiting": {"AUD": "75.00"},
        "to_return": {"AUD": "55.00"},
    }
    shown = " ".join(run("status").stdout.split())
    assert "1 show on sale, 7 seats left, 1 order held (75.00 AUD to be paid)" in shown
    assert "55.00 AUD to be handed back." in shown


def test_status_says_nothing_of_a_box_office_that_there_is_not(not_yet_on_sale):
    assert as_json("status")["box_office"] is None
    assert "box office" not in run("status").stdout
