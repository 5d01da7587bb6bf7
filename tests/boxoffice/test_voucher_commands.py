"""
Vouchers by commands: what is said where one is made, and the list of them.
"""

from datetime import timedelta

from support import read_pdfs
from support.expected_codes import as_json, refused, run

from ticketsync.core import clock

UNTIL = "2030-11-28 12:00"


def test_whoever_makes_a_voucher_learns_that_its_code_is_shown_once(on_sale):
    made = run("boxoffice", "voucher", "100.00")
    assert len(made.stdout.split()) == 1
    assert max(map(len, made.stderr.splitlines())) <= 80
    said = " ".join(made.stderr.split())
    assert said == (
        "This is the code of voucher 1, of 100.00 AUD. Write it down or print it: it "
        "is stored nowhere, and nothing can show it again. Nothing says that money was "
        "taken for it: 100.00 AUD that you take for it are in no drawer and in no "
        "entry. Keep them apart from the till, or its drawer is over by them when it "
        "is counted, and enter the sale in your books; with --cash or --card all that "
        "is done with the sale."
    )
    discount = " ".join(
        run("boxoffice", "voucher", "5.00", "--kind", "discount").stderr.split()
    )
    assert "voucher 2, of 5.00 AUD" in discount
    assert "drawer" not in discount
    as_a_script = run("boxoffice", "voucher", "7.00", "--json")
    assert "in no drawer" in " ".join(as_a_script.stderr.split())
    assert not run("boxoffice", "voucher", "8.00", "--quiet").stderr


def test_a_voucher_that_was_sold_into_a_till_makes_it_over(on_sale):
    """
    What is said is so: by hand, 200.00 were put in and 100.00 were taken for a voucher.
    """
    run("boxoffice", "tills", "open", "1", "--float", "200.00")
    run("boxoffice", "voucher", "100.00")
    closed = as_json("boxoffice", "tills", "close", "1", "--counted", "300.00")
    assert (closed["expected"], closed["difference"]) == ("200.00", "100.00")


def test_a_voucher_that_is_sold_for_cash_is_in_the_count_of_its_till(on_sale):
    """
    By hand: 200.00 were put in, and 100.00 came for a voucher, of which 40.00 went back
    out of the drawer; 30.00 by card are in none.
    """
    run("boxoffice", "tills", "open", "1", "--float", "200.00")
    made = run("boxoffice", "voucher", "100.00", "--cash", "--till", "1")
    assert len(made.stdout.split()) == 1
    assert max(map(len, made.stderr.splitlines())) <= 80
    (sold,) = as_json("boxoffice", "orders", "list")
    reference = sold["reference"]
    assert " ".join(made.stderr.split()) == (
        "This is the code of voucher 1, of 100.00 AUD. Write it down or print it: it "
        "is stored nowhere, and nothing can show it again. Sold as order "
        f"{reference}: 100.00 AUD in cash. In the drawer of till 1. You owe it "
        "until the voucher pays."
    )
    by_card = as_json("boxoffice", "voucher", "30", "--card", "--slip", "A 7")
    assert (by_card["number"], by_card["method"]) == (2, "card")
    back = ("boxoffice", "refund", reference, "--amount", "40.00", "--till", "1")
    assert "60.00 left" in run(*back).stdout
    (listed,) = as_json("boxoffice", "tills", "list")
    assert (listed["received"], listed["returned"]) == ("100.00", "40.00")
    closed = as_json("boxoffice", "tills", "close", "1", "--counted", "260.00")
    assert (closed["expected"], closed["difference"]) == ("260.00", "0.00")


def test_a_voucher_that_was_sold_is_in_every_list(on_sale, tmp_path):
    sold = as_json("boxoffice", "voucher", "50.00", "--cash", "--note", "for Ada")
    reference = sold["order"]
    (order,) = as_json("boxoffice", "orders", "list")
    assert (order["reference"], order["voucher"], order["show_id"]) == (
        *(reference, 1),
        None,
    )
    table = run("boxoffice", "orders", "list").stdout
    assert "gift voucher 1" in table
    assert max(map(len, table.splitlines())) <= 80
    shown = as_json("boxoffice", "orders", "show", reference)
    assert (shown["voucher"]["left"], shown["note"]) == ("50.00", "for Ada")
    assert (
        "gift voucher 1  50.00  (50.00 left)"
        in run("boxoffice", "orders", "show", reference).stdout
    )
    (row,) = as_json("sales", "list")
    assert (row["production"], row["show_id"], row["charged"]) == (
        *("Gift cards", None),
        "50.00",
    )
    (voucher,) = as_json("boxoffice", "vouchers", "list")
    assert (voucher["order"], voucher["owed"]) == (reference, "50.00")
    assert max(map(len, run("boxoffice", "vouchers", "list").stdout.splitlines())) <= 80
    assert "Nothing needs your attention." in run("status").stdout
    back = as_json("boxoffice", "refund", reference, "--reason", "not wanted")
    assert (back["state"], back["returned"]) == ("refunded", "50.00")
    (voucher,) = as_json("boxoffice", "vouchers", "list")
    assert (voucher["state"], voucher["returned"], voucher["owed"]) == (
        *("returned", "50.00"),
        "0.00",
    )
    (gone,) = as_json("refunds", "list")
    assert (gone["amount"], gone["show_id"]) == ("50.00", None)


