"""
Accounts of platforms: connecting them, their options, and one of them at work.
"""
