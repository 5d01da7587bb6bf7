"""
The settings file: which settings there are, and what each may be.
"""
