"""
Mail to a buyer, with tickets, by a real server on this machine.
"""

from email import message_from_string, policy

import pytest
from support.mailbox import serving

from ticketsync.core import errors
from ticketsync.gateways import mail
from ticketsync.gateways.mail import Attachment

TICKETS = Attachment("tickets.pdf", b"%PDF-1.7\n\x00\xff tickets")


@pytest.fixture
def mailbox():
    with serving() as box:
        yield box


def url(mailbox, query="to=office@example.org&from=box@example.org"):
    return f"smtp://127.0.0.1:{mailbox.port}/?{query}"


def test_a_buyer_gets_the_tickets_and_the_office_gets_nothing(mailbox):
    mail.send(
        url(mailbox),
        "Your tickets for 真夏の夜の夢",
        "See you tonight.\nLine two",
        recipients=["mia@example.net", "zoe@example.net"],
        attachments=[TICKETS, Attachment("list.csv", b"a,b", "text/csv")],
    )
    ((sender, recipients, text),) = mailbox.letters
    assert sender == "box@example.org"
    assert recipients == ["mia@example.net", "zoe@example.net"]
    letter = message_from_string(text, policy=policy.default)
    assert letter["Subject"] == "Your tickets for 真夏の夜の夢"
    assert letter["To"] == "mia@example.net, zoe@example.net"
    body = letter.get_body(("plain",)).get_content()
    assert body.splitlines() == ["See you tonight.", "Line two"]
    files = [
        (it.get_filename(), it.get_content_type(), it.get_payload(decode=True))
        for it in letter.iter_attachments()
    ]
    assert files == [
        ("tickets.pdf", "application/pdf", b"%PDF-1.7\n\x00\xff tickets"),
        ("list.csv", "text/csv", b"a,b"),
    ]


def test_a_url_without_an_office_is_enough_for_a_buyer(mailbox):
    address = url(mailbox, "from=box@example.org")
    mail.send(address, "Tickets", "x", recipients=["mia@example.net"])
    assert [to for _, to, _ in mailbox.letters] == [["mia@example.net"]]
    with pytest.raises(errors.ConfigurationError):
        mail.send(address, "An alert", "x")


@pytest.mark.parametrize(
    "recipient",
    [
        *("", "mia", "mia@", "@example.net", "a@b.example, c@d.example"),
        *("mia@example.net\nBcc: all@example.org", "Mia <mia@example.net>", "a b@c"),
    ],
)
def test_what_is_no_single_address_is_refused_and_not_shown(mailbox, recipient):
    with pytest.raises(errors.UsageError) as caught:
        mail.send(url(mailbox), "Tickets", "x", recipients=[recipient])
    assert "mia" not in caught.value.message
    assert mailbox.letters == []


def test_a_title_of_two_lines_adds_no_header(mailbox):
    mail.send(url(mailbox), "Late\nBcc: all@example.org", "x", recipients=["a@b.net"])
    ((_, recipients, text),) = mailbox.letters
    assert recipients == ["a@b.net"]
    assert message_from_string(text)["Bcc"] is None


def test_a_buyer_whom_the_server_refuses_is_a_failure(mailbox):
    mailbox.unknown = {"zoe@example.net"}
    for recipients in (["zoe@example.net"], ["mia@example.net", "zoe@example.net"]):
        with pytest.raises(errors.ProviderUnavailable) as caught:
            mail.send(url(mailbox), "Tickets", "x", recipients=recipients)
        assert "zoe" not in caught.value.message


def test_an_alert_that_reached_somebody_was_sent(mailbox):
    mailbox.unknown = {"zoe@example.net"}
    to = "to=office@example.org&to=zoe@example.net&from=box@example.org"
    mail.send(url(mailbox, to), "An alert", "x")
    assert [to for _, to, _ in mailbox.letters] == [["office@example.org"]]
