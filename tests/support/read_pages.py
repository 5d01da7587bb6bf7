"""
The pages that only read, as one object: their handlers without a server.
"""

from ticketsync.web.calendar_page import CalendarPages
from ticketsync.web.overview_page import OverviewPages
from ticketsync.web.production_pages import ProductionPages
from ticketsync.web.show_pages import ShowPages
from ticketsync.web.status_pages import StatusPages


class ReadPages(OverviewPages, ShowPages, ProductionPages, StatusPages, CalendarPages):
    """
    All of them have the same site.
    """
