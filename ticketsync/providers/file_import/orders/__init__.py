"""
One order from its rows: what was sold, what went back, and what it cost.
"""
