"""
The one HTTP client: deadlines, limits, retries, budgets and error words.
"""

import sys

# Where rich and pygments are installed, httpx imports its own command line, which takes
# a third of its import time (measured). `None` makes that import fail, as it may.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
