"""
The bookmarks of an account's orders, by stream: what each key and value is.
"""

READ = "orders"  # provider occurrence id → its fingerprint at its last complete read
BEGUN = "orders-begun"  # provider occurrence id → fingerprint when that read began
UNFINISHED = "orders-windows"  # "" → what is left of an unfinished read of everything
NEWEST = "orders-newest"  # "" → watermark for new orders
SWEPT = "orders-swept"  # provider event ids that an unfinished sweep has read
CHANGED = "orders-changed"  # id read at once → the bookmark of its last complete read
ACCEPTED = "orders-accepted"  # provider occurrence id → orders it counts and may lack
READ_ALL = "orders-doubted"  # "" → the orders were not read whole: read everything
CHECKS_ACCEPTED = "cross-checks-accepted"  # what was compared → rows it may lack
PARTS = "parts"  # the platform's ids of the parts that were read
TO_PRICE = "ticket-types"  # provider occurrence ids whose ticket types are out of date
FOLDER = "report-folder"  # "" → the state of the folder when all of it was read
# digest of a report → name and time at first, and what its recipe says, as JSON
REPORTS_READ = "reports-read"
REPORT_NOTES = "report-notes"  # name of a report → what a person should look at
REPORTS = "reports"  # report's key → ids of the stored orders it gave, as JSON
