"""
Questions to the books, answered. Reads only.
"""
