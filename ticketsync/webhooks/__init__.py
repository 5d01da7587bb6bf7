"""
What platforms told us by themselves: as it came, and what became of it.
"""
