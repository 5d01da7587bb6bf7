"""
Which of the platforms' dates are which of our shows: deciding it, and undoing it.
"""
