"""
Connections to platforms: their state, their runs, where their secrets are.
"""
