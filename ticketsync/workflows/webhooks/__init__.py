"""
Webhooks: their URLs, and what the deliveries say.
"""
