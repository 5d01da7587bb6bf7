"""
The web application: webhook receiver and pages.
"""
