"""The review station: pages for people, on the server that also has the API. Rendered here, readable without a script."""

from __future__ import annotations

from fastapi import APIRouter, Depends, FastAPI

from digitizer import api
from digitizer.openid import Provider
from digitizer.service import Service
from digitizer.station import (
    access,
    failures,
    home,
    login,
    openid_login,
    overview,
    pictures,
    records,
    static_files,
    uploads,
    users,
)
from digitizer.station.access import PREFIX
from digitizer.station.rendering import Renderer

#: the pages, one router for each group
ROUTERS: tuple[APIRouter, ...] = (
    static_files.router,
    login.router,
    openid_login.router,
    home.router,
    uploads.router,
    overview.router,
    pictures.router,
    records.router,
    users.router,
)


def create(service: Service) -> FastAPI:
    """The whole application over `service`, which the caller closes: the API, and the station below `/station`."""
    whole = api.create(service)
    whole.mount(PREFIX, station(service))
    whole.include_router(home.front_door)
    return whole


def station(service: Service) -> FastAPI:
    """The station alone. Raises ValueError for a route that the table of rights does not name."""
    access.check([route for router in ROUTERS for route in router.routes])
    app = FastAPI(
        title="station",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # every route asks who is there, a forgotten one too
        dependencies=[Depends(access.visitor)],
    )
    app.state.service, app.state.renderer = service, Renderer()
    app.state.openid = Provider(service.settings.openid)
    for router in ROUTERS:
        app.include_router(router)
    failures.install(app)
    app.add_middleware(access.PageHeaders)
    return app
