"""
Which other sites' scripts may read what we serve (CORS). Off unless the settings name
sites; never for webhooks, the pages or the door, and never with cookies.
"""

from __future__ import annotations

from collections.abc import Collection

ANY = "*"


def headers_for(origin: str, allowed: Collection[str]) -> dict[str, str]:
    """
    The headers that let scripts of this origin read a response; none if they may not.
    """
    if not allowed:
        return {}
    if ANY in allowed:
        return {"Access-Control-Allow-Origin": ANY}
    if origin not in allowed:
        return {"Vary": "Origin"}
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
