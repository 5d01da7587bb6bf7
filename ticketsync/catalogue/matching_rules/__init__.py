"""
Which date of a platform is which show of ours: candidates, certainty, and what a person
is asked. Pure.
"""
