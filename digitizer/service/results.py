"""Results as they stand now: what was read, with what people made of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from digitizer.ledger import records, submissions
from digitizer.ledger.records import Kept
from digitizer.model import Intake, IntakeState
from digitizer.output import record_json
from digitizer.service.ports import Ports


class Results(Ports):
    """Reads only."""

    def results(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """(name, result in the public format) of every digitized intake; records at their newest revision, with their `state`."""
        with self.ledger.read() as tx:
            done = [intake for intake, _ in submissions.intakes(tx, states=[IntakeState.DIGITIZED])]
        names = Counter(Path(intake.name).stem for intake in done)
        for intake in done:
            stem = Path(intake.name).stem
            yield (stem if names[stem] == 1 else f"{stem}-{intake.id[:8]}"), self._result(intake)

    def _result(self, intake: Intake) -> dict[str, Any]:
        with self.ledger.read() as tx:
            key = submissions.artifacts(tx, intake.bundle)["json"][1]
            kept = records.find(tx, bundle_id=intake.bundle)
        with self.store.open(key) as stored:
            result: dict[str, Any] = json.load(stored)
        for found in kept:
            _put(result["documents"], found)
        return result


def _put(documents: list[dict[str, Any]], kept: Kept) -> None:
    """Puts a record in the place its id names: `<bundle>/<document>/<record>`."""
    *_, document, record = kept.record.id.split("/")
    if int(document) < len(documents) and int(record) < len(documents[int(document)]["records"]):
        documents[int(document)]["records"][int(record)] = {**record_json(kept.record), "state": kept.state.value}
