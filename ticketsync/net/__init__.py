"""
The one HTTP client: deadlines, limits, retries, budgets and error words; and what
proves that a webhook delivery is the platform's (`webhook_signatures`).
"""

import sys

# Where rich and pygments are installed, httpx imports its own command line, which takes
# half of its import time (211 ms with it, 105 ms without; 167 and 94 ms where rich is
# loaded already; medians of 11 processes), and offers no way not to. `None` makes that
# import fail, as it may.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # it stays away
