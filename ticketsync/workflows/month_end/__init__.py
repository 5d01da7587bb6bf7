"""
Months that are closed: their lines, what changed since, and the books.
"""
