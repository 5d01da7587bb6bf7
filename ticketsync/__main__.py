"""
`python -m ticketsync`, and the console script: the only place that turns errors into
words and exit codes.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import itertools
import os
import sys


def main() -> None:
    """
    Run the command line and end the process with the right code.
    """
    try:
        _run()
    except KeyboardInterrupt:  # while we still imported ourselves
        sys.stderr.write("ticketsync: interrupted: Nothing was done yet.\n")
        sys.exit(128 + 2)


def _run() -> None:
    os.umask(0o077)
    # Importing makes 150,000 objects that live to the end: looking for garbage among
    # them only once is a twentieth of a short command (measured).
    gc.set_threshold(200_000, 20, 20)
    from ticketsync.cli import terminal
    from ticketsync.cli.main import app
    from ticketsync.core import disk, errors

    # At the end the interpreter looks through everything once more, for as long as a
    # small sync takes; what is frozen is left to the operating system.
    atexit.register(gc.freeze)
    try:
        try:
            app(prog_name="ticketsync")
        finally:
            terminal.flush()
    except errors.TicketsyncError as error:
        _say(error)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        terminal.discard()
        sys.exit(terminal.OUTPUT_CLOSED)
    except Exception as error:
        if "--debug" in sys.argv:
            raise
        if isinstance(error, UnicodeEncodeError) and _has_undecodable_argument():
            usage = errors.UsageError(
                "An argument is not UTF-8 text.",
                hint="Set the terminal to UTF-8, and type it again.",
            )
            _say(usage)
            sys.exit(usage.exit_code)
        if disk.is_full(error):
            terminal.discard()
            full = disk.full_error("Standard output or a file", error)
            _say(full)
            sys.exit(full.exit_code)
        _log(error)
        _say(_as_bug(error))
        sys.exit(1)


def _has_undecodable_argument() -> bool:
    """
    Whether bytes of the command line are not text: Python keeps them as surrogates.
    """
    return any("\udc80" <= sign <= "\udcff" for text in sys.argv for sign in text)


def _say(error: object) -> None:
    """
    One line and one for each of several details, or one JSON object, on standard error.
    """
    from ticketsync.cli import terminal
    from ticketsync.core import errors
    from ticketsync.core.redact import safe

    assert isinstance(error, errors.TicketsyncError)
    if _wants_json():
        import json

        body: dict[str, object] = {
            "word": error.word,
            "message": error.message,
            "hint": error.hint,
        }
        if isinstance(error, errors.SaleRefused):
            body["left"] = error.left
        print(json.dumps({"error": body}), file=sys.stderr)  # noqa: T201  # our error line
        return
    details = error.details if len(error.details) > 1 else ()
    message = safe(error.heading if details else error.message, longest=2000)
    hint = f" {safe(error.hint, longest=1000)}" if error.hint else ""
    terminal.echo(f"ticketsync: {error.word}: {message}{hint}", err=True)
    for detail in details:
        terminal.echo(f"  {detail}", err=True)


def _log(error: Exception) -> None:
    """
    The whole of a fault of ours goes into the log, without values of variables.
    """
    from ticketsync.core import log

    with contextlib.suppress(Exception):
        log.open_log()
        log.warning("fault", trace=log.trace_of(error))


def _wants_json() -> bool:
    words = sys.argv[1:]
    return (
        "--json" in words
        or "--format=json" in words
        or any(a == "--format" and b == "json" for a, b in itertools.pairwise(words))
    )


def _as_bug(error: Exception) -> Exception:
    from ticketsync.core import errors, log

    trace = error.__traceback__
    place = "unknown"
    while trace is not None:
        name = trace.tb_frame.f_globals.get("__name__", "")
        if name.startswith("ticketsync"):
            place = f"{name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return errors.TicketsyncError(
        f"A fault in ticketsync itself ({type(error).__name__} at {place}).",
        hint=f"The details are in {log.file()}; please report it.",
    )


if __name__ == "__main__":
    main()
