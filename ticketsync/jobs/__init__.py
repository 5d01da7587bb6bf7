"""
What runs in the background of `ticketsync serve`.
"""
