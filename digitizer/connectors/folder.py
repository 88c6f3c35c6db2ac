"""Connector `folder:`: a folder per dossier, with the attached files and a receipt beside each.

`<dossier>/<component or _>/<name>` holds the file, `<dossier>/receipts/<key hash>.json` the receipt. A repeat finds its
receipt and writes nothing; another file under a used name gets a number.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from digitizer.connectors import Delivery
from digitizer.errors import AttachRefused, ConnectorDown
from digitizer.model import Receipt

_SAFE = re.compile(r"[\w.\- ]+", re.UNICODE)


class FolderConnector:
    """Dossiers as folders below `root`."""

    capabilities = frozenset({"attach", "update_fields"})

    def __init__(self, root: Path) -> None:
        self.root = root

    def attach(self, delivery: Delivery) -> Receipt:
        """Copies the file into its dossier and reads it back."""
        with _translated():
            return self._once(delivery, lambda folder: self._place(delivery, folder / _safe(delivery.component or "_")))

    def update_fields(self, delivery: Delivery) -> Receipt:
        """Writes the values as JSON below `records/`."""
        with _translated():
            return self._once(delivery, lambda folder: self._write_fields(delivery, folder / "records"))

    def _once(self, delivery: Delivery, do: Callable[[Path], Path]) -> Receipt:
        folder = self.root / _safe(delivery.dossier)
        receipt = folder / "receipts" / f"{hashlib.sha256(delivery.key.encode()).hexdigest()[:32]}.json"
        if not receipt.exists():
            placed = do(folder)
            written = {"delivery": delivery.id, "key": delivery.key, "dossier": delivery.dossier, "sha256": delivery.sha256,
                       "external_id": placed.relative_to(self.root).as_posix(), "at": datetime.now(UTC).isoformat()}
            _write(receipt, json.dumps(written, ensure_ascii=False, indent=1).encode())
        known = json.loads(receipt.read_text(encoding="utf-8"))
        return Receipt(delivery=delivery.id, dossier=delivery.dossier, external_id=known["external_id"], at=datetime.fromisoformat(known["at"]))

    def _place(self, delivery: Delivery, folder: Path) -> Path:
        name = Path(_safe(delivery.name))
        target = folder / name
        number = 1
        while target.exists():
            if _digest(target) == delivery.sha256:
                return target
            number += 1
            target = folder / f"{name.stem} ({number}){name.suffix}"
        _write(target, None, delivery.path)
        if _digest(target) != delivery.sha256:
            target.unlink()
            raise ConnectorDown("what was written reads back differently", delivery=delivery.id)
        return target

    def _write_fields(self, delivery: Delivery, folder: Path) -> Path:
        target = folder / f"{_safe(delivery.name)}.json"
        _write(target, json.dumps(delivery.fields, ensure_ascii=False, indent=1, sort_keys=True).encode())
        return target


def _safe(part: str) -> str:
    """`part` as one path component. Raises AttachRefused when it could lead elsewhere."""
    if not _SAFE.fullmatch(part) or part.strip(". ") == "" or len(part.encode()) > 200:
        raise AttachRefused("name is not allowed in the dossier folder")
    return part


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(target: Path, data: bytes | None, source: Path | None = None) -> None:
    """Temporary file, fsync, rename: a reader never sees half a file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    with part.open("wb") as sink:
        if data is not None:
            sink.write(data)
        elif source is not None:
            with source.open("rb") as bytes_in:
                shutil.copyfileobj(bytes_in, sink, 1 << 20)
        sink.flush()
        os.fsync(sink.fileno())
    part.replace(target)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise ConnectorDown(f"dossier folder: {exc.strerror or exc}") from exc


def open(url: str, home: Path) -> FolderConnector:  # noqa: A001
    """`folder:` is `<home>/dossiers`; `folder:///path` is that path."""
    path = unquote(urlsplit(url).path)
    return FolderConnector(Path(path) if path else home / "dossiers")
