"""
Amounts of a whole order that stand on each of its rows: counted once, over all files,
nights and rows that take back, whatever the sequence of the rows.
"""

import itertools

import pytest
from support.report_folder import GALA, HEADING, LATE, ReportFolder, money

STATUS = "status: {paid: [Paid], cancelled: [Stopped], refunded: [Returned], comp: [C]}"


@pytest.fixture
def folder(tmp_path):
    return ReportFolder(tmp_path)


def read(folder, field, *rows, says=(), per="order", **columns):
    """
    The orders of one report whose seventh column is mapped to a field.
    """
    mapped = {} if field == "total" else {field: "Extra"}
    folder.recipe(
        *([f"per: {{{field}: {per}}}"] if per else []), *says, **mapped, **columns
    )
    more = "".join(f",{name}" for name in columns.values())
    heading = HEADING + ("" if field == "total" else ",Extra") + more
    folder.put("a.csv", heading, *rows)
    return folder.orders()


def by_night(order):
    """
    What was paid for the tickets of each night, with their buyer fees.
    """
    found = {}
    for ticket in order.tickets:
        name = ticket.occurrence_id.split("@")[0].split("/")[0]
        found[name] = found.get(name, 0) + ticket.face + ticket.fee
    return sorted(found.values())


# A tax of the order


TAXED = (f"A1,{GALA},Adult,2,80.00,14.00", f"A1,{GALA},Child,2,60.00,14.00")


@pytest.mark.parametrize(("tax", "charged"), [("on top", 15400), ("inside", 14000)])
def test_a_tax_of_the_order_is_known_and_counted_once(folder, tax, charged):
    order = read(folder, "tax", *TAXED, says=(f'tax: "{tax}"',))["A1"]
    assert (order.charged, order.tax) == (charged, 1400)


def test_a_tax_of_the_order_over_two_nights(folder):
    rows = (f"A1,{GALA},Adult,1,40.00,8.00", f"A1,{LATE},Adult,1,40.00,8.00")
    order = read(folder, "tax", *rows, says=('tax: "on top"',))["A1"]
    assert (order.charged, order.tax) == (8800, 800)


# Several files


@pytest.mark.parametrize(
    ("field", "rows", "result"),
    [
        # 80.00 and 30.00, and a fee of 5.00
        ("fee", ("80.00,5.00", "30.00,5.00"), (3, 11500, 0)),
        ("total", ("110.00", "110.00"), "what each of them cost is not said"),
        ("refunded", ("80.00,30.00", "40.00,30.00"), (3, 12000, 3000)),
        ("fee", ("80.00,5.00", "30.00,4.00"), "its rows have 4.00, 5.00"),
    ],
)
@pytest.mark.parametrize("is_turned", [False, True])
def test_an_order_in_two_files_bears_its_amount_once(
    folder, field, rows, result, is_turned
):
    mapped = {} if field == "total" else {field: "Extra"}
    says = ("order_numbers: folder", f"per: {{{field}: order}}")
    folder.recipe(*says, **mapped)
    heading = HEADING + ("" if field == "total" else ",Extra")
    parts = [f"A1,{GALA},Adult,2,{rows[0]}", f"A1,{LATE},Adult,1,{rows[1]}"]
    for name, row in zip("ab", parts[::-1] if is_turned else parts, strict=True):
        folder.put(f"{name}.csv", heading, row)
    found = folder.orders()["A1"]
    if isinstance(result, str):
        assert result in found
    else:
        assert money(found) == result


def test_an_equal_fee_of_an_order_in_two_files_may_be_that_of_the_order(folder):
    folder.recipe("order_numbers: folder", fee="Extra")
    heading = f"{HEADING},Extra"
    other = f"B2,{GALA},Adult,1,40.00,5.00"
    folder.put("a.csv", heading, f"A1,{GALA},Adult,2,80.00,5.00", other)
    folder.put("b.csv", heading, f"A1,{LATE},Adult,1,30.00,5.00")
    found = folder.orders()
    assert "fee is 5.00 on each of the order's 2 rows" in found["A1"]
    assert money(found["B2"]) == (1, 4500, 0)


