"""
How many deliveries the receiver acknowledges in a second, durably, beside a bare
starlette that commits the same row for each request by itself.

    python tests/benchmarks/receiving.py [--floor PORT FILE]
"""

import asyncio
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SECRET = "whsec_bench"
CONNECTIONS, EACH = 48, 60


def floor(port, file):
    """
    The least that is durable: verify nothing, one transaction a request.
    """
    import uvicorn
    from starlette.applications import Starlette
    from starlette.responses import Response
    from starlette.routing import Route

    database = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    database.execute("PRAGMA synchronous = FULL")
    database.execute("PRAGMA journal_mode = TRUNCATE")
    database.execute("CREATE TABLE IF NOT EXISTS d (key TEXT PRIMARY KEY, body BLOB)")

    async def take(request):
        body = await request.body()
        key = request.headers["tickettailor-webhook-signature"]
        database.execute("INSERT OR IGNORE INTO d VALUES (?, ?)", (key, body))
        return Response(b"")

    app = Starlette(routes=[Route("/hooks/{path}", take, methods=["POST"])])
    uvicorn.run(app, port=port, log_level="error")


async def sender(host, port, path, first, waits):
    from ticketsync.sandbox import deliveries

    reader, writer = await asyncio.open_connection(host, port)
    for number in range(first, first + EACH):
        headers, body = deliveries.delivery(
            *("ticket_tailor", "ORDER.CREATED", f"or_{number}"),
            number=number,
            secret=SECRET,
            url="",
            now=int(time.time()),
        )
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        began = time.perf_counter()
        writer.write(
            f"POST {path} HTTP/1.1\r\nHost: a\r\n{lines}"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        status = await reader.readline()
        while (await reader.readline()).strip():
            pass
        waits.append(time.perf_counter() - began)
        assert status.split()[1] == b"200", status
    writer.close()


def measure(host, port, path, start):
    """
    Acknowledged a second, and the 99th of a hundred waits in seconds.
    """
    waits = []

    async def all_of_them():
        await asyncio.gather(
            *(
                sender(host, port, path, start + n * EACH, waits)
                for n in range(CONNECTIONS)
            )
        )

    began = time.perf_counter()
    asyncio.run(all_of_them())
    took = time.perf_counter() - began
    return len(waits) / took, statistics.quantiles(waits, n=100)[98]


def main(rounds=5):
    """
    Medians of (ours a second, our p99, the floor a second).
    """
    with tempfile.TemporaryDirectory(prefix="ticketsync-bench-") as folder:
        environment = {
            **os.environ,
            "TICKETSYNC_HOME": folder,
            "HOOK": SECRET,
            "K": "k",
        }
        command = [sys.executable, "-m", "ticketsync"]
        for words in (
            ("init", "--venue", "V", "--timezone", "UTC", "--currency", "AUD"),
            (
                *("accounts", "add", "ticket_tailor", "tt", "--secret-env", "K"),
                *("--base-url", "http://127.0.0.1:9/v1", "--no-check"),
            ),
            ("webhooks", "secret", "tt", "--secret-env", "HOOK"),
        ):
            subprocess.run([*command, "-q", *words], env=environment, check=True)
        url = subprocess.run(
            [*command, "-q", "webhooks", "url", "tt"],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        path = f"/hooks/{url.rpartition('/')[2]}"
        ours = subprocess.Popen(
            [*command, "serve", "--port", "0", "--no-work"],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        port = int(ours.stderr.readline().split(":")[-1].partition("/")[0])
        bare = subprocess.Popen(
            [sys.executable, __file__, "--floor", "8797", str(Path(folder) / "bare.db")]
        )
        time.sleep(3)
        try:
            mine, least = [], []
            for number in range(rounds):
                start = number * 10**6
                mine.append(measure("127.0.0.1", port, path, start))
                least.append(measure("127.0.0.1", 8797, "/hooks/x", start))
        finally:
            for child in (ours, bare):
                child.kill()
                child.wait()
    return (
        statistics.median(rate for rate, _ in mine),
        statistics.median(wait for _, wait in mine),
        statistics.median(rate for rate, _ in least),
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--floor"]:
        floor(int(sys.argv[2]), sys.argv[3])
    else:
        ours, wait, least = main()
        print(f"acknowledged: {ours:.0f} a second, p99 {wait * 1000:.0f} ms")
        print(f"… / bare starlette, a transaction each: {ours / least:.2f}")
