"""
Orders and tickets, and every version of their raw records.
"""
