"""
The recipe of the reports that tests generate, and their headings.
"""

HEADING = ["Order", "Show", "Starts", "Type", "Qty", "Total", "Our part"]
RECIPE = """\
platform: Other House
timezone: Australia/Sydney
currency: AUD
columns:
  order: Order
  event: Show
  starts: Starts
  type: Type
  quantity: Qty
  total: Total
  kept: Our part
"""
