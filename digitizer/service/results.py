"""Results as they stand now: what was read, with what people made of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from digitizer.digests import file_sha256
from digitizer.ledger import records, submissions
from digitizer.ledger.records import Kept
from digitizer.model import Intake, IntakeState
from digitizer.output import record_json
from digitizer.service.context import ServiceContext

#: of a manifest of hashes. What is carried by hand or sealed has its own, see `signed_folders.py`
MANIFEST = "digitizer/hashes/1"


class Results:
    """Reads what was digitized, as it stands now."""

    def __init__(self, context: ServiceContext) -> None:
        self.context = context

    def results(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """(name, public result) of every digitized intake. Records are at their newest revision, with their `state`."""
        with self.context.ledger.read() as tx:
            done = [intake for intake, _ in submissions.intakes(tx, states=[IntakeState.DIGITIZED])]
        names = Counter(Path(intake.name).stem for intake in done)
        for intake in done:
            stem = Path(intake.name).stem
            yield (stem if names[stem] == 1 else f"{stem}-{intake.id[:8]}"), self._result(intake)

    def manifests(self, *, book: str | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
        """(name, hashes of its files) of every digitized file and every book, or of `book` alone.

        Files are what was made, by the names an export gives them, and originals as they came, below `originals/`: a PDF made of
        `a.pdf` is called `a.pdf` too.
        """
        with self.context.ledger.read() as tx:
            done = [intake for intake, _ in submissions.intakes(tx, states=[IntakeState.DIGITIZED])]
        names, books = Counter(Path(intake.name).stem for intake in done), dict[tuple[str, str], list[dict[str, Any]]]()
        for intake in done:
            if book is not None and intake.book != book:
                continue
            stem = Path(intake.name).stem
            name = stem if names[stem] == 1 else f"{stem}-{intake.id[:8]}"
            files = self._hashes(intake, name)
            if book is None:
                yield name, _manifest(name, intake.agency, intake.book, files)
            if intake.book is not None:
                books.setdefault((intake.agency or "", intake.book), []).extend(files)
        for (agency, of), files in books.items():
            name = "-".join(part for part in (agency, of.replace("/", ".")) if part)
            yield name, _manifest(name, agency or None, of, files)

    def _hashes(self, intake: Intake, name: str) -> list[dict[str, Any]]:
        with self.context.ledger.read() as tx:
            sources, made = submissions.sources_of(tx, intake.bundle), submissions.artifacts(tx, intake.bundle)
        many, came = len(sources) > 1, f"originals/{Path(intake.name).name}"
        files = [
            {"path": f"{came}/{n}" if many else came, "role": "original", "sha256": s.id, "size": s.size}
            for n, s in enumerate(sources, 1)
        ]
        for kind, (_, key) in sorted(made.items()):
            sha256, size = key.rpartition("/")[2], self.context.store.stat(key).size
            files.append({"path": f"{name}.{kind}", "role": kind, "sha256": sha256, "size": size})
        return files

    def verify_store(self) -> tuple[int, list[str]]:
        """Hashes every stored file again: (how many, keys of those that are not what their names say)."""
        keys = list(self.context.store.list())
        return len(keys), [key for key in keys if not self.context.store.verify(key)]

    def rehash(self, hashes: Mapping[str, str], folder: Path) -> dict[str, str]:
        """Path -> `same`, `changed` or `missing` for each path and SHA-256: the one in `folder` if it lies there, else ours."""
        return {path: self._rehashed(sha256, folder / path) for path, sha256 in hashes.items()}

    def _rehashed(self, sha256: str, path: Path) -> str:
        if path.is_file() and not path.is_symlink():
            return "same" if file_sha256(path) == sha256 else "changed"
        key = f"{sha256[:2]}/{sha256}"
        if key not in set(self.context.store.list(key)):
            return "missing"
        return "same" if self.context.store.verify(key) else "changed"

    def _result(self, intake: Intake) -> dict[str, Any]:
        with self.context.ledger.read() as tx:
            key = submissions.artifacts(tx, intake.bundle)["json"][1]
            kept = records.find(tx, bundle_id=intake.bundle)
        with self.context.store.open(key) as stored:
            result: dict[str, Any] = json.load(stored)
        for found in kept:
            _put(result["documents"], found)
        return result


def _put(documents: list[dict[str, Any]], kept: Kept) -> None:
    """Puts a record in the place its id names: `<bundle>/<document>/<record>`."""
    *_, document, record = kept.record.id.split("/")
    if int(document) < len(documents) and int(record) < len(documents[int(document)]["records"]):
        documents[int(document)]["records"][int(record)] = {**record_json(kept.record), "state": kept.state.value}


def _manifest(name: str, agency: str | None, book: str | None, files: list[dict[str, Any]]) -> dict[str, Any]:
    return {"schema": MANIFEST, "name": name, "agency": agency, "book": book, "files": files}
