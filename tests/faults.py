"""
Which fault is held by which tests: writes the table in tests/README.md.

    python tests/faults.py           write it
    python tests/faults.py --check   say what is missing, exit 1 if anything is

A test names the faults it holds in front of its own words: `test_f13_f73_a_killed_…`.
"""

import ast
import re
import sys
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).parent
BEGIN, END = "<!-- faults begin -->", "<!-- faults end -->"

HANDLED = {
    1: "a list that never ends",
    2: "all pages but one are lost",
    3: "pages slide while they are read",
    4: "asked too often",
    5: "nonsense in Retry-After",
    6: "retries without end or sense",
    7: "an answer that lacks parts looks whole",
    8: "records on the boundary, and late ones",
    9: "a watermark from an unsorted list",
    10: "a watermark that is rounded up",
    11: "a watermark of our own clock",
    12: "a watermark from the future",
    13: "place and page committed apart",
    14: "not found taken for gone",
    15: "an empty answer believed",
    16: "a web page where JSON should be",
    17: "half an answer",
    18: "an answer that swells",
    19: "an answer that drips",
    20: "connections that break",
    21: "JSON that lies",
    22: "a status nobody knows",
    23: "fields missing, null or of another type",
    24: "a retired address",
    25: "a token dies in mid-run",
    26: "two processes renew one token",
    27: "another account's key under the same name",
    28: "redirects and links carry the key away",
    29: "the environment speaks for us",
    30: "local time read as UTC",
    31: "today's offset for another day",
    32: "the hour that is twice or never",
    33: "two shows one evening",
    34: "moved, cancelled, listed anew",
    35: "YAML makes numbers of times",
    36: "the clock is put back",
    37: "a yen times a hundred",
    41: "floats for money",
    42: "splitting what does not divide",
    43: "two currencies of one show",
    44: "refunds in part",
    45: "void, cancel and refund mixed up",
    46: "fees on refunds",
    47: "one order for several shows",
    48: "free tickets",
    49: "donations counted as seats",
    50: "gift vouchers counted twice",
    51: "a fee inside the price or on top",
    52: "tax inside the price or on top",
    53: "refunded orders in the gross",
    54: "a difference overwrites a total",
    55: "the platform changes its mind",
    56: "a delivery twice",
    58: "seen, but not done",
    59: "deliveries that nobody signed",
    60: "an address in a delivery that is a stranger's",
    61: "a test delivery",
    62: "an answer that unsubscribes",
    63: "signed over other bytes",
    64: "our clock is wrong, so everything seems stale",
    65: "one side of the window",
    66: "an old delivery sent again",
    67: "large, slow, deep deliveries",
    68: "down for longer than they repeat themselves",
    69: "no secret configured",
    70: "hints at what we do not hold",
    71: "two runs at once",
    72: "locks of the dead",
    73: "killed in the middle",
    74: "SIGTERM",
    75: "the power fails",
    76: "busy without waiting",
    77: "somebody else holds the database",
    78: "SQLite's WAL-reset fault",
    79: "network folders",
    80: "the disk is full",
    81: "nothing can be written",
    82: "the disk fails",
    83: "bits rot",
    84: "a backup that is empty",
    85: "an upgrade is interrupted",
    86: "a newer file, an older program",
    87: "a breaker that never closes",
    88: "silence",
    89: "one poisoned record",
    90: "cron's other home",
    91: "types that are only advice",
    92: "foreign keys off",
    93: "more sold than there are seats",
    94: "a lock that is left out",
    95: "holds that are over keep seats",
    97: "expiry against payment",
    100: "half an order",
    101: "one ticket scanned twice",
    102: "a door that is offline",
    103: "a ticket that admits nobody any more",
    106: "history edited",
    109: "no keyring",
    110: "a locked keyring",
    111: "a keyring that never answers",
    112: "a secret that was never stored",
    113: "a token that nobody could keep",
    114: "plain text by a silent way round",
    115: "secrets in tracebacks",
    116: "secrets in logs",
    117: "secrets and people in cassettes",
    118: "secrets on the command line",
    119: "secrets at rest",
    120: "files that others can read",
    121: "control characters on the terminal",
    122: "names taken for markup",
    123: "formulas in CSV",
    124: "names as paths",
    125: "SQL through options",
    126: "forged log lines",
    127: "mixed-up consents",
    128: "people kept for ever",
    129: "a person erased, the books unhurt",
    130: "libraries nobody chose",
    131: "a receiver that is a door",
}


def tests_of():
    """
    Fault → the tests that name it, as (file, test).
    """
    found = defaultdict(list)
    for file in sorted(HERE.rglob("test_*.py")):
        text = file.read_text()
        if "def test_f" not in text:  # most name no fault, and parsing takes long
            continue
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.FunctionDef):
                continue
            named = re.match(r"test_((?:f\d+_)+)", node.name)
            for number in re.findall(r"f(\d+)_", named.group(1)) if named else ():
                place = str(file.relative_to(HERE))
                found[int(number)].append((place, node.name))
    return found


def table():
    lines = ["| fault | | held by |", "|---|---|---|"]
    found = tests_of()
    for number, title in HANDLED.items():
        by_file = defaultdict(list)
        for file, name in found[number]:
            by_file[file].append(f"`{name}`")
        cells = [f"{file}: {', '.join(names)}" for file, names in by_file.items()]
        lines.append(f"| F{number:02} | {title} | {'; '.join(cells) or '**none**'} |")
    return "\n".join(lines)


def faults_without_test():
    found = tests_of()
    return sorted(number for number in HANDLED if not found[number])


def faults_without_title():
    return sorted(set(tests_of()) - set(HANDLED))


def page():
    """
    tests/README.md as it should be.
    """
    text = (HERE / "README.md").read_text()
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


if __name__ == "__main__":
    if "--check" not in sys.argv:
        (HERE / "README.md").write_text(page())
    missing = faults_without_test()
    for number in missing:
        print(f"F{number:02} {HANDLED[number]}: no test")
    sys.exit(1 if missing else 0)
