"""
What we reach apart from the platforms: people's phones and mailboxes.
"""
