"""Pages from templates. Everything stored is escaped. Texts stand in `digitizer/messages/`. Only this module imports Jinja."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from digitizer.api.problems import language
from digitizer.messages import catalogue, describe, local_time, station_text
from digitizer.station import static_files
from digitizer.station.access import PREFIX, may_open

#: routes of the menu -> their text, in order. A person sees those of use to them
MENU = {
    "home_page": "menu_home",
    "records_page": "menu_records",
    "upload_page": "menu_upload",
    "arrivals_page": "menu_arrivals",
    "books_page": "menu_books",
    "figures_page": "menu_figures",
    "deliveries_page": "menu_deliveries",
    "status_page": "menu_status",
    "users_page": "menu_users",
}
#: marks that turn the direction of what stands behind them
_TURNS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C])


class Renderer:
    """The templates of a process, compiled once."""

    def __init__(self) -> None:
        self.environment = Environment(
            loader=PackageLoader("digitizer.station"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.environment.filters["stored"] = stored
        self.environment.filters["moment"] = local_time
        self.environment.filters["sentence"] = describe

    def page(self, request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """A page.

        Templates have `t(code, **facts)`, `path(route, **parameters)`, `may(route)`, `person`, `lang`, `menu` and `values`.
        """
        lang = language(request.headers)
        person = getattr(request.state, "person", None)
        path = paths(request)
        account = person.account if person else None
        menu = [(name, path(name), code) for name, code in MENU.items() if account and may_open(account, name)]
        shared = {
            "t": texts(lang),
            "lang": lang,
            "path": path,
            "static": static_files.address,
            "person": person,
            "csrf": person.session.csrf if person else "",
            "menu": menu,
            "may": lambda name: account is not None and may_open(account, name),
            "here": request.scope["route"].name if "route" in request.scope else "",
        }
        return HTMLResponse(self.environment.get_template(template).render(**shared, **values), status)


def page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """See `Renderer.page`."""
    renderer: Renderer = request.app.state.renderer
    return renderer.page(request, template, status, **values)


def texts(lang: str) -> Callable[..., Markup]:
    """`t("code", name=…)`: a text of the station, else a sentence of the catalogue. Facts are escaped, the text is ours."""

    def t(code: str, /, **facts: object) -> Markup:
        known = station_text(lang)
        text = known[code] if code in known else catalogue(lang)[code]
        # what a script of ours fills in later stays as `{name}`
        return Markup(str(escape(text)).format_map(_Kept({name: escape(stored(str(fact))) for name, fact in facts.items()})))

    return t


class _Kept(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"


def stored(text: str) -> str:
    """`text` of a page or a person without the marks that turn the direction of writing for what follows."""
    return text.translate(_TURNS)


def paths(request: Request) -> Callable[..., str]:
    """`path("record_page", record=…)`: the address of a route on this server."""

    def path(name: str, /, **parameters: object) -> str:
        return PREFIX + str(request.app.url_path_for(name, **parameters))

    return path
