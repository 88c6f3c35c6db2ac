"""The first page after the login: what the person may do here."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from digitizer.station.access import PREFIX, Visitor
from digitizer.station.rendering import page

router = APIRouter()
#: what the server's bare address leads to
front_door = APIRouter()


@front_door.get("/", include_in_schema=False)
async def front() -> Response:
    """Leads people to the station."""
    return RedirectResponse(f"{PREFIX}/", 303)


@router.get("/", name="home_page")
def home_page(request: Request, visitor: Visitor) -> Response:
    """Who is logged in, with which roles, and the ways from here."""
    return page(request, "home.html", account=visitor.account)
