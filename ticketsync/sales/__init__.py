"""
Orders and tickets, and every version of them that we were shown.
"""