# Several orders of one number


@pytest.mark.parametrize(
    ("field", "gala", "late", "charged"),
    [
        ("total", "40.00", "40.00", (4000, 4000)),
        ("total", "80.00", "30.00", (8000, 3000)),
        ("fee", "80.00,5.00", "30.00,5.00", (8500, 3500)),
        ("fee", "80.00,5.00", "30.00,4.00", (8500, 3400)),
    ],
)
@pytest.mark.parametrize("per", ["order", ""])
def test_two_orders_of_one_number_have_an_amount_each(
    folder, field, gala, late, charged, per
):
    rows = (f"1,{GALA},Adult,1,{gala}", f"1,{LATE},Adult,1,{late}")
    found = read(folder, field, *rows, says=("order_numbers: event",), per=per)
    assert [found[f"1 ({name})"].charged for name in ("Gala", "Late")] == [*charged]


@pytest.mark.parametrize(
    ("field", "rows", "result"),
    [
        ("fee", ("40.00,5.00", "-40.00,", "40.00,5.00"), (1, 9000, 4000)),
        ("fee", ("40.00,5.00", "-40.00,", "40.00,3.00"), (1, 8800, 4000)),
        ("total", ("40.00", "-40.00", "40.00"), (1, 8000, 4000)),
        ("total", ("40.00", "-40.00", "55.00"), (1, 9500, 4000)),
    ],
)
def test_an_exchange_has_an_amount_of_its_own(folder, field, rows, result):
    sold, back, new = rows
    found = read(
        folder,
        field,
        f"A1,{GALA},Adult,1,{sold},",
        f"R1,{GALA},Adult,-1,{back},A1",
        f"R1,{LATE},Adult,1,{new},A1",
        refund_of="Of",
    )
    assert money(found["A1"]) == result


# Rows that take back


SOLD = (f"A1,{GALA},Adult,2,80.00", f"A1,{GALA},Child,2,60.00")
BACK = (f"A1,{GALA},Adult,-1,-40.00", f"A1,{GALA},Child,-1,-30.00")


def returned(sold, *back):
    """
    An order of four tickets with an amount, of which two come back with theirs.
    """
    return [
        *(f"{row},{sold}" for row in SOLD),
        *(f"{row},{text}" for row, text in zip(BACK, back, strict=True)),
    ]


@pytest.mark.parametrize("turn", range(4))
@pytest.mark.parametrize(
    ("field", "rows", "result"),
    [
        ("fee", returned("5.00", "-5.00", "-5.00"), (2, 14500, 7500)),
        ("fee", returned("5.00", "0.00", "0.00"), (2, 14500, 7000)),
        ("fee", returned("5.00", "-5.00", "0.00"), (2, 14500, 7500)),
        # two amounts are of two movements
        ("fee", returned("5.00", "-3.00", "-2.00"), (2, 14500, 7500)),
        ("fee", returned("5.00", "-3.00", "-4.00"), "more than the order had"),
        ("tax", returned("14.00", "-7.00", "-7.00"), (2, 15400, 7700)),
        (
            "total",
            [
                f"A1,{GALA},Adult,2,140.00",
                f"A1,{GALA},Child,2,140.00",
                f"A1,{GALA},Adult,-1,-70.00",
                f"A1,{GALA},Child,-1,-70.00",
            ],
            (2, 14000, 7000),
        ),
        (  # the total of the order stands on its refund, too
            "total",
            [f"A1,{GALA},Adult,2,80.00", f"A1,{GALA},Adult,-1,80.00"],
            "may be the amount of the order or what went back",
        ),
    ],
)
def test_rows_that_take_back_repeat_an_amount_of_the_order(
    folder, field, rows, result, turn
):
    rows = rows[turn:] + rows[:turn]
    says = ('tax: "on top"',) if field == "tax" else ()
    found = read(folder, field, *rows, says=says)["A1"]
    if isinstance(result, str):
        assert result in found
    else:
        assert money(found) == result


def test_what_was_kept_of_the_order_is_given_back_once(folder):
    found = read(folder, "kept", *returned("6.00", "-3.00", "-3.00"))["A1"]
    assert found.total_fees == 300


