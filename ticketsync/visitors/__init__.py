"""
Who may open our pages.
"""
