"""
Own orders on paper: the code that a scanner reads from the PDF opens the door, and the
receipt adds up.
"""

import subprocess
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from support import mailbox, needs
from support.own_box_office import NOW, SHOW, put_on_sale
from support.web_server import running

from ticketsync.boxoffice import vouchers
from ticketsync.boxoffice.price_tiers import NewTier
from ticketsync.core import clock, errors
from ticketsync.core.settings.config import NotifySettings, Settings
from ticketsync.gateways import printer
from ticketsync.reporting.ticket_printing import Paper
from ticketsync.visitors import passes
from ticketsync.web import app as web
from ticketsync.web.site import COOKIE, Site
from ticketsync.web.webhook_receiver import Receiver
from ticketsync.workflows.boxoffice import cancel_and_refund, printed_orders, sell
from ticketsync.workflows.boxoffice.cancel_and_refund import Refund
from ticketsync.workflows.boxoffice.sell import Tender
from ticketsync.workflows.door import checkin

DOTS_PER_INCH = 80
WORKSHOP = NewTier(
    "Workshop", 5500, tax_rate_ppm=100_000, buyer_fee=150, tax_inclusive=True
)
ABROAD = NewTier("Abroad", 10000, tax_rate_ppm=81_000, tax_inclusive=False)


@pytest.fixture(autouse=True)
def evening(frozen):
    frozen(NOW)
    return frozen


@pytest.fixture
def office(database):
    return put_on_sale(database)


def receipt(office, reference, cash_given=None):
    return printed_orders.receipt_of(printed_orders.find(office, reference), cash_given)


def lines(found):
    return [(it.quantity, it.title, it.amount.minor) for it in found]


def read_codes(pdf, folder):
    """
    What a scanner reads from each page, printed with few dots.
    """
    subprocess.run(
        ["pdftoppm", "-r", str(DOTS_PER_INCH), "-png", "-", str(folder / "page")],
        input=pdf,
        check=True,
    )
    return [
        subprocess.run(
            ["zbarimg", "--quiet", "--raw", "--nodbus", str(page)],
            capture_output=True,
            check=True,
            text=True,
        ).stdout.strip()
        for page in sorted(folder.glob("page*.png"))
    ]


def misread(code):
    return code[:-1] + ("B" if code[-1] == "A" else "A")


@needs.programs("zbarimg", "pdftoppm")
@pytest.mark.parametrize("paper", [*Paper])
def test_the_code_that_a_scanner_reads_from_the_paper_opens_the_door(
    office, paper, tmp_path
):
    reference = sell.sell(office, SHOW, {"Adult": 3}, Tender("cash")).order.reference
    cancel_and_refund.refund(office, reference, Refund(tickets=[2]), "ill")
    found = printed_orders.find(office, reference)
    pdf = printed_orders.tickets_as_pdf(office, found, paper)
    first, third = read_codes(pdf, tmp_path)
    with office.database.write() as connection:
        token = passes.issue(connection, "session", "door", "Door A", clock.now())
    site = Site(office.database, office.settings)
    application = web.create_app(Receiver(office.database, list), site)
    with (
        running(application) as address,
        httpx.Client(base_url=address, cookies={COOKIE: token}) as door,
    ):
        door.headers["origin"] = address
        scan = f"/door/{SHOW}/scan"
        outcomes = [
            door.post(scan, json={"code": code, "key": key}).json()["outcome"]
            for code, key in ((first, "k1"), (first, "k2"), (misread(first), "k3"))
        ]
    assert outcomes == ["admitted", "already-in", "unknown"]
    at = checkin.find_scan_point(office.database, SHOW)
    assert checkin.admit(office.database, at, third).outcome == "admitted"


def test_a_receipt_is_of_what_was_sold_and_says_what_went_back(office, evening):
    sold = sell.sell(office, SHOW, {"Adult": 2, "Child": 1}, Tender("cash")).order
    evening(NOW + timedelta(days=1))
    cancel_and_refund.refund(office, sold.reference, Refund(tickets=[1]), "ill")
    found = receipt(office, sold.reference, cash_given=20000)
    assert lines(found.lines) == [(2, "Adult", 11000), (1, "Child", 2000)]
    assert lines(found.tenders) == [(0, "Cash", 20000)]
    assert (found.total.minor, found.change.minor) == (13000, 7000)
    assert found.taxes == []  # nobody has said the rate
    assert f"{found.sold_at:%H:%M}" == "19:00"
    assert found.notes == ["55.00 AUD went back in cash on Sat 28 Nov 2026."]


def test_a_receipt_says_what_went_back_in_cash_and_what_to_a_voucher(office, evening):
    """
    By hand: 110.00, of which a gift voucher paid 100.00; and 20.00 by card.
    """
    gift = sell.issue_voucher(office, vouchers.GIFT, 10000, "AUD")
    tender = Tender("cash", vouchers=[gift])
    mixed = sell.sell(office, SHOW, {"Adult": 2}, tender).order.reference
    card = sell.sell(office, SHOW, {"Child": 1}, Tender("card")).order.reference
    for reference in (mixed, card):
        cancel_and_refund.refund(office, reference, Refund(), "ill")
    day = "Fri 27 Nov 2026"
    assert receipt(office, mixed).notes == [
        f"10.00 AUD went back in cash on {day}.",
        f"100.00 AUD went back to the voucher on {day}.",
    ]
    assert receipt(office, card).notes == [
        f"20.00 AUD went back to the card on {day}.",
    ]