def test_returns_of_two_days_have_an_amount_each(folder):
    rows = [
        f"A1,{GALA},Adult,2,80.00,2026-11-01",
        f"A1,{GALA},Adult,-1,-40.00,2026-11-05",
        f"A1,{GALA},Adult,-1,-40.00,2026-11-06",
    ]
    assert money(read(folder, "total", *rows, placed="Day")["A1"]) == (0, 8000, 8000)


def test_equal_returns_in_two_files_may_be_one_movement(folder):
    folder.recipe("per: {fee: order}", fee="Extra")
    heading = f"{HEADING},Extra"
    folder.put("a.csv", heading, *(f"{row},10.00" for row in SOLD))
    folder.put("b.csv", heading, f"{BACK[0]},-5.00")
    folder.put("c.csv", heading, f"{BACK[1]},-5.00")
    assert "which may be one movement or several" in folder.orders()["A1"]


# Without a word in the recipe


def test_one_amount_on_rows_that_take_back_may_be_that_of_the_order(folder):
    rows = [*SOLD, f"A1,{GALA},Adult,-1,-70.00", f"A1,{GALA},Child,-1,-70.00"]
    found = read(folder, "total", *rows, per="")["A1"]
    assert "total is -70.00 on each of 2 rows that take back" in found
    assert money(read(folder, "total", *rows, per="row")["A1"]) == (2, 14000, 14000)
    # the price of a ticket, on rows of two nights
    rows = [
        f"A1,{night},Adult,{number}"
        for number in ("2,80.00", "-1,-40.00")
        for night in (GALA, LATE)
    ]
    assert money(read(folder, "total", *rows, per="")["A1"]) == (2, 16000, 8000)
    # two tickets of 20.00: 40.00 is both of them
    rows = [f"A1,{GALA},Adult,4,80.00", *[f"A1,{GALA},Adult,-1,-40.00"] * 2]
    found = read(folder, "total", *rows, per="", says=("repeated_rows: count",))["A1"]
    assert "total is -40.00 on each of 2 rows that take back" in found


@pytest.mark.parametrize(("fee", "is_clear"), [("-1.00", True), ("-2.00", False)])
def test_one_fee_on_rows_that_take_back_may_be_that_of_the_order(folder, fee, is_clear):
    rows = [
        f"A1,{GALA},Adult,4,80.00,4.00",
        f"A1,{GALA},Adult,-1,-20.00,{fee}",
        f"A1,{GALA},Adult,-1,-20.00,{fee}",
    ]
    found = read(folder, "fee", *rows, per="", says=("repeated_rows: count",))
    if is_clear:
        assert money(found["A1"]) == (2, 8400, 4200)
    else:
        assert "fee is -2.00 on each of 2 rows that take back" in found["A1"]


# The sequence of the rows


def in_every_sequence(folder, field, *rows, **more):
    results = [
        read(folder, field, *some, **more)["A1"]
        for some in itertools.permutations(rows)
    ]
    first = results[0]
    if isinstance(first, str):
        assert all(isinstance(it, str) for it in results)
        return first
    nights = [(money(it), by_night(it), it.total_fees, it.fees) for it in results]
    assert all(it == nights[0] for it in nights), nights
    return first


def test_a_cancelled_row_bears_nothing_of_the_order(folder):
    rows = (
        f"A1,{GALA},Adult,1,40.00,5.00,Stopped",
        f"A1,{GALA},Child,1,30.00,5.00,Paid",
    )
    more = {"says": (STATUS,), "status": "State"}
    assert money(in_every_sequence(folder, "fee", *rows, **more)) == (1, 3500, 0)
    assert in_every_sequence(folder, "kept", *rows, **more).total_fees == 500


