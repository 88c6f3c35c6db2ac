"""Names of results in an output folder: one result for each submitted file, and none in the place of another's."""

from __future__ import annotations

import json
import os
import re
import tempfile
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path, PurePath
from typing import Any

from digitizer.errors import FileAccess
from digitizer.model import Intake
from digitizer.text import nfc

#: bytes of the longest name we write. With our suffixes it stays below the 255 of usual file systems
LONGEST_BYTES = 200
#: letters of a bundle's id that tell two results of one name apart
TELLING = 8
#: letters that Windows and FAT sticks do not take in a name, and control letters
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]')
#: names of devices on Windows, whatever suffix follows
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)", re.IGNORECASE)
#: the bundle at the head of a result
_BUNDLE = re.compile(rb'"bundle":\s*"([0-9a-f]+)"')
#: bytes of a result in which its bundle is looked for
_HEAD_BYTES = 4096
#: where what is said of the file goes in a result
_SOURCE = '"source": {\n'


def readable(path: str | PurePath) -> str:
    """A path as text that can be shown and stored: bytes that are no UTF-8 are written as a backslash, `x` and two hex digits."""
    return os.fsencode(str(path)).decode("utf-8", "backslashreplace")


def safe_name(name: str) -> str:
    """`name` as every file system takes it, NFC, at most 200 bytes. A long one is cut between letters."""
    safe = _FORBIDDEN.sub("_", nfc(name)).strip(" ").rstrip(". ")
    if not safe.strip("."):
        safe = "_"
    if _DEVICES.match(safe):
        safe = f"_{safe}"
    while len(safe.encode()) > LONGEST_BYTES:
        safe = safe[:-1]
    return safe.rstrip(". ") or "_"


def _folded(name: str) -> str:
    """Equal for names that one file system or another takes for the same."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", name).casefold())


class OutputFolder:
    """A folder for results. Knows which names are taken, by this run and by earlier ones. Raises FileAccess."""

    def __init__(self, folder: Path) -> None:
        """Tries whether the folder can be written, before anything is read."""
        self.folder = folder
        #: folder below -> folded stem -> (stem, bundle whose result it is, empty where we cannot tell)
        self._taken: dict[PurePath, dict[str, tuple[str, str]]] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as exc:
            raise FileAccess(f"{readable(folder)} cannot be written: {exc.strerror}", file=readable(folder)) from exc

    def stem(self, target: PurePath, bundle: str) -> PurePath:
        """Where the result of `bundle` goes below the folder, without suffix: `target`, or beside it where that is another's."""
        below = PurePath(*(safe_name(part) for part in target.parent.parts))
        taken = self._names(below)
        name = safe_name(target.name)
        for candidate in (name, f"{name}-{bundle[:TELLING]}", f"{name}-{bundle}"):
            there, owner = taken.get(_folded(candidate), (candidate, bundle))
            if owner == bundle:
                taken[_folded(candidate)] = (there, bundle)
                return below / there
        raise FileAccess(f"{readable(self.folder / below / name)} belongs to another file", file=readable(self.folder / below))

    def _names(self, below: PurePath) -> dict[str, tuple[str, str]]:
        if below not in self._taken:
            found: dict[str, tuple[str, str]] = {}
            self._taken[below] = found
            folder = self.folder / below
            for path in sorted(folder.iterdir()) if folder.is_dir() else ():
                if path.suffix.lower() in (".json", ".pdf"):
                    stem = nfc(readable(path.name))[: -len(path.suffix)]
                    owner = _owner(path) if path.suffix.lower() == ".json" else ""
                    known = found.get(_folded(stem), (stem, ""))
                    found[_folded(stem)] = (known[0], known[1] or owner)
        return self._taken[below]

    def write(
        self, target: PurePath, intake: Intake, artifacts: Mapping[str, str], fetch: Callable[[str, Path], None]
    ) -> list[Path]:
        """Writes the artifacts (suffix -> store key) of an intake. Returns the paths written.

        The result says the original name where its own is another one, and which routing rules found no one dossier.
        """
        stem = self.stem(target, intake.bundle)
        said: dict[str, Any] = {} if stem.name in (PurePath(intake.name).stem, intake.name) else {"name": intake.name}
        if intake.routing:
            said["routing"] = list(intake.routing)
        written = []
        try:
            (self.folder / stem.parent).mkdir(parents=True, exist_ok=True)
            for kind, key in sorted(artifacts.items()):
                path = self.folder / stem.parent / f"{stem.name}.{kind}"
                part = path.with_name(f".{path.name}.part")
                try:
                    fetch(key, part)
                    if kind == "json" and said:
                        _say(part, said)
                    part.replace(path)
                finally:
                    part.unlink(missing_ok=True)
                written.append(path)
        except OSError as exc:
            raise FileAccess(f"the result cannot be written: {exc.strerror}", file=readable(self.folder / stem)) from exc
        return written


def _owner(path: Path) -> str:
    try:
        with path.open("rb") as opened:
            found = _BUNDLE.search(opened.read(_HEAD_BYTES))
    except OSError:
        return ""
    return found[1].decode() if found else ""


def _say(path: Path, said: Mapping[str, Any]) -> None:
    """Puts what is said of the file into a result, without reading all of it as JSON."""
    head, source, rest = path.read_text(encoding="utf-8").partition(_SOURCE)
    if source:
        lines = "".join(f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)},\n" for key, value in said.items())
        path.write_text(f"{head}{source}{lines}{rest}", encoding="utf-8")
