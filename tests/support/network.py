"""
The network between one browser and our server, which a test takes away and gives back.
Chromium's own offline mode does not always reach a page that is loaded anew, nor the
service worker: with the cable out nothing gets through, whatever the browser believes.
"""

import asyncio
import threading
from contextlib import contextmanager
from urllib.parse import urlsplit


class Network:
    """
    Everything the browser sends to `address` reaches the server while the cable is in.
    """

    def __init__(self, server):
        there = urlsplit(server)
        self._server = (there.hostname, there.port)
        self._loop = self._over = None
        self._is_cut = False
        self._writers = set()
        self.address = ""

    def take_away(self, page):
        page.context.set_offline(True)
        asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result(30)

    def give_back(self, page):
        self._is_cut = False
        page.context.set_offline(False)

    @contextmanager
    def running(self):
        started = threading.Event()
        thread = threading.Thread(target=asyncio.run, args=(self._listen(started),))
        thread.start()
        started.wait()
        try:
            yield self
        finally:
            self._loop.call_soon_threadsafe(self._over.set)
            thread.join()

    async def _listen(self, started):
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        listening = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        started.set()
        await self._over.wait()
        for accepting in listening.sockets:
            self._loop.remove_reader(accepting)
        await self._cut()
        # A connection that is just being made is cut once it is: left open, it would
        # fail the later test in which the collector finds it.
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others)
        listening.close()

    async def _cut(self):
        self._is_cut = True
        for writer in self._writers:
            writer.transport.abort()

    async def _connect(self, from_browser, to_browser):
        try:
            from_server, to_server = await asyncio.open_connection(*self._server)
        except OSError:
            to_browser.transport.abort()
            return
        ends = {to_browser, to_server}
        self._writers |= ends
        if self._is_cut:
            for writer in ends:
                writer.transport.abort()
        await asyncio.gather(
            self._carry(from_browser, to_server), self._carry(from_server, to_browser)
        )
        self._writers -= ends

    async def _carry(self, reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass  # one of the two hung up, or the cable was taken out
        finally:
            writer.close()
