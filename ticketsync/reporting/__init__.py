"""
Reports read from the database, for every way of showing them. Reads only.
"""
