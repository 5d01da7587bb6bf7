"""
The venue's own box office: what is on sale, who holds which seats, orders and money.
"""
