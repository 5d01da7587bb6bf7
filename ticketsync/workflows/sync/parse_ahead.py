"""
Parsing pages in a second process while this one saves the pages before: where there are
many orders it halves the time that parsing adds to a read.

The process gets records, and no key; whatever it cannot do is done here.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import itertools
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from ticketsync.core import errors
from ticketsync.net import paging
from ticketsync.providers.base import Page, Provider, Raw
from ticketsync.workflows.sync.parse import (
    KnownOrders,
    ParsedPage,
    offline_provider,
    parse_page,
)

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor

MANY = 4000  # orders from which a second process saves more than it costs (measured)
PAGES_AHEAD = 12
ANSWER_SECONDS = 60.0  # a page takes some milliseconds

KnownPage = tuple[Page, KnownOrders]
Records = bytes | Sequence[Raw]  # an undecoded response, or decoded records


@dataclass(frozen=True, slots=True)
class Parser:
    """
    How one account's pages are parsed; `options` are the account's.
    """

    provider: Provider
    options: Mapping[str, str]
    keeps_people: bool

    def parse(self, page: Page, known: KnownOrders) -> ParsedPage:
        return parse_page(self.provider, page, known, keeps_people=self.keeps_people)


def parse_pages(
    parser: Parser, pages: Iterator[KnownPage], *, expected: int
) -> Iterator[ParsedPage]:
    """
    The pages, parsed, in their order; `expected` is about how many orders they hold, 0
    where the platform does not say. Pages that came before a failure come before it
    here, too.
    """
    parsed = 0
    for page, known in pages:
        if max(expected, parsed) >= MANY and _processors() > 1:
            rest = itertools.chain([(page, known)], pages)
            yield from _parse_with_process(parser, rest)
            return
        yield parser.parse(page, known)
        parsed += len(page.records)


def _parse_with_process(
    parser: Parser, pages: Iterator[KnownPage]
) -> Iterator[ParsedPage]:
    try:
        pool = _start(parser)
    except OSError:  # there is no process to be had
        yield from (parser.parse(page, known) for page, known in pages)
        return
    try:
        yield from _parse_ahead(parser, pages, pool)
    finally:
        _end(pool)


def _end(pool: ProcessPoolExecutor) -> None:
    """
    Kill the process, whatever it is doing; what it still owed is parsed here.
    """
    for process in list((pool._processes or {}).values()):
        process.kill()
    pool.shutdown(wait=False, cancel_futures=True)


def _start(parser: Parser) -> ProcessPoolExecutor:
    """
    The pool, which starts the process that keeps count of its locks, if none does yet.
    """
    # Most runs would load it for nothing.
    from concurrent.futures import ProcessPoolExecutor

    with _safe_path():
        return ProcessPoolExecutor(
            1,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_begin,
            initargs=(
                parser.provider.spec.name,
                dict(parser.options),
                parser.keeps_people,
            ),
        )


def _launch(pool: ProcessPoolExecutor) -> Future[bytes] | None:
    """
    The first task, which starts the process and is done once that is up.
    """
    with _safe_path():
        return _submit(pool, _is_up)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """
    A page that is being parsed; without an `answer` it is parsed here, in its turn.
    """

    page: Page
    known: KnownOrders
    answer: Future[bytes] | None

    @property
    def is_ready(self) -> bool:
        return self.answer is None or self.answer.done()


@functools.cache
def _answers() -> msgspec.msgpack.Decoder[ParsedPage]:
    return msgspec.msgpack.Decoder(ParsedPage)


def _parsed(parser: Parser, pool: ProcessPoolExecutor, waiting: _Waiting) -> ParsedPage:
    if waiting.answer is not None:
        try:
            return _answers().decode(waiting.answer.result(ANSWER_SECONDS))
        except Exception:  # what it met is met here again, or it is of no use any more
            _end(pool)
    return parser.parse(waiting.page, waiting.known)


def _parse_ahead(
    parser: Parser, pages: Iterator[KnownPage], pool: ProcessPoolExecutor
) -> Iterator[ParsedPage]:
    waiting: deque[_Waiting] = deque()
    failure = None
    is_up = _launch(pool)
    for item in _until_failure(pages):
        if isinstance(item, errors.TicketsyncError):
            failure = item
            break
        page, known = item
        answer = None
        if is_up is not None and is_up.done():
            head = page.bookmark, page.latest
            answer = _submit(pool, _parse, _records(page), *head, known)
        waiting.append(_Waiting(page, known, answer))
        while waiting and (waiting[0].is_ready or len(waiting) > PAGES_AHEAD):
            yield _parsed(parser, pool, waiting.popleft())
    while waiting:
        yield _parsed(parser, pool, waiting.popleft())
    if failure is not None:
        raise failure


_ENVIRONMENT: Final = threading.Lock()  # is one for all threads


@contextlib.contextmanager
def _safe_path() -> Iterator[None]:
    """
    A process that starts meanwhile imports nothing from the current folder. One thread
    at a time: the first would take the variable away before another's process starts.
    """
    with _ENVIRONMENT:
        before = os.environ.get("PYTHONSAFEPATH")
        os.environ["PYTHONSAFEPATH"] = "1"
        try:
            yield
        finally:
            if before is None:
                del os.environ["PYTHONSAFEPATH"]
            else:
                os.environ["PYTHONSAFEPATH"] = before


def _until_failure(
    pages: Iterator[KnownPage],
) -> Iterator[KnownPage | errors.TicketsyncError]:
    """
    The pages, and last what went wrong with reading them.
    """
    try:
        yield from pages
    except errors.TicketsyncError as error:
        yield error


def _submit(
    pool: ProcessPoolExecutor, work: Callable[..., bytes], *arguments: object
) -> Future[bytes] | None:
    """
    `None` where no process can be started any more.
    """
    try:
        return pool.submit(work, *arguments)
    except (OSError, RuntimeError):  # a broken pool is a RuntimeError
        return None


def _records(page: Page) -> Records:
    rows = page.records
    return rows.body if isinstance(rows, paging.Undecoded) else list(rows)


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


# The second process

_parser: Parser


def _begin(name: str, options: Mapping[str, str], keeps_people: bool) -> None:
    global _parser
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it ends it
    threading.Thread(target=_end_with_parent, daemon=True).start()
    gc.disable()  # one page after the other, and no cycles in any
    _parser = Parser(offline_provider(name, options), options, keeps_people)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _is_up() -> bytes:
    return b""


def _parse(
    records: Records, bookmark: str | None, latest: str | None, known: KnownOrders
) -> bytes:
    rows = paging.records_in(records) if isinstance(records, bytes) else records
    page = Page("order", rows, bookmark, latest=latest)
    return msgspec.msgpack.encode(_parser.parse(page, known))