def test_cash_for_a_voucher_that_is_in_no_drawer_is_said_where_a_till_is_open(on_sale):
    run("boxoffice", "tills", "open", "1")
    said = run("boxoffice", "voucher", "20.00", "--cash").stderr
    assert "No drawer has these 20.00 AUD in its count" in " ".join(said.split())


def test_a_voucher_is_refused_where_its_words_do_not_fit(on_sale):
    for words, code in (
        (("--cash", "--card"), 2),
        (("--till", "1"), 2),
        (("--slip", "A 7"), 2),
        (("--kind", "discount", "--cash"), 2),
        (("--kind", "other", "--cash"), 2),
        (("--cash", "--till", "1"), 7),  # it is not open
        (("--cash", "--until", "2020-01-01 12:00"), 2),  # it is over
        (("--until", "2020-01-01 12:00"), 2),
        (("--cash", "--until", "2030-11-28T12:00Z"), 2),  # of another zone
        (("--cash", "--until", "2030-11-28T12:00+02:00"), 2),
    ):
        error = refused("boxoffice", "voucher", "50.00", *words, code=code)
        assert error["hint"]
    assert as_json("boxoffice", "vouchers", "list") == []
    assert as_json("boxoffice", "orders", "list") == []


def test_a_box_office_without_an_account_sells_no_voucher(not_yet_on_sale):
    """
    It makes one as before; there is nothing that an order could be of.
    """
    error = refused("boxoffice", "voucher", "50.00", "--cash")
    assert (error["word"], "boxoffice open" in error["hint"]) == ("not-on-sale", True)
    assert as_json("boxoffice", "voucher", "50.00")["order"] is None


def test_the_receipt_of_a_voucher(on_sale, tmp_path):
    sold = as_json("boxoffice", "voucher", "50.00", "--cash", "--until", UNTIL)
    file = tmp_path / "receipt.pdf"
    printed = ("boxoffice", "print", sold["order"])
    run(*printed, "--receipt", "-o", str(file))
    text = " ".join(read_pdfs.pdf_text(file).split())
    for part in ("Gift voucher 1", "1 × Gift voucher", "50.00", "Cash", sold["order"]):
        assert part in text
    assert "Valid until Thu 28 Nov 2030, 12:00." in text
    assert sold["code"] not in text
    said = run(*printed, "-o", str(tmp_path / "no.pdf"), code=7).stderr
    assert "Its receipt can be printed: --receipt." in said


def test_a_voucher_until_a_day_pays_through_that_day(on_sale, tmp_path):
    """
    By hand: 28 November ends in Sydney at 13:00 UTC, where it is summer.
    """
    sold = as_json("boxoffice", "voucher", "50.00", "--cash", "--until", "2030-11-28")
    ends = ("2030-11-28T13:00:00Z", "2030-11-28")
    assert (sold["valid_until"], sold["last_day"]) == ends
    (listed,) = as_json("boxoffice", "vouchers", "list")
    assert (listed["valid_until"], listed["last_day"]) == ends
    order = as_json("boxoffice", "orders", "show", sold["order"])["voucher"]
    assert (order["valid_until"], order["last_day"]) == ends
    table = run("boxoffice", "vouchers", "list").stdout
    assert "28 Nov 2030" in table
    assert "29 Nov 2030" not in table
    file = tmp_path / "receipt.pdf"
    run("boxoffice", "print", sold["order"], "--receipt", "-o", str(file))
    text = " ".join(read_pdfs.pdf_text(file).split())
    assert "Valid until Thu 28 Nov 2030." in text
    pay = ("boxoffice", "sell", "1", "--tier", "Child=1", "--voucher", sold["code"])
    run(*pay, at="2030-11-28T12:59:59Z")
    late = run(*pay, at="2030-11-28T13:00:00Z", code=7)
    assert "not valid any more" in late.stderr


