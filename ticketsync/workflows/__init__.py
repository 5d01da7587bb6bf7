"""
Use cases over several domain packages. They begin and end the transactions.
"""
