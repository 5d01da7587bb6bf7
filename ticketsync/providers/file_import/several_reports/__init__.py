"""
What several reports say of one order, made one.
"""
