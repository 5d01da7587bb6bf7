"""
Services other than ticket platforms: notifications, mail, Stripe.
"""
