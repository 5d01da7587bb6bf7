"""
Lists of a fake platform that come back empty, short, refused or cut, and a record of
the lists that were asked for.
"""

import fnmatch
import json
import re

from ticketsync.sandbox.faults import HttpResponse

_IDS = re.compile(
    r"(?<=/)(?:[0-9a-f]{24}|\d+|(?:PAY|RF|R|O|or_|ev_)\w+|[0-9a-f-]{36})(?=/|$)"
)


def kept(percent):
    """
    An answer with that share of its rows, which claims that there are no others.
    """

    def spoil(answer):
        page, left = _cut(answer, percent)
        for number in left:
            _claim(page, number)
        page.pop("cursor", None)
        return HttpResponse(200, json.dumps(page).encode(), answer.headers)

    return spoil


def _cut(answer, percent):
    """
    The page with that share of the rows of each list, and how many each has left.
    """
    page = json.loads(answer.body)
    lists = [key for key, rows in page.items() if isinstance(rows, list)]
    for key in lists:
        page[key] = page[key][: len(page[key]) * percent // 100]
    return page, [len(page[key]) for key in lists]


def _claim(page, number):
    """
    Make every word that an envelope has about its length agree with that number.
    """
    if isinstance(page.get("links"), dict):
        page["links"]["next"] = None
    metadata = page.get("pagingMetadata") or page.get("metadata") or {}
    metadata.get("cursors", {}).pop("next", None)
    for envelope in (page, page.get("pagination", {}), metadata):
        for name in ("total", "count", "object_count"):
            if name in envelope:
                envelope[name] = number
        if "has_more_items" in envelope:
            envelope.update(has_more_items=False, page_count=1)


def promising(percent):
    """
    An answer with that share of its rows, which states the true number of them.
    """

    def spoil(answer):
        page, _ = _cut(answer, percent)
        return HttpResponse(200, json.dumps(page).encode(), answer.headers)

    return spoil


def status(code):
    return lambda _: HttpResponse(code, b"{}")


ANSWERS = {
    "empty": kept(0),
    "at 40 %": kept(40),
    "403": status(403),
    "404": status(404),
    "truncated": lambda answer: HttpResponse(200, answer.body[:60], answer.headers),
}


def spoil(monkeypatch, fake_server, path, answer):
    """
    Let this list answer so, and what is asked for out of it alone not at all; `path` is
    a pattern. Without a path everything is as it was.
    """
    whole = type(fake_server.faults).apply.__get__(fake_server.faults)

    def spoiled(asked, reply):
        if path is not None and fnmatch.fnmatchcase(shape_of(asked), path):
            return answer(reply)
        if path is not None and asked.startswith(f"{path}/"):
            return HttpResponse(404, b'{"errors":[{"code":"NOT_FOUND"}]}')
        return whole(asked, reply)

    monkeypatch.setattr(fake_server.faults, "apply", spoiled)


def shape_of(path):
    """
    A path without what differs from record to record: `/orders/*/`.
    """
    return _IDS.sub("*", path)


def asked_for(fake_server, prefix):
    """
    The shapes of the paths that were asked since the log was cleared.
    """
    paths = {target.partition("?")[0] for _, target, _ in fake_server.log}
    return {shape_of(path.removeprefix(prefix)) for path in paths}
