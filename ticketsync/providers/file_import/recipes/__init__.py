"""
What the columns of a report mean: recipes, their keys, and the words of platforms.
"""
