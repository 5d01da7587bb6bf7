"""
The key for pins that the homes of all tests share, as machines do that share a
database: accounts are confirmed in one home and used in another.
"""

from ticketsync.accounts import edits, state

KEY = "the key for pins that the homes of all tests share"


def put_pin_key(folder):
    """
    Put the key into a home.
    """
    file = folder / "pin.key"
    file.write_text(KEY)
    file.chmod(0o600)


def save_pins(connection):
    """
    Confirm all accounts as they stand: who wrote to their rows was us.
    """
    for account in state.list_accounts(connection):
        edits.save_pin(connection, account.id)
