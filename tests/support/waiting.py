"""
Wait for what another thread or process does.
"""

import time


def wait_until(condition, seconds=20):
    """
    Whether `condition()` becomes true in that time.
    """
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True
