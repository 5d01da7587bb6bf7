"""
What the lines of periods come to, for the law that a closed period and its adjustments
are what a period closed today would be.
"""

from ticketsync.financials import frozen_lines


def sum_by_key(lines):
    """
    What lines come to by what they are of, without what comes to nothing.
    """
    found = {}
    for key, of_key in frozen_lines.by_key(lines).items():
        amounts = frozen_lines.sum_of(of_key)
        taxes = frozen_lines.taxes_in(of_key)
        if any(amounts) or taxes:
            found[key] = amounts, taxes
    return found
