"""
Running by itself: cron, systemd user timers, launchd, the Windows Task Scheduler.

When is a cron expression everywhere; what a scheduler cannot say is refused, never
rounded. What is written is text that a person can read and take away by hand.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path

from sqlalchemy import Connection

from ticketsync.accounts import runs
from ticketsync.core import errors, paths, permissions
from ticketsync.core.redact import safe
from ticketsync.workflows import schedule_times
from ticketsync.workflows.schedule_times import CronExpression

KINDS = ("cron", "systemd", "launchd", "windows")
NAME = "ticketsync"
# What may be exported every month.
EXPORTS = ("sales", "refunds", "fees", "financials", "ledger")
JITTER_SECONDS = 60
LATELY = timedelta(days=2)  # a schedule that started nothing for so long is none
MOST_STARTS = 2000  # what a launchd file may list one by one
_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Job:
    """
    What is run, when, with which variables, and in which folder; `name` is what the
    scheduler calls it, `about` says what it does.
    """

    when: CronExpression
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    folder: str = ""
    name: str = NAME
    about: str = "read new sales"


def export_name(report: str) -> str:
    """
    What the scheduler calls the export of one of `EXPORTS`.
    """
    return f"{NAME}-export-{report}"


def names() -> list[str]:
    """
    What the scheduler may call our jobs.
    """
    return [NAME, *map(export_name, EXPORTS)]


def export_job(at: CronExpression, report: str, words: Sequence[str], base: Job) -> Job:
    """
    An export by the same installation as another job; `words` are its options.
    """
    command = (*base.command[: -len(_SYNC)], "export", report, *words)
    name, about = export_name(report), f"export {report} of closed months"
    return replace(base, when=at, command=command, name=name, about=about)


_SYNC = ("sync", "--due", "--quiet")


def job(at: CronExpression, *, config: str = "", database: str = "") -> Job:
    """
    `sync --due --quiet` by this very installation, wherever it was started from.

    `-P` imports nothing from the folder it runs in: a file `ticketsync.py` in the
    scheduler's own folder is not executed. All but Windows run it in the home.
    """
    command = [sys.executable, "-P", "-m", "ticketsync"]
    if config:
        command += ["--config", str(Path(config).resolve())]
    if database:
        place = database if "://" in database else str(Path(database).resolve())
        command += ["--database", place]
    environment = {
        name: str(Path(os.environ[name]).resolve())
        for name in ("TICKETSYNC_HOME", "TICKETSYNC_CONFIG")
        if os.environ.get(name)
    }
    environment |= permissions.accepted()
    folder = str(paths.database_file().parent.resolve())
    return Job(at, (*command, *_SYNC), environment, folder)


def usual() -> str:
    """
    The scheduler of this machine.

    Raises `ConfigurationError` if it has no scheduler we support.
    """
    if sys.platform == "darwin":
        return "launchd"
    if sys.platform == "win32":
        return "windows"
    if shutil.which("systemctl") and _answers(
        ["systemctl", "--user", "is-system-running"]
    ):
        return "systemd"
    if shutil.which("crontab"):
        return "cron"
    raise errors.ConfigurationError(
        "This machine has neither cron nor systemd for its users.",
        hint="Have its own scheduler run what `ticketsync schedule show` prints.",
        word="no-scheduler",
    )


# What is written


def as_cron(what: Job) -> str:
    """
    The line of a crontab. A % would end the command there.
    """
    return f"{what.when.text} {command_line(what)}".replace("%", r"\%")


def command_line(what: Job) -> str:
    """
    What is run, as a line for a shell.
    """
    settings = [
        f"{name}={shlex.quote(text)}" for name, text in what.environment.items()
    ]
    change = f"cd {shlex.quote(what.folder)} && " if what.folder else ""
    return change + " ".join([*settings, shlex.join(what.command)])


def as_systemd(what: Job) -> dict[str, str]:
    """
    A service and its timer, by the names of their files.
    """
    environment = "".join(
        f'Environment="{name}={_for_systemd(text)}"\n'
        for name, text in what.environment.items()
    )
    command = " ".join(f'"{_for_systemd(word)}"' for word in what.command)
    folder = what.folder.replace("%", "%%")  # nothing else is special in this line
    directory = f"WorkingDirectory={folder}\n" if folder else ""
    return {
        f"{what.name}.service": (
            f"[Unit]\nDescription=ticketsync: {what.about}\n\n[Service]\n"
            f"Type=oneshot\n{environment}{directory}ExecStart={command}\n"
            "# Another run at work is not a failure.\nSuccessExitStatus=8\n"
        ),
        f"{what.name}.timer": (
            f"[Unit]\nDescription=ticketsync: when to {what.about}\n\n[Timer]\n"
            f"OnCalendar={schedule_times.calendar(what.when)}\n"
            f"RandomizedDelaySec={JITTER_SECONDS}\nPersistent=true\n\n"
            "[Install]\nWantedBy=timers.target\n"
        ),
    }


def as_launchd(what: Job) -> bytes:
    """
    A property list that names every start.

    Raises `UsageError` for times that it cannot express.
    """
    names = ("Minute", "Hour", "Day", "Month", "Weekday")
    schedule_times.refuse_day_and_weekday(what.when)
    chosen = [(n, what.when.numbers(place)) for place, n in enumerate(names)]
    limited = [(name, numbers) for name, numbers in chosen if numbers is not None]
    starts = [
        dict(zip((name for name, _ in limited), numbers, strict=True))
        for numbers in product(*(numbers for _, numbers in limited))
    ]
    if len(starts) > MOST_STARTS:
        raise errors.UsageError(
            f"launchd would need {len(starts)} entries for {what.when.text!r}.",
            hint="Choose a simpler expression.",
        )
    import plistlib  # with an XML parser, which `status` would load for nothing

    return plistlib.dumps(
        {
            "Label": what.name,
            "ProgramArguments": list(what.command),
            "EnvironmentVariables": what.environment,
            **({"WorkingDirectory": what.folder} if what.folder else {}),
            "StartCalendarInterval": starts,
        }
    )


def as_windows(what: Job) -> list[str]:
    """
    The command that makes the task; it can say "every so many minutes", or a time of
    each day, and no more.

    Raises `UsageError` for any other.
    """
    minute, hour, *rest = what.when.fields
    run = subprocess.list2cmdline(what.command)
    start = ["schtasks", "/Create", "/F", "/TN", what.name, "/SC"]
    if minute.isdecimal() and hour.isdecimal() and rest == ["*"] * 3:
        return [*start, "DAILY", "/ST", f"{int(hour):02}:{int(minute):02}", "/TR", run]
    minutes = {"*": 1}.get(minute) or (
        int(minute[2:]) if minute.startswith("*/") else None
    )
    if what.when.text == "0 * * * *":
        minutes = 60
    elif [hour, *rest] != ["*"] * 4 or minutes is None:
        raise errors.UsageError(
            f"The Windows Task Scheduler cannot say {what.when.text!r} in one line.",
            hint="Use --every MINUTES.",
        )
    return [*start, "MINUTE", "/MO", str(minutes), "/TR", run]


def _for_systemd(text: str) -> str:
    return (
        text.replace("\\", "\\\\")
        .replace('"', '\\"')
        .replace("%", "%%")
        .replace("$", "$$")
    )


# Putting it there and taking it away


def shown(what: Job, kind: str) -> str:
    """
    What `install` would write, to look at, or to put there by hand: its folder is made.
    """
    _make_folder(what)
    if kind == "cron":
        return as_cron(what)
    if kind == "systemd":
        return "\n".join(f"# {n}\n{text}" for n, text in as_systemd(what).items())
    if kind == "launchd":
        return as_launchd(what).decode()
    return subprocess.list2cmdline(as_windows(what))


def install(what: Job, kind: str) -> str:
    """
    Put it there, in the place of what was there before; returns where.
    """
    _make_folder(what)
    if kind == "cron":
        begin, end = _marks(what.name)
        lines = [*_other_lines(_crontab(), what.name), begin, as_cron(what), end]
        _write_crontab(lines)
        return "your crontab"
    if kind == "systemd":
        folder = _systemd_folder()
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in as_systemd(what).items():
            (folder / name).write_text(text, encoding="utf-8")
        _run(["systemctl", "--user", "daemon-reload"])
        _run(["systemctl", "--user", "enable", "--now", f"{what.name}.timer"])
        return str(folder / f"{what.name}.timer")
    if kind == "launchd":
        file = _launchd_file(what.name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(as_launchd(what))
        _run(["launchctl", "load", "-w", str(file)])
        return str(file)
    _run(as_windows(what))
    return f"the task {what.name}"


def _make_folder(what: Job) -> None:
    """
    The folder of a job may be missing where the database is on a server: no job starts
    in a folder that is not there.
    """
    if what.folder:
        paths.private_folder(Path(what.folder))


def installed(name: str = NAME) -> dict[str, str]:
    """
    What is there now of a job: kind → what it says.
    """
    found: dict[str, str] = {}
    if shutil.which("crontab"):
        mine = _my_lines(_crontab(), name)
        if mine:
            found["cron"] = "\n".join(mine)
    timer = _systemd_folder() / f"{name}.timer"
    if timer.exists():
        found["systemd"] = timer.read_text(encoding="utf-8")
    if _launchd_file(name).exists():
        found["launchd"] = str(_launchd_file(name))
    if shutil.which("schtasks") and _answers(["schtasks", "/Query", "/TN", name]):
        found["windows"] = name
    return found


def is_in_use(connection: Connection, now: datetime) -> bool:
    """
    Whether accounts are read by themselves: a job is installed here, or one that lies
    elsewhere has run of late.
    """
    if runs.was_due_since(connection, now - LATELY):
        return True
    try:
        return bool(installed())
    except errors.ConfigurationError:  # a crontab that cannot be read
        return False


def lacks_isolation(text: str) -> bool:
    """
    Whether a job is of an earlier version: it imports a `ticketsync.py` of the folder
    that it runs in.
    """
    return "-m ticketsync" in text and "-P -m ticketsync" not in text


def remove(name: str = NAME) -> list[str]:
    """
    Take away whatever is there of a job; returns the kinds.
    """
    kinds = list(installed(name))
    if "cron" in kinds:
        _write_crontab(_other_lines(_crontab(), name))
    if "systemd" in kinds:
        _answers(["systemctl", "--user", "disable", "--now", f"{name}.timer"])
        for ending in ("timer", "service"):
            (_systemd_folder() / f"{name}.{ending}").unlink(missing_ok=True)
        _answers(["systemctl", "--user", "daemon-reload"])
    if "launchd" in kinds:
        _answers(["launchctl", "unload", str(_launchd_file(name))])
        _launchd_file(name).unlink()
    if "windows" in kinds:
        _run(["schtasks", "/Delete", "/F", "/TN", name])
    return kinds


def _crontab() -> list[str]:
    """
    The lines of the person's crontab; none where there is none yet. One that cannot
    be read is never written over.
    """
    try:
        return _run(["crontab", "-l"]).splitlines()
    except errors.ConfigurationError as error:
        if "no crontab" in error.message:
            return []
        raise


def _marks(name: str) -> tuple[str, str]:
    return f"# {name} begin", f"# {name} end"


def _my_lines(lines: list[str], name: str) -> list[str]:
    begin, end = _marks(name)
    if begin not in lines or end not in lines:
        return []
    return lines[lines.index(begin) + 1 : lines.index(end)]


def _other_lines(lines: list[str], name: str) -> list[str]:
    begin, end = _marks(name)
    if begin not in lines or end not in lines:
        return lines
    return lines[: lines.index(begin)] + lines[lines.index(end) + 1 :]


def _write_crontab(lines: list[str]) -> None:
    text = "\n".join(lines) + "\n" if lines else ""
    _run(["crontab", "-"], text)


def _systemd_folder() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "systemd" / "user"


def _launchd_file(name: str) -> Path:
    return Path.home() / "Library" / "LaunchAgents" / f"{name}.plist"


def _run(command: list[str], text: str | None = None) -> str:
    try:
        done = subprocess.run(  # noqa: S603  # the system's own scheduler
            command,
            input=text,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise errors.ConfigurationError(
            f"{command[0]} cannot be used here ({type(error).__name__}).",
            hint="Choose another --kind.",
            word="no-scheduler",
        ) from None
    if done.returncode:
        why = safe(done.stderr.strip() or done.stdout.strip())
        raise errors.ConfigurationError(
            f"{command[0]} refused: {why}.",
            hint="Choose another --kind, or put what `schedule show` prints there.",
            word="scheduler-refused",
        )
    return done.stdout


def _answers(command: list[str]) -> bool:
    try:
        done = subprocess.run(  # noqa: S603  # the system's own scheduler
            command, capture_output=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
