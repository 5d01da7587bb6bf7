"""
Fake ticketing platforms for the demo, the tests and anyone who wants to try ticketsync.

Written from the platforms' documents, not from our client: it imports only `core`, so
that one misreading cannot hide in both.
"""
