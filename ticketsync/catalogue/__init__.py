"""
Our venues, productions and shows, the platforms' listings, and which is which.
"""
