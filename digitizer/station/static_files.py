"""Style sheet and scripts. Their addresses hold their hash, so browsers may keep them."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files

from fastapi import APIRouter, Response

from digitizer.errors import NotFound
from digitizer.station.access import PREFIX

router = APIRouter()

_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
#: letters of the hash in an address
_HASH = 12
_KEEP = "public, max-age=31536000, immutable"


@cache
def _files() -> dict[str, tuple[bytes, str, str]]:
    """Name -> (bytes, media type, beginning of the hash)."""
    found = {}
    for file in (files("digitizer.station") / "static").iterdir():
        suffix = "." + file.name.rpartition(".")[2]
        if suffix in _TYPES:
            whole = file.read_bytes()
            found[file.name] = (whole, _TYPES[suffix], hashlib.sha256(whole).hexdigest()[:_HASH])
    return found


def address(name: str) -> str:
    """Where browsers find a file of `static/`."""
    return f"{PREFIX}/static/{_files()[name][2]}/{name}"


@router.get("/static/{version}/{name}", name="static_file")
async def static_file(version: str, name: str) -> Response:
    """A file of `static/`. An old version gets today's file and does not keep it."""
    if name not in _files():
        raise NotFound()
    whole, media_type, now = _files()[name]
    keep = _KEEP if version == now else "no-store"
    return Response(whole, media_type=f"{media_type}; charset=utf-8", headers={"cache-control": keep})
