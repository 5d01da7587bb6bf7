"""
How fast a large report is read and saved, beside a floor measured in the same run: the
bare library (csv, calamine) in place of our reading, and the same saving.

Nothing here fails; read the table. A folder of unchanged files is timed, too.

    python tests/benchmarks/reports.py [--rows 100000] [--files 500]
"""

import argparse
import csv
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CLI = [sys.executable, "-m", "ticketsync"]
HEADING = ["Order", "Show", "Starts", "Type", "Qty", "Total"]
RECIPE = """\
platform: Other House
timezone: Australia/Sydney
currency: AUD
columns:
  {order: Order, event: Show, starts: Starts, type: Type, quantity: Qty, total: Total}
"""
OURS = """
import json, sys, time
from ticketsync.providers.file_import import FileImport
began = time.perf_counter()
provider = FileImport(None, {"recipe": sys.argv[1], "watch": sys.argv[2]})
pages = provider.fetch_all_orders(None, None, workers=1)
orders = sum(len(page.records) for page in pages)
print(json.dumps([time.perf_counter() - began, orders]))
"""
BARE = """
import csv, json, sys, time
from pathlib import Path
began = time.perf_counter()
for file in Path(sys.argv[2]).iterdir():
    if file.suffix == ".csv":
        with file.open(newline="", encoding="utf-8") as lines:
            rows = list(csv.reader(lines))
    else:
        from python_calamine import CalamineWorkbook
        rows = CalamineWorkbook.from_path(str(file)).get_sheet_by_index(0).to_python()
print(json.dumps([time.perf_counter() - began, len(rows)]))
"""
PEAK = """
import re, runpy, sys, pathlib
sys.argv = ["ticketsync", "sync"]
try:
    runpy.run_module("ticketsync", run_name="__main__")
except SystemExit:
    pass
found = pathlib.Path("/proc/self/status").read_text()
print("PEAK", int(re.search(r"VmHWM:\\s+(\\d+)", found)[1]) // 1024)
"""


def rows(number):
    for n in range(number):
        order = n // 2
        yield [
            *(f"A{order}", f"Show {order % 7}", f"2026-12-{order % 28 + 1:02d} 19:30"),
            *(("Adult", "Child")[n % 2], n % 3 + 1, 25.5 * (n % 3 + 1) + n % 50),
        ]


def write(file, number):
    if file.suffix == ".csv":
        with file.open("w", newline="", encoding="utf-8") as lines:
            writer = csv.writer(lines)
            writer.writerow(HEADING)
            writer.writerows([*row[:5], f"{row[5]:.2f}"] for row in rows(number))
        return
    import xlsxwriter

    book = xlsxwriter.Workbook(file, {"constant_memory": True})
    sheet = book.add_worksheet()
    for place, row in enumerate([HEADING, *rows(number)]):
        sheet.write_row(place, 0, row)
    book.close()


def said(code, *arguments, env=None):
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        env=env,
        check=True,
    )
    return done.stdout


def connected(folder):
    """
    A new home with an account that reads the folder.
    """
    home = folder / "home"
    env = {**os.environ, "TICKETSYNC_HOME": str(home)}
    venue = ["--venue", "V", "--timezone", "Australia/Sydney", "--currency", "AUD"]
    recipe = ["--recipe", str(folder / "r.yaml"), "--watch", str(folder / "in")]
    for command in (
        ["init", *venue, "--no-input"],
        ["accounts", "add", "file", "other", *recipe],
    ):
        subprocess.run([*CLI, *command], env=env, check=True, capture_output=True)
    return env


def new_folder(place, name):
    folder = Path(place) / name
    (folder / "in").mkdir(parents=True)
    (folder / "r.yaml").write_text(RECIPE)
    return folder


def large_report(place, ending, number):
    folder = new_folder(place, ending)
    write(folder / "in" / f"a.{ending}", number)
    env = connected(folder)
    began = time.perf_counter()
    peak = re.search(r"PEAK (\d+)", said(PEAK, env=env))[1]
    total = time.perf_counter() - began
    where = (str(folder / "r.yaml"), str(folder / "in"))
    ours, orders = json.loads(said(OURS, *where))
    bare, _ = json.loads(said(BARE, *where))
    floor = total - ours + bare
    print(
        f"{ending}: {number:,} rows, {orders:,} orders: {total:.1f} s, of which "
        f"reading {ours:.1f} s (bare {bare:.1f} s); "
        f"{total / floor:.2f} × the floor, {peak} MB"
    )


def unchanged_folder(place, files):
    folder = new_folder(place, "many")
    for n in range(files):
        lines = [[f"{n}-{row[0]}", *row[1:]] for row in rows(20)]
        with (folder / "in" / f"{n}.csv").open("w", newline="") as file:
            csv.writer(file).writerows([HEADING, *lines])
    env = connected(folder)
    for what in ("first", "unchanged"):
        began = time.perf_counter()
        subprocess.run([*CLI, "sync"], env=env, check=True, capture_output=True)
        print(f"{files} files, {what}: {time.perf_counter() - began:.1f} s")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--files", type=int, default=500)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        for ending in ("csv", "xlsx"):
            large_report(place, ending, chosen.rows)
        unchanged_folder(place, chosen.files)


if __name__ == "__main__":
    main()
