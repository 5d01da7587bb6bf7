"""
The platforms we can read, one module each. None of them knows the database.
"""
