"""
The keys of a recipe file and their types; what they mean stands in `recipe`.
"""

from __future__ import annotations

from ticketsync.core.settings.typed_yaml import Words, one_of, section

# What a recipe can map. `starts` may be split into `date` and `time`; a line has a
# `price` per ticket or a `total`, both after discounts.
FIELDS = (
    *("order", "refund_of", "line", "kind", "event", "event_id", "show_id", "venue"),
    *("starts", "date", "time", "placed", "type", "quantity", "price", "total"),
    *("list_price", "discount", "fee", "tax", "tax_per_ticket", "kept"),
    *("order_total", "refunded", "status", "checked_in", "channel", "currency"),
    *("name", "email", "phone"),
)
AMOUNTS = (
    *("price", "total", "list_price", "discount", "fee", "tax", "tax_per_ticket"),
    *("kept", "order_total", "refunded"),
)
COMING = "placed_later"  # of a line: a day of its return that had not come
IDS = ("order", "refund_of", "line", "event_id", "show_id")
PEOPLE = ("name", "email", "phone")
STATUSES = ("paid", "comp", "pending", "cancelled", "void", "refunded")
NEVER_PAID = ("pending", "cancelled")  # by their status alone
WITHOUT_ENTRY = ("cancelled", "void", "refunded")  # of a ticket that admits nobody
KINDS = ("sale", "refund", "fee", "tax", "ignore")
SIGNED = ("discount", "fee", "kept", "tax")  # what a report may write below zero
SUMMED = (*SIGNED, "refunded", "quantity")  # may be the sum of several columns
PER_ORDER = ("total", "refunded", "discount", "fee", "kept", "tax")
AS_GIVEN = (
    *("established", "files", "sheet", "timezone", "currency", "decimal", "dates"),
    *("repeated_rows", "repeated_returns", "undated_sales", "order_numbers", "start"),
    "shared_orders",
)
WORD_LISTS = (
    *("stop_at", "ignore_rows", "ignore_columns", "free", "changed_orders"),
    "sale_words",
)

RECIPE = section(
    **dict.fromkeys(("platform", *AS_GIVEN), str)
    | {
        "decimal": one_of(".", ","),
        "dates": one_of("dmy", "mdy"),
        "repeated_rows": one_of("refuse", "count", "once"),
        "repeated_returns": one_of("refuse", "count", "once"),
        "undated_sales": one_of("refuse", "show"),
        "shared_orders": one_of("refuse", "count", "once"),
        "order_numbers": one_of("folder", "event", "file"),
    },
    tax=one_of("inside", "on top"),
    buyer_fee=one_of("unknown", "kept"),
    **dict.fromkeys(("columns", "formats", "status", "kind", "signs", "per"), dict),
    amounts=dict,
    **dict.fromkeys(WORD_LISTS, list[str]),
    renamed_events=dict[str, str],
    also_returned=dict[str, str],
)
COLUMNS = section(**dict.fromkeys(FIELDS, str) | dict.fromkeys(SUMMED, Words))
FORMATS = section(**dict.fromkeys(("starts", "date", "time", "placed"), str))
STATUS = section(**dict.fromkeys(STATUSES, list[str]))
KIND = section(**dict.fromkeys(KINDS, list[str]))
SIGNS = section(**dict.fromkeys(SIGNED, one_of("plus", "minus")))
UNITS = section(**dict.fromkeys(AMOUNTS, one_of("major", "minor")))
PER = section(
    **dict.fromkeys(PER_ORDER, one_of("row", "order")),
    **dict.fromkeys(("price", "list_price", "tax_per_ticket"), one_of("ticket")),
)
