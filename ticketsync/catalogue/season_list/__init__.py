"""
The venue's own list of shows: read from a file, and compared with the shows we have.
"""
