"""
Reads folders of reports in a process of its own: `python report_reader.py FOLDER …`.
Each has a recipe `r.yaml`, a folder `in` and in it a good report with the order GOOD-1.
Prints one JSON object: the seconds that each took, what went wrong, the peak memory.
"""

import json
import re
import sys
import time
import traceback
from pathlib import Path

from ticketsync.core.errors import UnreadableRecord
from ticketsync.providers import reading
from ticketsync.providers.file_import import FileImport


def read(folder):
    provider = FileImport(
        None, {"recipe": str(folder / "r.yaml"), "watch": str(folder / "in")}
    )
    provider.identify()
    for page in provider.fetch_events():
        for raw in page.records:
            reading.parsed(provider.parse_event, raw)
    good = None
    for page in provider.fetch_all_orders(None, None, workers=1):
        for raw in page.records:
            try:
                order = reading.parsed(provider.parse_order, raw)
            except UnreadableRecord as error:
                if not error.reason:
                    raise
                continue
            assert all(type(ticket.face) is int for ticket in order.tickets)
            if order.id == "GOOD-1":
                good = order.charged
    assert good == 5000, "the other report was not read"


def main():
    seconds, wrong = {}, {}
    for folder in map(Path, sys.argv[1:]):
        began = time.monotonic()
        try:
            read(folder)
        except Exception:
            wrong[folder.name] = traceback.format_exc()
        seconds[folder.name] = time.monotonic() - began
    status = Path("/proc/self/status").read_text()
    peak = int(re.search(r"VmHWM:\s+(\d+)", status)[1]) // 1024
    print(json.dumps({"seconds": seconds, "wrong": wrong, "megabytes": peak}))


if __name__ == "__main__":
    main()
