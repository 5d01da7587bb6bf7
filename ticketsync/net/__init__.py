"""
The one HTTP client: deadlines, limits, retries, budgets and error words.
"""

import sys

# httpx brings a command line of its own where rich and pygments are at hand. It takes a
# third of httpx's import (measured), and `None` is how Python is told to go without.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
