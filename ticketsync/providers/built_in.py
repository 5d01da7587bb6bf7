"""
Our own providers by name, and where their classes are. Imports nothing, so that a shell
can complete the names.
"""

CLASSES = {
    "ticket_tailor": "ticketsync.providers.ticket_tailor:TicketTailor",
    "eventbrite": "ticketsync.providers.eventbrite:Eventbrite",
    "humanitix": "ticketsync.providers.humanitix:Humanitix",
    "wix": "ticketsync.providers.wix:Wix",
    "square": "ticketsync.providers.square:Square",
    "file": "ticketsync.providers.file_import:FileImport",
}
# Connected by its own command, not like a platform.
OURS = {"boxoffice": "ticketsync.providers.boxoffice:BoxOffice"}
