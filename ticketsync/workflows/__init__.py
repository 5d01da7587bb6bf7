"""
Jobs that need several rooms. They begin and end the transactions.
"""
