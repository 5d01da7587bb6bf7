"""
Who held a lease, and is dead.
"""

import platform
import subprocess
import sys

from ticketsync.store import lease


def dead_holder(run="run-1"):
    """
    A holder whose process ran on this machine and has ended.
    """
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return lease.Holder(run, ended.pid, platform.node())
