"""
The books that follow from stored sales: projected, never posted.
"""
