"""
The entrance of the venue: who may come in, and who is in.
"""
