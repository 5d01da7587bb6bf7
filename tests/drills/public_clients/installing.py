"""
Public client libraries, each in a folder of its own that is kept from run to run.

The folder is `clients` in `TICKETSYNC_DRILL_CACHE`, or in the user's cache. Which
registry is asked is the machine's own configuration of pip and npm. A library whose
registry does not answer is left out, by name; any other failure is one.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

import platformdirs
import pytest

# What pip and npm say when nobody answers, as against an answer they do not like.
NO_ANSWER = (
    *("NewConnectionError", "Failed to establish a new connection"),
    *("ConnectTimeoutError", "ReadTimeoutError", "NameResolutionError"),
    *("ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT", "ENETUNREACH"),
)
NOT_FOUND = ("No matching distribution found", "npm error code E", "npm ERR! code E")


# Found at once: while a test runs, its home is another.
CACHE = (
    Path(
        os.environ.get("TICKETSYNC_DRILL_CACHE")
        or platformdirs.user_cache_dir("ticketsync-drills")
    )
    / "clients"
)


class InstallError(Exception):
    """
    A registry answered, and yet there is no library.
    """


@dataclass(frozen=True)
class Library:
    """
    Requirements with their versions, for `pip` or for `npm`.
    """

    name: str
    requirements: tuple[str, ...]
    tool: str = "pip"

    def folder(self, cache=CACHE):
        """
        Where it is installed; installs it, or leaves the test out.
        """
        cache.mkdir(parents=True, exist_ok=True)
        version = ".".join(map(str, sys.version_info[:2]))
        mark = hashlib.sha256(repr((self.requirements, version)).encode()).hexdigest()
        folder = cache / f"{self.name}-{mark[:10]}"
        done = folder / "installed.txt"
        with (cache / f"{folder.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)
                self._install(folder)
                done.write_text("\n".join(self.requirements))
        return folder

    def _install(self, folder):
        if self.tool == "npm":
            if not shutil.which("npm"):
                pytest.skip(f"{self.name} is left out: no node here")
            folder.mkdir()
            flags = ("--no-audit", "--no-fund", "--ignore-scripts", "--prefix")
            command = ["npm", "install", *flags, str(folder)]
        else:
            venv.create(folder, with_pip=True)
            # Asked once only, pip does not say why nothing was found.
            flags = ("--quiet", "--retries", "2")
            command = [str(folder / "bin" / "python"), "-m", "pip", "install", *flags]
        done = subprocess.run(
            [*command, *self.requirements],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode == 0:
            return
        output = done.stdout + done.stderr
        if any(word in output for word in NO_ANSWER) and any(
            word in output for word in NOT_FOUND
        ):
            pytest.skip(f"{self.name} is left out: no registry answers")
        raise InstallError(f"{self.name}: {output[-2000:]}")


EVENTBRITE = Library("eventbrite", ("eventbrite==3.3.5",))
SQUARE = Library("square", ("squareup==46.0.0.20260916",))
WIX = Library(
    "wix",
    (
        "@wix/sdk@1.21.16",
        "@wix/auto_sdk_events_wix-events-v-2@1.0.112",
        "@wix/auto_sdk_events_orders@1.0.73",
        "@wix/auto_sdk_events_tickets@1.0.51",
        "@wix/auto_sdk_events_guests@1.0.62",
        "@wix/auto_sdk_payments_refunds@1.0.68",
    ),
    tool="npm",
)
AIRBYTE = Library("airbyte", ("airbyte-cdk==7.39.1",))
