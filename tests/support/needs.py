"""
What some tests need that a machine may lack. Each test that is left out says so at the
end of the run; nothing is left out for any other reason.
"""

import os
import resource
import shutil
import subprocess
from pathlib import Path

import pytest

# Payloads as the platforms document them; they lie beside the checkout, not in it.
EXAMPLES = Path(__file__).parents[3] / "shared" / "providers" / "examples"
# Small inputs that once failed, with the right value by hand; beside the checkout, too.
CASES = Path(__file__).parents[3] / "shared" / "cases"
CHROMIUM = shutil.which("chromium")


def programs(*names):
    missing = [name for name in names if not shutil.which(name)]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {missing}")


examples = pytest.mark.skipif(
    not EXAMPLES.exists(), reason="the documented payloads are not beside the checkout"
)
cases = pytest.mark.skipif(
    not CASES.exists(), reason="the inputs that once failed are not beside the checkout"
)
chromium = programs("chromium")
keyring_daemon = programs("gnome-keyring-daemon", "dbus-run-session")
strace = programs("strace")
systemd = programs("systemd-analyze")


named_pipes = pytest.mark.skipif(
    not hasattr(os, "mkfifo"), reason="this system has no named pipes"
)
root = pytest.mark.skipif(
    os.name != "posix" or os.geteuid() != 0,
    reason="only root may give a file to somebody else",
)
full_device = pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="this system has no device that is full"
)


def open_files(number):
    """
    Leave the test out where this process may not open so many files.
    """
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < number:
        pytest.skip(f"this process may not open {number:,} files")


def mount(*arguments):
    """
    Mount, or leave the test out where this user may not.
    """
    command = shutil.which("mount")
    if (
        not command
        or subprocess.run([command, *arguments], capture_output=True).returncode
    ):
        pytest.skip("this user may not mount")


def skip_without(program):
    """
    Leave the test out where this program is not installed.
    """
    if not shutil.which(program):
        pytest.skip(f"not installed: {program}")
