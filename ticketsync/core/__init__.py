"""
Words and values that every other room uses; imports nothing of ours.
"""
