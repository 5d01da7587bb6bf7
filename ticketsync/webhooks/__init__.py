"""
What platforms sent us by webhook: as it came, and what became of it.
"""
