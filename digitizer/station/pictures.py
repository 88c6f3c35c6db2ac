"""Pictures of pages and scans by the IIIF Image API 3, and a IIIF Presentation 3 manifest for each file or book.

A picture's identifier is the id of an intake, then `.p` and the index of an upright page, or `.s` and the position of a scan.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from digitizer.errors import NotFound
from digitizer.model import Intake
from digitizer.service import Service
from digitizer.service.pictures import Wanted
from digitizer.station.access import PREFIX, Person, Visitor

router = APIRouter()

_IMAGE, _PRESENTATION = "http://iiif.io/api/image/3/context.json", "http://iiif.io/api/presentation/3/context.json"
_MEDIA_TYPE = 'application/ld+json;profile="{}"'


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


def _seen(request: Request, visitor: Person, intake_id: str) -> Intake:
    """What was submitted, if it is the visitor's to see. Raises NotFound."""
    intake = _service(request).pictures.intake(intake_id)
    visitor.see(intake.agency)
    return intake


def _address(request: Request, identifier: str) -> str:
    return f"{str(request.base_url).rstrip('/').removesuffix(PREFIX)}{PREFIX}/iiif/{identifier}"


@router.get("/iiif/{identifier}", name="picture_address")
def picture_address(identifier: str, visitor: Visitor) -> Response:
    """Leads to the description, as the API asks for."""
    return RedirectResponse(f"{PREFIX}/iiif/{identifier}/info.json", status_code=303)


@router.get("/iiif/{identifier}/info.json", name="picture_info")
def picture_info(request: Request, identifier: str, visitor: Visitor) -> Response:
    """The size of a picture and what can be asked of it."""
    intake_id, _, name = identifier.rpartition(".")
    intake = _seen(request, visitor, intake_id)
    width, height = _service(request).pictures.size(intake, name)
    content = {
        "@context": _IMAGE,
        "id": _address(request, identifier),
        "type": "ImageService3",
        "protocol": "http://iiif.io/api/image",
        "profile": "level1",
        "width": width,
        "height": height,
        "extraFormats": ["webp"],
        "extraFeatures": ["rotationBy90s", "regionByPct", "sizeByPct", "sizeByConfinedWh"],
    }
    return JSONResponse(content, media_type=_MEDIA_TYPE.format(_IMAGE))


@router.get("/iiif/{identifier}/{region}/{size}/{rotation}/default.{kind}", name="picture")
def picture(request: Request, identifier: str, region: str, size: str, rotation: str, kind: str, visitor: Visitor) -> Response:
    """A picture, or a part of one."""
    intake_id, _, name = identifier.rpartition(".")
    intake = _seen(request, visitor, intake_id)
    wanted = Wanted(region=region, size=size, rotation=rotation, format=kind)
    data, media_type = _service(request).pictures.picture(intake, name, wanted)
    _service(request).pictures.looked(visitor, visitor.session.digest, intake, name)
    return Response(data, media_type=media_type)


@router.get("/iiif/{intake_id}/manifest.json", name="manifest")
def manifest(request: Request, intake_id: str, visitor: Visitor) -> Response:
    """The upright pages of a file or book, in order, for any IIIF viewer."""
    intake = _seen(request, visitor, intake_id)
    pages = _service(request).pictures.pages(intake)
    if not pages:
        raise NotFound("there is no page", sentence="no_such_picture")
    canvases = [_canvas(request, intake, index, page.size) for index, page in enumerate(pages) if 0 not in page.size]
    content = {
        "@context": _PRESENTATION,
        "id": f"{_address(request, intake.id)}/manifest.json",
        "type": "Manifest",
        "label": {"vi": [intake.book or intake.name]},
        "items": canvases,
    }
    return JSONResponse(content, media_type=_MEDIA_TYPE.format(_PRESENTATION))


def _canvas(request: Request, intake: Intake, index: int, size: tuple[int, int]) -> dict[str, Any]:
    """One page of a manifest."""
    service, (width, height) = _address(request, f"{intake.id}.p{index}"), size
    canvas = f"{_address(request, intake.id)}/canvas/{index}"
    image = {
        "id": f"{service}/full/max/0/default.jpg",
        "type": "Image",
        "format": "image/jpeg",
        "width": width,
        "height": height,
        "service": [{"id": service, "type": "ImageService3", "profile": "level1"}],
    }
    painted = {"id": f"{canvas}/image", "type": "Annotation", "motivation": "painting", "body": image, "target": canvas}
    return {
        "id": canvas,
        "type": "Canvas",
        "label": {"vi": [f"Trang {index + 1}"]},
        "width": width,
        "height": height,
        "items": [{"id": f"{canvas}/page", "type": "AnnotationPage", "items": [painted]}],
    }
