"""SHA-256 of files and of JSON: the names of stored files, and ids that follow from what they stand for."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path


def file_sha256(path: Path) -> str:
    """64 hexadecimal digits of the bytes of a file, whatever its size. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def json_sha256(value: object) -> str:
    """64 hexadecimal digits of a value that JSON can hold."""
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()