def test_a_fee_of_an_order_that_was_refunded_in_part_is_set_aside(folder):
    """
    40.00 went back, or 42.86 or 45.00.
    """
    rows = (
        f"A1,{GALA},Adult,1,40.00,5.00,Returned",
        f"A1,{GALA},Child,1,30.00,5.00,Paid",
    )
    more = {"says": (STATUS,), "status": "State"}
    found = in_every_sequence(folder, "fee", *rows, **more)
    assert "how much of it went back is not said" in found
    rows = tuple(row.replace("Paid", "Returned") for row in rows)
    assert money(in_every_sequence(folder, "fee", *rows, **more)) == (0, 7500, 7500)


def test_amounts_of_the_order_are_divided_over_nights_by_price(folder):
    # 5.00 over 40.00 and 80.00 is 1.67 and 3.33
    rows = (f"A1,{GALA},Adult,1,40.00,5.00", f"A1,{LATE},Adult,2,80.00,5.00")
    assert by_night(in_every_sequence(folder, "fee", *rows)) == [4167, 8333]
    # 0.05 over two nights of one price
    rows = (f"A1,{GALA},Adult,1,40.00,0.05", f"A1,{LATE},Adult,1,40.00,0.05")
    assert by_night(in_every_sequence(folder, "fee", *rows)) == [4002, 4003]


PRICED = {"drop": ("total",), "price": "Total"}


def discounted(folder, *rows, says=(), **columns):
    results = set()
    for some in itertools.permutations(rows):
        folder.recipe(
            "per: {discount: order}", *says, **PRICED, discount="Extra", **columns
        )
        more = "".join(f",{name}" for name in columns.values())
        folder.put("a.csv", f"{HEADING},Extra{more}", *some)
        order = folder.orders()["A1"]
        results.add(
            order if isinstance(order, str) else (order.charged, *by_night(order))
        )
    assert len(results) == 1
    return results.pop()


def test_a_discount_of_the_order_is_divided_by_price(folder):
    # 10.00 off 40.00 and 60.00
    rows = (f"A1,{GALA},Adult,1,40.00,10.00", f"A1,{LATE},Child,2,30.00,10.00")
    assert discounted(folder, *rows) == (9000, 3600, 5400)
    # 20.00 off 10.00 and 80.00
    rows = (f"A1,{GALA},Child,1,10.00,20.00", f"A1,{GALA},Adult,2,40.00,20.00")
    assert discounted(folder, *rows) == (7000, 7000)
    rows = (f"A1,{GALA},Child,1,10.00,20.00", f"A1,{GALA},Adult,1,5.00,20.00")
    assert "more than its rows cost" in discounted(folder, *rows)
    rows = (
        f"A1,{GALA},Adult,1,40.00,10.00,Stopped",
        f"A1,{GALA},Child,2,30.00,10.00,Paid",
    )
    found = discounted(folder, *rows, says=(STATUS,), status="State")
    assert found == (5000, 5000)


@pytest.mark.parametrize(
    ("states", "result"),
    [
        ("Paid Paid", (2, 7000, 0)),
        ("Paid Stopped", "may have that part in it or not"),
        ("Paid Returned", "how much of it went back is not said"),
        ("Returned Returned", (0, 7000, 7000)),
        ("Stopped Stopped", (0, 0, 0)),
        ("C Paid", (2, 7000, 0)),
    ],
)
def test_a_total_of_an_order_of_which_a_part_was_not_paid(folder, states, result):
    one, two = states.split()
    rows = (f"A1,{GALA},Adult,1,70.00,{one}", f"A1,{GALA},Child,1,70.00,{two}")
    found = in_every_sequence(folder, "total", *rows, says=(STATUS,), status="State")
    if isinstance(result, str):
        assert result in found
    else:
        assert money(found) == result


def test_a_total_of_the_order_is_divided_by_the_prices_there_are(folder):
    rows = (f"A1,{GALA},Adult,1,70.00,40.00", f"A1,{LATE},Child,2,70.00,15.00")
    found = in_every_sequence(folder, "total", *rows, price="Each")
    assert by_night(found) == [3000, 4000]


def test_rows_of_two_purchases_may_have_an_amount_each(folder):
    rows = (
        f"A1,{GALA},Adult,1,40.00,5.00,2026-11-01 10:00",
        f"A1,{GALA},Child,1,30.00,5.00,2026-11-02 10:00",
    )
    found = in_every_sequence(folder, "fee", *rows, placed="Day")
    assert "one amount of the order or one of each purchase" in found