def test_a_voucher_until_a_time_ends_then_and_says_its_day(on_sale):
    made = as_json("boxoffice", "voucher", "9", "--until", UNTIL)
    assert (made["valid_until"], made["last_day"]) == (
        *("2030-11-28T01:00:00Z",),
        "2030-11-28",
    )
    assert "28 Nov 2030 12:00" in run("boxoffice", "vouchers", "list").stdout
    endless = as_json("boxoffice", "voucher", "9")
    assert (endless["valid_until"], endless["last_day"]) == (None, None)
    for no_end in ("9999-12-31", "2030-02-30", "2030-11-28 25:00"):
        refused("boxoffice", "voucher", "9", "--until", no_end, code=2)


def test_a_sale_that_closes_on_a_day_is_open_through_it(on_sale):
    """
    By hand: the same end of 26 November in Sydney, of the show and of a price.
    """
    run("boxoffice", "open", "1", "--closes", "2030-11-26")
    run("boxoffice", "tiers", "add", "1", "Early", "10", "--closes", "2030-11-25")
    (early,) = (
        it for it in as_json("boxoffice", "tiers", "list", "1") if it["tier"] == "Early"
    )
    assert early["closes_at"] == "2030-11-25T13:00:00Z"
    sell = ("boxoffice", "sell", "1", "--cash", "--tier")
    run(*sell, "Early=1", at="2030-11-25T12:59:59Z")
    run(*sell, "Early=1", at="2030-11-25T13:00:00Z", code=7)
    run(*sell, "Adult=1", at="2030-11-26T12:59:59Z")
    run(*sell, "Adult=1", at="2030-11-26T13:00:00Z", code=7)


def test_what_is_left_of_vouchers_and_owed_is_listed(on_sale):
    """
    By hand: of 100.00 a ticket of 55.00 was paid, so 45.00 are left; with 7.50 that is
    52.50. 30.00 expired, 20.00 were spent, a discount and other money are not added.
    """
    assert as_json("boxoffice", "vouchers", "list") == []
    empty = run("boxoffice", "vouchers", "list")
    assert "no voucher yet" in empty.stdout + empty.stderr
    now = clock.now()
    until = f"{now + timedelta(days=10):%Y-%m-%d} 12:00"
    codes = [
        as_json("boxoffice", "voucher", *words)["code"]
        for words in (
            ("100.00",),
            ("7.50",),
            ("30.00", "--until", until),
            ("20.00",),
            ("5.00", "--kind", "discount"),
            ("11.00", "--currency", "NZD"),
        )
    ]
    sale = ("boxoffice", "sell", "1", "--tier")
    run(*sale, "Adult=1", "--voucher", codes[0])
    run(*sale, "Child=1", "--voucher", codes[3])
    before = run("boxoffice", "vouchers", "list")
    assert "vouchers: 82.50 AUD, 11.00 NZD." in before.stderr
    later = clock.iso(now + timedelta(days=12))
    after = run("boxoffice", "vouchers", "list", at=later)
    assert "vouchers: 52.50 AUD, 11.00 NZD." in after.stderr
    first_only = run("boxoffice", "vouchers", "list", "--limit", "1", at=later)
    assert "vouchers: 52.50 AUD, 11.00 NZD." in first_only.stderr
    lines = after.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    rows = [line.split() for line in lines[-6:]]
    assert [(row[0], row[1], *row[-4:]) for row in rows] == [
        ("6", "gift", "open", "11.00", "11.00", "NZD"),
        ("5", "discount", "open", "5.00", "5.00", "AUD"),
        ("4", "gift", "spent", "20.00", "0.00", "AUD"),
        ("3", "gift", "expired", "30.00", "30.00", "AUD"),
        ("2", "gift", "open", "7.50", "7.50", "AUD"),
        ("1", "gift", "open", "100.00", "45.00", "AUD"),
    ]
    for code in codes:
        assert code not in after.stdout
    listed = as_json("boxoffice", "vouchers", "list")
    assert [
        (row["number"], row["spent"], row["left"], row["owed"]) for row in listed
    ] == [
        (6, "0.00", "11.00", "11.00"),
        (5, "0.00", "5.00", "0.00"),
        (4, "20.00", "0.00", "0.00"),
        (3, "0.00", "30.00", "30.00"),
        (2, "0.00", "7.50", "7.50"),
        (1, "55.00", "45.00", "45.00"),
    ]


def test_an_end_that_cannot_be_read_is_refused_with_both_forms(on_sale):
    for words in (
        ("voucher", "50.00", "--until", "31.12.2027"),
        ("tiers", "add", "1", "Late", "40.00", "--closes", "31.12.2027"),
    ):
        done = run("boxoffice", *words, code=2)
        assert "or a day alone: 2026-11-27" in " ".join(done.stderr.split())
