"""
One report: which rows are data, and what their cells mean.
"""
