"""
Our venues, productions and shows, the platforms' listings, and the links between them.
"""
