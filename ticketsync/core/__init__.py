"""
Words and values that every other package uses; imports nothing of ours.
"""
