"""
The one HTTP client: deadlines, limits, retries, budgets and error words.
"""