def test_all_that_was_paid_with_the_fee_of_the_order_goes_back(folder):
    """
    45.00 and 30.00 are the whole order; the platform keeps nothing of its fee.
    """
    rows = (
        f"A1,{GALA},Adult,1,40.00,5.00,45.00",
        f"A1,{GALA},Child,1,30.00,5.00,30.00",
    )
    more = {"says": ("buyer_fee: kept",), "refunded": "Back"}
    found = in_every_sequence(folder, "fee", *rows, **more)
    assert (found.charged, found.refunds[0].amount) == (7500, 7500)
    assert found.fees is None  # nothing of its own fee
    rows = (f"A1,{GALA},Adult,1,40.00,5.00,45.00", f"A1,{GALA},Child,1,30.00,5.00,")
    found = in_every_sequence(folder, "fee", *rows, **more)
    assert "how much of the order's fee went back is not said" in found


def test_a_refund_with_its_tax_may_be_that_of_the_row(folder):
    """
    44.00 is the price of 40.00 with its tax, on both rows.
    """
    folder.recipe(
        'tax: "on top"', "per: {tax: row, total: row}", tax="Extra", refunded="Back"
    )
    rows = [f"A1,{GALA},{name},1,40.00,4.00,44.00" for name in ("Adult", "Child")]
    folder.put("a.csv", f"{HEADING},Extra,Back", *rows)
    assert "the amount of a row or of the order" in folder.orders()["A1"]


# A journal with rows for fees


@pytest.mark.parametrize(
    ("field", "rows", "result"),
    [
        ("kept", ("40.00,Ticket,6.00", "5.00,Fee,6.00"), 600),
        ("kept", ("40.00,Ticket,6.00", "5.00,Fee,"), 600),
        (
            "kept",
            ("40.00,Ticket,6.00", "5.00,Fee,2.00"),
            "fees and taxes have one, too",
        ),
        ("total", ("45.00,Ticket,", "45.00,Fee,"), "fees and taxes have one, too"),
    ],
)
def test_a_row_for_a_fee_has_no_amount_of_the_order(folder, field, rows, result):
    folder.recipe(
        f"per: {{{field}: order}}",
        "kind: {sale: [Ticket], fee: [Fee]}",
        drop=("quantity",),
        kind="Kind",
        kept="Extra",
    )
    heading = HEADING.replace(",Qty", "") + ",Kind,Extra"
    folder.put("a.csv", heading, *(f"A1,{GALA},Adult,{row}" for row in rows))
    found = folder.orders()["A1"]
    if isinstance(result, str):
        assert result in found
    else:
        assert found.total_fees == result


# What the order states to come to


@pytest.mark.parametrize(
    ("stated", "why"),
    [
        (("100.00", "100.00"), None),
        (("100.00", ""), None),
        (("", "100.00"), None),
        (("100.00", "130.00"), "130.00 AUD"),
        (("130.00", "100.00"), "130.00 AUD"),
        (("", "130.00"), "130.00 AUD"),
    ],
)
def test_each_row_states_what_the_order_comes_to(folder, stated, why):
    folder.recipe(order_total="Sum")
    rows = (f"A1,{GALA},Adult,2,80.00", f"A1,{GALA},Child,1,20.00")
    folder.put(
        "a.csv",
        f"{HEADING},Sum",
        *(f"{row},{text}" for row, text in zip(rows, stated, strict=True)),
    )
    doubt = folder.orders()["A1"].doubt
    assert doubt is None if why is None else why in doubt


def test_an_exchange_states_a_total_of_its_own(folder):
    folder.recipe(order_total="Sum", refund_of="Of")
    folder.put(
        "a.csv",
        f"{HEADING},Sum,Of",
        f"A1,{GALA},Adult,1,40.00,40.00,",
        f"R1,{GALA},Adult,-1,-40.00,55.00,A1",
        f"R1,{LATE},Adult,1,55.00,55.00,A1",
    )
    assert folder.orders()["A1"].doubt is None
