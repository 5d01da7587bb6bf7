"""
Files that are bombs, in their full size, given to the commands that read files: each
ends within seconds, within 200 MB, with our own sentence and exit code. `-rP` shows the
times, which depend on the machine.

The small ones, with the same limits, are in tests/core/test_table_files.py.
"""

import resource
import subprocess
import sys
import time
import zipfile

import pytest
from support import bombs

pytestmark = pytest.mark.drill

SECONDS, MEGABYTES = 20, 200


def twenty_million_cells(path):
    row = "<row>" + "<c><v>1</v></c>" * 1000 + "</row>"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w") as member:
            member.write(b"<worksheet><sheetData>")
            for _ in range(20_000):
                member.write(row.encode())
            member.write(b"</sheetData></worksheet>")


def writing(data):
    return lambda path: path.write_bytes(data())


BOMBS = {
    "dim.xlsx": bombs.stray_cell,
    "zip.xlsx": lambda path: bombs.archive_of(path, 3000),
    "rows.xlsx": twenty_million_cells,
    "cols.csv": writing(lambda: b"," * 19_000_000),
    "line.csv": writing(lambda: b"a" * 19_000_000),
    "quote.csv": writing(lambda: b'name,starts_at\n"' + b"a\n" * 9_000_000),
    "lines.csv": writing(lambda: b"a\n" * 10_000_000),
    "rows.csv": writing(lambda: b"a,b\n" * 5_000_000),
    "year.csv": writing(
        lambda: b"production,starts_at\nGala,0001-01-01 00:00\nGala,9999-12-31 23:59\n"
    ),
    "deep.yaml": writing(lambda: b"[" * 20_000),
    "deepmap.yaml": writing(lambda: b"a: " + b"{b: " * 20_000),
    "many.yaml": writing(lambda: b"- a\n" * 1_000_000),
    "laughs.yaml": writing(
        lambda: b"a: &a [x]\n" + b"".join(b"b%d: *a\n" % n for n in range(10**5))
    ),
}
_READ = r"""
import pathlib, re, sys
sys.argv = ["ticketsync", *sys.argv[1:]]
from ticketsync.__main__ import main
try:
    main()
    code = 0
except SystemExit as end:
    code = end.code or 0
status = pathlib.Path("/proc/self/status").read_text()
peak = int(re.search(r"VmHWM:\s+(\d+)", status)[1]) // 1024
print(f"PEAK {code} {peak}")
"""


def read(home, *arguments):
    """
    The exit code, the peak of memory in MB, and what was said.
    """
    limit = 4 << 30
    done = subprocess.run(
        [sys.executable, "-P", "-c", _READ, *arguments],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env={"TICKETSYNC_HOME": str(home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )
    assert done.returncode == 0, done.stderr
    peak = done.stdout.splitlines()[-1].split()
    return int(peak[1]), int(peak[2]), done.stderr


@pytest.fixture
def venue_home(tmp_path):
    home = tmp_path / "home"
    code, _, said = read(
        home,
        *("init", "--venue", "V", "--timezone", "Australia/Sydney"),
        *("--currency", "AUD", "--no-input"),
    )
    assert code == 0, said
    return home


@pytest.mark.parametrize("name", BOMBS)
def test_no_file_takes_a_command_down(venue_home, tmp_path, name):
    file = tmp_path / name
    BOMBS[name](file)
    commands = [("shows", "import", str(file), "--dry-run")]
    if name.endswith(".yaml"):
        commands = [*commands, ("--config", str(file), "status")]
    else:
        commands = [*commands, ("match", "--from", str(file))]
    for words in commands:
        began = time.monotonic()
        code, megabytes, said = read(venue_home, *words)
        print(f"{time.monotonic() - began:.1f} s, {megabytes} MB", *words[:2])
        assert code in (2, 3, 7), (words, code, said)
        assert "Traceback" not in said
        assert "ticketsync: bug" not in said
        assert megabytes < MEGABYTES, words
