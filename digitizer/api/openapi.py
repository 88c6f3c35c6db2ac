"""The OpenAPI 3.1 document, with the problem document in place of the framework's own errors."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from digitizer.api.shapes import Problem, Reference

_ABOUT = """Hand over scans as they arrive; get a searchable PDF, checked records and receipts of the dossier system.

Every error is a problem document (RFC 9457) with a `code`; sentences come in Vietnamese, or in English with
`Accept-Language: en`. Requests that were answered 202 survive a power cut. Repeat any request as often as you like."""


def describe(app: FastAPI) -> None:
    """Has `/openapi.json` tell the truth."""

    def build() -> dict[str, Any]:
        if app.openapi_schema is None:
            found = get_openapi(title=app.title, version=app.version, description=_ABOUT, routes=app.routes)
            schemas = found["components"]["schemas"]
            schemas["Problem"] = Problem.model_json_schema()
            reference = Reference.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(reference.pop("$defs", {}))
            schemas["Reference"] = reference
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
            app.openapi_schema = found
        return app.openapi_schema

    app.openapi = build  # type: ignore[method-assign]
