"""
What all reports of a folder say together of a column or a number, and what a person
should look at.
"""
