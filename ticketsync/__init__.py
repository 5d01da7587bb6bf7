"""
Say what every show earned, to the cent, over every platform that sold it.
"""

__version__ = "0.1.0"
