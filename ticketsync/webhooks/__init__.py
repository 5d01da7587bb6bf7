"""
Webhook deliveries: stored when they arrive, processed later.
"""
