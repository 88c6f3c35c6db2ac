"""Connector `folder:`: a folder for each dossier, with the attached files and their receipts.

- `<dossier>/<component or _>/<name>` holds the file.
- `<dossier>/receipts/<hash of the key>.json` holds its receipt.
- `<dossier>/records/<name>.json` holds approved values.

A repeat finds its receipt and writes nothing. Another file under a used name gets a number. The receipt is written last.
After a crash before it, the repeat finds the file in place.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from digitizer.connectors import Delivery
from digitizer.digests import file_sha256
from digitizer.errors import AttachRefused, ConnectorDown, DigitizerError, FileAccess
from digitizer.model import Receipt

#: characters that a file system forbids in names. Windows forbids most
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')
#: names of devices on Windows
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
#: folders of ours within a dossier
_RESERVED = {"receipts", "records"}
#: most bytes of a file name
_NAME_BYTES = 200
#: bytes read at once
_BLOCK = 1 << 20


class FolderConnector:
    """Dossiers as folders below `root`. An unknown dossier gets a new folder."""

    after_approval = False
    entered_by_hand = False

    def __init__(self, root: Path) -> None:
        self.root = root

    def attach(self, delivery: Delivery) -> Receipt:
        """Copies the file into its dossier and reads it back. Raises FileAccess when the file to attach cannot be read."""
        component = _code(delivery.component or "_")
        if component.casefold() in _RESERVED:
            raise AttachRefused("the dossier folder keeps this name for itself", component=component)
        with translated():
            return self._once(delivery, lambda folder: self._place(delivery, folder / component))

    def attach_result(self, delivery: Delivery) -> Receipt:
        """Attaches a result like any file, under its own component. Raises FileAccess."""
        return self.attach(delivery)

    def update_fields(self, delivery: Delivery) -> Receipt:
        """Writes the values as JSON below `records/`. A later revision replaces the earlier one."""
        with translated():
            return self._once(delivery, lambda folder: self._write_fields(delivery, folder / "records"))

    def close(self) -> None:
        """Does nothing, because there is no connection."""

    def _once(self, delivery: Delivery, do: Callable[[Path], Path]) -> Receipt:
        folder = self.root / _code(delivery.dossier)
        receipt = folder / "receipts" / f"{hashlib.sha256(delivery.key.encode()).hexdigest()[:32]}.json"
        if not receipt.exists():
            placed = do(folder)
            written = {"delivery": delivery.id, "key": delivery.key, "dossier": delivery.dossier, "sha256": file_sha256(placed),
                       "external_id": placed.relative_to(self.root).as_posix(), "at": datetime.now(UTC).isoformat()}  # fmt: skip
            write_blocks(receipt, [_json(written)])
        known = json.loads(receipt.read_text(encoding="utf-8"))
        return Receipt(
            delivery=delivery.id,
            dossier=delivery.dossier,
            external_id=known["external_id"],
            at=datetime.fromisoformat(known["at"]),
        )

    def _place(self, delivery: Delivery, folder: Path) -> Path:
        name = Path(_file_name(delivery.name))
        target, number = folder / name, 1
        while target.exists():
            if file_sha256(target) == delivery.sha256:
                return target
            number += 1
            target = folder / f"{name.stem} ({number}){name.suffix}"
        write_blocks(target, _blocks(delivery.path))
        if file_sha256(target) != delivery.sha256:
            target.unlink()
            raise ConnectorDown("what was written reads back differently", delivery=delivery.id)
        return target

    def _write_fields(self, delivery: Delivery, folder: Path) -> Path:
        target = folder / f"{_file_name(delivery.name)}.json"
        write_blocks(target, [_json(delivery.fields)])
        return target


def _code(part: str) -> str:
    """A dossier or component code as one path component, in NFC. Raises AttachRefused when it cannot be a folder name."""
    part = unicodedata.normalize("NFC", part)
    if part != _file_name(part):
        raise AttachRefused("the dossier or component code cannot be a folder name")
    return part


def _file_name(name: str) -> str:
    """`name` as one path component for every file system. Forbidden characters become `_`, a long name is cut."""
    clean = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", name)).strip(" ").rstrip(".")
    if clean.startswith(".") or _DEVICES.fullmatch(clean):
        clean = f"_{clean}"
    path = Path(clean or "_")
    room = _NAME_BYTES - len(path.suffix.encode())
    return path.stem.encode()[:room].decode(errors="ignore") + path.suffix if room > 0 else "_"


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).encode()


def _blocks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                yield block
    except OSError as exc:
        raise FileAccess(f"cannot read {path.name}", file=str(path)) from exc


def write_blocks(target: Path, blocks: Iterable[bytes]) -> None:
    """Writes `target` by way of a temporary file, fsync, rename and fsync of the folder. A reader never sees half a file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{hashlib.sha256(target.name.encode()).hexdigest()[:16]}.part")
    try:
        with part.open("wb") as sink:
            for block in blocks:
                sink.write(block)
            sink.flush()
            os.fsync(sink.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    if os.name == "posix":  # Windows has no handle to a folder to sync
        handle = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def translated() -> Iterator[None]:
    """Translates errors of a disk or share into ConnectorDown."""
    try:
        yield
    except DigitizerError:
        raise
    except OSError as exc:
        raise ConnectorDown(f"dossier folder: {exc.strerror or exc}") from exc


def open(url: str, home: Path) -> FolderConnector:
    """`folder:` is `<home>/dossiers`, `folder:///path` is that path."""
    path = urlsplit(url).path
    return FolderConnector(Path(url2pathname(path)) if path else home / "dossiers")
