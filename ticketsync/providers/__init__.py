"""
The platforms we can read, one module or package each. They do not use the database.
"""
