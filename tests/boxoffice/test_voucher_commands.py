"""
Vouchers by commands: what is said where one is made, and the list of them.
"""

from datetime import timedelta

from support.expected_codes import as_json, run

from ticketsync.core import clock


def test_whoever_makes_a_voucher_learns_that_its_code_is_shown_once(on_sale):
    made = run("boxoffice", "voucher", "100.00")
    assert len(made.stdout.split()) == 1
    assert max(map(len, made.stderr.splitlines())) <= 80
    said = " ".join(made.stderr.split())
    assert said == (
        "This is the code of voucher 1, of 100.00 AUD. Write it down or print it: it "
        "is stored nowhere, and nothing can show it again. The 100.00 AUD that you "
        "take for it are in no drawer: no command records money that was taken for a "
        "voucher. Keep them apart from the till, or its drawer is over by them when it "
        "is counted, and enter the sale in your books."
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
