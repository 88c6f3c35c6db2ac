"""Connector `handover:`: for systems that take no files (driving licences, social insurance, business registration).

Each dossier has a sealed folder with the files, the values, the receipts, and a manifest with checksums and our signature
(`signed_folders.py`). A person enters the files into the other system and proves it (`digitizer deliveries elsewhere`).
Until then a delivery counts as handed over, not as done. `package` packs many dossiers into one signed file to carry.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from digitizer import spreadsheets
from digitizer.connectors import Delivery
from digitizer.connectors.folder import FolderConnector, translated
from digitizer.errors import UsageError
from digitizer.model import Receipt
from digitizer.signed_folders import KeyRing, Manifest, pack, seal

#: columns of the list in a package
INDEX = ("dossier", "component", "file", "sha256", "reason", "at")


class HandoverConnector(FolderConnector):
    """Sealed folders below `root`."""

    entered_by_hand = True

    def __init__(self, root: Path, keys: KeyRing) -> None:
        super().__init__(root)
        self._keys, self._lock = keys, threading.Lock()

    def _once(self, delivery: Delivery, do: Callable[[Path], Path]) -> Receipt:
        key = self._keys.own()  # first, so that nothing is written without a key to sign it
        with self._lock:
            receipt = super()._once(delivery, do)
            seal(self.root / delivery.dossier, key=key, kind="handover", facts={"dossier": delivery.dossier})
            return receipt

    def package(self, target: Path, rows: Sequence[Mapping[str, Any]]) -> Manifest:
        """Writes a signed `.zip` of the dossiers in `rows` (columns of INDEX) to `target`, with the list as CSV.

        Raises UsageError when `rows` is empty, ConnectorDown.
        """
        codes = sorted({str(row["dossier"]) for row in rows})
        if not codes:
            raise UsageError("nothing waits to be handed over", sentence="nothing_to_hand_over")
        with self._lock, translated(), tempfile.TemporaryDirectory(dir=target.parent) as made:
            folder = Path(made) / "package"
            for code in codes:
                shutil.copytree(self.root / code, folder / code)
            (folder / "index.csv").write_text(spreadsheets.write_csv(rows, INDEX), encoding="utf-8", newline="")
            manifest = seal(folder, key=self._keys.own(), kind="handover", facts={"dossiers": len(codes)})
            pack(folder, target)
            return manifest


def open(url: str, home: Path) -> HandoverConnector:
    """`handover:` is `<home>/handover`, `handover:///path` is that path. The key is the one of `digitizer keys init`."""
    path = urlsplit(url).path
    return HandoverConnector(Path(url2pathname(path)) if path else home / "handover", KeyRing(home))