def test_a_receipt_has_what_comes_on_top_and_what_is_taken_off(database):
    office = put_on_sale(database, WORKSHOP, ABROAD)
    off = sell.issue_voucher(office, vouchers.DISCOUNT, 1500, "AUD")
    gift = sell.issue_voucher(office, vouchers.GIFT, 5000, "AUD")
    tender = Tender("card", vouchers=[off, gift])
    wanted = {"Workshop": 1, "Abroad": 1}
    found = receipt(office, sell.sell(office, SHOW, wanted, tender).order.reference)
    # 15.00 off, by price: 5.32 of 55.00 and 9.68 of 100.00; then 8.1 % on 90.32.
    assert lines(found.lines) == [
        *((1, "Workshop", 5500), (1, "Abroad", 10000)),
        *((0, "Discount", -1500), (0, "Booking fee", 150), (0, "Tax", 732)),
    ]
    # 10 % inside 49.68 and the fee of 1.50: 4.65.
    assert lines(found.taxes) == [
        *((0, "Tax in it (8.1%)", 732), (0, "Tax in it (10%)", 465)),
    ]
    assert lines(found.tenders) == [(0, "Voucher", 5000), (0, "Card", 9882)]
    assert found.total.minor == 14882


def test_a_free_order_has_a_receipt(office):
    given = sell.comp(office, SHOW, {"Adult": 1}).order.reference
    found = receipt(office, given)
    assert lines(found.tenders) == [(0, "Free", 0)]
    assert printed_orders.receipt_as_pdf(
        printed_orders.find(office, given), Paper.ROLL
    ).startswith(b"%PDF")


def test_what_was_not_paid_or_is_void_is_not_printed(office):
    held = sell.hold(office, SHOW, {"Adult": 1}).reference
    with pytest.raises(errors.SaleRefused) as refused:
        printed_orders.find(office, held)
    assert refused.value.word == "wrong-state"
    sell.pay(office, held, Tender("cash"))
    cancel_and_refund.refund(office, held, Refund(), "ill")
    found = printed_orders.find(office, held)
    with pytest.raises(errors.SaleRefused, match="no valid ticket"):
        printed_orders.tickets_as_pdf(office, found, Paper.A6)
    assert lines(printed_orders.receipt_of(found).lines) == [(1, "Adult", 5500)]


def test_tickets_go_out_by_mail(office):
    sold = sell.sell(office, SHOW, {"Adult": 2}, Tender("cash")).order.reference
    found = printed_orders.find(office, sold)
    attached = {f"{sold}-tickets.pdf": b"%PDF-1.7 tickets"}
    with pytest.raises(errors.ConfigurationError):
        printed_orders.send_by_mail(office, found, "mia@example.org", attached)
    with mailbox.serving() as box:
        url = f"smtp://127.0.0.1:{box.port}/?to=chief@example.org&from=box@example.org"
        office.settings = replace(Settings(), notify=NotifySettings(mail=url))
        printed_orders.send_by_mail(office, found, "mia@example.org", attached)
        with pytest.raises(errors.UsageError):
            printed_orders.send_by_mail(office, found, "mia, zoe@x.org", attached)
    ((sender, recipients, text),) = box.letters
    assert (sender, recipients) == ("box@example.org", ["mia@example.org"])
    assert "Subject: Your tickets for Late Laughs, Fri 27 Nov 2026, 19:30" in text
    assert f"thank you for your order {sold}: 2 tickets for Late Laughs" in text
    assert f'filename="{sold}-tickets.pdf"' in text


def test_a_receipt_that_is_mailed_is_not_called_tickets(office):
    sold = sell.sell(office, SHOW, {"Adult": 2}, Tender("cash")).order.reference
    subject, text = printed_orders.receipt_text(printed_orders.find(office, sold))
    assert subject == "Your receipt for Late Laughs, Fri 27 Nov 2026, 19:30"
    assert f"attached is the receipt of your order {sold} for Late Laughs at" in text
    assert "code" not in text


def test_a_print_command_gets_the_pdf(tmp_path):
    printed = tmp_path / "printed.pdf"
    printer.send(f"tee {printed}", b"%PDF-1.7")
    assert printed.read_bytes() == b"%PDF-1.7"
    for command in ("false", str(tmp_path / "nothing")):
        with pytest.raises(errors.ProviderUnavailable) as failed:
            printer.send(command, b"%PDF-1.7")
        assert failed.value.word == "not-printed"
    for command in ("", "lp 'x"):
        with pytest.raises(errors.ConfigurationError):
            printer.send(command, b"%PDF-1.7")
