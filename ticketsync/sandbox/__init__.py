"""
The platforms, played by us, for the demo, the tests and anybody who wants to try.

Written from what the platforms document, not from our client: it imports `core` only,
so that one misreading cannot hide in both.
"""
