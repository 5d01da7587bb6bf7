"""
Amounts, dates, times and numbers as people and programs write them.
"""
