"""
The door: letting guests in, also while it was offline.
"""
