"""
The network that tests take away leaves nothing behind when it ends.
"""

import gc
import socket
from urllib.parse import urlsplit

import pytest
from support.network import Network


@pytest.mark.thorough
def test_connections_that_are_just_being_made_are_closed_with_it():
    """
    One that is left open is a warning, and so an error, wherever the collector runs.
    """
    with socket.create_server(("127.0.0.1", 0)) as server:
        there = f"http://127.0.0.1:{server.getsockname()[1]}"
        for _ in range(10):
            with Network(there).running() as network:
                relay = urlsplit(network.address)
                browsers = [
                    socket.create_connection((relay.hostname, relay.port))
                    for _ in range(3)
                ]
            for browser in browsers:
                browser.close()
        gc.collect()
