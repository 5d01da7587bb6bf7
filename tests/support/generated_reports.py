"""
What tests over generated reports share: how many there are, and a folder for each.
"""

import itertools
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

from hypothesis import HealthCheck, settings
from support.report_folder import ReportFolder

REPORTS = int(os.environ.get("TICKETSYNC_REPORTS", "60"))

generated = settings(
    max_examples=REPORTS,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@contextmanager
def new_folders():
    """
    A function that makes an empty folder of reports, each time another one.
    """
    numbers = itertools.count()
    with tempfile.TemporaryDirectory() as place:

        def new():
            path = Path(place) / str(next(numbers))
            path.mkdir()
            return ReportFolder(path)

        yield new
