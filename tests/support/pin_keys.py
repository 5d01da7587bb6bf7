"""
The key for pins that the homes of all tests share, as machines do that share a
database: accounts are confirmed in one home and used in another.
"""

KEY = "the key for pins that the homes of all tests share"


def put_pin_key(folder):
    """
    Put the key into a home.
    """
    file = folder / "pin.key"
    file.write_text(KEY)
    file.chmod(0o600)
