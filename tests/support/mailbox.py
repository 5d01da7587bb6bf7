"""
A mail server on this machine that keeps what it gets.
"""

import socket
from contextlib import contextmanager

import aiosmtpd.controller


class Mailbox:
    """
    `letters` are senders, recipients and texts; `unknown` are recipients that it
    refuses.
    """

    def __init__(self):
        self.letters = []
        self.unknown = set()

    async def handle_RCPT(self, server, connection, envelope, address, options):
        if address in self.unknown:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, connection, envelope):
        text = envelope.content.decode()
        self.letters.append((envelope.mail_from, envelope.rcpt_tos, text))
        return "250 OK"


@contextmanager
def serving():
    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        box.port = free.getsockname()[1]
    server = aiosmtpd.controller.Controller(box, hostname="127.0.0.1", port=box.port)
    server.start()
    try:
        yield box
    finally:
        server.stop()
