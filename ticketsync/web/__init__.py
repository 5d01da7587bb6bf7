"""
The doors for browsers and for platforms.
"""
