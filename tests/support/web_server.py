"""
Our web application under a real server on loopback.
"""

import asyncio
import socket
import threading
import time
from contextlib import contextmanager

import uvicorn

from ticketsync.web import server

PASSWORD = "a dozen lanterns"


class QuickServer(uvicorn.Server):
    """
    Looks every few milliseconds whether it should end, where uvicorn looks every 100
    and then waits for as long again.
    """

    async def main_loop(self):
        while not await self.on_tick(0):
            await asyncio.sleep(0.005)

    async def shutdown(self, sockets=None):
        for opened in (*self.servers, *sockets):
            opened.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        while self.server_state.connections or self.server_state.tasks:
            await asyncio.sleep(0.005)


@contextmanager
def running(application, limits=None):
    """
    An application under a real server on a free port; yields its address.
    """
    limits = limits or server.Limits()
    started = QuickServer(server.LimitedConfig(application, limits, log_level="error"))
    with socket.create_server(("127.0.0.1", 0)) as opened:
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as `serve` does
        thread = threading.Thread(target=started.run, kwargs={"sockets": [opened]})
        thread.start()
        while not started.started:
            time.sleep(0.002)
        try:
            yield f"http://127.0.0.1:{opened.getsockname()[1]}"
        finally:
            started.should_exit = True
            thread.join()
