"""
What we reach beside the platforms: people's phones and mailboxes.
"""
