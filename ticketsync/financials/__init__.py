"""
What every show earned: recomputed from stored tickets, never incremented.
"""
