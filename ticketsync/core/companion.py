"""
A second process of ours that works beside this one.

Requests go in, answers come out in the same order. It ends with us, however we end,
because its standard input does. Ctrl-C does not reach it: whoever stops us leaves it
nothing to do.
"""

from __future__ import annotations

import queue
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import IO, Final

_SIZES: Final = struct.Struct(">II")  # of the two parts of every message
_PIPE: Final = 1 << 20  # bytes, where it can be chosen: some pages, so nobody waits
_WAIT_BUDGET: Final = 60.0  # seconds for one answer; a page takes some milliseconds

Message = tuple[bytes, bytes]  # what is asked, and of what


class Companion:
    """
    The module run as a process that calls `serve`, told an opening first.

    Nobody waits for it but who wants an answer: two threads carry the messages, because
    a pipe takes less than a page. Raises `OSError` where no process can be started.
    """

    def __init__(self, module: str, opening: bytes) -> None:
        self._process = subprocess.Popen(  # noqa: S603 (our own module)
            [sys.executable, "-P", "-m", module],  # not from the current folder
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            process_group=0,
            pipesize=_PIPE,
        )
        self._requests: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self.is_up = False  # until then, whoever has something to do had better do it
        self._has_ended = False
        self.ask(opening)
        for carry in (self._send, self._receive):
            threading.Thread(target=carry, name=carry.__name__, daemon=True).start()

    def ask(self, head: bytes, body: bytes = b"") -> None:
        if not self._has_ended:
            self._requests.put((head, body))

    def answer(self) -> bytes | None:
        """
        The answer to the oldest request that has none yet; `None` if there will be no
        more, whatever became of the process.
        """
        if self._has_ended:
            return None
        try:
            found = self._answers.get(timeout=_WAIT_BUDGET)
        except queue.Empty:
            found = None
        if found is None:
            self._has_ended = True
            self._process.kill()
        return found

    def close(self) -> None:
        """
        End it; what it was still asked is not wanted any more.
        """
        self._requests.put(None)
        self._process.kill()
        self._process.wait()

    def _send(self) -> None:
        into = self._process.stdin
        assert into is not None
        try:
            with into:
                while (request := self._requests.get()) is not None:
                    _write(into, request)
        except OSError:
            pass  # it is gone, which the other thread tells

    def _receive(self) -> None:
        out = self._process.stdout
        assert out is not None
        with out:
            self.is_up = _read(out) is not None
            while (found := _read(out)) is not None:
                self._answers.put(found[0])
        self._answers.put(None)


def serve(begin: Callable[[bytes], Callable[[bytes, bytes], bytes]]) -> None:
    """
    What the process does: answer, with what `begin` made of the opening, until nobody
    asks any more.
    """
    opening = _read(sys.stdin.buffer)
    if opening is None:
        return
    answer = begin(opening[0])
    _write(sys.stdout.buffer, (b"", b""))
    while (request := _read(sys.stdin.buffer)) is not None:
        _write(sys.stdout.buffer, (answer(*request), b""))


def _write(pipe: IO[bytes], message: Message) -> None:
    head, body = message
    # In one piece: between two, another thread could take the interpreter's lock.
    pipe.write(b"".join((_SIZES.pack(len(head), len(body)), head, body)))
    pipe.flush()


def _read(pipe: IO[bytes]) -> Message | None:
    sizes = pipe.read(_SIZES.size)
    if len(sizes) < _SIZES.size:
        return None
    head, body = (pipe.read(size) for size in _SIZES.unpack(sizes))
    return (head, body) if _SIZES.pack(len(head), len(body)) == sizes else None
