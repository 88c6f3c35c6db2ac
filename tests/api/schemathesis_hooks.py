"""Hooks of schemathesis: a generated upload carries a real scan, so that what follows a document is tried too."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import schemathesis

SCAN = (Path(__file__).resolve().parents[2] / "samples/birth_extract/birth_extract_01.jpg").read_bytes()


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    if context.operation.label == "POST /v1/documents" and isinstance(body, dict) and isinstance(body.get("file"), str | bytes):
        return {**body, "file": SCAN + secrets.token_bytes(8)}
    return body
